//! A field of a mapping as SQL: where each place has its value, how it is read, and what doctor asks of it.

use core::fmt::Write;
use std::collections::BTreeMap;

use super::field_place::{FieldPlace, FieldReading, PlaceValue, Since};
use super::sql::{Type, array_literal, literal};

/// Where fields of a table may be.
#[derive(Debug, Default)]
pub struct Documents<'a> {
    /// The expression of each JSONB column.
    pub by_name: BTreeMap<&'a str, String>,
    /// The column that is read where a field names none.
    pub usual: Option<&'a str>,
    /// The start of the call, from which intervals count.
    pub started: Option<&'a str>,
}

/// A column's SQL.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compiled {
    /// The value.
    pub expression: String,
    /// What the document says, as text.
    pub said: Option<String>,
    /// Whether that is an object or array where a text is wanted.
    pub is_shape: Option<String>,
}

/// Why a field is none of its table.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is in a document that is not there.
    NoDocument(String),
    /// It does not become the column's type.
    BadType(String),
}

/// The SQL of one place.
struct FieldRead {
    is_constant: bool,
    /// Whether any value that is there is mapped to a text.
    is_mapped: bool,
    /// The value as text.
    raw: String,
    /// The value as JSON.
    json: String,
    /// The value of the column's type.
    typed: String,
}

/// A field as SQL: the first place that says something decides, whether that parses or not.
pub fn compile(places: &[FieldPlace], column_type: Type, documents: &Documents<'_>) -> Result<Compiled, Fault> {
    let reads = places.iter().map(|place| read(place, column_type, documents)).collect::<Result<Vec<_>, _>>()?;
    let constant = reads.iter().find(|read| read.is_constant);
    let found: Vec<_> = reads.iter().filter(|read| !read.is_constant).collect();
    let expression = match (reads.as_slice(), constant) {
        ([only], _) => only.typed.clone(),
        (_, Some(constant)) if found.is_empty() => constant.typed.clone(),
        (_, constant) => {
            let otherwise = constant.map_or(String::new(), |constant| format!(" ELSE {}", constant.typed));
            format!("CASE{}{otherwise} END", whens(&found, |read| read.typed.clone()))
        }
    };
    let said = match found.as_slice() {
        [] => None,
        [only] => Some(only.raw.clone()),
        all => Some(format!("COALESCE({})", all.iter().map(|read| read.raw.as_str()).collect::<Vec<_>>().join(", "))),
    };
    let shape = |read: &FieldRead| match read.is_mapped {
        true => "NULL".to_owned(),
        false => format!("pg_catalog.jsonb_typeof({})", read.json),
    };
    let is_shape = (column_type == Type::Text && !found.is_empty())
        .then(|| format!("CASE{} END IN ('object', 'array')", whens(&found, shape)));
    Ok(Compiled { expression, said, is_shape })
}

/// The branches of a CASE over the places that are found in documents.
fn whens(reads: &[&FieldRead], then: impl Fn(&FieldRead) -> String) -> String {
    reads.iter().map(|read| format!(" WHEN {} IS NOT NULL THEN {}", read.raw, then(read))).collect()
}

fn read(place: &FieldPlace, column_type: Type, documents: &Documents<'_>) -> Result<FieldRead, Fault> {
    let document = || {
        let name = place.document.as_deref().or(documents.usual);
        name.and_then(|name| documents.by_name.get(name)).ok_or_else(|| {
            let which = name.map_or("to read by default".to_owned(), |name| format!("\"{name}\""));
            Fault::NoDocument(format!("there is no JSONB column {which}"))
        })
    };
    // A field at constant keys has readers of its own for some types.
    let mut reader = None;
    let (raw, json) = match &place.value {
        PlaceValue::Constant { text, json } => {
            (format!("{}::pg_catalog.text", literal(text)), format!("{}::pg_catalog.jsonb", literal(json)))
        }
        PlaceValue::Keys(keys) => {
            let (document, keys) = (document()?, array_literal(keys));
            reader = Some(format!("mrcall_internal.field_{}({document}, {keys})", column_type.name()));
            (
                format!("mrcall_internal.field({document}, {keys})"),
                format!("(mrcall_internal.document({document}) #> {keys})"),
            )
        }
        PlaceValue::JsonPath(path) => {
            let call = |function: &str, document: &str| {
                format!("pg_catalog.{function}(mrcall_internal.document({document}), {}, '{{}}', true)", literal(path))
            };
            let all_or_first = match column_type {
                Type::TextArray => "jsonb_path_query_array",
                _ => "jsonb_path_query_first",
            };
            (format!("({} #>> '{{}}')", call("jsonb_path_query_first", document()?)), call(all_or_first, document()?))
        }
    };
    let value = place.map.as_ref().map_or_else(|| raw.clone(), |map| mapped(&raw, map));
    let reading = place.reading.unwrap_or(FieldReading::As(column_type));
    let typed = match (column_type, reading) {
        (Type::Timestamptz, FieldReading::Seconds(Since::Epoch)) => {
            Some(format!("('epoch'::pg_catalog.timestamptz + mrcall_internal.seconds({value}))"))
        }
        (Type::Timestamptz, FieldReading::Seconds(Since::Start)) => {
            documents.started.map(|started| format!("(({started}) + mrcall_internal.seconds({value}))"))
        }
        (Type::Jsonb, FieldReading::As(Type::Jsonb)) => Some(json.clone()),
        // A subquery would do it, but TimescaleDB's partial aggregates over chunks lose it on the way to their workers.
        (Type::TextArray, FieldReading::As(Type::TextArray)) => Some(format!("mrcall_internal.text_items({json})")),
        (Type::Timestamptz | Type::Boolean, FieldReading::As(as_type))
            if reader.is_some() && place.map.is_none() && (as_type == column_type || as_type == Type::Text) =>
        {
            reader
        }
        (to, FieldReading::As(Type::Text)) => to.cast_from(&value, Type::Text),
        (to, FieldReading::As(as_type)) if as_type == to => to.cast_from(&value, Type::Text),
        (to, FieldReading::As(as_type)) => {
            as_type.cast_from(&value, Type::Text).and_then(|inner| to.cast_from(&inner, as_type))
        }
        _ => None,
    };
    let typed = typed.ok_or_else(|| {
        Fault::BadType(format!("a field of type {} does not become a {}", reading.name(), column_type.name()))
    })?;
    let is_mapped = place.map.as_ref().is_some_and(|map| map.contains_key("*"));
    Ok(FieldRead { is_constant: matches!(place.value, PlaceValue::Constant { .. }), is_mapped, raw, json, typed })
}

/// A text with some values replaced by others.
fn mapped(raw: &str, map: &BTreeMap<String, String>) -> String {
    let mut sql = format!("CASE WHEN {raw} IS NULL THEN NULL");
    for (key, value) in map.iter().filter(|(key, _)| *key != "*") {
        let _ = write!(sql, " WHEN {raw} = {} THEN {}", literal(key), literal(value));
    }
    let other = map.get("*").map_or(raw.to_owned(), |value| literal(value));
    let _ = write!(sql, " ELSE {other} END");
    sql
}
