//! mrcall_ext
pgrx::pg_module_magic!();
