//! The predefined operations.

use wire::Scalar;

/// A predefined operation of a reduction. All are, but for the rounding of floating-point sums and products,
/// associative, and all but [`Replace`](Operation::Replace) and [`NoOp`](Operation::NoOp) commutative.
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
    /// The right operand: of all ranks the last one's.
    Replace,
    /// The left operand: of all ranks the first one's.
    NoOp,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 14] = [
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
        Operation::Replace,
        Operation::NoOp,
    ];

    /// Whether its operands are pairs of a value and a location.
    pub const fn is_located(self) -> bool {
        matches!(self, Operation::MinLocation | Operation::MaxLocation)
    }

    /// Whether operands may change places.
    pub const fn is_symmetric(self) -> bool {
        !matches!(self, Operation::Replace | Operation::NoOp)
    }

    /// Whether it is defined for operands (for pairs: values) of that scalar. `long double` is that of x86-64; other
    /// platforms' is not calculated with.
    pub const fn accepts(self, scalar: Scalar) -> bool {
        use Operation::*;
        let is_integer = matches!(
            scalar,
            Scalar::I8
                | Scalar::I16
                | Scalar::I32
                | Scalar::I64
                | Scalar::I128
                | Scalar::U8
                | Scalar::U16
                | Scalar::U32
                | Scalar::U64
                | Scalar::U128
        );
        let extended = cfg!(target_arch = "x86_64");
        let is_float = match scalar {
            Scalar::F16 | Scalar::BF16 | Scalar::F32 | Scalar::F64 => true,
            Scalar::LongDouble => extended,
            _ => false,
        };
        let is_complex = match scalar {
            Scalar::ComplexF16 | Scalar::ComplexF32 | Scalar::ComplexF64 => true,
            Scalar::ComplexLongDouble => extended,
            _ => false,
        };
        match self {
            Sum | Product => is_integer || is_float || is_complex,
            Min | Max | MinLocation | MaxLocation => is_integer || is_float,
            And | Or | Xor => is_integer || is_float || matches!(scalar, Scalar::Bool),
            BitAnd | BitOr | BitXor => is_integer || matches!(scalar, Scalar::Bool | Scalar::Byte),
            Replace | NoOp => true,
        }
    }
}
