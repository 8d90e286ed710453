//! Paths to conversions: the state of `path_agg` and the models that see all journeys at once.

mod amount;
mod bootstrap;
mod channel_sets;
mod counted_paths;
mod data_driven;
mod elimination;
mod linear;
mod markov;
mod markov_chain;
mod path_key;
mod random;
mod set;
mod shapley;
mod sum;
mod transform;

pub use amount::ExactAmount;
pub use bootstrap::{Bootstrap, ChannelShare, interval};
pub(crate) use channel_sets::ChannelSets;
pub use counted_paths::{CountedPath, JourneySums, Journeys, PathCounts};
pub use data_driven::data_driven_weights;
pub(crate) use data_driven::{DataDriven, TouchWeights};
pub use linear::{ModelCredits, path_credit, path_models};
pub use markov::{MAX_ORDER, Removal, markov};
pub use set::PathSet;
pub use shapley::{EXACT_CHANNELS, Game, Sampling, ShapleyCredit, shapley};
pub use transform::{Transform, path_transform};

/// What a channel earns.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelCredit {
    /// Its name.
    pub channel: String,
    /// Its part of the conversions.
    pub conversions: f64,
    /// Its part of the value.
    pub value: f64,
}
