//! The rules of `channel_rule`, for all touches of a set at once: what the engine cannot tell, the server is asked in bulk.

use core::ops::Deref;

use mrcall_engine::own_rules::{self, COLUMNS, OwnRule};
use mrcall_engine::resource::memory;
use mrcall_engine::visits::VisitRows;

use crate::error::{SqlResult, report};
use crate::pg::query::{self, Query};

/// The rules, and which of them fit the touches of a set.
#[derive(Default)]
pub struct OwnRules(own_rules::OwnRules);

impl Deref for OwnRules {
    type Target = own_rules::OwnRules;

    fn deref(&self) -> &own_rules::OwnRules {
        &self.0
    }
}

impl OwnRules {
    /// Those that the caller sees, in the order of their positions.
    pub fn new(query: &Query) -> SqlResult<Self> {
        query.run(
            c"SELECT pg_catalog.array_agg(r.position ORDER BY r.position), pg_catalog.array_agg(r.channel ORDER BY r.position),
                pg_catalog.array_agg(r.source_pattern ORDER BY r.position), pg_catalog.array_agg(r.medium_pattern ORDER BY r.position),
                pg_catalog.array_agg(r.campaign_pattern ORDER BY r.position),
                pg_catalog.array_agg(r.referrer_pattern ORDER BY r.position),
                pg_catalog.array_agg(r.landing_host_pattern ORDER BY r.position),
                pg_catalog.array_agg(r.landing_path_pattern ORDER BY r.position)
            FROM mrcall.channel_rule AS r",
            &[],
        )?;
        let Some(positions) = query.column::<Vec<i32>>(1)? else { return Ok(Self::default()) };
        let texts = |number| query.column::<Vec<Option<String>>>(number).map(Option::unwrap_or_default);
        let mut rules = memory::with_room(positions.len()).map_err(report)?;
        for (position, channel) in positions.into_iter().zip(texts(2)?) {
            let channel = channel.unwrap_or_default();
            rules.push(OwnRule { position, channel, ..OwnRule::default() });
        }
        for column in 0..COLUMNS {
            for (rule, pattern) in rules.iter_mut().zip(texts(3 + column as i32)?) {
                if let Some(slot) = rule.patterns.get_mut(column) {
                    *slot = pattern;
                }
            }
        }
        own_rules::OwnRules::new(rules).map(Self).map_err(report)
    }

    /// Finds out which rules fit the touches of a set; those of another set are forgotten.
    pub fn learn(&mut self, rows: &VisitRows<'_>) -> SqlResult<()> {
        self.0.begin(rows).map_err(report)?;
        while let Some(questions) = self.0.questions(rows).map_err(report)? {
            memory::demand(questions.values.iter().map(|value| 3 * value.len() + 64).sum());
            let (column, positions, values) = (questions.column as i32, questions.positions, questions.values);
            // A connection for each, so that its memory goes with it.
            let fitting = query::connect(|query| {
                query.first::<Vec<i64>>(ASK, &[column.into(), positions.into(), values.into()])
            })?;
            self.0.answer(questions.asked, &fitting.unwrap_or_default());
        }
        Ok(())
    }
}

/// By the server's operator, in the collation of the rules' columns.
const ASK: &core::ffi::CStr = c"SELECT pg_catalog.array_agg(q.nr)
    FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) WITH ORDINALITY AS q (position, value, nr)
    JOIN mrcall.channel_rule AS r ON r.position OPERATOR(pg_catalog.=) q.position
    WHERE CASE WHEN $1 OPERATOR(pg_catalog.=) 0 THEN q.value OPERATOR(pg_catalog.~*) r.source_pattern
               WHEN $1 OPERATOR(pg_catalog.=) 1 THEN q.value OPERATOR(pg_catalog.~*) r.medium_pattern
               WHEN $1 OPERATOR(pg_catalog.=) 2 THEN q.value OPERATOR(pg_catalog.~*) r.campaign_pattern
               WHEN $1 OPERATOR(pg_catalog.=) 3 THEN q.value OPERATOR(pg_catalog.~*) r.referrer_pattern
               WHEN $1 OPERATOR(pg_catalog.=) 4 THEN q.value OPERATOR(pg_catalog.~*) r.landing_host_pattern
               ELSE q.value OPERATOR(pg_catalog.~*) r.landing_path_pattern END";
