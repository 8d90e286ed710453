//! Finding the touches of a journey.

use super::set::{JourneySet, StoredConversion, StoredTouch};
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::HeldVec;
use crate::resource::sort;
use crate::state::NONE;

/// The touches by browser and time, the browsers by customer.
pub(super) struct JourneyIndex<'a> {
    set: &'a JourneySet,
    /// The place of each text in the order of all texts by bytes.
    ranks: HeldVec<u32>,
    touches: HeldVec<StoredTouch>,
    /// Customer and browser, sorted, each pair once.
    links: HeldVec<(u32, u32)>,
    /// Customer and instant, sorted.
    restarts: HeldVec<(u32, i64)>,
}

impl<'a> JourneyIndex<'a> {
    pub fn new(set: &'a JourneySet) -> Result<Self> {
        let (mut ranks, mut throttle) = (HeldVec::filled(0, set.texts.len())?, Throttle::default());
        for (text, rank) in set.texts.in_order()?.zip(0..) {
            throttle.step();
            if let Some(slot) = ranks.get_mut(text as usize) {
                *slot = rank;
            }
        }
        let mut touches = HeldVec::collect(set.touches.iter().copied())?;
        sort::by_key(&mut touches, |touch| (touch.visitor, touch.at));
        let mut links = HeldVec::collect(set.links.iter().copied())?;
        sort::ascending(&mut links);
        links.dedup();
        let mut restarts = HeldVec::collect(set.restarts.iter().copied())?;
        sort::ascending(&mut restarts);
        Ok(Self { set, ranks, touches, links, restarts })
    }

    /// The set that it is an index of.
    pub fn set(&self) -> &'a JourneySet {
        self.set
    }

    /// The place of a text in the order by bytes; no text comes last.
    pub fn rank(&self, text: u32) -> u32 {
        self.ranks.get(text as usize).copied().unwrap_or(NONE)
    }

    /// All customers with a browser, each with its links.
    pub fn customers(&self) -> impl Iterator<Item = &[(u32, u32)]> {
        self.links.chunk_by(|a, b| a.0 == b.0)
    }

    /// All browsers with a touch, each with its touches in order of time.
    pub fn browsers(&self) -> impl Iterator<Item = &[StoredTouch]> {
        self.touches.chunk_by(|a, b| a.visitor == b.visitor)
    }

    /// The touches that led to a conversion, in order of time, channel, value and browser.
    pub fn journey_of(&self, conversion: &StoredConversion, journey: &mut HeldVec<StoredTouch>) -> Result<()> {
        let (customer, end) = (conversion.customer, conversion.ends_at);
        let earlier = self.restarts.partition_point(|restart| *restart < (customer, end));
        let restart = earlier.checked_sub(1).and_then(|i| self.restarts.get(i)).filter(|last| last.0 == customer);
        let from = restart.map_or(conversion.begins_at, |last| conversion.begins_at.max(last.1.saturating_add(1)));
        self.journey(self.links_of(customer), from, end, journey)
    }

    /// The browsers of a customer.
    fn links_of(&self, customer: u32) -> &[(u32, u32)] {
        if customer == NONE {
            return &[];
        }
        let from = self.links.partition_point(|link| link.0 < customer);
        let to = self.links.partition_point(|link| link.0 <= customer);
        self.links.get(from..to).unwrap_or_default()
    }

    /// The touches of browsers from one instant to another, both included, in order of time, channel, value and browser.
    pub fn journey(&self, links: &[(u32, u32)], from: i64, to: i64, journey: &mut HeldVec<StoredTouch>) -> Result<()> {
        journey.clear();
        for (_, visitor) in links {
            let first = self.touches.partition_point(|touch| (touch.visitor, touch.at) < (*visitor, from));
            let rest = self.touches.get(first..).unwrap_or_default();
            let count = rest.iter().take_while(|touch| touch.visitor == *visitor && touch.at <= to).count();
            journey.extend(rest.get(..count).unwrap_or_default())?;
        }
        self.sort(journey);
        Ok(())
    }

    /// Brings touches into the order of a journey.
    pub fn sort(&self, journey: &mut [StoredTouch]) {
        sort::by_key(journey, |touch| {
            (touch.at, self.rank(touch.channel), self.rank(touch.value), self.rank(touch.visitor))
        });
    }
}
