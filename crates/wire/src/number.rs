//! Numbers that Rust has no type for: half precision, the platform's `long double`, complex numbers.

use std::fmt;

use crate::{Form, Invalid, Scalar, Shape, Wire};

/// Half precision: IEEE 754 binary16.
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct F16(u16);

/// The upper half of an `f32`: eight bits of exponent, seven of fraction ("bfloat16").
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct BF16(u16);

macro_rules! halves {
    ($($type:ident $scalar:ident $widen:path, $narrow:path;)+) => {$(
        impl $type {
            /// The nearest value; of two equally near the one whose last bit is 0.
            pub fn from_f32(value: f32) -> $type {
                $type($narrow(value))
            }

            /// The same number; every one is an `f32`.
            pub fn to_f32(self) -> f32 {
                $widen(self.0)
            }

            /// The number with these bits.
            pub const fn from_bits(bits: u16) -> $type {
                $type(bits)
            }

            /// Its bits.
            pub const fn to_bits(self) -> u16 {
                self.0
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &$type) -> bool {
                self.to_f32() == other.to_f32()
            }
        }

        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &$type) -> Option<std::cmp::Ordering> {
                self.to_f32().partial_cmp(&other.to_f32())
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.to_f32().fmt(f)
            }
        }

        plain!($type, $scalar, u16);
    )+};
}

macro_rules! plain {
    ($type:ty, $scalar:ident, $bits:ty) => {
        // SAFETY: it is an integer in a transparent struct.
        unsafe impl Wire for $type {
            const FORM: Form = Form::Plain;
            const SHAPE: &'static Shape = &Shape::Scalar(Scalar::$scalar);

            #[inline(always)]
            fn pack(&self, into: &mut [u8]) {
                self.0.pack(into);
            }

            #[inline(always)]
            fn unpack(from: &[u8]) -> Result<Self, Invalid> {
                <$bits>::unpack(from).map(Self)
            }
        }
    };
}

halves! {
    F16 F16 widen_f16, narrow_f16;
    BF16 BF16 widen_bf16, narrow_bf16;
}

/// The value of a binary16.
#[inline(always)]
pub fn widen_f16(half: u16) -> f32 {
    let (sign, rest) = ((half as u32 & 0x8000) << 16, (half as u32 & 0x7fff) << 13);
    // With the exponent moved by 112 places, a subnormal is what a multiplication makes of it; infinities and NaN keep the
    // largest exponent.
    let finite = f32::from_bits(rest) * f32::from_bits((254 - 15) << 23);
    let bits = if rest >= 31 << 23 { rest | 0xff << 23 } else { finite.to_bits() };
    f32::from_bits(sign | bits)
}

/// The binary16 nearest to a number, ties to even; from 65520 on, infinity.
#[inline(always)]
pub fn narrow_f16(value: f32) -> u16 {
    let (sign, bits) = ((value.to_bits() >> 16 & 0x8000) as u16, value.to_bits() & 0x7fff_ffff);
    if bits > 0xff << 23 {
        // A NaN stays one, quiet, with what fits of its payload.
        return sign | 0x7e00 | (bits >> 13 & 0x1ff) as u16;
    }
    if bits < 113 << 23 {
        // Subnormal: adding 0.5 brings the last bit of a subnormal half to the last of the sum, rounded as sums are.
        let sum = f32::from_bits(bits) + 0.5;
        return sign | (sum.to_bits() - 0.5f32.to_bits()) as u16;
    }
    let even = bits >> 13 & 1;
    let rounded = bits - (112 << 23) + 0xfff + even;
    sign | (rounded >> 13).min(0x7c00) as u16
}

/// The value of a bfloat16.
#[inline(always)]
pub fn widen_bf16(half: u16) -> f32 {
    f32::from_bits((half as u32) << 16)
}

/// The bfloat16 nearest to a number, ties to even.
#[inline(always)]
pub fn narrow_bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16;
    if value.is_nan() { (bits >> 16) as u16 | 0x40 } else { rounded }
}

/// The platform's `long double`, as C keeps it in memory. On x86-64 that is the 80-bit number of the x87: 64 bits of
/// significand, 15 of exponent, a sign, and 6 bytes that mean nothing.
///
/// Rust can't calculate with it; reductions can, with C's own results to the last bit.
#[derive(Clone, Copy, Default)]
#[repr(C, align(16))]
pub struct LongDouble([u8; 16]);

impl LongDouble {
    /// What C would find in memory.
    pub const fn from_bytes(bytes: [u8; 16]) -> LongDouble {
        LongDouble(bytes)
    }

    /// What C leaves in memory.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The same number.
    pub fn from_f64(value: f64) -> LongDouble {
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> 52 & 0x7ff) as u16, bits & ((1 << 52) - 1));
        let (exponent, significand) = match (exponent, fraction) {
            (0, 0) => (0, 0),
            (0, _) => {
                let shift = fraction.leading_zeros();
                (16383 - 1022 - (shift as u16 - 11), fraction << shift)
            }
            (0x7ff, _) => (0x7fff, 1 << 63 | fraction << 11),
            _ => (exponent + 16383 - 1023, 1 << 63 | fraction << 11),
        };
        LongDouble::of_parts(value.is_sign_negative(), exponent, significand)
    }

    /// The nearest `f64`; of two equally near the one whose last bit is 0.
    pub fn to_f64(self) -> f64 {
        let (negative, exponent, significand) = self.parts();
        let sign = (negative as u64) << 63;
        if exponent == 0x7fff {
            let quiet = if significand << 1 == 0 { 0 } else { 1 << 51 | significand << 1 >> 12 };
            return f64::from_bits(sign | 0x7ff << 52 | quiet);
        }
        // Of a normal number 11 bits go; the smaller it is below the normal numbers of f64, the more.
        let place = (exponent as i32 - (16383 - 1023)).min(0x7ff);
        let lost = if place >= 1 { 11 } else { 12 - place };
        let rounded = match lost {
            11..=63 => {
                let (kept, rest, half) =
                    (significand >> lost, significand & ((1 << lost) - 1), 1 << (lost - 1));
                kept + (rest > half || rest == half && kept & 1 == 1) as u64
            }
            64 => (significand > 1 << 63) as u64,
            _ => 0,
        };
        // A carry out of the fraction arrives in the exponent, which is what it must do.
        let magnitude = if place >= 1 { rounded + ((place as u64 - 1) << 52) } else { rounded };
        f64::from_bits(sign | magnitude.min(0x7ff << 52))
    }

    /// Sign, biased exponent, significand (with its leading bit).
    pub fn parts(self) -> (bool, u16, u64) {
        let mut significand = [0; 8];
        significand.copy_from_slice(&self.0[..8]);
        let top = u16::from_le_bytes([self.0[8], self.0[9]]);
        (top >> 15 == 1, top & 0x7fff, u64::from_le_bytes(significand))
    }

    /// The number of these parts.
    pub fn of_parts(negative: bool, exponent: u16, significand: u64) -> LongDouble {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&significand.to_le_bytes());
        bytes[8..10].copy_from_slice(&((negative as u16) << 15 | exponent & 0x7fff).to_le_bytes());
        LongDouble(bytes)
    }
}

impl PartialEq for LongDouble {
    /// By the bytes that mean something.
    fn eq(&self, other: &LongDouble) -> bool {
        self.0[..10] == other.0[..10]
    }
}

impl fmt::Debug for LongDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_f64().fmt(f)
    }
}

// SAFETY: sixteen bytes, none of them padding to Rust, and any are a value.
unsafe impl Wire for LongDouble {
    const FORM: Form = Form::Plain;
    const SHAPE: &'static Shape = &Shape::Scalar(Scalar::LongDouble);

    #[inline(always)]
    fn pack(&self, into: &mut [u8]) {
        into.copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn unpack(from: &[u8]) -> Result<LongDouble, Invalid> {
        <[u8; 16]>::unpack(from).map(LongDouble)
    }
}

/// A complex number: in memory the real part and then the imaginary part, as in C, Fortran, and other libraries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Complex<T> {
    /// The real part.
    pub re: T,
    /// The imaginary part.
    pub im: T,
}

macro_rules! complex {
    ($($type:ident $scalar:ident),+) => {$(
        // SAFETY: two numbers of one plain type, one behind the other.
        unsafe impl Wire for Complex<$type> {
            const FORM: Form = Form::Plain;
            const SHAPE: &'static Shape = &Shape::Scalar(Scalar::$scalar);

            #[inline(always)]
            fn pack(&self, into: &mut [u8]) {
                let (re, im) = into.split_at_mut($type::BYTES);
                self.re.pack(re);
                self.im.pack(im);
            }

            #[inline(always)]
            fn unpack(from: &[u8]) -> Result<Self, Invalid> {
                let (re, im) = from.split_at($type::BYTES);
                Ok(Complex { re: $type::unpack(re)?, im: $type::unpack(im)? })
            }
        }
    )+};
}

complex!(F16 ComplexF16, f32 ComplexF32, f64 ComplexF64, LongDouble ComplexLongDouble);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives_its_f32() {
        for bits in 0..=u16::MAX {
            let half = F16::from_bits(bits);
            let exponent = (bits >> 10 & 31) as i32;
            let fraction = (bits & 0x3ff) as f64;
            let magnitude = match exponent {
                0 => fraction * 2f64.powi(-24),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
            };
            let expected = if bits >> 15 == 1 { -magnitude } else { magnitude };
            assert_eq!(half.to_f32().is_nan(), expected.is_nan(), "{bits:#06x}");
            if !expected.is_nan() {
                assert_eq!((half.to_f32() as f64).to_bits(), expected.to_bits(), "{bits:#06x}");
                assert_eq!(F16::from_f32(half.to_f32()).to_bits(), bits);
            }
            assert!(F16::from_f32(half.to_f32()).to_f32().is_nan() == expected.is_nan());
            let brain = BF16::from_bits(bits);
            assert_eq!(brain.to_f32().to_bits(), (bits as u32) << 16);
            if !brain.to_f32().is_nan() {
                assert_eq!(BF16::from_f32(brain.to_f32()).to_bits(), bits);
            }
        }
        assert!(BF16::from_f32(f32::from_bits(0x7f80_0001)).to_f32().is_nan());
    }

    #[test]
    fn halves_round_to_nearest_even() {
        // Between each two neighbours: below the middle, the middle, above it.
        for bits in 0..0x7bffu16 {
            let (low, high) = (F16::from_bits(bits).to_f32(), F16::from_bits(bits + 1).to_f32());
            let middle = (low + high) / 2.0;
            let even = bits + (bits & 1);
            assert_eq!(F16::from_f32(middle).to_bits(), even);
            assert_eq!(F16::from_f32(middle.next_down()).to_bits(), bits);
            assert_eq!(F16::from_f32(-middle.next_up()).to_bits(), 0x8000 | (bits + 1));
        }
        assert_eq!(F16::from_f32(65519.996).to_bits(), 0x7bff);
        assert_eq!(F16::from_f32(65520.0).to_bits(), 0x7c00);
        assert_eq!(F16::from_f32(f32::MAX).to_bits(), 0x7c00);
        for bits in 0..0x7f7fu16 {
            let (low, high) = (BF16::from_bits(bits).to_f32(), BF16::from_bits(bits + 1).to_f32());
            let middle = low + (high - low) / 2.0;
            assert_eq!(BF16::from_f32(middle).to_bits(), bits + (bits & 1));
            assert_eq!(BF16::from_f32(middle.next_down()).to_bits(), bits);
            assert_eq!(BF16::from_f32(middle.next_up()).to_bits(), bits + 1);
        }
    }

    #[test]
    fn every_f64_survives_a_long_double() {
        let mut bits = 1u64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            for value in [f64::from_bits(bits), f64::from_bits(bits & (1 << 63 | u64::MAX >> 12))] {
                let back = LongDouble::from_f64(value).to_f64();
                assert!(back.to_bits() == value.to_bits() || value.is_nan() && back.is_nan(), "{value:e}");
            }
        }
        for value in
            [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1)]
        {
            assert_eq!(LongDouble::from_f64(value).to_f64().to_bits(), value.to_bits());
        }
    }

    #[test]
    fn long_doubles_round_to_the_nearest_f64() {
        let one = |significand, exponent| LongDouble::of_parts(false, exponent, significand).to_f64();
        let ulp = f64::EPSILON;
        assert_eq!(one(1 << 63 | 1 << 10, 16383), 1.0);
        assert_eq!(one(1 << 63 | 1 << 10 | 1, 16383), 1.0 + ulp);
        assert_eq!(one(1 << 63 | 3 << 10, 16383), 1.0 + 2.0 * ulp);
        assert_eq!(one(u64::MAX, 16383), 2.0);
        assert_eq!(one(u64::MAX, 16383 + 1023), f64::INFINITY);
        assert_eq!(one(1 << 63, 0x7ffe), f64::INFINITY);
        // The smallest subnormal, half of it, and a little more.
        assert_eq!(one(1 << 63, 16383 - 1074), f64::from_bits(1));
        assert_eq!(one(1 << 63, 16383 - 1075), 0.0);
        assert_eq!(one(1 << 63 | 1, 16383 - 1075), f64::from_bits(1));
        assert_eq!(one(u64::MAX, 16383 - 1023), f64::MIN_POSITIVE);
        assert_eq!(one(1 << 63, 0), 0.0);
    }
}
