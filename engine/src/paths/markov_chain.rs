//! The Markov chain of all journeys: its states, the edges between them, and the way of each path along them.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::counted_paths::{Journeys, PathCounts};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::resource::sort;

/// Most neighbouring channels in a state.
pub const MAX_ORDER: usize = 4;
/// Most states; with each of them, its edges and its place in every path the chain takes about 100 bytes a state.
const MAX_STATES: usize = 1 << 20;
/// No channel: states of short paths have fewer channels than the order.
const NONE: u32 = u32::MAX;

/// The channels of a state, the rest [`NONE`].
pub type StateChannels = [u32; MAX_ORDER];

/// The chain's shape, without its weights: those come from [`PathCounts`], so that a bootstrap can change them.
#[derive(Debug, Default)]
pub struct Chain {
    /// The channels of each state, in order of first use by the canonical paths.
    states: HeldVec<StateChannels>,
    /// From and to of each edge between states, in order of `from`, then `to`.
    edges: HeldVec<(u32, u32)>,
    /// The edges that leave a state: up to here from where the state before it ends.
    edge_ends: HeldVec<usize>,
    /// Each path with a touch: its place in the journeys, first and last state, and where its edges end in `walk`.
    trails: HeldVec<Trail>,
    /// The edges of all paths, one path after the other.
    walk: HeldVec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Trail {
    path: u32,
    first: u32,
    last: u32,
    end: usize,
}

/// How often journeys are in each state and go along each edge, and how they end.
#[derive(Debug)]
pub struct Flow {
    /// Visits of each state.
    pub visits: HeldVec<f64>,
    /// Journeys along each edge.
    pub edges: HeldVec<f64>,
    /// Conversions right after each state.
    pub conversions: HeldVec<f64>,
    /// Journeys that end unconverted after each state.
    pub nulls: HeldVec<f64>,
    /// The value of those conversions.
    pub value: HeldVec<f64>,
}

impl Chain {
    /// The chain whose states are windows of `order` neighbouring channels of a path as it is; a shorter path is one state, and
    /// equal neighbouring states count as one, as in ChannelAttribution. `54000` beyond a million states.
    pub fn new(journeys: &Journeys, order: usize) -> Result<Self> {
        let (mut chain, mut numbers) = (Self::default(), Numbers { order, ..Numbers::default() });
        let mut throttle = Throttle::default();
        for (path, along) in (0u32..).zip(journeys.iter()) {
            let Some((begin, rest)) = along.steps.split_at_checked(order.min(along.steps.len())) else { continue };
            let Some(mut before) = begin.last().copied() else { continue };
            let mut window = [NONE; MAX_ORDER];
            window.iter_mut().zip(begin).for_each(|(slot, channel)| *slot = *channel);
            let first = numbers.state(&mut chain.states, window)?;
            let mut last = first;
            // How many of the last channels are the same: more than a state has are the state before once more.
            let mut same = begin.iter().rev().take_while(|channel| **channel == before).count();
            for channel in rest {
                throttle.step();
                same = if *channel == before { same + 1 } else { 1 };
                before = *channel;
                if same > order {
                    continue;
                }
                let (edge, to) = match numbers.ways.get(&way(last, *channel)) {
                    Some(known) => *known,
                    None => numbers.way(&mut chain, last, *channel)?,
                };
                chain.walk.push(edge)?;
                last = to;
            }
            chain.trails.push(Trail { path, first, last, end: chain.walk.len() })?;
        }
        drop(numbers);
        chain.sort_edges()?;
        Ok(chain)
    }

    fn sort_edges(&mut self) -> Result<()> {
        let mut order = HeldVec::collect((0u32..).zip(&self.edges).map(|(id, _)| id))?;
        let edge = |id: u32| self.edges.get(id as usize).copied().unwrap_or_default();
        sort::by_key(&mut order, |id| edge(*id));
        let mut places = HeldVec::filled(0u32, order.len())?;
        for (place, id) in (0u32..).zip(&order) {
            if let Some(slot) = places.get_mut(*id as usize) {
                *slot = place;
            }
        }
        self.edges = HeldVec::collect(order.iter().map(|id| edge(*id)))?;
        let mut throttle = Throttle::default();
        for step in &mut self.walk {
            throttle.step();
            *step = places.get(*step as usize).copied().unwrap_or_default();
        }
        let end = |state: u32| self.edges.partition_point(|(from, _)| *from <= state);
        self.edge_ends = HeldVec::collect((0..self.states.len() as u32).map(end))?;
        Ok(())
    }

    /// How many states there are.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether a state has a channel.
    pub fn has(&self, state: usize, channel: u32) -> bool {
        self.states.get(state).is_some_and(|window| window.contains(&channel))
    }

    /// The only channel of a state of order 1.
    pub fn channel(&self, state: usize) -> u32 {
        self.states.get(state).map_or(NONE, |window| window[0])
    }

    /// The edges that leave a state, as places in [`Flow::edges`] with the state that they lead to.
    pub fn edges_of(&self, state: usize) -> impl Iterator<Item = (usize, usize)> {
        let start = if state == 0 { 0 } else { self.edge_ends.get(state - 1).copied().unwrap_or(0) };
        let end = self.edge_ends.get(state).copied().unwrap_or(start);
        let edges = self.edges.get(start..end).unwrap_or_default();
        edges.iter().enumerate().map(move |(i, (_, to))| (start + i, *to as usize))
    }

    /// The weights that journeys of these numbers give.
    pub fn flow(&self, counts: &PathCounts) -> Result<Flow> {
        let zeros = || HeldVec::filled(0.0, self.states.len());
        let mut flow = Flow {
            visits: zeros()?,
            edges: HeldVec::filled(0.0, self.edges.len())?,
            conversions: zeros()?,
            nulls: zeros()?,
            value: zeros()?,
        };
        let add = |sums: &mut [f64], place: usize, amount: f64| {
            if let Some(sum) = sums.get_mut(place) {
                *sum += amount;
            }
        };
        let get = |amounts: &[f64], path: u32| amounts.get(path as usize).copied().unwrap_or_default();
        let (mut start, mut throttle) = (0, Throttle::default());
        for trail in &self.trails {
            throttle.steps(1 + trail.end - start);
            let (conversions, nulls) = (get(&counts.conversions, trail.path), get(&counts.nulls, trail.path));
            let all = conversions + nulls;
            if all > 0.0 {
                add(&mut flow.visits, trail.first as usize, all);
                for edge in self.walk.get(start..trail.end).unwrap_or_default() {
                    add(&mut flow.edges, *edge as usize, all);
                }
                add(&mut flow.conversions, trail.last as usize, conversions);
                add(&mut flow.nulls, trail.last as usize, nulls);
                add(&mut flow.value, trail.last as usize, get(&counts.value, trail.path));
            }
            start = trail.end;
        }
        for ((_, to), amount) in self.edges.iter().zip(&flow.edges) {
            add(&mut flow.visits, *to as usize, *amount);
        }
        Ok(flow)
    }

    /// The states in an order in which most edges lead to states before: sweeps in it settle quickly.
    pub fn successors_first(&self) -> Result<HeldVec<usize>> {
        let mut order = HeldVec::with_room(self.states.len())?;
        let mut seen = HeldVec::filled(false, self.states.len())?;
        let mut enter = |state: usize| seen.get_mut(state).is_some_and(|seen| !core::mem::replace(seen, true));
        let (mut open, mut throttle) = (HeldVec::default(), Throttle::default());
        for root in 0..self.states.len() {
            if !enter(root) {
                continue;
            }
            open.push((root, self.edges_of(root)))?;
            while let Some((state, edges)) = open.last_mut() {
                let state = *state;
                let next = edges.find(|(_, to)| {
                    throttle.step();
                    enter(*to)
                });
                match next {
                    Some((_, next)) => open.push((next, self.edges_of(next)))?,
                    None => {
                        order.push(state)?;
                        open.pop();
                    }
                }
            }
        }
        Ok(order)
    }
}

/// The numbers of the states and edges of a chain that is made.
#[derive(Default)]
struct Numbers {
    order: usize,
    states: HashMap<StateChannels, u32, FxBuildHasher>,
    /// A state and the channel that comes next tell the edge and where it leads: one look for each step.
    ways: HashMap<u64, (u32, u32), FxBuildHasher>,
    held: Reservation,
}

fn way(from: u32, channel: u32) -> u64 {
    u64::from(from) << 32 | u64::from(channel)
}

impl Numbers {
    /// The number of a state, a new one if it is new.
    fn state(&mut self, states: &mut HeldVec<StateChannels>, channels: StateChannels) -> Result<u32> {
        if let Some(known) = self.states.get(&channels) {
            return Ok(*known);
        }
        if states.len() == MAX_STATES {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("the Markov chain of order {} has more than {MAX_STATES} states", self.order),
                "Use a lower markov_order, or fewer channels.",
            ));
        }
        let number = states.len() as u32;
        states.push(channels)?;
        memory::reserve_map(&mut self.states)?;
        self.states.insert(channels, number);
        self.count()?;
        Ok(number)
    }

    /// A new edge: from a state over the channel that comes next.
    fn way(&mut self, chain: &mut Chain, from: u32, channel: u32) -> Result<(u32, u32)> {
        let mut window = chain.states.get(from as usize).copied().unwrap_or([NONE; MAX_ORDER]);
        window.copy_within(1..self.order, 0);
        window[self.order - 1] = channel;
        let to = self.state(&mut chain.states, window)?;
        let edge = chain.edges.len() as u32;
        chain.edges.push((from, to))?;
        memory::reserve_map(&mut self.ways)?;
        self.ways.insert(way(from, channel), (edge, to));
        self.count()?;
        Ok((edge, to))
    }

    fn count(&mut self) -> Result<()> {
        self.held.set(memory::map_bytes(&self.states) + memory::map_bytes(&self.ways))
    }
}
