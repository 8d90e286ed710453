//! An approximate count of distinct values that merges: HyperLogLog registers, and nothing that depends on an order.
//!
//! A value's 64-bit hash is XXH3 of its bytes with seed 0, which is fixed for ever by its specification. Its upper `precision` bits
//! choose a register, which keeps the largest rank seen: one more than the number of zero bits that the rest begins with.
//! Registers merge by their maximum, so that any order, split and merge of the same values gives the same registers.
//!
//! The estimate is a function of the registers alone: the improved raw estimator of O. Ertl, "New cardinality estimation
//! algorithms for HyperLogLog sketches" (2017), algorithm 6, without thresholds or tables from experiments. Its relative standard error is
//! about 1.04 / sqrt(2^precision).

mod estimate;
mod state;

pub use state::{DEFAULT_PRECISION, DistinctState};
