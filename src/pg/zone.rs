//! Time zones, from PostgreSQL's own zone data.

use std::ffi::CString;

use mrcall_engine::text::beginning;
use mrcall_engine::zone::{Segment, Zone};
use mrcall_engine::{Error, ErrorKind, Result};
use pgrx::pg_sys;

/// Seconds between the Unix epoch and PostgreSQL's (2000-01-01 00:00 UTC).
const EPOCH_SHIFT: i64 = 946_684_800;
/// How far before an instant the search for its stretch begins; longer than any stretch that matters would only cost time.
const LOOK_BACK: i64 = 400 * 86_400;

/// A zone of the server. It lives as long as the process: the server caches zones, never frees one, and has each once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PgZone(*const pg_sys::pg_tz);

/// What the server knows of a zone at an instant: the offset, and where it changes next.
struct Step {
    offset: i64,
    boundary: Option<i64>,
}

impl PgZone {
    /// The zone of that IANA name, else `22023`.
    pub fn named(name: &str) -> Result<Self> {
        let unknown = || {
            Error::invalid(
                format!("time zone \"{}\" not recognized", beginning(name)),
                "Use an IANA name, such as 'Europe/Rome'; SELECT name FROM pg_catalog.pg_timezone_names lists them.",
            )
        };
        // POSIX rules such as 'FOO+3' are zones to the server, and too easily a misspelt name.
        let is_rule = name.contains(|c: char| c.is_ascii_digit() || c == '<') && !has_digits(name);
        if name.is_empty() || name.len() > 255 || is_rule {
            return Err(unknown());
        }
        let c_name = CString::new(name).map_err(|_| unknown())?;
        // SAFETY: pg_tzset reads a NUL-terminated string and returns NULL or a pointer into its permanent cache.
        let zone = unsafe { pg_sys::pg_tzset(c_name.as_ptr()) };
        if zone.is_null() { Err(unknown()) } else { Ok(Self(zone)) }
    }

    /// The zone that the session shows instants in.
    pub fn of_session() -> Self {
        // SAFETY: the server sets it at its start, to a zone that lives as long as the process.
        Self(unsafe { pg_sys::session_timezone })
    }

    /// The name that the server gives it.
    pub fn name(&self) -> String {
        // SAFETY: the zone is one of the server's, whose name is a NUL-terminated string in it.
        unsafe { core::ffi::CStr::from_ptr(pg_sys::pg_get_timezone_name(self.0.cast_mut())) }
            .to_string_lossy()
            .into_owned()
    }

    fn step(&self, unix: i64) -> Result<Step> {
        let (mut before, mut before_dst, mut boundary, mut after, mut after_dst) = (0, 0, 0, 0, 0);
        // SAFETY: self.0 is a zone from pg_tzset; every out pointer is a live local.
        let found = unsafe {
            pg_sys::pg_next_dst_boundary(
                &unix,
                &mut before,
                &mut before_dst,
                &mut boundary,
                &mut after,
                &mut after_dst,
                self.0,
            )
        };
        match found {
            0 => Ok(Step { offset: before, boundary: None }),
            1 => Ok(Step { offset: before, boundary: Some(boundary) }),
            _ => Err(Error::new(
                ErrorKind::DatetimeOutOfRange,
                "timestamp out of range",
                "Use instants between 4714 BC and 294276 AD.",
            )),
        }
    }
}

/// Whether it is one of the zones of the IANA list whose names have digits: a few short ones, and those of a fixed offset.
fn has_digits(name: &str) -> bool {
    // Debian has all zones once more in two folders.
    let folder = name.split_once('/').filter(|(folder, _)| ["posix", "right"].contains(folder));
    let name = folder.map_or(name, |(_, rest)| rest);
    let is_fixed = name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("Etc/GMT"));
    let short = ["EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "GMT0", "GMT+0", "GMT-0"];
    is_fixed || short.iter().any(|zone| zone.eq_ignore_ascii_case(name))
}

impl Zone for PgZone {
    fn segment(&self, instant: i64) -> Result<Segment> {
        let unix = instant.div_euclid(1_000_000) + EPOCH_SHIFT;
        let to_micros = |unix: i64| (unix - EPOCH_SHIFT).saturating_mul(1_000_000);
        let mut at = unix - LOOK_BACK;
        // Nothing is known of the time before the search: the zone may have had another offset, and given up its changes.
        let mut start = to_micros(at);
        // The server lists the boundaries one by one, forwards.
        loop {
            let step = self.step(at)?;
            match step.boundary {
                Some(boundary) if boundary <= unix => {
                    start = to_micros(boundary);
                    at = boundary;
                }
                other => return Ok(Segment { offset: step.offset, start, end: other.map_or(i64::MAX, to_micros) }),
            }
        }
    }
}
