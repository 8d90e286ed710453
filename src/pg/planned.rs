//! Functions that the planner asks while it plans, because it decides by what they say: `sql/install/57-planned.sql`.

use core::ptr::null_mut;

use pgrx::pg_sys;
use pgrx::pg_sys::NodeTag;

/// A support function: its argument is the planner's request, its result a node or NULL for "no answer".
pub unsafe fn support(info: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the planner calls a support function with one argument, a request of its own that lives through the call.
    unsafe {
        let request = (*(*info).args.as_ptr()).value.cast_mut_ptr::<pg_sys::Node>();
        let answer = match request.as_ref().map(|request| request.type_) {
            Some(NodeTag::T_SupportRequestSimplify) => {
                let request = request.cast::<pg_sys::SupportRequestSimplify>();
                said((*request).fcall)
            }
            Some(NodeTag::T_SupportRequestRows) => {
                let request = request.cast::<pg_sys::SupportRequestRows>();
                expected((*request).node).map_or(null_mut(), |rows| {
                    (*request).rows = rows;
                    request.cast()
                })
            }
            _ => null_mut(),
        };
        pg_sys::Datum::from(answer)
    }
}

/// The only argument of a call, where it is a constant that is not NULL; None where there is another.
unsafe fn constant(args: *const pg_sys::List) -> Option<pg_sys::Datum> {
    // SAFETY: NIL or a list of nodes of the planner's.
    unsafe {
        let args = args.as_ref().filter(|args| args.length == 1)?;
        let value = (*args.elements).ptr_value.cast::<pg_sys::Const>();
        let is_one = (*value).xpr.type_ == NodeTag::T_Const && !(*value).constisnull;
        is_one.then(|| (*value).constvalue)
    }
}

/// What a function without arguments, or with a constant one, says now: a value of a type that is passed by value. One that
/// returns rows stays.
unsafe fn said(call: *mut pg_sys::FuncExpr) -> *mut pg_sys::Node {
    // SAFETY: a call of one of ours, none of which returns NULL. The constant is made in the planner's memory.
    unsafe {
        if (*call).funcretset {
            return null_mut();
        }
        let none = pg_sys::InvalidOid;
        let value = if (*call).args.is_null() {
            pg_sys::OidFunctionCall0Coll((*call).funcid, none)
        } else {
            match constant((*call).args) {
                Some(argument) => pg_sys::OidFunctionCall1Coll((*call).funcid, none, argument),
                None => return null_mut(),
            }
        };
        let (mut length, mut by_value) = (0, false);
        pg_sys::get_typlenbyval((*call).funcresulttype, &mut length, &mut by_value);
        if !by_value {
            return null_mut();
        }
        pg_sys::makeConst((*call).funcresulttype, -1, none, i32::from(length), value, false, true).cast()
    }
}

/// A part of the number that a function is given.
unsafe fn expected(call: *mut pg_sys::Node) -> Option<f64> {
    // SAFETY: a node of the planner's.
    unsafe {
        if call.as_ref()?.type_ != NodeTag::T_FuncExpr {
            return None;
        }
        let number = f64::from_bits(constant((*call.cast::<pg_sys::FuncExpr>()).args)?.value() as u64);
        Some((number / 8.0).max(1000.0))
    }
}
