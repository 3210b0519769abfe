//! Sums without rounding, and so without an order.

use wire::{Form, Invalid, Scalar, Shape, Wire};

/// Words of the number: bit 0 of the first has the weight 2^-1074 of the smallest `f64`, bit 2097 is the highest of the
/// largest; above it there is room for the sum of 2^77 of them, and a sign.
const WORDS: usize = 34;

/// The lengths of its parts in bytes.
const NUMBER_BYTES: usize = 8 * WORDS;
pub(super) const BYTES: usize = NUMBER_BYTES + 8;

const NAN: u8 = 1;
const POSITIVE_INFINITY: u8 = 2;
const NEGATIVE_INFINITY: u8 = 4;
const NEGATIVE_ZERO: u8 = 8;
const NOT_NEGATIVE_ZERO: u8 = 16;

/// A sum of floating-point numbers that depends on nothing but which numbers were added: not on their order, not on how
/// they were grouped, not on the number of ranks or the algorithm that combined them. It is exact; [`value`](Self::value)
/// rounds it once, to the nearest `f64`, ties to even.
///
/// A NaN among the numbers, or infinities of both signs, make it NaN; else an infinity makes it that infinity. It is -0 if
/// numbers were added and all of them were -0; otherwise a sum of nothing, or one that is exactly zero, is +0. It is an
/// infinity as well when its exact value rounds to one; intermediate sums don't overflow.
///
/// It takes 280 bytes, which is what each element of a reduction then has. To add a number costs a few nanoseconds, to
/// combine two sums some tens.
///
/// Source: a long accumulator as Kulisch describes it (Computer Arithmetic and Validity, 2008), filled by way of chunks
/// that overlap (Neal, Fast exact summation using small and large superaccumulators, arXiv:1505.05571, 2015); of
/// its use for reproducibility, Collange, Defour, Graillat, Iakymchuk, Numerical reproducibility for the parallel
/// reduction on multi- and many-core architectures, Parallel Computing 49, 2015.
///
/// ```
/// use archipelago_layout::ReproducibleSum;
///
/// let numbers = [1e300, 1.0, -1e300, 2f64.powi(-1074)];
/// let (front, back) = numbers.split_at(2);
/// let mut sum = ReproducibleSum::of(back);
/// sum.combine(&ReproducibleSum::of(front));
/// assert_eq!(sum.value(), 1.0);
/// assert_eq!(sum, ReproducibleSum::of(&numbers));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct ReproducibleSum {
    /// Two's complement, the lowest word first.
    number: [u64; WORDS],
    /// What was added that the number can't say, in the first byte.
    marks: [u8; 8],
}

impl ReproducibleSum {
    /// The sum of nothing.
    pub const ZERO: ReproducibleSum = ReproducibleSum { number: [0; WORDS], marks: [0; 8] };

    /// The sum of these.
    pub fn of(numbers: &[f64]) -> ReproducibleSum {
        let mut sum = ReproducibleSum::ZERO;
        sum.add_all(numbers);
        sum
    }

    /// Adds a number. (An `f32` is one, without rounding: `f64::from`.)
    pub fn add(&mut self, number: f64) {
        let bits = number.to_bits();
        let Some((place, significand)) = self.finite(bits) else { return };
        let (word, shift) = (place / 64, place % 64);
        let wide = (significand as u128) << shift;
        let parts = [wide as u64, (wide >> 64) as u64];
        if bits >> 63 == 0 {
            let mut carry = false;
            for (i, to) in self.number[word..].iter_mut().enumerate() {
                let part = parts.get(i).copied().unwrap_or(0);
                if i > 1 && !carry {
                    break;
                }
                (*to, carry) = with_carry(*to, part, carry);
            }
        } else {
            let mut borrow = false;
            for (i, to) in self.number[word..].iter_mut().enumerate() {
                let part = parts.get(i).copied().unwrap_or(0);
                if i > 1 && !borrow {
                    break;
                }
                let (difference, first) = to.overflowing_sub(part);
                let (difference, second) = difference.overflowing_sub(borrow as u64);
                (*to, borrow) = (difference, first | second);
            }
        }
    }

    /// Adds many numbers, faster than one by one.
    pub fn add_all(&mut self, numbers: &[f64]) {
        // A chunk has 32 bits of the number and takes 2^31 parts of 32 bits before it overflows.
        for numbers in numbers.chunks(1 << 30) {
            if numbers.len() < 8 {
                numbers.iter().for_each(|&number| self.add(number));
                continue;
            }
            let mut chunks = [0i64; 2 * WORDS + 2];
            for number in numbers {
                let bits = number.to_bits();
                let Some((place, significand)) = self.finite(bits) else { continue };
                let (chunk, shift) = (place / 32, place % 32);
                let wide = (significand as u128) << shift;
                let sign = 1 - 2 * (bits >> 63) as i64;
                chunks[chunk] += sign * (wide as u32) as i64;
                chunks[chunk + 1] += sign * ((wide >> 32) as u32) as i64;
                chunks[chunk + 2] += sign * (wide >> 64) as i64;
            }
            self.add_chunks(&chunks);
        }
    }

    /// Adds chunks of 32 bits that overlap.
    fn add_chunks(&mut self, chunks: &[i64; 2 * WORDS + 2]) {
        let mut carry = 0i64;
        let mut kept = [0u32; 2 * WORDS];
        for (kept, chunk) in kept.iter_mut().zip(chunks) {
            let sum = chunk + carry;
            *kept = sum as u32;
            carry = sum >> 32;
        }
        // What is carried out of the highest word is its sign.
        let mut more = ReproducibleSum::ZERO;
        for (word, pair) in more.number.iter_mut().zip(kept.chunks_exact(2)) {
            *word = pair[0] as u64 | (pair[1] as u64) << 32;
        }
        self.combine(&more);
    }

    /// Where the lowest bit of a finite number's significand lies, and the significand; marks what the number is
    /// besides. None where there is nothing to add.
    #[inline(always)]
    fn finite(&mut self, bits: u64) -> Option<(usize, u64)> {
        let (exponent, fraction) = ((bits >> 52 & 0x7ff) as usize, bits & ((1 << 52) - 1));
        if exponent == 0x7ff {
            self.marks[0] |= match (fraction, bits >> 63) {
                (0, 0) => POSITIVE_INFINITY,
                (0, _) => NEGATIVE_INFINITY,
                _ => NAN,
            } | NOT_NEGATIVE_ZERO;
            return None;
        }
        if bits == 1 << 63 {
            self.marks[0] |= NEGATIVE_ZERO;
            return None;
        }
        self.marks[0] |= NOT_NEGATIVE_ZERO;
        match exponent {
            0 => Some((0, fraction)),
            _ => Some((exponent - 1, fraction | 1 << 52)),
        }
    }

    /// Adds another sum.
    pub fn combine(&mut self, other: &ReproducibleSum) {
        let mut carry = false;
        for (to, from) in self.number.iter_mut().zip(&other.number) {
            (*to, carry) = with_carry(*to, *from, carry);
        }
        for (to, from) in self.marks.iter_mut().zip(&other.marks) {
            *to |= from;
        }
    }

    /// The sum, rounded to the nearest, ties to even.
    pub fn value(&self) -> f64 {
        self.special().unwrap_or_else(|| {
            let (negative, bits) = self.rounded(52, 0);
            f64::from_bits((negative as u64) << 63 | bits.min(0x7ff << 52))
        })
    }

    /// The sum as an `f32`: rounded once, and not by way of an `f64`.
    pub fn value_f32(&self) -> f32 {
        // What is special is the same in all formats.
        self.special().map_or_else(
            || {
                let (negative, bits) = self.rounded(23, 1074 - 149);
                f32::from_bits((negative as u32) << 31 | bits.min(0xff << 23) as u32)
            },
            |special| special as f32,
        )
    }

    /// What is no matter of arithmetic.
    fn special(&self) -> Option<f64> {
        let marked = |mark: u8| self.marks[0] & mark != 0;
        match (marked(POSITIVE_INFINITY), marked(NEGATIVE_INFINITY)) {
            _ if marked(NAN) => Some(f64::NAN),
            (true, true) => Some(f64::NAN),
            (true, false) => Some(f64::INFINITY),
            (false, true) => Some(f64::NEG_INFINITY),
            _ if marked(NEGATIVE_ZERO) && !marked(NOT_NEGATIVE_ZERO) => Some(-0.0),
            _ => None,
        }
    }

    /// Sign and bits, as IEEE 754 has them, of a format with so many bits of fraction, whose smallest number has the weight of
    /// bit `lowest`. What is too large for the format is more than its infinity.
    fn rounded(&self, fraction_bits: usize, lowest: usize) -> (bool, u64) {
        let negative = self.number[WORDS - 1] >> 63 == 1;
        let mut magnitude = self.number;
        if negative {
            let mut carry = true;
            for word in &mut magnitude {
                (*word, carry) = with_carry(!*word, 0, carry);
            }
        }
        let Some(top) = magnitude.iter().rposition(|&word| word != 0) else { return (false, 0) };
        let highest = 64 * top + 63 - magnitude[top].leading_zeros() as usize;
        let last = highest.saturating_sub(fraction_bits).max(lowest);
        let bit = |place: usize| magnitude[place / 64] >> (place % 64) & 1;
        // At most 64 bits from the last one that is kept, of which those above the highest are 0.
        let (word, shift) = (last / 64, last % 64);
        let above = magnitude.get(word + 1).copied().unwrap_or(0);
        let kept = ((above as u128) << 64 | magnitude[word] as u128) >> shift;
        let half = last > 0 && bit(last - 1) == 1;
        // Whether any bit below that half is set.
        let rest = |end: usize| {
            let (word, bits) = (end / 64, end % 64);
            magnitude[..word].iter().any(|&word| word != 0) || magnitude[word] & ((1 << bits) - 1) != 0
        };
        let up = half && (kept & 1 == 1 || rest(last - 1));
        // The leading bit, and a carry out of the fraction, arrive in the exponent, which is what they must do.
        (negative, (((last - lowest) as u64) << fraction_bits) + kept as u64 + up as u64)
    }
}

/// Adds as the processor does: sum and carry.
#[inline(always)]
fn with_carry(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(carry as u64);
    (sum, first | second)
}

/// Combines `count` sums at `from` into those at `into`.
///
/// # Safety
/// `from` is valid for reading and `into` for reading and writing `count` sums, and they don't overlap. They need not be
/// aligned, and the bytes may be arbitrary.
pub(super) unsafe fn reduce(from: *const u8, into: *mut u8, count: usize) {
    let (from, into) = (from.cast::<ReproducibleSum>(), into.cast::<ReproducibleSum>());
    for i in 0..count {
        // SAFETY: sum `i` of `count`; any bytes are a sum.
        unsafe {
            let mut sum = into.add(i).read_unaligned();
            sum.combine(&from.add(i).read_unaligned());
            into.add(i).write_unaligned(sum);
        }
    }
}

impl Default for ReproducibleSum {
    fn default() -> ReproducibleSum {
        ReproducibleSum::ZERO
    }
}

impl Extend<f64> for ReproducibleSum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, numbers: I) {
        numbers.into_iter().for_each(|number| self.add(number));
    }
}

impl FromIterator<f64> for ReproducibleSum {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> ReproducibleSum {
        let mut sum = ReproducibleSum::ZERO;
        sum.extend(numbers);
        sum
    }
}

impl std::fmt::Debug for ReproducibleSum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReproducibleSum({:?})", self.value())
    }
}

// SAFETY: words and bytes without a gap, and any of them are a sum.
unsafe impl Wire for ReproducibleSum {
    const FORM: Form = Form::Plain;
    const SHAPE: &'static Shape = &Shape::Fields {
        of: &[
            &Shape::Array { of: &Shape::Scalar(Scalar::U64), count: WORDS },
            &Shape::Array { of: &Shape::Scalar(Scalar::Byte), count: 8 },
        ],
    };

    fn pack(&self, into: &mut [u8]) {
        let (number, marks) = into.split_at_mut(NUMBER_BYTES);
        self.number.pack(number);
        marks.copy_from_slice(&self.marks);
    }

    fn unpack(from: &[u8]) -> Result<ReproducibleSum, Invalid> {
        let (number, marks) = from.split_at(NUMBER_BYTES);
        Ok(ReproducibleSum { number: Wire::unpack(number)?, marks: <[u8; 8]>::unpack(marks)? })
    }
}
