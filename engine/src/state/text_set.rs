//! A set of texts as bytes that answer by themselves: made once, then asked by any number of processes for millions of texts.
//!
//! Seed, then twice as many slots as texts or more, each 32 bits of a hash and the place of its text; then the texts, each
//! behind its length. All numbers are in the order of bytes of the machine: the bytes never leave it.

use core::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory;

const SEED: usize = 8;
const COUNT: usize = 4;
const SLOT: usize = 8;
/// The place of an empty slot: no text lies before the slots.
const EMPTY: u32 = 0;

/// The bytes of a set; `54000` for more than four gigabytes of texts.
pub fn text_set<T: AsRef<[u8]>>(texts: &[T]) -> Result<Vec<u8>> {
    // Seeded at random: visitors choose the texts, and must not be able to choose collisions.
    let seed = DefaultHashBuilder::default().hash_one(texts.len());
    let slots = (texts.len() * 2).next_power_of_two();
    let header = SEED + COUNT + slots * SLOT;
    let mut set = memory::with_room(texts.iter().fold(header, |sum, text| sum + 4 + text.as_ref().len()))?;
    set.extend_from_slice(&seed.to_ne_bytes());
    set.extend_from_slice(&u32::try_from(slots).map_err(|_| too_large())?.to_ne_bytes());
    set.resize(header, 0);
    let mut throttle = Throttle::default();
    for text in texts.iter().map(AsRef::as_ref) {
        throttle.step();
        let Search::Free { slot, hash } = find(&set, text) else { continue };
        let place = u32::try_from(set.len()).map_err(|_| too_large())?;
        let length = u32::try_from(text.len()).map_err(|_| too_large())?;
        set.extend_from_slice(&length.to_ne_bytes());
        set.extend_from_slice(text);
        if let Some((first, second)) = set.get_mut(slot..slot + SLOT).and_then(|slot| slot.split_at_mut_checked(4)) {
            first.copy_from_slice(&hash.to_ne_bytes());
            second.copy_from_slice(&place.to_ne_bytes());
        }
    }
    Ok(set)
}

/// Whether a text is in a set; in bytes that are no set there is none.
pub fn text_set_has(set: &[u8], text: &[u8]) -> bool {
    matches!(find(set, text), Search::There)
}

enum Search {
    There,
    /// Not there: the slot where it belongs.
    Free {
        slot: usize,
        hash: u32,
    },
    /// The bytes are no set.
    Nowhere,
}

fn find(set: &[u8], text: &[u8]) -> Search {
    let number = |at: usize| set.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_ne_bytes);
    let seed = set.get(..SEED).and_then(|bytes| bytes.try_into().ok()).map(u64::from_ne_bytes);
    let (Some(seed), Some(slots)) = (seed, number(SEED)) else { return Search::Nowhere };
    // What nobody here made may say anything: then it could be looked through for long, at one slot again and again.
    if !slots.is_power_of_two() || slots as usize > (set.len() - SEED - COUNT) / SLOT {
        return Search::Nowhere;
    }
    let hash = xxh3_64_with_seed(text, seed);
    let (mut slot, hash, mut throttle) = (hash as u32, (hash >> 32) as u32, Throttle::default());
    for _ in 0..slots {
        throttle.step();
        slot &= slots - 1;
        let at = SEED + COUNT + slot as usize * SLOT;
        let (Some(other), Some(place)) = (number(at), number(at + 4)) else { break };
        if place == EMPTY {
            return Search::Free { slot: at, hash };
        }
        let start = place as usize + 4;
        let length = number(place as usize).map_or(0, |length| length as usize);
        if other == hash && set.get(start..start.saturating_add(length)) == Some(text) {
            return Search::There;
        }
        slot = slot.wrapping_add(1);
    }
    Search::Nowhere
}

fn too_large() -> Error {
    Error::new(ErrorKind::LimitExceeded, "too many texts in one set", "Ask for a shorter range.")
}
