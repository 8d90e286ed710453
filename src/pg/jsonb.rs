//! JSONB arguments: single fields of them, read where they lie. One that the server compressed, or keeps outside of its row, is
//! unpacked once for all fields that a row's expressions read of it, each of which is a call of its own.

use core::ffi::CStr;
use core::{ptr, slice};
use std::cell::Cell;
use std::ffi::CString;

use mrcall_engine::jsonb::{FieldPath, FieldValue, elements};
use mrcall_engine::resource::interrupt::Throttle;
use mrcall_engine::resource::memory::{self, out_of_memory, push};
use pgrx::{
    PgMemoryContexts, PgXactCallbackEvent, direct_function_call, direct_function_call_as_datum, pg_sys,
    register_xact_callback, varlena,
};

use super::answer::Made;
use super::arg::{Read, content, is_plain};
use super::function_call::{Call, guard};
use super::text::{new_text, nullable_text_array};
use super::text_array::TextArray;
use crate::error::{SqlResult, report};

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
    // Taken out while it is used, so that nothing that the server does in between meets it half made: unpacking may wait, and
    // a backend that is ended while it waits runs the callbacks of its transaction right there.
    static UNPACKED: Cell<Unpacked> = Cell::default();
}

/// A jsonb.
#[derive(Clone, Copy)]
pub struct Document<'fcx> {
    call: Call<'fcx>,
    pointer: *mut pg_sys::varlena,
}

impl<'fcx> Read<'fcx> for Document<'fcx> {
    #[inline]
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        Ok(Self { call, pointer: datum.cast_mut_ptr() })
    }
}

impl Document<'_> {
    /// The same as a result: as it came where it is plain, else a copy of it unpacked.
    pub fn unpacked(self) -> Made {
        // SAFETY: the pointer is that of a live varlena, as long as its header says; what is made for a result lies in the
        // memory of the call.
        let plain = unsafe {
            if is_plain(self.pointer) || !is_stored(self.pointer) {
                self.call.memory().switch_to(|_| pg_sys::pg_detoast_datum(self.pointer))
            } else {
                with_unpacked(self.pointer, |document| {
                    let copy = self.call.memory().palloc(document.len());
                    ptr::copy_nonoverlapping(document.as_ptr(), copy.cast(), document.len());
                    copy.cast()
                })
            }
        };
        Made(pg_sys::Datum::from(plain))
    }

    /// Reads what stands behind its header.
    fn read<T>(self, read: impl FnOnce(&[u8]) -> T) -> T {
        // SAFETY: the pointer is that of a live varlena.
        unsafe {
            if is_plain(self.pointer) {
                read(content(self.pointer))
            } else if is_stored(self.pointer) {
                with_unpacked(self.pointer, |document| read(document.get(pg_sys::VARHDRSZ..).unwrap_or_default()))
            } else {
                read(content(self.call.memory().switch_to(|_| pg_sys::pg_detoast_datum(self.pointer))))
            }
        }
    }
}

/// What a function makes of a field: a value of the server, `None` for NULL; nothing at all where there is not enough memory for
/// it. Made at once, not from a description of it: that would be one more choice for each of millions of values.
pub struct Field(Option<Option<pg_sys::Datum>>);

impl Field {
    /// NULL.
    pub const NULL: Self = Self(Some(None));

    /// A text.
    #[inline]
    pub fn text(text: &[u8]) -> Self {
        Self(new_text(text).map(Some))
    }

    /// A timestamptz.
    #[inline]
    pub fn instant(instant: i64) -> Self {
        Self(Some(Some(instant.into())))
    }

    /// A boolean.
    #[inline]
    pub fn truth(value: bool) -> Self {
        Self(Some(Some(value.into())))
    }
}

/// What a function makes of a text or a truth value that it finds in a document. It raises no error.
pub trait Reading {
    /// Of a text.
    fn text(text: &[u8]) -> Field;

    /// Of a truth value.
    #[inline]
    fn truth(value: bool) -> Field {
        Self::text(if value { b"true" } else { b"false" })
    }
}

/// The result of an SQL function (document jsonb, path text[]) that reads the text at the path, as `#>>` says it.
///
/// `->>` does its work in the time that the guard of a function in Rust takes alone. So what most calls do, to read a text or
/// truth value at a constant path of a document that stands in its row as it is, is done without one, by code that cannot fail.
///
/// # Safety
/// The server calls a function of that declaration, STRICT, with a FmgrInfo.
#[inline]
pub(super) unsafe fn field<R: Reading>(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: as this function's: the first argument is a jsonb; fn_extra is as `path` leaves it.
    unsafe {
        if let Some(path) = (*(*fcinfo).flinfo).fn_extra.cast::<FieldPath>().as_mut()
            && let pointer = (*(*fcinfo).args.as_ptr()).value.cast_mut_ptr()
            && is_plain(pointer)
        {
            let found = match path.find(content(pointer)) {
                None => Field::NULL,
                Some(FieldValue::Text(text)) => R::text(text),
                Some(FieldValue::Bool(value)) => R::truth(value),
                Some(FieldValue::Number(_) | FieldValue::Container(_)) => Field(None),
            };
            if let Some(result) = found.0 {
                return result.unwrap_or_else(|| {
                    (*fcinfo).isnull = true;
                    pg_sys::Datum::null()
                });
            }
        }
        guard(fcinfo, |call| any_field::<R>(call))
    }
}

/// As [`field`], for any path and document.
fn any_field<R: Reading>(call: Call<'_>) -> SqlResult<Option<pg_sys::Datum>> {
    let mut other = None;
    let (Some(document), Some(path)) = (call.arg::<Document<'_>>(0)?, path(call, &mut other)?) else {
        return Ok(None);
    };
    let mut is_container = false;
    let of_text = |text: &[u8]| R::text(text).0.ok_or_else(|| report(out_of_memory(text.len())));
    let found = document.read(|bytes| match path.find(bytes) {
        None => Ok(None),
        Some(FieldValue::Text(text)) => of_text(text),
        Some(FieldValue::Bool(value)) => R::truth(value).0.ok_or_else(|| report(out_of_memory(0))),
        Some(FieldValue::Number(number)) => number_text(call, number).map_or(Ok(None), of_text),
        Some(FieldValue::Container(_)) => {
            is_container = true;
            Ok(None)
        }
    })?;
    if !is_container {
        return Ok(found);
    }
    // Objects and arrays, as the server writes them.
    let args = [Some(document.unpacked().0), call.datum(1)];
    // SAFETY: the arguments are those of #>>; its result is a text.
    let text = unsafe { direct_function_call_as_datum(pg_sys::jsonb_extract_path_text, &args) };
    // SAFETY: see above.
    text.map_or(Ok(None), |text| of_text(unsafe { content(text.cast_mut_ptr()) }))
}

/// The path in the second argument, kept from call to call where the statement has it as a constant. `None` where a key is NULL.
fn path<'a>(call: Call<'_>, other: &'a mut Option<FieldPath>) -> SqlResult<Option<&'a mut FieldPath>> {
    let read = || -> SqlResult<Option<FieldPath>> {
        let Some(keys) = call.arg::<TextArray<'_>>(1)? else { return Ok(None) };
        Ok(keys.texts().collect::<SqlResult<Option<Vec<_>>>>()?.map(FieldPath::new))
    };
    // SAFETY: the call is live; what is behind fn_extra is what this function put there, dropped with the memory of the call
    // site, which is not before the running call ends.
    unsafe {
        let site = &mut *(*call.info()).flinfo;
        if site.fn_extra.is_null() {
            let Some(path) = read()? else { return Ok(None) };
            if !is_constant(site.fn_expr, 1) {
                return Ok(Some(other.insert(path)));
            }
            site.fn_extra = PgMemoryContexts::For(site.fn_mcxt).leak_and_drop_on_delete(path).cast();
        }
        Ok(site.fn_extra.cast::<FieldPath>().as_mut())
    }
}

/// Whether an argument of a function's call has the same value whenever the call is made. The server's own question
/// (`get_fn_expr_arg_stable`) says so of parameters too, such as a variable of PL/pgSQL, which changes between two calls.
///
/// # Safety
/// The expression is that of a FmgrInfo.
unsafe fn is_constant(expression: pg_sys::fmNodePtr, argument: usize) -> bool {
    // SAFETY: as this function's: NULL or a live node, which begins with its tag; the list has `length` elements.
    unsafe {
        if expression.is_null() || (*expression).type_ != pg_sys::NodeTag::T_FuncExpr {
            return false;
        }
        let Some(args) = (*expression.cast::<pg_sys::FuncExpr>()).args.as_ref() else { return false };
        argument < args.length.max(0) as usize
            && (*(*args.elements.add(argument)).ptr_value.cast::<pg_sys::Node>()).type_ == pg_sys::NodeTag::T_Const
    }
}

/// A number of a document as the server writes it.
pub fn number_text<'fcx>(call: Call<'fcx>, number: &[u8]) -> Option<&'fcx [u8]> {
    // SAFETY: the bytes are those of a numeric; in the copy they are aligned as the server wants them.
    let text: Option<&CStr> = unsafe {
        let copy = call.memory().palloc(number.len()).cast::<u8>();
        ptr::copy_nonoverlapping(number.as_ptr(), copy, number.len());
        let number = [Some(pg_sys::Datum::from(copy))];
        call.memory().switch_to(|_| direct_function_call(pg_sys::numeric_out, &number))
    };
    text.map(CStr::to_bytes)
}

/// The elements of an array as texts, as `jsonb_array_elements_text` says them; `None` of what is no array.
pub fn text_items(call: Call<'_>, document: Document<'_>) -> SqlResult<Option<Made>> {
    let plain = document.unpacked().0;
    // SAFETY: what unpacked gives is a live, plain jsonb.
    let Some(elements) = elements(unsafe { content(plain.cast_mut_ptr()) }) else { return Ok(None) };
    let mut texts: Vec<Option<pg_sys::Datum>> = Vec::new();
    let mut throttle = Throttle::default();
    for (element, nr) in elements.zip(0i32..) {
        throttle.step();
        let text = match element {
            None => None,
            Some(FieldValue::Text(text)) => Some(text),
            Some(FieldValue::Bool(value)) => Some(if value { b"true".as_slice() } else { b"false" }),
            Some(FieldValue::Number(number)) => number_text(call, number),
            // Objects and arrays, as the server writes them.
            Some(FieldValue::Container(_)) => {
                let args = [Some(plain), Some(nr.into())];
                // SAFETY: the arguments are those of ->>; its result is a plain text.
                let text = unsafe { direct_function_call_as_datum(pg_sys::jsonb_array_element_text, &args) };
                push(&mut texts, text).map_err(report)?;
                continue;
            }
        };
        let text = match text {
            None => None,
            Some(text) => Some(new_text(text).ok_or_else(|| report(out_of_memory(text.len())))?),
        };
        push(&mut texts, text).map_err(report)?;
    }
    nullable_text_array(&texts).map(Some)
}

/// The content of the jsonb that a JSON text is.
pub fn read_json<'fcx>(call: Call<'fcx>, text: &str) -> Option<&'fcx [u8]> {
    memory::demand(text.len());
    let text = CString::new(text).ok()?;
    let text = [Some(pg_sys::Datum::from(text.as_ptr()))];
    // SAFETY: the argument is that of jsonb_in, whose result is a plain jsonb in the memory of the call.
    unsafe {
        let document = call.memory().switch_to(|_| direct_function_call_as_datum(pg_sys::jsonb_in, &text))?;
        Some(content(document.cast_mut_ptr()))
    }
}

/// Whether a value is in a row or in a table of its own, not elsewhere in memory.
///
/// # Safety
/// The pointer is that of a live varlena.
unsafe fn is_stored(pointer: *mut pg_sys::varlena) -> bool {
    // SAFETY: as this function's; a pointer to a value has its tag in its second byte.
    unsafe { !varlena::varatt_is_1b_e(pointer) || *pointer.cast::<u8>().add(1) == ON_DISK }
}

/// Reads a stored document unpacked, with its length word.
///
/// # Safety
/// The pointer is that of a live jsonb that is stored and not plain.
unsafe fn with_unpacked<T>(pointer: *mut pg_sys::varlena, read: impl FnOnce(&[u8]) -> T) -> T {
    let mut last = UNPACKED.take();
    // SAFETY: as this function's.
    unsafe {
        let stored = slice::from_raw_parts(pointer.cast::<u8>(), varlena::varsize_any(pointer));
        let statement = pg_sys::GetCurrentStatementStartTimestamp();
        if last.stored != stored || last.statement != statement {
            last.stored.clear();
            last.document.clear();
            let document = pg_sys::pg_detoast_datum(pointer);
            memory::demand(varlena::varsize_any(document));
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
    }
    let result = read(&last.document);
    UNPACKED.set(last);
    result
}

fn forget() {
    UNPACKED.take();
}
