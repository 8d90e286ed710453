//! Where a visitor came from: `arrival`, `channel`, `is_arrival`, the URL functions, `is_bot`, `device`, `agent`.

use mrcall_engine::arrival::{self, Landing};
use mrcall_engine::rule_versions::rule_versions;
use mrcall_engine::{nearest, url, user_agent};

use crate::error::SqlResult;
use crate::pg::function_call::Call;
use crate::pg::text_array::TextArray;

pub fn arrival(
    call: Call<'_>,
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
) -> SqlResult<()> {
    let event = Landing { referrer, page_url, utm_source, utm_medium, utm_campaign };
    let a = arrival::arrival(&event);
    call.table([(a.channel, a.source, a.medium, a.campaign, a.term, a.rule.to_string())])
}

/// The click id of a landing that its network takes back: network, kind, the kind's place, id, whether it is stale.
pub fn ad_click(call: Call<'_>, page_url: Option<&str>, utm_source: Option<&str>) -> SqlResult<()> {
    let landing = Landing { page_url, utm_source, ..Landing::default() };
    call.table(arrival::ad_click(&landing).map(|a| (a.network, a.kind, a.place as i32, a.id, a.is_stale)))
}

pub fn channel(
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
) -> &'static str {
    arrival::channel(&Landing { referrer, page_url, utm_source, utm_medium, utm_campaign })
}

pub fn is_arrival(
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
) -> bool {
    arrival::is_arrival(&Landing { referrer, page_url, utm_source, utm_medium, utm_campaign }, arrival::ignored_by_seed)
}

pub fn url_host(url: &str) -> Option<String> {
    url::host(url)
}

pub fn url_domain(url: &str) -> Option<String> {
    url::domain(url)
}

pub fn url_path(url: &str) -> Option<String> {
    url::path(url)
}

pub fn url_param(url: &str, name: &str) -> Option<String> {
    url::param(url, name)
}

pub fn is_bot(user_agent: Option<&str>) -> bool {
    user_agent.is_some_and(user_agent::is_bot)
}

pub fn device(user_agent: Option<&str>) -> &'static str {
    user_agent.map_or("unknown", user_agent::device)
}

pub fn agent(call: Call<'_>, user_agent: Option<&str>) -> SqlResult<()> {
    let (kind, name) = user_agent.map_or((user_agent::Kind::Unknown, None), user_agent::agent);
    call.table([(kind.name(), name)])
}

pub fn is_paid(channel: &str) -> bool {
    arrival::is_paid(channel)
}

pub fn rules_version() -> &'static str {
    arrival::rules_version()
}

pub fn rules(call: Call<'_>) -> SqlResult<()> {
    call.table(rule_versions())
}

pub fn ignored_referrer_seed() -> Vec<&'static str> {
    arrival::ignored_referrers().to_vec()
}

pub fn channels() -> Vec<&'static str> {
    arrival::CHANNELS.to_vec()
}

/// Of some names the one that a text was probably meant to be.
pub fn nearest_name(text: &str, names: TextArray<'_>) -> SqlResult<Option<String>> {
    Ok(nearest::nearest(text, names.present()?.iter().copied()).map(str::to_owned))
}
