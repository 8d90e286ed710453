//! The value of a visit in a dimension, as a number: most texts decide it for many visits.

use super::origin::origin_parts;
use super::rows::VisitRows;
use super::visit_part::VisitPart;
use crate::error::Result;
use crate::own_rules::OwnRules;
use crate::resource::memory::HeldVec;
use crate::state::{Dictionary, NONE};
use crate::user_agent;

const NOT_SET: &str = "(not set)";
const CHANNEL: usize = 0;

/// Where the value of a visit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// All visits have one value.
    Whole,
    /// Where the touch came from: a part as [`origin_parts`] numbers them.
    Origin(usize),
    /// The page of the touch, else the first one.
    LandingPage,
    /// The kind of device.
    Device,
    /// The first page.
    EntryPage,
}

impl Dimension {
    /// The dimension of that name; the channel for a name that is none.
    pub fn named(name: &str) -> Self {
        match name {
            "source" => Self::Origin(1),
            "medium" => Self::Origin(2),
            "campaign" => Self::Origin(3),
            "referrer_domain" => Self::Origin(6),
            "landing_page" => Self::LandingPage,
            "device" => Self::Device,
            "entry_page" => Self::EntryPage,
            _ => Self::Origin(CHANNEL),
        }
    }

    /// Whether it takes touches to tell it.
    pub fn needs_touch(self) -> bool {
        matches!(self, Self::Origin(_) | Self::LandingPage)
    }

    /// Whether it takes user agents.
    pub fn needs_agent(self) -> bool {
        self == Self::Device
    }

    /// Whether it takes pages, which own rules may look at.
    pub fn needs_pages(self, rules: &OwnRules) -> bool {
        matches!(self, Self::EntryPage | Self::LandingPage) || self.needs_rules() && rules.look_at_page()
    }

    /// Whether own rules decide it.
    pub fn needs_rules(self) -> bool {
        self == Self::Origin(CHANNEL)
    }
}

/// The values of visits, each text once.
#[derive(Debug)]
pub struct VisitValues {
    dimension: Dimension,
    texts: Dictionary,
    /// By the number of the text that decides.
    known: ByTextId<u32>,
    /// Where rules look at pages, the number is that of an origin and a page.
    pairs: Pairs,
    untouched: Option<u32>,
}

impl VisitValues {
    /// No value is known yet.
    pub fn new(dimension: Dimension) -> Self {
        Self {
            dimension,
            texts: Dictionary::default(),
            known: ByTextId::new(),
            pairs: Pairs::default(),
            untouched: None,
        }
    }

    /// The dimension.
    pub fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The texts of the values, by their numbers.
    pub fn texts(&self) -> &Dictionary {
        &self.texts
    }

    /// Forgets the numbers of a set's texts: another set has others.
    pub fn begin_set(&mut self) {
        (self.known, self.pairs, self.untouched) = (ByTextId::new(), Pairs::default(), None);
    }

    /// The number of a visit's value; the rules are those of the set.
    pub fn of(&mut self, visit: &VisitPart, rows: &VisitRows<'_>, rules: &OwnRules) -> Result<u32> {
        let run = visit.run;
        if self.dimension.needs_rules() && rules.look_at_page() {
            return self.channel_of_page(visit, rows, rules);
        }
        let id = match self.dimension {
            Dimension::Whole => return Ok(0),
            Dimension::LandingPage if run.touch == NONE => run.entry,
            Dimension::LandingPage => visit.landing,
            Dimension::Origin(_) => run.touch,
            Dimension::Device => visit.agent,
            Dimension::EntryPage => run.entry,
        };
        if let Some(known) = if id == NONE { self.untouched } else { self.known.get(id) } {
            return Ok(known);
        }
        let text = rows.text(id);
        let value = match self.dimension {
            Dimension::Origin(CHANNEL) => self.channel(id, NONE, rows, rules)?,
            Dimension::Origin(part) => {
                self.text(text.and_then(|origin| origin_parts(origin).get(part).copied().flatten()))?
            }
            Dimension::Device => self.text(text.map(user_agent::device).or(Some("unknown")))?,
            Dimension::Whole | Dimension::EntryPage | Dimension::LandingPage => self.text(text)?,
        };
        if id == NONE {
            self.untouched = Some(value);
        } else {
            self.known.put(id, value)?;
        }
        Ok(value)
    }

    /// The channel of a visit where it depends on its page.
    fn channel_of_page(&mut self, visit: &VisitPart, rows: &VisitRows<'_>, rules: &OwnRules) -> Result<u32> {
        let origin = visit.run.touch;
        let page = if origin == NONE { visit.run.entry } else { visit.landing };
        let place = self.pairs.number(origin, page)?;
        match self.known.get(place) {
            Some(known) => Ok(known),
            None => {
                let value = self.channel(origin, page, rows, rules)?;
                self.known.put(place, value)
            }
        }
    }

    fn channel(&mut self, origin: u32, page: u32, rows: &VisitRows<'_>, rules: &OwnRules) -> Result<u32> {
        let parts = rows.text(origin).map(origin_parts).unwrap_or_default();
        let own = rules.of_touch(origin, page).map(|rule| &*rule.channel);
        self.text(own.or(parts[CHANNEL]).or(Some("Direct")))
    }

    fn text(&mut self, text: Option<&str>) -> Result<u32> {
        self.texts.intern(text.unwrap_or(NOT_SET).as_bytes())
    }
}

/// Values by the number of a text, made when the first row needs them.
#[derive(Debug)]
pub struct ByTextId<T> {
    places: HeldVec<u32>,
    values: HeldVec<T>,
}

impl<T: Copy> ByTextId<T> {
    /// None yet.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { places: HeldVec::default(), values: HeldVec::default() }
    }

    /// The value of a text.
    pub fn get(&self, id: u32) -> Option<T> {
        let place = self.places.get(id as usize)?.checked_sub(1)?;
        self.values.get(place as usize).copied()
    }

    /// Keeps the value of a text, and gives it back.
    pub fn put(&mut self, id: u32, value: T) -> Result<T> {
        self.places.grow_to(id as usize + 1, 0)?;
        self.values.push(value)?;
        if let Some(place) = self.places.get_mut(id as usize) {
            *place = self.values.len() as u32;
        }
        Ok(value)
    }
}

/// The numbers that pairs of an origin and a page get, in the order in which they come.
#[derive(Debug, Default)]
pub struct Pairs(Dictionary);

impl Pairs {
    /// The number of a pair.
    pub fn number(&mut self, origin: u32, page: u32) -> Result<u32> {
        let pair = u64::from(origin) << 32 | u64::from(page);
        self.0.intern(&pair.to_le_bytes())
    }
}
