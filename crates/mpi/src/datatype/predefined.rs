//! The datatypes of the standard.

use std::sync::OnceLock;

use layout::{Field, Layout, Leaf, Pair};
use wire::{Scalar, Sequence};

use super::Type;
use crate::Datatype;
use crate::number as n;

/// What operators see in a predefined datatype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A number or truth value of this class.
    Value(Scalar, Class),
    /// A value and its place.
    Located(Pair),
}

/// MPI 5.0 §6.9.2: by these an operator says what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Integer,
    FortranInteger,
    Floating,
    Complex,
    Logical,
    Byte,
    /// Takes part in no operation.
    Character,
    MultiLanguage,
}

use Class::*;
use Scalar as S;

/// Number, name without `MPI_`, scalar, class, bytes in the external format.
const VALUES: &[(usize, &str, Scalar, Class, u8)] = &[
    (n::AINT, "AINT", S::I64, MultiLanguage, 8),
    (n::COUNT, "COUNT", S::I64, MultiLanguage, 8),
    (n::OFFSET, "OFFSET", S::I64, MultiLanguage, 8),
    (n::PACKED, "PACKED", S::Byte, Character, 1),
    (n::SHORT, "SHORT", S::I16, Integer, 2),
    (n::INT, "INT", S::I32, Integer, 4),
    // MPI 5.0 §14.5.2: a long has 4 bytes in the external format.
    (n::LONG, "LONG", S::I64, Integer, 4),
    (n::LONG_LONG, "LONG_LONG", S::I64, Integer, 8),
    (n::UNSIGNED_SHORT, "UNSIGNED_SHORT", S::U16, Integer, 2),
    (n::UNSIGNED, "UNSIGNED", S::U32, Integer, 4),
    (n::UNSIGNED_LONG, "UNSIGNED_LONG", S::U64, Integer, 4),
    (n::UNSIGNED_LONG_LONG, "UNSIGNED_LONG_LONG", S::U64, Integer, 8),
    (n::FLOAT, "FLOAT", S::F32, Floating, 4),
    (n::C_FLOAT_COMPLEX, "C_FLOAT_COMPLEX", S::ComplexF32, Complex, 8),
    (n::CXX_FLOAT_COMPLEX, "CXX_FLOAT_COMPLEX", S::ComplexF32, Complex, 8),
    (n::DOUBLE, "DOUBLE", S::F64, Floating, 8),
    (n::C_DOUBLE_COMPLEX, "C_DOUBLE_COMPLEX", S::ComplexF64, Complex, 16),
    (n::CXX_DOUBLE_COMPLEX, "CXX_DOUBLE_COMPLEX", S::ComplexF64, Complex, 16),
    (n::LOGICAL, "LOGICAL", S::I32, Logical, 4),
    (n::INTEGER, "INTEGER", S::I32, FortranInteger, 4),
    (n::REAL, "REAL", S::F32, Floating, 4),
    (n::COMPLEX, "COMPLEX", S::ComplexF32, Complex, 8),
    (n::DOUBLE_PRECISION, "DOUBLE_PRECISION", S::F64, Floating, 8),
    (n::DOUBLE_COMPLEX, "DOUBLE_COMPLEX", S::ComplexF64, Complex, 16),
    (n::CHARACTER, "CHARACTER", S::U8, Character, 1),
    (n::LONG_DOUBLE, "LONG_DOUBLE", S::LongDouble, Floating, 16),
    (n::C_LONG_DOUBLE_COMPLEX, "C_LONG_DOUBLE_COMPLEX", S::ComplexLongDouble, Complex, 32),
    (n::CXX_LONG_DOUBLE_COMPLEX, "CXX_LONG_DOUBLE_COMPLEX", S::ComplexLongDouble, Complex, 32),
    (n::C_BOOL, "C_BOOL", S::Bool, Logical, 1),
    (n::CXX_BOOL, "CXX_BOOL", S::Bool, Logical, 1),
    (n::WCHAR, "WCHAR", S::U32, Character, 2),
    (n::INT8_T, "INT8_T", S::I8, Integer, 1),
    (n::UINT8_T, "UINT8_T", S::U8, Integer, 1),
    (n::CHAR, "CHAR", S::U8, Character, 1),
    (n::SIGNED_CHAR, "SIGNED_CHAR", S::I8, Integer, 1),
    (n::UNSIGNED_CHAR, "UNSIGNED_CHAR", S::U8, Integer, 1),
    (n::BYTE, "BYTE", S::Byte, Byte, 1),
    (n::INT16_T, "INT16_T", S::I16, Integer, 2),
    (n::UINT16_T, "UINT16_T", S::U16, Integer, 2),
    (n::INT32_T, "INT32_T", S::I32, Integer, 4),
    (n::UINT32_T, "UINT32_T", S::U32, Integer, 4),
    (n::INT64_T, "INT64_T", S::I64, Integer, 8),
    (n::UINT64_T, "UINT64_T", S::U64, Integer, 8),
    (n::LOGICAL1, "LOGICAL1", S::I8, Logical, 1),
    (n::INTEGER1, "INTEGER1", S::I8, FortranInteger, 1),
    (n::LOGICAL2, "LOGICAL2", S::I16, Logical, 2),
    (n::INTEGER2, "INTEGER2", S::I16, FortranInteger, 2),
    (n::REAL2, "REAL2", S::F16, Floating, 2),
    (n::LOGICAL4, "LOGICAL4", S::I32, Logical, 4),
    (n::INTEGER4, "INTEGER4", S::I32, FortranInteger, 4),
    (n::REAL4, "REAL4", S::F32, Floating, 4),
    (n::LOGICAL8, "LOGICAL8", S::I64, Logical, 8),
    (n::INTEGER8, "INTEGER8", S::I64, FortranInteger, 8),
    (n::REAL8, "REAL8", S::F64, Floating, 8),
    (n::COMPLEX8, "COMPLEX8", S::ComplexF32, Complex, 8),
    (n::INTEGER16, "INTEGER16", S::I128, FortranInteger, 16),
    (n::COMPLEX4, "COMPLEX4", S::ComplexF16, Complex, 4),
    (n::COMPLEX16, "COMPLEX16", S::ComplexF64, Complex, 16),
    (n::LOGICAL16, "LOGICAL16", S::I128, Logical, 16),
];

/// Number, name, datatype of the value, of the index.
const PAIRS: &[(usize, &str, usize, usize)] = &[
    (n::FLOAT_INT, "FLOAT_INT", n::FLOAT, n::INT),
    (n::DOUBLE_INT, "DOUBLE_INT", n::DOUBLE, n::INT),
    (n::LONG_INT, "LONG_INT", n::LONG, n::INT),
    (n::N2INT, "2INT", n::INT, n::INT),
    (n::SHORT_INT, "SHORT_INT", n::SHORT, n::INT),
    (n::LONG_DOUBLE_INT, "LONG_DOUBLE_INT", n::LONG_DOUBLE, n::INT),
    (n::N2REAL, "2REAL", n::REAL, n::REAL),
    (n::N2DOUBLE_PRECISION, "2DOUBLE_PRECISION", n::DOUBLE_PRECISION, n::DOUBLE_PRECISION),
    (n::N2INTEGER, "2INTEGER", n::INTEGER, n::INTEGER),
];

/// Those that have a handle, and no size on this platform.
const ABSENT: &[(usize, &str)] = &[(n::REAL16, "REAL16"), (n::COMPLEX32, "COMPLEX32")];

/// Predefined datatypes have numbers from here on, fewer than 256 of them.
const FIRST: usize = 0x200;

/// Those whose elements are a row of bytes.
static ROWS: [Option<(Scalar, Class)>; 256] = rows();

/// Their sizes; 0 for the others.
static SIZES: [u8; 256] = sizes();

const fn rows() -> [Option<(Scalar, Class)>; 256] {
    let mut rows = [None; 256];
    let mut at = 0;
    while at < VALUES.len() {
        let (number, _, scalar, class, _) = VALUES[at];
        rows[number - FIRST] = Some((scalar, class));
        at += 1;
    }
    rows
}

const fn sizes() -> [u8; 256] {
    let (rows, mut sizes) = (rows(), [0; 256]);
    let mut at = 0;
    while at < 256 {
        if let Some((scalar, _)) = rows[at] {
            sizes[at] = scalar.bytes() as u8;
        }
        at += 1;
    }
    sizes
}

/// The size of a predefined datatype whose elements are a row of bytes.
#[inline]
pub(crate) fn size_of_predefined(datatype: Datatype) -> Option<usize> {
    let size = *SIZES.get(datatype.0.wrapping_sub(FIRST))?;
    (size != 0).then_some(size as usize)
}

/// What operators see in such a datatype.
#[inline]
pub(crate) fn value_of_predefined(datatype: Datatype) -> Option<(Scalar, Class)> {
    *ROWS.get(datatype.0.wrapping_sub(FIRST))?
}

/// The predefined datatype of this number.
pub(crate) fn find(datatype: Datatype) -> Option<&'static Type> {
    static ALL: OnceLock<Vec<Option<Type>>> = OnceLock::new();
    let at = datatype.0.checked_sub(FIRST).filter(|at| *at < 256)?;
    ALL.get_or_init(all)[at].as_ref()
}

/// The predefined values.
pub(super) fn values() -> impl Iterator<Item = Datatype> {
    VALUES.iter().map(|(number, ..)| Datatype(*number))
}

/// The predefined pair of a value and an index of these datatypes.
pub(crate) fn pair_of(value: Datatype, index: Datatype) -> Option<Datatype> {
    let found = PAIRS.iter().find(|(_, _, of_value, of_index)| (*of_value, *of_index) == (value.0, index.0));
    found.map(|(number, ..)| Datatype(*number))
}

fn all() -> Vec<Option<Type>> {
    let mut all: Vec<Option<Type>> = (0..256).map(|_| None).collect();
    let make = |layout, meaning, name: &str| Type::predefined(layout, meaning, &format!("MPI_{name}"));
    for (number, name, scalar, class, external_bytes) in VALUES.iter().copied() {
        let leaf = Leaf { scalar, sequence: Sequence::scalar(scalar), external_bytes };
        let meaning = Meaning::Value(scalar, class);
        all[number - FIRST] = Some(make(Some(Layout::leaf(leaf)), Some(meaning), name));
    }
    for (number, name, value, index) in PAIRS.iter().copied() {
        if let Some((value, index)) = leaf(value).zip(leaf(index)) {
            let pair = Pair::of_c(value.scalar, index.scalar);
            all[number - FIRST] =
                Some(make(layout_of(pair, value, index), Some(Meaning::Located(pair)), name));
        }
    }
    for (number, name) in ABSENT {
        all[number - FIRST] = Some(make(None, Some(Meaning::Value(Scalar::Byte, Character)), name));
    }
    all
}

/// What a predefined value is.
fn leaf(of: usize) -> Option<Leaf> {
    let (_, _, scalar, _, external_bytes) = VALUES.iter().copied().find(|(number, ..)| *number == of)?;
    Some(Leaf { scalar, sequence: Sequence::scalar(scalar), external_bytes })
}

/// A struct of C.
fn layout_of(pair: Pair, value: Leaf, index: Leaf) -> Option<Layout> {
    let field = |displacement: usize, leaf| Field {
        count: 1,
        displacement: displacement as i64,
        of: Layout::leaf(leaf),
    };
    Layout::structure(&[field(0, value), field(pair.index_at, index)]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_handles_encode() {
        // MPI 5.0 §20.3.4: where bits 6 to 11 are 0x240 or 0x2c0 bits 3 to 5 have the logarithm of the size.
        for (number, _, scalar, class, _) in VALUES {
            if [0x240, 0x2c0].contains(&(number & 0xfc0)) {
                assert_eq!(1 << (number >> 3 & 7), scalar.bytes(), "{number:#x}");
            }
            let of = find(Datatype(*number)).unwrap();
            assert_eq!(of.layout().unwrap().size(), scalar.bytes() as u64);
            assert_eq!(size_of_predefined(Datatype(*number)), Some(scalar.bytes()));
            assert_eq!(value_of_predefined(Datatype(*number)), Some((*scalar, *class)));
        }
        let check = |number: usize, size: u64, extent: i64| {
            let of = find(Datatype(number)).unwrap();
            let layout = of.layout().unwrap();
            assert_eq!((layout.size(), layout.extent()), (size, extent), "{number:#x}");
            assert_eq!(size_of_predefined(Datatype(number)), None);
        };
        check(n::FLOAT_INT, 8, 8);
        check(n::DOUBLE_INT, 12, 16);
        check(n::LONG_INT, 12, 16);
        check(n::N2INT, 8, 8);
        check(n::SHORT_INT, 6, 8);
        check(n::LONG_DOUBLE_INT, 20, 32);
        assert!(find(Datatype(n::REAL16)).unwrap().layout().is_err());
        assert!(find(Datatype(n::DATATYPE_NULL)).is_none());
    }
}
