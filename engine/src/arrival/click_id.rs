//! Click ids: parameters that advertising networks, social networks, mail tools and affiliate networks append to the links they send
//! visitors through.

/// What the presence of a click id proves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The network sets it on paid clicks alone.
    Paid,
    /// Paid, unless the visitor came from a place that does not belong to the network or its partners.
    PaidAtPartners,
    /// Only where the visitor came from: it stands on unpaid links too.
    Network,
    /// A link in an e-mail that the tool sent.
    Email,
    /// A link of an affiliate.
    Affiliate,
}

/// One click id.
pub(super) struct ClickId {
    /// The query parameter in lower case; names are compared without case.
    pub name: &'static str,
    /// The source to report when nothing else says it.
    pub source: &'static str,
    /// The network as the rule table knows it: its source, or an entry of the column `ads`.
    pub network: &'static str,
    pub proof: Proof,
}

const fn id(name: &'static str, network: &'static str, proof: Proof) -> ClickId {
    ClickId { name, source: network, network, proof }
}

/// All known click ids; where a URL carries several, the first that proves a paid click counts, else the first.
pub(super) const CLICK_IDS: &[ClickId] = &[
    id("gclid", "google", Proof::Paid),
    id("gbraid", "google", Proof::Paid),
    id("wbraid", "google", Proof::Paid),
    id("dclid", "google", Proof::Paid),
    id("gad_source", "google", Proof::Paid),
    id("gad_campaignid", "google", Proof::Paid),
    // Bing leaves it on copied links, and advertisers' redirects carry it on.
    ClickId { name: "msclkid", source: "bing", network: "microsoft", proof: Proof::PaidAtPartners },
    id("ttclid", "tiktok", Proof::Paid),
    id("li_fat_id", "linkedin", Proof::Paid),
    id("sccid", "snapchat", Proof::Paid),
    id("rdt_cid", "reddit", Proof::Paid),
    id("qclid", "quora", Proof::Paid),
    // Of Yahoo! JAPAN's advertising too.
    id("yclid", "yandex", Proof::Paid),
    id("bd_vid", "baidu", Proof::Paid),
    id("rb_clickid", "vk", Proof::Paid),
    id("ldtag_cl", "line", Proof::Paid),
    id("tblci", "taboola", Proof::Paid),
    id("dicbo", "outbrain", Proof::Paid),
    id("cto_pld", "criteo", Proof::Paid),
    // On every link that leaves the network, and on links that people share.
    id("fbclid", "facebook", Proof::Network),
    id("twclid", "twitter", Proof::Network),
    id("epik", "pinterest", Proof::Network),
    id("igshid", "instagram", Proof::Network),
    id("igsh", "instagram", Proof::Network),
    // Free product listings.
    id("srsltid", "google", Proof::Network),
    // On every link of Yandex' results and services.
    id("ysclid", "yandex", Proof::Network),
    id("ymclid", "yandex", Proof::Network),
    id("napm", "naver", Proof::Network),
    id("mc_cid", "mailchimp", Proof::Email),
    id("mc_eid", "mailchimp", Proof::Email),
    id("_kx", "klaviyo", Proof::Email),
    id("_hsenc", "hubspot", Proof::Email),
    id("_hsmi", "hubspot", Proof::Email),
    id("mkt_tok", "marketo", Proof::Email),
    id("vgo_ee", "activecampaign", Proof::Email),
    id("ml_subscriber", "mailerlite", Proof::Email),
    id("ml_subscriber_hash", "mailerlite", Proof::Email),
    id("ck_subscriber_id", "convertkit", Proof::Email),
    id("vero_id", "vero", Proof::Email),
    id("vero_conv", "vero", Proof::Email),
    id("_bhlid", "beehiiv", Proof::Email),
    id("omnisendcontactid", "omnisend", Proof::Email),
    id("dm_i", "dotdigital", Proof::Email),
    id("irclickid", "impact", Proof::Affiliate),
    id("irgwc", "impact", Proof::Affiliate),
    id("cjevent", "cj", Proof::Affiliate),
    id("cjdata", "cj", Proof::Affiliate),
    id("awc", "awin", Proof::Affiliate),
    id("sscid", "shareasale", Proof::Affiliate),
    id("ransiteid", "rakuten advertising", Proof::Affiliate),
    id("ranmid", "rakuten advertising", Proof::Affiliate),
    id("raneaid", "rakuten advertising", Proof::Affiliate),
    id("clickref", "partnerize", Proof::Affiliate),
    id("tduid", "tradedoubler", Proof::Affiliate),
    id("wgcampaignid", "webgains", Proof::Affiliate),
    id("wgprogramid", "webgains", Proof::Affiliate),
    id("admitad_uid", "admitad", Proof::Affiliate),
    id("tagtag_uid", "admitad", Proof::Affiliate),
];
