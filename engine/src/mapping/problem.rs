//! What is missing of the sources: one error that names all of it, with the statement that mends it.

use serde::Deserialize;

use super::sql::literal;
use crate::{Error, Result};

/// What a logical column is after a look at the database; the order is that in which problems are named: a column before the
/// expressions that are made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum ProblemState {
    /// Its table does not exist.
    #[serde(rename = "no table")]
    NoTable,
    /// Its table may not be read.
    #[serde(rename = "no right")]
    NoRight,
    /// Its field is in a JSONB column that does not exist.
    #[serde(rename = "no document")]
    NoDocument,
    /// Its field does not become its type.
    #[serde(rename = "bad field")]
    BadField,
    /// Its expression names a column that does not exist.
    #[serde(rename = "no column")]
    NoColumn,
    /// Its expression cannot be evaluated.
    #[serde(rename = "bad expression")]
    BadExpression,
    /// Its expression is of a type that has no cast to its own.
    #[serde(rename = "bad type")]
    BadType,
    /// It can be read.
    #[serde(rename = "ok")]
    Ok,
}

/// A logical column after a look at the database: a row of mrcall_internal.resolve_columns.
#[derive(Debug, Clone, Deserialize)]
pub struct Resolved {
    /// The logical table.
    pub logical_table: String,
    /// The physical table that is wanted.
    pub wanted_relation: Option<String>,
    /// The column.
    pub name: String,
    /// Its fixed type.
    #[serde(rename = "type")]
    pub column_type: String,
    /// Where it is read from.
    pub expression: Option<String>,
    /// The type that is found there.
    pub found_type: Option<String>,
    /// What it is.
    pub state: ProblemState,
    /// What the server or the mapping says of it.
    pub problem: Option<String>,
}

/// An error of the sources.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind, which decides its SQLSTATE.
    pub state: ProblemState,
    /// What is wrong.
    pub message: String,
    /// All that is.
    pub detail: String,
    /// What mends it.
    pub hint: String,
}

impl Resolved {
    /// The rows that a JSON text lists.
    pub fn parse(json: &str) -> Result<Vec<Self>> {
        serde_json::from_str(json).map_err(|error| {
            Error::invalid(format!("invalid list of columns: {error}"), "It is what resolve_columns returns.")
        })
    }

    fn expression(&self) -> &str {
        self.expression.as_deref().unwrap_or_default()
    }

    fn relation(&self) -> &str {
        self.wanted_relation.as_deref().unwrap_or_default()
    }

    fn problem(&self) -> &str {
        self.problem.as_deref().unwrap_or_default()
    }

    /// Whether it is read from a column, as far as its text tells.
    fn is_plain(&self) -> bool {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit();
        self.expression().bytes().all(is_name) && self.expression().starts_with(|c: char| !c.is_ascii_digit())
    }

    /// An expression that converts what is found to the column's type.
    fn conversion(&self) -> String {
        let expression = self.expression();
        match (self.column_type.as_str(), self.found_type.as_deref()) {
            ("timestamptz", Some("timestamp without time zone")) => format!("{expression} AT TIME ZONE ''UTC''"),
            ("timestamptz", _) => format!("to_timestamp({expression})"),
            (wanted, _) => format!("({expression})::{wanted}"),
        }
    }
}

/// The error for the first problem, `None` where there is none. `role`: who asks, quoted.
pub fn first_problem(resolved: &[Resolved], role: &str) -> Option<Problem> {
    let bad: Vec<_> = resolved.iter().filter(|column| column.state != ProblemState::Ok).collect();
    let first = bad.iter().min_by_key(|column| (column.state, !column.is_plain()))?;
    let (table, name, relation, expression) = (&first.logical_table, &first.name, first.relation(), first.expression());
    let (message, detail, hint) = match first.state {
        ProblemState::Ok => return None,
        ProblemState::NoRight => (
            format!("table {relation} for the logical table \"{table}\" may not be read by {role}"),
            format!("{}.", first.problem()),
            format!("Its owner grants it: GRANT SELECT ON {relation} TO {role};"),
        ),
        ProblemState::NoDocument | ProblemState::BadField => (
            format!("field \"{name}\" in the mapping of \"{table}\": {}", first.problem()),
            format!("{expression}."),
            match first.state {
                ProblemState::NoDocument => format!("Say which column of {relation} it is in: \"in\": \"data\"."),
                _ => format!("Leave \"type\" out, or give one that becomes a {}.", first.column_type),
            },
        ),
        ProblemState::NoTable => (
            format!("table {relation} for the logical table \"{table}\" does not exist"),
            format!("Missing: {}.", missing(&bad, Resolved::relation).join(", ")),
            format!(
                "Name your table: SELECT mrcall.attach('{{\"{table}\": {{\"table\": \"your_schema.your_table\"}}}}'); \
                 or do without: SELECT mrcall.attach({});",
                literal(&object(missing(&bad, |column| &column.logical_table), |_| r#"{"table": null}"#.to_owned()))
            ),
        ),
        ProblemState::BadType => (
            format!(
                "column \"{expression}\" of the logical table \"{table}\" is of type {}, not {}",
                first.found_type.as_deref().unwrap_or_default(),
                first.column_type
            ),
            format!("{}.", needs(&bad)),
            format!(
                "Give an expression that converts it, such as: \
                 SELECT mrcall.attach('{{\"{table}\": {{\"columns\": {{\"{name}\": \"{}\"}}}}}}');",
                first.conversion()
            ),
        ),
        ProblemState::NoColumn | ProblemState::BadExpression => {
            let (what, fails) = match first.state {
                ProblemState::NoColumn => ("column", "does not exist"),
                _ => ("expression", "cannot be evaluated"),
            };
            let said = if first.problem().is_empty() { String::new() } else { format!(".\n{}", first.problem()) };
            (
                format!("{what} \"{expression}\" of {relation} for \"{table}.{name}\" {fails}"),
                format!("{}{said}.", needs(&bad)),
                format!(
                    "Map it: SELECT mrcall.attach('{{\"{table}\": {{\"columns\": {{\"{name}\": \"your_column\"}}}}}}'); \
                     or add it: ALTER TABLE {relation} ADD COLUMN {} {}; or do without: SELECT mrcall.attach({});",
                    if first.is_plain() { expression } else { name },
                    first.column_type,
                    literal(&without(&bad))
                ),
            )
        }
    };
    Some(Problem { state: first.state, message, detail, hint })
}

/// Something of the tables that do not exist, each once.
fn missing<'a>(bad: &[&'a Resolved], of: impl Fn(&'a Resolved) -> &'a str) -> Vec<&'a str> {
    let mut all: Vec<_> =
        bad.iter().filter(|column| column.state == ProblemState::NoTable).map(|column| of(column)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What each bad column needs.
fn needs(bad: &[&Resolved]) -> String {
    let need = |column: &&Resolved| {
        let types = match (column.state, &column.found_type) {
            (ProblemState::BadType, Some(found)) => format!(" ({}, not {found})", column.column_type),
            _ => String::new(),
        };
        format!("{}.{} needs {}{types}", column.logical_table, column.name, column.expression())
    };
    bad.iter().map(need).collect::<Vec<_>>().join("; ")
}

/// The mapping that leaves every bad column out.
fn without(bad: &[&Resolved]) -> String {
    let mut tables: Vec<_> = bad.iter().map(|column| column.logical_table.as_str()).collect();
    tables.dedup();
    object(tables, |table| {
        let columns = bad.iter().filter(|column| column.logical_table == table).map(|column| column.name.as_str());
        format!("{{\"columns\": {}}}", object(columns, |_| "null".to_owned()))
    })
}

/// A JSON object, written as the server does; the keys are names of the catalogue.
fn object<'a>(keys: impl IntoIterator<Item = &'a str>, value: impl Fn(&'a str) -> String) -> String {
    let entries: Vec<_> = keys.into_iter().map(|key| format!("\"{key}\": {}", value(key))).collect();
    format!("{{{}}}", entries.join(", "))
}
