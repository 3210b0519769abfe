//! The external format: scalars in an order of bytes, and of sizes, that all machines agree on ("external32", MPI 5.0 §14.5.2).

use std::fmt;

use wire::{Form, LongDouble, Scalar, Wire};

use super::program::{Item, Node};
use super::{Layout, Leaf, OutOfBounds};

/// Why a message was not converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExternalError {
    /// The layout doesn't lie within the slice. Nothing was touched.
    OutOfBounds(OutOfBounds),
    /// The packed message needs, or has, another number of bytes. Nothing was touched.
    Length {
        /// The message's bytes.
        needed: u64,
        /// What there is.
        found: usize,
    },
    /// An integer doesn't fit into the format that is shorter. What comes before it was converted.
    Range {
        /// Where its external form is, in bytes from the start of the message.
        at: u64,
    },
}

impl fmt::Display for ExternalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternalError::OutOfBounds(error) => error.fmt(f),
            ExternalError::Length { needed, found } => {
                write!(f, "the message has {needed} bytes in the external format, and there are {found}")
            }
            ExternalError::Range { at } => {
                write!(f, "the integer at byte {at} of the external message doesn't fit its other form")
            }
        }
    }
}

impl std::error::Error for ExternalError {}

impl Layout {
    /// The length of one element in the external format.
    pub fn external_size(&self) -> u64 {
        self.facts().external_size
    }

    /// Writes one element in the external format: big-endian, integers as long as their [`Leaf`]s say, floating-point
    /// numbers in IEEE's formats, `long double` with 16 bytes (binary128, which holds it exactly).
    ///
    /// # Errors
    /// See [`ExternalError`].
    ///
    /// ```
    /// use archipelago_layout::Layout;
    ///
    /// let mut bytes = [0; 8];
    /// Layout::contiguous(2, &Layout::of::<u32>())?.pack_external(&[1u32, 0x0203], &mut bytes).unwrap();
    /// assert_eq!(bytes, [0, 0, 0, 1, 0, 0, 2, 3]);
    /// # Ok::<(), archipelago_layout::LayoutError>(())
    /// ```
    pub fn pack_external<T: Wire>(&self, from: &[T], into: &mut [u8]) -> Result<(), ExternalError> {
        self.check(into.len(), self.over(from).map(drop))?;
        // SAFETY: the layout lies within the slice, whose memory is initialised, and `into` is as long as the message.
        unsafe { self.pack_external_at(from.as_ptr().cast(), 1, into.as_mut_ptr()) }
    }

    /// Reads one element that was written by [`pack_external`](Layout::pack_external).
    ///
    /// # Errors
    /// See [`ExternalError`].
    pub fn unpack_external<T: Wire>(&self, from: &[u8], into: &mut [T]) -> Result<(), ExternalError> {
        const { assert!(matches!(T::FORM, Form::Plain), "not all bytes are values of the type") };
        self.check(from.len(), self.over_mut(into).map(drop))?;
        // SAFETY: the layout lies within the slice, which takes any bytes, and `from` is as long as the message.
        unsafe { self.unpack_external_at(from.as_ptr(), into.as_mut_ptr().cast(), 1) }
    }

    fn check(&self, found: usize, bounds: Result<(), OutOfBounds>) -> Result<(), ExternalError> {
        bounds.map_err(ExternalError::OutOfBounds)?;
        match self.external_size() == found as u64 {
            true => Ok(()),
            false => Err(ExternalError::Length { needed: self.external_size(), found }),
        }
    }

    /// [`pack_external`](Layout::pack_external) of `count` elements at an address.
    ///
    /// # Errors
    /// [`ExternalError::Range`].
    ///
    /// # Safety
    /// The elements' memory is valid for reading and `into` for writing `count` times the external size, and they
    /// don't overlap.
    pub unsafe fn pack_external_at(
        &self,
        from: *const u8,
        count: u64,
        into: *mut u8,
    ) -> Result<(), ExternalError> {
        let mut at = 0;
        // SAFETY: the contract: each scalar lies in the elements, and its external form in the message.
        unsafe {
            self.each_scalar(from.cast_mut(), count, &mut |memory, leaf, scalars| {
                let (native, external) = (leaf.scalar.bytes(), leaf.external_bytes as usize);
                for i in 0..scalars as usize {
                    let from = std::slice::from_raw_parts(memory.wrapping_add(i * native), native);
                    let into = std::slice::from_raw_parts_mut(into.add(at as usize), external);
                    write(leaf.scalar, from, into).ok_or(ExternalError::Range { at })?;
                    at += external as u64;
                }
                Ok(())
            })
        }
    }

    /// [`unpack_external`](Layout::unpack_external) of `count` elements at an address.
    ///
    /// # Errors
    /// [`ExternalError::Range`].
    ///
    /// # Safety
    /// The elements' memory is valid for writing and `from` for reading `count` times the external size, and they
    /// don't overlap.
    pub unsafe fn unpack_external_at(
        &self,
        from: *const u8,
        into: *mut u8,
        count: u64,
    ) -> Result<(), ExternalError> {
        let mut at = 0;
        // SAFETY: as for packing.
        unsafe {
            self.each_scalar(into, count, &mut |memory, leaf, scalars| {
                let (native, external) = (leaf.scalar.bytes(), leaf.external_bytes as usize);
                for i in 0..scalars as usize {
                    let from = std::slice::from_raw_parts(from.add(at as usize), external);
                    let into = std::slice::from_raw_parts_mut(memory.wrapping_add(i * native), native);
                    read(leaf.scalar, from, into).ok_or(ExternalError::Range { at })?;
                    at += external as u64;
                }
                Ok(())
            })
        }
    }

    /// Calls `run` with each run of equal scalars of `count` elements, in the order of the message.
    fn each_scalar(&self, memory: *mut u8, count: u64, run: &mut Run<'_>) -> Result<(), ExternalError> {
        let Some(part) = &self.external_program().part else { return Ok(()) };
        for i in 0..count {
            let from = memory.wrapping_offset((self.extent() as isize).wrapping_mul(i as isize));
            visit(&part.node, from.wrapping_offset(part.at as isize), run)?;
        }
        Ok(())
    }
}

/// (the first scalar, what they are, how many).
type Run<'a> = dyn FnMut(*mut u8, Leaf, u64) -> Result<(), ExternalError> + 'a;

fn visit(node: &Node, memory: *mut u8, run: &mut Run<'_>) -> Result<(), ExternalError> {
    match node {
        Node::Run { bytes, unit: Some(leaf) } => run(memory, *leaf, bytes / leaf.scalar.bytes() as u64),
        // Programs for this format name the scalars of every run.
        Node::Run { unit: None, .. } => Ok(()),
        Node::Loop { count, stride, body, .. } => (0..*count).try_for_each(|i| {
            visit(body, memory.wrapping_offset((*stride as isize).wrapping_mul(i as isize)), run)
        }),
        Node::Scatter { at, body, .. } => {
            at.iter().try_for_each(|&at| visit(body, memory.wrapping_offset(at as isize), run))
        }
        Node::List { items, .. } => items.iter().try_for_each(|Item { part, .. }| {
            visit(&part.node, memory.wrapping_offset(part.at as isize), run)
        }),
    }
}

/// What a scalar is to the format.
enum Kind {
    Signed,
    Unsigned,
    /// Bytes that only change their order.
    Float,
    LongDouble,
    /// Two numbers of this scalar.
    Complex(Scalar),
}

fn kind(scalar: Scalar) -> Kind {
    match scalar {
        Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64 | Scalar::I128 => Kind::Signed,
        Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 | Scalar::U128 => Kind::Unsigned,
        Scalar::Bool | Scalar::Char | Scalar::Byte => Kind::Unsigned,
        Scalar::F16 | Scalar::BF16 | Scalar::F32 | Scalar::F64 => Kind::Float,
        Scalar::LongDouble => Kind::LongDouble,
        Scalar::ComplexF16 => Kind::Complex(Scalar::F16),
        Scalar::ComplexF32 => Kind::Complex(Scalar::F32),
        Scalar::ComplexF64 => Kind::Complex(Scalar::F64),
        Scalar::ComplexLongDouble => Kind::Complex(Scalar::LongDouble),
    }
}

/// Writes the external form of a scalar; none if it doesn't fit.
fn write(scalar: Scalar, from: &[u8], into: &mut [u8]) -> Option<()> {
    let native_is_little = cfg!(target_endian = "little");
    match kind(scalar) {
        Kind::Signed => integer(from, into, native_is_little, false, true),
        Kind::Unsigned => integer(from, into, native_is_little, false, false),
        Kind::Float => {
            turn(from, into);
            Some(())
        }
        Kind::LongDouble => {
            into.copy_from_slice(&widen(LongDouble::from_bytes(from.try_into().ok()?)).to_be_bytes());
            Some(())
        }
        Kind::Complex(part) => {
            let ((re, im), (re_to, im_to)) =
                (from.split_at(from.len() / 2), into.split_at_mut(into.len() / 2));
            write(part, re, re_to).and_then(|()| write(part, im, im_to))
        }
    }
}

/// Reads the external form of a scalar; none if it doesn't fit.
fn read(scalar: Scalar, from: &[u8], into: &mut [u8]) -> Option<()> {
    let native_is_little = cfg!(target_endian = "little");
    match kind(scalar) {
        Kind::Signed => integer(from, into, false, native_is_little, true),
        Kind::Unsigned => integer(from, into, false, native_is_little, false),
        Kind::Float => {
            turn(from, into);
            Some(())
        }
        Kind::LongDouble => {
            into.copy_from_slice(&narrow(u128::from_be_bytes(from.try_into().ok()?)).to_bytes());
            Some(())
        }
        Kind::Complex(part) => {
            let ((re, im), (re_to, im_to)) =
                (from.split_at(from.len() / 2), into.split_at_mut(into.len() / 2));
            read(part, re, re_to).and_then(|()| read(part, im, im_to))
        }
    }
}

fn turn(from: &[u8], into: &mut [u8]) {
    into.copy_from_slice(from);
    if cfg!(target_endian = "little") {
        into.reverse();
    }
}

/// Copies an integer into another length and order; none if it is too large for it.
fn integer(from: &[u8], into: &mut [u8], from_little: bool, into_little: bool, signed: bool) -> Option<()> {
    // From the lowest byte to the highest.
    let byte = |i: usize| if from_little { from[i] } else { from[from.len() - 1 - i] };
    let fill = if signed && byte(from.len() - 1) >> 7 == 1 { 0xff } else { 0 };
    let length = into.len();
    for i in 0..length {
        let place = if into_little { i } else { length - 1 - i };
        into[place] = if i < from.len() { byte(i) } else { fill };
    }
    let top = into[if into_little { length - 1 } else { 0 }];
    let lost = (length..from.len()).all(|i| byte(i) == fill);
    let sign_kept = !signed || length >= from.len() || (top >> 7 == 1) == (fill == 0xff);
    (lost && sign_kept).then_some(())
}

/// A number of the x87 as binary128, which has the same exponents and 49 more bits of fraction.
fn widen(number: LongDouble) -> u128 {
    let (negative, exponent, significand) = number.parts();
    let fraction = if exponent == 0 { significand } else { significand & (u64::MAX >> 1) };
    // A significand with its leading bit but without an exponent carries into the exponent, which is what it means.
    ((negative as u128) << 127) + ((exponent as u128) << 112) + ((fraction as u128) << 49)
}

/// The number of the x87 nearest to a binary128, ties to even.
fn narrow(bits: u128) -> LongDouble {
    let (negative, exponent) = (bits >> 127 == 1, (bits >> 112) as u16 & 0x7fff);
    let fraction = bits & ((1 << 112) - 1);
    let (kept, rest) = ((fraction >> 49) as u64, fraction & ((1 << 49) - 1));
    if exponent == 0x7fff {
        // Quiet, if it is a NaN: its payload may be in what is cut off.
        let quiet = if fraction == 0 { 0 } else { 1 << 62 };
        return LongDouble::of_parts(negative, exponent, 1 << 63 | kept | quiet);
    }
    let up = (rest > 1 << 48 || rest == 1 << 48 && kept & 1 == 1) as u64;
    let rounded = kept + up;
    match (exponent, rounded >> 63 == 1) {
        (0, carried) => LongDouble::of_parts(negative, carried as u16, rounded),
        (_, false) => LongDouble::of_parts(negative, exponent, 1 << 63 | rounded),
        (_, true) => LongDouble::of_parts(negative, exponent + 1, 1 << 63),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_doubles_survive_binary128() {
        let mut bits = 7u64;
        for i in 0..10_000u32 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let exponent = match i % 4 {
                0 => 0,
                1 => 1,
                _ => (bits >> 7) as u16 & 0x7fff,
            };
            let significand = if exponent == 0 { bits >> 1 } else { bits | 1 << 63 };
            let number = LongDouble::of_parts(bits & 1 == 1, exponent, significand);
            let back = narrow(widen(number));
            let is_nan = exponent == 0x7fff;
            assert!(back == number || is_nan, "{number:?} {back:?}");
        }
        assert_eq!(widen(LongDouble::from_f64(1.0)), 0x3fff << 112);
        assert_eq!(widen(LongDouble::from_f64(-2.5)), 0xc000_4000 << 96);
        assert_eq!(narrow(0x7fff << 112), LongDouble::from_f64(f64::INFINITY));
        // Half of the last bit is a tie, which goes to the even one; a little more goes up, also into the exponent.
        assert_eq!(narrow(0x3fff << 112 | 1 << 48), LongDouble::from_f64(1.0));
        assert_eq!(narrow(0x3fff << 112 | 1 << 48 | 1), LongDouble::of_parts(false, 0x3fff, 1 << 63 | 1));
        assert_eq!(narrow((0x4000 << 112) - 1), LongDouble::from_f64(2.0));
    }

    #[test]
    fn integers_change_their_length_or_say_that_they_can_t() {
        let mut four = [0; 4];
        assert_eq!(write(Scalar::I64, &(-2i64).to_ne_bytes(), &mut four), Some(()));
        assert_eq!(four, [0xff, 0xff, 0xff, 0xfe]);
        let mut eight = [0; 8];
        assert_eq!(read(Scalar::I64, &four, &mut eight), Some(()));
        assert_eq!(i64::from_ne_bytes(eight), -2);
        assert_eq!(write(Scalar::I64, &(1i64 << 31).to_ne_bytes(), &mut four), None);
        assert_eq!(write(Scalar::I64, &(-1i64 << 31).to_ne_bytes(), &mut four), Some(()));
        assert_eq!(write(Scalar::U64, &(1u64 << 31).to_ne_bytes(), &mut four), Some(()));
        assert_eq!(write(Scalar::U64, &(1u64 << 32).to_ne_bytes(), &mut four), None);
        let mut two = [0; 2];
        assert_eq!(write(Scalar::Char, &('€' as u32).to_ne_bytes(), &mut two), Some(()));
        assert_eq!(two, [0x20, 0xac]);
    }
}
