//! Click ids: parameters that advertising networks and social networks append to the links they send visitors through.

/// What the presence of a click id proves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The network sets it on paid clicks alone.
    Paid,
    /// Paid, unless the visitor came from a place that does not belong to the network or its partners.
    PaidAtPartners,
    /// Only where the visitor came from: it stands on unpaid links too.
    Network,
}

/// One click id.
pub(super) struct ClickId {
    /// The query parameter, compared by bytes.
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
/// Left out on purpose: ids of e-mail and affiliate tools, which name no place.
pub(super) const CLICK_IDS: [ClickId; 19] = [
    id("gclid", "google", Proof::Paid),
    id("gbraid", "google", Proof::Paid),
    id("wbraid", "google", Proof::Paid),
    id("dclid", "google", Proof::Paid),
    id("gad_source", "google", Proof::Paid),
    // Bing leaves it on copied links, and advertisers' redirects carry it on.
    ClickId { name: "msclkid", source: "bing", network: "microsoft", proof: Proof::PaidAtPartners },
    id("ttclid", "tiktok", Proof::Paid),
    id("li_fat_id", "linkedin", Proof::Paid),
    id("ScCid", "snapchat", Proof::Paid),
    id("rdt_cid", "reddit", Proof::Paid),
    id("qclid", "quora", Proof::Paid),
    id("yclid", "yandex", Proof::Paid),
    id("tblci", "taboola", Proof::Paid),
    id("dicbo", "outbrain", Proof::Paid),
    // On every link that leaves the network, and on links that people share.
    id("fbclid", "facebook", Proof::Network),
    id("twclid", "twitter", Proof::Network),
    id("epik", "pinterest", Proof::Network),
    id("igshid", "instagram", Proof::Network),
    // Free product listings.
    id("srsltid", "google", Proof::Network),
];
