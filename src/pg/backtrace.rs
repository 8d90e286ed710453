//! The stacks of Rust's code, which pgrx writes into the DETAIL of errors where the environment of the server asks for stacks, as
//! images for Rust programs do. A client has no use for them, and they say where the library was built.

use std::backtrace::Backtrace;
use std::env;

/// Switches the stacks of this library off, and leaves the environment as it was: it is other libraries' too.
pub fn never_capture() {
    const SETTING: &str = "RUST_LIB_BACKTRACE";
    let asked = env::var_os(SETTING);
    // SAFETY: the server loads libraries in the one thread of a process.
    unsafe { env::set_var(SETTING, "0") };
    // The standard library, of which each library has its own, asks the environment once.
    drop(Backtrace::capture());
    // SAFETY: as above.
    unsafe {
        match asked {
            Some(asked) => env::set_var(SETTING, asked),
            None => env::remove_var(SETTING),
        }
    }
}
