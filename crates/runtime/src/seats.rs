//! The seats of the threads that wait for one lane, by number: found without a lock.

use std::sync::OnceLock;

use mapped::Seat;

use crate::line::Number;

/// Seats of the first row. Each row has twice as many as that before it.
const FIRST: usize = 8;

/// Rows: more seats than a process can have threads.
const ROWS: usize = 26;

/// A table of seats that grows and stays.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    rows: [OnceLock<Box<[Seat]>>; ROWS],
}

impl Seats {
    /// The seat of this number.
    pub fn at(&self, number: Number) -> &Seat {
        let place = number as usize + FIRST;
        let row = (place.ilog2() - FIRST.ilog2()) as usize;
        let seats = FIRST << row;
        let new = || (0..seats).map(|_| Seat::default()).collect();
        &self.rows[row].get_or_init(new)[place - seats]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_a_seat_of_its_own() {
        let seats = Seats::default();
        let all: Vec<*const Seat> = (0..1000).map(|number| std::ptr::from_ref(seats.at(number))).collect();
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!((0..1000).all(|number| std::ptr::eq(seats.at(number), all[number as usize])));
    }
}
