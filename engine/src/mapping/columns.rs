//! A mapping with the reference schema's defaults filled in: the SQL of every logical column.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::catalog::{LogicalColumn, LogicalTable, TABLES};
use super::field_sql::{Documents, Fault, compile};
use super::shape::{Mapping, Meaning, Source};
use super::sql::Type;
use crate::{Error, Result};

/// The columns of the physical tables, by logical table and name.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Physical(BTreeMap<String, BTreeMap<String, PhysicalColumn>>);

/// A column of a physical table.
#[derive(Debug, Deserialize)]
pub struct PhysicalColumn {
    /// Its name as SQL writes it, quoted where it must be.
    pub quoted: String,
    /// Whether it is of type jsonb.
    pub is_document: bool,
}

/// A logical column as it is read from a source.
#[derive(Debug)]
pub struct SourceColumn {
    /// Its table.
    pub table: &'static LogicalTable,
    /// The physical table; `None` where it is left out.
    pub relation: Option<String>,
    /// The column.
    pub column: &'static LogicalColumn,
    /// What the mapping or the default has, as JSON, with `{column}` replaced.
    pub source: String,
    /// The column or expression; `None` where it is left out, or at fault.
    pub expression: Option<String>,
    /// The same as SQL, a column's name quoted where it must be.
    pub sql: Option<String>,
    /// See [`super::field_sql::Compiled`].
    pub said: Option<String>,
    /// See [`super::field_sql::Compiled`].
    pub is_shape: Option<String>,
    /// Why a field has no SQL.
    pub fault: Option<Fault>,
}

impl Physical {
    /// The physical columns that a JSON text lists, of the form `{"logical table": {"name": {"quoted", "is_document"}}}`.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|error| {
            Error::invalid(format!("invalid list of columns: {error}"), "It is what mapped_columns reads.")
        })
    }
}

/// The physical tables of a logical one; none where it is left out.
pub fn relations(mapping: &Mapping, table: &LogicalTable) -> Vec<String> {
    match mapping.table(table.name).and_then(|mapped| mapped.tables.as_ref()) {
        Some(relations) => relations.clone(),
        None => vec![match (&mapping.schema, table.relation.split_once('.')) {
            (Some(schema), Some((_, name))) => format!("{schema}.{name}"),
            _ => table.relation.to_owned(),
        }],
    }
}

/// Every logical column, in the order of the catalogue, as it is read from the table of this number, from 0, of each logical table.
/// Logical tables without one have no columns here, but for number 0.
pub fn source_columns(mapping: &Mapping, physical: &Physical, part: usize) -> Result<Vec<SourceColumn>> {
    let mut columns = Vec::new();
    for table in TABLES {
        let relation = relations(mapping, table).into_iter().nth(part);
        if part == 0 || relation.is_some() {
            columns.extend(table_columns(mapping, physical, table, relation.as_deref())?);
        }
    }
    Ok(columns)
}

/// A column before its table's others are looked at.
struct Base<'a> {
    column: &'static LogicalColumn,
    source: &'a Source,
    is_mapped: bool,
    /// Its expression inside another one, where a column's name may need quotes; `None` for fields.
    inner: Option<&'a str>,
}

fn table_columns(
    mapping: &Mapping,
    physical: &Physical,
    table: &'static LogicalTable,
    relation: Option<&str>,
) -> Result<Vec<SourceColumn>> {
    let no_columns = BTreeMap::new();
    let physical = physical.0.get(table.name).unwrap_or(&no_columns);
    let mapped = |column: &LogicalColumn| mapping.table(table.name).and_then(|mapped| mapped.columns.get(column.name));
    let defaults = table.columns.iter().map(|column| Source::default_of(table, column)).collect::<Result<Vec<_>>>()?;
    let bases: Vec<_> = table
        .columns
        .iter()
        .zip(&defaults)
        .map(|(column, default)| {
            let source = mapped(column).unwrap_or(default);
            let inner = match &source.meaning {
                Meaning::Expression(text) => Some(physical.get(text).map_or(text.as_str(), |column| &column.quoted)),
                _ => None,
            };
            Base { column, source, is_mapped: mapped(column).is_some(), inner }
        })
        .collect();
    let documents = documents(&bases, physical);
    let compiled: Vec<_> = bases
        .iter()
        .map(|base| {
            let mut made = SourceColumn {
                table,
                relation: relation.map(str::to_owned),
                column: base.column,
                source: base.source.json.clone(),
                expression: None,
                sql: base.inner.map(str::to_owned),
                said: None,
                is_shape: None,
                fault: None,
            };
            match &base.source.meaning {
                Meaning::Nothing => (),
                Meaning::Expression(text) => made.expression = Some(text.clone()),
                Meaning::Field(places) => match compile(places, base.column.column_type, &documents) {
                    Ok(field) => {
                        (made.sql, made.said, made.is_shape) = (Some(field.expression), field.said, field.is_shape);
                        made.expression.clone_from(&made.sql);
                    }
                    Err(fault) => made.fault = Some(fault),
                },
            }
            made
        })
        .collect();
    // {column} in the defaults; a mapping may have braces of its own, as in data#>>'{result,code}'.
    let replaced = bases.iter().map(|base| {
        let Meaning::Expression(text) = &base.source.meaning else { return None };
        bases.iter().zip(&compiled).filter(|_| !base.is_mapped).find_map(|(other, made)| {
            let placeholder = format!("{{{}}}", other.column.name);
            let expression = match other.inner.or(made.expression.as_deref()) {
                Some(expression) => format!("({expression})"),
                None => format!("NULL::{}", other.column.column_type.name()),
            };
            text.contains(&placeholder).then(|| text.replace(&placeholder, &expression))
        })
    });
    let replaced: Vec<_> = replaced.collect();
    Ok(compiled
        .into_iter()
        .zip(replaced)
        .map(|(made, replaced)| match replaced {
            None => made,
            Some(text) => {
                let source = Source::expression(text.clone()).json;
                SourceColumn { source, expression: Some(text.clone()), sql: Some(text), ..made }
            }
        })
        .collect())
}

/// Where fields may be: JSONB columns of the table by their names, over them the logical table's own.
fn documents<'a>(bases: &[Base<'a>], physical: &'a BTreeMap<String, PhysicalColumn>) -> Documents<'a> {
    let own = physical.iter().filter(|(_, column)| column.is_document);
    let mut by_name: BTreeMap<_, _> = own.map(|(name, column)| (name.as_str(), column.quoted.clone())).collect();
    let logical: Vec<_> = bases.iter().filter(|base| base.column.column_type == Type::Jsonb).collect();
    for base in &logical {
        if !matches!(base.source.meaning, Meaning::Field(_)) {
            by_name.insert(base.column.name, base.inner.unwrap_or("NULL::pg_catalog.jsonb").to_owned());
        }
    }
    let names = || logical.iter().map(|base| base.column.name);
    Documents {
        by_name,
        usual: names().find(|name| *name == "data").or_else(|| names().max()),
        started: bases.iter().find(|base| base.column.name == "started_at").and_then(|base| base.inner),
    }
}
