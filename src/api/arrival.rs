//! Where a visitor came from: `arrival`, `channel`, `is_arrival`, the URL functions, `is_bot`, `device`.

use mrcall_engine::arrival::{self, Event};
use mrcall_engine::{agent, url};
use pgrx::prelude::*;

type ArrivalRow = (
    name!(channel, String),
    name!(source, Option<String>),
    name!(medium, Option<String>),
    name!(campaign, Option<String>),
    name!(term, Option<String>),
    name!(rule, String),
);

#[pg_extern(sql = false)]
fn arrival(
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(channel, String),
        name!(source, Option<String>),
        name!(medium, Option<String>),
        name!(campaign, Option<String>),
        name!(term, Option<String>),
        name!(rule, String),
    ),
> {
    let event = Event { referrer, page_url, utm_source, utm_medium, utm_campaign };
    let a = arrival::arrival(&event);
    let row: ArrivalRow = (
        a.channel.to_owned(),
        a.source.map(Into::into),
        a.medium.map(Into::into),
        a.campaign.map(Into::into),
        a.term.map(Into::into),
        a.rule.to_string(),
    );
    TableIterator::once(row)
}

#[pg_extern(sql = false)]
fn channel(
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
) -> &'static str {
    arrival::channel(&Event { referrer, page_url, utm_source, utm_medium, utm_campaign })
}

#[pg_extern(sql = false)]
fn is_arrival(
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
) -> bool {
    arrival::is_arrival(&Event { referrer, page_url, utm_source, utm_medium, utm_campaign }, &arrival::ignored_by_seed)
}

/// The touch of a page view as one text that compares by bytes, NULL where the event is no arrival: channel, source,
/// medium, campaign, term, rule and referrer domain, joined by the unit separator. An absent part is empty.
#[pg_extern(sql = false)]
fn _touch(
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
    ignored: Option<Array<&str>>,
) -> Option<String> {
    let event = Event { referrer, page_url, utm_source, utm_medium, utm_campaign };
    let is_ignored = |host: &str| {
        ignored.as_ref().is_some_and(|list| {
            list.iter()
                .flatten()
                .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
        })
    };
    if !arrival::is_arrival(&event, &is_ignored) {
        return None;
    }
    let a = arrival::arrival(&event);
    let domain = referrer.and_then(url::domain);
    let mut touch = String::with_capacity(96);
    touch.push_str(a.channel);
    for part in [a.source.as_deref(), a.medium.as_deref(), a.campaign.as_deref(), a.term.as_deref(), Some(&*a.rule)] {
        touch.push('\u{1f}');
        // A separator in the data must not shift the parts behind it.
        touch.extend(part.unwrap_or("").chars().map(|c| if c == '\u{1f}' { ' ' } else { c }));
    }
    touch.push('\u{1f}');
    touch.push_str(domain.as_deref().unwrap_or(""));
    Some(touch)
}

#[pg_extern(sql = false)]
fn url_host(url: &str) -> Option<String> {
    url::host(url)
}

#[pg_extern(sql = false)]
fn url_domain(url: &str) -> Option<String> {
    url::domain(url)
}

#[pg_extern(sql = false)]
fn url_path(url: &str) -> Option<String> {
    url::path(url)
}

#[pg_extern(sql = false)]
fn url_param(url: &str, name: &str) -> Option<String> {
    url::param(url, name)
}

#[pg_extern(sql = false)]
fn is_bot(user_agent: Option<&str>) -> bool {
    user_agent.is_some_and(agent::is_bot)
}

#[pg_extern(sql = false)]
fn device(user_agent: Option<&str>) -> &'static str {
    user_agent.map_or("unknown", agent::device)
}

#[pg_extern(sql = false)]
fn is_paid(channel: &str) -> bool {
    arrival::is_paid(channel)
}

#[pg_extern(sql = false)]
fn rules_version() -> &'static str {
    arrival::rules_version()
}

#[pg_extern(sql = false)]
fn _ignored_referrer_seed() -> Vec<&'static str> {
    arrival::ignored_referrers().to_vec()
}
