//! What a report over journeys is made from.

use num_bigint::BigInt;

use crate::attribution_model::Model;
use crate::credit::Options;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::memory;
use crate::split_amount;
use crate::state::{Dictionary, NONE};
use crate::time;

/// What is asked of a set.
#[derive(Debug, Clone, Default)]
pub struct JourneySettings {
    /// The models whose credit is asked for, in order; none for no credit.
    pub models: Vec<Model>,
    /// The half-life of [`Model::TimeDecay`], microseconds, above zero.
    pub half_life: i64,
    /// Share of the first touch under [`Model::PositionBased`].
    pub first_weight: f64,
    /// Share of the last touch under [`Model::PositionBased`].
    pub last_weight: f64,
    /// The weights of [`Model::Custom`].
    pub weights: Option<Vec<f64>>,
    /// Whether to count touches and visitors.
    pub counts: bool,
    /// Whether to list the distinct paths.
    pub paths: bool,
    /// The range from, to in which a person without a conversion has a journey, half-open; `None` for no such journeys.
    pub unconverted: Option<(i64, i64)>,
    /// Whether to list the journey of each conversion.
    pub journeys: bool,
    /// Whether [`Model::DataDriven`] learns from other conversions than those that it is asked for: refunds from payments.
    pub learns_apart: bool,
}

/// A conversion as it comes.
#[derive(Debug, Clone, Copy)]
pub struct Conversion<'a> {
    /// Its id, given back with its journey.
    pub id: &'a str,
    /// Whose touches count; `None` leaves it unattributed.
    pub customer: Option<&'a str>,
    /// The earliest instant of a touch that counts, microseconds.
    pub begins_at: i64,
    /// The latest.
    pub ends_at: i64,
    /// Its value, the text of a `numeric`.
    pub value: &'a str,
    /// Decimals that the value is split to.
    pub scale: i32,
    /// Its currency.
    pub currency: Option<&'a str>,
    /// When the customer signed up, a milestone.
    pub signed_up_at: Option<i64>,
    /// When the business was made, a milestone.
    pub business_at: Option<i64>,
}

/// A touch as it comes.
#[derive(Debug, Clone, Copy)]
pub struct JourneyTouch<'a> {
    /// The browser.
    pub visitor: &'a str,
    /// When, microseconds.
    pub at: i64,
    /// Through which channel.
    pub channel: &'a str,
    /// The value of the report's dimension.
    pub value: &'a str,
}

#[derive(Debug, Clone)]
pub(super) struct StoredConversion {
    pub id: u32,
    pub customer: u32,
    pub begins_at: i64,
    pub ends_at: i64,
    pub units: BigInt,
    pub scale: usize,
    pub currency: u32,
    pub signed_up_at: Option<i64>,
    pub business_at: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct StoredTouch {
    pub at: i64,
    pub visitor: u32,
    pub channel: u32,
    pub value: u32,
}

/// Conversions, links and touches; texts are numbers of one dictionary.
#[derive(Debug, Clone, Default)]
pub struct JourneySet {
    pub(super) settings: JourneySettings,
    pub(super) texts: Dictionary,
    pub(super) conversions: Vec<StoredConversion>,
    pub(super) links: Vec<(u32, u32)>,
    pub(super) touches: Vec<StoredTouch>,
    pub(super) converted: Vec<u32>,
    /// What is learned from where that is something else: conversions, and who has converted before the end of the range.
    pub(super) learned: Vec<StoredConversion>,
    pub(super) learned_converted: Vec<u32>,
    pub(super) restarts: Vec<(u32, i64)>,
    value_bytes: usize,
}

impl JourneySet {
    /// An empty set. `22023` for options that no model can have.
    pub fn new(settings: JourneySettings) -> Result<Self> {
        let set = Self { settings, ..Self::default() };
        set.options(None, None).validate()?;
        Ok(set)
    }

    /// The models' options for a journey with these milestones.
    pub(super) fn options(&self, signup_at: Option<i64>, business_at: Option<i64>) -> Options<'_> {
        let JourneySettings { half_life, first_weight, last_weight, weights, .. } = &self.settings;
        Options {
            // Each conversion says itself from when on touches count.
            lookback: i64::MAX,
            half_life: *half_life,
            first_weight: *first_weight,
            last_weight: *last_weight,
            signup_at,
            business_at,
            weights: weights.as_deref(),
        }
    }

    /// Takes a conversion. `22008` for an infinite instant, `22023` for a value that is no number or finer than its scale,
    /// or for a scale out of its range.
    pub fn push_conversion(&mut self, conversion: &Conversion<'_>) -> Result<()> {
        let scale = usize::try_from(conversion.scale)
            .ok()
            .filter(|_| conversion.scale <= split_amount::MAX_SCALE)
            .ok_or_else(|| Error::invalid(format!("scale is out of range: {}", conversion.scale), "Use 0 to 38."))?;
        time::finite(conversion.ends_at, "journey_at")?;
        let units = split_amount::parse_units(conversion.value, scale)?;
        self.value_bytes += units.bits() as usize / 8;
        let stored = StoredConversion {
            id: self.texts.intern(conversion.id.as_bytes())?,
            customer: self.optional(conversion.customer)?,
            begins_at: conversion.begins_at,
            ends_at: conversion.ends_at,
            units,
            scale,
            currency: self.optional(conversion.currency)?,
            signed_up_at: conversion.signed_up_at,
            business_at: conversion.business_at,
        };
        memory::push(&mut self.conversions, stored)
    }

    /// Takes a conversion that only [`Model::DataDriven`] learns from. `22008` for an infinite instant.
    pub fn push_learned(&mut self, customer: Option<&str>, begins_at: i64, ends_at: i64) -> Result<()> {
        time::finite(ends_at, "journey_at")?;
        let stored = StoredConversion {
            id: NONE,
            customer: self.optional(customer)?,
            begins_at,
            ends_at,
            units: BigInt::default(),
            scale: 0,
            currency: NONE,
            signed_up_at: None,
            business_at: None,
        };
        memory::push(&mut self.learned, stored)
    }

    /// Takes a customer who has no journey without such a conversion.
    pub fn push_learned_converted(&mut self, customer: &str) -> Result<()> {
        let customer = self.texts.intern(customer.as_bytes())?;
        memory::push(&mut self.learned_converted, customer)
    }

    /// Takes a browser of a customer; the same link again changes nothing.
    pub fn push_link(&mut self, customer: &str, visitor: &str) -> Result<()> {
        let link = (self.texts.intern(customer.as_bytes())?, self.texts.intern(visitor.as_bytes())?);
        memory::push(&mut self.links, link)
    }

    /// Takes a touch. `22008` for an infinite instant.
    pub fn push_touch(&mut self, touch: &JourneyTouch<'_>) -> Result<()> {
        time::finite(touch.at, "touched_at")?;
        if self.touches.len() >= NONE as usize {
            return Err(Error::new(ErrorKind::LimitExceeded, "too many touches", "Ask for a shorter range."));
        }
        let stored = StoredTouch {
            at: touch.at,
            visitor: self.texts.intern(touch.visitor.as_bytes())?,
            channel: self.texts.intern(touch.channel.as_bytes())?,
            value: self.texts.intern(touch.value.as_bytes())?,
        };
        memory::push(&mut self.touches, stored)
    }

    /// Takes a customer who has converted before the end of the range: it has no journey without a conversion.
    pub fn push_converted(&mut self, customer: &str) -> Result<()> {
        let customer = self.texts.intern(customer.as_bytes())?;
        memory::push(&mut self.converted, customer)
    }

    /// Takes an instant at which a customer's journey restarts: touches up to it count for no later conversion.
    pub fn push_restart(&mut self, customer: &str, at: i64) -> Result<()> {
        let customer = self.texts.intern(customer.as_bytes())?;
        memory::push(&mut self.restarts, (customer, at))
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.texts.heap_bytes()
            + (self.conversions.capacity() + self.learned.capacity()) * size_of::<StoredConversion>()
            + self.value_bytes
            + self.links.capacity() * size_of::<(u32, u32)>()
            + self.touches.capacity() * size_of::<StoredTouch>()
            + (self.converted.capacity() + self.learned_converted.capacity()) * size_of::<u32>()
            + self.restarts.capacity() * size_of::<(u32, i64)>()
    }

    fn optional(&mut self, text: Option<&str>) -> Result<u32> {
        text.map_or(Ok(NONE), |text| self.texts.intern(text.as_bytes()))
    }

    pub(super) fn text(&self, id: u32) -> &str {
        core::str::from_utf8(self.texts.get(id)).unwrap_or("")
    }
}
