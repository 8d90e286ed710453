//! `mrcall.attach`'s catalogue, and what a mapping becomes.

use mrcall_engine::mapping::catalog::TABLES;
use mrcall_engine::mapping::columns::{self, Physical};
use mrcall_engine::mapping::field::Fault;
use mrcall_engine::mapping::problem::{Resolved, State, first_problem};
use mrcall_engine::mapping::shape::Mapping;
use mrcall_engine::mapping::sql::Type;
use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::{SqlResult, report};

#[pg_extern(sql = false)]
fn source_tables() -> TableIterator<
    'static,
    (name!(logical_table, &'static str), name!(relation, &'static str), name!(purpose, &'static str)),
> {
    TableIterator::new(TABLES.iter().map(|table| (table.name, table.relation, table.what)))
}

#[pg_extern(sql = false)]
fn source_columns() -> TableIterator<
    'static,
    (
        name!(logical_table, &'static str),
        name!(ordinal, i32),
        name!(name, &'static str),
        name!(type, &'static str),
        name!(is_key, bool),
        name!(expression, &'static str),
        name!(what, &'static str),
    ),
> {
    TableIterator::new(TABLES.iter().flat_map(|table| {
        (1..).zip(table.columns).map(|(ordinal, c)| {
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

#[pg_extern(sql = false)]
fn mapping_paths(
    mapping: Option<&str>,
) -> Result<
    TableIterator<'static, (name!(logical_table, &'static str), name!(name, &'static str), name!(path, String))>,
    ErrorReport,
> {
    let mapping = parsed(mapping)?;
    let paths: Vec<_> = mapping.json_paths().map(|(table, column, path)| (table, column, path.to_owned())).collect();
    Ok(TableIterator::new(paths))
}

#[pg_extern(sql = false)]
fn mapped_tables(
    mapping: Option<&str>,
) -> Result<TableIterator<'static, (name!(logical_table, &'static str), name!(relation, Option<String>))>, ErrorReport>
{
    let mapping = parsed(mapping)?;
    Ok(TableIterator::new(TABLES.iter().map(move |table| (table.name, columns::relation(&mapping, table)))))
}

#[pg_extern(sql = false)]
fn compiled_mapping(
    mapping: Option<&str>,
    physical: &str,
) -> Result<
    TableIterator<
        'static,
        (
            name!(logical_table, &'static str),
            name!(relation, Option<String>),
            name!(ordinal, i32),
            name!(name, &'static str),
            name!(type, &'static str),
            name!(is_key, bool),
            name!(source, String),
            name!(expression, Option<String>),
            name!(sql, Option<String>),
            name!(said, Option<String>),
            name!(is_shape, Option<String>),
            name!(state, &'static str),
            name!(problem, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let mapping = parsed(mapping)?;
    let physical = Physical::parse(physical).map_err(report)?;
    let rows = columns::source_columns(&mapping, &physical).map_err(report)?.into_iter().map(|c| {
        let ordinal = c.table.columns.iter().position(|column| column.name == c.column.name);
        let (state, problem) = match c.fault {
            None => ("ok", None),
            Some(Fault::NoDocument(problem)) => ("no document", Some(problem)),
            Some(Fault::BadType(problem)) => ("bad field", Some(problem)),
        };
        let is_key = c.column.name == c.table.key;
        let ordinal = ordinal.map_or(0, |place| place as i32 + 1);
        let column_type = c.column.column_type.name();
        (
            c.table.name,
            c.relation,
            ordinal,
            c.column.name,
            column_type,
            is_key,
            c.source,
            c.expression,
            c.sql,
            c.said,
            c.is_shape,
            state,
            problem,
        )
    });
    Ok(TableIterator::new(rows.collect::<Vec<_>>()))
}

#[pg_extern(sql = false)]
fn cast_expression(expression: &str, from_type: &str, to_type: &str) -> Option<String> {
    Type::named(to_type)?.cast(expression, from_type)
}

#[pg_extern(sql = false)]
fn source_problem(
    resolved: &str,
    role: &str,
) -> Result<
    TableIterator<
        'static,
        (name!(code, &'static str), name!(message, String), name!(detail, String), name!(hint, String)),
    >,
    ErrorReport,
> {
    let problem = first_problem(&Resolved::parse(resolved).map_err(report)?, role);
    Ok(TableIterator::new(problem.map(|problem| {
        let code = match problem.state {
            State::NoTable => "42P01",
            State::NoRight => "42501",
            State::NoDocument | State::NoColumn => "42703",
            State::BadField | State::BadType => "42804",
            State::BadExpression | State::Ok => "42601",
        };
        (code, problem.message, problem.detail, problem.hint)
    })))
}
