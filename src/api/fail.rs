//! Errors that a report's own query finds.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::panic::ErrorReport;

use crate::error::SqlResult;

pub fn fail(code: &str, message: &str, hint: &str) -> SqlResult<Option<bool>> {
    let code = match code {
        "22008" => PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
        "P0002" => PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        _ => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
    };
    Err(ErrorReport::new(code, message.to_owned(), "mrcall_ext").set_hint(hint))
}
