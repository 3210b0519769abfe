//! The scalars that values are made of.

use crate::{Form, Invalid, Shape, Wire};

/// A scalar of the encoding. `usize` and `isize` travel as `U64` and `I64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Scalar {
    I8 = 1,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Bool,
    Char,
    F16,
    BF16,
    LongDouble,
    ComplexF32,
    ComplexF64,
    ComplexLongDouble,
    /// A byte whose meaning is the program's alone.
    Byte,
    ComplexF16,
}

impl Scalar {
    /// Every scalar.
    pub const ALL: [Scalar; 22] = [
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::I128,
        Scalar::U8,
        Scalar::U16,
        Scalar::U32,
        Scalar::U64,
        Scalar::U128,
        Scalar::F32,
        Scalar::F64,
        Scalar::Bool,
        Scalar::Char,
        Scalar::F16,
        Scalar::BF16,
        Scalar::LongDouble,
        Scalar::ComplexF32,
        Scalar::ComplexF64,
        Scalar::ComplexLongDouble,
        Scalar::Byte,
        Scalar::ComplexF16,
    ];

    /// The length of its encoding.
    pub const fn bytes(self) -> usize {
        match self {
            Scalar::I8 | Scalar::U8 | Scalar::Bool | Scalar::Byte => 1,
            Scalar::I16 | Scalar::U16 | Scalar::F16 | Scalar::BF16 => 2,
            Scalar::I32 | Scalar::U32 | Scalar::F32 | Scalar::Char | Scalar::ComplexF16 => 4,
            Scalar::I64 | Scalar::U64 | Scalar::F64 | Scalar::ComplexF32 => 8,
            Scalar::I128 | Scalar::U128 | Scalar::LongDouble | Scalar::ComplexF64 => 16,
            Scalar::ComplexLongDouble => 32,
        }
    }

    /// The alignment that C gives it.
    pub const fn alignment(self) -> usize {
        match self {
            Scalar::ComplexF16 => 2,
            Scalar::ComplexF32 => 4,
            Scalar::ComplexF64 => 8,
            Scalar::ComplexLongDouble => 16,
            other => other.bytes(),
        }
    }

    /// Its name in Rust.
    pub const fn name(self) -> &'static str {
        match self {
            Scalar::I8 => "i8",
            Scalar::I16 => "i16",
            Scalar::I32 => "i32",
            Scalar::I64 => "i64",
            Scalar::I128 => "i128",
            Scalar::U8 => "u8",
            Scalar::U16 => "u16",
            Scalar::U32 => "u32",
            Scalar::U64 => "u64",
            Scalar::U128 => "u128",
            Scalar::F32 => "f32",
            Scalar::F64 => "f64",
            Scalar::Bool => "bool",
            Scalar::Char => "char",
            Scalar::F16 => "f16",
            Scalar::BF16 => "bf16",
            Scalar::LongDouble => "long double",
            Scalar::ComplexF16 => "complex f16",
            Scalar::ComplexF32 => "complex f32",
            Scalar::ComplexF64 => "complex f64",
            Scalar::ComplexLongDouble => "complex long double",
            Scalar::Byte => "byte",
        }
    }
}

macro_rules! plain_scalars {
    ($($type:ident $scalar:ident),+ $(,)?) => {$(
        // SAFETY: a number has no padding and every pattern of its bits is a value.
        unsafe impl Wire for $type {
            const FORM: Form = Form::Plain;
            const SHAPE: &'static Shape = &Shape::Scalar(Scalar::$scalar);

            #[inline(always)]
            fn pack(&self, into: &mut [u8]) {
                into.copy_from_slice(&self.to_ne_bytes());
            }

            #[inline(always)]
            fn unpack(from: &[u8]) -> Result<$type, Invalid> {
                Ok($type::from_ne_bytes(bytes_of(from)))
            }
        }
    )+};
}

plain_scalars!(i8 I8, i16 I16, i32 I32, i64 I64, i128 I128, isize I64);
plain_scalars!(u8 U8, u16 U16, u32 U32, u64 U64, u128 U128, usize U64);
plain_scalars!(f32 F32, f64 F64);

// SAFETY: a bool is one byte; not every byte is a bool, hence Dense.
unsafe impl Wire for bool {
    const FORM: Form = Form::Dense;
    const SHAPE: &'static Shape = &Shape::Scalar(Scalar::Bool);

    #[inline(always)]
    fn pack(&self, into: &mut [u8]) {
        into.copy_from_slice(&[*self as u8]);
    }

    #[inline(always)]
    fn unpack(from: &[u8]) -> Result<bool, Invalid> {
        match u8::from_ne_bytes(bytes_of(from)) {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Invalid::new::<bool>(other as u128, 1)),
        }
    }
}

// SAFETY: a char is a u32 without padding; not every u32 is a char, hence Dense.
unsafe impl Wire for char {
    const FORM: Form = Form::Dense;
    const SHAPE: &'static Shape = &Shape::Scalar(Scalar::Char);

    #[inline(always)]
    fn pack(&self, into: &mut [u8]) {
        into.copy_from_slice(&(*self as u32).to_ne_bytes());
    }

    #[inline(always)]
    fn unpack(from: &[u8]) -> Result<char, Invalid> {
        let code = u32::from_ne_bytes(bytes_of(from));
        char::from_u32(code).ok_or(Invalid::new::<char>(code as u128, 4))
    }
}

macro_rules! nonzero_scalars {
    ($($type:ident $number:ident),+ $(,)?) => {$(
        // SAFETY: the memory of a nonzero number is that of the number; zero is no value, hence Dense.
        unsafe impl Wire for std::num::$type {
            const FORM: Form = Form::Dense;
            const SHAPE: &'static Shape = <$number as Wire>::SHAPE;

            #[inline(always)]
            fn pack(&self, into: &mut [u8]) {
                self.get().pack(into);
            }

            #[inline(always)]
            fn unpack(from: &[u8]) -> Result<Self, Invalid> {
                Self::new($number::unpack(from)?).ok_or(Invalid::new::<Self>(0, size_of::<Self>()))
            }
        }
    )+};
}

nonzero_scalars!(NonZeroI8 i8, NonZeroI16 i16, NonZeroI32 i32, NonZeroI64 i64, NonZeroI128 i128, NonZeroIsize isize);
nonzero_scalars!(NonZeroU8 u8, NonZeroU16 u16, NonZeroU32 u32, NonZeroU64 u64, NonZeroU128 u128, NonZeroUsize usize);

/// The slice as an array; a slice of another length is the caller's bug.
#[inline(always)]
fn bytes_of<const N: usize>(from: &[u8]) -> [u8; N] {
    match from.try_into() {
        Ok(bytes) => bytes,
        Err(_) => panic!("an encoding of {N} bytes was given {} bytes", from.len()),
    }
}
