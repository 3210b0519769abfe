//! The predefined operations.

use wire::Scalar;

/// A predefined operation of a reduction. All are commutative and, but for the rounding of floating-point sums and
/// products, associative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// The sum; integers wrap around.
    Sum,
    /// The product; integers wrap around.
    Product,
    /// The smallest. A number wins over a NaN.
    Min,
    /// The largest. A number wins over a NaN.
    Max,
    /// Whether all are true (not zero).
    And,
    /// Whether any is true (not zero).
    Or,
    /// Whether an odd number of them is true (not zero).
    Xor,
    /// The bits that all have.
    BitAnd,
    /// The bits that any has.
    BitOr,
    /// The bits that an odd number of them has.
    BitXor,
    /// The smallest of pairs (value, location): by value, then by the smaller location. A number wins over a NaN.
    MinLocation,
    /// The pair (value, location) of the largest value, of those the one with the smallest location. A number wins over a NaN.
    MaxLocation,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 12] = [
        Operation::Sum,
        Operation::Product,
        Operation::Min,
        Operation::Max,
        Operation::And,
        Operation::Or,
        Operation::Xor,
        Operation::BitAnd,
        Operation::BitOr,
        Operation::BitXor,
        Operation::MinLocation,
        Operation::MaxLocation,
    ];

    /// Whether its operands are pairs of a value and a location of 64 bits.
    pub const fn is_located(self) -> bool {
        matches!(self, Operation::MinLocation | Operation::MaxLocation)
    }

    /// Whether it is defined for operands (for pairs: values) of that scalar.
    pub const fn accepts(self, scalar: Scalar) -> bool {
        match (self, scalar) {
            (_, Scalar::Char | Scalar::F16 | Scalar::BF16 | Scalar::LongDouble | Scalar::Byte) => false,
            (_, Scalar::ComplexF32 | Scalar::ComplexF64 | Scalar::ComplexLongDouble) => false,
            (Operation::And | Operation::Or | Operation::Xor, _) => true,
            (Operation::BitAnd | Operation::BitOr | Operation::BitXor, Scalar::F32 | Scalar::F64) => false,
            (Operation::BitAnd | Operation::BitOr | Operation::BitXor, _) => true,
            (_, Scalar::Bool) => false,
            _ => true,
        }
    }
}
