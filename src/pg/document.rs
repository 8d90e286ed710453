//! A JSONB argument that the server compressed, or keeps outside of its row: unpacked once for all fields that a row's
//! expressions read of it, each of which is a call of its own.

use core::slice;
use std::cell::RefCell;

use pgrx::{AnyElement, FromDatum, PgXactCallbackEvent, pg_sys, register_xact_callback, varlena};

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
        let is_stored = !varlena::varatt_is_1b_e(pointer) || *pointer.cast::<u8>().add(1) == ON_DISK;
        if is_plain(pointer) || !is_stored {
            return element(pg_sys::Datum::from(pg_sys::pg_detoast_datum(pointer)));
        }
        let stored = slice::from_raw_parts(pointer.cast::<u8>(), varlena::varsize_any(pointer));
        let statement = pg_sys::GetCurrentStatementStartTimestamp();
        UNPACKED.with_borrow_mut(|last| {
            if last.stored == stored && last.statement == statement {
                let copy = pg_sys::palloc(last.document.len());
                core::ptr::copy_nonoverlapping(last.document.as_ptr(), copy.cast::<u8>(), last.document.len());
                return element(pg_sys::Datum::from(copy));
            }
            last.stored.clear();
            let document = pg_sys::pg_detoast_datum(pointer);
            last.document.clear();
            last.document
                .extend_from_slice(slice::from_raw_parts(document.cast::<u8>(), varlena::varsize_any(document)));
            last.stored.extend_from_slice(stored);
            last.statement = statement;
            if !last.is_registered {
                last.is_registered = true;
                register_xact_callback(PgXactCallbackEvent::Commit, forget);
                register_xact_callback(PgXactCallbackEvent::Abort, forget);
            }
            element(pg_sys::Datum::from(document))
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
