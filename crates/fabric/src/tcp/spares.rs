//! Memory to use again, so that the steady state allocates nothing.

/// Vectors that are not in use, by the room they have: a stream keeps what its peer has not acknowledged, and a small frame must
/// not keep the memory of a large one.
#[derive(Default)]
pub(super) struct Spares([Vec<Vec<u8>>; CLASSES]);

/// Room doubles from class to class.
const CLASSES: usize = 5;
const SMALLEST_BYTES: usize = 4 << 10;

/// Vectors kept of each class: at most 64 KiB each, as many as a stream keeps of the largest.
const KEPT_MAX: usize = 16;

impl Spares {
    /// A vector that has room for so many bytes. Its content and length are arbitrary.
    pub(super) fn take(&mut self, bytes: usize) -> Vec<u8> {
        let room = bytes.max(SMALLEST_BYTES).next_power_of_two();
        let spare = self.0.get_mut(class(room)).and_then(Vec::pop);
        spare.unwrap_or_else(|| Vec::with_capacity(room))
    }

    pub(super) fn give(&mut self, spare: Vec<u8>) {
        // One of an odd size counts as the next smaller class.
        if spare.capacity() >= SMALLEST_BYTES
            && let Some(kept) = self.0.get_mut(class(spare.capacity()))
            && kept.len() < KEPT_MAX
        {
            kept.push(spare);
        }
    }
}

fn class(room: usize) -> usize {
    (room / SMALLEST_BYTES).ilog2() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_has_room_and_is_not_much_larger() {
        let mut spares = Spares::default();
        for bytes in [0, 1, 4096, 4097, 10_000, 65_536, 70_000, 1 << 20] {
            for _ in 0..3 {
                let spare = spares.take(bytes);
                assert!(spare.capacity() >= bytes && spare.capacity() <= (2 * bytes).max(SMALLEST_BYTES));
                spares.give(spare);
            }
        }
        spares.give(Vec::with_capacity(12_000));
        assert_eq!(spares.take(8_000).capacity(), 12_000, "it has room for twice 4,096, not for 16,384");
        spares.give(vec![0; 10]);
        (0..100).for_each(|_| spares.give(Vec::with_capacity(4096)));
        assert!(spares.0.iter().all(|kept| kept.len() <= KEPT_MAX));
    }
}
