//! Page views one by one, for reports that ask what comes after what within a visit.

use super::bots::Bots;
use super::engagement::{KEY, PRESENT};
use super::rows::VisitRows;
use crate::error::Result;
use crate::resource::interrupt;
use crate::resource::memory;
use crate::resource::sort;
use crate::state::{Dictionary, Reader, Writer};
use crate::time;

/// The fewest bytes of one.
pub(super) const LEAST_OF_VIEW: usize = 2;

/// A page view of a visitor, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// When.
    pub at: i64,
    /// The number of the page, for [`VisitRows::text`]; of a moment what it is.
    pub page: u32,
}

/// Those of one visitor.
#[derive(Debug, Default)]
pub(super) struct Views(Vec<View>);

impl Views {
    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Becomes those of a batch.
    pub fn set(&mut self, views: impl ExactSizeIterator<Item = View>) -> Result<()> {
        self.clear();
        memory::reserve(&mut self.0, views.len())?;
        self.0.extend(views);
        Ok(())
    }

    /// All of them.
    pub fn all(&self) -> &[View] {
        &self.0
    }

    /// The memory that they take, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<View>()
    }

    /// Puts them into the order of time, those of one instant into that of their pages by bytes; moments have none.
    pub fn sort(&mut self, texts: &Dictionary, are_moments: bool) {
        let order = |a: &View, b: &View| {
            let pages = || match a.page == b.page {
                true => core::cmp::Ordering::Equal,
                false if are_moments => a.page.cmp(&b.page),
                false => texts.get(a.page).cmp(texts.get(b.page)),
            };
            a.at.cmp(&b.at).then_with(pages)
        };
        if !self.0.is_sorted_by(|a, b| order(a, b).is_le()) {
            sort::by(&mut self.0, order);
        }
    }

    /// Writes them behind their number, each time as the difference from the one before.
    pub fn write(&self, w: &mut Writer) {
        w.unsigned(self.0.len() as u64);
        let mut before = 0;
        for view in &self.0 {
            w.signed(view.at.wrapping_sub(before));
            w.unsigned(u64::from(view.page));
            before = view.at;
        }
    }

    /// Adds what [`Self::write`] wrote; `numbers` are the reader's numbers of the texts, `None` for moments.
    pub fn read(&mut self, r: &mut Reader<'_>, numbers: Option<&[u32]>) -> Result<()> {
        let (count, mut before) = (r.count(LEAST_OF_VIEW)?, 0i64);
        memory::reserve(&mut self.0, count)?;
        for _ in 0..count {
            let at = before.wrapping_add(r.signed()?);
            if !time::in_range(at) {
                return Err(r.malformed("a page view's time is out of range"));
            }
            let id = r.unsigned_32()?;
            let page = match numbers {
                Some(numbers) => numbers.get(id as usize).copied().ok_or_else(|| r.malformed("unknown text number"))?,
                None if id > 0 && id <= PRESENT | KEY => id,
                None => return Err(r.malformed("unknown kind of moment")),
            };
            self.0.push(View { at, page });
            before = at;
        }
        Ok(())
    }
}

/// What is counted of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageFigures {
    /// Page views.
    pub pageviews: u64,
    /// Visitors with one.
    pub visitors: u64,
    /// Visits with one.
    pub visits: u64,
    /// Page views that are the first of their visit.
    pub entries: u64,
    /// Those that are the last.
    pub exits: u64,
    /// Entries whose visit has no other event.
    pub bounces: u64,
    /// Page views that another one of the visit follows.
    pub timed: u64,
    /// The time up to it: whole days of each, added up.
    pub days: i64,
    /// And what is left of each in microseconds.
    pub micros: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    figures: PageFigures,
    /// Whose page view was counted last, from 1.
    visitor: u64,
    visit: u64,
}

/// What is counted of all pages, of the page views from one instant to before another.
#[derive(Debug)]
pub struct PageCounts {
    since: i64,
    until: i64,
    pages: Dictionary,
    cells: memory::HeldVec<Cell>,
    /// By text of the set that is counted: the number of the page plus one.
    of_text: memory::HeldVec<u32>,
    held: memory::Reservation,
    visitor: u64,
    visit: u64,
}

impl PageCounts {
    /// Nothing counted yet.
    pub fn new(since: i64, until: i64) -> Self {
        Self {
            since,
            until,
            pages: Dictionary::default(),
            cells: memory::HeldVec::default(),
            of_text: memory::HeldVec::default(),
            held: memory::Reservation::default(),
            visitor: 0,
            visit: 0,
        }
    }

    /// Counts the page views of all visitors of a set, but for those who may have an event twice; `no_bots` leaves out visits of
    /// programs.
    pub fn add(&mut self, rows: &mut VisitRows<'_>, no_bots: bool) -> Result<()> {
        // The numbers of another set's texts mean something else.
        self.of_text = memory::HeldVec::filled(0, rows.num_texts() as usize)?;
        let (mut throttle, mut bots) = (interrupt::Throttle::default(), Bots::new(rows)?);
        while rows.next_visitor()?.is_some() {
            self.visitor += 1;
            let mut views = rows.views();
            for visit in rows.visit_parts() {
                let run = visit.run;
                throttle.step();
                let mut length = 0;
                while views.get(length).is_some_and(|view| view.at <= run.end) {
                    length += 1;
                }
                let (of_visit, rest) = views.split_at_checked(length).unwrap_or_default();
                views = rest;
                if of_visit.is_empty() || no_bots && bots.has(visit.agent, rows) {
                    continue;
                }
                throttle.steps(length);
                self.visit += 1;
                for (i, view) in of_visit.iter().enumerate() {
                    if view.at >= self.since && view.at < self.until {
                        self.view(view, i == 0, of_visit.get(i + 1), run.events == 1, rows)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn view(
        &mut self,
        view: &View,
        is_entry: bool,
        next: Option<&View>,
        is_bounce: bool,
        rows: &VisitRows<'_>,
    ) -> Result<()> {
        let known = self.of_text.get(view.page as usize).copied().unwrap_or_default();
        let page = match known.checked_sub(1) {
            Some(page) => page,
            None => {
                let page = self.pages.intern(rows.text(view.page).unwrap_or_default().as_bytes())?;
                self.held.set(self.pages.heap_bytes())?;
                self.cells.grow_to(page as usize + 1, Cell::default())?;
                self.of_text.get_mut(view.page as usize).into_iter().for_each(|known| *known = page + 1);
                page
            }
        };
        let Some(cell) = self.cells.get_mut(page as usize) else { return Ok(()) };
        let figures = &mut cell.figures;
        figures.pageviews += 1;
        figures.visitors += u64::from(core::mem::replace(&mut cell.visitor, self.visitor) != self.visitor);
        figures.visits += u64::from(core::mem::replace(&mut cell.visit, self.visit) != self.visit);
        figures.entries += u64::from(is_entry);
        figures.bounces += u64::from(is_entry && is_bounce);
        match next {
            None => figures.exits += 1,
            Some(next) => {
                let stayed = next.at.saturating_sub(view.at);
                figures.timed += 1;
                figures.days = figures.days.saturating_add(stayed / time::DAY);
                figures.micros = figures.micros.saturating_add(stayed % time::DAY);
            }
        }
        Ok(())
    }

    /// The pages with what was counted of each.
    pub fn pages(&self) -> impl Iterator<Item = (&str, PageFigures)> {
        let text = |page| core::str::from_utf8(self.pages.get(page)).unwrap_or_default();
        (0u32..).zip(&self.cells).map(move |(page, cell)| (text(page), cell.figures))
    }
}
