//! One value out of a JSONB document as the server stores it, found where it lies: nothing else of it is read or copied.
//!
//! A container is a word with its kind and the number of its children, a word for each child (of an object for each key,
//! then for each value), and the children's bytes. The word of a child has its type, and its length or, in every 32nd
//! word, where it ends. Keys are in order of their lengths, then of their bytes. Words are in the machine's order; numbers
//! and containers begin at multiples of four bytes.

use core::cmp::Ordering;

use super::same_name::same_name;

const COUNT: u32 = 0x0fff_ffff;
const SCALAR: u32 = 0x1000_0000;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;

const LENGTH: u32 = 0x0fff_ffff;
const TYPE: u32 = 0x7000_0000;
const IS_END: u32 = 0x8000_0000;

const STRING: u32 = 0;
const NUMBER: u32 = 0x1000_0000;
const FALSE: u32 = 0x2000_0000;
const TRUE: u32 = 0x3000_0000;
const CONTAINER: u32 = 0x5000_0000;

/// What a document says at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// The text, without quotes and escapes.
    Text(&'a [u8]),
    /// A truth value.
    Bool(bool),
    /// A value of the server's type numeric.
    Number(&'a [u8]),
    /// An object or array.
    Container(&'a [u8]),
}

/// Whether a container is an object.
pub fn is_object(container: &[u8]) -> bool {
    container.first_chunk().is_some_and(|header| u32::from_ne_bytes(*header) & OBJECT != 0)
}

/// The elements of a document that is an array, `None` of any other. An element is `None` where it is JSON null.
pub fn elements(document: &[u8]) -> Option<impl Iterator<Item = Option<FieldValue<'_>>>> {
    let (header, rest) = document.split_first_chunk()?;
    let header = u32::from_ne_bytes(*header);
    if header & ARRAY == 0 || header & SCALAR != 0 {
        return None;
    }
    let count = (header & COUNT) as usize;
    let (words, bytes) = rest.split_at_checked(4 * count)?;
    let children = Children { words: words.as_chunks().0, bytes };
    let mut start = 0;
    Some((0..count).map(move |nr| {
        let value = children.value(nr, start);
        start = children.end(nr, start);
        value
    }))
}

/// The keys on the way to a value, as `#>>` takes them.
#[derive(Debug, Clone)]
pub struct FieldPath(Vec<FieldKey>);

#[derive(Debug, Clone)]
struct FieldKey {
    name: Box<[u8]>,
    /// What it means in an array: a number from 0 or, from the end, from -1.
    index: Option<i32>,
    /// Where it was in the last object: documents are alike.
    last: usize,
}

impl FieldPath {
    /// The path of those keys.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let key = |name: &str| {
            let number = name.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
            FieldKey { name: name.as_bytes().into(), index: number.parse().ok(), last: 0 }
        };
        Self(keys.into_iter().map(key).collect())
    }

    /// The value there, of a document given without its length word. `None` for JSON null, where there is none, and for
    /// bytes that are no document.
    #[inline]
    pub fn find<'a>(&mut self, document: &'a [u8]) -> Option<FieldValue<'a>> {
        let mut found = None;
        for key in &mut self.0 {
            let container = match found {
                None => document,
                Some(FieldValue::Container(inner)) => inner,
                Some(_) => return None,
            };
            found = Some(key.child(container)?);
        }
        found
    }
}

impl FieldKey {
    #[inline]
    fn child<'a>(&mut self, container: &'a [u8]) -> Option<FieldValue<'a>> {
        let (header, rest) = container.split_first_chunk()?;
        let header = u32::from_ne_bytes(*header);
        let count = (header & COUNT) as usize;
        let words = if header & OBJECT != 0 { 2 * count } else { count };
        let (words, bytes) = rest.split_at_checked(4 * words)?;
        let children = Children { words: words.as_chunks().0, bytes };
        if header & OBJECT != 0 {
            // Documents are alike: most often the key is where it was, and what is known of its place leads to the value's.
            if self.last < count
                && let start = children.key_start(self.last)
                && let end = start + self.name.len()
                && children.is_key(self.last, start, end, &self.name)
            {
                let place = count + self.last;
                return children.value(place, children.start_after(self.last, end, place));
            }
            let place = count + self.search(&children, count)?;
            children.value(place, children.start(place))
        } else if header & ARRAY != 0 && header & SCALAR == 0 {
            let index = self.index?;
            let place = if index < 0 { count.checked_sub(index.unsigned_abs() as usize)? } else { index as usize };
            children.value(place, children.start(place))
        } else {
            None
        }
    }

    fn search(&mut self, children: &Children<'_>, count: usize) -> Option<usize> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            match children.compare(middle, &self.name)? {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    self.last = middle;
                    return Some(middle);
                }
            }
        }
        None
    }
}

/// The words of a container's children, and their bytes.
struct Children<'a> {
    words: &'a [[u8; 4]],
    bytes: &'a [u8],
}

impl<'a> Children<'a> {
    #[inline]
    fn word(&self, nr: usize) -> Option<u32> {
        self.words.get(nr).map(|word| u32::from_ne_bytes(*word))
    }

    /// Where a child that begins at `start` ends.
    #[inline]
    fn end(&self, nr: usize, start: usize) -> usize {
        self.word(nr).map_or(start, |word| if word & IS_END != 0 { 0 } else { start } + (word & LENGTH) as usize)
    }

    /// Where a child begins.
    fn start(&self, nr: usize) -> usize {
        let mut start = 0;
        for word in self.words.get(..nr).unwrap_or_default().iter().rev() {
            let word = u32::from_ne_bytes(*word);
            start += (word & LENGTH) as usize;
            if word & IS_END != 0 {
                break;
            }
        }
        start
    }

    /// The same where an earlier child is known to end at `end`. Without a jump for each word, where they are few.
    #[inline]
    fn start_after(&self, earlier: usize, end: usize, nr: usize) -> usize {
        let (mut sum, mut ends) = (end, 0);
        for word in self.words.get(earlier + 1..nr).filter(|words| words.len() <= 32).unwrap_or(&[[0xff; 4]]) {
            let word = u32::from_ne_bytes(*word);
            sum += (word & LENGTH) as usize;
            ends |= word;
        }
        if ends & IS_END == 0 { sum } else { self.start(nr) }
    }

    /// Where a key begins.
    #[inline]
    fn key_start(&self, nr: usize) -> usize {
        match self.words.first() {
            // It has its end, which is its length.
            Some(first) if nr > 0 => self.start_after(0, (u32::from_ne_bytes(*first) & LENGTH) as usize, nr),
            _ => 0,
        }
    }

    /// Whether a key that begins at `start` ends at `end` and has that name.
    #[inline]
    fn is_key(&self, nr: usize, start: usize, end: usize, name: &[u8]) -> bool {
        let (Some(word), Some(key)) = (self.word(nr), self.bytes.get(start..end)) else { return false };
        let length = if word & IS_END != 0 { end } else { name.len() };
        (word & LENGTH) as usize == length && same_name(key, name)
    }

    /// The order of a key and a name.
    fn compare(&self, nr: usize, name: &[u8]) -> Option<Ordering> {
        let word = self.word(nr)?;
        let (start, length) = match (word & LENGTH) as usize {
            end if word & IS_END != 0 => (self.start(nr), end.checked_sub(self.start(nr))?),
            length if length == name.len() => (self.start(nr), length),
            length => return Some(length.cmp(&name.len())),
        };
        let key = self.bytes.get(start..start + length)?;
        Some(length.cmp(&name.len()).then_with(|| key.cmp(name)))
    }

    /// The value of a child that begins at `start`.
    #[inline]
    fn value(&self, nr: usize, start: usize) -> Option<FieldValue<'a>> {
        let end = self.end(nr, start);
        match self.word(nr)? & TYPE {
            STRING => self.bytes.get(start..end).map(FieldValue::Text),
            TRUE => Some(FieldValue::Bool(true)),
            FALSE => Some(FieldValue::Bool(false)),
            NUMBER => self.bytes.get(start.next_multiple_of(4)..end).map(FieldValue::Number),
            CONTAINER => self.bytes.get(start.next_multiple_of(4)..end).map(FieldValue::Container),
            _ => None,
        }
    }
}
