//! By which rules the functions answer whose answers a database may hold, in an index or a generated column: of other rules than
//! those of its making, it has other answers than the function.

use crate::{arrival, url, user_agent};

/// The version in the first line of a file of rules.
pub(crate) fn version_of(file: &'static str) -> &'static str {
    file.lines().next().and_then(|line| line.strip_prefix("# version: ")).unwrap_or_default()
}

/// The SQL functions that answer by rules, each with what tells its rules from others.
pub fn rule_versions() -> [(&'static str, String); 10] {
    let suffixes = url::SUFFIXES_VERSION;
    let arrivals =
        format!("{}.{}.{}/{suffixes}", arrival::rules_version(), arrival::lists_version(), arrival::ignored_version());
    let agents = user_agent::rules_version();
    [
        ("arrival", arrivals.clone()),
        ("channel", arrivals.clone()),
        ("is_arrival", arrivals),
        ("is_paid", arrival::rules_version().to_owned()),
        ("url_domain", suffixes.to_owned()),
        ("is_bot", agents.clone()),
        ("device", agents.clone()),
        ("agent", agents),
        // By promise these never change: another rule would be another function.
        ("stripe_ids", "1".to_owned()),
        ("apple_ids", "1".to_owned()),
    ]
}
