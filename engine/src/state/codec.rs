//! Bytes of a state: LEB128 numbers behind a header of kind and version. Decoding trusts nothing.

use super::short_number::short_unsigned;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::memory;

/// The most bytes of a number.
pub const MAX_OF_NUMBER: usize = 10;

/// Writes a state. The first allocation that fails is remembered and reported by [`Self::finish`]: so writing a number, which is
/// done some hundred million times, costs one comparison more and hands on no result.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    failed: Option<Error>,
}

impl Writer {
    /// A state of that kind (a letter) and version of its format.
    pub fn new(kind: u8, version: u8) -> Self {
        Self { bytes: vec![kind, version], failed: None }
    }

    /// Makes room for that many bytes more.
    pub fn reserve(&mut self, bytes: usize) {
        if let Err(error) = memory::reserve(&mut self.bytes, bytes) {
            self.failed.get_or_insert(error);
        }
    }

    /// Makes room for that many bytes more, and for an eighth of all: doubling would cost more than what is written.
    #[inline]
    pub fn reserve_few(&mut self, bytes: usize) {
        if self.bytes.capacity() - self.bytes.len() < bytes {
            let more = bytes.max(self.bytes.len() / 8);
            if let Err(error) = memory::reserve_exact(&mut self.bytes, more) {
                self.failed.get_or_insert(error);
            }
        }
    }

    #[inline]
    fn has_room(&mut self, bytes: usize) -> bool {
        self.bytes.capacity() - self.bytes.len() >= bytes || self.make_room(bytes)
    }

    #[cold]
    fn make_room(&mut self, bytes: usize) -> bool {
        self.reserve(bytes);
        self.failed.is_none()
    }

    /// An unsigned number, seven bits a byte.
    #[inline]
    pub fn unsigned(&mut self, mut value: u64) {
        if !self.has_room(MAX_OF_NUMBER) {
            return;
        }
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A signed number, zigzag: small ones of either sign are short.
    pub fn signed(&mut self, value: i64) {
        self.unsigned(((value << 1) ^ (value >> 63)) as u64);
    }

    /// A text: its length and its bytes.
    pub fn text(&mut self, text: &[u8]) {
        self.unsigned(text.len() as u64);
        self.append(text);
    }

    /// Bytes as they are.
    pub fn append(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Forgets what was written, but keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The bytes so far; an error where an allocation has failed.
    pub fn bytes(&self) -> Result<&[u8]> {
        match &self.failed {
            None => Ok(&self.bytes),
            Some(error) => Err(error.clone()),
        }
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The bytes; an error where an allocation has failed.
    pub fn finish(self) -> Result<Vec<u8>> {
        self.failed.map_or(Ok(self.bytes), Err)
    }
}

/// Reads a state; every method is `22P03` where the bytes are not what a [`Writer`] writes.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    name: &'static str,
}

impl<'a> Reader<'a> {
    /// Begins to read a state of that kind; `name` is its type's, for messages.
    pub fn new(bytes: &'a [u8], kind: u8, version: u8, name: &'static str) -> Result<Self> {
        match bytes {
            [k, v, rest @ ..] if *k == kind && *v == version => Ok(Self { rest, name }),
            [k, v, ..] if *k == kind => Err(Error::new(
                ErrorKind::MalformedBinary,
                format!("{name} has the format version {v}, this version of mrcall_ext reads {version}"),
                "Use the version of mrcall_ext that wrote it, or compute the state anew from its rows.",
            )),
            _ => Err(Self { rest: bytes, name }.malformed("no header")),
        }
    }

    /// Goes on reading a state behind its header, or reads a part that has none of its own.
    pub fn resume(bytes: &'a [u8], name: &'static str) -> Self {
        Self { rest: bytes, name }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The error for bytes that no state has.
    pub fn malformed(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::MalformedBinary,
            format!("malformed {}: {what}", self.name),
            "Compute the state anew from its rows.",
        )
    }

    /// An unsigned number in its one shortest form.
    #[inline]
    pub fn unsigned(&mut self) -> Result<u64> {
        // Most numbers are small.
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_unsigned()
    }

    fn long_unsigned(&mut self) -> Result<u64> {
        if let Some((value, bytes)) = self.rest.first_chunk().and_then(|word| short_unsigned(*word)) {
            self.rest = self.rest.get(bytes..).unwrap_or_default();
            return Ok(value);
        }
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte, rest @ ..] = self.rest else { return Err(self.malformed("it ends too early")) };
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits || (*byte == 0 && shift > 0) {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number is out of range"))
    }

    /// An unsigned number that fits 32 bits.
    #[inline]
    pub fn unsigned_32(&mut self) -> Result<u32> {
        u32::try_from(self.unsigned()?).map_err(|_| self.malformed("a number is out of range"))
    }

    /// A signed number.
    #[inline]
    pub fn signed(&mut self) -> Result<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// How many elements follow, each of at least `least` bytes: never more than the bytes that are left can hold.
    #[inline]
    pub fn count(&mut self, least: usize) -> Result<usize> {
        let count = usize::try_from(self.unsigned()?).map_err(|_| self.malformed("a count is out of range"))?;
        if count > self.rest.len() / least.max(1) {
            Err(self.malformed("a count exceeds its bytes"))
        } else {
            Ok(count)
        }
    }

    /// As [`Self::count`], for what never has no element.
    #[inline]
    pub fn count_some(&mut self, least: usize) -> Result<usize> {
        match self.count(least)? {
            0 => Err(self.malformed("a part of it is empty")),
            count => Ok(count),
        }
    }

    /// The bytes of a text.
    #[inline]
    pub fn text(&mut self) -> Result<&'a [u8]> {
        let length = self.count(1)?;
        self.bytes(length)
    }

    /// A text that a server's text can be: UTF-8 without a NUL.
    #[inline]
    pub fn utf8(&mut self) -> Result<&'a str> {
        let bytes = self.text()?;
        self.valid_text(bytes)
    }

    /// The text that bytes are.
    pub fn valid_text<'b>(&self, bytes: &'b [u8]) -> Result<&'b str> {
        match core::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(text),
            Ok(_) => Err(self.malformed("a text has a NUL in it")),
            Err(_) => Err(self.malformed("text is not valid UTF-8")),
        }
    }

    /// That many bytes.
    #[inline]
    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.malformed("it ends too early"));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// Ends the reading: nothing may be left.
    pub fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed("bytes are left over")) }
    }
}
