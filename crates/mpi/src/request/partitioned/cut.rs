//! Into which pieces a message is cut.

use std::ops::Range;

/// A piece has at least so many bytes, unless it is the only one: from there on the price of a message is small beside that of its
/// bytes.
const PIECE_BYTES_MIN: usize = 16 << 10;

/// How many pieces there may be. Partitions whose number divides these don't share pieces.
const NUMBERS: [usize; 5] = [48, 24, 12, 4, 2];

/// A message in equal pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    bytes: usize,
    /// How many.
    pub pieces: usize,
}

impl Cut {
    /// Of a message of so many bytes: the most pieces that are large enough.
    pub fn of(bytes: usize) -> Cut {
        let pieces = NUMBERS.into_iter().find(|pieces| bytes / pieces >= PIECE_BYTES_MIN).unwrap_or(1);
        Cut { bytes, pieces }
    }

    /// How many bytes the message has.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The bytes of a piece.
    pub fn piece(&self, number: usize) -> Range<usize> {
        self.part(number, self.pieces)
    }

    /// The pieces that a partition, one of so many equal ones, touches.
    pub fn touched(&self, partition: usize, partitions: usize) -> Range<usize> {
        let Range { start, end } = self.part(partition, partitions);
        if self.pieces == 1 || start == end {
            return 0..self.pieces;
        }
        let covers = |at: usize| (0..self.pieces).rfind(|piece| self.piece(*piece).start <= at).unwrap_or(0);
        covers(start)..covers(end - 1) + 1
    }

    fn part(&self, number: usize, of: usize) -> Range<usize> {
        let at = |number: usize| (self.bytes as u128 * number as u128 / of as u128) as usize;
        at(number)..at(number + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_a_message_and_partitions_touch_what_they_share_bytes_with() {
        for bytes in [0, 1, 7, 16 << 10, 32 << 10, 65_536, 123_456, 786_432, 1 << 20, 12_345_678] {
            let cut = Cut::of(bytes);
            let mut end = 0;
            for piece in (0..cut.pieces).map(|piece| cut.piece(piece)) {
                assert_eq!(piece.start, end);
                assert!(cut.pieces == 1 || piece.len() >= PIECE_BYTES_MIN);
                end = piece.end;
            }
            assert_eq!(end, bytes);
            for partitions in [1, 2, 3, 4, 5, 7, 8, 12, 16, 100] {
                let each = bytes / partitions;
                let cut = Cut::of(each * partitions);
                for partition in 0..partitions {
                    let mine = partition * each..(partition + 1) * each;
                    let shares = |piece: &usize| {
                        let piece = cut.piece(*piece);
                        piece.start < mine.end && mine.start < piece.end
                    };
                    let shared: Vec<usize> = (0..cut.pieces).filter(shares).collect();
                    let touched: Vec<usize> = cut.touched(partition, partitions).collect();
                    // Of nothing all has to wait for the one piece that there is.
                    let expected = if each == 0 { (0..cut.pieces).collect() } else { shared };
                    assert_eq!(touched, expected, "{bytes} bytes, partition {partition} of {partitions}");
                }
            }
        }
    }

    #[test]
    fn numbers_of_partitions_that_are_usual_share_no_pieces() {
        for partitions in [1, 2, 3, 4, 6, 8, 12, 16, 24, 48] {
            let cut = Cut::of(48 * PIECE_BYTES_MIN);
            let touched: usize = (0..partitions).map(|at| cut.touched(at, partitions).len()).sum();
            assert_eq!(touched, cut.pieces, "{partitions} partitions");
        }
    }
}
