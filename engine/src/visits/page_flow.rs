//! Where visits go from page to page, step by step.

use hashbrown::HashMap;

use super::bots::Bots;
use super::rows::VisitRows;
use super::views::View;
use crate::calls::percentile;
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::resource::sort;
use crate::state::{Dictionary, NONE};

/// The end of a visit, or, backwards, its beginning.
const END: u32 = NONE;
/// All pages of a step that are not shown.
const OTHER: u32 = NONE - 1;

/// What is asked of the flow.
#[derive(Debug, Clone, Default)]
pub struct PageFlowSettings {
    /// Visits count that start from here…
    pub since: i64,
    /// … to before here.
    pub until: i64,
    /// The page from whose first view on a visit is followed.
    pub from: Option<String>,
    /// The page up to which it is followed; alone, from its last view backwards.
    pub to: Option<String>,
    /// How many steps are wanted.
    pub depth: u32,
    /// How many pages of each are told apart.
    pub nodes: usize,
    /// Whether visits of programs are left out.
    pub no_bots: bool,
}

/// A page, or what stands for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node<'a> {
    /// A page.
    Page(&'a str),
    /// All pages beyond the most frequent ones.
    Other,
    /// Where the visit ended or, backwards, began.
    End,
}

/// A row of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow<'a> {
    /// From 1, backwards from −1.
    pub step: i32,
    /// Where from.
    pub source: Node<'a>,
    /// Where to.
    pub target: Node<'a>,
    /// Visits that do this step.
    pub visits: u64,
    /// Their distinct visitors.
    pub visitors: u64,
    /// The median time from the one page to the other, in microseconds.
    pub median: Option<i64>,
}

/// A visit's step from one page to the next one, of those in the order in which it is followed.
#[derive(Debug, Clone, Copy)]
struct Step {
    visitor: u32,
    place: u32,
    near: u32,
    far: u32,
    time: i64,
}

/// Visits are followed one by one; which pages are told apart is known when all were seen.
#[derive(Debug)]
pub struct PageFlow {
    settings: PageFlowSettings,
    from: Option<u32>,
    to: Option<u32>,
    pages: Dictionary,
    held: Reservation,
    /// By text of the set that is read: the number of the page plus one.
    of_text: HeldVec<u32>,
    /// The pages of the visit that is followed.
    path: HeldVec<View>,
    steps: HeldVec<Step>,
    visitor: u32,
}

#[derive(Debug, Default)]
struct Cell {
    visits: u64,
    visitors: u64,
    /// Who was counted last, plus one.
    visitor: u64,
    times: HeldVec<i64>,
}

impl PageFlow {
    /// Nothing seen yet.
    pub fn new(settings: PageFlowSettings) -> Result<Self> {
        let mut pages = Dictionary::default();
        let mut number = |page: &Option<String>| page.as_ref().map(|page| pages.intern(page.as_bytes())).transpose();
        let (from, to) = (number(&settings.from)?, number(&settings.to)?);
        Ok(Self {
            settings,
            from,
            to,
            pages,
            held: Reservation::default(),
            of_text: HeldVec::default(),
            path: HeldVec::default(),
            steps: HeldVec::default(),
            visitor: 0,
        })
    }

    /// Follows the visits of all visitors of a set, but for those who may have an event twice.
    pub fn add(&mut self, rows: &mut VisitRows<'_>) -> Result<()> {
        // The numbers of another set's texts mean something else.
        self.of_text = HeldVec::filled(0, rows.num_texts() as usize)?;
        let (mut throttle, mut bots) = (Throttle::default(), Bots::new(rows)?);
        while rows.next_visitor()?.is_some() {
            let mut rest = 0;
            for nr in 0..rows.visit_parts().len() {
                throttle.step();
                let Some(visit) = rows.visit_parts().get(nr).copied() else { break };
                let (start, end) = (visit.run.start, visit.run.end);
                let first = rest;
                while rows.views().get(rest).is_some_and(|view| view.at <= end) {
                    rest += 1;
                }
                throttle.steps(rest - first);
                let is_asked = start >= self.settings.since && start < self.settings.until;
                if !is_asked || self.settings.no_bots && bots.has(visit.agent, rows) {
                    continue;
                }
                self.path.clear();
                for view in rows.views().get(first..rest).unwrap_or_default() {
                    let page = self.page(view.page, rows)?;
                    if self.path.last().is_none_or(|last| last.page != page) {
                        self.path.push(View { at: view.at, page })?;
                    }
                }
                self.follow()?;
            }
            self.visitor = self.visitor.saturating_add(1);
        }
        Ok(())
    }

    fn page(&mut self, text: u32, rows: &VisitRows<'_>) -> Result<u32> {
        if let Some(known) = self.of_text.get(text as usize).and_then(|known| known.checked_sub(1)) {
            return Ok(known);
        }
        let page = self.pages.intern(rows.text(text).unwrap_or_default().as_bytes())?;
        self.held.set(self.pages.heap_bytes())?;
        self.of_text.get_mut(text as usize).into_iter().for_each(|known| *known = page + 1);
        Ok(page)
    }

    fn is_backwards(&self) -> bool {
        self.from.is_none() && self.to.is_some()
    }

    /// Keeps the steps of the visit whose pages are in `path`.
    fn follow(&mut self) -> Result<()> {
        let path = &*self.path;
        let place = |page: u32, behind: usize| {
            path.iter().skip(behind).position(|view| view.page == page).map(|place| place + behind)
        };
        // From where to where, the last one not included.
        let (start, end) = match (self.from, self.to) {
            (None, None) => (Some(0), Some(path.len())),
            (Some(from), None) => (place(from, 0), Some(path.len())),
            (Some(from), Some(to)) => {
                let start = place(from, 0);
                (start, start.and_then(|start| place(to, start + 1)).map(|end| end + 1))
            }
            (None, Some(to)) => (Some(0), path.iter().rposition(|view| view.page == to).map(|last| last + 1)),
        };
        let (Some(start), Some(end)) = (start, end) else { return Ok(()) };
        let followed = path.get(start..end).unwrap_or_default();
        // To a page that was asked for is as far as it goes: the visit does not end there.
        let ends = self.from.is_none() || self.to.is_none();
        let backwards = self.is_backwards();
        let view = |nr: usize| {
            if backwards { followed.iter().rev().nth(nr) } else { followed.get(nr) }
        };
        for nr in 0..self.settings.depth {
            let Some(near) = view(nr as usize) else { break };
            let far = view(nr as usize + 1);
            if far.is_none() && !ends {
                break;
            }
            let (far, time) = far.map_or((END, 0), |far| (far.page, far.at.saturating_sub(near.at).saturating_abs()));
            self.steps.push(Step { visitor: self.visitor, place: nr, near: near.page, far, time })?;
        }
        Ok(())
    }

    /// The most frequent pages of each place, in order of their numbers. The first place is where all begin.
    fn shown(&self) -> Result<HeldVec<(u32, u32)>> {
        let (mut visits, mut held) = (HashMap::<(u32, u32), u64>::new(), Reservation::default());
        let mut throttle = Throttle::default();
        let mut count = |place: u32, page: u32| -> Result<()> {
            memory::reserve_map(&mut visits)?;
            held.set(memory::map_bytes(&visits))?;
            *visits.entry((place, page)).or_default() += 1;
            Ok(())
        };
        for step in &self.steps {
            throttle.step();
            if step.place == 0 {
                count(0, step.near)?;
            }
            if step.far != END {
                count(step.place + 1, step.far)?;
            }
        }
        let mut ranked = HeldVec::collect(visits.iter().map(|((place, page), visits)| (*place, *visits, *page)))?;
        sort::by(&mut ranked, |a, b| {
            let bytes = || self.pages.get(a.2).cmp(self.pages.get(b.2));
            a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)).then_with(bytes)
        });
        let of_place = ranked.chunk_by(|a, b| a.0 == b.0).flat_map(|place| place.iter().take(self.settings.nodes));
        let mut shown = HeldVec::collect(of_place.map(|(place, _, page)| (*place, *page)))?;
        sort::ascending(&mut shown);
        Ok(shown)
    }

    /// The rows, the nearest step first, then by visits and by bytes.
    pub fn rows<'a>(&'a self) -> Result<Vec<FlowRow<'a>>> {
        let shown = self.shown()?;
        let node = |place: u32, page: u32| match page {
            END => END,
            _ if shown.binary_search(&(place, page)).is_ok() => page,
            _ => OTHER,
        };
        let mut cells = HashMap::<(u32, u32, u32), Cell>::new();
        let mut throttle = Throttle::default();
        // In order of the visitors.
        for step in &self.steps {
            throttle.step();
            memory::reserve_map(&mut cells)?;
            let cell =
                cells.entry((step.place, node(step.place, step.near), node(step.place + 1, step.far))).or_default();
            cell.visits += 1;
            let visitor = u64::from(step.visitor) + 1;
            cell.visitors += u64::from(core::mem::replace(&mut cell.visitor, visitor) != visitor);
            if step.far != END {
                cell.times.push(step.time)?;
            }
        }
        let backwards = self.is_backwards();
        let named = |node: u32| match node {
            END => Node::End,
            OTHER => Node::Other,
            page => Node::Page(core::str::from_utf8(self.pages.get(page)).unwrap_or_default()),
        };
        let mut rows = memory::with_room(cells.len())?;
        for ((place, near, far), cell) in &mut cells {
            sort::ascending(&mut cell.times);
            let (near, far, step) = (named(*near), named(*far), i32::try_from(place + 1).unwrap_or(i32::MAX));
            let (source, target, step) = if backwards { (far, near, -step) } else { (near, far, step) };
            let median = percentile(&cell.times, 0.5);
            rows.push(FlowRow { step, source, target, visits: cell.visits, visitors: cell.visitors, median });
        }
        sort::by(&mut rows, |a, b| {
            let name = |node: Node<'a>| node.name(backwards);
            let by_name = || (name(a.source), name(a.target)).cmp(&(name(b.source), name(b.target)));
            a.step.abs().cmp(&b.step.abs()).then_with(|| b.visits.cmp(&a.visits)).then_with(by_name)
        });
        Ok(rows)
    }
}

impl<'a> Node<'a> {
    /// The name that it has in the report.
    pub fn name(self, backwards: bool) -> &'a str {
        match self {
            Self::Page(page) => page,
            Self::Other => "(other)",
            Self::End if backwards => "(entry)",
            Self::End => "(exit)",
        }
    }
}
