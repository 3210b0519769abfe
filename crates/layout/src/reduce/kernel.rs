//! The loops of the predefined operations: one for each operation and scalar, simple enough to become vector code. They are
//! compiled twice, for any processor and for those with wider vectors; each element is calculated the same in both.

use wire::Scalar;

use super::{complex, half};
use crate::Operation;

/// Combines `count` scalars at `from` into those at `into`, one by one, where the operation is symmetric (all but
/// [`Operation::Replace`] and [`Operation::NoOp`] are, and those on pairs are elsewhere).
///
/// # Panics
/// If the operation is not defined for the scalar ([`Operation::accepts`]), or not one of these.
///
/// # Safety
/// `from` is valid for reading and `into` for reading and writing `count` scalars, and they don't overlap. They need
/// not be aligned, and the bytes may be arbitrary: a byte other than 0 is a true `bool`.
pub unsafe fn reduce(operation: Operation, scalar: Scalar, from: *const u8, into: *mut u8, count: usize) {
    let here = operation.is_symmetric() && !operation.is_located();
    assert!(here && operation.accepts(scalar), "{operation:?} is not defined for {}", scalar.name());
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("f16c") {
        // SAFETY: the contract is handed on; the processor has what the function needs.
        return unsafe { wide(operation, scalar, from, into, count) };
    }
    // SAFETY: the contract is handed on.
    unsafe { all(operation, scalar, from, into, count) }
}

/// # Safety
/// As [`reduce`], on a processor with AVX2 and F16C.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
unsafe fn wide(operation: Operation, scalar: Scalar, from: *const u8, into: *mut u8, count: usize) {
    // SAFETY: the contract is handed on.
    unsafe {
        match scalar {
            Scalar::F16 => half::f16_wide(operation, from, into, count),
            _ => all(operation, scalar, from, into, count),
        }
    }
}

/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn all(operation: Operation, scalar: Scalar, from: *const u8, into: *mut u8, count: usize) {
    // SAFETY: the contract is handed on.
    unsafe {
        match scalar {
            Scalar::I8 => integer!(i8, operation, from, into, count),
            Scalar::I16 => integer!(i16, operation, from, into, count),
            Scalar::I32 => integer!(i32, operation, from, into, count),
            Scalar::I64 => integer!(i64, operation, from, into, count),
            Scalar::I128 => integer!(i128, operation, from, into, count),
            Scalar::U8 | Scalar::Byte => integer!(u8, operation, from, into, count),
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
            Scalar::F16 => half::f16(operation, from, into, count),
            Scalar::BF16 => half::bf16(operation, from, into, count),
            Scalar::ComplexF16 => half::complex(operation, from, into, count),
            Scalar::ComplexF32 => complex::reduce::<f32>(operation, from, into, count),
            Scalar::ComplexF64 => complex::reduce::<f64>(operation, from, into, count),
            #[cfg(target_arch = "x86_64")]
            Scalar::LongDouble => super::extended::reduce(operation, from, into, count),
            #[cfg(target_arch = "x86_64")]
            Scalar::ComplexLongDouble => {
                complex::reduce::<wire::LongDouble>(operation, from, into, count);
            }
            // `accepts` has refused it.
            #[cfg(not(target_arch = "x86_64"))]
            Scalar::LongDouble | Scalar::ComplexLongDouble => {}
            Scalar::Char => {}
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
            // They are not for this function.
            Operation::MinLocation | Operation::MaxLocation | Operation::Replace | Operation::NoOp => {}
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
            // `accepts` has refused them, or they are not for this function.
            _ => {}
        }
    }};
}

use {float, integer};

/// # Safety
/// As for [`reduce`], with operands of type `T`, of which every pattern of bits is a value.
#[inline(always)]
pub(super) unsafe fn each<T: Copy>(
    from: *const u8,
    into: *mut u8,
    count: usize,
    combine: impl Fn(T, T) -> T,
) {
    let (from, into) = (from.cast::<T>(), into.cast::<T>());
    for i in 0..count {
        // SAFETY: element `i` of `count`; both are read and written without regard to alignment.
        unsafe {
            let result = combine(from.add(i).read_unaligned(), into.add(i).read_unaligned());
            into.add(i).write_unaligned(result);
        }
    }
}
