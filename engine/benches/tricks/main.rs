//! Each bit trick of the engine beside the plain form that it stands for: what gains less than 3 % has no place. The tricks' own
//! files are read here, or what they are called by. `cargo bench -p mrcall_engine [NAME]`; minima of several runs on an AMD EPYC,
//! 2026-11-30, in nanoseconds an item:
//!
//! | trick                                              | plain form                     | plain | trick | ratio |
//! |----------------------------------------------------|--------------------------------|-------|-------|-------|
//! | visits::uuids parse: eight digits in a word        | a table of digits              |  35.9 |  12.4 |  2.90 |
//! | visits::uuids text: eight letters in a word        | a table of letters             |  44.1 |   7.4 |  5.94 |
//! | visits::uuids first_bytes: the same for one word   | a table of letters             |   3.1 |   1.8 |  1.77 |
//! | visits::hashes: a UUID as one number               | as two                         |   1.9 |   1.3 |  1.38 |
//! | visits::order: first bytes beside the number       | ids                            |  74.1 |  44.6 |  1.66 |
//! | visits::merge: loser tree, keys, no branches       | binary heap                    |  52.7 |  22.8 |  2.32 |
//! | … its branches left out                            | the same with branches         |  47.1 |  22.8 |  2.07 |
//! | … its keys beside the sequences' numbers           | branches, and no keys          |  81.6 |  47.1 |  1.73 |
//! | numbers visit_parts: up to eight bytes at once     | byte by byte                   |  3.73 |  3.55 |  1.05 |
//! | orders ids: 16 bytes beside the number             | texts                          |  97.9 |  47.6 |  2.06 |
//! | orders pages: the same, many with one beginning    | texts                          |   122 |    94 |  1.30 |
//! | orders paths: first steps in one number            | step by step                   |   114 |    30 |  3.85 |
//! | texts key: words that overlap                      | a copy                         |   9.2 |   2.7 |  3.44 |
//! | texts intern: short texts whole in a table         | one table of numbers           |  15.2 |   8.4 |  1.82 |
//! | fields name: eight bytes at a time, not a call     | slices                         |  19.9 |  14.0 |  1.42 |
//!
//! Gone for want of a gain: reading steps of a single byte each as bytes (journeys took 850 µs with it, 738 without).

use mrcall_engine::{error, resource, state, text};

#[path = "../../src/paths/path_key.rs"]
#[allow(dead_code)]
mod path_key;
#[path = "../../src/state/short_key.rs"]
mod short_key;
#[path = "../../src/state/short_number.rs"]
mod short_number;

mod fields;
mod numbers;
mod orders;
mod texts;
mod visits;

/// As many visitors as a table of a visit set has.
const VISITORS: usize = 7_168;

/// The same random numbers each time: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A UUID of version 4 as text.
    fn uuid(&mut self) -> String {
        let (high, low) = (self.next() & !0xf000 | 0x4000, self.next() >> 2 | 1 << 63);
        let (a, b) = (format!("{high:016x}"), format!("{low:016x}"));
        format!("{}-{}-{}-{}-{}", &a[..8], &a[8..12], &a[12..], &b[..4], &b[4..])
    }
}

fn main() {
    divan::main();
}
