//! A field of a mapping: its places, as JSON has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::catalog::{LogicalColumn, LogicalTable};
use super::json::{Raw, keys, kind, present, read, scalar};
use super::sql::Type;
use crate::{Error, ErrorKind, Result, values};

const PATHS: &str = r#"Give a JSONPath such as "$.result.code", or its keys: ["result", "code"]."#;

/// One place of a field.
#[derive(Debug)]
pub struct FieldPlace {
    /// Where in the document, or a value in its stead.
    pub value: PlaceValue,
    /// The JSONB column; without it the usual one.
    pub document: Option<String>,
    /// How the value is read; without it as the column's type.
    pub reading: Option<FieldReading>,
    /// Other values for some; `*` is any other value.
    pub map: Option<BTreeMap<String, String>>,
}

/// Where a place has its value.
#[derive(Debug)]
pub enum PlaceValue {
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
pub enum FieldReading {
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

impl FieldReading {
    /// Its name in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::As(as_type) => as_type.name(),
            Self::Seconds(Since::Epoch) => "unix-seconds",
            Self::Seconds(Since::Start) => "interval-seconds",
        }
    }
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

/// Which column a field is read for.
pub struct FieldOf<'a> {
    /// Its table.
    pub table: &'a LogicalTable,
    /// The column.
    pub column: &'a LogicalColumn,
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
    pub fn parse(&self, json: &str) -> Result<Vec<FieldPlace>> {
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
    fn place<'j>(&self, nr: usize, inherited: PlaceKeys<'j>, json: &'j str) -> Result<FieldPlace> {
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

    fn place_of(&self, nr: usize, keys: PlaceKeys<'_>) -> Result<FieldPlace> {
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
        let reading: Option<FieldReading> = keys.r#type.map(reading).transpose()?;
        if let (PlaceValue::Constant { text, .. }, Some(json)) = (&value, keys.constant)
            && !parses(text, self.column.column_type)
        {
            let name = self.column.column_type.name();
            let what = format!("constant {json} of {{field}} is not a {name}");
            return Err(self.bad(ErrorKind::MalformedText, &what, format!("Give a value of type {name}.")));
        }
        let map = keys.map.map(|json| self.map(json, reading)).transpose()?;
        Ok(FieldPlace { value, document, reading, map })
    }

    fn path(&self, json: &RawValue) -> Result<PlaceValue> {
        if let Some(path) = read::<String>(json.get()) {
            return Ok(match path_keys(&path) {
                Some(keys) => PlaceValue::Keys(keys),
                None => PlaceValue::JsonPath(path),
            });
        }
        let key = |key: &&RawValue| scalar(key).filter(|_| matches!(kind(key.get()), "string" | "number"));
        let keys = read::<Vec<&RawValue>>(json.get()).and_then(|keys| keys.iter().map(key).collect::<Option<Vec<_>>>());
        keys.filter(|keys| !keys.is_empty())
            .map(PlaceValue::Keys)
            .ok_or_else(|| self.invalid(&format!("bad path {json} of {{field}}"), PATHS))
    }

    fn constant(&self, json: &RawValue) -> Result<PlaceValue> {
        let text = scalar(json).ok_or_else(|| {
            self.invalid(&format!("bad constant {json} in {{field}}"), "Give a text, a number, true or false.")
        })?;
        Ok(PlaceValue::Constant { text, json: json.get().to_owned() })
    }

    fn map(&self, json: &RawValue, reading: Option<FieldReading>) -> Result<BTreeMap<String, String>> {
        let is_document = |as_type| matches!(as_type, Type::Jsonb | Type::TextArray);
        let is_of_texts = !is_document(self.column.column_type)
            && !matches!(reading, Some(FieldReading::As(as_type)) if is_document(as_type));
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
        Type::Timestamptz => values::timestamptz(text).is_some(),
        Type::Boolean => values::boolean(text).is_some(),
        Type::Int => values::bigint(text).is_some_and(|number| i32::try_from(number).is_ok()),
        Type::Numeric => values::numeric(text).is_some(),
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
