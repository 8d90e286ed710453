//! The visits of a set as rows: `sessionize`, and what the views and reports read.

use mrcall_engine::own_rules::OwnRule;
use mrcall_engine::resource::memory::{self, HeldVec};
use mrcall_engine::state::{Dictionary, NONE};
use mrcall_engine::user_agent;
use mrcall_engine::visits::{
    AskedVisits, ByTextId, Cuts, Pairs, VisitPart, VisitRows, VisitSet, Visitor, origin_parts,
};
use pgrx::Array;
use pgrx::datum::{Interval, TimestampWithTimeZone};

use super::own_rules::OwnRules;
use crate::agg::{Measured, Receiver};
use crate::error::{SqlResult, report};
use crate::pg::answer::Made;
use crate::pg::asked::{IS_JOINED, MOST_JOINED};
use crate::pg::function_call::Call;
use crate::pg::query::{self, Query};
use crate::pg::srf::{Row, Rows, Shared, Start, Value};

/// What the visits of one origin have in common: channel, source, medium, campaign, term, rule, referrer domain.
type Origin<'m> = [Value<'m>; 7];

/// The texts that origins are made of, each once.
#[derive(Default)]
struct Parts<'m> {
    numbers: Dictionary,
    texts: HeldVec<Shared<'m>>,
}

impl<'m> Parts<'m> {
    fn value(&mut self, text: &str, row: &mut Row<'m>) -> SqlResult<Value<'m>> {
        let number = self.numbers.intern(text.as_bytes()).map_err(report)?;
        if number as usize == self.texts.len() {
            self.texts.push(row.share(text)?).map_err(report)?;
        }
        Ok(self.texts.get(number as usize).copied().into())
    }

    /// The parts of an origin, with the channel and the rule of one's own where one fits.
    fn origin(&mut self, row: &mut Row<'m>, own: Option<&OwnRule>, parts: [Option<&str>; 8]) -> SqlResult<Origin<'m>> {
        let [channel, source, medium, campaign, term, rule, referrer_domain, _] = parts;
        let own_rule = own.map(|own| format!("channel_rule {}", own.position));
        let channel = own.map(|own| &*own.channel).or(channel);
        let rule = own_rule.as_deref().or(rule);
        let parts = [channel, source, medium, campaign, term, rule, referrer_domain];
        let mut origin = [Value::NULL; 7];
        for (slot, part) in origin.iter_mut().zip(parts) {
            if let Some(part) = part {
                *slot = self.value(part, row)?;
            }
        }
        Ok(origin)
    }
}

/// The visits of a set as rows of `mrcall_internal.visit`: first those of visitors who have no event twice, then the others'.
struct VisitOutput<'m> {
    rows: VisitRows<'m>,
    range: Range,
    are_suspects: bool,
    rules: OwnRules,
    texts: ByTextId<Shared<'m>>,
    parts: Parts<'m>,
    origins: ByTextId<Origin<'m>>,
    pairs: Pairs,
    /// That of a visit without a touch.
    direct: Origin<'m>,
    /// Device, and whether it is a bot.
    devices: ByTextId<[Value<'m>; 2]>,
    unknown: [Value<'m>; 2],
    /// The next visit of the visitor that is in the row.
    next: usize,
}

impl<'m> VisitOutput<'m> {
    /// The rows of a set.
    fn new(rows: VisitRows<'m>, range: Range, query: &Query, row: &mut Row<'m>) -> SqlResult<Self> {
        let mut rules = OwnRules::new(query)?;
        rules.learn(&rows)?;
        let mut direct = [None; 8];
        (direct[0], direct[5]) = (Some("Direct"), Some("no arrival"));
        let mut parts = Parts::default();
        Ok(Self {
            rows,
            range,
            are_suspects: false,
            direct: parts.origin(row, rules.of_touch(NONE, NONE), direct)?,
            rules,
            texts: ByTextId::new(),
            parts,
            origins: ByTextId::new(),
            pairs: Pairs::default(),
            devices: ByTextId::new(),
            unknown: [row.share("unknown")?.into(), false.into()],
            next: 0,
        })
    }

    fn text(&mut self, id: u32, row: &mut Row<'m>) -> SqlResult<Value<'m>> {
        if let Some(known) = self.texts.get(id) {
            return Ok(known.into());
        }
        Ok(match self.rows.text(id) {
            Some(text) => self.texts.put(id, row.share(text)?).map_err(report)?.into(),
            None => Value::NULL,
        })
    }

    fn origin(&mut self, id: u32, page: u32, row: &mut Row<'m>) -> SqlResult<Origin<'m>> {
        let page = if self.rules.look_at_page() { page } else { NONE };
        if id == NONE && page == NONE {
            return Ok(self.direct);
        }
        // Where rules look at pages, the values are those of pairs.
        let place = if self.rules.look_at_page() { self.pairs.number(id, page).map_err(report)? } else { id };
        if let Some(known) = self.origins.get(place) {
            return Ok(known);
        }
        let mut untouched = [None; 8];
        (untouched[0], untouched[5]) = (Some("Direct"), Some("no arrival"));
        let parts = self.rows.text(id).map_or(untouched, origin_parts);
        let origin = self.parts.origin(row, self.rules.of_touch(id, page), parts)?;
        self.origins.put(place, origin).map_err(report)
    }

    fn device(&mut self, id: u32, row: &mut Row<'m>) -> SqlResult<[Value<'m>; 2]> {
        if let Some(known) = self.devices.get(id) {
            return Ok(known);
        }
        Ok(match self.rows.text(id) {
            Some(text) => {
                let device = [row.share(user_agent::device(text))?.into(), user_agent::is_bot(text).into()];
                self.devices.put(id, device).map_err(report)?
            }
            None => self.unknown,
        })
    }

    /// Sets the columns behind visitor_id.
    fn set(&mut self, piece: &VisitPart, visit_no: usize, row: &mut Row<'m>) -> SqlResult<()> {
        let run = piece.run;
        let (landing, touched_at) = match run.touch {
            NONE => (run.entry, run.start),
            _ => (piece.landing, run.touch_at),
        };
        let [channel, source, medium, campaign, term, rule, referrer_domain] = self.origin(run.touch, landing, row)?;
        let (entry, exit) = (self.text(run.entry, row)?, self.text(run.exit, row)?);
        let landing_page = if landing == run.entry { entry } else { self.text(landing, row)? };
        let [device, is_bot] = self.device(piece.agent, row)?;
        let values = [
            (visit_no as i64).into(),
            run.start.into(),
            run.end.into(),
            i64::from(run.events).into(),
            i64::from(run.pageviews).into(),
            entry,
            exit,
            channel,
            source,
            medium,
            campaign,
            landing_page,
            referrer_domain,
            device,
            is_bot,
            touched_at.into(),
            term,
            rule,
            self.are_suspects.into(),
        ];
        for (column, value) in (1..).zip(values) {
            row.set(column, value)?;
        }
        Ok(())
    }
}

impl<'m> Rows<'m> for Option<VisitOutput<'m>> {
    fn next(&mut self, row: &mut Row<'m>) -> SqlResult<bool> {
        let Some(output) = self else { return Ok(false) };
        if output.next == output.rows.visit_parts().len() {
            let Some(visitor) = output.rows.next_visitor().map_err(report)? else {
                if output.rows.suspects().is_empty() || output.are_suspects {
                    return Ok(false);
                }
                *self = query::connect(|query| output.of_suspects(query, row))?;
                return self.next(row);
            };
            row.set(0, visitor.text(&mut [0; 36]))?;
            output.next = 0;
        }
        let Some(visit) = output.rows.visit_parts().get(output.next).copied() else { return Ok(false) };
        output.next += 1;
        output.set(&visit, output.next, row)?;
        Ok(true)
    }
}

/// The events that a set is made of.
#[derive(Clone, Copy)]
struct Range {
    ids_since: Option<TimestampWithTimeZone>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    gap: Option<Interval>,
    with_agent: bool,
}

/// The ids of suspects, for a query.
pub fn ids(suspects: &[Visitor<'_>]) -> SqlResult<Vec<String>> {
    let mut ids = memory::with_room(suspects.len()).map_err(report)?;
    for visitor in suspects {
        ids.push(memory::text(visitor.text(&mut [0; 36])).map_err(report)?);
    }
    // The server's own array of them.
    memory::demand(ids.iter().map(|id| id.len() + 8).sum());
    Ok(ids)
}

impl<'m> VisitOutput<'m> {
    /// The visits of the suspects, from their rows.
    fn of_suspects(&self, query: &Query, row: &mut Row<'m>) -> SqlResult<Option<Self>> {
        let Range { ids_since, since, until, gap, with_agent } = self.range;
        let (visitors, receiver) = (ids(self.rows.suspects())?, Receiver::new());
        let args = [
            ids_since.into(),
            since.into(),
            until.into(),
            gap.into(),
            visitors.into(),
            with_agent.into(),
            receiver.number().into(),
        ];
        query.run(
            c"SELECT s.visits FROM mrcall_internal.visit_set_once($1, $2, $3, $4, $5, true, $6, receiver => $7) AS s",
            &args,
        )?;
        let Some(set) = receive(&receiver, query)? else { return Ok(None) };
        let rows = row.own(set).state.rows(Cuts::default()).map_err(report)?;
        Ok(Some(Self { are_suspects: true, ..Self::new(rows, self.range, query, row)? }))
    }
}

/// The rows of a set: since, until, gap, and from where on the ids of events were read.
struct OfVisitSet;

impl Start for OfVisitSet {
    type Rows<'m> = Option<VisitOutput<'m>>;

    fn start<'m>(call: Call<'_>, row: &mut Row<'m>) -> SqlResult<Self::Rows<'m>> {
        let Some(set) = call.arg(0)? else { return Ok(None) };
        let rows = VisitRows::new(row.keep(set), Cuts::default()).map_err(report)?;
        let range = Range {
            since: call.arg(1)?,
            until: call.arg(2)?,
            gap: call.arg(3)?,
            ids_since: call.arg(4)?,
            with_agent: true,
        };
        query::connect(|query| VisitOutput::new(rows, range, query, row)).map(Some)
    }
}

pub fn visit_set_rows(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfVisitSet>()
}

/// The set of visits that the aggregate of a query makes, `None` without an event. The query hands it over under the receiver's
/// number; where a worker ran the whole of it, there is nobody to hand it to, and its result is the set's bytes.
pub fn receive(receiver: &Receiver<VisitSet>, query: &Query) -> SqlResult<Option<Measured<VisitSet>>> {
    if let Some(set) = receiver.take() {
        return Ok(Some(set));
    }
    let read = |bytes: &[u8]| VisitSet::deserialize(bytes).map_err(report).and_then(Measured::new);
    query.with_bytes(1, read)
}

/// The rows of `sessionize`: since, until, gap. The set is made by a query of its own, so that workers help whoever asks, and
/// however.
struct OfSessions;

impl Start for OfSessions {
    type Rows<'m> = Option<VisitOutput<'m>>;

    fn start<'m>(call: Call<'_>, row: &mut Row<'m>) -> SqlResult<Self::Rows<'m>> {
        let (since, until): (Option<TimestampWithTimeZone>, Option<TimestampWithTimeZone>) =
            (call.arg(0)?, call.arg(1)?);
        let gap: Option<Interval> = call.arg(2)?;
        query::connect(|query| {
            query.run(
                c"SELECT mrcall_internal.check_range($1, $2), mrcall_internal.exact($3, 'gap'), mrcall_internal.require_attached()",
                &[since.into(), until.into(), gap.into()],
            )?;
            let ids_since = query.first(c"SELECT mrcall_internal.earlier($1, '24:00:00')", &[since.into()])?;
            let (range, receiver) = (Range { ids_since, since, until, gap, with_agent: false }, Receiver::new());
            query.run(
                c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $2, $3, $4, NULL, true, false, receiver => $5) AS s",
                &[ids_since.into(), since.into(), until.into(), gap.into(), receiver.number().into()],
            )?;
            let Some(set) = receive(&receiver, query)? else { return Ok(None) };
            let rows = row.own(set).state.rows(Cuts::default()).map_err(report)?;
            VisitOutput::new(rows, range, query, row).map(Some)
        })
    }
}

pub fn sessionize(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfSessions>()
}

/// The rows of the views: a mark of the planner's, the visitors, bounds of started_at and touched_at, whether numbers are wanted. What
/// is NULL bounds nothing.
struct OfAsked;

/// The gap of the views, in microseconds.
const GAP: i64 = 30 * 60 * 1_000_000;

/// The visits that the events of a range make, of some visitors or all; `None` without an event.
fn read_visits(
    query: &Query,
    receiver: &Receiver<VisitSet>,
    range: [Option<i64>; 2],
    visitors: Option<Vec<&str>>,
) -> SqlResult<Option<Measured<VisitSet>>> {
    let [since, until] = range.map(|at| at.and_then(|at| TimestampWithTimeZone::try_from(at).ok()));
    query.run(
        c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $1, $2, '30 minutes', $3, true, true, receiver => $4) AS s",
        &[since.into(), until.into(), visitors.into(), receiver.number().into()],
    )?;
    receive(receiver, query)
}

impl Start for OfAsked {
    type Rows<'m> = Option<VisitOutput<'m>>;

    fn start<'m>(call: Call<'_>, row: &mut Row<'m>) -> SqlResult<Self::Rows<'m>> {
        let ids: Option<Array<'_, &str>> = call.arg(1)?;
        let visitors = ids.as_ref().map(|ids| memory::collect(ids.iter().flatten())).transpose().map_err(report)?;
        // Of what a join names no more was read than tells that it is many.
        let mark: Option<i32> = call.arg(0)?;
        let are_many = mark == Some(IS_JOINED) && ids.as_ref().is_some_and(|ids| ids.len() as i64 > MOST_JOINED);
        let visitors = visitors.filter(|_| !are_many);
        let asked = AskedVisits {
            started: [call.arg(2)?, call.arg(3)?],
            touched: [call.arg(4)?, call.arg(5)?],
            with_numbers: call.arg(6)?.unwrap_or(true),
            of_some: visitors.is_some(),
            gap: GAP,
        };
        query::connect(|query| {
            let receiver = Receiver::new();
            let range = asked.range();
            let Some(mut set) = read_visits(query, &receiver, range, visitors)? else { return Ok(None) };
            let further = asked.read_further(set.state.rows(Cuts::default()).map_err(report)?).map_err(report)?;
            for (range, ids) in [([None, range[0]], &further.before), ([range[1], None], &further.behind)] {
                if ids.is_empty() {
                    continue;
                }
                let ids = memory::collect(ids.iter().map(String::as_str)).map_err(report)?;
                if let Some(more) = read_visits(query, &receiver, range, Some(ids))? {
                    set.state.merge(&more.state).map_err(report)?;
                    set = Measured::new(set.state)?;
                }
            }
            let rows = row.own(set).state.rows(Cuts::default()).map_err(report)?;
            // Who may have an event twice is read whole.
            let gap = query.first(c"SELECT interval '30 minutes'", &[])?;
            let range = Range { ids_since: None, since: None, until: None, gap, with_agent: true };
            VisitOutput::new(rows, range, query, row).map(Some)
        })
    }
}

pub fn asked_visit_rows(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfAsked>()
}
