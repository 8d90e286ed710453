//! The different sets of channels that journeys used, and what each of them is worth to its channels.

use core::ops::Range;

use super::counted_paths::{Journeys, PathCounts};
use super::random::Random;
use super::sum::Sum;
use crate::error::Result;
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::HeldVec;
use crate::resource::sort;

/// How many journeys a set is taken to have had beside those that were seen, when it is drawn anew.
const BEFOREHAND: f64 = 2.0;

/// The different sets of channels of some paths, in the order of their channels, each once, with its conversions, value and
/// journeys.
#[derive(Debug, Default)]
pub(crate) struct ChannelSets {
    members: HeldVec<u32>,
    ends: HeldVec<usize>,
    amounts: HeldVec<[f64; 3]>,
    /// Which set each path has.
    of_path: HeldVec<usize>,
}

impl ChannelSets {
    /// The sets of all paths, with these numbers of journeys.
    pub(super) fn new(journeys: &Journeys, counts: &PathCounts) -> Result<Self> {
        let mut sets = Self::of(journeys.iter().map(|path| path.steps))?;
        sets.count(journeys, counts);
        Ok(sets)
    }

    /// The sets of paths, none of which has a journey yet.
    pub(crate) fn of<'a>(paths: impl Iterator<Item = &'a [u32]>) -> Result<Self> {
        let (mut all, mut set, mut throttle) = (Self::default(), HeldVec::default(), Throttle::default());
        for path in paths {
            throttle.steps(1 + path.len());
            set_of(path.iter().copied(), &mut set)?;
            all.push(&set)?;
        }
        let mut order = HeldVec::collect(0..all.len())?;
        sort::by(&mut order, |a, b| all.set(*a).cmp(all.set(*b)));
        let mut sets = Self { of_path: HeldVec::filled(0, all.len())?, ..Self::default() };
        let mut last = None;
        for i in &order {
            let set = all.set(*i);
            throttle.steps(1 + set.len());
            if last.replace(set) != Some(set) {
                sets.push(set)?;
            }
            let newest = sets.len() - 1;
            if let Some(slot) = sets.of_path.get_mut(*i) {
                *slot = newest;
            }
        }
        sets.amounts = HeldVec::filled([0.0; 3], sets.len())?;
        Ok(sets)
    }

    fn push(&mut self, set: &[u32]) -> Result<()> {
        self.members.extend(set)?;
        self.ends.push(self.members.len())
    }

    /// Counts the journeys of the paths anew: those of the paths that the sets were made of.
    pub(super) fn count(&mut self, journeys: &Journeys, counts: &PathCounts) {
        self.amounts.iter_mut().for_each(|amounts| *amounts = [0.0; 3]);
        let amounts = counts.conversions.iter().zip(&counts.value).zip(&counts.nulls);
        for ((i, path), ((conversions, value), nulls)) in journeys.iter().enumerate().zip(amounts) {
            if !path.steps.is_empty() {
                self.add(i, [*conversions, *value, conversions + nulls]);
            }
        }
    }

    /// Adds the conversions, the value and the journeys of a path.
    pub(crate) fn add(&mut self, path: usize, amounts: [f64; 3]) {
        if let Some(sums) = self.of_path.get(path).and_then(|set| self.amounts.get_mut(*set)) {
            sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
        }
    }

    /// Counts the journeys as they might have been: the Bayesian bootstrap (Rubin 1981), over what was counted of each set and
    /// [`BEFOREHAND`] journeys that convert as all do. A draw of whole journeys finds only conversions that have been seen, so it takes
    /// a set of a few journeys without a conversion for one that never converts.
    pub(super) fn redraw(&mut self, counted: &[[f64; 3]], random: &mut Random) {
        let [conversions, all] = counted.iter().fold([0.0; 2], |sums, set| [sums[0] + set[0], sums[1] + set[2]]);
        let rate = if all > 0.0 { conversions / all } else { 0.0 };
        let mut throttle = Throttle::default();
        for (amounts, [conversions, _, journeys]) in self.amounts.iter_mut().zip(counted) {
            throttle.steps(16);
            *amounts = [0.0; 3];
            if *journeys > 0.0 {
                let converted = random.gamma(conversions + BEFOREHAND * rate);
                let others = random.gamma(journeys - conversions + BEFOREHAND * (1.0 - rate));
                *amounts = [converted, 0.0, converted + others];
            }
        }
    }

    /// The conversions, the value and the journeys of all sets.
    pub(super) fn counted(&self) -> &[[f64; 3]] {
        &self.amounts
    }

    /// Which set a path has.
    pub(super) fn of_path(&self, path: usize) -> Option<usize> {
        self.of_path.get(path).copied()
    }

    /// Where a set is among them.
    pub(super) fn find(&self, set: &[u32]) -> Option<usize> {
        let at = partition(0, self.len(), |i| self.set(i) < set);
        (self.set(at) == set && at < self.len()).then_some(at)
    }

    /// Where a set's channels are among those of all sets.
    pub(super) fn range(&self, i: usize) -> Range<usize> {
        let start = if i == 0 { 0 } else { self.ends.get(i - 1).copied().unwrap_or(0) };
        start..self.ends.get(i).copied().unwrap_or(start)
    }

    /// How many channels all sets have together.
    pub(super) fn all_members(&self) -> usize {
        self.members.len()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The channels of a set, in order.
    pub(super) fn set(&self, i: usize) -> &[u32] {
        self.members.get(self.range(i)).unwrap_or_default()
    }

    /// The conversions, the value and the journeys of a set.
    pub(super) fn amounts(&self, i: usize) -> [f64; 3] {
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
    pub(super) fn gains(&self, whole: &[u32], gains: &mut HeldVec<[f64; 2]>) -> Result<()> {
        interrupt::check();
        let mut sums = HeldVec::filled([Sum::default(); 2], whole.len())?;
        let mut walk = Walk::new(self)?;
        while let Some(i) = walk.next(self, whole)? {
            walk.throttle.steps(whole.len());
            let (set, [conversions, value, journeys]) = (self.set(i), self.amounts(i));
            if journeys <= 0.0 {
                continue;
            }
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

/// The different channels of a path, in order.
pub(crate) fn set_of(path: impl Iterator<Item = u32>, set: &mut HeldVec<u32>) -> Result<()> {
    set.clear();
    for channel in path {
        set.push(channel)?;
    }
    sort::ascending(set);
    set.dedup();
    Ok(())
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
            match at(from).filter(|_| from < end) {
                // No set of this branch goes on with that channel: on to the first one of the other set that one may go on with.
                Some(ahead) if ahead > *channel => {
                    self.open.push((from, end, depth, whole.partition_point(|channel| *channel < ahead)))?;
                    continue;
                }
                Some(_) => {}
                None => continue,
            }
            let to = partition(from, end, |i| at(i) <= Some(*channel));
            // What is left of this branch has later channels only.
            self.open.push((to, end, depth, next + 1))?;
            if to - from == 1 {
                // One set alone: channel by channel, however long it is.
                let rest = sets.set(from).get(depth + 1..).unwrap_or_default();
                self.throttle.steps(rest.len());
                let mut others = whole.get(next + 1..).unwrap_or_default().iter();
                if rest.iter().all(|channel| others.find(|other| *other >= channel) == Some(channel)) {
                    return Ok(Some(from));
                }
                continue;
            }
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
