//! From the arguments of an SQL function, through a safe function, to its result.

use pgrx::pg_sys;

use super::answer::Answer;
use super::arg::Arg;
use super::function_call::Call;
use crate::error::SqlResult;

/// A safe function behind an SQL one: from its arguments, in their order, to its result. A [`Call`] among them stands for the
/// call itself and has no place in SQL.
pub trait Function<'fcx, Args> {
    /// Reads the arguments, runs the function, makes its result a value of the server; `None` is NULL.
    fn run(self, call: Call<'fcx>) -> SqlResult<Option<pg_sys::Datum>>;
}

macro_rules! functions_of {
    ($($arg:ident)*) => {
        impl<'fcx, F, R, $($arg),*> Function<'fcx, ($($arg,)*)> for F
        where
            F: FnOnce($($arg),*) -> R,
            R: Answer,
            $($arg: Arg<'fcx>),*
        {
            #[inline]
            fn run(self, call: Call<'fcx>) -> SqlResult<Option<pg_sys::Datum>> {
                let (_call, _next) = (call, &mut 0);
                self($($arg::take(_call, _next)?),*).answer()
            }
        }
    };
}
functions_of!();
functions_of!(A);
functions_of!(A B);
functions_of!(A B C);
functions_of!(A B C D);
functions_of!(A B C D E);
functions_of!(A B C D E G);
functions_of!(A B C D E G H);
functions_of!(A B C D E G H I);
functions_of!(A B C D E G H I J);
functions_of!(A B C D E G H I J K);
functions_of!(A B C D E G H I J K L M);
