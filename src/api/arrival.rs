//! Where a visitor came from: `arrival`, `channel`, `is_arrival`, the URL functions, `is_bot`, `device`.

use mrcall_engine::arrival::{self, Landing};
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
    let landing = Landing { referrer, page_url, utm_source, utm_medium, utm_campaign };
    let a = arrival::arrival(&landing);
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
    arrival::channel(&Landing { referrer, page_url, utm_source, utm_medium, utm_campaign })
}

#[pg_extern(sql = false)]
fn is_arrival(
    referrer: Option<&str>,
    page_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    utm_campaign: Option<&str>,
) -> bool {
    arrival::is_arrival(&Landing { referrer, page_url, utm_source, utm_medium, utm_campaign }, arrival::ignored_by_seed)
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
fn ignored_referrer_seed() -> Vec<&'static str> {
    arrival::ignored_referrers().to_vec()
}
