//! Memory that C may hold: allocated for a program that frees it without saying how long it is.

/// So many bytes, aligned to a cache line, and to `alignment`, which is a power of two; `None` when the system gives none.
pub fn allocate(bytes: usize, alignment: usize) -> Option<*mut u8> {
    debug_assert!(alignment.is_power_of_two());
    let alignment = alignment.max(64);
    let bytes =
        bytes.max(1).checked_next_multiple_of(alignment).filter(|bytes| *bytes <= isize::MAX as usize)?;
    // SAFETY: the length is a multiple of the alignment, which is a power of two.
    let at = unsafe { libc::aligned_alloc(alignment, bytes) };
    (!at.is_null()).then_some(at.cast())
}

/// Frees what [`allocate`] gave; null is nothing.
///
/// # Safety
/// `at` came from [`allocate`], and nobody uses it any more.
pub unsafe fn free(at: *mut u8) {
    // SAFETY: the contract.
    unsafe { libc::free(at.cast()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_allocated_can_be_written_and_freed() {
        for bytes in [0, 1, 63, 64, 65, 100_000] {
            for (alignment, expected) in [(1, 64), (64, 64), (4096, 4096)] {
                let at = allocate(bytes, alignment).unwrap();
                assert_eq!(at.addr() % expected, 0);
                // SAFETY: it has so many bytes, and is freed once.
                unsafe {
                    at.write_bytes(7, bytes);
                    free(at);
                }
            }
        }
        assert!(allocate(usize::MAX, 1).is_none());
        assert!(allocate(1, 1 << 63).is_none());
    }
}
