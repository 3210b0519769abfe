//! Recursive halving of a vector with doubling of the distance, over the largest power of two of the members; and
//! how the others are folded in.
//!
//! The first 2·(n - p) members form neighbouring pairs, and the odd one of each lets the even one speak for it.
//! Neighbours are combined with neighbours at each level, so the order of the operands is kept.

use super::tree::floor_log2;
use crate::collective::Order;

/// A member's place among the p = 2^levels that take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halving {
    /// ⌊log2 p⌋
    pub levels: u32,
    /// Its number among those that take part; `None` for one that lets another speak for it.
    pub number: Option<u32>,
    /// The other of its pair.
    pub pair: Option<u32>,
    rest: u32,
}

impl Halving {
    /// The place of `rank` among `size`.
    pub fn new(rank: u32, size: u32) -> Halving {
        Halving::among(rank, size, Halving::participants(size))
    }

    /// The same where `participants`, more than half, take part.
    pub fn among(rank: u32, size: u32, participants: u32) -> Halving {
        let rest = size - participants;
        let paired = rank < 2 * rest;
        Halving {
            levels: floor_log2(participants),
            number: match (paired, rank.is_multiple_of(2)) {
                (true, true) => Some(rank / 2),
                (true, false) => None,
                (false, _) => Some(rank - rest),
            },
            pair: paired.then_some(rank ^ 1),
            rest,
        }
    }

    /// p: how many take part, and into how many parts they cut the vector.
    pub fn participants(size: u32) -> u32 {
        1 << floor_log2(size)
    }

    /// How many are folded in.
    pub fn folded(size: u32) -> u32 {
        size - Halving::participants(size)
    }

    /// The rank of the participant `number`.
    pub fn rank(&self, number: u32) -> u32 {
        if number < self.rest { 2 * number } else { number + self.rest }
    }

    /// Whether this member has combined its pair's contribution into its own.
    pub fn has_folded(&self) -> bool {
        self.pair.is_some() && self.number.is_some()
    }

    /// The partner's number at a level, and on which side of ours its operand stands.
    pub fn partner(number: u32, level: u32) -> (u32, Order) {
        let order = if number >> level & 1 == 0 { Order::After } else { Order::Before };
        (number ^ 1 << level, order)
    }

    /// The parts (first, count) that the participant `number` still holds before level `level`: at each level
    /// it kept the lower half if its bit is clear.
    pub fn held(&self, number: u32, level: u32) -> (u32, u32) {
        let (mut first, mut count) = (0, 1 << self.levels);
        for l in 0..level {
            count /= 2;
            if number >> l & 1 == 1 {
                first += count;
            }
        }
        (first, count)
    }
}
