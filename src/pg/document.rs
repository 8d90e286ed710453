//! JSONB arguments: single fields of them, read where they lie. One that the server compressed, or keeps outside of its row, is
//! unpacked once for all fields that a row's expressions read of it, each of which is a call of its own.

use core::ffi::CStr;
use core::{ptr, slice};
use std::cell::RefCell;
use std::ffi::CString;

use mrcall_engine::document::{FieldPath, FieldValue};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{
    AnyElement, Array, FromDatum, PgLogLevel, PgMemoryContexts, PgSqlErrorCode, PgXactCallbackEvent,
    direct_function_call, direct_function_call_as_datum, pg_sys, pgrx_extern_c_guard, register_xact_callback, varlena,
};

use super::args::{Args, is_plain};

/// The tag of a pointer to a value that is stored outside of its row (VARTAG_ONDISK).
const ON_DISK: u8 = 18;

/// The document that was unpacked last.
#[derive(Default)]
struct Unpacked {
    /// The stored bytes: those of the compressed value, or of the pointer to it, which names one value for as long as a
    /// statement can see it.
    stored: Vec<u8>,
    /// When the statement began.
    statement: i64,
    /// The whole value, with its length word.
    document: Vec<u8>,
    /// Whether it is dropped at the end of the running transaction.
    is_registered: bool,
}

thread_local! {
    static UNPACKED: RefCell<Unpacked> = RefCell::default();
}

/// The jsonb argument of that number as the running function's result: as it came where it is plain, else a copy of the
/// document unpacked. `None` where it is NULL.
pub fn unpacked(args: &Args, i: usize) -> Option<AnyElement> {
    let datum = args.datum(i)?;
    let pointer = datum.cast_mut_ptr::<pg_sys::varlena>();
    // SAFETY: the SQL declaration says that the argument is a jsonb, so the pointer is that of a live varlena, as long as its
    // header says; the server makes plain copies in the memory of this call, which is where a result belongs.
    unsafe {
        if is_plain(pointer) || !is_stored(pointer) {
            return element(pg_sys::Datum::from(pg_sys::pg_detoast_datum(pointer)));
        }
        with_unpacked(pointer, |document| {
            let copy = pg_sys::palloc(document.len()).cast::<u8>();
            ptr::copy_nonoverlapping(document.as_ptr(), copy, document.len());
            element(pg_sys::Datum::from(copy))
        })
    }
}

/// There is not enough memory for a result.
pub struct NoMemory;

/// What a function makes of a text that it finds in a document, NULL as `None`. It raises no error.
pub trait Reading {
    /// The result for a text.
    fn text(text: &[u8]) -> Result<Option<pg_sys::Datum>, NoMemory>;

    /// The result for a truth value.
    #[inline]
    fn truth(value: bool) -> Result<Option<pg_sys::Datum>, NoMemory> {
        Self::text(if value { b"true" } else { b"false" })
    }
}

/// The result of an SQL function (document jsonb, path text[]) that reads the text at the path, as `#>>` says it.
///
/// `->>` does its work in the time that the guard of a function in Rust takes alone. So what most calls do, to read a text or
/// truth value at a constant path of a document that stands in its row as it is, is done without one, by code that cannot fail.
///
/// SAFETY: the server calls a function of that declaration, STRICT.
#[inline]
pub unsafe fn field<R: Reading>(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the server passes a live call info, whose first argument is a jsonb; fn_extra is as `path` leaves it.
    unsafe {
        if let Some(path) = (*(*fcinfo).flinfo).fn_extra.cast::<FieldPath>().as_mut()
            && let pointer = (*(*fcinfo).args.as_ptr()).value.cast_mut_ptr()
            && is_plain(pointer)
        {
            let result = match path.find(content(pointer)) {
                None => Ok(None),
                Some(FieldValue::Text(text)) => R::text(text),
                Some(FieldValue::Bool(value)) => R::truth(value),
                Some(FieldValue::Number(_) | FieldValue::Container(_)) => Err(NoMemory),
            };
            if let Ok(result) = result {
                return or_null(fcinfo, result);
            }
        }
        pgrx_extern_c_guard(|| {
            let result = any_field::<R>(fcinfo).unwrap_or_else(|NoMemory| {
                ErrorReport::new(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY, "out of memory", "mrcall_ext")
                    .report(PgLogLevel::ERROR);
                None
            });
            or_null(fcinfo, result)
        })
    }
}

/// SAFETY: a live call info.
#[inline]
unsafe fn or_null(fcinfo: pg_sys::FunctionCallInfo, result: Option<pg_sys::Datum>) -> pg_sys::Datum {
    result.unwrap_or_else(|| {
        // SAFETY: see above.
        unsafe { (*fcinfo).isnull = true };
        pg_sys::Datum::null()
    })
}

/// As [`field`], for any path and document.
fn any_field<R: Reading>(fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<pg_sys::Datum>, NoMemory> {
    let args = Args::of(fcinfo);
    let mut other = None;
    let (Some(datum), Some(path)) = (args.datum(0), path(fcinfo, &args, &mut other)) else { return Ok(None) };
    let mut is_container = false;
    let mut read = |document: &[u8]| match path.find(document) {
        None => Ok(None),
        Some(FieldValue::Text(text)) => R::text(text),
        Some(FieldValue::Bool(value)) => R::truth(value),
        Some(FieldValue::Number(number)) => number_text(number).map_or(Ok(None), |text| R::text(text.to_bytes())),
        Some(FieldValue::Container(_)) => {
            is_container = true;
            Ok(None)
        }
    };
    let pointer = datum.cast_mut_ptr::<pg_sys::varlena>();
    // SAFETY: the SQL declaration says that the argument is a jsonb, so the pointer is that of a live varlena.
    let found = unsafe {
        if is_plain(pointer) {
            read(content(pointer))
        } else if is_stored(pointer) {
            with_unpacked(pointer, |document| read(document.get(pg_sys::VARHDRSZ..).unwrap_or_default()))
        } else {
            read(content(pg_sys::pg_detoast_datum(pointer)))
        }
    };
    if !is_container {
        return found;
    }
    // Objects and arrays, as the server writes them.
    let document = unpacked(&args, 0).map(|document| document.datum());
    // SAFETY: the arguments are those of #>>; its result is a text.
    let text = unsafe { direct_function_call_as_datum(pg_sys::jsonb_extract_path_text, &[document, args.datum(1)]) };
    // SAFETY: see above.
    text.map_or(Ok(None), |text| R::text(unsafe { content(text.cast_mut_ptr()) }))
}

/// The path in the second argument, kept from call to call where the statement has it as a constant. `None` where a key is NULL.
fn path<'a>(
    fcinfo: pg_sys::FunctionCallInfo,
    args: &Args,
    other: &'a mut Option<FieldPath>,
) -> Option<&'a mut FieldPath> {
    // SAFETY: the server passes a live call info; what is behind fn_extra is what this function put there, dropped with the
    // memory of the call site, which is not before the running call ends.
    unsafe {
        let Some(site) = (*fcinfo).flinfo.as_mut() else { return path_of(args).map(|path| other.insert(path)) };
        if site.fn_extra.is_null() {
            let path = path_of(args)?;
            if !pg_sys::get_fn_expr_arg_stable(site, 1) {
                return Some(other.insert(path));
            }
            site.fn_extra = PgMemoryContexts::For(site.fn_mcxt).leak_and_drop_on_delete(path).cast();
        }
        site.fn_extra.cast::<FieldPath>().as_mut()
    }
}

fn path_of(args: &Args) -> Option<FieldPath> {
    // SAFETY: the SQL declaration says that the argument is an array of texts.
    let keys = unsafe { Array::<&str>::from_datum(args.datum(1)?, false) }?;
    keys.iter().collect::<Option<Vec<_>>>().map(FieldPath::new)
}

/// A number as the server writes it.
pub fn number_text<'a>(number: &[u8]) -> Option<&'a CStr> {
    // SAFETY: the bytes are those of a numeric in a document; in the copy they are aligned as the server wants them.
    unsafe {
        let copy = pg_sys::palloc(number.len()).cast::<u8>();
        ptr::copy_nonoverlapping(number.as_ptr(), copy, number.len());
        direct_function_call::<&CStr>(pg_sys::numeric_out, &[Some(pg_sys::Datum::from(copy))])
    }
}

/// The content of the jsonb that a JSON text is, in the memory of the running call.
pub fn read_json<'a>(text: &str) -> Option<&'a [u8]> {
    let text = CString::new(text).ok()?;
    // SAFETY: the argument is that of jsonb_in, whose result is a plain jsonb.
    unsafe {
        let document = direct_function_call_as_datum(pg_sys::jsonb_in, &[Some(pg_sys::Datum::from(text.as_ptr()))])?;
        Some(content(document.cast_mut_ptr()))
    }
}

/// Whether a value is in a row or in a table of its own, not elsewhere in memory.
///
/// SAFETY: the pointer is that of a live varlena.
unsafe fn is_stored(pointer: *mut pg_sys::varlena) -> bool {
    // SAFETY: see above; a pointer to a value has its tag in its second byte.
    unsafe { !varlena::varatt_is_1b_e(pointer) || *pointer.cast::<u8>().add(1) == ON_DISK }
}

/// What stands behind a value's header.
///
/// SAFETY: the pointer is that of a live varlena that is plain.
unsafe fn content<'a>(pointer: *mut pg_sys::varlena) -> &'a [u8] {
    // SAFETY: see above.
    unsafe { slice::from_raw_parts(varlena::vardata_any(pointer).cast::<u8>(), varlena::varsize_any_exhdr(pointer)) }
}

/// Reads a stored document unpacked, with its length word.
///
/// SAFETY: the pointer is that of a live jsonb that is stored and not plain.
unsafe fn with_unpacked<T>(pointer: *mut pg_sys::varlena, read: impl FnOnce(&[u8]) -> T) -> T {
    // SAFETY: see above.
    unsafe {
        let stored = slice::from_raw_parts(pointer.cast::<u8>(), varlena::varsize_any(pointer));
        let statement = pg_sys::GetCurrentStatementStartTimestamp();
        UNPACKED.with_borrow_mut(|last| {
            if last.stored != stored || last.statement != statement {
                last.stored.clear();
                let document = pg_sys::pg_detoast_datum(pointer);
                last.document.clear();
                last.document
                    .extend_from_slice(slice::from_raw_parts(document.cast::<u8>(), varlena::varsize_any(document)));
                pg_sys::pfree(document.cast());
                last.stored.extend_from_slice(stored);
                last.statement = statement;
                if !last.is_registered {
                    last.is_registered = true;
                    register_xact_callback(PgXactCallbackEvent::Commit, forget);
                    register_xact_callback(PgXactCallbackEvent::Abort, forget);
                }
            }
            read(&last.document)
        })
    }
}

/// SAFETY: the datum is a jsonb that lives as long as the result of the running function.
unsafe fn element(datum: pg_sys::Datum) -> Option<AnyElement> {
    // SAFETY: see above.
    unsafe { AnyElement::from_polymorphic_datum(datum, false, pg_sys::JSONBOID) }
}

fn forget() {
    UNPACKED.take();
}
