//! The journeys of many conversions at once, and what every model makes of them.
//!
//! A [`JourneySet`] takes conversions, links between customers and browsers, and touches, in any order. It answers with
//! bytes that hold up to three tables, each read by an [`AnswerRows`]: the credit of each value of a dimension under each model
//! ([`CreditRow`]), the distinct paths ([`PathRow`]), and the journey of each conversion ([`JourneyRow`]).

mod answer;
mod distinct_paths;
mod index;
mod model_credit;
mod rows;
mod set;

pub use rows::{AnswerRow, AnswerRows, CreditRow, JourneyRow, ModelCredit, PathRow};
pub use set::{Conversion, JourneySet, JourneySettings, JourneyTouch};
