//! The attribution models: their names, what each needs to know, whether its credits add up.

use crate::error::{Error, Result};
use crate::text::beginning;

/// An attribution model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// All to the first touch.
    FirstTouch,
    /// All to the last touch.
    LastTouch,
    /// All to the last touch whose channel is not `Direct`; to the last touch when all are.
    LastNonDirect,
    /// All to the last paid touch; as [`Model::LastNonDirect`] when none is paid.
    LastPaid,
    /// Equal parts.
    Linear,
    /// First weight to the first, last weight to the last, the rest equally to those between.
    PositionBased,
    /// Another name for [`Model::PositionBased`].
    UShaped,
    /// 20 % to the first, 60 % to the last, 20 % equally to those between, whatever the options say.
    JShaped,
    /// 60 % to the first, 20 % to the last, 20 % equally to those between, whatever the options say.
    InverseJ,
    /// 30 % each to the first touch and the last ones before sign-up and business creation, 10 % equally to the others.
    WShaped,
    /// `2^(-age / half_life)`, the age counted from the youngest touch, scaled to a sum of 1.
    TimeDecay,
    /// Every touch full credit: the weights do not sum to 1.
    Participation,
    /// The caller's weights by position, scaled to a sum of 1.
    Custom,
    /// What each channel adds to the chance to convert of journeys with the same channels.
    DataDriven,
    /// Removal effects in the Markov chain of all journeys.
    Markov,
    /// The Shapley value over all journeys.
    Shapley,
}

/// What a model looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The order of one journey's touches and their channels.
    Order,
    /// The times of one journey's touches too.
    Times,
    /// The times, and those of sign-up and business creation.
    Milestones,
    /// The order, and the caller's weights.
    Weights,
    /// All journeys at once.
    AllJourneys,
}

impl Needs {
    /// As `mrcall.models` shows it.
    pub fn name(self) -> &'static str {
        match self {
            Needs::Order => "order",
            Needs::Times => "times",
            Needs::Milestones => "milestones",
            Needs::Weights => "weights",
            Needs::AllJourneys => "all journeys",
        }
    }
}

/// What is known of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Which one.
    pub model: Model,
    /// Its SQL name.
    pub name: &'static str,
    /// What it looks at.
    pub needs: Needs,
    /// Whether the credits of all touches sum to the conversions.
    pub is_additive: bool,
    /// One line for people.
    pub description: &'static str,
}

const fn about(model: Model, name: &'static str, needs: Needs, description: &'static str) -> About {
    About { model, name, needs, is_additive: !matches!(model, Model::Participation), description }
}

/// Every model, in the order in which reports list them.
pub const MODELS: [About; 16] = [
    about(Model::FirstTouch, "first_touch", Needs::Order, "all to the first touch"),
    about(Model::LastTouch, "last_touch", Needs::Order, "all to the last touch"),
    about(Model::LastNonDirect, "last_non_direct", Needs::Order, "all to the last touch that is not Direct"),
    about(Model::LastPaid, "last_paid", Needs::Order, "all to the last paid touch, else as last_non_direct"),
    about(Model::Linear, "linear", Needs::Order, "equal parts"),
    about(
        Model::PositionBased,
        "position_based",
        Needs::Order,
        "40 % first, 40 % last, the rest between; or other weights",
    ),
    about(Model::UShaped, "u_shaped", Needs::Order, "another name of position_based"),
    about(Model::JShaped, "j_shaped", Needs::Order, "20 % first, 60 % last, 20 % between"),
    about(Model::InverseJ, "inverse_j", Needs::Order, "60 % first, 20 % last, 20 % between"),
    about(
        Model::WShaped,
        "w_shaped",
        Needs::Milestones,
        "30 % each to the first touch, the last before sign-up and the last before the business, 10 % to the others",
    ),
    about(Model::TimeDecay, "time_decay", Needs::Times, "halved for each half-life of age"),
    about(
        Model::Participation,
        "participation",
        Needs::Order,
        "every touch full credit: sums to more than the conversions",
    ),
    about(Model::Custom, "custom", Needs::Weights, "weights of one's own by position"),
    about(
        Model::DataDriven,
        "data_driven",
        Needs::AllJourneys,
        "what each channel adds to the conversions of journeys with the same channels",
    ),
    about(Model::Markov, "markov", Needs::AllJourneys, "what would be lost without the channel, in a Markov chain"),
    about(Model::Shapley, "shapley", Needs::AllJourneys, "the Shapley value of the channel among all sets of channels"),
];

impl Model {
    /// The model named `name`, in lower case. Any other name: `22023`, with the names in the hint. The SQL layer handles
    /// NULL.
    pub fn parse(name: &str) -> Result<Self> {
        MODELS.iter().find(|known| known.name == name).map(|known| known.model).ok_or_else(|| {
            Error::invalid(
                format!("unknown model: {:?}", beginning(name)),
                format!("Use one of {}.", Self::names(|_| true)),
            )
        })
    }

    /// What is known of it.
    pub fn about(self) -> &'static About {
        MODELS.iter().find(|known| known.model == self).unwrap_or(&MODELS[0])
    }

    /// The SQL name.
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// The names of the models that need what the caller has, for hints.
    pub fn names(has: impl Fn(Needs) -> bool) -> String {
        MODELS.iter().filter(|known| has(known.needs)).map(|known| known.name).collect::<Vec<_>>().join(", ")
    }
}
