//! The days of a zone: where one begins, what its clock shows, and the notice where a range was meant for another zone.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};

use mrcall_engine::bucket::{self, Grid, Width};
use mrcall_engine::time::{self, DAY};
use mrcall_engine::zone;
use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use crate::error::{SqlResult, needed, report};
use crate::pg::guc;
use crate::pg::zone::PgZone;

/// A date is a number of days from 2000-01-01.
pub fn start_of_day(date: Option<i32>, zone: Option<&str>, name: Option<&str>) -> SqlResult<i64> {
    let name = name.unwrap_or("day");
    let date = needed(date, name)?;
    let zone = PgZone::named(needed(zone, "zone")?).map_err(report)?;
    let wrong = |what: &str| {
        let hint = "Give a date between 4714 BC and 294276 AD.";
        report(Error::new(ErrorKind::DatetimeOutOfRange, format!("{name} {what}"), hint))
    };
    match date {
        i32::MAX => Err(wrong("is infinity")),
        i32::MIN => Err(wrong("is -infinity")),
        _ => zone::start_of_day(date, &zone).map_err(|error| match error.kind {
            ErrorKind::DatetimeOutOfRange => wrong("is out of the range of timestamps"),
            _ => report(error),
        }),
    }
}

/// What the clock of a zone shows, by the zone's own data: AT TIME ZONE takes CET for an abbreviation that knows no summer.
pub fn wall_clock(at: i64, zone: &str) -> SqlResult<i64> {
    zone::wall_clock(at, &PgZone::named(zone).map_err(report)?).map_err(report)
}

/// What a notice is about.
#[derive(Clone, Copy)]
pub enum Note {
    Midnight,
    Width,
}

thread_local! {
    /// The statement in which each was raised last.
    static NOTED: [Cell<Option<i64>>; 2] = const { [Cell::new(None), Cell::new(None)] };
    /// The statement and the text of the last warning.
    static WARNED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// A notice, once in all that a client sends at a time: a join may call a report thousands of times.
pub fn note_once(about: Note, message: String, hint: impl Into<String>) {
    let now = Some(guc::statement_start());
    let place = match about {
        Note::Midnight => 0,
        Note::Width => 1,
    };
    if NOTED.with(|noted| noted[place].replace(now)) != now {
        let code = PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION;
        ErrorReport::new(code, message, "mrcall_ext").set_hint(hint).report(PgLogLevel::NOTICE);
    }
}

/// A warning, unless it was the last one of the same statement.
pub fn warn_once(message: &str, hint: &str) -> bool {
    let mut hasher = DefaultHasher::new();
    (guc::statement_start(), message).hash(&mut hasher);
    let now = Some(hasher.finish());
    if WARNED.replace(now) != now {
        let code = PgSqlErrorCode::ERRCODE_WARNING;
        ErrorReport::new(code, message.to_owned(), "mrcall_ext").set_hint(hint).report(PgLogLevel::WARNING);
    }
    true
}

/// Says so where since or until is the begin of a day of the session's zone but none of the zone: it was probably a date.
pub fn note_midnight(since: Option<i64>, until: Option<i64>, zone: Option<&str>) -> SqlResult<()> {
    let Some(zone_name) = zone else { return Ok(()) };
    let (zone, session) = (PgZone::named(zone_name).map_err(report)?, PgZone::of_session());
    if zone == session {
        return Ok(());
    }
    let days = Grid::new(Width::Micros(DAY), None).map_err(report)?;
    let begins_day = |at: i64, zone| bucket::bucket(&days, at, zone).is_ok_and(|start| start == at);
    // The text of an instant begins with its date.
    let date = |at: i64| {
        let text = time::instant_text(zone::wall_clock(at, &session).ok()?);
        let (date, rest) = text.split_once(' ')?;
        Some(format!("{date}{}", if rest.ends_with("BC") { " BC" } else { "" }))
    };
    let mistaken = |at: i64| begins_day(at, &session) && !begins_day(at, &zone);
    let dates: Vec<_> = [("since", since), ("until", until)]
        .into_iter()
        .filter_map(|(name, at)| Some((name, at.filter(|at| mistaken(*at)).and_then(date)?)))
        .collect();
    let names = dates.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" and ");
    let spelled =
        |with: &dyn Fn(&str) -> String| dates.iter().map(|(_, date)| with(date)).collect::<Vec<_>>().join(", ");
    if !dates.is_empty() {
        let verb = if dates.len() == 1 { "is" } else { "are" };
        note_once(
            Note::Midnight,
            format!("{names} {verb} midnight in the session's time zone {}, not in {zone_name}", session.name()),
            format!(
                "For midnight in {zone_name} give both as dates, {}, or write {}.",
                spelled(&|date| format!("date '{date}'")),
                spelled(&|date| format!("timestamptz '{date} {zone_name}'")),
            ),
        );
    }
    Ok(())
}
