//! The shape of a mapping: `{"events": {"table": "web.hits", "columns": {"visitor_id": "sid", …}}}`, as docs/sources.md has it.
//! Values are read from their JSON text, so that a number keeps its digits.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::catalog::{LogicalColumn, LogicalTable, TABLES};
use super::field_place::{FieldOf, FieldPlace, PlaceValue};
use super::json::{Raw, keys, kind, present, read};
use crate::{Error, ErrorKind, Result};

const EXAMPLE: &str = r#"Example: {"events": {"table": "web.hits", "columns": {"visitor_id": "sid"}}}"#;

/// The most physical tables of a logical one.
const MAX_TABLES: usize = 100;

/// A mapping by logical tables.
#[derive(Debug, Default)]
pub struct Mapping {
    /// Where the reference schema's tables are instead of `public`, as SQL writes the name.
    pub schema: Option<String>,
    tables: BTreeMap<&'static str, TableMapping>,
}

/// What a mapping says of a table; what it does not mention is the reference schema's.
#[derive(Debug, Default)]
pub struct TableMapping {
    /// The names of the tables as in SQL; none leaves the logical table out.
    pub tables: Option<Vec<String>>,
    /// Whether they were given as an array, so that its rows may lie in several tables.
    pub is_spread: bool,
    /// By logical columns.
    pub columns: BTreeMap<&'static str, Source>,
}

/// Where a column's values are.
#[derive(Debug)]
pub struct Source {
    /// As the mapping says it, in JSON.
    pub json: String,
    /// What that means.
    pub meaning: Meaning,
}

/// What the source of a column says.
#[derive(Debug)]
pub enum Meaning {
    /// Nowhere: the column is left out.
    Nothing,
    /// The name of a column, or an SQL expression.
    Expression(String),
    /// Fields of JSONB documents: the first place that says something decides.
    Field(Vec<FieldPlace>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableKeys<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    table: Raw<'a>,
    #[serde(default, borrow, deserialize_with = "present")]
    tables: Raw<'a>,
    #[serde(default, borrow, deserialize_with = "present")]
    columns: Raw<'a>,
}

impl Mapping {
    /// The mapping that a JSON text says; `22023` with the offending key where it is not of the documented form.
    pub fn parse(json: &str) -> Result<Self> {
        let Some(tables) = read::<BTreeMap<String, &RawValue>>(json) else {
            return Err(Error::invalid(format!("mapping is a JSON {}, not an object", kind(json)), EXAMPLE));
        };
        let mut tables = tables;
        let schema = tables.remove("schema").map(schema_name).transpose()?;
        let table = |(name, json): (String, &RawValue)| {
            let table = LogicalTable::named(&name).ok_or_else(|| {
                let known: Vec<_> = TABLES.iter().map(|table| table.name).collect();
                let hint = format!("Known ones: {}; and \"schema\" for all of them.", known.join(", "));
                Error::invalid(format!("unknown logical table \"{name}\""), hint)
            })?;
            Ok((table.name, TableMapping::parse(table, json.get())?))
        };
        Ok(Self { schema, tables: tables.into_iter().map(table).collect::<Result<_>>()? })
    }

    /// What it says of a logical table.
    pub fn table(&self, name: &str) -> Option<&TableMapping> {
        self.tables.get(name)
    }

    /// Logical table, column and text of every JSONPath: only the server can tell whether it is one.
    pub fn json_paths(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let columns =
            self.tables.iter().flat_map(|(table, mapping)| mapping.columns.iter().map(move |column| (*table, column)));
        columns.flat_map(|(table, (column, source))| {
            let places = if let Meaning::Field(places) = &source.meaning { places.as_slice() } else { &[] };
            places.iter().filter_map(move |place| match &place.value {
                PlaceValue::JsonPath(path) => Some((table, *column, path.as_str())),
                _ => None,
            })
        })
    }
}

impl TableMapping {
    fn parse(table: &LogicalTable, json: &str) -> Result<Self> {
        let name = table.name;
        let no_object = || {
            let message = format!("the mapping of \"{name}\" is not an object with \"table\" and \"columns\"");
            Error::invalid(message, EXAMPLE)
        };
        if kind(json) != "object" {
            return Err(no_object());
        }
        let keys: TableKeys<'_> = keys(json, |key| {
            let message = format!("unknown key \"{key}\" in the mapping of \"{name}\"");
            Error::invalid(message, r#"Known keys are "table", "tables" and "columns"."#)
        })?;
        let relation = |json: &RawValue| match read::<Option<String>>(json.get()) {
            Some(relation) if relation.as_deref().is_none_or(is_relation_name) => Ok(relation),
            _ => Err(Error::invalid(
                format!("bad table {json} in the mapping of \"{name}\""),
                r#"Give a name such as "web.hits" or null; quote upper case: "web.\"Hits\""."#,
            )),
        };
        let columns = keys.columns.map_or("{}", RawValue::get);
        let columns: BTreeMap<String, &RawValue> = read(columns).ok_or_else(no_object)?;
        let column = |(key, json): (String, &RawValue)| {
            let known = table.column(&key).map(|column| Ok((column.name, Source::parse(table, column, json)?)));
            known.unwrap_or_else(|| Err(bad_column(table, &key)))
        };
        let tables = match (keys.table, keys.tables) {
            (Some(_), Some(_)) => {
                let message = format!("the mapping of \"{name}\" has both \"table\" and \"tables\"");
                return Err(Error::invalid(message, "Give \"tables\" alone, with all of them."));
            }
            (Some(table), None) => Some(Vec::from_iter(relation(table)?)),
            (None, Some(tables)) => Some(several(name, tables)?),
            (None, None) => None,
        };
        let columns = columns.into_iter().map(column).collect::<Result<_>>()?;
        Ok(Self { tables, is_spread: keys.tables.is_some(), columns })
    }
}

/// The tables of a logical table whose rows lie in several.
fn several(name: &str, json: &RawValue) -> Result<Vec<String>> {
    let bad = |what: &str| {
        let hint = r#"Give an array of names, such as ["s1.hits", "s2.hits"]; quote upper case: "s1.\"Hits\""."#;
        Error::invalid(format!("bad tables {json} in the mapping of \"{name}\"{what}"), hint)
    };
    let tables: Vec<String> = read(json.get()).ok_or_else(|| bad(""))?;
    if tables.is_empty() || !tables.iter().all(|table| is_relation_name(table)) {
        return Err(bad(""));
    }
    if tables.len() > MAX_TABLES {
        let message = format!("{} tables in the mapping of \"{name}\", more than {MAX_TABLES}", tables.len());
        return Err(Error::new(ErrorKind::LimitExceeded, message, "Give a table that is partitioned over them."));
    }
    let mut names: Vec<_> = tables.iter().collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first()) {
        Some(twice) => Err(bad(&format!(": {twice} is there twice"))),
        None => Ok(tables),
    }
}

fn schema_name(json: &RawValue) -> Result<String> {
    read::<String>(json.get()).filter(|name| name_end(name).is_some_and(str::is_empty)).ok_or_else(|| {
        Error::invalid(
            format!("bad schema {json} in the mapping"),
            r#"Give the name of the schema that has the tables, such as "remote"; quote upper case."#,
        )
    })
}

fn bad_column(table: &LogicalTable, name: &str) -> Error {
    let known: Vec<_> = table.columns.iter().map(|column| column.name).collect();
    let hint = format!(
        "Give a text (a column name or an SQL expression), a field ({{\"path\": \"$.code\"}}) or null for one of: {}.",
        known.join(", ")
    );
    Error::invalid(format!("bad column \"{name}\" in the mapping of \"{}\"", table.name), hint)
}

/// Whether a text is the name of a table, with or without its schema, as in SQL.
fn is_relation_name(text: &str) -> bool {
    name_end(text)
        .is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.').and_then(name_end).is_some_and(str::is_empty))
}

/// What follows a name in SQL, quoted or not.
fn name_end(text: &str) -> Option<&str> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').filter(|(name, _)| !name.is_empty()).map(|(_, rest)| rest);
    }
    let rest = text.strip_prefix(|c: char| c.is_alphabetic() || c == '_')?;
    Some(rest.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$')))
}

impl Source {
    /// The default of the reference schema.
    pub(super) fn default_of(table: &LogicalTable, column: &LogicalColumn) -> Result<Self> {
        if column.default.starts_with("{\"") {
            let meaning = Meaning::Field(FieldOf { table, column }.parse(column.default)?);
            return Ok(Self { json: column.default.to_owned(), meaning });
        }
        Ok(Self::expression(column.default.to_owned()))
    }

    /// A name or expression.
    pub(super) fn expression(text: String) -> Self {
        Self { json: serde_json::Value::from(text.as_str()).to_string(), meaning: Meaning::Expression(text) }
    }

    fn parse(table: &LogicalTable, column: &LogicalColumn, json: &RawValue) -> Result<Self> {
        let meaning = match kind(json.get()) {
            "null" => Meaning::Nothing,
            "string" => Meaning::Expression(read(json.get()).ok_or_else(|| bad_column(table, column.name))?),
            "object" | "array" => Meaning::Field(FieldOf { table, column }.parse(json.get())?),
            _ => return Err(bad_column(table, column.name)),
        };
        Ok(Self { json: json.get().to_owned(), meaning })
    }
}
