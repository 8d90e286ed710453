//! The modes of a funnel.

use crate::error::{Error, Result};
use crate::text::beginning;

/// A set of modes of `mrcall.window_funnel`; the default is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes(u8);

impl Modes {
    /// Each event of the chain is strictly later than the one before.
    pub const STRICT_INCREASE: Self = Self(1);
    /// Each event fills one step at most.
    pub const STRICT_ONCE: Self = Self(2);
    /// A step from the second on that is met again after it was reached ends the scan.
    pub const STRICT_DEDUPLICATION: Self = Self(4);
    /// An event of no step, or of a step whose predecessor was not reached, ends the scan once it has begun.
    pub const STRICT_ORDER: Self = Self(8);
    /// With `strict_order`: a step whose predecessor was not reached is skipped instead.
    pub const ALLOW_REENTRY: Self = Self(16);
    /// The steps are neighbouring events.
    pub const CONSECUTIVE: Self = Self(32);

    /// Every mode with its SQL name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("strict_increase", Self::STRICT_INCREASE),
        ("strict_once", Self::STRICT_ONCE),
        ("strict_deduplication", Self::STRICT_DEDUPLICATION),
        ("strict_order", Self::STRICT_ORDER),
        ("allow_reentry", Self::ALLOW_REENTRY),
        ("consecutive", Self::CONSECUTIVE),
    ];

    /// The modes of those names, in lower case and in any order; a name given twice counts once. An unknown name,
    /// `allow_reentry` without `strict_order`, and `consecutive` with any other are `22023`. The SQL layer handles
    /// NULL.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut modes = Self::default();
        for name in names {
            let Some((_, mode)) = Self::ALL.iter().find(|(known, _)| *known == name) else {
                let known = Self::ALL.map(|(name, _)| name).join(", ");
                return Err(Error::invalid(
                    format!("unknown funnel mode: {:?}", beginning(name)),
                    format!("Use any of {known}."),
                ));
            };
            modes.0 |= mode.0;
        }
        modes.checked()
    }

    /// The modes of the bits that [`Self::bits`] gave, `22023` for any that go not together.
    pub(super) fn from_bits(bits: u8) -> Result<Self> {
        if bits >= 64 {
            return Err(Error::invalid(format!("unknown funnel modes: {bits}"), "Use the names of modes."));
        }
        Self(bits).checked()
    }

    pub(super) fn bits(self) -> u8 {
        self.0
    }

    /// Whether all modes of `other` are among these.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether events that meet no condition change the answer.
    pub fn needs_other_events(self) -> bool {
        self.has(Self::STRICT_ORDER) || self.has(Self::CONSECUTIVE)
    }

    fn checked(self) -> Result<Self> {
        if self.has(Self::ALLOW_REENTRY) && !self.has(Self::STRICT_ORDER) {
            return Err(Error::invalid(
                "funnel mode allow_reentry needs strict_order",
                "Use ARRAY['strict_order', 'allow_reentry'].",
            ));
        }
        if self.has(Self::CONSECUTIVE) && self != Self::CONSECUTIVE {
            return Err(Error::invalid(
                format!("funnel mode consecutive stands alone, not in {}", self.names()),
                "Use ARRAY['consecutive'], or leave it out.",
            ));
        }
        Ok(self)
    }

    /// The names, for messages.
    pub(super) fn names(self) -> String {
        let names: Vec<_> = Self::ALL.iter().filter(|(_, mode)| self.has(*mode)).map(|(name, _)| *name).collect();
        if names.is_empty() { "the default mode".into() } else { names.join(", ") }
    }
}
