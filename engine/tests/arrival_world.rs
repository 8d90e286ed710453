//! Arrivals as they come today: places, click ids, parameters, charsets, pages that somebody else shows.

use mrcall_engine::arrival::{Landing, arrival, ignored_by_seed, is_arrival};

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| *text != "-")
}

fn event<'a>(referrer: &'a str, page: &'a str, utm: &'a str) -> Landing<'a> {
    let mut utm = utm.split('|').map(given);
    Landing {
        referrer: given(referrer),
        page_url: given(page),
        utm_source: utm.next().flatten(),
        utm_medium: utm.next().flatten(),
        utm_campaign: utm.next().flatten(),
    }
}

const PAGE: &str = "https://www.mycrm.example.com/pricing";

#[test]
fn click_ids() {
    // Referrer, query of the page, UTM, channel, source, medium.
    let cases = [
        ("-", "gclid=1", "-", "Paid Search", "google", "cpc"),
        ("-", "gbraid=1", "-", "Paid Search", "google", "cpc"),
        ("-", "wbraid=1", "-", "Paid Search", "google", "cpc"),
        ("-", "dclid=1", "-", "Paid Search", "google", "cpc"),
        ("-", "gad_source=1", "-", "Paid Search", "google", "cpc"),
        ("-", "gclid=", "-", "Direct", "-", "-"),
        ("-", "gclid=null", "-", "Direct", "-", "-"),
        ("-", "GCLID=1", "-", "Paid Search", "google", "cpc"),
        ("-", "xgclid=1", "-", "Direct", "-", "-"),
        ("-", "a#gclid=1", "-", "Direct", "-", "-"),
        ("-", "%67clid=1", "-", "Paid Search", "google", "cpc"),
        ("https://www.google.de/", "gclid=1", "-", "Paid Search", "google", "cpc"),
        ("https://www.youtube.com/", "gclid=1", "-", "Paid Video", "youtube", "cpc"),
        ("https://news.partner.de/", "gclid=1", "-", "Paid Other", "news.partner.de", "cpc"),
        ("https://mycrm.example.com/", "gclid=1", "-", "Paid Search", "google", "cpc"),
        ("-", "gclid=1", "google|organic", "Paid Search", "google", "cpc"),
        ("-", "gclid=1", "google|display", "Display", "google", "display"),
        ("-", "gclid=1", "youtube|video", "Organic Video", "youtube", "video"),
        ("-", "gclid=1", "adwords|-", "Paid Search", "adwords", "cpc"),
        ("-", "gclid=1", "google_pmax|-", "Paid Search", "google_pmax", "cpc"),
        ("-", "gclid=1", "newsletter|email", "Email", "newsletter", "email"),
        ("-", "gclid=1", "facebook|social", "Organic Social", "facebook", "social"),
        ("-", "gclid=1", "bing|organic", "Organic Search", "bing", "organic"),
        ("-", "gclid=1", "(direct)|(none)", "Direct", "-", "-"),
        ("-", "gclid=1", "-|email", "Email", "google", "email"),
        ("-", "gclid=1&utm_source=news&utm_medium=email", "-", "Email", "news", "email"),
        ("-", "msclkid=1", "-", "Paid Search", "bing", "cpc"),
        ("-", "msclkid=1", "bing|organic", "Paid Search", "bing", "cpc"),
        ("-", "msclkid=1", "Microsoft|-", "Paid Search", "Microsoft", "cpc"),
        ("https://www.bing.com/", "msclkid=1", "-", "Paid Search", "bing", "cpc"),
        ("https://duckduckgo.com/", "msclkid=1", "-", "Paid Search", "duckduckgo", "cpc"),
        ("https://de.search.yahoo.com/", "msclkid=1", "-", "Paid Search", "yahoo", "cpc"),
        ("https://www.google.com/", "msclkid=1", "-", "Organic Search", "google", "organic"),
        ("https://www.partner.de/", "msclkid=1", "-", "Referral", "www.partner.de", "referral"),
        ("-", "msclkid=1", "google|cpc", "Paid Search", "google", "cpc"),
        ("-", "msclkid=1", "newsletter|email", "Email", "newsletter", "email"),
        ("-", "fbclid=1", "-", "Organic Social", "facebook", "referral"),
        ("https://l.instagram.com/", "fbclid=1", "-", "Organic Social", "instagram", "referral"),
        ("-", "fbclid=1", "facebook|paid_social", "Paid Social", "facebook", "paid_social"),
        ("-", "fbclid=1", "facebook|-", "Organic Social", "facebook", "-"),
        ("-", "fbclid=1", "newsletter|email", "Email", "newsletter", "email"),
        ("https://www.google.com/", "fbclid=1", "-", "Organic Search", "google", "organic"),
        ("-", "fbclid=1&gclid=2", "-", "Paid Search", "google", "cpc"),
        ("-", "fbclid=1&gclid=2", "facebook|-", "Organic Social", "facebook", "-"),
        ("-", "ttclid=1", "-", "Paid Social", "tiktok", "cpc"),
        ("-", "ttclid=1", "instagram|social", "Organic Social", "instagram", "social"),
        ("-", "twclid=1", "-", "Organic Social", "twitter", "referral"),
        ("-", "li_fat_id=1", "-", "Paid Social", "linkedin", "cpc"),
        ("-", "ScCid=1", "-", "Paid Social", "snapchat", "cpc"),
        ("-", "yclid=1", "-", "Paid Search", "yandex", "cpc"),
        ("-", "srsltid=1", "-", "Organic Search", "google", "organic"),
        ("-", "gclid=1", "-|-|cross-network", "Cross-network", "google", "cpc"),
        ("-", "gclid=1", "-|-|shop", "Paid Shopping", "google", "cpc"),
        // A medium of a channel of its own decides, one that says how the click was paid stays.
        ("-", "gclid=1", "google|banner", "Display", "google", "banner"),
        ("-", "gclid=1", "google|cpm", "Paid Search", "google", "cpm"),
        ("-", "gclid=1", "google|ppc", "Paid Search", "google", "ppc"),
        ("-", "gclid=1", "google|affiliate", "Affiliates", "google", "affiliate"),
        ("-", "gclid=1", "google|email", "Email", "google", "email"),
        ("-", "gclid=1", "google|webpush", "Mobile Push Notifications", "google", "webpush"),
        ("-", "gclid=1", "google|ai-assistant", "AI Assistants", "google", "ai-assistant"),
        ("-", "gclid=1", "google|social", "Paid Search", "google", "cpc"),
        ("-", "gclid=1", "google|referral", "Paid Search", "google", "cpc"),
        ("-", "gclid=1", "-|display", "Display", "google", "display"),
        ("https://news.partner.de/", "gclid=1", "-|display", "Display", "news.partner.de", "display"),
        ("-", "gclid=1", "google_ads|cpc", "Paid Search", "google_ads", "cpc"),
        ("-", "gclid=1", "google-ad|organic", "Paid Search", "google-ad", "cpc"),
        ("-", "gclid=1", "gdn|-", "Paid Other", "gdn", "cpc"),
        ("-", "gclid=1", "facebook|cpc", "Paid Social", "facebook", "cpc"),
        ("-", "gclid=1", "bing_ads|-", "Paid Search", "bing_ads", "cpc"),
        ("-", "fbclid=1", "fb_ads|-", "Paid Social", "fb_ads", "cpc"),
        ("-", "ttclid=1", "tiktok|video", "Organic Video", "tiktok", "video"),
        ("-", "ttclid=1", "tiktok|paid_social", "Paid Social", "tiktok", "paid_social"),
        ("-", "li_fat_id=1", "linkedin|social", "Paid Social", "linkedin", "cpc"),
        // Names without case, and other networks.
        ("-", "sccid=1", "-", "Paid Social", "snapchat", "cpc"),
        ("-", "SCCID=1", "-", "Paid Social", "snapchat", "cpc"),
        ("-", "Gad_CampaignId=1", "-", "Paid Search", "google", "cpc"),
        ("-", "rdt_cid=1", "-", "Paid Social", "reddit", "cpc"),
        ("-", "qclid=1", "-", "Paid Social", "quora", "cpc"),
        ("-", "bd_vid=1", "-", "Paid Search", "baidu", "cpc"),
        ("https://search.yahoo.co.jp/", "yclid=1", "-", "Paid Search", "yahoo", "cpc"),
        ("-", "ysclid=1", "-", "Organic Search", "yandex", "organic"),
        ("-", "epik=1", "-", "Organic Social", "pinterest", "referral"),
        ("-", "igsh=1", "-", "Organic Social", "instagram", "referral"),
        ("-", "cto_pld=1", "-", "Paid Other", "criteo", "cpc"),
        // Links in mails and of affiliates.
        ("-", "mc_cid=1", "-", "Email", "mailchimp", "email"),
        ("-", "_kx=1", "-", "Email", "klaviyo", "email"),
        ("https://mail.google.com/", "mc_cid=1", "-", "Email", "gmail", "email"),
        ("https://news.ycombinator.com/", "mc_cid=1", "-", "Organic Social", "hacker news", "referral"),
        ("-", "_kx=1", "klaviyo|sms", "SMS", "klaviyo", "sms"),
        ("-", "irclickid=1", "-", "Affiliates", "impact", "affiliate"),
        ("https://blog.partner.de/", "irclickid=1", "-", "Affiliates", "blog.partner.de", "affiliate"),
        ("-", "irclickid=1&gclid=2", "-", "Paid Search", "google", "cpc"),
        ("-", "gclid={gclid}", "-", "Direct", "-", "-"),
    ];
    for (referrer, query, utm, channel, source, medium) in cases {
        let page = format!("{PAGE}?{query}");
        let event = event(referrer, &page, utm);
        let found = arrival(&event);
        let wanted = (channel, given(source), given(medium));
        assert_eq!((found.channel, found.source.as_deref(), found.medium.as_deref()), wanted, "{event:?}");
    }
}

/// Kinds of places: referrer, channel, source.
#[test]
fn places_of_today() {
    let cases = [
        ("https://pplx.ai/x", "AI Assistants", "perplexity"),
        ("https://claude.com/", "AI Assistants", "claude"),
        ("https://x.ai/", "AI Assistants", "grok"),
        ("https://m365.cloud.microsoft/", "AI Assistants", "copilot"),
        ("https://www.office.com/chat?auth=2", "AI Assistants", "copilot"),
        ("https://www.office.com/", "Referral", "www.office.com"),
        ("https://duck.ai/", "AI Assistants", "duck.ai"),
        ("https://outlook.live.com/", "Email", "outlook"),
        ("https://mail.yahoo.co.jp/", "Email", "yahoo mail"),
        (
            "https://deref-gmx.net/mail/client/x/dereferrer/?redirectUrl=https%3A%2F%2Fwww.mycrm.example.com",
            "Email",
            "gmx",
        ),
        ("https://eur01.safelinks.protection.outlook.com/", "Email", "eur01.safelinks.protection.outlook.com"),
        ("https://webmail.firm.example/", "Email", "webmail.firm.example"),
        ("https://mail.firm.example/", "Email", "mail.firm.example"),
        ("https://webmail1m.firm.example/", "Email", "webmail1m.firm.example"),
        ("https://e.mail.ru/", "Email", "mail.ru"),
        ("https://mail.ru/", "Referral", "mail.ru"),
        ("https://go.mail.ru/search?q=a", "Organic Search", "mail.ru"),
        ("https://mail.python.org/archives/", "Referral", "mail.python.org"),
        ("https://mailing.firm.example/", "Referral", "mailing.firm.example"),
        ("https://us1.list-manage.com/track", "Email", "mailchimp"),
        ("https://mastodon.social/@a", "Organic Social", "mastodon"),
        ("https://mastodon.uno/", "Organic Social", "mastodon"),
        ("https://mastodon.some-town.example/", "Organic Social", "mastodon"),
        ("https://social.tchncs.de/", "Organic Social", "mastodon"),
        ("https://lemmy.world/", "Organic Social", "lemmy"),
        ("https://misskey.io/", "Organic Social", "misskey"),
        ("https://peertube.some.example/", "Organic Video", "peertube.some.example"),
        ("https://mastodonia.example/", "Referral", "mastodonia.example"),
        ("https://meta.ua/search.asp?q=a", "Organic Search", "meta.ua"),
        ("https://www.petalsearch.com/", "Organic Search", "petal"),
        ("https://searx.be/", "Organic Search", "searx.be"),
        ("https://github.com/a/b", "Organic Social", "github.com"),
        ("https://a.github.io/b", "Referral", "a.github.io"),
        ("https://www.temu.com/", "Organic Shopping", "www.temu.com"),
        // A name that people write into utm_source is no domain.
        ("https://x.li/", "Referral", "x.li"),
        ("https://www.google.li/", "Organic Search", "google"),
        ("https://www.google.cat/", "Organic Search", "google"),
        ("https://search.abv.bg/", "Organic Search", "search.abv.bg"),
        ("https://shop.line/", "Referral", "shop.line"),
        ("https://teams.microsoft.com/", "Organic Social", "microsoft teams"),
    ];
    for (referrer, channel, source) in cases {
        let found = arrival(&event(referrer, PAGE, "-"));
        assert_eq!((found.channel, found.source.as_deref()), (channel, given(source)), "{referrer}");
    }
}

/// Referrers with search terms: in UTF-8, in a charset of the engine or of the query, or in one that nobody knows.
#[test]
fn search_terms_in_any_charset() {
    let cases = [
        ("http://www.yandex.ru/yandsearch?text=%EA%F3%EF%E8%F2%FC", Some("купить")),
        ("http://yandex.ru/yandsearch?text=%D0%BA%D1%83", Some("ку")),
        ("http://nova.rambler.ru/search?query=%F2%E5%EB%E5%F4%EE%ED", Some("телефон")),
        ("http://go.mail.ru/search?q=%F2%E5%EB%E5%F4%EE%ED+a", Some("телефон a")),
        ("http://search.yahoo.co.jp/search?p=%C5%C5%CF%C3&ei=EUC-JP", Some("電話")),
        ("http://search.yahoo.co.jp/search?p=%C5%C5%CF%C3", Some("電話")),
        ("http://search.yahoo.co.jp/search?p=%93%64%98%62&ei=Shift_JIS", Some("電話")),
        ("http://search.yahoo.co.jp/search?p=%93%64%98%62", Some("電話")),
        ("http://search.naver.com/search.naver?query=%C0%FC%C8%AD", Some("전화")),
        ("http://search.daum.net/search?q=%C0%FC%C8%AD", Some("전화")),
        ("http://www.baidu.com/s?wd=%B5%E7%BB%B0", Some("电话")),
        ("http://www.baidu.com/s?ie=gb2312&word=%B5%E7%BB%B0", Some("电话")),
        ("http://www.sogou.com/web?query=%B5%E7%BB%B0", Some("电话")),
        ("http://www.soso.com/q?w=%B5%E7%BB%B0", Some("电话")),
        ("http://search.seznam.cz/?q=%9E%E1ba", Some("žába")),
        ("http://szukaj.onet.pl/query.html?qt=%BF%F3%B3w", Some("żółw")),
        ("http://www.google.de/search?q=%E4rzte&ie=ISO-8859-1", Some("ärzte")),
        ("http://www.google.ru/search?q=%F2%E5%EB&ie=windows-1251", Some("тел")),
        ("http://www.google.de/search?q=%E4rzte&ie=UTF-8", None),
        ("http://www.google.de/search?q=%E4rzte&ei=GPdWUIePCOq", None),
        ("http://www.google.de/search?q=%E4rzte", None),
        ("http://www.google.de/search?q=%EF%BF%BDrzte", None),
        ("http://www.google.de/search?q=a%00b", None),
        ("http://www.yandex.ru/yandsearch?text=%98%81%8D%00", None),
        ("http://suche.web.de/web/?su=%FCber", Some("über")),
        ("http://lookany.com/?q=%FCber", None),
        ("http://www.bing.com/search?q=caf%C3%A9%C3", Some("café")),
    ];
    for (referrer, term) in cases {
        assert_eq!(arrival(&event(referrer, PAGE, "-")).term.as_deref(), term, "{referrer}");
    }
}

/// A page inside a cache, a translator, an archive or an extension is of the site inside: referrer, page, channel, source, arrival.
#[test]
fn pages_that_others_show() {
    let own = "https://www.mycrm.example.com/pricing";
    let google = "https://www.google.com/";
    let cases = [
        (
            "chrome-extension://klbibkeccnjlkjkiokjodocebajanakg/suspended.html#uri=https://www.mycrm.example.com/",
            own,
            "Direct",
            "-",
            false,
        ),
        ("chrome-extension://klbibkeccnjlkjkiokjodocebajanakg/suspended.html", own, "Direct", "-", false),
        (
            "moz-extension://1b2c3d4e-1111-2222-3333-444455556666/reader.html?url=https%3A%2F%2Fmycrm.example.com%2Fa",
            own,
            "Direct",
            "-",
            false,
        ),
        ("safari-web-extension://1B2C3D4E-1111-2222-3333-444455556666/a", own, "Direct", "-", false),
        ("chrome-extension://abcdefgh/v.html?u=https://blog.partner.de/x", own, "Referral", "blog.partner.de", true),
        (
            "chrome-extension://abcdefgh/a.html",
            "https://mycrm.example.com/?utm_source=news&utm_medium=email",
            "Email",
            "news",
            true,
        ),
        ("https://mycrm-example-com.cdn.ampproject.org/", own, "Direct", "-", false),
        ("https://www-mycrm-example-com.cdn.ampproject.org/c/s/www.mycrm.example.com/a", own, "Direct", "-", false),
        ("https://cdn.ampproject.org/c/s/mycrm.example.com/a", own, "Direct", "-", false),
        ("https://www.google.com/amp/s/mycrm.example.com/a", own, "Direct", "-", false),
        ("https://www.google.de/amp/s/blog.partner.de/a", own, "Referral", "blog.partner.de", true),
        ("https://my--shop-partner-de.cdn.ampproject.org/", own, "Referral", "my-shop.partner.de", true),
        ("https://mycrm-example-com.translate.goog/a?_x_tr_sl=en&_x_tr_tl=it", own, "Direct", "-", false),
        ("https://translate.google.com/translate?sl=en&tl=it&u=https://mycrm.example.com/a", own, "Direct", "-", false),
        ("https://translate.google.de/translate?u=mycrm.example.com%2Fa", own, "Direct", "-", false),
        ("https://translate.googleusercontent.com/translate_c?u=http://mycrm.example.com/", own, "Direct", "-", false),
        (
            "https://www.translatetheweb.com/?from=en&to=it&a=https%3A%2F%2Fmycrm.example.com%2F",
            own,
            "Direct",
            "-",
            false,
        ),
        ("https://www.bing.com/translator?a=https://mycrm.example.com/", own, "Direct", "-", false),
        (
            "https://translate.yandex.ru/translate?lang=en-ru&url=https%3A%2F%2Fmycrm.example.com",
            own,
            "Direct",
            "-",
            false,
        ),
        (
            "https://translated.turbopages.org/proxy_u/en-ru.ru.1a2b/https/mycrm.example.com/a",
            own,
            "Direct",
            "-",
            false,
        ),
        ("https://web.archive.org/web/20250101000000/https://mycrm.example.com/a", own, "Direct", "-", false),
        ("https://web.archive.org/web/2025/http:/mycrm.example.com/a", own, "Direct", "-", false),
        ("https://archive.ph/2025.01.01-000000/https://mycrm.example.com/a", own, "Direct", "-", false),
        (
            "https://webcache.googleusercontent.com/search?q=cache:a1B2c:mycrm.example.com/a+crm",
            own,
            "Direct",
            "-",
            false,
        ),
        ("https://web.archive.org/", own, "Referral", "web.archive.org", true),
        ("https://translate.google.com/", own, "Referral", "translate.google.com", true),
        // Own pages in there, from elsewhere and from own ones.
        (
            google,
            "https://mycrm-example-com.cdn.ampproject.org/c/s/mycrm.example.com/a",
            "Organic Search",
            "google",
            true,
        ),
        ("https://mycrm.example.com/", "https://mycrm-example-com.translate.goog/a", "Direct", "-", false),
        (
            "https://mycrm.example.com/",
            "https://web.archive.org/web/2025/https://mycrm.example.com/a",
            "Direct",
            "-",
            false,
        ),
        (
            "https://www-mycrm-example-com.translate.goog/",
            "https://mycrm-example-com.translate.goog/a",
            "Direct",
            "-",
            false,
        ),
        (
            "https://other.example.org/",
            "https://mycrm-example-com.translate.goog/a",
            "Referral",
            "other.example.org",
            true,
        ),
        // A browser's own pages and files are no site.
        ("chrome://newtab/", own, "Direct", "-", true),
        ("edge://favorites/", own, "Direct", "-", true),
        ("file:///home/a/links.html", own, "Direct", "-", true),
    ];
    for (referrer, page, channel, source, arrives) in cases {
        let event = event(referrer, page, "-");
        let found = arrival(&event);
        assert_eq!((found.channel, found.source.as_deref()), (channel, given(source)), "{referrer} {page}");
        assert_eq!(is_arrival(&event, ignored_by_seed), arrives, "{referrer} {page}");
    }
}

/// Parameters of other trackers where there is no UTM value: referrer, query of the page, channel, source, medium.
#[test]
fn parameters_of_other_trackers() {
    let cases = [
        ("-", "mtm_source=news&mtm_medium=email&mtm_campaign=may", "Email", "news", "email"),
        ("-", "pk_source=facebook&pk_medium=cpc", "Paid Social", "facebook", "cpc"),
        ("-", "piwik_campaign=may", "Unassigned", "-", "-"),
        ("-", "MTM_Source=facebook", "Organic Social", "facebook", "-"),
        ("-", "mtm_source=news&utm_medium=email", "Email", "-", "email"),
        ("-", "UTM_SOURCE=news&Utm_Medium=email", "Email", "news", "email"),
        ("-", "a=1&amp;utm_source=news&amp;utm_medium=email", "Email", "news", "email"),
        ("-", "ref=producthunt", "Organic Social", "producthunt", "referral"),
        ("-", "source=google", "Organic Search", "google", "organic"),
        ("-", "ref=betalist", "Referral", "betalist", "referral"),
        ("-", "Ref=null", "Direct", "-", "-"),
        ("-", "ref=betalist&utm_campaign=may", "Unassigned", "-", "-"),
        ("https://www.google.com/", "ref=header", "Organic Search", "google", "organic"),
        ("https://www.google.com/", "ref=producthunt", "Organic Social", "producthunt", "referral"),
        ("https://www.google.com/", "source=partner.de", "Referral", "partner.de", "referral"),
        ("https://www.mycrm.example.com/", "ref=header", "Direct", "-", "-"),
        ("-", "ref=header&gclid=1", "Paid Search", "google", "cpc"),
        ("-", "source=google&gclid=1", "Paid Search", "google", "cpc"),
        ("-", "source=facebook&gclid=1", "Organic Social", "facebook", "referral"),
        ("-", "href=facebook&resource=google", "Direct", "-", "-"),
    ];
    for (referrer, query, channel, source, medium) in cases {
        let page = format!("{PAGE}?{query}");
        let found = arrival(&event(referrer, &page, "-"));
        let wanted = (channel, given(source), given(medium));
        assert_eq!((found.channel, found.source.as_deref(), found.medium.as_deref()), wanted, "{referrer} {query}");
    }
    let own = "https://www.mycrm.example.com/";
    for (query, arrives) in [("ref=header", false), ("source=menu", false), ("pk_campaign=a", true), ("GCLID=1", true)]
    {
        let page = format!("{PAGE}?{query}");
        assert_eq!(is_arrival(&event(own, &page, "-"), ignored_by_seed), arrives, "{query}");
    }
}
