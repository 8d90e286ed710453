//! Arrivals, URLs and user agents, by hand-checked cases and random texts.

mod size;

use mrcall_engine::arrival::{
    Arrival, CHANNELS, Landing, ad_click, arrival, arrival_key, channel, ignored_by_seed, ignored_referrers,
    is_arrival, is_paid, rules_version,
};
use mrcall_engine::{url, user_agent};
use proptest::prelude::*;

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

/// Cases on [`PAGE`]: UTM source|medium|campaign, and the channel.
#[test]
fn conditions_of_the_default_channel_group() {
    let cases = [
        ("-", "Direct"),
        ("(direct)|(none)", "Direct"),
        ("(direct)|(not set)", "Direct"),
        ("(DIRECT)|-|spring", "Direct"),
        ("direct|-", "Unassigned"),
        ("(direct)|email", "Email"),
        ("google|cpc|Cross-Network 1", "Cross-network"),
        ("-|-|my cross-network", "Cross-network"),
        ("google|cpc|crossnetwork", "Paid Search"),
        ("ebay|cpc", "Paid Shopping"),
        ("amazon.co.uk|ppc", "Paid Shopping"),
        ("newsletter|paid|shop-now", "Paid Shopping"),
        ("facebook|cpc|summer_shopping", "Paid Shopping"),
        ("facebook|cpc|eshop", "Paid Shopping"),
        ("facebook|cpc|2shop", "Paid Shopping"),
        ("facebook|cpc|workshop", "Paid Social"),
        ("facebook|cpc|bishops", "Paid Social"),
        ("google|cpc", "Paid Search"),
        ("GOOGLE|CPC", "Paid Search"),
        ("bing|ppc", "Paid Search"),
        ("yahoo|paidsearch", "Paid Search"),
        ("google|retargeting", "Paid Search"),
        ("google|cpm", "Paid Search"),
        ("google|retargeting2", "Organic Search"),
        ("google|unpaid", "Organic Search"),
        ("googly|cpc", "Paid Other"),
        ("facebook|paid_social", "Paid Social"),
        ("fb|cpc", "Paid Social"),
        ("ig|paid", "Paid Social"),
        ("linkedin.com|ppc", "Paid Social"),
        ("lnkd.in|cpc", "Paid Social"),
        ("facebook_ads|cpc", "Paid Social"),
        ("youtube|cpv", "Paid Video"),
        ("youtube|c-p-c", "Organic Video"),
        ("youtube|cpc", "Paid Video"),
        ("www.youtube.com|xcpx", "Paid Video"),
        ("vimeo|paid-video", "Paid Video"),
        ("partner|display", "Display"),
        ("partner|Banner", "Display"),
        ("partner|expandable", "Display"),
        ("partner|interstitial", "Display"),
        ("partner|cpm", "Display"),
        ("partner|displays", "Unassigned"),
        ("facebook|display", "Display"),
        ("partner|cpa", "Paid Other"),
        ("partner|cpc", "Paid Other"),
        ("partner|paid", "Paid Other"),
        ("partner|retargeting", "Paid Other"),
        ("partner|ppc-x", "Unassigned"),
        ("chatgpt.com|-", "AI Assistants"),
        ("ChatGPT|referral", "AI Assistants"),
        ("perplexity|organic", "AI Assistants"),
        ("chatgpt.com|cpc", "Paid Other"),
        ("chatgpt.com|display", "Display"),
        ("chatgpt.net|referral", "Referral"),
        ("ebay|referral", "Organic Shopping"),
        ("google shopping|organic", "Organic Shopping"),
        ("newsletter|email|shop_april", "Organic Shopping"),
        ("newsletter|email|bookshop", "Email"),
        ("newsletter|email|window shopping", "Organic Shopping"),
        ("facebook|-", "Organic Social"),
        ("t.co|referral", "Organic Social"),
        ("partner|social", "Organic Social"),
        ("partner|Social-Network", "Organic Social"),
        ("partner|social media", "Organic Social"),
        ("partner|sm", "Organic Social"),
        ("partner|smm", "Unassigned"),
        ("youtube|-", "Organic Video"),
        ("partner|in-video-link", "Organic Video"),
        ("partner|vide0", "Unassigned"),
        ("google|-", "Organic Search"),
        ("duckduckgo|email", "Organic Search"),
        ("partner|organic", "Organic Search"),
        ("partner|organics", "Unassigned"),
        ("partner|referral", "Referral"),
        ("partner|app", "Referral"),
        ("partner|LINK", "Referral"),
        ("partner|links", "Unassigned"),
        ("email|-", "Email"),
        ("e-mail|x", "Email"),
        ("partner|e_mail", "Email"),
        ("partner|e mail", "Email"),
        ("partner|emails", "Unassigned"),
        ("partner|affiliate", "Affiliates"),
        ("partner|affiliates", "Unassigned"),
        ("spotify|audio", "Audio"),
        ("spotify|audios", "Unassigned"),
        ("sms|-", "SMS"),
        ("partner|SMS", "SMS"),
        ("partner|smss", "Unassigned"),
        ("partner|webpush", "Mobile Push Notifications"),
        ("partner|mobile-x", "Mobile Push Notifications"),
        ("partner|notifications", "Mobile Push Notifications"),
        ("Firebase|-", "Mobile Push Notifications"),
        ("partner|pushed", "Unassigned"),
        ("firebase2|-", "Unassigned"),
        ("-|email", "Email"),
        ("-|-|spring", "Unassigned"),
        ("newsletter|-", "Unassigned"),
        ("null|undefined|(not set)", "Direct"),
        ("  | |NULL", "Direct"),
        (" google | cpc ", "Paid Search"),
        ("alice|-", "Organic Search"),
        // A medium that names assistants does so whatever the source, below what is paid.
        ("somebody|ai-assistant", "AI Assistants"),
        ("-|chatbot", "AI Assistants"),
        ("google|AI-Assistant", "AI Assistants"),
        ("somebody|ai-assistants", "Unassigned"),
        ("chatgpt.com|paid", "Paid Other"),
        // The networks' own names for their advertising are the network; without a medium they are paid.
        ("adwords|cpc", "Paid Search"),
        ("google_ads|cpc", "Paid Search"),
        ("Google-Ads|-", "Paid Search"),
        ("google-ad|ppc", "Paid Search"),
        ("gads|-", "Paid Search"),
        ("google ads|display", "Display"),
        ("google_ads|email", "Email"),
        ("google_ads|referral", "Referral"),
        ("adwords|organic", "Organic Search"),
        ("ads.google.com|cpc", "Paid Search"),
        ("bing_ads|-", "Paid Search"),
        ("msads|cpc", "Paid Search"),
        ("microsoft|cpc", "Paid Search"),
        ("microsoft|email", "Email"),
        ("yandex_direct|-", "Paid Search"),
        ("fb-ads|-", "Paid Social"),
        ("FBAds|-", "Paid Social"),
        ("fbad|-", "Paid Social"),
        ("facebook_feed_ad|-", "Paid Social"),
        ("meta_ads|cpc", "Paid Social"),
        ("meta|paid", "Paid Social"),
        ("ig_ads|-", "Paid Social"),
        ("linkedinads|-", "Paid Social"),
        ("reddit-ads|-", "Paid Social"),
        ("twitter-ads|-", "Paid Social"),
        ("tiktokads|-", "Paid Social"),
        ("paid_facebook|-", "Paid Social"),
        ("yt-ads|-", "Paid Video"),
        ("amazon_ads|-", "Paid Shopping"),
        ("threads|-", "Organic Social"),
        ("broad|-", "Unassigned"),
        ("squad|-", "Unassigned"),
        ("my-ads|-", "Unassigned"),
        ("chatgpt-ads|-", "Unassigned"),
        // Mail boxes and mail tools.
        ("gmail|-", "Email"),
        ("mailchimp|-", "Email"),
        ("gmail|referral", "Referral"),
        ("klaviyo|cpc", "Paid Other"),
        // What nobody filled in.
        ("{{site_source_name}}|{{adset.name}}|{{campaign.name}}", "Direct"),
        ("{network}|%%medium%%|__CAMPAIGN_NAME__", "Direct"),
        ("undefined|none|${name}", "Direct"),
        ("N/A|-|-", "Direct"),
        ("somebody|(not provided)|[object Object]", "Unassigned"),
        ("{a{b|email", "Email"),
        ("https://www.facebook.com/|-", "Organic Social"),
    ];
    for (utm, expected) in cases {
        assert_eq!(channel(&event("-", PAGE, utm)), expected, "{utm}");
    }
}

#[test]
fn referrers() {
    // Referrer, channel, source, medium, term.
    let cases = [
        ("https://www.google.com/", "Organic Search", "google", "organic", "-"),
        (
            "https://www.google.co.uk/search?q=crm+f%C3%BCr+%22%C3%84rzte%22",
            "Organic Search",
            "google",
            "organic",
            "crm für \"Ärzte\"",
        ),
        ("HTTPS://WWW.GOOGLE.DE:443/search?hl=de&q=a%20b", "Organic Search", "google", "organic", "a b"),
        ("https://google.com.br?q=x", "Organic Search", "google", "organic", "x"),
        ("https://encrypted.google.com/search?q=%FF%41", "Organic Search", "google", "organic", "-"),
        ("http://images.google.fr/imgres?q=", "Organic Search", "google", "organic", "-"),
        ("https://news.google.com/", "Organic Search", "google", "organic", "-"),
        ("https://play.google.com/store", "Organic Search", "google-play", "organic", "-"),
        ("https://support.google.com/", "Referral", "support.google.com", "referral", "-"),
        ("https://mail.google.com/", "Email", "gmail", "email", "-"),
        ("https://google.evil.com/", "Referral", "google.evil.com", "referral", "-"),
        ("https://google.com.evil.org/", "Referral", "google.com.evil.org", "referral", "-"),
        ("https://notgoogle.com/", "Referral", "notgoogle.com", "referral", "-"),
        ("https://google.blogspot.com/", "Organic Social", "blogger", "referral", "-"),
        ("http://google/", "Referral", "google", "referral", "-"),
        ("https://evil.com\\@www.google.com/", "Referral", "evil.com", "referral", "-"),
        ("https://www.google.com@evil.com/", "Referral", "evil.com", "referral", "-"),
        ("https://www.bing.com/search?q=telefon&form=X", "Organic Search", "bing", "organic", "telefon"),
        ("https://www.bing.com/chat?q=x", "AI Assistants", "copilot", "referral", "x"),
        ("https://www.bing.com/chatter", "Organic Search", "bing", "organic", "-"),
        ("https://de.search.yahoo.com/search;_ylt=A?p=crm", "Organic Search", "yahoo", "organic", "crm"),
        ("https://search.yahoo.co.jp/search?p=%E9%9B%BB%E8%A9%B1", "Organic Search", "yahoo", "organic", "電話"),
        ("https://finance.yahoo.com/", "Referral", "finance.yahoo.com", "referral", "-"),
        ("https://answers.yahoo.com/", "Organic Social", "yahoo social", "referral", "-"),
        ("https://duckduckgo.com/", "Organic Search", "duckduckgo", "organic", "-"),
        ("http://r.duckduckgo.com/l/?kh=-1", "Organic Search", "duckduckgo", "organic", "-"),
        ("http://yandex.ru/yandsearch?text=%D1%82%D0", "Organic Search", "yandex", "organic", "т"),
        ("https://yandex.com.tr/search", "Organic Search", "yandex", "organic", "-"),
        ("http://www.baidu.com/s?wd=a&word=b", "Organic Search", "baidu", "organic", "a"),
        ("https://search.naver.com/search.naver?query=n", "Organic Search", "naver", "organic", "n"),
        ("https://blog.naver.com/x", "Organic Social", "naver social", "referral", "-"),
        ("https://www.ecosia.org/search?q=baum", "Organic Search", "ecosia", "organic", "baum"),
        ("https://search.brave.com/search?q=b", "Organic Search", "brave", "organic", "b"),
        ("https://suche.t-online.de/fast-cgi/tsc?q=t", "Organic Search", "t-online", "organic", "t"),
        ("https://l.facebook.com/l.php?u=x", "Organic Social", "facebook", "referral", "-"),
        ("https://m.facebook.com./", "Organic Social", "facebook", "referral", "-"),
        ("https://facebook.com.de/", "Referral", "facebook.com.de", "referral", "-"),
        ("https://t.co/abc", "Organic Social", "twitter", "referral", "-"),
        ("https://x.com/i/grok", "AI Assistants", "grok", "referral", "-"),
        ("https://x.com/i/grokking", "Organic Social", "twitter", "referral", "-"),
        ("https://box.com/", "Referral", "box.com", "referral", "-"),
        ("https://www.pinterest.co.uk/pin/1", "Organic Social", "pinterest", "referral", "-"),
        ("https://at.pinterest.com/", "Organic Social", "pinterest", "referral", "-"),
        ("https://old.reddit.com/r/x", "Organic Social", "reddit", "referral", "-"),
        ("https://kufli.blogspot.hu/", "Organic Social", "blogger", "referral", "-"),
        ("https://stackoverflow.com/questions/1", "Organic Social", "stackoverflow.com", "referral", "-"),
        ("https://www.youtube.com/watch?v=1", "Organic Video", "youtube", "referral", "-"),
        ("https://youtu.be/1", "Organic Video", "youtube", "referral", "-"),
        ("https://www.ebay.de/itm/1", "Organic Shopping", "ebay", "referral", "-"),
        ("https://www.amazon.fr/", "Organic Shopping", "amazon", "referral", "-"),
        ("https://aws.amazon.com/", "Referral", "aws.amazon.com", "referral", "-"),
        ("https://checkout.stripe.com/", "Organic Shopping", "stripe", "referral", "-"),
        ("https://chatgpt.com/", "AI Assistants", "chatgpt.com", "referral", "-"),
        ("https://chat.openai.com/", "AI Assistants", "chatgpt.com", "referral", "-"),
        ("https://openai.com/", "Referral", "openai.com", "referral", "-"),
        ("https://gemini.google.com/app", "AI Assistants", "gemini", "referral", "-"),
        ("https://copilot.microsoft.com/", "AI Assistants", "copilot", "referral", "-"),
        ("https://claude.ai/chat/1", "AI Assistants", "claude", "referral", "-"),
        ("https://www.perplexity.ai/search?q=p", "AI Assistants", "perplexity", "referral", "p"),
        (
            "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
            "Organic Search",
            "google",
            "organic",
            "-",
        ),
        ("android-app://com.google.android.gm/", "Email", "gmail", "email", "-"),
        ("android-app://com.linkedin.android/", "Organic Social", "linkedin", "referral", "-"),
        ("android-app://com.amazon.mShop.android.shopping", "Organic Shopping", "amazon", "referral", "-"),
        ("android-app://com.slack/", "Referral", "com.slack", "referral", "-"),
        ("ios-app://284882215/fb", "Organic Social", "facebook", "referral", "-"),
        ("http://284882215/", "Direct", "-", "-", "-"),
        ("https://www.partner.de/x", "Referral", "www.partner.de", "referral", "-"),
        ("https://Bücher.example/", "Referral", "xn--bcher-kva.example", "referral", "-"),
        ("//www.google.com/search?q=r", "Organic Search", "google", "organic", "r"),
        ("www.google.com/search?q=r", "Organic Search", "google", "organic", "r"),
        ("https://192.168.1.7/x", "Referral", "192.168.1.7", "referral", "-"),
        ("http://[2001:DB8::1]:8080/", "Referral", "[2001:db8::1]", "referral", "-"),
        ("https://app.mycrm.example.com/x", "Direct", "-", "-", "-"),
        ("https://mycrm.example.com:8443/", "Direct", "-", "-", "-"),
        ("null", "Direct", "-", "-", "-"),
        ("", "Direct", "-", "-", "-"),
        ("about:blank", "Direct", "-", "-", "-"),
        ("https://", "Direct", "-", "-", "-"),
        ("http:///path", "Direct", "-", "-", "-"),
        ("https://exa mple.com/", "Direct", "-", "-", "-"),
        ("https://example.com:port/", "Direct", "-", "-", "-"),
        ("not a url", "Direct", "-", "-", "-"),
    ];
    for (referrer, channel, source, medium, term) in cases {
        let found = arrival(&event(referrer, PAGE, "-"));
        let wanted = (channel, given(source), given(medium), given(term));
        assert_eq!(
            (found.channel, found.source.as_deref(), found.medium.as_deref(), found.term.as_deref()),
            wanted,
            "{referrer}"
        );
    }
}

#[test]
fn values_come_from_the_page_when_they_are_absent() {
    let page = "https://a.example/?utm_source=News%20letter&utm_medium=e+mail&utm_campaign=M%C3%A4rz&utm_source=x#y";
    let found = arrival(&event("https://www.google.com/search?q=t", page, "-"));
    let wanted = Arrival {
        channel: "Email",
        source: Some("News letter".into()),
        medium: Some("e mail".into()),
        campaign: Some("März".into()),
        term: Some("t".into()),
        rule: "email medium".into(),
    };
    assert_eq!(found, wanted);
    // Each value on its own; "nothing" is read from the page too; own values win.
    let found = arrival(&event("-", page, "partner|null|-"));
    assert_eq!((found.source.as_deref(), found.medium.as_deref()), (Some("partner"), Some("e mail")));
    assert_eq!(arrival(&event("-", page, "-|cpc|-")).medium.as_deref(), Some("cpc"));
    // A page without a scheme, or with its path alone, has a query as well.
    assert_eq!(channel(&event("-", "/p?utm_medium=sms", "-")), "SMS");
    assert_eq!(channel(&event("-", "a.example/p?utm_medium=sms", "-")), "SMS");
    assert_eq!(channel(&event("-", "https://a.example/?utm_medium=(not%20set)&utm_source=", "-")), "Direct");
}

#[test]
fn rules_have_names() {
    let page = "https://a.example/?gclid=1";
    assert_eq!(arrival(&event("-", page, "-")).rule, "search source and paid medium (gclid)");
    assert_eq!(arrival(&event("-", "https://a.example/?fbclid=1", "-")).rule, "social source (fbclid)");
    assert_eq!(arrival(&event("-", page, "news|email")).rule, "email medium");
    assert_eq!(arrival(&event("-", "-", "-")).rule, "no source");
}

#[test]
fn arrivals_and_continued_visits() {
    let cases = [
        ("-", PAGE, "-", true),
        ("https://www.google.com/", PAGE, "-", true),
        ("https://www.mycrm.example.com/", PAGE, "-", false),
        ("https://app.example.com/", PAGE, "-", false),
        ("HTTP://APP.EXAMPLE.COM.:80/", PAGE, "-", false),
        ("example.com/x", PAGE, "-", false),
        ("https://app.example.com/", PAGE, "news|-", true),
        ("https://app.example.com/", PAGE, "-|-|null", false),
        ("https://app.example.com/", "https://example.com/?utm_campaign=a", "-", true),
        ("https://app.example.com/", "https://example.com/?gclid=a", "-", true),
        ("https://app.example.com/", "https://example.com/?gclid=", "-", false),
        ("https://example.org/", PAGE, "-", true),
        ("https://a.github.io/", "https://b.github.io/", "-", true),
        ("https://a.github.io/", "https://a.github.io/", "-", false),
        ("https://a.co.uk/", "https://b.co.uk/", "-", true),
        ("http://localhost:3000/a", "http://localhost:4000/b", "-", false),
        ("http://10.0.0.1/", "http://10.0.0.2/", "-", true),
        ("https://app.example.com/", "/relative", "-", true),
        ("https://checkout.stripe.com/c/pay", PAGE, "-", false),
        ("https://checkout.stripe.com/c/pay", "https://example.com/?utm_source=x", "-", false),
        ("https://www.paypal.com/", PAGE, "-", false),
        ("https://accounts.google.com/o/oauth2", PAGE, "-", false),
        ("https://accounts.google.com/", "https://example.com/?gclid=1", "-", false),
        ("https://appleid.apple.com/auth", PAGE, "-", false),
        ("https://stripe.com/", PAGE, "-", true),
        ("https://notpaypal.com/", PAGE, "-", true),
        ("null", PAGE, "-", true),
    ];
    for (referrer, page, utm, expected) in cases {
        assert_eq!(is_arrival(&event(referrer, page, utm), ignored_by_seed), expected, "{referrer} {page} {utm}");
    }
    let own = |host: &str| host == "pay.bank.example";
    assert!(!is_arrival(&event("https://PAY.bank.example/x", PAGE, "-"), own));
    assert!(is_arrival(&event("https://checkout.stripe.com/", PAGE, "-"), own));
    assert!(ignored_referrers().contains(&"checkout.stripe.com") && !ignored_by_seed(""));
}

#[test]
fn channels_and_version() {
    assert!(!rules_version().is_empty() && CHANNELS[8] == "AI Assistants" && CHANNELS[19] == "Unassigned");
    let paid: Vec<_> = CHANNELS.into_iter().filter(|channel| is_paid(channel)).collect();
    let wanted =
        ["Cross-network", "Paid Shopping", "Paid Search", "Paid Social", "Paid Video", "Display", "Paid Other"];
    assert_eq!(paid, wanted);
    assert!(!is_paid("paid search") && !is_paid(""));
}

#[test]
fn urls() {
    // URL, host, domain, path.
    let cases = [
        ("https://www.Example.co.uk/A/b?c#d", "www.example.co.uk", "example.co.uk", "/A/b"),
        ("http://user:pw@Example.com:8080", "example.com", "example.com", "/"),
        ("http://a@b@example.com/", "example.com", "example.com", "/"),
        ("https://example.com.?x", "example.com", "example.com", "/"),
        ("https://example.com#/a", "example.com", "example.com", "/"),
        ("//cdn.example.com/a%20b", "cdn.example.com", "example.com", "/a%20b"),
        ("  https://example.com/x \n", "example.com", "example.com", "/x"),
        ("http://co.uk/", "co.uk", "co.uk", "/"),
        ("http://localhost/x", "localhost", "localhost", "/x"),
        ("http://127.0.0.1:80/x", "127.0.0.1", "127.0.0.1", "/x"),
        ("http://[::1]:80/x", "[::1]", "[::1]", "/x"),
        ("https://b\u{fc}cher.example.de/", "xn--bcher-kva.example.de", "example.de", "/"),
        ("https://B%C3%9Ccher.de/", "xn--bcher-kva.de", "xn--bcher-kva.de", "/"),
        ("http://例え.テスト/パス", "xn--r8jz45g.xn--zckzah", "xn--r8jz45g.xn--zckzah", "/パス"),
        ("http://www.食狮.公司.cn/", "www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn", "/"),
        (
            "http://xn--90adhhccf5aeewt7j.xn--p1ai/",
            "xn--90adhhccf5aeewt7j.xn--p1ai",
            "xn--90adhhccf5aeewt7j.xn--p1ai",
            "/",
        ),
        ("android-app://com.Google.android/x/y", "com.google.android", "com.google.android", "/x/y"),
        ("https://me.github.io/a", "me.github.io", "me.github.io", "/a"),
        ("http://my_host.example.com/", "my_host.example.com", "example.com", "/"),
        ("/only/path?x=1#y", "-", "-", "/only/path"),
        ("/?x", "-", "-", "/"),
        ("file:///tmp/x", "-", "-", "/tmp/x"),
        ("http://a.com\\@b.com/", "a.com", "a.com", "\\@b.com/"),
        ("", "-", "-", "-"),
        ("?x=1", "-", "-", "-"),
        ("example.com/a", "-", "-", "-"),
        ("not a url", "-", "-", "-"),
        ("mailto:a@example.com", "-", "-", "-"),
        ("javascript:alert(1)", "-", "-", "-"),
        ("http://", "-", "-", "-"),
        ("//", "-", "-", "-"),
        ("http:///x", "-", "-", "-"),
        ("http://./", "-", "-", "-"),
        ("http://a..b/", "-", "-", "-"),
        ("http://a b/", "-", "-", "-"),
        ("http://a<b/", "-", "-", "-"),
        ("http://example.com:99999/", "-", "-", "-"),
        ("http://1.2.3.400/", "-", "-", "-"),
        ("http://[::1/", "-", "-", "-"),
        ("http://[zz]/", "-", "-", "-"),
        ("http://a%00b/", "-", "-", "-"),
        ("1http://example.com/", "-", "-", "-"),
        ("://example.com/", "-", "-", "-"),
    ];
    for (text, host, domain, path) in cases {
        let found = (url::host(text), url::domain(text), url::path(text));
        assert_eq!(
            (found.0.as_deref(), found.1.as_deref(), found.2.as_deref()),
            (given(host), given(domain), given(path)),
            "{text}"
        );
    }
    let long = format!("http://{}.com/", "a.".repeat(200));
    assert_eq!((url::host(&long), url::path(&long)), (None, None));
}

#[test]
fn parameters() {
    let cases = [
        ("https://a.de/?q=a+b%20c", "q", Some("a b c")),
        ("https://a.de/?x=1&q=2&q=3", "q", Some("2")),
        ("https://a.de/?q", "q", Some("")),
        ("https://a.de/?q=", "q", Some("")),
        ("https://a.de/?q=a=b", "q", Some("a=b")),
        ("https://a.de/?Q=1", "q", None),
        ("https://a.de/?aq=1", "q", None),
        ("https://a.de/?a%5B%5D=1", "a[]", Some("1")),
        ("https://a.de/?a+b=1", "a b", Some("1")),
        ("https://a.de/?q=%C3%BC%FF%fF", "q", Some("ü\u{FFFD}\u{FFFD}")),
        ("https://a.de/?q=%C3", "q", Some("\u{FFFD}")),
        ("https://a.de/?q=100%&r=%2", "q", Some("100%")),
        ("https://a.de/?q=100%&r=%2", "r", Some("%2")),
        ("https://a.de/?q=%zz%+1%41", "q", Some("%zz% 1A")),
        ("https://a.de/?q=a%00b", "q", Some("a\u{FFFD}b")),
        ("https://a.de/?q=ü%C3%BC", "q", Some("üü")),
        ("https://a.de/#?q=1", "q", None),
        ("https://a.de/?x#&q=1", "q", None),
        ("https://a.de/?a?q=1&q=2", "q", Some("2")),
        ("https://a.de/?&&q=1", "q", Some("1")),
        ("/p?q=1", "q", Some("1")),
        ("?q=1", "q", Some("1")),
        ("https://a.de", "q", None),
        ("a.de/?q=1", "q", None),
        ("no url ?q=1", "q", None),
        ("http://a b/?q=1", "q", None),
    ];
    for (text, name, value) in cases {
        assert_eq!(url::param(text, name).as_deref(), value, "{text} {name}");
    }
}

#[test]
fn user_agents() {
    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36";
    let cases = [
        (CHROME, "desktop"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
            "desktop",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0", "desktop"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "desktop"),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)", "desktop"),
        (
            "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; Embedded Web Browser from: http://bsalsa.com/)",
            "desktop",
        ),
        ("Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.16", "desktop"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile/15E148 Safari/604.1", "mobile"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36", "mobile"),
        (
            "Mozilla/5.0 (Linux; Android 7.0; CUBOT NOTE S) AppleWebKit/537.36 Chrome/98.0 Mobile Safari/537.36",
            "mobile",
        ),
        ("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Lumia 950) Mobile Safari/537.36 Edge/15.15254", "mobile"),
        ("Mozilla/5.0 (Android; Mobile; rv:27.0) Gecko/27.0 Firefox/27.0", "mobile"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]", "mobile"),
        ("Opera/9.80 (Android; Opera Mini/36.2/119.132; U; en) Presto/2.12.423 Version/12.16", "mobile"),
        ("Mozilla/5.0 (iPad; CPU OS 7_0_4 like Mac OS X) Version/7.0 Mobile/11B554a Safari/9537.53", "tablet"),
        ("Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "tablet"),
        ("Mozilla/5.0 (Linux; U; en-us; KFAPWI Build/JDQ39) Silk/3.13 Safari/535.19 Silk-Accelerated=true", "tablet"),
        ("Mozilla/5.0 (Android 13; Tablet; rv:126.0) Gecko/126.0 Firefox/126.0", "tablet"),
        ("Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 SamsungBrowser/2.1 TV Safari/538.1", "tv"),
        ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/79.0 Safari/537.36 WebAppManager", "tv"),
        ("Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7285) AppleWebKit/537.36 Chrome/98 Mobile Safari/537.36", "tv"),
        ("Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 Version/13.0 Safari/605.1.15", "tv"),
        ("Dalvik/1.6.0 (Linux; U; Android 4.1.2; C2105 Build/15.0.A.2.17)", "mobile"),
        ("Lynx/2.8.7rel.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.0.1f", "unknown"),
        ("", "unknown"),
        ("-", "unknown"),
        ("Mozilla/4.0 (compatible;)", "unknown"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bot"),
        ("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)", "bot"),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "bot"),
        ("Mozilla/5.0 (compatible; AhrefsBot/5.0; +http://ahrefs.com/robot/)", "bot"),
        ("msnbot-media/1.1 (+http://search.msn.com/msnbot.htm)", "bot"),
        ("Tiny Tiny RSS/1.11 (http://tt-rss.org/)", "bot"),
        ("UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/", "bot"),
        ("Feedbin - 1 subscribers", "bot"),
        ("Mozilla/5.0 (compatible; Ezooms/1.0; help@moz.com)", "bot"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 6_0 like Mac OS X) Mobile/10A5376e (compatible; Googlebot/2.1)", "bot"),
        ("Mozilla/5.0 (Windows NT 6.1; rv:6.0) Gecko/20110814 Firefox/6.0 Google favicon", "bot"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "bot",
        ),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0", "bot"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
            "bot",
        ),
        ("PerplexityBot/1.0", "bot"),
        ("Perplexity-User/1.0", "bot"),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", "bot"),
        ("Mozilla/5.0 (Linux; Android 5.0) Mobile Safari (compatible; Bytespider; x@bytedance.com)", "bot"),
        ("meta-externalagent/1.1", "bot"),
        ("facebookexternalhit/1.1", "bot"),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0)", "bot"),
        ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "bot"),
        ("curl/8.5.0", "bot"),
        ("python-requests/2.31.0", "bot"),
        ("Go-http-client/1.1", "bot"),
        ("okhttp/4.12.0", "bot"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0 Safari/537.36",
            "bot",
        ),
        ("Chef Client/10.18.2 (ruby-1.9.3-p327; ohai-6.16.0; x86_64-linux)", "bot"),
    ];
    for (text, device) in cases {
        assert_eq!((user_agent::device(text), user_agent::is_bot(text)), (device, device == "bot"), "{text}");
    }
}

/// All functions on one text, in every place.
fn exercise(text: &str) {
    let host = url::host(text);
    assert_eq!(host.is_some(), url::domain(text).is_some());
    if let (Some(host), Some(domain)) = (&host, url::domain(text)) {
        assert!(host.ends_with(&domain) && host.len() <= 253 && host.is_ascii(), "{host} {domain}");
        assert!(!host.bytes().any(|b| b.is_ascii_uppercase()));
        assert!(url::path(text).is_some());
    }
    assert!(url::param(text, "q").is_none_or(|value| !value.contains('\0')));
    url::path(text);
    user_agent::is_bot(text);
    user_agent::device(text);
    for event in [
        Landing { referrer: Some(text), ..Landing::default() },
        Landing { page_url: Some(text), ..Landing::default() },
        Landing { utm_source: Some(text), page_url: Some("https://a.de/?gclid=1"), ..Landing::default() },
        Landing { utm_medium: Some(text), ..Landing::default() },
        Landing { utm_campaign: Some(text), ..Landing::default() },
        Landing { referrer: Some(text), page_url: Some(text), ..Landing::default() },
    ] {
        let found = arrival(&event);
        assert!(CHANNELS.contains(&found.channel));
        assert_eq!(found.channel, channel(&event));
        assert_eq!(
            found.channel == "Direct",
            found.source.is_none() && found.medium.is_none() && found.campaign.is_none()
        );
        is_arrival(&event, ignored_by_seed);
    }
}

#[test]
fn a_megabyte_of_anything() {
    for unit in ["a.", "%", "ü", "&=", "utm_source=x&", "shop", "@:", "\\+[", "/?", "bot"] {
        exercise(&unit.repeat((1 << 20) / unit.len()));
    }
    let long = "%41a.".repeat(1 << 18);
    exercise(&format!("https://{long}"));
    exercise(&format!("https://{}/{long}?{long}", "a.".repeat(100)));
    exercise(&format!("https://www.google.de/search?utm_source={long}&q={long}#{long}"));
}

fn essence_of(url: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    arrival_key(url, &mut bytes);
    bytes
}

#[test]
fn click_ids_of_any_value_have_one_essence() {
    let one = essence_of("https://mrcall.ai/it?gclid=a1&utm_source=google&page=7#top");
    assert_eq!(one, essence_of("https://mrcall.ai/it?gclid=Zz_9&fresh=1&utm_source=google"));
    for other in
        ["?utm_source=google", "?gclid=&utm_source=google", "?gbraid=a1&utm_source=google", "?gclid=a1&utm_source=bing"]
    {
        assert_ne!(one, essence_of(&format!("https://mrcall.ai/it{other}")), "{other}");
    }
    assert_eq!(one, essence_of("https://mrcall.ai/en/pricing?gclid=a1&utm_source=google"));
    assert_ne!(one, essence_of("https://mrcall.com/it?gclid=a1&utm_source=google"));
    // Pages that somebody else shows differ by the site inside.
    let shown = |inner: &str| essence_of(&format!("https://web.archive.org/web/2025/https://{inner}/a"));
    assert_ne!(shown("mrcall.ai"), shown("mrcall.com"));
    assert_eq!(shown("mrcall.ai"), shown("www.mrcall.ai"));
}

/// Few parameters with few values, odd ones among them: so that two URLs often have one arrival_key.
fn tagged_url() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "utm_source",
        "utm_medium",
        "utm%5Fsource",
        "utm_campaign",
        "gclid",
        "fbclid",
        "msclkid",
        "MTM_source",
        "ref",
        "mc_cid",
        "x",
    ]);
    let value = prop::sample::select(vec!["", "=", "=a", "=google", "=cpc", "=null", "=%20", "=a%26gclid=1", "=+b"]);
    let start = prop::sample::select(vec![
        "https://mrcall.ai/",
        "https://mrcall.ai",
        " //mrcall.ai/a ",
        "/a",
        "mrcall.ai/",
        "https://cdn.ampproject.org/c/s/mrcall.ai/",
        "https://web.archive.org/web/1/https://mrcall.com/",
        "chrome-extension://abc/a.html",
        "chrome-extension://abc/https://mrcall.ai/",
    ]);
    let end = prop::sample::select(vec!["", "", " ", "#", "#?gclid=1", "?gclid=2"]);
    (start, "[?#]?", prop::collection::vec((name, value), 0..4), end).prop_map(|(start, mark, tags, end)| {
        let tags: Vec<_> = tags.into_iter().map(|(name, value)| format!("{name}{value}")).collect();
        format!("{start}{mark}{}{end}", tags.join("&"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(400)))]

    #[test]
    fn urls_of_one_essence_arrive_alike(urls in prop::collection::vec(tagged_url(), 60)) {
        let mut first = std::collections::HashMap::new();
        for url in &urls {
            let other = *first.entry(essence_of(url)).or_insert(url);
            for referrer in ["-", "https://mrcall.ai/x", "https://www.bing.com/?q=a", "https://checkout.stripe.com/"] {
                let (a, b) = (event(referrer, url, "-"), event(referrer, other, "-"));
                prop_assert_eq!(arrival(&a), arrival(&b), "{} and {}", url, other);
                prop_assert_eq!(is_arrival(&a, ignored_by_seed), is_arrival(&b, ignored_by_seed), "{} and {}", url, other);
            }
        }
    }
}

proptest! {
    #[test]
    fn never_panics_on_any_text(text in any::<String>()) {
        exercise(&text);
    }

    #[test]
    fn never_panics_on_texts_like_urls(
        text in "(https?|ios-app)?:?/{0,3}[a-z0-9@:.%\\[\\]üA-Z-]{0,24}(/[^?]{0,8})?(\\?(utm_source|gclid|q)=.{0,9})?"
    ) {
        exercise(&text);
    }

    #[test]
    fn parameters_come_back(value in "[^\\x00]{0,40}") {
        let encoded: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        let page = format!("https://a.de/?x=1&utm_campaign={encoded}");
        prop_assert_eq!(url::param(&page, "utm_campaign"), Some(value.clone()));
        if !value.trim().is_empty() {
            let found = arrival(&Landing { page_url: Some(&page), ..Landing::default() });
            prop_assert!(found.campaign.as_deref().is_none_or(|campaign| campaign == value.trim()));
        }
    }

    #[test]
    fn hosts_are_stable(name in "[a-zA-Z0-9ü][a-zA-Z0-9üß]{0,9}(\\.[a-zA-Z]{2,6}){1,3}", port in any::<u16>()) {
        let host = url::host(&format!("https://u:p@{name}:{port}/x"));
        prop_assert!(host.is_some());
        let again = url::host(&format!("https://{}/", host.clone().unwrap_or_default()));
        prop_assert_eq!(host, again);
    }
}

/// Network, kind and id of a URL's click id, and whether it is stale.
fn clicked(page_url: &str, utm_source: Option<&str>) -> Option<(String, String, String, bool)> {
    let landing = Landing { page_url: Some(page_url), utm_source, ..Landing::default() };
    ad_click(&landing).map(|click| (click.network.into(), click.kind.into(), click.id.into_owned(), click.is_stale))
}

#[test]
fn a_click_id_is_as_the_url_has_it() {
    let is = |url: &str, network: &str, kind: &str, id: &str| {
        assert_eq!(clicked(url, None), Some((network.into(), kind.into(), id.into(), false)), "{url}");
    };
    is("https://a.de/?gclid=Cj0KCQ_-aB", "google", "gclid", "Cj0KCQ_-aB");
    is("https://a.de/?x=1&GCLID=aB", "google", "gclid", "aB");
    is("https://a.de/x?wbraid=W&gbraid=G", "google", "gbraid", "G");
    is("https://a.de/?gclid=&gclid=no&wbraid=W", "google", "gclid", "no");
    is("https://a.de/?gclid=null&amp;msclkid=M%2F1", "microsoft", "msclkid", "M/1");
    is("https://a.de/?fbclid=IwAR0", "meta", "fbclid", "IwAR0");
    is("https://a.de/?ttclid=T", "tiktok", "ttclid", "T");
    is("https://a.de/?li_fat_id=L", "linkedin", "li_fat_id", "L");
    is("/pricing?sccid=S", "snapchat", "ScCid", "S");
    // Of the source's network before others.
    is("https://a.de/?gclid=g&fbclid=F&utm_source=instagram", "meta", "fbclid", "F");
    is("https://a.de/?gclid=g&fbclid=F&utm_source=spring", "google", "gclid", "g");
    for none in
        ["", "no url", "https://a.de/", "https://a.de/#gclid=1", "https://a.de/?dclid=1&gad_source=2&gclid={gclid}"]
    {
        assert_eq!(clicked(none, None), None, "{none}");
    }
    let stale = |url, source| clicked(url, source).is_some_and(|click| click.3);
    assert!(stale("https://a.de/?gclid=1", Some("facebook")));
    assert!(stale("https://a.de/?fbclid=1&utm_source=google", None));
    assert!(!stale("https://a.de/?gclid=1", Some("undefined")));
    assert!(!stale("https://a.de/?gclid=1", Some("google_ads")));
    assert!(!stale("https://a.de/?msclkid=1", Some("bing")));
    assert!(!stale("https://a.de/?fbclid=1", Some("ig")));
}
