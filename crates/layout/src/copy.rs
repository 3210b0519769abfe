//! Copies within host memory.

/// Copies `bytes` bytes. Small copies are a few loads and stores in line.
///
/// The source may be memory that another process writes at the same time (a peer that breaks the protocol): the
/// bytes are then arbitrary, and it is for the reader of the copy to validate them. For this reason the source is
/// read exactly once.
///
/// # Safety
/// `from` is valid for reading and `to` for writing `bytes` bytes, unless `bytes` is 0; no thread of this process
/// writes the source or uses the target meanwhile. The two may overlap.
#[inline(always)]
pub unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: in each arm two accesses of the width W lie in `bytes` bytes, as W <= bytes; the contract does the rest.
    // Both halves are loaded before either is stored, so overlap does no harm.
    unsafe {
        match bytes {
            8..=16 => halves::<u64>(from, to, bytes),
            17..=32 => halves::<u128>(from, to, bytes),
            4..=7 => halves::<u32>(from, to, bytes),
            2..=3 => halves::<u16>(from, to, bytes),
            1 => to.write(from.read()),
            0 => {}
            _ => std::ptr::copy(from, to, bytes),
        }
    }
}

/// Copies between one and two `W` as the first `W` and the last, which may share bytes.
///
/// # Safety
/// As for [`copy`], and `bytes` is at least the size of `W`.
#[inline(always)]
unsafe fn halves<W: Copy>(from: *const u8, to: *mut u8, bytes: usize) {
    let last = bytes - size_of::<W>();
    // SAFETY: both accesses end at or before `bytes`.
    unsafe {
        let (head, tail) = (from.cast::<W>().read_unaligned(), from.add(last).cast::<W>().read_unaligned());
        to.cast::<W>().write_unaligned(head);
        to.add(last).cast::<W>().write_unaligned(tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_small_length_at_every_offset() {
        let source: Vec<u8> = (0..100).map(|i| i + 100).collect();
        for bytes in 0..70 {
            for (from, to) in (0..9).flat_map(|from| (0..9).map(move |to| (from, to))) {
                let mut target = [0u8; 80];
                // SAFETY: 8 + 69 bytes lie in both.
                unsafe { copy(source.as_ptr().add(from), target.as_mut_ptr().add(to), bytes) };
                assert_eq!(target[to..][..bytes], source[from..][..bytes]);
                assert!(target[..to].iter().chain(&target[to + bytes..]).all(|&byte| byte == 0));
            }
        }
    }

    #[test]
    fn overlap_does_no_harm() {
        for bytes in 0..60 {
            for shift in 0..20 {
                let original: Vec<u8> = (0..80).collect();
                let (mut forward, mut backward) = (original.clone(), original.clone());
                let pointers = (forward.as_mut_ptr(), backward.as_mut_ptr());
                // SAFETY: 19 + 59 bytes lie in the vectors.
                unsafe {
                    copy(pointers.0.add(shift), pointers.0, bytes);
                    copy(pointers.1, pointers.1.add(shift), bytes);
                }
                assert_eq!(forward[..bytes], original[shift..][..bytes]);
                assert_eq!(backward[shift..][..bytes], original[..bytes]);
            }
        }
    }

    #[test]
    fn nothing_may_be_copied_from_nowhere() {
        // SAFETY: no bytes.
        unsafe { copy(std::ptr::null(), std::ptr::null_mut(), 0) };
    }
}
