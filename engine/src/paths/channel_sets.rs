//! The different sets of channels that journeys used, and what each of them is worth to its channels.

use super::counted_paths::{Journeys, PathCounts};
use super::sum::Sum;
use crate::error::Result;
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::HeldVec;

/// Each path's set of channels with its conversions, value and journeys, in canonical order; paths without a touch and
/// without a journey are left out.
pub(super) fn worth<'a>(journeys: &'a Journeys, counts: &'a PathCounts) -> impl Iterator<Item = (&'a [u32], [f64; 3])> {
    let amounts = counts.conversions.iter().zip(&counts.value).zip(&counts.nulls);
    journeys
        .iter()
        .zip(amounts)
        .map(|(path, ((conversions, value), nulls))| (path.steps, [*conversions, *value, conversions + nulls]))
        .filter(|(path, [_, _, all])| !path.is_empty() && *all > 0.0)
}

/// Sets of channels in the order of their channels, each once, with its conversions, value and journeys.
#[derive(Debug, Default)]
pub(crate) struct ChannelSets {
    members: HeldVec<u32>,
    ends: HeldVec<usize>,
    amounts: HeldVec<[f64; 3]>,
}

impl ChannelSets {
    /// The sets of paths that a journey went along and that have a touch.
    pub(super) fn new(journeys: &Journeys, counts: &PathCounts) -> Result<Self> {
        Self::of(worth(journeys, counts))
    }

    /// Those of paths, in whose order the amounts of equal sets are added. Paths must have a step.
    pub(crate) fn of<'a>(paths: impl Iterator<Item = (&'a [u32], [f64; 3])>) -> Result<Self> {
        let (mut all, mut set) = (Self::default(), HeldVec::default());
        for (path, amounts) in paths {
            set.clear();
            set.extend(path)?;
            interrupt::sort(&mut set);
            set.dedup();
            all.push(&set, amounts)?;
        }
        let mut order = HeldVec::collect(0..all.len())?;
        interrupt::sort_by(&mut order, |a, b| all.set(*a).cmp(all.set(*b)).then(a.cmp(b)));
        let (mut sets, mut last) = (Self::default(), None);
        for i in &order {
            let (set, amounts) = (all.set(*i), all.amounts(*i));
            match sets.amounts.last_mut() {
                Some(sums) if last.replace(set) == Some(set) => {
                    sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
                }
                _ => {
                    last = Some(set);
                    sets.push(set, amounts)?;
                }
            }
        }
        Ok(sets)
    }

    fn push(&mut self, set: &[u32], amounts: [f64; 3]) -> Result<()> {
        self.members.extend(set)?;
        self.ends.push(self.members.len())?;
        self.amounts.push(amounts)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The channels of a set, in order.
    pub(crate) fn set(&self, i: usize) -> &[u32] {
        let start = if i == 0 { 0 } else { self.ends.get(i - 1).copied().unwrap_or(0) };
        self.ends.get(i).and_then(|end| self.members.get(start..*end)).unwrap_or_default()
    }

    /// The conversions, the value and the journeys of a set.
    pub(crate) fn amounts(&self, i: usize) -> [f64; 3] {
        self.amounts.get(i).copied().unwrap_or_default()
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u32], &[f64; 3])> {
        self.amounts.iter().zip(0..).map(|(amounts, i)| (self.set(i), amounts))
    }

    /// The Shapley value of each channel of `whole`, in its order, of conversions and of value, in the game in which a set of its
    /// channels is worth what it has for each journey of exactly that set, and nothing where no journey has it.
    ///
    /// Of the sum over all sets only those terms are not zero that have a set with a worth: it gives each of its own channels
    /// worth / (size * (whole over size)), and takes worth / ((whole - size) * (whole over size)) from each other one.
    pub(crate) fn gains(&self, whole: &[u32], gains: &mut HeldVec<[f64; 2]>) -> Result<()> {
        let mut sums = HeldVec::filled([Sum::default(); 2], whole.len())?;
        let mut walk = Walk::new(self)?;
        while let Some(i) = walk.next(self, whole)? {
            let (set, [conversions, value, journeys]) = (self.set(i), self.amounts(i));
            let mut rest = set;
            let (size, others) = (set.len() as f64, (whole.len() - set.len()) as f64);
            let chance = 1.0 / choose(whole.len(), set.len());
            for (channel, sums) in whole.iter().zip(&mut sums) {
                let share = if rest.first() == Some(channel) {
                    rest = rest.get(1..).unwrap_or_default();
                    chance / size
                } else {
                    -chance / others
                };
                sums[0].add(conversions / journeys * share);
                sums[1].add(value / journeys * share);
            }
        }
        gains.clear();
        for [conversions, value] in &sums {
            gains.push([conversions.value(), value.value()])?;
        }
        Ok(())
    }
}

/// In how many ways `k` of `n` can be chosen; infinite beyond the range of a float.
fn choose(n: usize, k: usize) -> f64 {
    let k = k.min(n - k);
    (0..k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64)
}

/// Walks over the sets that lie within another one: those that begin with the same channels stand side by side, so that the
/// sets are a tree, and only branches of the other set's channels are entered.
struct Walk {
    /// Where the branches that are open begin and end, how many channels they share, and which of the other set's is next.
    open: HeldVec<(usize, usize, usize, usize)>,
    throttle: Throttle,
}

impl Walk {
    fn new(sets: &ChannelSets) -> Result<Self> {
        let open = HeldVec::collect([(0, sets.len(), 0, 0)])?;
        Ok(Self { open, throttle: Throttle::default() })
    }

    /// The next set within `whole`.
    fn next(&mut self, sets: &ChannelSets, whole: &[u32]) -> Result<Option<usize>> {
        while let Some((start, end, depth, next)) = self.open.pop() {
            self.throttle.step();
            let Some(channel) = whole.get(next) else { continue };
            let at = |i: usize| sets.set(i).get(depth).copied();
            let from = partition(start, end, |i| at(i).is_none_or(|at| at < *channel));
            let to = partition(from, end, |i| at(i) <= Some(*channel));
            // What is left of this branch has later channels only.
            self.open.push((to, end, depth, next + 1))?;
            if from < to {
                self.open.push((from, to, depth + 1, next + 1))?;
                if sets.set(from).len() == depth + 1 {
                    return Ok(Some(from));
                }
            }
        }
        Ok(None)
    }
}

/// The first number from `start` on for which `is_before` does not hold, which holds for all before it; `end` where there is none.
fn partition(mut start: usize, mut end: usize, is_before: impl Fn(usize) -> bool) -> usize {
    while start < end {
        let middle = start.midpoint(end);
        if is_before(middle) { start = middle + 1 } else { end = middle }
    }
    start
}
