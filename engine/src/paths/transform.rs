//! What to make of a path before it is counted: collapse, shorten, leave out.

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::text::beginning;

/// A transform of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform<'a> {
    /// Equal neighbours become one.
    Exposure,
    /// The path as it is.
    Unique,
    /// The first occurrence of each channel.
    First,
    /// The first occurrence of each channel, with how often it occurs: `name(n)`.
    Frequency,
    /// The last touches, so many.
    Trim(usize),
    /// Without the channel, unless the path is nothing else.
    RemoveIfNotAll(&'a str),
    /// Without the channel at the path's end, unless the path is nothing else.
    RemoveIfLastAndNotAll(&'a str),
}

const NAMES: &str = "exposure, unique, first, frequency, trim, remove_if_not_all, remove_if_last_and_not_all";

impl<'a> Transform<'a> {
    /// The transform of that name. `22023`: another name, an argument where the transform takes no argument, a number of touches that is no
    /// whole number above zero. `22004`: no argument where one is needed.
    pub fn parse(name: &str, argument: Option<&'a str>) -> Result<Self> {
        let needed = |example: &str| {
            argument.ok_or_else(|| {
                Error::new(
                    ErrorKind::NullNotAllowed,
                    format!("transform {name} needs an argument"),
                    format!("Example: mrcall.path_transform(path, '{name}', '{example}')."),
                )
            })
        };
        let transform = match name {
            "exposure" => Self::Exposure,
            "unique" => Self::Unique,
            "first" => Self::First,
            "frequency" => Self::Frequency,
            "trim" => {
                let text = needed("5")?;
                Self::Trim(text.trim_ascii().parse().ok().filter(|count| *count > 0).ok_or_else(|| {
                    Error::invalid(
                        format!("argument of trim must be a whole number above zero, not {:?}", beginning(text)),
                        "Say how many of the last touches to keep: mrcall.path_transform(path, 'trim', '5').",
                    )
                })?)
            }
            "remove_if_not_all" => Self::RemoveIfNotAll(needed("Direct")?),
            "remove_if_last_and_not_all" => Self::RemoveIfLastAndNotAll(needed("Direct")?),
            _ => {
                return Err(Error::invalid(
                    format!("unknown transform: {:?}", beginning(name)),
                    format!("Use one of {NAMES}."),
                ));
            }
        };
        match (transform, argument) {
            (Self::Exposure | Self::Unique | Self::First | Self::Frequency, Some(argument)) => Err(Error::invalid(
                format!("transform {name} takes no argument, but got {:?}", beginning(argument)),
                format!("Leave it out: mrcall.path_transform(path, '{name}')."),
            )),
            _ => Ok(transform),
        }
    }
}

/// The transformed path.
pub fn path_transform<'a>(path: &[&'a str], transform: Transform) -> Result<HeldVec<Cow<'a, str>>> {
    let is_only = |channel: &str| path.iter().all(|step| *step == channel);
    let mut throttle = Throttle::default();
    let own = |path: &[&'a str]| steps_where(path, |_, _| true);
    match transform {
        Transform::Unique => own(path),
        Transform::Exposure => steps_where(path, |before, channel| before != Some(channel)),
        Transform::First | Transform::Frequency => {
            let (mut times, mut held) = (HashMap::new(), Reservation::default());
            let mut first = HeldVec::default();
            for channel in path {
                throttle.step();
                if times.len() == times.capacity() {
                    memory::reserve_map(&mut times)?;
                    held.set(memory::map_bytes(&times))?;
                }
                let times = times.entry(*channel).or_insert(0usize);
                *times += 1;
                if *times == 1 {
                    first.push(Cow::Borrowed(*channel))?;
                }
            }
            if transform == Transform::Frequency {
                for channel in &mut first {
                    throttle.step();
                    let times = times.get(&**channel).copied().unwrap_or_default();
                    held.add(channel.len() + 24)?;
                    memory::demand(channel.len() + 24);
                    *channel = Cow::Owned(format!("{channel}({times})"));
                }
            }
            Ok(first)
        }
        Transform::Trim(count) => own(path.get(path.len().saturating_sub(count)..).unwrap_or_default()),
        Transform::RemoveIfNotAll(channel) | Transform::RemoveIfLastAndNotAll(channel) if is_only(channel) => own(path),
        Transform::RemoveIfNotAll(channel) => steps_where(path, |_, step| step != channel),
        Transform::RemoveIfLastAndNotAll(channel) => {
            let kept = path.iter().rposition(|step| *step != channel).map_or(0, |last| last + 1);
            own(path.get(..kept).unwrap_or_default())
        }
    }
}

/// The steps of a path for which a question, asked of the step before and the step, is answered with yes.
fn steps_where<'a>(path: &[&'a str], is_kept: impl Fn(Option<&str>, &str) -> bool) -> Result<HeldVec<Cow<'a, str>>> {
    let (mut kept, mut throttle) = (HeldVec::default(), Throttle::default());
    let mut before = None;
    for step in path {
        throttle.step();
        if is_kept(before.replace(*step), step) {
            kept.push(Cow::Borrowed(*step))?;
        }
    }
    Ok(kept)
}
