//! The language of the reports, `mrcall_sql`. A function's body is a sequence of SELECTs:
//!
//! * The columns of each but the last are values for those behind it, by their names, beside the arguments. The planner takes all
//!   of them for constants, so that it prunes chunks and chooses indexes by them.
//! * The last one's rows, or the value of its only row, are the result. `EXECUTE name` stands for the SELECT that the value of this
//!   name has as text.
//!
//! Names and operators of the body are looked up in `pg_catalog` alone, but it is planned and run with the caller's own
//! `search_path`: what the host's policies, views and mapped expressions call sees the path that it was written for. An error has
//! one line of context from here, the name of the report; the first of several statements checks arguments, and what goes wrong
//! there says nothing of its inside.
//!
//! All of this file is as C would have it: only plain values on the stack, and the server's functions called bare, because its
//! errors jump over these frames. Caught and raised anew they would lose their context.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr::null_mut;

use mrcall_engine::{Error, ErrorKind};
use pgrx::{PgLogLevel, pg_sys, pgrx_extern_c_guard};

use super::{ballast, remote_error};
use crate::error::report;

/// The most arguments and values of a function.
const MOST: usize = 96;

/// What is pinned while the body is read: its meaning must not depend on the session.
const PINNED: [(&CStr, &CStr); 3] = [
    (c"search_path", c"pg_catalog, pg_temp"),
    (c"standard_conforming_strings", c"on"),
    (c"transform_null_equals", c"off"),
];

/// The server's `SQLFunctionParseInfo`: how the names of a function's arguments are found.
#[repr(C)]
struct Names {
    function: *mut c_char,
    count: c_int,
    types: *mut pg_sys::Oid,
    names: *mut *mut c_char,
    collation: pg_sys::Oid,
}

unsafe extern "C-unwind" {
    fn AtEOXact_GUC(is_commit: bool, level: c_int);
    fn AllocSetContextCreateInternal(
        parent: pg_sys::MemoryContext,
        name: *const c_char,
        least: usize,
        first: usize,
        most: usize,
    ) -> pg_sys::MemoryContext;
    fn CreateDestReceiver(dest: pg_sys::CommandDest::Type) -> *mut pg_sys::DestReceiver;
    fn CreateQueryDesc(
        plan: *mut pg_sys::PlannedStmt,
        source: *const c_char,
        snapshot: pg_sys::Snapshot,
        crosscheck: pg_sys::Snapshot,
        dest: *mut pg_sys::DestReceiver,
        params: pg_sys::ParamListInfo,
        environment: *mut pg_sys::QueryEnvironment,
        options: c_int,
    ) -> *mut pg_sys::QueryDesc;
    fn CreateTupleDescCopy(descriptor: pg_sys::TupleDesc) -> pg_sys::TupleDesc;
    fn ExecutorEnd(query: *mut pg_sys::QueryDesc);
    fn ExecutorFinish(query: *mut pg_sys::QueryDesc);
    #[cfg(not(feature = "pg18"))]
    fn ExecutorRun(query: *mut pg_sys::QueryDesc, direction: pg_sys::ScanDirection::Type, count: u64, once: bool);
    #[cfg(feature = "pg18")]
    fn ExecutorRun(query: *mut pg_sys::QueryDesc, direction: pg_sys::ScanDirection::Type, count: u64);
    fn ExecutorStart(query: *mut pg_sys::QueryDesc, flags: c_int);
    fn FreeQueryDesc(query: *mut pg_sys::QueryDesc);
    fn GetActiveSnapshot() -> pg_sys::Snapshot;
    fn InitMaterializedSRF(info: pg_sys::FunctionCallInfo, flags: u32);
    fn MakeSingleTupleTableSlot(
        descriptor: pg_sys::TupleDesc,
        operations: *const pg_sys::TupleTableSlotOps,
    ) -> *mut pg_sys::TupleTableSlot;
    fn MemoryContextDelete(context: pg_sys::MemoryContext);
    fn NewGUCNestLevel() -> c_int;
    fn ReleaseSysCache(tuple: pg_sys::HeapTuple);
    fn SearchSysCache1(cache: c_int, key: pg_sys::Datum) -> pg_sys::HeapTuple;
    fn SetTuplestoreDestReceiverParams(
        dest: *mut pg_sys::DestReceiver,
        store: *mut pg_sys::Tuplestorestate,
        context: pg_sys::MemoryContext,
        detoast: bool,
        target: pg_sys::TupleDesc,
        failure: *const c_char,
    );
    fn SysCacheGetAttr(
        cache: c_int,
        tuple: pg_sys::HeapTuple,
        attribute: pg_sys::AttrNumber,
        is_null: *mut bool,
    ) -> pg_sys::Datum;
    fn check_stack_depth();
    fn datumCopy(value: pg_sys::Datum, by_value: bool, length: c_int) -> pg_sys::Datum;
    fn errcontext_msg(format: *const c_char, ...) -> c_int;
    fn exprType(expression: *const pg_sys::Node) -> pg_sys::Oid;
    fn get_func_input_arg_names(names: pg_sys::Datum, modes: pg_sys::Datum, arg_names: *mut *mut *mut c_char) -> c_int;
    fn get_func_name(function: pg_sys::Oid) -> *mut c_char;
    fn get_func_namespace(function: pg_sys::Oid) -> pg_sys::Oid;
    fn get_func_retset(function: pg_sys::Oid) -> bool;
    fn get_func_signature(function: pg_sys::Oid, types: *mut *mut pg_sys::Oid, count: *mut c_int) -> pg_sys::Oid;
    fn get_namespace_name(namespace: pg_sys::Oid) -> *mut c_char;
    fn get_typlenbyval(of_type: pg_sys::Oid, length: *mut i16, by_value: *mut bool);
    fn makeParamList(count: c_int) -> pg_sys::ParamListInfo;
    fn pg_analyze_and_rewrite_withcb(
        tree: *mut pg_sys::RawStmt,
        source: *const c_char,
        setup: pg_sys::ParserSetupHook,
        setup_arg: *mut c_void,
        environment: *mut pg_sys::QueryEnvironment,
    ) -> *mut pg_sys::List;
    fn pg_detoast_datum(value: *mut pg_sys::varlena) -> *mut pg_sys::varlena;
    fn pg_parse_query(source: *const c_char) -> *mut pg_sys::List;
    fn pg_plan_query(
        query: *mut pg_sys::Query,
        source: *const c_char,
        options: c_int,
        params: pg_sys::ParamListInfo,
    ) -> *mut pg_sys::PlannedStmt;
    fn set_config_option(
        name: *const c_char,
        value: *const c_char,
        context: pg_sys::GucContext::Type,
        source: pg_sys::GucSource::Type,
        action: pg_sys::GucAction::Type,
        change: bool,
        level: c_int,
        is_reload: bool,
    ) -> c_int;
    fn slot_getsomeattrs_int(slot: *mut pg_sys::TupleTableSlot, count: c_int);
    fn sql_fn_parser_setup(state: *mut pg_sys::ParseState, names: *mut c_void);
    fn text_to_cstring(text: *const pg_sys::varlena) -> *mut c_char;
    fn tuplestore_begin_heap(random: bool, across: bool, kilobytes: c_int) -> *mut pg_sys::Tuplestorestate;
    fn tuplestore_end(store: *mut pg_sys::Tuplestorestate);
    fn tuplestore_gettupleslot(
        store: *mut pg_sys::Tuplestorestate,
        forward: bool,
        copy: bool,
        slot: *mut pg_sys::TupleTableSlot,
    ) -> bool;
}

/// What a running function knows: its arguments, then the values of its statements.
struct Run {
    info: pg_sys::FunctionCallInfo,
    function: *mut c_char,
    result: pg_sys::Oid,
    is_set: bool,
    count: usize,
    names: [*mut c_char; MOST],
    types: [pg_sys::Oid; MOST],
    values: [pg_sys::NullableDatum; MOST],
    /// The value of the last statement, where the result is no set.
    answer: pg_sys::NullableDatum,
}

/// What is wrong with a body: the error of who wrote it.
fn wrong(what: &'static str) -> ! {
    // SAFETY: nothing with a destructor is on the stack of this file.
    unsafe {
        pgrx_extern_c_guard(|| {
            let hint = "Look at the function in sql/install.";
            report(Error::new(ErrorKind::NotPossible, format!("a function in mrcall_sql {what}"), hint))
                .report(PgLogLevel::ERROR);
        });
    }
    unreachable!()
}

/// The line of context: `arg` is what to say, NULL where a report is around that says it.
unsafe extern "C-unwind" fn say(arg: *mut c_void) {
    // SAFETY: the server calls this while it makes an error; the text lives as long as the call that put it there.
    unsafe {
        remote_error::name_server();
        if !arg.is_null() {
            errcontext_msg(c"report mrcall.%s".as_ptr(), arg.cast::<c_char>());
        }
    }
}

unsafe extern "C-unwind" fn find_names(state: *mut pg_sys::ParseState, names: *mut c_void) {
    // SAFETY: the server passes on what analyze gave it.
    unsafe { sql_fn_parser_setup(state, names) }
}

/// # Safety
/// Every function of the list is called with the memory current that is to hold what it makes.
unsafe fn element<T>(list: *mut pg_sys::List, index: usize) -> *mut T {
    // SAFETY: the caller has looked at the length.
    unsafe { (*(*list).elements.add(index)).ptr_value.cast() }
}

unsafe fn length(list: *mut pg_sys::List) -> usize {
    // SAFETY: NIL or a list of the server's.
    unsafe { list.as_ref() }.map_or(0, |list| usize::try_from(list.length).unwrap_or_default())
}

/// Pins what the meaning of a text depends on, until the level that this returns is left.
unsafe fn pin() -> c_int {
    // SAFETY: settings that every user may change, changed until the level ends, with this statement at the latest.
    unsafe {
        let level = NewGUCNestLevel();
        for (name, value) in PINNED {
            set_config_option(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
        level
    }
}

impl Run {
    /// Reads the declaration of the function that is called, and its arguments; returns its body.
    unsafe fn begin(&mut self) -> *mut c_char {
        // SAFETY: the server calls a function of this language with its own call info.
        unsafe {
            let oid = (*(*self.info).flinfo).fn_oid;
            let cache = pg_sys::SysCacheIdentifier::PROCOID as c_int;
            let tuple = SearchSysCache1(cache, oid.into());
            if tuple.is_null() {
                wrong("is not there");
            }
            let mut is_null = false;
            let attribute =
                |number: u32, is_null: &mut bool| SysCacheGetAttr(cache, tuple, number as pg_sys::AttrNumber, is_null);
            let body = attribute(pg_sys::Anum_pg_proc_prosrc, &mut is_null);
            let body = text_to_cstring(pg_detoast_datum(body.cast_mut_ptr()));
            let names = attribute(pg_sys::Anum_pg_proc_proargnames, &mut is_null);
            let mut no_modes = false;
            let modes = attribute(pg_sys::Anum_pg_proc_proargmodes, &mut no_modes);
            let mut found: *mut *mut c_char = null_mut();
            let named = if is_null {
                0
            } else {
                let modes = if no_modes { pg_sys::Datum::null() } else { modes };
                get_func_input_arg_names(names, modes, &mut found)
            };
            ReleaseSysCache(tuple);
            let (mut types, mut count) = (null_mut(), 0);
            self.result = get_func_signature(oid, &mut types, &mut count);
            self.is_set = get_func_retset(oid);
            self.function = get_func_name(oid);
            for i in 0..usize::try_from(count).unwrap_or_default() {
                let name = if i < usize::try_from(named).unwrap_or_default() { *found.add(i) } else { null_mut() };
                self.add(name, *types.add(i), *(*self.info).args.as_ptr().add(i));
            }
            body
        }
    }

    fn add(&mut self, name: *mut c_char, of_type: pg_sys::Oid, value: pg_sys::NullableDatum) {
        if self.count == MOST {
            wrong("has too many values");
        }
        (self.names[self.count], self.types[self.count], self.values[self.count]) = (name, of_type, value);
        self.count += 1;
    }

    /// The text that a value has.
    unsafe fn text_of(&self, name: *const c_char) -> *mut c_char {
        // SAFETY: names are NUL-terminated; a value of the type text is one.
        unsafe {
            for i in (0..self.count).rev() {
                let is_it = !self.names[i].is_null() && CStr::from_ptr(self.names[i]) == CStr::from_ptr(name);
                if is_it && self.types[i] == pg_sys::TEXTOID && !self.values[i].isnull {
                    return text_to_cstring(pg_detoast_datum(self.values[i].value.cast_mut_ptr()));
                }
            }
        }
        wrong("executes what is no text")
    }

    /// A statement as a query: all its names are found in the pinned path.
    unsafe fn analyze(
        &mut self,
        mut statement: *mut pg_sys::RawStmt,
        source: &mut *const c_char,
    ) -> *mut pg_sys::Query {
        // SAFETY: a statement of the parser's; the arrays live until the query is made.
        unsafe {
            let level = pin();
            if (*(*statement).stmt).type_ == pg_sys::NodeTag::T_ExecuteStmt {
                *source = self.text_of((*(*statement).stmt.cast::<pg_sys::ExecuteStmt>()).name);
                let statements = pg_parse_query(*source);
                if length(statements) != 1 {
                    wrong("executes other than one statement");
                }
                statement = element(statements, 0);
            }
            let mut names = Names {
                function: self.function,
                count: self.count as c_int,
                types: self.types.as_mut_ptr(),
                names: self.names.as_mut_ptr(),
                collation: (*self.info).fncollation,
            };
            let queries = pg_analyze_and_rewrite_withcb(
                statement,
                *source,
                Some(find_names),
                (&raw mut names).cast(),
                null_mut(),
            );
            AtEOXact_GUC(true, level);
            if length(queries) != 1
                || (*element::<pg_sys::Query>(queries, 0)).commandType != pg_sys::CmdType::CMD_SELECT
            {
                wrong("has a statement that is no SELECT");
            }
            element(queries, 0)
        }
    }

    /// Plans and runs a statement with the caller's settings.
    unsafe fn step(&mut self, statement: *mut pg_sys::RawStmt, mut source: *const c_char, is_last: bool) {
        // SAFETY: the server's own way of running a query, as its SQL functions do; all that it makes is in the memory of the call.
        unsafe {
            let query = self.analyze(statement, &mut source);
            let params = makeParamList(self.count as c_int);
            for i in 0..self.count {
                let param = (*params).params.as_mut_ptr().add(i);
                (*param).value = self.values[i].value;
                (*param).isnull = self.values[i].isnull;
                (*param).pflags = pg_sys::PARAM_FLAG_CONST as u16;
                (*param).ptype = self.types[i];
            }
            let plan = pg_plan_query(query, source, pg_sys::CURSOR_OPT_PARALLEL_OK as c_int, params);
            let dest = CreateDestReceiver(pg_sys::CommandDest::DestTuplestore);
            let to_caller = is_last && self.is_set;
            let (store, target) = if to_caller {
                let info = (*self.info).resultinfo.cast::<pg_sys::ReturnSetInfo>();
                let is_known = !info.is_null() && !(*info).expectedDesc.is_null();
                InitMaterializedSRF(self.info, if is_known { pg_sys::MAT_SRF_USE_EXPECTED_DESC } else { 0 });
                ((*info).setResult, (*info).setDesc)
            } else {
                (tuplestore_begin_heap(false, false, pg_sys::work_mem), null_mut())
            };
            SetTuplestoreDestReceiverParams(
                dest,
                store,
                pg_sys::CurrentMemoryContext,
                false,
                target,
                c"structure of query does not match function result type".as_ptr(),
            );
            let desc = CreateQueryDesc(plan, source, GetActiveSnapshot(), null_mut(), dest, params, null_mut(), 0);
            ExecutorStart(desc, 0);
            #[cfg(not(feature = "pg18"))]
            ExecutorRun(desc, pg_sys::ScanDirection::ForwardScanDirection, 0, true);
            #[cfg(feature = "pg18")]
            ExecutorRun(desc, pg_sys::ScanDirection::ForwardScanDirection, 0);
            ExecutorFinish(desc);
            let descriptor = CreateTupleDescCopy((*desc).tupDesc);
            ExecutorEnd(desc);
            FreeQueryDesc(desc);
            if !to_caller {
                self.take(plan, store, descriptor, is_last);
            }
        }
    }

    /// The columns of the first row: the answer, or values for the statements that follow. Without a row all are NULL.
    unsafe fn take(
        &mut self,
        plan: *mut pg_sys::PlannedStmt,
        store: *mut pg_sys::Tuplestorestate,
        descriptor: pg_sys::TupleDesc,
        is_last: bool,
    ) {
        // SAFETY: the row is copied into the slot, which lives as long as the call; it has the columns of the target list.
        unsafe {
            let slot = MakeSingleTupleTableSlot(descriptor, &raw const pg_sys::TTSOpsMinimalTuple);
            let has_row = tuplestore_gettupleslot(store, true, true, slot);
            if has_row {
                slot_getsomeattrs_int(slot, (*descriptor).natts);
            }
            tuplestore_end(store);
            let targets = (*(*plan).planTree).targetlist;
            let mut column = 0;
            for i in 0..length(targets) {
                let target = element::<pg_sys::TargetEntry>(targets, i);
                if (*target).resjunk {
                    continue;
                }
                let value = if has_row {
                    pg_sys::NullableDatum {
                        value: *(*slot).tts_values.add(column),
                        isnull: *(*slot).tts_isnull.add(column),
                    }
                } else {
                    pg_sys::NullableDatum { value: pg_sys::Datum::null(), isnull: true }
                };
                let of_type = exprType((*target).expr.cast());
                column += 1;
                if is_last {
                    if column > 1 || of_type != self.result {
                        wrong("has another result than its declaration");
                    }
                    self.answer = value;
                } else if of_type != pg_sys::VOIDOID {
                    self.add((*target).resname, of_type, value);
                }
            }
        }
    }
}

/// Runs a function of the language.
///
/// # Safety
/// The server calls the language's handler.
pub(super) unsafe fn call(info: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: as the server's own handlers: on an error all memory goes with its context, the stack of contexts is set back by who
    // catches it.
    unsafe {
        check_stack_depth();
        let callers_memory = pg_sys::CurrentMemoryContext;
        let memory = AllocSetContextCreateInternal(
            callers_memory,
            c"mrcall_sql".as_ptr(),
            0,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
        );
        pg_sys::CurrentMemoryContext = memory;
        const NULL: pg_sys::NullableDatum = pg_sys::NullableDatum { value: pg_sys::Datum::null(), isnull: true };
        let mut run = Run {
            info,
            function: null_mut(),
            result: pg_sys::InvalidOid,
            is_set: false,
            count: 0,
            names: [null_mut(); MOST],
            types: [pg_sys::InvalidOid; MOST],
            values: [NULL; MOST],
            answer: NULL,
        };
        let body = run.begin();
        let mut frame = pg_sys::ErrorContextCallback {
            previous: pg_sys::error_context_stack,
            callback: Some(say),
            arg: null_mut(),
        };
        let schema = get_namespace_name(get_func_namespace((*(*info).flinfo).fn_oid));
        if !schema.is_null() && CStr::from_ptr(schema) == c"mrcall" {
            frame.arg = run.function.cast();
        }
        pg_sys::error_context_stack = &raw mut frame;
        let level = pin();
        let statements = pg_parse_query(body);
        AtEOXact_GUC(true, level);
        let count = length(statements);
        for i in 0..count {
            let (statement, is_last) = (element(statements, i), i + 1 == count);
            if i == 0 && !is_last {
                let run = &raw mut run;
                pgrx_extern_c_guard(|| {
                    ballast::with(|| pg_sys::ffi::pg_guard_ffi_boundary(|| (*run).step(statement, body, false)));
                });
            } else {
                run.step(statement, body, is_last);
            }
        }
        pg_sys::error_context_stack = frame.previous;
        pg_sys::CurrentMemoryContext = callers_memory;
        (*info).isnull = run.answer.isnull;
        let mut answer = run.answer.value;
        if !run.is_set && !run.answer.isnull {
            let (mut length, mut by_value) = (0, false);
            get_typlenbyval(run.result, &mut length, &mut by_value);
            answer = datumCopy(answer, by_value, length.into());
        }
        MemoryContextDelete(memory);
        answer
    }
}
