//! Pieces of SQL: literals, and the casts that bring a source's values to the fixed types.

use core::fmt::Write;

use serde::Deserialize;

/// The fixed type of a logical column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// `text`.
    Text,
    /// `timestamptz`.
    Timestamptz,
    /// `boolean`.
    Boolean,
    /// `int`.
    Int,
    /// `numeric`.
    Numeric,
    /// `jsonb`.
    Jsonb,
    /// `text[]`.
    #[serde(rename = "text[]")]
    TextArray,
}

impl Type {
    const ALL: [Self; 7] =
        [Self::Text, Self::Timestamptz, Self::Boolean, Self::Int, Self::Numeric, Self::Jsonb, Self::TextArray];

    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Timestamptz => "timestamptz",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Numeric => "numeric",
            Self::Jsonb => "jsonb",
            Self::TextArray => "text[]",
        }
    }

    /// Its name as `pg_typeof` says it.
    fn server_name(self) -> &'static str {
        match self {
            Self::Timestamptz => "timestamp with time zone",
            Self::Int => "integer",
            other => other.name(),
        }
    }

    /// The expression that brings one of another column type to this one; `None` where there is none.
    pub(super) fn cast_from(self, expression: &str, from: Self) -> Option<String> {
        self.cast(expression, from.server_name())
    }

    /// The expression that brings a value of the server's type `from` to this type; `None` where there is none.
    pub fn cast(self, expression: &str, from: &str) -> Option<String> {
        Some(match (self, from) {
            (
                Self::Text,
                "text" | "character varying" | "character" | "uuid" | "name" | "smallint" | "integer" | "bigint"
                | "numeric" | "boolean" | "\"char\"" | "unknown" | "inet" | "citext",
            ) => format!("({expression})::pg_catalog.text"),
            (Self::Timestamptz, "timestamp with time zone") | (Self::Boolean, "boolean") => format!("({expression})"),
            (Self::Timestamptz, "date") => format!("(({expression})::pg_catalog.timestamp AT TIME ZONE 'UTC')"),
            (Self::Timestamptz | Self::Boolean | Self::Numeric, "text" | "character varying") => {
                format!("mrcall.try_{}({expression})", self.name())
            }
            (Self::Int, "smallint" | "integer") => format!("({expression})::pg_catalog.int4"),
            (Self::Int, "text" | "character varying" | "bigint") => {
                format!("mrcall.try_int(({expression})::pg_catalog.text)")
            }
            (Self::Numeric, "smallint" | "integer" | "bigint" | "numeric") => {
                format!("({expression})::pg_catalog.numeric")
            }
            (Self::Jsonb, "jsonb" | "json") => format!("({expression})::pg_catalog.jsonb"),
            (Self::TextArray, "text[]" | "character varying[]" | "uuid[]") => {
                format!("({expression})::pg_catalog.text[]")
            }
            _ => return None,
        })
    }
}

/// A text as a literal that means the same under any setting, as the server's quote_literal writes it.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// The literal of a text[], its elements quoted where the server quotes them.
pub fn array_literal(elements: &[String]) -> String {
    let mut text = String::from("{");
    for (nr, element) in elements.iter().enumerate() {
        text.push_str(if nr > 0 { "," } else { "" });
        let is_special = |c: char| matches!(c, '{' | '}' | '"' | '\\' | ',' | ' ' | '\t'..='\r');
        if element.is_empty() || element.eq_ignore_ascii_case("null") || element.contains(is_special) {
            let _ = write!(text, "\"{}\"", element.replace('\\', "\\\\").replace('"', "\\\""));
        } else {
            text.push_str(element);
        }
    }
    text.push('}');
    literal(&text)
}
