//! The arithmetic of type signatures.
//!
//! A sequence of symbols is the digits of a number in base `B`, modulo the prime P = 2^61 - 1. The signature is the value of
//! the periodic fraction 0.sss…, that is number / (B^length - 1). Repeating a sequence does not change its endless
//! repetition, so it does not change the fraction either; and two sequences have the same endless repetition exactly
//! when they are powers of a common one (Lyndon and Schützenberger, The equation a^M = b^N c^P in a free group, 1962).

use crate::Scalar;

/// A Mersenne prime: products of residues fit into 128 bits.
const P: u64 = (1 << 61) - 1;

/// A primitive root of P, so that no short sequence has B^length = 1.
const B: u64 = 0x1e37_79b9_7f4a_7c1a;

/// A sequence of symbols, as far as signatures are concerned: what types that are only known at run time are
/// described with. [`Shape::sequence`](crate::Shape::sequence) gives that of a type.
///
/// ```
/// use archipelago_wire::{Scalar, Sequence, Wire};
///
/// let point = Sequence::scalar(Scalar::F64).times(3);
/// assert_eq!(point.signature(), <[f64; 3]>::SIGNATURE);
/// assert_eq!(point.then(Sequence::scalar(Scalar::U32)).signature(), <([f64; 3], u32)>::SIGNATURE);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    number: u64,
    /// B^length.
    scale: u64,
}

impl Sequence {
    /// No symbols.
    pub const EMPTY: Sequence = Sequence { number: 0, scale: 1 };

    /// One symbol.
    pub(crate) const fn one(symbol: u64) -> Sequence {
        Sequence { number: scatter(symbol) % P, scale: B }
    }

    /// One scalar.
    pub const fn scalar(scalar: Scalar) -> Sequence {
        Sequence::one(scalar as u64)
    }

    /// This sequence and then the other.
    pub const fn then(self, next: Sequence) -> Sequence {
        Sequence {
            number: (multiply(self.number, next.scale) + next.number) % P,
            scale: multiply(self.scale, next.scale),
        }
    }

    /// This sequence `count` times.
    pub const fn times(self, count: u64) -> Sequence {
        let (mut result, mut square, mut rest) = (Sequence::EMPTY, self, count);
        while rest > 0 {
            if rest & 1 == 1 {
                result = result.then(square);
            }
            square = square.then(square);
            rest >>= 1;
        }
        result
    }

    /// The hash of its endless repetition: never 0, and 1 for the empty sequence.
    pub const fn signature(self) -> u64 {
        let period = (self.scale + P - 1) % P;
        // By Fermat, period^(P-2) is its inverse; for the empty sequence it is 0 and so is the product.
        1 + multiply(self.number, power(period, P - 2))
    }
}

/// The product of two residues, as one.
const fn multiply(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    // 2^61 is 1 here: the upper bits count as much as the lower ones, and a division costs ten times as much.
    let sum = (product as u64 & P) + (product >> 61) as u64;
    if sum >= P { sum - P } else { sum }
}

const fn power(base: u64, exponent: u64) -> u64 {
    let (mut result, mut square, mut rest) = (1, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result = multiply(result, square);
        }
        square = multiply(square, square);
        rest >>= 1;
    }
    result
}

/// Makes unrelated digits of symbols that are small numbers (the finaliser of splitmix64).
const fn scatter(symbol: u64) -> u64 {
    let mut bits = symbol.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(symbols: &[u64]) -> Sequence {
        symbols.iter().fold(Sequence::EMPTY, |all, &symbol| all.then(Sequence::one(symbol)))
    }

    #[test]
    fn agrees_exactly_when_the_endless_repetition_does() {
        // Every sequence of one to six symbols out of two, against the definition.
        let all: Vec<Vec<u64>> = (1..=6)
            .flat_map(|n| (0..1u32 << n).map(move |bits| (0..n).map(|i| (bits >> i & 1) as u64).collect()))
            .collect();
        let endless = |symbols: &[u64]| symbols.iter().copied().cycle().take(60).collect::<Vec<_>>();
        for a in &all {
            for b in &all {
                let agree = sequence(a).signature() == sequence(b).signature();
                assert_eq!(agree, endless(a) == endless(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_product_is_the_remainder_of_a_division() {
        let some = [0, 1, 2, 3, B, P / 2, P / 2 + 1, P - 2, P - 1, 0x1234_5678_9abc_def0 % P];
        for a in some {
            for b in some {
                assert_eq!(multiply(a, b) as u128, a as u128 * b as u128 % P as u128, "{a} {b}");
            }
        }
    }

    #[test]
    fn repetition_is_a_product_of_sequences() {
        let one = sequence(&[3, 1, 4]);
        let mut many = Sequence::EMPTY;
        for count in 0..20 {
            let times = one.times(count);
            assert_eq!((times.number, times.scale), (many.number, many.scale));
            many = many.then(one);
        }
        assert_eq!(one.times(1 << 40).signature(), one.signature());
        assert_eq!(Sequence::EMPTY.signature(), 1);
    }
}
