//! `long double` on x86-64: calculated by the x87, as C does, to the last bit. (Rust has no type for it, and `f64` is no
//! substitute: it has 11 bits less.)

use std::arch::asm;
use std::cmp::Ordering;

use wire::LongDouble;

use super::complex::Real;
use super::kernel::each;
use crate::Operation;

/// Combines number by number where they lie: a copy of ten bytes out of sixteen would wait for the store before it.
macro_rules! in_place {
    ($instruction:literal, $from:expr, $into:expr, $count:expr) => {
        for i in 0..$count {
            // The six bytes behind a number stay as they are, as in C.
            asm!(
                "fld tbyte ptr [{a}]",
                "fld tbyte ptr [{b}]",
                $instruction,
                "fstp tbyte ptr [{b}]",
                a = in(reg) $from.add(16 * i),
                b = in(reg) $into.add(16 * i),
                out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
                options(nostack),
            )
        }
    };
}

/// # Safety
/// As [`kernel::reduce`](super::reduce), of `long double`s.
pub(super) unsafe fn reduce(operation: Operation, from: *const u8, into: *mut u8, count: usize) {
    type T = LongDouble;
    // Also a NaN is true, as in C.
    let truth = |x: T| compare(x, T::ZERO) != Some(Ordering::Equal);
    let number = |truth: bool| if truth { T::ONE } else { T::ZERO };
    // SAFETY: the contract.
    unsafe {
        match operation {
            Operation::Sum => in_place!("faddp st(1), st", from, into, count),
            Operation::Product => in_place!("fmulp st(1), st", from, into, count),
            Operation::Min => each(from, into, count, |a: T, b: T| if is_before(b, a) { b } else { a }),
            Operation::Max => each(from, into, count, |a: T, b: T| if is_after(b, a) { b } else { a }),
            Operation::And => each(from, into, count, |a: T, b: T| number(truth(a) && truth(b))),
            Operation::Or => each(from, into, count, |a: T, b: T| number(truth(a) || truth(b))),
            Operation::Xor => each(from, into, count, |a: T, b: T| number(truth(a) != truth(b))),
            // `accepts` has refused the others.
            _ => {}
        }
    }
}

fn is_before(a: LongDouble, b: LongDouble) -> bool {
    compare(a, b) == Some(Ordering::Less) || b.is_nan() && !a.is_nan()
}

fn is_after(a: LongDouble, b: LongDouble) -> bool {
    compare(a, b) == Some(Ordering::Greater) || b.is_nan() && !a.is_nan()
}

macro_rules! calculated {
    ($name:ident, $instruction:literal) => {
        #[inline(always)]
        fn $name(self, other: LongDouble) -> LongDouble {
            let mut result = LongDouble::default();
            // SAFETY: reads ten bytes of each operand and writes ten of the result; uses two places of the x87's stack, which is
            // empty by the calling convention, and leaves it so.
            unsafe {
                asm!(
                    "fld tbyte ptr [{a}]",
                    "fld tbyte ptr [{b}]",
                    $instruction,
                    "fstp tbyte ptr [{result}]",
                    a = in(reg) &raw const self,
                    b = in(reg) &raw const other,
                    result = in(reg) &raw mut result,
                    out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                    out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
                    options(nostack),
                );
            }
            result
        }
    };
}

/// None if one of them is a NaN.
pub(super) fn compare(a: LongDouble, b: LongDouble) -> Option<Ordering> {
    let (above, below, unordered): (u8, u8, u8);
    // SAFETY: reads ten bytes of each operand; the stack of the x87 as above.
    unsafe {
        asm!(
            "fld tbyte ptr [{b}]",
            "fld tbyte ptr [{a}]",
            "fucomip st, st(1)",
            "seta {above}",
            "setb {below}",
            "setp {unordered}",
            "fstp st(0)",
            a = in(reg) &raw const a,
            b = in(reg) &raw const b,
            above = lateout(reg_byte) above,
            below = lateout(reg_byte) below,
            unordered = lateout(reg_byte) unordered,
            out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
            out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
            options(nostack, readonly),
        );
    }
    match (unordered, above, below) {
        (0, 0, 0) => Some(Ordering::Equal),
        (0, 1, _) => Some(Ordering::Greater),
        (0, ..) => Some(Ordering::Less),
        _ => None,
    }
}

/// A constant: all of its bytes beyond the tenth are 0.
const fn constant(exponent: u16) -> LongDouble {
    let [low, high] = exponent.to_le_bytes();
    LongDouble::from_bytes([0, 0, 0, 0, 0, 0, 0, 0x80, low, high, 0, 0, 0, 0, 0, 0])
}

impl Real for LongDouble {
    const ZERO: LongDouble = LongDouble::from_bytes([0; 16]);
    const ONE: LongDouble = constant(16383);
    const INFINITY: LongDouble = constant(0x7fff);

    calculated!(add, "faddp st(1), st");
    calculated!(multiply, "fmulp st(1), st");
    // The first operand was pushed first, and is st(1): the difference is st(1) - st.
    calculated!(subtract, "fsubp st(1), st");

    fn is_nan(self) -> bool {
        let (_, exponent, significand) = self.parts();
        exponent == 0x7fff && significand << 1 != 0
    }

    fn is_infinite(self) -> bool {
        let (_, exponent, significand) = self.parts();
        exponent == 0x7fff && significand << 1 == 0
    }

    fn with_sign_of(self, other: LongDouble) -> LongDouble {
        let (_, exponent, significand) = self.parts();
        LongDouble::of_parts(other.parts().0, exponent, significand)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calculates_what_f64_can_check() {
        let numbers = [0.0, -0.0, 1.5, -2.25, 1e300, f64::INFINITY, f64::NEG_INFINITY, 4096.0, f64::NAN];
        for (a, b) in numbers.into_iter().flat_map(|a| numbers.map(|b| (a, b))) {
            let (x, y) = (LongDouble::from_f64(a), LongDouble::from_f64(b));
            let same = |ours: LongDouble, theirs: f64| {
                ours.to_f64().to_bits() == theirs.to_bits() || ours.to_f64().is_nan() && theirs.is_nan()
            };
            assert!(same(x.add(y), a + b), "{a} + {b}");
            assert!(same(x.subtract(y), a - b), "{a} - {b}");
            assert!(same(x.multiply(y), a * b), "{a} * {b}");
            assert_eq!(compare(x, y), a.partial_cmp(&b));
            assert_eq!((x.is_nan(), x.is_infinite()), (a.is_nan(), a.is_infinite()));
        }
        assert_eq!((LongDouble::ONE.to_f64(), LongDouble::INFINITY.to_f64()), (1.0, f64::INFINITY));
    }

    #[test]
    fn has_more_bits_than_f64() {
        let tiny = LongDouble::from_f64(2f64.powi(-63));
        let more = LongDouble::ONE.add(tiny);
        assert_eq!(more.parts(), (false, 16383, 1 << 63 | 1));
        assert_eq!(more.subtract(LongDouble::ONE), tiny);
        assert_eq!(compare(more, LongDouble::ONE), Some(Ordering::Greater));
    }
}
