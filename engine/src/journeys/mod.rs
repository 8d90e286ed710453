//! The journeys of many conversions at once, and what every model makes of them (contract, sections 5 and 7).
//!
//! A [`JourneySet`] takes conversions, links between customers and browsers, and touches, in any order. It answers with
//! bytes that hold up to three tables, read by [`CreditRows`], [`PathRows`] and [`JourneyRows`]: the credit of each value of
//! a dimension under each model, the distinct paths, and the journey of each conversion.

mod credit;
mod index;
mod output;
mod paths;
mod set;

pub use output::{Amount, CreditRow, CreditRows, JourneyRow, JourneyRows, PathRow, PathRows, Tables};
pub use set::{Conversion, JourneySet, Settings, Touch};
