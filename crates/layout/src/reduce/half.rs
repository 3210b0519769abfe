//! Numbers of 16 bits: calculated as `f32`, and rounded to the nearest, ties to even.
//!
//! An `f32` has more than twice the bits of a half and two more, so that the second rounding changes no sum or product of
//! normal numbers (Figueroa, When is double rounding innocuous?, SIGNUM Newsletter 30, 1995).

use wire::Complex;
use wire::number::{narrow_bf16, narrow_f16, widen_bf16, widen_f16};

use super::complex::product;
use super::kernel::each;
use crate::Operation;

macro_rules! halves {
    ($name:ident, $widen:ident, $narrow:ident) => {
        /// # Safety
        /// As [`kernel::reduce`](super::reduce), of halves.
        #[inline(always)]
        pub(super) unsafe fn $name(operation: Operation, from: *const u8, into: *mut u8, count: usize) {
            // SAFETY: the contract.
            unsafe {
                let truth = |half: u16| $widen(half) != 0.0;
                let number = |truth: bool| $narrow(truth as u8 as f32);
                match operation {
                    Operation::Sum => each(from, into, count, |a, b| $narrow($widen(a) + $widen(b))),
                    Operation::Product => each(from, into, count, |a, b| $narrow($widen(a) * $widen(b))),
                    Operation::Min => each(from, into, count, |a, b| $narrow($widen(a).min($widen(b)))),
                    Operation::Max => each(from, into, count, |a, b| $narrow($widen(a).max($widen(b)))),
                    Operation::And => each(from, into, count, |a, b| number(truth(a) && truth(b))),
                    Operation::Or => each(from, into, count, |a, b| number(truth(a) || truth(b))),
                    Operation::Xor => each(from, into, count, |a, b| number(truth(a) != truth(b))),
                    // `accepts` has refused the others.
                    _ => {}
                }
            }
        }
    };
}

halves!(f16, widen_f16, narrow_f16);
halves!(bf16, widen_bf16, narrow_bf16);

/// Complex halves: each result is rounded once.
///
/// # Safety
/// As [`kernel::reduce`](super::reduce), of complex halves.
#[inline(always)]
pub(super) unsafe fn complex(operation: Operation, from: *const u8, into: *mut u8, count: usize) {
    let wide = |[re, im]: [u16; 2]| Complex { re: widen_f16(re), im: widen_f16(im) };
    let half = |Complex { re, im }: Complex<f32>| [narrow_f16(re), narrow_f16(im)];
    // SAFETY: the contract.
    unsafe {
        match operation {
            Operation::Sum => each(from, into, count, |a, b| {
                let (a, b) = (wide(a), wide(b));
                half(Complex { re: a.re + b.re, im: a.im + b.im })
            }),
            Operation::Product => each(from, into, count, |a, b| half(product(wide(a), wide(b)))),
            // `accepts` has refused the others.
            _ => {}
        }
    }
}

/// Eight at a time, by the processor's own conversions, which round and treat NaN as ours do.
///
/// # Safety
/// As [`f16`], on a processor with AVX2 and F16C.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
pub(super) unsafe fn f16_wide(operation: Operation, from: *const u8, into: *mut u8, count: usize) {
    use std::arch::x86_64::*;
    let is_wide = matches!(operation, Operation::Sum | Operation::Product | Operation::Min | Operation::Max);
    let eights = if is_wide { count / 8 } else { 0 };
    for i in 0..eights {
        // SAFETY: eight halves are 16 bytes; number `i` of so many lies in both.
        unsafe {
            let (from, into) = (from.cast::<__m128i>().add(i), into.cast::<__m128i>().add(i));
            let a = _mm256_cvtph_ps(_mm_loadu_si128(from));
            let b = _mm256_cvtph_ps(_mm_loadu_si128(into));
            // The processor's minimum and maximum are the second operand where one is a NaN.
            let number = |of_both: __m256| _mm256_blendv_ps(of_both, a, _mm256_cmp_ps::<_CMP_UNORD_Q>(b, b));
            let result = match operation {
                Operation::Sum => _mm256_add_ps(a, b),
                Operation::Product => _mm256_mul_ps(a, b),
                Operation::Min => number(_mm256_min_ps(a, b)),
                Operation::Max => number(_mm256_max_ps(a, b)),
                // There are no eights of the others.
                _ => return,
            };
            _mm_storeu_si128(into, _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(result));
        }
    }
    // SAFETY: the halves that are left.
    unsafe { f16(operation, from.add(16 * eights), into.add(16 * eights), count - 8 * eights) };
}
