//! The ids of visitors. Browsers' ids are UUIDs: these are kept as 16 bytes, any other id as its text.

use core::cmp::Ordering;
use core::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt;
use crate::state::{Dictionary, Reader, Writer};
use crate::text::utf8;

/// The length of a UUID as text.
const UUID_TEXT: usize = 36;

/// An id; ids compare as their texts do by bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor<'a> {
    /// A UUID whose text is in lower case with dashes: two words, which copy and compare faster than bytes.
    Uuid([u64; 2]),
    /// Any other text.
    Text(&'a str),
}

impl Visitor<'_> {
    /// The text; a UUID's is written into the buffer.
    pub fn text<'b>(&'b self, buffer: &'b mut [u8; UUID_TEXT]) -> &'b str {
        match self {
            Self::Text(text) => text,
            Self::Uuid(uuid) => {
                *buffer = uuid_text(uuid);
                core::str::from_utf8(buffer).unwrap_or_default()
            }
        }
    }

    /// The first bytes of the text as one number, filled up with zeros: nearly always these decide the order of two visitors.
    pub(super) fn first_bytes(&self) -> u64 {
        let mut word = [0; 8];
        match self {
            Self::Uuid([first, _]) => return eight_letters((first >> 32) as u32),
            Self::Text(text) => word.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from),
        }
        u64::from_be_bytes(word)
    }

    /// Writes it: a text behind its length plus one, a UUID behind 0.
    pub(super) fn write(&self, w: &mut Writer) {
        match self {
            Self::Uuid(uuid) => {
                w.unsigned(0);
                uuid.iter().for_each(|word| w.append(&word.to_be_bytes()));
            }
            Self::Text(text) => {
                w.unsigned(text.len() as u64 + 1);
                w.append(text.as_bytes());
            }
        }
    }
}

impl<'a> Visitor<'a> {
    /// Reads what [`Self::write`] wrote.
    pub(super) fn read(r: &mut Reader<'a>) -> Result<Self> {
        let length = r.count(1)?;
        if length == 0 {
            return match r.bytes(16)?.as_chunks() {
                ([high, low], []) => Ok(Self::Uuid([*high, *low].map(u64::from_be_bytes))),
                _ => Err(r.malformed("a visitor is none")),
            };
        }
        match core::str::from_utf8(r.bytes(length - 1)?) {
            Ok(text) if !text.contains('\0') && uuid(text.as_bytes()).is_none() => Ok(Self::Text(text)),
            _ => Err(r.malformed("a visitor is none")),
        }
    }
}

impl Ord for Visitor<'_> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Dashes stand in the same places, and the digits' characters are in the order of their worth.
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Text(b)) => uuid_text(a).as_slice().cmp(b.as_bytes()),
            (Self::Text(a), Self::Uuid(b)) => a.as_bytes().cmp(uuid_text(b).as_slice()),
        }
    }
}

impl PartialOrd for Visitor<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug, Clone, Copy)]
enum Kept {
    Uuid([u64; 2]),
    /// The number of the text.
    Text(u32),
}

/// Distinct visitors, numbered in order of their first use.
#[derive(Debug, Default)]
pub(super) struct Visitors {
    kept: Vec<Kept>,
    /// UUIDs with the visitor's number: looking one up goes to one place in memory.
    uuids: HashTable<([u64; 2], u32)>,
    texts: Dictionary,
    /// By text: the visitor's number.
    of_text: Vec<u32>,
    /// Seeded at random: visitors choose their ids, and must not be able to choose collisions.
    hasher: DefaultHashBuilder,
}

impl Visitors {
    /// The number of an id, a new one if it is new; `55000` for a text that is not UTF-8.
    pub fn intern(&mut self, id: &[u8]) -> Result<u32> {
        let Some(uuid) = uuid(id) else { return self.intern_text(id) };
        let hash = hash_of(&self.hasher, uuid);
        if let Some((_, number)) = self.uuids.find(hash, |(other, _)| *other == uuid) {
            return Ok(*number);
        }
        let number = self.number()?;
        let hasher = &self.hasher;
        self.uuids.insert_unique(hash, (uuid, number), |(uuid, _)| hash_of(hasher, *uuid));
        self.kept.push(Kept::Uuid(uuid));
        Ok(number)
    }

    fn intern_text(&mut self, id: &[u8]) -> Result<u32> {
        let text = self.texts.intern(id)?;
        if let Some(known) = self.of_text.get(text as usize) {
            return Ok(*known);
        }
        utf8(id)?;
        let number = self.number()?;
        self.kept.push(Kept::Text(text));
        self.of_text.push(number);
        Ok(number)
    }

    fn number(&self) -> Result<u32> {
        u32::try_from(self.kept.len()).map_err(|_| {
            Error::new(ErrorKind::LimitExceeded, "too many visitors in one state", "Aggregate a shorter range.")
        })
    }

    /// The id of a number; that of an unknown one is empty.
    pub fn get(&self, number: u32) -> Visitor<'_> {
        match self.kept.get(number as usize) {
            Some(Kept::Uuid(uuid)) => Visitor::Uuid(*uuid),
            Some(Kept::Text(text)) => Visitor::Text(core::str::from_utf8(self.texts.get(*text)).unwrap_or_default()),
            None => Visitor::Text(""),
        }
    }

    /// All numbers in the order of their ids.
    pub fn in_order(&self) -> impl Iterator<Item = u32> + use<> {
        let mut keys: Vec<_> =
            (0..self.kept.len() as u32).map(|number| (self.get(number).first_bytes(), number)).collect();
        interrupt::sort_by(&mut keys, |a, b| a.0.cmp(&b.0).then_with(|| self.get(a.1).cmp(&self.get(b.1))));
        keys.into_iter().map(|key| key.1)
    }

    /// How many visitors there are.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// What [`Visitor::write`] writes for all of them, at most.
    pub fn written_bytes(&self) -> usize {
        17 * self.kept.len() + self.texts.text_bytes()
    }

    /// Forgets all visitors, but keeps the memory for others.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.uuids.clear();
        self.texts.clear();
        self.of_text.clear();
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.kept.capacity() * size_of::<Kept>()
            + self.uuids.capacity() * (size_of::<([u64; 2], u32)>() + 1)
            + self.texts.heap_bytes()
            + self.of_text.capacity() * size_of::<u32>()
    }
}

/// As one number, which takes one round.
fn hash_of(hasher: &DefaultHashBuilder, [high, low]: [u64; 2]) -> u64 {
    hasher.hash_one(u128::from(high) << 64 | u128::from(low))
}

/// A one in each byte of a word.
const ONES: u64 = u64::MAX / 255;

/// The 16 bytes of a UUID in lower case with dashes; any other text has none.
fn uuid(text: &[u8]) -> Option<[u64; 2]> {
    let text: &[u8; UUID_TEXT] = text.try_into().ok()?;
    let [a, b, c, d, e, f, g, h, d1, i, j, k, l, d2, m, n, o, p, d3, q, r, s, t, d4, u, v, w, x, last @ ..] = *text;
    if [d1, d2, d3, d4] != [b'-'; 4] {
        return None;
    }
    let word = |high, low| Some(u64::from(eight_digits(high)?) << 32 | u64::from(eight_digits(low)?));
    Some([word([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p])?, word([q, r, s, t, u, v, w, x], last)?])
}

/// What eight digits in lower case are worth, all at once: a table of digits takes twice as long.
fn eight_digits(text: [u8; 8]) -> Option<u32> {
    let word = u64::from_be_bytes(text);
    // 1 where a letter may stand: these have this bit, digits have not.
    let letters = word >> 6 & ONES;
    let worth = (word & (15 * ONES)).wrapping_add(letters.wrapping_mul(9));
    let is_spelled_so = worth.wrapping_add(u64::from(b'0') * ONES).wrapping_add(letters.wrapping_mul(39)) == word;
    let at_least_ten = worth.wrapping_add(6 * ONES) >> 4 & ONES;
    if !is_spelled_so || at_least_ten != letters || worth & (0xf0 * ONES) != 0 {
        return None;
    }
    let pairs = (worth | worth >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((fours | fours >> 16) as u32)
}

fn uuid_text([high, low]: &[u64; 2]) -> [u8; UUID_TEXT] {
    let halves = [high >> 32, *high, low >> 32, *low];
    let [first, [i, j, k, l, m, n, o, p], [q, r, s, t, u, v, w, x], last] =
        halves.map(|half| eight_letters(half as u32).to_be_bytes());
    let [a, b, c, d, e, f, g, h] = first;
    let [y, z, a1, b1, c1, d1, e1, f1] = last;
    [
        a, b, c, d, e, f, g, h, b'-', i, j, k, l, b'-', m, n, o, p, b'-', q, r, s, t, b'-', u, v, w, x, y, z, a1, b1,
        c1, d1, e1, f1,
    ]
}

/// The eight digits of a number as one word, the first digit highest.
fn eight_letters(number: u32) -> u64 {
    let fours = (u64::from(number) | u64::from(number) << 16) & 0x0000_ffff_0000_ffff;
    let pairs = (fours | fours << 8) & 0x00ff_00ff_00ff_00ff;
    let worth = (pairs | pairs << 4) & (15 * ONES);
    let letters = worth.wrapping_add(6 * ONES) >> 4 & ONES;
    worth.wrapping_add(u64::from(b'0') * ONES).wrapping_add(letters.wrapping_mul(39))
}
