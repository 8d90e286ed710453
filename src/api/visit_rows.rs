//! The visits of a set as rows: `sessionize`, and what the views and reports read.

use std::collections::{HashMap, HashSet};

use mrcall_engine::resource::memory::{self, HeldVec};
use mrcall_engine::state::{Dictionary, NONE};
use mrcall_engine::user_agent;
use mrcall_engine::visits::{Cuts, VisitPart, VisitRows, VisitSet, Visitor, origin_parts};
use pgrx::datum::{Interval, TimestampWithTimeZone};

use crate::agg::{Measured, Receiver};
use crate::error::{SqlResult, report};
use crate::pg::answer::Made;
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

    /// The parts of an origin, with the channel and the rule of one's own where one fits it and the page.
    fn origin(
        &mut self,
        row: &mut Row<'m>,
        rules: &OwnRules,
        parts: [Option<&str>; 8],
        page: Option<&str>,
    ) -> SqlResult<Origin<'m>> {
        let (own_channel, own_rule) = rules.channel(&parts, page)?;
        let [channel, source, medium, campaign, term, rule, referrer_domain, _] = parts;
        let (channel, rule) = (own_channel.as_deref().or(channel), own_rule.as_deref().or(rule));
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

/// Values by the number of a text, made when the first row needs them.
pub struct ByTextId<T> {
    places: HeldVec<u32>,
    values: HeldVec<T>,
}

impl<T: Copy> ByTextId<T> {
    pub fn new() -> Self {
        Self { places: HeldVec::default(), values: HeldVec::default() }
    }

    pub fn get(&self, id: u32) -> Option<T> {
        let place = self.places.get(id as usize)?.checked_sub(1)?;
        self.values.get(place as usize).copied()
    }

    pub fn put(&mut self, id: u32, value: T) -> SqlResult<T> {
        self.places.grow_to(id as usize + 1, 0).map_err(report)?;
        self.values.push(value).map_err(report)?;
        if let Some(place) = self.places.get_mut(id as usize) {
            *place = self.values.len() as u32;
        }
        Ok(value)
    }
}

/// The numbers that pairs of an origin and a page get, in the order in which they come.
#[derive(Default)]
pub struct Pairs(Dictionary);

impl Pairs {
    pub fn number(&mut self, origin: u32, page: u32) -> SqlResult<u32> {
        let pair = u64::from(origin) << 32 | u64::from(page);
        self.0.intern(&pair.to_le_bytes()).map_err(report)
    }
}

/// The channels of one's own.
pub struct OwnRules {
    exist: bool,
    /// Whether one looks at the page, too: else all touches of one origin have the same.
    pub look_at_page: bool,
}

impl OwnRules {
    pub fn new(query: &Query) -> SqlResult<Self> {
        let exist: Option<bool> = query.first(
            c"SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0, pg_catalog.count(r.landing_path_pattern) OPERATOR(pg_catalog.>) 0
            FROM mrcall.channel_rule AS r",
            &[],
        )?;
        Ok(Self { exist: exist == Some(true), look_at_page: query.column(2)? == Some(true) })
    }

    /// The channel and the name of the first rule that fits the page and what an origin says: channel, source, medium, campaign, …
    pub fn channel(
        &self,
        parts: &[Option<&str>; 8],
        page: Option<&str>,
    ) -> SqlResult<(Option<String>, Option<String>)> {
        if !self.exist {
            return Ok((None, None));
        }
        let [_, source, medium, campaign, _, _, referrer_domain, host] = *parts;
        query::connect(|query| {
            let channel = query.first(
                c"SELECT r.channel, pg_catalog.concat('channel_rule ', r.position)
                FROM mrcall_internal.own_rule($1, $2, $3, $4, $5, $6) AS r",
                &[source.into(), medium.into(), campaign.into(), referrer_domain.into(), host.into(), page.into()],
            )?;
            Ok((channel, query.column(2)?))
        })
    }
}

/// The visits of a set as rows of `mrcall_internal.visit`: first those of visitors who have no event twice, then the others'.
pub struct VisitOutput<'m> {
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
    /// What is stored of the visitors, where their other visits come from there.
    stored: Option<&'m StoredBefore>,
    /// The number of the visitor's last visit that is stored.
    last_stored: usize,
}

/// Visits of the same visitors that are stored, all before those of a set.
#[derive(Debug, Default)]
pub struct StoredBefore {
    /// Visitors who are left out.
    pub apart: HashSet<String>,
    /// How many visits are stored of each visitor, where that is asked for.
    pub counts: HashMap<String, usize>,
}

impl<'m> VisitOutput<'m> {
    /// The rows of a set.
    pub fn new(rows: VisitRows<'m>, range: Range, query: &Query, row: &mut Row<'m>) -> SqlResult<Self> {
        let rules = OwnRules::new(query)?;
        let mut direct = [None; 8];
        (direct[0], direct[5]) = (Some("Direct"), Some("no arrival"));
        let mut parts = Parts::default();
        Ok(Self {
            rows,
            range,
            are_suspects: false,
            direct: parts.origin(row, &rules, direct, None)?,
            rules,
            texts: ByTextId::new(),
            parts,
            origins: ByTextId::new(),
            pairs: Pairs::default(),
            devices: ByTextId::new(),
            unknown: [row.share("unknown")?.into(), false.into()],
            next: 0,
            stored: None,
            last_stored: 0,
        })
    }

    /// The same of those visitors alone who are not apart, their visits numbered behind those that are stored.
    pub fn behind(mut self, stored: &'m StoredBefore) -> Self {
        self.stored = Some(stored);
        self
    }

    fn text(&mut self, id: u32, row: &mut Row<'m>) -> SqlResult<Value<'m>> {
        if let Some(known) = self.texts.get(id) {
            return Ok(known.into());
        }
        Ok(match self.rows.text(id) {
            Some(text) => self.texts.put(id, row.share(text)?)?.into(),
            None => Value::NULL,
        })
    }

    fn origin(&mut self, id: u32, page: u32, row: &mut Row<'m>) -> SqlResult<Origin<'m>> {
        let page = if self.rules.look_at_page { page } else { NONE };
        if id == NONE && page == NONE {
            return Ok(self.direct);
        }
        // Where rules look at pages, the values are those of pairs.
        let place = if self.rules.look_at_page { self.pairs.number(id, page)? } else { id };
        if let Some(known) = self.origins.get(place) {
            return Ok(known);
        }
        let mut untouched = [None; 8];
        (untouched[0], untouched[5]) = (Some("Direct"), Some("no arrival"));
        let parts = self.rows.text(id).map_or(untouched, origin_parts);
        let origin = self.parts.origin(row, &self.rules, parts, self.rows.text(page))?;
        self.origins.put(place, origin)
    }

    fn device(&mut self, id: u32, row: &mut Row<'m>) -> SqlResult<[Value<'m>; 2]> {
        if let Some(known) = self.devices.get(id) {
            return Ok(known);
        }
        Ok(match self.rows.text(id) {
            Some(text) => {
                self.devices.put(id, [row.share(user_agent::device(text))?.into(), user_agent::is_bot(text).into()])?
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
        while output.next == output.rows.visit_parts().len() {
            let Some(visitor) = output.rows.next_visitor().map_err(report)? else {
                if output.rows.suspects().is_empty() || output.are_suspects {
                    return Ok(false);
                }
                *self = query::connect(|query| output.of_suspects(query, row))?;
                return self.next(row);
            };
            let mut buffer = [0; 36];
            let visitor = visitor.text(&mut buffer);
            if let Some(stored) = output.stored {
                if stored.apart.contains(visitor) {
                    output.next = output.rows.visit_parts().len();
                    continue;
                }
                output.last_stored = stored.counts.get(visitor).copied().unwrap_or_default();
            }
            row.set(0, visitor)?;
            output.next = 0;
        }
        let Some(visit) = output.rows.visit_parts().get(output.next).copied() else { return Ok(false) };
        output.next += 1;
        output.set(&visit, output.last_stored + output.next, row)?;
        Ok(true)
    }
}

/// The events that a set is made of.
#[derive(Clone, Copy)]
pub struct Range {
    /// From where on the ids of events are looked at.
    pub ids_since: Option<TimestampWithTimeZone>,
    pub since: Option<TimestampWithTimeZone>,
    pub until: Option<TimestampWithTimeZone>,
    pub gap: Option<Interval>,
    pub with_agent: bool,
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
        let (mut visitors, receiver) = (ids(self.rows.suspects())?, Receiver::new());
        visitors.retain(|visitor| self.stored.is_none_or(|stored| !stored.apart.contains(visitor)));
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
        Ok(Some(Self { are_suspects: true, stored: self.stored, ..Self::new(rows, self.range, query, row)? }))
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
