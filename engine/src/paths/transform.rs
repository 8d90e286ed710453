//! What to make of a path before it is counted: collapse, shorten, leave out.

use hashbrown::{HashMap, HashSet};

use crate::error::{Error, ErrorKind, Result};

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
    /// The transform of that name. `22023`: another name, an argument where none is taken, a number of touches that is no
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
                        format!("argument of trim must be a whole number above zero, not {text:?}"),
                        "Say how many of the last touches to keep: mrcall.path_transform(path, 'trim', '5').",
                    )
                })?)
            }
            "remove_if_not_all" => Self::RemoveIfNotAll(needed("Direct")?),
            "remove_if_last_and_not_all" => Self::RemoveIfLastAndNotAll(needed("Direct")?),
            _ => return Err(Error::invalid(format!("unknown transform: {name:?}"), format!("Use one of {NAMES}."))),
        };
        match (transform, argument) {
            (Self::Exposure | Self::Unique | Self::First | Self::Frequency, Some(argument)) => Err(Error::invalid(
                format!("transform {name} takes no argument, but got {argument:?}"),
                format!("Leave it out: mrcall.path_transform(path, '{name}')."),
            )),
            _ => Ok(transform),
        }
    }
}

/// The transformed path.
pub fn path_transform(path: &[&str], transform: Transform) -> Vec<String> {
    let own = |path: &[&str]| path.iter().map(|channel| (*channel).to_owned()).collect();
    let is_only = |channel: &str| path.iter().all(|step| *step == channel);
    match transform {
        Transform::Unique => own(path),
        Transform::Exposure => {
            let mut path = path.to_vec();
            path.dedup();
            own(&path)
        }
        Transform::First => own(&first_occurrences(path)),
        Transform::Frequency => {
            let mut times: HashMap<&str, usize> = HashMap::new();
            path.iter().for_each(|channel| *times.entry(*channel).or_default() += 1);
            let times = |channel: &str| times.get(channel).copied().unwrap_or_default();
            first_occurrences(path).into_iter().map(|channel| format!("{channel}({})", times(channel))).collect()
        }
        Transform::Trim(count) => own(path.get(path.len().saturating_sub(count)..).unwrap_or_default()),
        Transform::RemoveIfNotAll(channel) | Transform::RemoveIfLastAndNotAll(channel) if is_only(channel) => own(path),
        Transform::RemoveIfNotAll(channel) => {
            path.iter().filter(|step| **step != channel).map(|step| (*step).to_owned()).collect()
        }
        Transform::RemoveIfLastAndNotAll(channel) => {
            let kept = path.iter().rposition(|step| *step != channel).map_or(0, |last| last + 1);
            own(path.get(..kept).unwrap_or_default())
        }
    }
}

fn first_occurrences<'a>(path: &[&'a str]) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    path.iter().copied().filter(|channel| seen.insert(*channel)).collect()
}
