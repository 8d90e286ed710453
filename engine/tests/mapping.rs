//! `mrcall.attach`'s mapping without a server: what is refused, and the SQL that the rest becomes.

use mrcall_engine::ErrorKind::{self, InvalidArgument, MalformedText};
use mrcall_engine::mapping::catalog::{LogicalTable, TABLES};
use mrcall_engine::mapping::columns::{Physical, SourceColumn, relations, source_columns};
use mrcall_engine::mapping::field_place::path_keys;
use mrcall_engine::mapping::field_sql::Fault;
use mrcall_engine::mapping::problem::{ProblemState, Resolved, first_problem};
use mrcall_engine::mapping::shape::Mapping;
use mrcall_engine::mapping::sql::{Type, array_literal, literal};

/// A mapping of calls.outcome.
fn outcome(field: &str) -> String {
    format!(r#"{{"calls": {{"columns": {{"outcome": {field}}}}}}}"#)
}

#[test]
fn mappings_of_another_form_are_refused_with_the_offending_key() {
    let field = |field: &str, kind: ErrorKind, message: &str| (outcome(field), kind, message.to_owned());
    let cases = [
        ("[]".to_owned(), InvalidArgument, "mapping is a JSON array, not an object".to_owned()),
        (r#""events""#.into(), InvalidArgument, "mapping is a JSON string, not an object".into()),
        ("null".into(), InvalidArgument, "mapping is a JSON null, not an object".into()),
        ("-1.50".into(), InvalidArgument, "mapping is a JSON number, not an object".into()),
        (r#"{"event": {}}"#.into(), InvalidArgument, r#"unknown logical table "event""#.into()),
        (r#"{"events": "web.hits"}"#.into(), InvalidArgument, r#"the mapping of "events" is not an object"#.into()),
        (
            r#"{"events": {"tabels": 7}}"#.into(),
            InvalidArgument,
            r#"unknown key "tabels" in the mapping of "events""#.into(),
        ),
        (
            r#"{"events": {"columns": ["sid"]}}"#.into(),
            InvalidArgument,
            r#"the mapping of "events" is not an object"#.into(),
        ),
        (
            r#"{"events": {"columns": null}}"#.into(),
            InvalidArgument,
            r#"the mapping of "events" is not an object"#.into(),
        ),
        (
            r#"{"events": {"columns": {"visitor": "sid"}}}"#.into(),
            InvalidArgument,
            r#"bad column "visitor" in the mapping of "events""#.into(),
        ),
        (
            r#"{"events": {"columns": {"visitor_id": 7}}}"#.into(),
            InvalidArgument,
            r#"bad column "visitor_id" in the mapping"#.into(),
        ),
        (r#"{"events": {"table": 7}}"#.into(), InvalidArgument, r#"bad table 7 in the mapping of "events""#.into()),
        (r#"{"events": {"table": ""}}"#.into(), InvalidArgument, r#"bad table "" in"#.into()),
        (r#"{"events": {"table": "a.b.c"}}"#.into(), InvalidArgument, r#"bad table "a.b.c" in"#.into()),
        (r#"{"events": {"table": "not; a table"}}"#.into(), InvalidArgument, r#"bad table "not; a table" in"#.into()),
        (r#"{"events": {"table": "\"\".a"}}"#.into(), InvalidArgument, "bad table".into()),
        field(
            "{}",
            InvalidArgument,
            r#"place 1 of the field "outcome" in the mapping of "calls" needs "path" or "constant", one of them"#,
        ),
        field("[]", InvalidArgument, r#"the field "outcome" in the mapping of "calls" names no place"#),
        field(
            r#"{"path": "$.a", "key": "b"}"#,
            InvalidArgument,
            r#"unknown key "key" in the field "outcome" in the mapping of "calls""#,
        ),
        field(r#"{"path": "$.a", "constant": "b"}"#, InvalidArgument, "place 1 of the field"),
        field(r#"["$.a", {}]"#, InvalidArgument, "place 2 of the field"),
        field(r#"{"path": []}"#, InvalidArgument, "bad path [] of the field"),
        field(r#"{"path": ["a", null]}"#, InvalidArgument, r#"bad path ["a", null] of the field"#),
        field(r#"{"path": 7}"#, InvalidArgument, "bad path 7 of the field"),
        field(r#"{"path": null}"#, InvalidArgument, "bad path null of the field"),
        field(r#"{"path": {"a": 1}}"#, InvalidArgument, r#"bad path {"a": 1} of the field"#),
        field(r#"{"path": "$.a", "fallback": null}"#, InvalidArgument, "names no place"),
        field(
            r#"{"path": "$.a", "fallback": [{"path": "$.b", "fallback": []}]}"#,
            InvalidArgument,
            r#"unknown key "fallback""#,
        ),
        field(
            r#"{"path": "$.a", "fallback": [{"constant": null}]}"#,
            InvalidArgument,
            "bad constant null in the field",
        ),
        field(r#"{"path": "$.a", "in": 7}"#, InvalidArgument, "bad document 7 of the field"),
        field(r#"{"path": "$.a", "in": null}"#, InvalidArgument, "bad document null of the field"),
        field(r#"{"path": "$.a", "type": "date"}"#, InvalidArgument, r#"unknown type "date" of the field"#),
        field(r#"{"path": "$.a", "type": null}"#, InvalidArgument, "unknown type null of the field"),
        field(r#"{"path": "$.a", "map": {}}"#, InvalidArgument, "bad map {} of the field"),
        field(r#"{"path": "$.a", "map": {"OK": null}}"#, InvalidArgument, r#"bad map {"OK": null} of the field"#),
        field(r#"{"path": "$.a", "map": {"a": "b"}, "type": "jsonb"}"#, InvalidArgument, "bad map"),
        (
            r#"{"calls": {"columns": {"ended_at": {"path": "$.a", "fallback": {"constant": "tomorrow"}}}}}"#.into(),
            MalformedText,
            r#"constant "tomorrow" of the field "ended_at" in the mapping of "calls" is not a timestamptz"#.into(),
        ),
        (
            r#"{"calls": {"columns": {"states": {"path": "$.a", "map": {"a": "b"}}}}}"#.into(),
            InvalidArgument,
            "bad map".into(),
        ),
        (r#"{"calls": {"columns": {"states": {"constant": "a"}}}}"#.into(), MalformedText, "is not a text[]".into()),
        (
            r#"{"templates": {"columns": {"trial_days": {"constant": 3000000000}}}}"#.into(),
            MalformedText,
            "is not a int".into(),
        ),
        // Deeper than a parser that recurses would go.
        (outcome(&format!("{}{}", "[".repeat(9_000), "]".repeat(9_000))), InvalidArgument, "place".into()),
    ];
    for (mapping, kind, message) in cases {
        let error = Mapping::parse(&mapping).expect_err(&mapping);
        assert_eq!(error.kind, kind, "{mapping}");
        assert!(error.message.contains(&message) || mapping.len() > 9_000, "{mapping}: {}", error.message);
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn names_of_tables_are_those_of_sql() {
    for name in ["hits", "web.hits", "Web.hits$2", r#"\"Web\".\"The Hits.\""#, "éa.b", "_x"] {
        assert!(Mapping::parse(&format!(r#"{{"events": {{"table": "{name}"}}}}"#)).is_ok(), "{name}");
    }
}

#[test]
fn paths_that_only_go_down_are_keys() {
    let cases: [(&str, Option<&[&str]>); 16] = [
        ("$.a", Some(&["a"])),
        ("$.result.code", Some(&["result", "code"])),
        (r#"$."odd key"[0].b_1"#, Some(&["odd key", "0", "b_1"])),
        ("$[12][3]", Some(&["12", "3"])),
        (r#"$."it's""#, Some(&["it's"])),
        ("$", None),
        ("", None),
        ("a", None),
        ("$.", None),
        ("$.1a", None),
        ("$.a[*]", None),
        ("$.a[1234567890]", None),
        ("$.a[]", None),
        (r#"$."a\"b""#, None),
        (r#"$."""#, None),
        ("$.a ? (@ > 1)", None),
    ];
    for (path, keys) in cases {
        assert_eq!(path_keys(path), keys.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect()), "{path}");
    }
}

#[test]
fn literals_mean_what_they_say() {
    assert_eq!(literal("it's"), "'it''s'");
    assert_eq!(literal(r"a\b'"), r"E'a\\b'''");
    let array =
        |elements: &[&str]| array_literal(&elements.iter().map(|element| (*element).to_owned()).collect::<Vec<_>>());
    assert_eq!(array(&["a", "b-1", "é"]), "'{a,b-1,é}'");
    assert_eq!(array(&["", "null", "a b", "a,b", "{", "it's"]), r#"'{"","null","a b","a,b","{",it''s}'"#);
    assert_eq!(array(&[r#"a"\"#]), r#"E'{"a\\"\\\\"}'"#);
}

/// The columns of a mapping over the reference table of calls.
fn calls(mapping: &str) -> Vec<SourceColumn> {
    let physical = r#"{"calls": {
        "data": {"quoted": "data", "is_document": true},
        "state_variables": {"quoted": "state_variables", "is_document": true},
        "Vars": {"quoted": "\"Vars\"", "is_document": true},
        "id": {"quoted": "id", "is_document": false},
        "from": {"quoted": "\"from\"", "is_document": false}}}"#;
    let mapping = Mapping::parse(mapping).expect("a mapping");
    let columns = source_columns(&mapping, &Physical::parse(physical).expect("columns"), 0).expect("sources");
    columns.into_iter().filter(|column| column.table.name == "calls").collect()
}

fn column<'a>(columns: &'a [SourceColumn], name: &str) -> &'a SourceColumn {
    columns.iter().find(|column| column.column.name == name).expect(name)
}

#[test]
fn fields_become_sql() {
    let cases = [
        ("ended_at", r#"{"path": "$.end"}"#, "mrcall_internal.field_timestamptz(data, '{end}')"),
        (
            "ended_at",
            r#"{"path": ["a", 0, -1], "in": "Vars", "type": "text"}"#,
            r#"mrcall_internal.field_timestamptz("Vars", '{a,0,-1}')"#,
        ),
        ("outcome", r#"{"path": "$.a"}"#, "(mrcall_internal.field(data, '{a}'))::pg_catalog.text"),
        ("answered", r#"{"path": "$.a"}"#, "mrcall_internal.field_boolean(data, '{a}')"),
        ("outcome", r#"{"constant": 12.50}"#, "('12.50'::pg_catalog.text)::pg_catalog.text"),
        (
            "ended_at",
            r#"["$.end", {"path": "$.ended", "type": "unix-seconds"}, {"path": "$.s", "type": "interval-seconds"}]"#,
            "CASE WHEN mrcall_internal.field(data, '{end}') IS NOT NULL THEN mrcall_internal.field_timestamptz(data, '{end}') \
             WHEN mrcall_internal.field(data, '{ended}') IS NOT NULL \
             THEN ('epoch'::pg_catalog.timestamptz + mrcall_internal.seconds(mrcall_internal.field(data, '{ended}'))) \
             WHEN mrcall_internal.field(data, '{s}') IS NOT NULL \
             THEN ((\"from\") + mrcall_internal.seconds(mrcall_internal.field(data, '{s}'))) END",
        ),
        (
            "outcome",
            r#"{"path": "$.a", "map": {"KO": "missed", "OK": "answered", "*": true}, "fallback": {"constant": "none"}}"#,
            "CASE WHEN mrcall_internal.field(data, '{a}') IS NOT NULL \
             THEN (CASE WHEN mrcall_internal.field(data, '{a}') IS NULL THEN NULL \
             WHEN mrcall_internal.field(data, '{a}') = 'KO' THEN 'missed' \
             WHEN mrcall_internal.field(data, '{a}') = 'OK' THEN 'answered' ELSE 'true' END)::pg_catalog.text \
             ELSE ('none'::pg_catalog.text)::pg_catalog.text END",
        ),
        (
            "outcome",
            r#"{"path": "$.who[*] ? (@ != null)"}"#,
            "((pg_catalog.jsonb_path_query_first(mrcall_internal.document(data), '$.who[*] ? (@ != null)', '{}', true) #>> '{}'))\
             ::pg_catalog.text",
        ),
        (
            "states",
            r#"{"path": "$.path[*]", "in": "state_variables"}"#,
            "mrcall_internal.text_items(pg_catalog.jsonb_path_query_array(mrcall_internal.document(state_variables), \
             '$.path[*]', '{}', true))",
        ),
        (
            "outcome",
            r#"{"path": "$.n", "type": "numeric"}"#,
            "(mrcall.try_numeric(mrcall_internal.field(data, '{n}')))::pg_catalog.text",
        ),
    ];
    for (name, field, sql) in cases {
        let mapping = format!(r#"{{"calls": {{"columns": {{"started_at": "from", "{name}": {field}}}}}}}"#);
        let columns = calls(&mapping);
        assert_eq!(column(&columns, name).sql.as_deref(), Some(sql), "{field}");
        assert_eq!(column(&columns, name).source, field);
    }
}

#[test]
fn doctor_is_told_what_to_ask_of_a_field() {
    let columns = calls(&outcome(r#"["$.a", {"path": "$.b", "map": {"*": "x"}}, {"constant": "y"}]"#));
    let field = column(&columns, "outcome");
    let said = "COALESCE(mrcall_internal.field(data, '{a}'), mrcall_internal.field(data, '{b}'))";
    assert_eq!(field.said.as_deref(), Some(said));
    let is_shape = "CASE WHEN mrcall_internal.field(data, '{a}') IS NOT NULL \
                    THEN pg_catalog.jsonb_typeof((mrcall_internal.document(data) #> '{a}')) \
                    WHEN mrcall_internal.field(data, '{b}') IS NOT NULL THEN NULL END IN ('object', 'array')";
    assert_eq!(field.is_shape.as_deref(), Some(is_shape));
    let constant = calls(&outcome(r#"[{"constant": "y"}, {"constant": "z"}]"#));
    assert_eq!(column(&constant, "outcome").sql.as_deref(), Some("('y'::pg_catalog.text)::pg_catalog.text"));
    assert_eq!(column(&constant, "outcome").said, None);
}

#[test]
fn fields_that_fit_no_column_say_why() {
    let fault =
        |field: &str| column(&calls(&outcome(field)), "outcome").fault.as_ref().map(|fault| format!("{fault:?}"));
    let no_column = |name: &str| Some(format!("{:?}", Fault::NoDocument(format!("there is no JSONB column {name}"))));
    assert_eq!(fault(r#"{"path": "$.a", "in": "documents"}"#), no_column("\"documents\""));
    assert_eq!(fault(r#"{"path": "$.a", "in": "id"}"#), no_column("\"id\""));
    let unix = fault(r#"{"path": "$.a", "type": "unix-seconds"}"#);
    assert!(unix.is_some_and(|fault| fault.contains("a field of type unix-seconds does not become a text")));
    let mapping = Mapping::parse(r#"{"businesses": {"columns": {"owner": {"path": "$.a"}}}}"#).expect("a mapping");
    let columns = source_columns(&mapping, &Physical::default(), 0).expect("sources");
    let owner = columns
        .iter()
        .find(|column| (column.table.name, column.column.name) == ("businesses", "owner"))
        .expect("owner");
    assert_eq!(owner.fault, Some(Fault::NoDocument("there is no JSONB column to read by default".into())));
}

#[test]
fn defaults_follow_a_mapping() {
    let columns = calls(r#"{"calls": {"columns": {"outcome": "from", "data": null}}}"#);
    assert_eq!(column(&columns, "transferred").sql.as_deref(), Some(r#"("from") = 'transferred'"#));
    assert_eq!(column(&columns, "transferred").source, r#""(\"from\") = 'transferred'""#);
    let caller = "(mrcall_internal.field(NULL::pg_catalog.jsonb, '{caller}'))::pg_catalog.text";
    assert_eq!(column(&columns, "caller").sql.as_deref(), Some(caller));
    let none = calls(r#"{"calls": {"columns": {"outcome": null}}}"#);
    assert_eq!(column(&none, "transferred").sql.as_deref(), Some("NULL::text = 'transferred'"));
    // A mapped text keeps its braces.
    let own = calls(r#"{"calls": {"columns": {"transferred": "data#>>'{outcome}'"}}}"#);
    assert_eq!(column(&own, "transferred").sql.as_deref(), Some("data#>>'{outcome}'"));
    let left_out = calls(r#"{"calls": {"table": null}}"#);
    assert_eq!(column(&left_out, "call_id").relation, None);
}

/// The tables that a mapping gives a logical table.
fn tables(mapping: &str, table: &str) -> Vec<String> {
    relations(&Mapping::parse(mapping).expect(mapping), LogicalTable::named(table).expect(table))
}

#[test]
fn rows_may_lie_in_several_tables() {
    let mapping = r#"{"events": {"tables": ["s1.hits", "public.\"Hits\""], "columns": {"visitor_id": "sid"}},
                      "calls": {"tables": ["s1.sessions"]}}"#;
    assert_eq!(tables(mapping, "events"), ["s1.hits", "public.\"Hits\""]);
    assert_eq!(tables(mapping, "calls"), ["s1.sessions"]);
    assert_eq!(tables(mapping, "contacts"), ["public.contact"]);
    let mapping = Mapping::parse(mapping).expect("a mapping");
    let spread = |name| mapping.table(name).is_some_and(|table| table.is_spread);
    assert_eq!([spread("events"), spread("calls"), spread("contacts")], [true, true, false]);
    // Each by its own columns; of a number that no table has, there are none.
    let columns = |part| source_columns(&mapping, &Physical::default(), part).expect("sources");
    assert!(columns(0).len() > 80);
    assert!(columns(1).iter().all(|column| column.relation.as_deref() == Some("public.\"Hits\"")));
    assert_eq!(columns(1).len(), LogicalTable::named("events").expect("events").columns.len());
    assert!(columns(2).is_empty());
}

#[test]
fn a_schema_stands_for_all_tables_that_are_not_named() {
    let mapping = r#"{"schema": "\"Far away\"", "events": {"columns": {}}, "calls": {"table": "public.calls"}, "phones": {"table": null}}"#;
    assert_eq!(tables(mapping, "events"), ["\"Far away\".website_events"]);
    assert_eq!(tables(mapping, "contacts"), ["\"Far away\".contact"]);
    assert_eq!(tables(mapping, "calls"), ["public.calls"]);
    assert!(tables(mapping, "phones").is_empty());
}

#[test]
fn tables_and_schemas_of_another_form_are_refused() {
    let refused = |mapping: &str| Mapping::parse(mapping).expect_err(mapping).message;
    for tables in ["[]", "null", "\"a\"", "[1]", "[null]", "[\"\"]", "[\"a.b.c\"]", "{}", "[\"s.a\", [\"s.b\"]]"] {
        let message = refused(&format!(r#"{{"events": {{"tables": {tables}}}}}"#));
        assert_eq!(message, format!("bad tables {tables} in the mapping of \"events\""));
    }
    let twice = refused(r#"{"events": {"tables": ["s.a", "s.b", "s.a"]}}"#);
    assert!(twice.ends_with(": s.a is there twice"), "{twice}");
    let both = refused(r#"{"events": {"table": null, "tables": ["s.a"]}}"#);
    assert_eq!(both, "the mapping of \"events\" has both \"table\" and \"tables\"");
    let names: Vec<_> = (0..101).map(|nr| format!("\"s.t{nr}\"")).collect();
    let many = refused(&format!(r#"{{"events": {{"tables": [{}]}}}}"#, names.join(",")));
    assert_eq!(many, "101 tables in the mapping of \"events\", more than 100");
    for schema in ["null", "1", "\"\"", "\"a.b\"", "[\"a\"]", "{}", "\"a b\"", "\"a; DROP TABLE b\""] {
        assert_eq!(refused(&format!(r#"{{"schema": {schema}}}"#)), format!("bad schema {schema} in the mapping"));
    }
}

#[test]
fn json_paths_are_for_the_server() {
    let mapping = Mapping::parse(&outcome(r#"["$.a", "$.b[*]", "", ["x"]]"#)).expect("a mapping");
    assert_eq!(mapping.json_paths().collect::<Vec<_>>(), [("calls", "outcome", "$.b[*]"), ("calls", "outcome", "")]);
}

#[test]
fn catalogue_is_whole() {
    for table in TABLES {
        assert!(table.column(table.key).is_some(), "{}", table.name);
        assert_eq!(LogicalTable::named(table.name).map(|found| found.relation), Some(table.relation));
        for (nr, column) in table.columns.iter().enumerate() {
            assert!(!column.what.is_empty() && !column.what.ends_with('.'));
            assert_eq!(table.columns.iter().position(|other| other.name == column.name), Some(nr));
            assert_eq!(Type::named(column.column_type.name()), Some(column.column_type));
        }
    }
    assert!(source_columns(&Mapping::default(), &Physical::default(), 0).is_ok_and(|columns| columns.len() > 80));
}

#[test]
fn one_error_names_all_that_is_missing() {
    let row = |name: &str, expression: &str, state: ProblemState| Resolved {
        logical_table: "calls".into(),
        wanted_relation: Some("public.sessions".into()),
        name: name.into(),
        column_type: "text".into(),
        expression: Some(expression.into()),
        found_type: None,
        state,
        problem: Some("said".into()),
    };
    assert_eq!(first_problem(&[row("caller", "caller", ProblemState::Ok)], "me"), None);
    let rows = [row("language", "a + b", ProblemState::NoColumn), row("caller", "caller", ProblemState::NoColumn)];
    let problem = first_problem(&rows, "me").expect("a problem");
    assert_eq!(problem.message, r#"column "caller" of public.sessions for "calls.caller" does not exist"#);
    assert_eq!(problem.detail, "calls.language needs a + b; calls.caller needs caller.\nsaid.");
    assert!(problem.hint.ends_with(
        r#"ADD COLUMN caller text; or do without: SELECT mrcall.attach('{"calls": {"columns": {"language": null, "caller": null}}}');"#
    ));
    let problem = first_problem(&[rows[0].clone(), row("caller", "", ProblemState::NoTable)], "me").expect("a problem");
    assert_eq!((problem.state, problem.detail.as_str()), (ProblemState::NoTable, "Missing: public.sessions."));
}
