//! `mrcall.attach`'s catalogue, and what a mapping becomes.

use mrcall_engine::mapping::catalog::TABLES;
use mrcall_engine::mapping::columns::{self, Physical};
use mrcall_engine::mapping::field_sql::Fault;
use mrcall_engine::mapping::problem::{ProblemState, Resolved, first_problem};
use mrcall_engine::mapping::shape::Mapping;
use mrcall_engine::mapping::sql::Type;
use mrcall_engine::{Error, ErrorKind};

use crate::error::{SqlResult, report};
use crate::pg::function_call::Call;

pub fn source_tables(call: Call<'_>) -> SqlResult<()> {
    call.table(TABLES.iter().map(|table| (table.name, table.relation, table.what)))
}

pub fn source_columns(call: Call<'_>) -> SqlResult<()> {
    call.table(TABLES.iter().flat_map(|table| {
        (1i32..).zip(table.columns).map(|(ordinal, c)| {
            (table.name, ordinal, c.name, c.column_type.name(), c.name == table.key, c.default, c.what)
        })
    }))
}

fn parsed(mapping: Option<&str>) -> SqlResult<Mapping> {
    let missing = || {
        Error::new(ErrorKind::NullNotAllowed, "argument \"mapping\" must not be NULL", "Leave it out, or give '{}'.")
    };
    mapping.ok_or_else(missing).and_then(Mapping::parse).map_err(report)
}

pub fn mapping_paths(call: Call<'_>, mapping: Option<&str>) -> SqlResult<()> {
    call.table(parsed(mapping)?.json_paths())
}

pub fn mapped_tables(call: Call<'_>, mapping: Option<&str>) -> SqlResult<()> {
    let mapping = parsed(mapping)?;
    call.table(TABLES.iter().flat_map(|table| {
        let relations = columns::relations(&mapping, table);
        let is_spread = mapping.table(table.name).is_some_and(|mapped| mapped.is_spread);
        let left_out = relations.is_empty().then_some((table.name, None, 1, false));
        let parts = (1i32..).zip(relations).map(move |(part, relation)| (table.name, Some(relation), part, is_spread));
        left_out.into_iter().chain(parts)
    }))
}

pub fn compiled_mapping(call: Call<'_>, mapping: Option<&str>, physical: &str, part: i32) -> SqlResult<()> {
    let mapping = parsed(mapping)?;
    let physical = Physical::parse(physical).map_err(report)?;
    // From 1, as SQL counts.
    let part = usize::try_from(part - 1).unwrap_or_default();
    call.table(columns::source_columns(&mapping, &physical, part).map_err(report)?.into_iter().map(|c| {
        let ordinal = c.table.columns.iter().position(|column| column.name == c.column.name);
        let ordinal = ordinal.map_or(0, |place| place as i32 + 1);
        let (state, problem) = match c.fault {
            None => ("ok", None),
            Some(Fault::NoDocument(problem)) => ("no document", Some(problem)),
            Some(Fault::BadType(problem)) => ("bad field", Some(problem)),
        };
        let (name, of_type, is_key) = (c.column.name, c.column.column_type.name(), c.column.name == c.table.key);
        (
            c.table.name,
            c.relation,
            ordinal,
            name,
            of_type,
            is_key,
            c.source,
            c.expression,
            c.sql,
            c.said,
            c.is_shape,
            state,
            problem,
        )
    }))
}

pub fn cast_expression(expression: &str, from_type: &str, to_type: &str) -> Option<String> {
    Type::named(to_type)?.cast(expression, from_type)
}

pub fn source_problem(call: Call<'_>, resolved: &str, role: &str) -> SqlResult<()> {
    let problem = first_problem(&Resolved::parse(resolved).map_err(report)?, role);
    call.table(problem.map(|problem| {
        let code = match problem.state {
            ProblemState::NoTable => "42P01",
            ProblemState::NoRight => "42501",
            ProblemState::NoDocument | ProblemState::NoColumn => "42703",
            ProblemState::BadField | ProblemState::BadType => "42804",
            ProblemState::BadExpression | ProblemState::Ok => "42601",
        };
        (code, problem.message, problem.detail, problem.hint)
    }))
}
