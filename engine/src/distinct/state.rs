//! The registers: a short list while few are set, one byte each later; and their canonical bytes.

use xxhash_rust::xxh3::xxh3_64;

use super::estimate::estimate;
use crate::error::{Error, Result};
use crate::resource::memory::{self, HeldCow, HeldVec};
use crate::state::{Reader, Writer};

const KIND: u8 = b'D';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.distinct_state";

/// The precision where no other is given: 16,384 registers, a relative standard error of 0.81 %.
pub const DEFAULT_PRECISION: i32 = 14;
/// With fewer registers the error is larger than 1.04 / sqrt(registers).
const LEAST_PRECISION: i32 = 8;
const MAX_PRECISION: i32 = 18;

/// The forms of the bytes: the set registers as a list, or six bits for each register.
const LIST: u64 = 0;
const ALL: u64 = 1;
/// A rank takes six bits: the largest one, with the least precision, is 57.
const RANK_BITS: u32 = 6;
const RANK_MASK: u32 = (1 << RANK_BITS) - 1;

/// The distinct values of some rows, approximately.
#[derive(Debug, Clone)]
pub struct DistinctState {
    precision: u32,
    registers: Registers,
}

#[derive(Debug, Clone)]
enum Registers {
    /// Entries of (register, rank) in one number: `sorted` by register, each once; `loose` are not yet sorted in.
    Few { sorted: Vec<u32>, loose: Vec<u32> },
    /// The rank of each register.
    All(Vec<u8>),
}

impl DistinctState {
    /// A state without values; a precision outside of 8 to 18 is `22023`.
    pub fn new(precision: i32) -> Result<Self> {
        if !(LEAST_PRECISION..=MAX_PRECISION).contains(&precision) {
            return Err(Error::invalid(
                format!("precision must be between {LEAST_PRECISION} and {MAX_PRECISION}, not {precision}"),
                "Use 14 for a standard error of 0.81 %, two less to double it, two more to halve it.",
            ));
        }
        Ok(Self {
            precision: precision.unsigned_abs(),
            registers: Registers::Few { sorted: Vec::new(), loose: Vec::new() },
        })
    }

    /// The precision: the logarithm to base 2 of the number of registers.
    pub fn precision(&self) -> i32 {
        self.precision as i32
    }

    fn num_registers(&self) -> usize {
        1 << self.precision
    }

    /// The largest rank: 64 bits less those that choose the register, and one.
    fn most_rank(&self) -> u32 {
        65 - self.precision
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        match &self.registers {
            Registers::Few { sorted, loose } => sorted.is_empty() && loose.is_empty(),
            Registers::All(ranks) => ranks.iter().all(|rank| *rank == 0),
        }
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        match &self.registers {
            Registers::Few { sorted, loose } => (sorted.capacity() + loose.capacity()) * size_of::<u32>(),
            Registers::All(ranks) => ranks.capacity(),
        }
    }

    /// `22023` unless the precision is this state's.
    pub fn same_precision(&self, precision: i32) -> Result<()> {
        if precision == self.precision() {
            return Ok(());
        }
        Err(Error::invalid(
            format!("different precisions: {} and {precision}", self.precision),
            "Use one precision for all rows and all states that are merged.",
        ))
    }

    /// Counts a value, which compares by its bytes.
    pub fn push(&mut self, value: &[u8]) -> Result<()> {
        let hash = xxh3_64(value);
        let register = (hash >> (64 - self.precision)) as u32;
        // The bits behind those of the register; a one behind the last of them ends the count of zeros.
        let rest = (hash << self.precision) | (1 << (self.precision - 1));
        self.raise(register << RANK_BITS | (rest.leading_zeros() + 1))
    }

    /// Raises the register of an entry to its rank.
    #[inline]
    fn raise(&mut self, entry: u32) -> Result<()> {
        match &mut self.registers {
            Registers::All(ranks) => {
                if let Some(rank) = ranks.get_mut((entry >> RANK_BITS) as usize) {
                    *rank = (*rank).max((entry & RANK_MASK) as u8);
                }
            }
            Registers::Few { sorted, loose } => {
                // Repeated values are the rule: they need no place.
                if loose.last() != Some(&entry) {
                    memory::push(loose, entry)?;
                }
                if loose.len() > 32 + sorted.len() / 4 {
                    self.settle()?;
                }
            }
        }
        Ok(())
    }

    /// Sorts the loose entries in; a list that is longer than the bytes of all registers ends as those.
    fn settle(&mut self) -> Result<()> {
        let Registers::Few { sorted, loose } = &mut self.registers else { return Ok(()) };
        if let HeldCow::Held(all) = joined(sorted, loose)? {
            *sorted = all.into_vec();
        }
        loose.clear();
        if sorted.len() * size_of::<u32>() > 1 << self.precision {
            let mut ranks = memory::filled(0u8, 1 << self.precision)?;
            for entry in sorted.iter() {
                if let Some(rank) = ranks.get_mut((entry >> RANK_BITS) as usize) {
                    *rank = (entry & RANK_MASK) as u8;
                }
            }
            self.registers = Registers::All(ranks);
        }
        Ok(())
    }

    /// The registers that are set, in order, as entries.
    fn entries(&self) -> Result<HeldCow<'_, u32>> {
        match &self.registers {
            Registers::Few { sorted, loose } => joined(sorted, loose),
            Registers::All(ranks) => {
                let entry = |(rank, i): (&u8, u32)| i << RANK_BITS | u32::from(*rank);
                let set = ranks.iter().zip(0u32..).filter(|(rank, _)| **rank > 0);
                Ok(HeldCow::Held(HeldVec::collect(set.map(entry))?))
            }
        }
    }

    /// Takes the values of another state into this one; different precisions are `22023`.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_precision(other.precision())?;
        other.entries()?.iter().try_for_each(|entry| self.raise(*entry))
    }

    /// How many distinct values there are, approximately.
    pub fn num_distinct(&self) -> Result<f64> {
        let mut counts = vec![0u32; self.most_rank() as usize + 1];
        let entries = self.entries()?;
        for entry in entries.iter() {
            if let Some(count) = counts.get_mut((entry & RANK_MASK) as usize) {
                *count += 1;
            }
        }
        if let Some(zero) = counts.first_mut() {
            *zero = (self.num_registers() - entries.len()) as u32;
        }
        Ok(estimate(&counts))
    }

    /// The relative standard error of [`Self::num_distinct`]: 1.04 / sqrt(registers).
    pub fn relative_error(&self) -> f64 {
        1.04 / (self.num_registers() as f64).sqrt()
    }

    /// The bytes: a function of the registers alone. The list where it is shorter, else all registers.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let entries = self.entries()?;
        let mut list = self.header(LIST);
        list.unsigned(entries.len() as u64);
        let mut next = 0;
        for entry in entries.iter() {
            let register = entry >> RANK_BITS;
            list.unsigned(u64::from((register - next) << RANK_BITS | entry & RANK_MASK));
            next = register + 1;
        }
        let list = list.finish()?;
        let mut all = self.header(ALL).finish()?;
        let length = all.len() + self.packed_bytes();
        if list.len() <= length {
            return Ok(list);
        }
        memory::reserve_exact(&mut all, self.packed_bytes())?;
        all.resize(length, 0);
        let start = length - self.packed_bytes();
        if let Some(packed) = all.get_mut(start..) {
            for entry in entries.iter() {
                let bit = (entry >> RANK_BITS) * RANK_BITS;
                let [low, high] = (((entry & RANK_MASK) as u16) << (bit % 8)).to_le_bytes();
                for (byte, bits) in packed.iter_mut().skip((bit / 8) as usize).zip([low, high]) {
                    *byte |= bits;
                }
            }
        }
        Ok(all)
    }

    fn header(&self, form: u64) -> Writer {
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(u64::from(self.precision));
        w.unsigned(form);
        w
    }

    fn packed_bytes(&self) -> usize {
        self.num_registers() / 8 * RANK_BITS as usize
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let precision = i32::try_from(r.unsigned()?).unwrap_or(i32::MAX);
        let mut state = Self::new(precision).map_err(|_| r.malformed("its precision is out of range"))?;
        let entries = match r.unsigned()? {
            LIST => state.read_list(&mut r)?,
            ALL => state.read_all(&mut r)?,
            _ => return Err(r.malformed("it has an unknown form")),
        };
        if entries.is_empty() || entries.iter().any(|entry| entry & RANK_MASK > state.most_rank()) {
            return Err(r.malformed("its ranks are out of range"));
        }
        let malformed = r.malformed("it is not in its shortest form");
        r.finish()?;
        state.registers = Registers::Few { sorted: entries, loose: Vec::new() };
        state.settle()?;
        // One state has one form: equality of states is equality of bytes.
        if state.serialize()? == bytes { Ok(state) } else { Err(malformed) }
    }

    fn read_list(&self, r: &mut Reader<'_>) -> Result<Vec<u32>> {
        let count = r.count(1)?;
        let mut entries = memory::with_room(count)?;
        let mut next = 0u64;
        for _ in 0..count {
            let entry = r.unsigned()?;
            let (register, rank) = (next.saturating_add(entry >> RANK_BITS), entry & u64::from(RANK_MASK));
            if rank == 0 || register >= self.num_registers() as u64 {
                return Err(r.malformed("a register is out of range"));
            }
            entries.push((register << RANK_BITS | rank) as u32);
            next = register + 1;
        }
        Ok(entries)
    }

    fn read_all(&self, r: &mut Reader<'_>) -> Result<Vec<u32>> {
        let packed = r.bytes(self.packed_bytes())?;
        let mut entries = memory::with_room(self.num_registers())?;
        for (group, i) in packed.chunks_exact(3).zip((0u32..).step_by(4)) {
            let bits = group.iter().rev().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
            for k in 0..4 {
                let rank = bits >> (k * RANK_BITS) & RANK_MASK;
                if rank > 0 {
                    entries.push((i + k) << RANK_BITS | rank);
                }
            }
        }
        Ok(entries)
    }
}

/// Sorted entries and loose ones together, the largest rank of each register.
fn joined<'a>(sorted: &'a [u32], loose: &[u32]) -> Result<HeldCow<'a, u32>> {
    if loose.is_empty() {
        return Ok(HeldCow::Borrowed(sorted));
    }
    let mut all = HeldVec::with_room(sorted.len() + loose.len())?;
    all.extend(sorted)?;
    all.extend(loose)?;
    all.sort_unstable();
    // Of neighbours with one register the later one has the larger rank.
    all.reverse();
    all.dedup_by_key(|entry| *entry >> RANK_BITS);
    all.reverse();
    Ok(HeldCow::Held(all))
}
