//! The shape of a mapping: `{"events": {"table": "web.hits", "columns": {"visitor_id": "sid", …}}}`, as docs/sources.md has it.
//! Values are read from their JSON text, so that a number keeps its digits.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::catalog::{Column, TABLES, Table};
use super::sql::Type;
use crate::{Error, ErrorKind, Result, parse};

const EXAMPLE: &str = r#"Example: {"events": {"table": "web.hits", "columns": {"visitor_id": "sid"}}}"#;
const PATHS: &str = r#"Give a JSONPath such as "$.result.code", or its keys: ["result", "code"]."#;

/// A mapping by logical tables.
#[derive(Debug, Default)]
pub struct Mapping(BTreeMap<&'static str, TableMapping>);

/// What a mapping says of a table; what it does not mention is the reference schema's.
#[derive(Debug, Default)]
pub struct TableMapping {
    /// The table's name as in SQL; `Some(None)` leaves the logical table out.
    pub table: Option<Option<String>>,
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
    Field(Vec<Place>),
}

/// One place of a field.
#[derive(Debug)]
pub struct Place {
    /// Where in the document, or a value in its stead.
    pub value: Value,
    /// The JSONB column; without it the usual one.
    pub document: Option<String>,
    /// How the value is read; without it as the column's type.
    pub reading: Option<Reading>,
    /// Other values for some; `*` is any other value.
    pub map: Option<BTreeMap<String, String>>,
}

/// Where a place has its value.
#[derive(Debug)]
pub enum Value {
    /// The keys on the way to it, as `#>>` takes them.
    Keys(Vec<String>),
    /// A JSONPath that does more than to go down.
    JsonPath(String),
    /// Not in a document: a constant as text and as JSON.
    Constant {
        /// As `->>` says it.
        text: String,
        /// As the mapping has it.
        json: String,
    },
}

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Reading {
    /// As a value of that type.
    As(Type),
    /// As a number of seconds.
    Seconds(Since),
}

/// What a number of seconds counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Since {
    /// 1970.
    #[serde(rename = "unix-seconds")]
    Epoch,
    /// The start of the call.
    #[serde(rename = "interval-seconds")]
    Start,
}

impl Reading {
    /// Its name in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::As(as_type) => as_type.name(),
            Self::Seconds(Since::Epoch) => "unix-seconds",
            Self::Seconds(Since::Start) => "interval-seconds",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableKeys<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    table: Raw<'a>,
    #[serde(default, borrow, deserialize_with = "present")]
    columns: Raw<'a>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceKeys<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    path: Raw<'a>,
    #[serde(default, borrow, deserialize_with = "present")]
    r#in: Raw<'a>,
    #[serde(default, borrow, deserialize_with = "present")]
    r#type: Raw<'a>,
    #[serde(default, borrow, deserialize_with = "present")]
    map: Raw<'a>,
    #[serde(default, borrow, deserialize_with = "present")]
    constant: Raw<'a>,
    /// Further places; only the first one has them.
    #[serde(default, borrow, deserialize_with = "present")]
    fallback: Raw<'a>,
}

/// The JSON text of a key's value, `None` where the key is not there.
type Raw<'a> = Option<&'a RawValue>;

/// A key that is there, null or not.
fn present<'de, D: Deserializer<'de>>(value: D) -> core::result::Result<Raw<'de>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

/// JSON as a type, `None` where it is not of its form.
fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}

/// A text, number or truth value as text, as `->>` says it.
fn scalar(json: &RawValue) -> Option<String> {
    match json.get().as_bytes().first()? {
        b'"' => read(json.get()),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.get().to_owned()),
    }
}

/// The name of a JSON value's kind, as `jsonb_typeof` says it.
fn kind(json: &str) -> &'static str {
    match json.trim_ascii_start().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') | None => "null",
        _ => "number",
    }
}

/// An object by its keys. `unknown` makes the error of a key that is not known.
fn keys<'a, T: Deserialize<'a>>(json: &'a str, unknown: impl FnOnce(&str) -> Error) -> Result<T> {
    // serde names the key between backticks; whatever else an object of any values can be wrong in, the server refused before.
    serde_json::from_str(json).map_err(|error| unknown(error.to_string().split('`').nth(1).unwrap_or_default()))
}

impl Mapping {
    /// The mapping that a JSON text says; `22023` with the offending key where it is not of the documented form.
    pub fn parse(json: &str) -> Result<Self> {
        let Some(tables) = read::<BTreeMap<String, &RawValue>>(json) else {
            return Err(Error::invalid(format!("mapping is a JSON {}, not an object", kind(json)), EXAMPLE));
        };
        let table = |(name, json): (String, &RawValue)| {
            let table = Table::named(&name).ok_or_else(|| {
                let known: Vec<_> = TABLES.iter().map(|table| table.name).collect();
                let hint = format!("Known ones: {}.", known.join(", "));
                Error::invalid(format!("unknown logical table \"{name}\""), hint)
            })?;
            Ok((table.name, TableMapping::parse(table, json.get())?))
        };
        tables.into_iter().map(table).collect::<Result<_>>().map(Self)
    }

    /// What it says of a logical table.
    pub fn table(&self, name: &str) -> Option<&TableMapping> {
        self.0.get(name)
    }

    /// Logical table, column and text of every JSONPath: only the server can tell whether it is one.
    pub fn json_paths(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let columns =
            self.0.iter().flat_map(|(table, mapping)| mapping.columns.iter().map(move |column| (*table, column)));
        columns.flat_map(|(table, (column, source))| {
            let places = if let Meaning::Field(places) = &source.meaning { places.as_slice() } else { &[] };
            places.iter().filter_map(move |place| match &place.value {
                Value::JsonPath(path) => Some((table, *column, path.as_str())),
                _ => None,
            })
        })
    }
}

impl TableMapping {
    fn parse(table: &Table, json: &str) -> Result<Self> {
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
            Error::invalid(message, r#"Known keys are "table" and "columns"."#)
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
        Ok(Self {
            table: keys.table.map(relation).transpose()?,
            columns: columns.into_iter().map(column).collect::<Result<_>>()?,
        })
    }
}

fn bad_column(table: &Table, name: &str) -> Error {
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
    pub(super) fn default_of(table: &Table, column: &Column) -> Result<Self> {
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

    fn parse(table: &Table, column: &Column, json: &RawValue) -> Result<Self> {
        let meaning = match kind(json.get()) {
            "null" => Meaning::Nothing,
            "string" => Meaning::Expression(read(json.get()).ok_or_else(|| bad_column(table, column.name))?),
            "object" | "array" => Meaning::Field(FieldOf { table, column }.parse(json.get())?),
            _ => return Err(bad_column(table, column.name)),
        };
        Ok(Self { json: json.get().to_owned(), meaning })
    }
}

/// Which column a field is read for.
struct FieldOf<'a> {
    table: &'a Table,
    column: &'a Column,
}

impl FieldOf<'_> {
    /// The error of something in the field; the message goes on with where it is.
    fn bad(&self, kind: ErrorKind, what: &str, hint: impl Into<String>) -> Error {
        let place = format!("the field \"{}\" in the mapping of \"{}\"", self.column.name, self.table.name);
        Error::new(kind, what.replace("{field}", &place), hint)
    }

    fn invalid(&self, what: &str, hint: impl Into<String>) -> Error {
        self.bad(ErrorKind::InvalidArgument, what, hint)
    }

    fn example(&self) -> String {
        let (table, column) = (self.table.name, self.column.name);
        let field = r#"{"path": "$.result.code", "in": "data", "fallback": ["$.code"]}"#;
        format!("Example: {{\"{table}\": {{\"columns\": {{\"{column}\": {field}}}}}}}")
    }

    /// The places of a field: an object with its fallbacks, or an array of places.
    fn parse(&self, json: &str) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        let first = match read::<Vec<&RawValue>>(json) {
            Some(entries) => {
                for entry in entries {
                    places.push(self.place(places.len() + 1, PlaceKeys::default(), entry.get())?);
                }
                None
            }
            None => Some(self.keys(json)?),
        };
        if let Some(keys) = first {
            places.push(self.place_of(1, PlaceKeys { fallback: None, ..keys })?);
            if let Some(fallback) = keys.fallback {
                if kind(fallback.get()) == "null" {
                    return Err(self.invalid("{field} names no place", self.example()));
                }
                let inherited = PlaceKeys { path: None, constant: None, fallback: None, ..keys };
                for entry in read::<Vec<&RawValue>>(fallback.get()).unwrap_or_else(|| vec![fallback]) {
                    places.push(self.place(places.len() + 1, inherited, entry.get())?);
                }
            }
        }
        if places.is_empty() {
            return Err(self.invalid("{field} names no place", self.example()));
        }
        Ok(places)
    }

    fn keys<'j>(&self, json: &'j str) -> Result<PlaceKeys<'j>> {
        keys(json, |key| self.unknown_key(key))
    }

    fn unknown_key(&self, key: &str) -> Error {
        self.invalid(
            &format!("unknown key \"{key}\" in {{field}}"),
            r#"Known keys are "path", "in", "type", "map", "fallback" and "constant"."#,
        )
    }

    /// A place of an array or a fallback: an object with keys of its own over the inherited ones, else a path.
    fn place<'j>(&self, nr: usize, inherited: PlaceKeys<'j>, json: &'j str) -> Result<Place> {
        if kind(json) != "object" {
            return self.place_of(nr, PlaceKeys { path: read(json), ..inherited });
        }
        let own = self.keys(json)?;
        // A constant is in no document, and what it is mapped to would be another constant.
        let inherited = match own.constant {
            Some(_) => PlaceKeys { r#in: None, map: None, ..inherited },
            None => inherited,
        };
        self.place_of(
            nr,
            PlaceKeys {
                r#in: own.r#in.or(inherited.r#in),
                r#type: own.r#type.or(inherited.r#type),
                map: own.map.or(inherited.map),
                ..own
            },
        )
    }

    fn place_of(&self, nr: usize, keys: PlaceKeys<'_>) -> Result<Place> {
        if keys.fallback.is_some() {
            return Err(self.unknown_key("fallback"));
        }
        let value = match (keys.path, keys.constant) {
            (Some(path), None) => self.path(path)?,
            (None, Some(constant)) => self.constant(constant)?,
            _ => {
                let what = format!("place {nr} of {{field}} needs \"path\" or \"constant\", one of them");
                return Err(self.invalid(&what, self.example()));
            }
        };
        let document = |json: &RawValue| {
            read(json.get()).ok_or_else(|| {
                self.invalid(
                    &format!("bad document {json} of {{field}}"),
                    "Give the name of a JSONB column: \"in\": \"data\".",
                )
            })
        };
        let reading = |json: &RawValue| {
            read(json.get()).ok_or_else(|| {
                let hint = "Use one of: text, timestamptz, boolean, int, numeric, jsonb, text[], unix-seconds, interval-seconds.";
                self.invalid(&format!("unknown type {json} of {{field}}"), hint)
            })
        };
        let document = keys.r#in.map(document).transpose()?;
        let reading: Option<Reading> = keys.r#type.map(reading).transpose()?;
        if let (Value::Constant { text, .. }, Some(json)) = (&value, keys.constant)
            && !parses(text, self.column.column_type)
        {
            let name = self.column.column_type.name();
            let what = format!("constant {json} of {{field}} is not a {name}");
            return Err(self.bad(ErrorKind::MalformedText, &what, format!("Give a value of type {name}.")));
        }
        let map = keys.map.map(|json| self.map(json, reading)).transpose()?;
        Ok(Place { value, document, reading, map })
    }

    fn path(&self, json: &RawValue) -> Result<Value> {
        if let Some(path) = read::<String>(json.get()) {
            return Ok(match path_keys(&path) {
                Some(keys) => Value::Keys(keys),
                None => Value::JsonPath(path),
            });
        }
        let key = |key: &&RawValue| scalar(key).filter(|_| matches!(kind(key.get()), "string" | "number"));
        let keys = read::<Vec<&RawValue>>(json.get()).and_then(|keys| keys.iter().map(key).collect::<Option<Vec<_>>>());
        keys.filter(|keys| !keys.is_empty())
            .map(Value::Keys)
            .ok_or_else(|| self.invalid(&format!("bad path {json} of {{field}}"), PATHS))
    }

    fn constant(&self, json: &RawValue) -> Result<Value> {
        let text = scalar(json).ok_or_else(|| {
            self.invalid(&format!("bad constant {json} in {{field}}"), "Give a text, a number, true or false.")
        })?;
        Ok(Value::Constant { text, json: json.get().to_owned() })
    }

    fn map(&self, json: &RawValue, reading: Option<Reading>) -> Result<BTreeMap<String, String>> {
        let is_document = |as_type| matches!(as_type, Type::Jsonb | Type::TextArray);
        let is_of_texts = !is_document(self.column.column_type)
            && !matches!(reading, Some(Reading::As(as_type)) if is_document(as_type));
        let entries = read::<BTreeMap<String, &RawValue>>(json.get()).filter(|map| is_of_texts && !map.is_empty());
        entries.and_then(|map| map.into_iter().map(|(key, value)| Some((key, scalar(value)?))).collect()).ok_or_else(
            || {
                let hint = r#"Give texts for texts: "map": {"OK": "answered", "*": "missed"}."#;
                self.invalid(&format!("bad map {json} of {{field}}"), hint)
            },
        )
    }
}

/// Whether a text is a value of a column's type.
fn parses(text: &str, column_type: Type) -> bool {
    match column_type {
        Type::Text => true,
        Type::Timestamptz => parse::timestamptz(text).is_some(),
        Type::Boolean => parse::boolean(text).is_some(),
        Type::Int => parse::bigint(text).is_some_and(|number| i32::try_from(number).is_ok()),
        Type::Numeric => parse::numeric(text).is_some(),
        Type::Jsonb | Type::TextArray => false,
    }
}

/// The keys of a JSONPath that only goes down: `$.result.code`, `$."odd key"[0]`. `None` for a path that does more.
pub fn path_keys(path: &str) -> Option<Vec<String>> {
    let mut rest = path.strip_prefix('$').filter(|rest| !rest.is_empty())?;
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let (key, is_key, after);
        if let Some(index) = rest.strip_prefix('[') {
            (key, after) = index.split_once(']')?;
            is_key = key.len() <= 9 && key.bytes().all(|byte| byte.is_ascii_digit());
        } else if let Some(quoted) = rest.strip_prefix(".\"") {
            (key, after) = quoted.split_once('"')?;
            is_key = !key.contains('\\');
        } else {
            let name = rest.strip_prefix('.')?;
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            (key, after) = name.split_at_checked(end)?;
            is_key = !key.starts_with(|c: char| c.is_ascii_digit());
        }
        if key.is_empty() || !is_key {
            return None;
        }
        keys.push(key.to_owned());
        rest = after;
    }
    Some(keys)
}
