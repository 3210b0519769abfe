//! Recursive multiplying: recursive doubling with groups of four. At each level a member exchanges with three others at
//! once, so that there are half the rounds. As many take part as are a product of fours and at most one two or three; the
//! others are folded in as for doubling. Neighbours are combined with neighbours, so the order of operands is kept.
//!
//! (Recursive multiplying, and recursive exchange where some are folded in, in MPICH's words.)

use super::accumulate::Accumulator;
use super::halving::Halving;
use crate::collective::{Order, Role, Step};

/// Members of a group, at all levels but perhaps the last.
const RADIX: u32 = 4;

/// Rounds in which the operands of a level are combined.
pub const COMBINING: u32 = RADIX - 1;

/// How many take part: the largest 4^a, 2·4^a or 3·4^a of `size`; and how many levels that makes.
pub fn participants(size: u32) -> (u32, u32) {
    let (mut power, mut levels) = (1u32, 0);
    while size / power >= RADIX {
        power *= RADIX;
        levels += 1;
    }
    let last = size / power;
    (power * last, levels + (last > 1) as u32)
}

/// A group of a level: how many they are, and how far apart.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    pub members: u32,
    pub distance: u32,
}

/// The levels of so many members, the nearest first.
pub fn levels(size: u32) -> impl DoubleEndedIterator<Item = Level> {
    (0..participants(size).1).map(move |number| level(size, number))
}

/// One of them.
pub fn level(size: u32, number: u32) -> Level {
    let distance = RADIX.pow(number);
    Level { members: (participants(size).0 / distance).min(RADIX), distance }
}

/// A member's place among those that take part.
pub fn place(rank: u32, size: u32) -> Halving {
    Halving::among(rank, size, participants(size).0)
}

impl Level {
    /// The place of a participant in its group.
    pub fn digit(&self, number: u32) -> u32 {
        number / self.distance % self.members
    }

    /// The others of its group, with their places: each begins with the one behind it, so that no two meet at a third.
    pub fn others(self, number: u32) -> impl Iterator<Item = (u32, u32)> {
        let digit = self.digit(number);
        let first = number - digit * self.distance;
        let places = (1..self.members).map(move |i| (digit + i) % self.members);
        places.map(move |place| (first + place * self.distance, place))
    }
}

/// In which order the operands of a group are combined with that of place `digit`: first those before it, the nearest
/// first, then those behind.
pub fn combination(digit: u32, place: u32) -> (u32, Order) {
    if place < digit { (digit - 1 - place, Order::Before) } else { (place - 1, Order::After) }
}

/// Where the operand that is combined as number `turn` arrives: the first like any other, the next in vectors of their own.
pub fn arrival(
    role: &Role,
    sum: &Accumulator,
    loaded: bool,
    turn: u32,
    first: u32,
    count: u32,
) -> crate::collective::Range {
    match turn {
        0 => sum.arrival(loaded, first, count),
        _ => sum.spare(turn * role.parts + first, count),
    }
}

/// Combines the operand number `turn` of a group, if there is one.
pub fn combine(
    role: &Role,
    sum: &Accumulator,
    loaded: bool,
    (level, number, turn): (Level, u32, u32),
    (first, count): (u32, u32),
    out: &mut Vec<Step>,
) {
    let digit = level.digit(number);
    let orders = level.others(number).map(|(_, place)| combination(digit, place));
    let Some((_, order)) = orders.into_iter().find(|(number, _)| *number == turn) else { return };
    out.push(match turn {
        0 => sum.combine(loaded, first, count, order),
        _ => Step::Reduce {
            from: sum.spare(turn * role.parts + first, count),
            into: sum.partial(true, first, count),
            order,
        },
    });
}

/// Messages that a participant sends at all levels.
pub fn messages(size: u32) -> u64 {
    levels(size).map(|level| level.members as u64 - 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_multiply_to_those_that_take_part() {
        for size in 1..300 {
            let (participants, _) = participants(size);
            assert_eq!(levels(size).map(|level| level.members).product::<u32>(), participants);
            assert!(participants <= size && size < 2 * participants, "{size}: {participants}");
        }
        assert_eq!(
            [3, 4, 7, 8, 11, 12, 33, 64].map(participants),
            [(3, 1), (4, 1), (4, 1), (8, 2), (8, 2), (12, 2), (32, 3), (64, 3)]
        );
    }
}
