//! The Markov chain of all journeys: its states, the edges between them, and the way of each path along them.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::journeys::{Counts, Journeys};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt;

/// Most neighbouring channels in a state.
pub const MAX_ORDER: usize = 4;
/// Most states; with each of them, its edges and its place in every path the chain takes about 100 bytes a state.
const MAX_STATES: usize = 1 << 20;
/// No channel: states of short paths have fewer channels than the order.
const NONE: u32 = u32::MAX;

/// The channels of a state, the rest [`NONE`].
pub type Window = [u32; MAX_ORDER];

/// The chain's shape, without its weights: those come from [`Counts`], so that a bootstrap can change them.
#[derive(Debug)]
pub struct Chain {
    /// The channels of each state, in order of first use by the canonical paths.
    states: Vec<Window>,
    /// From and to of each edge between states, in order of `from`, then `to`.
    edges: Vec<(u32, u32)>,
    /// The edges that leave a state: up to here from where the state before it ends.
    edge_ends: Vec<usize>,
    /// Each path with a touch: its place in the journeys, first and last state, and where its edges end in `walk`.
    trails: Vec<Trail>,
    /// The edges of all paths, one path after the other.
    walk: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Trail {
    path: u32,
    first: u32,
    last: u32,
    end: usize,
}

/// How often journeys are in each state and go along each edge, and how they end.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// Visits of each state.
    pub visits: Vec<f64>,
    /// Journeys along each edge.
    pub edges: Vec<f64>,
    /// Conversions right after each state.
    pub conversions: Vec<f64>,
    /// Journeys that end unconverted after each state.
    pub nulls: Vec<f64>,
    /// The value of those conversions.
    pub value: Vec<f64>,
}

impl Chain {
    /// The chain whose states are windows of `order` neighbouring channels; equal neighbours count as one.
    pub fn new(journeys: &Journeys, order: usize) -> Result<Self> {
        let mut numbers: HashMap<Window, u32, FxBuildHasher> = HashMap::default();
        // A state and the channel that comes next tell the edge and where it leads: one look for each step.
        let mut ways: HashMap<u64, (u32, u32), FxBuildHasher> = HashMap::default();
        let mut chain =
            Self { states: Vec::new(), edges: Vec::new(), edge_ends: Vec::new(), trails: Vec::new(), walk: Vec::new() };
        let mut counter = interrupt::Throttle::default();
        for (path, along) in (0u32..).zip(journeys.iter()) {
            counter.steps(1 + along.steps.len());
            let mut steps = along.steps.chunk_by(|a, b| a == b).filter_map(|same| same.first().copied());
            let mut window = [NONE; MAX_ORDER];
            for (slot, channel) in window.iter_mut().take(order).zip(&mut steps) {
                *slot = channel;
            }
            if window[0] == NONE {
                continue;
            }
            let first = chain.state(&mut numbers, window);
            let mut last = first;
            for channel in steps {
                let way = u64::from(last) << 32 | u64::from(channel);
                let (edge, to) = match ways.get(&way) {
                    Some(known) => *known,
                    None => {
                        let mut window = chain.states.get(last as usize).copied().unwrap_or([NONE; MAX_ORDER]);
                        window.copy_within(1..order, 0);
                        window[order - 1] = channel;
                        let to = chain.state(&mut numbers, window);
                        let edge = chain.edges.len() as u32;
                        chain.edges.push((last, to));
                        ways.insert(way, (edge, to));
                        (edge, to)
                    }
                };
                chain.walk.push(edge);
                last = to;
            }
            chain.trails.push(Trail { path, first, last, end: chain.walk.len() });
            if chain.states.len() > MAX_STATES {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("the Markov chain of order {order} has more than {MAX_STATES} states"),
                    "Use a lower markov_order, or fewer channels.",
                ));
            }
        }
        chain.sort_edges();
        Ok(chain)
    }

    /// The number of a state, a new one if it is new.
    fn state(&mut self, numbers: &mut HashMap<Window, u32, FxBuildHasher>, window: Window) -> u32 {
        *numbers.entry(window).or_insert_with(|| {
            self.states.push(window);
            (self.states.len() - 1) as u32
        })
    }

    fn sort_edges(&mut self) {
        let mut order: Vec<u32> = (0u32..).zip(&self.edges).map(|(id, _)| id).collect();
        let edge = |id: u32| self.edges.get(id as usize).copied().unwrap_or_default();
        order.sort_unstable_by_key(|id| edge(*id));
        let mut places = vec![0u32; order.len()];
        for (place, id) in (0u32..).zip(&order) {
            if let Some(slot) = places.get_mut(*id as usize) {
                *slot = place;
            }
        }
        self.edges = order.iter().map(|id| edge(*id)).collect();
        for step in &mut self.walk {
            *step = places.get(*step as usize).copied().unwrap_or_default();
        }
        self.edge_ends =
            (0..self.states.len() as u32).map(|state| self.edges.partition_point(|(from, _)| *from <= state)).collect();
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
    pub fn flow(&self, counts: &Counts) -> Flow {
        let zeros = || vec![0.0; self.states.len()];
        let mut flow = Flow {
            visits: zeros(),
            edges: vec![0.0; self.edges.len()],
            conversions: zeros(),
            nulls: zeros(),
            value: zeros(),
        };
        let add = |sums: &mut [f64], place: usize, amount: f64| {
            if let Some(sum) = sums.get_mut(place) {
                *sum += amount;
            }
        };
        let get = |amounts: &[f64], path: u32| amounts.get(path as usize).copied().unwrap_or_default();
        let mut start = 0;
        for trail in &self.trails {
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
        flow
    }

    /// The states in an order in which most edges lead to states before: sweeps in it settle quickly.
    pub fn successors_first(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.states.len());
        let mut seen = vec![false; self.states.len()];
        let mut enter = |state: usize| seen.get_mut(state).is_some_and(|seen| !core::mem::replace(seen, true));
        for root in 0..self.states.len() {
            if !enter(root) {
                continue;
            }
            let mut open = vec![(root, self.edges_of(root))];
            while let Some((state, edges)) = open.last_mut() {
                let state = *state;
                match edges.find(|(_, to)| enter(*to)) {
                    Some((_, next)) => open.push((next, self.edges_of(next))),
                    None => {
                        order.push(state);
                        open.pop();
                    }
                }
            }
        }
        order
    }
}
