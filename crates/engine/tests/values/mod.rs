//! What ranks contribute to collectives, and how it is combined.

use layout::{Operation, Operator};

/// x -> a·x + b with a in the upper half: composition is associative and doesn't commute.
pub fn compose(left: u64, right: u64) -> u64 {
    let (a, b) = ((left >> 32) as u32, left as u32);
    let (c, d) = ((right >> 32) as u32, right as u32);
    (a.wrapping_mul(c) as u64) << 32 | a.wrapping_mul(d).wrapping_add(b) as u64
}

pub fn operator(commutative: bool) -> Operator {
    match commutative {
        true => Operator::predefined::<u64>(Operation::Sum).unwrap(),
        false => Operator::user(false, |left: &u64, right: &u64| compose(*left, *right)),
    }
}

/// Element `element` of what `from` has for `to`.
pub fn value(from: u32, to: u32, element: u64) -> u64 {
    ((from as u64 * 2 + 3) << 32) | (to as u64 * 1000 + element + 1)
}
