//! The only place of the SQL layer, beside `agg::context`, with `unsafe`: what talks to the server's C interface.
//!
//! A function of the extension is a safe function in `api`, from arguments to a result, and a line in [`exports`]. The one
//! unsafe step of a call makes a [`function_call::Call`] of what the server passes; whatever is borrowed of the call has its lifetime.
//! No server call stands under the borrow of a `RefCell`: it may wait, and what ends a backend then runs the callbacks of the
//! transaction under the borrow.

pub mod allocator;
pub mod answer;
pub mod arg;
pub mod asked;
mod asked_joined;
pub mod backtrace;
mod ballast;
mod caught;
mod error_frame;
mod exports;
mod function;
pub mod function_call;
pub mod guc;
pub mod jsonb;
mod language;
mod planned;
pub mod query;
mod remote_error;
pub mod scan;
pub mod srf;
pub mod table;
pub mod text;
pub mod text_array;
pub mod window;
pub mod writer;
pub mod zone;
