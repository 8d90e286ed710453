//! Google Analytics 4's default channel group (<https://support.google.com/analytics/answer/9756891>), its conditions
//! for manual tagging in its order, with AI Assistants put before the organic channels. Google ignores case; so do we.

use super::rules::Category;

/// What the conditions look at; an absent value is empty.
pub(super) struct Signals<'a> {
    /// The list the source is on.
    pub category: Option<Category>,
    /// The source was written as `(direct)`.
    pub explicit_direct: bool,
    pub source: &'a str,
    pub medium: &'a str,
    pub campaign: &'a str,
}

const DISPLAY: &[&str] = &["display", "banner", "expandable", "interstitial", "cpm"];
const ASSISTANT: &[&str] = &["ai-assistant", "ai_assistant", "ai assistant", "chatbot"];
const EMAIL: &[&str] = &["email", "e-mail", "e_mail", "e mail"];

/// Whether a medium says how a click was paid, or names a channel of its own that is not paid by the click: then it stands beside
/// any click id. `organic`, `referral` and `social` say neither.
pub(super) fn decides(medium: &str) -> bool {
    is_paid_medium(medium)
        || [DISPLAY, ASSISTANT, EMAIL, &["affiliate", "audio", "sms"]].iter().any(|list| is_one_of(medium, list))
        || contains(medium, "video")
        || is_push_medium(medium)
}

/// The channel of the first condition that holds, and the name of that condition.
pub(super) fn classify(s: &Signals) -> (&'static str, &'static str) {
    let on = |list: Category| s.category == Some(list);
    let source_is = |values: &[&str]| is_one_of(s.source, values);
    let medium_is = |values: &[&str]| is_one_of(s.medium, values);
    let paid = is_paid_medium(s.medium);
    let shopping = is_shopping_campaign(s.campaign);

    if s.source.is_empty() && s.medium.is_empty() && (s.campaign.is_empty() || s.explicit_direct) {
        return ("Direct", "no source");
    }
    if contains(s.campaign, "cross-network") {
        return ("Cross-network", "cross-network campaign");
    }
    if paid {
        if on(Category::Shopping) {
            return ("Paid Shopping", "shopping source and paid medium");
        }
        if shopping {
            return ("Paid Shopping", "shopping campaign and paid medium");
        }
        if on(Category::Search) {
            return ("Paid Search", "search source and paid medium");
        }
        if on(Category::Social) {
            return ("Paid Social", "social source and paid medium");
        }
        if on(Category::Video) {
            return ("Paid Video", "video source and paid medium");
        }
    }
    if medium_is(DISPLAY) {
        return ("Display", "display medium");
    }
    if paid {
        return ("Paid Other", "paid medium");
    }
    if on(Category::Ai) {
        return ("AI Assistants", "assistant source");
    }
    if medium_is(ASSISTANT) {
        return ("AI Assistants", "assistant medium");
    }
    if on(Category::Shopping) {
        return ("Organic Shopping", "shopping source");
    }
    if shopping {
        return ("Organic Shopping", "shopping campaign");
    }
    if on(Category::Social) {
        return ("Organic Social", "social source");
    }
    if medium_is(&["social", "social-network", "social-media", "sm", "social network", "social media"]) {
        return ("Organic Social", "social medium");
    }
    if on(Category::Video) {
        return ("Organic Video", "video source");
    }
    if contains(s.medium, "video") {
        return ("Organic Video", "video medium");
    }
    if on(Category::Search) {
        return ("Organic Search", "search source");
    }
    if medium_is(&["organic"]) {
        return ("Organic Search", "organic medium");
    }
    if medium_is(&["referral", "app", "link"]) {
        return ("Referral", "referral medium");
    }
    if source_is(EMAIL) {
        return ("Email", "email source");
    }
    if medium_is(EMAIL) {
        return ("Email", "email medium");
    }
    if medium_is(&["affiliate"]) {
        return ("Affiliates", "affiliate medium");
    }
    if medium_is(&["audio"]) {
        return ("Audio", "audio medium");
    }
    if source_is(&["sms"]) {
        return ("SMS", "sms source");
    }
    if medium_is(&["sms"]) {
        return ("SMS", "sms medium");
    }
    if is_push_medium(s.medium) {
        return ("Mobile Push Notifications", "push medium");
    }
    if source_is(&["firebase"]) {
        return ("Mobile Push Notifications", "firebase source");
    }
    if on(Category::Email) {
        return ("Email", "mail source");
    }
    ("Unassigned", "no condition")
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
pub(super) fn is_paid_medium(medium: &str) -> bool {
    contains(medium, "cp") || is_one_of(medium, &["ppc", "retargeting"]) || starts_with(medium, "paid")
}

fn is_push_medium(medium: &str) -> bool {
    ends_with(medium, "push") || contains(medium, "mobile") || contains(medium, "notification")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`: "shop" at the start of a word, or after an "e".
fn is_shopping_campaign(campaign: &str) -> bool {
    let bytes = campaign.as_bytes();
    let begins_word = |at: usize| match at.checked_sub(1).and_then(|before| bytes.get(before)) {
        Some(b'e' | b'E') | None => true,
        Some(before) => !before.is_ascii_alphabetic(),
    };
    bytes.windows(4).enumerate().any(|(at, four)| four.eq_ignore_ascii_case(b"shop") && begins_word(at))
        || contains(campaign, "shopping")
}

fn is_one_of(text: &str, values: &[&str]) -> bool {
    values.iter().any(|value| text.eq_ignore_ascii_case(value))
}

/// Whether `text` holds the ASCII word `word`.
fn contains(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

fn starts_with(text: &str, word: &str) -> bool {
    text.as_bytes().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

fn ends_with(text: &str, word: &str) -> bool {
    let start = text.len().checked_sub(word.len());
    start.and_then(|at| text.as_bytes().get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}
