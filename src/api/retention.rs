//! What the procedure of session retention asks the server.

use pgrx::prelude::*;

/// Whether the procedure that calls this may COMMIT: it is not inside a transaction block, a function or a block with
/// EXCEPTION. Trying it out instead would end the procedure.
#[pg_extern(sql = false)]
fn may_commit() -> bool {
    // SAFETY: reads the state of the server's own SPI stack, takes no argument and keeps nothing.
    unsafe { pg_sys::SPI_inside_nonatomic_context() }
}
