//! Which callers of a range had calls that retention deleted, which only keyed hashes tell.
//!
//! Nobody but the owner may read the hashes and their key: who could would find numbers by guessing. So a function that runs as
//! their owner, `mrcall_internal.had_deleted_calls`, compares them, and answers only while it is asked from here: about callers
//! that were read from `mrcall.calls` with the rights of who asks. docs/security.md says why that is enough.

use std::cell::Cell;

use mrcall_engine::resource::memory::HeldVec;
use pgrx::datum::TimestampWithTimeZone;

use crate::error::SqlResult;
use crate::pg::answer::Made;
use crate::pg::function_call::Call;
use crate::pg::query;
use crate::pg::text_array::TextArray;

thread_local! {
    /// Whether a question is on its way. A session's code all runs in one thread.
    static IS_ASKED: Cell<bool> = const { Cell::new(false) };
}

/// A question on its way, until it is answered or has failed.
struct Question;

impl Question {
    fn new() -> Self {
        IS_ASKED.set(true);
        Self
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        IS_ASKED.set(false);
    }
}

/// Business, caller, business, caller …, as they are spelled; NULL without any. businesses: NULL for all.
pub fn deleted_callers<'fcx>(
    call: Call<'fcx>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    businesses: Option<TextArray<'fcx>>,
) -> SqlResult<Option<Made>> {
    let businesses = businesses.map(TextArray::present).transpose()?.map(HeldVec::into_vec);
    query::connect(|query| {
        // Without deleted calls no hash is made.
        let question = Question::new();
        let are_any: Option<bool> = query.first(
            c"SELECT mrcall_internal.had_deleted_calls($1, NULL, NULL) IS NOT NULL",
            &[businesses.clone().into()],
        )?;
        drop(question);
        if are_any != Some(true) {
            return Ok(None);
        }
        // Not in one query with the question: policies and functions of the host run in this one. A hash is of the caller's id, or
        // of what stood there, as hashes once were.
        query.run(
            c"SELECT pg_catalog.array_agg(f.business_id), pg_catalog.array_agg(s.caller), pg_catalog.array_agg(f.first_at)
              FROM (SELECT r.business_id, pg_catalog.min(r.first_at) AS first_at,
                           pg_catalog.array_agg(r.caller) FILTER (WHERE r.caller OPERATOR(pg_catalog.<>) r.id)
                               OPERATOR(pg_catalog.||) r.id AS spellings
                    FROM (SELECT c.business_id, c.caller, mrcall.caller_id(c.caller) AS id,
                                 pg_catalog.min(c.started_at) AS first_at
                          FROM mrcall.calls AS c
                          WHERE c.caller IS NOT NULL AND c.business_id IS NOT NULL
                            AND c.started_at OPERATOR(pg_catalog.>=) $1 AND c.started_at OPERATOR(pg_catalog.<) $2
                            AND ($3 IS NULL OR c.business_id OPERATOR(pg_catalog.=) ANY ($3))
                          GROUP BY c.business_id, c.caller) AS r
                    WHERE r.id IS NOT NULL
                    GROUP BY r.business_id, r.id) AS f
              CROSS JOIN LATERAL pg_catalog.unnest(f.spellings) AS s (caller)",
            &[since.into(), until.into(), businesses.into()],
        )?;
        let _question = Question::new();
        query.pass_on(c"SELECT mrcall_internal.had_deleted_calls($1, $2, $3)")?;
        Ok(query.value(1, call))
    })
}

/// Whether `deleted_callers` asks. It is so once for each question: nothing that runs behind it is asked too.
pub fn is_asked() -> bool {
    IS_ASKED.replace(false)
}
