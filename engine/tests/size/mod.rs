//! How many random cases a property is tried on: `SOAK=1` in the environment makes them many.

pub fn cases(usual: u32) -> u32 {
    if std::env::var_os("SOAK").is_some() { 25 * usual } else { usual }
}
