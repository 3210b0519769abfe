//! The loops of the predefined operations: one for each operation and scalar, simple enough to become vector code.

use std::cmp::Ordering;

use wire::Scalar;

use crate::Operation;

/// Combines `count` operands at `from` into those at `into`, element by element. For the operations on pairs, an
/// operand is the scalar and then a location of 64 bits, without padding.
///
/// # Panics
/// If the operation is not defined for the scalar ([`Operation::accepts`]).
///
/// # Safety
/// `from` is valid for reading and `into` for reading and writing `count` operands, and they don't overlap. They need
/// not be aligned, and the bytes may be arbitrary: a byte other than 0 is a true `bool`.
pub unsafe fn reduce(operation: Operation, scalar: Scalar, from: *const u8, into: *mut u8, count: usize) {
    assert!(operation.accepts(scalar), "{operation:?} is not defined for {}", scalar.name());
    // SAFETY: the contract is handed on.
    unsafe {
        match scalar {
            Scalar::I8 => integer!(i8, operation, from, into, count),
            Scalar::I16 => integer!(i16, operation, from, into, count),
            Scalar::I32 => integer!(i32, operation, from, into, count),
            Scalar::I64 => integer!(i64, operation, from, into, count),
            Scalar::I128 => integer!(i128, operation, from, into, count),
            Scalar::U8 => integer!(u8, operation, from, into, count),
            Scalar::U16 => integer!(u16, operation, from, into, count),
            Scalar::U32 => integer!(u32, operation, from, into, count),
            Scalar::U64 => integer!(u64, operation, from, into, count),
            Scalar::U128 => integer!(u128, operation, from, into, count),
            Scalar::F32 => float!(f32, operation, from, into, count),
            Scalar::F64 => float!(f64, operation, from, into, count),
            Scalar::Bool => match operation {
                Operation::And | Operation::BitAnd => {
                    each(from, into, count, |a: u8, b: u8| (a != 0 && b != 0) as u8)
                }
                Operation::Or | Operation::BitOr => {
                    each(from, into, count, |a: u8, b: u8| (a | b != 0) as u8)
                }
                _ => each(from, into, count, |a: u8, b: u8| ((a != 0) != (b != 0)) as u8),
            },
            // `accepts` has refused it.
            _ => {}
        }
    }
}

macro_rules! integer {
    ($type:ident, $operation:expr, $from:expr, $into:expr, $count:expr) => {{
        type T = $type;
        match $operation {
            Operation::Sum => each($from, $into, $count, T::wrapping_add),
            Operation::Product => each($from, $into, $count, T::wrapping_mul),
            Operation::Min => each($from, $into, $count, |a: T, b: T| if b < a { b } else { a }),
            Operation::Max => each($from, $into, $count, |a: T, b: T| if b > a { b } else { a }),
            Operation::And => each($from, $into, $count, |a: T, b: T| (a != 0 && b != 0) as T),
            Operation::Or => each($from, $into, $count, |a: T, b: T| (a | b != 0) as T),
            Operation::Xor => each($from, $into, $count, |a: T, b: T| ((a != 0) != (b != 0)) as T),
            Operation::BitAnd => each($from, $into, $count, |a: T, b: T| a & b),
            Operation::BitOr => each($from, $into, $count, |a: T, b: T| a | b),
            Operation::BitXor => each($from, $into, $count, |a: T, b: T| a ^ b),
            Operation::MinLocation => located($from, $into, $count, |a: T, b: T| a.cmp(&b)),
            Operation::MaxLocation => located($from, $into, $count, |a: T, b: T| b.cmp(&a)),
        }
    }};
}

macro_rules! float {
    ($type:ident, $operation:expr, $from:expr, $into:expr, $count:expr) => {{
        type T = $type;
        match $operation {
            Operation::Sum => each($from, $into, $count, |a: T, b: T| a + b),
            Operation::Product => each($from, $into, $count, |a: T, b: T| a * b),
            Operation::Min => each($from, $into, $count, T::min),
            Operation::Max => each($from, $into, $count, T::max),
            Operation::And => each($from, $into, $count, |a: T, b: T| (a != 0.0 && b != 0.0) as u8 as T),
            Operation::Or => each($from, $into, $count, |a: T, b: T| (a != 0.0 || b != 0.0) as u8 as T),
            Operation::Xor => each($from, $into, $count, |a: T, b: T| ((a != 0.0) != (b != 0.0)) as u8 as T),
            Operation::MinLocation => located($from, $into, $count, |a: T, b: T| {
                a.partial_cmp(&b).unwrap_or(a.is_nan().cmp(&b.is_nan()))
            }),
            Operation::MaxLocation => located($from, $into, $count, |a: T, b: T| {
                b.partial_cmp(&a).unwrap_or(a.is_nan().cmp(&b.is_nan()))
            }),
            // `accepts` has refused them.
            Operation::BitAnd | Operation::BitOr | Operation::BitXor => {}
        }
    }};
}

use {float, integer};

/// # Safety
/// As for [`reduce`], with operands of type `T`, of which every pattern of bits is a value.
#[inline(always)]
unsafe fn each<T: Copy>(from: *const u8, into: *mut u8, count: usize, combine: impl Fn(T, T) -> T) {
    let (from, into) = (from.cast::<T>(), into.cast::<T>());
    for i in 0..count {
        // SAFETY: element `i` of `count`; both are read and written without regard to alignment.
        unsafe {
            let result = combine(from.add(i).read_unaligned(), into.add(i).read_unaligned());
            into.add(i).write_unaligned(result);
        }
    }
}

/// Replaces a pair where `better` orders the other's value before its own, or leaves it to the locations.
///
/// # Safety
/// As for [`reduce`], with operands (T, u64), packed, of which every pattern of bits is a value.
#[inline(always)]
unsafe fn located<T: Copy>(from: *const u8, into: *mut u8, count: usize, better: impl Fn(T, T) -> Ordering) {
    #[derive(Clone, Copy)]
    #[repr(C, packed)]
    struct Pair<T>(T, u64);
    // SAFETY: the contract; a packed pair has the stride of the operands.
    unsafe {
        each(from, into, count, |theirs: Pair<T>, mine: Pair<T>| {
            let order = better(theirs.0, mine.0).then({ theirs.1 }.cmp(&{ mine.1 }));
            if order == Ordering::Less { theirs } else { mine }
        });
    }
}
