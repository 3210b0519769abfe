//! Predefined datatypes that are found by their properties (MPI 5.0 §5.1.12, §19.1.9).

use std::collections::HashMap;
use std::ffi::c_int;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::datatype::{Contents, Parts, pair_of};
use crate::number::{
    C_DOUBLE_COMPLEX, C_FLOAT_COMPLEX, C_LONG_DOUBLE_COMPLEX, COMBINER_F90_COMPLEX, COMBINER_F90_INTEGER,
    COMBINER_F90_REAL, COMPLEX4, COMPLEX8, COMPLEX16, COMPLEX32, DATATYPE_NULL, DOUBLE, ERR_ARG, FLOAT,
    INTEGER1, INTEGER2, INTEGER4, INTEGER8, INTEGER16, LOGICAL1, LOGICAL2, LOGICAL4, LOGICAL8, LOGICAL16,
    LONG_DOUBLE, MPIX_TYPECLASS_LOGICAL, REAL2, REAL4, REAL8, REAL16, TYPECLASS_COMPLEX, TYPECLASS_INTEGER,
    TYPECLASS_REAL, UNDEFINED,
};
use crate::pointer::{Form, Out};
use crate::{Datatype, Error, Result, Type};

/// Class, bytes, datatype.
const SIZED: &[(c_int, c_int, usize)] = &[
    (MPIX_TYPECLASS_LOGICAL, 1, LOGICAL1),
    (MPIX_TYPECLASS_LOGICAL, 2, LOGICAL2),
    (MPIX_TYPECLASS_LOGICAL, 4, LOGICAL4),
    (MPIX_TYPECLASS_LOGICAL, 8, LOGICAL8),
    (MPIX_TYPECLASS_LOGICAL, 16, LOGICAL16),
    (TYPECLASS_INTEGER, 1, INTEGER1),
    (TYPECLASS_INTEGER, 2, INTEGER2),
    (TYPECLASS_INTEGER, 4, INTEGER4),
    (TYPECLASS_INTEGER, 8, INTEGER8),
    (TYPECLASS_INTEGER, 16, INTEGER16),
    (TYPECLASS_REAL, 2, REAL2),
    (TYPECLASS_REAL, 4, REAL4),
    (TYPECLASS_REAL, 8, REAL8),
    (TYPECLASS_REAL, 16, REAL16),
    (TYPECLASS_COMPLEX, 4, COMPLEX4),
    (TYPECLASS_COMPLEX, 8, COMPLEX8),
    (TYPECLASS_COMPLEX, 16, COMPLEX16),
    (TYPECLASS_COMPLEX, 32, COMPLEX32),
];

pub fn type_match_size(typeclass: c_int, size: c_int, datatype: Out<Datatype>) -> Result {
    datatype.check()?;
    let found = SIZED.iter().find(|(class, bytes, _)| (*class, *bytes) == (typeclass, size));
    // MPI 5.0 §19.1.9: a size that the compiler doesn't have is an error.
    let found = found.map(|(.., number)| Datatype(*number)).filter(|found| has_size(*found));
    let missing = || {
        let text = format!("there is no type of {size} bytes in the class {typeclass} here");
        Error::new(ERR_ARG, text)
    };
    datatype.set(found.ok_or_else(missing)?)
}

fn has_size(datatype: Datatype) -> bool {
    datatype.get().is_ok_and(|of| of.layout().is_ok())
}

/// Decimal digits, decimal exponent, datatype: the real kinds of Fortran compilers on this platform.
const REALS: &[(c_int, c_int, usize, usize)] = &[
    (6, 37, FLOAT, C_FLOAT_COMPLEX),
    (15, 307, DOUBLE, C_DOUBLE_COMPLEX),
    (18, 4931, LONG_DOUBLE, C_LONG_DOUBLE_COMPLEX),
];

/// Decimal digits, datatype.
const INTEGERS: &[(c_int, usize)] =
    &[(2, INTEGER1), (4, INTEGER2), (9, INTEGER4), (18, INTEGER8), (38, INTEGER16)];

/// Combiner, decimal digits, decimal range.
type Properties = (c_int, c_int, c_int);

/// The datatypes that were asked for: the same one for the same arguments.
static UNNAMED: LazyLock<Mutex<HashMap<Properties, Datatype>>> = LazyLock::new(Mutex::default);

/// The datatype of these properties, which is like a named one.
fn unnamed(combiner: c_int, digits: c_int, range: c_int, like: usize, newtype: Out<Datatype>) -> Result {
    let mut known = UNNAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(&(combiner, digits, range)) {
        return newtype.set(*found);
    }
    let contents = Contents::new(combiner, Form::Int, Parts::None);
    let contents = match combiner {
        COMBINER_F90_INTEGER => contents.others([range]),
        _ => contents.others([digits, range]),
    };
    let like = Datatype(like).get()?;
    let made = Type::unnamed(&like, contents).register()?;
    known.insert((combiner, digits, range), made);
    newtype.set(made)
}

fn no_kind(text: String) -> Box<Error> {
    Error::new(ERR_ARG, format!("no kind of Fortran has {text}"))
}

/// Real and complex datatype of these properties.
fn real(p: c_int, r: c_int) -> Result<(usize, usize)> {
    let fits = |asked: c_int, has: c_int| asked == UNDEFINED || asked <= has;
    if p == UNDEFINED && r == UNDEFINED {
        return Err(Error::new(ERR_ARG, "p and r are both MPI_UNDEFINED"));
    }
    let found = REALS.iter().find(|(digits, range, ..)| fits(p, *digits) && fits(r, *range));
    let missing = || no_kind(format!("{p} digits and a decimal exponent range of {r}"));
    found.map(|(.., real, complex)| (*real, *complex)).ok_or_else(missing)
}

pub fn type_create_f90_real(p: c_int, r: c_int, newtype: Out<Datatype>) -> Result {
    newtype.check()?;
    unnamed(COMBINER_F90_REAL, p, r, real(p, r)?.0, newtype)
}

pub fn type_create_f90_complex(p: c_int, r: c_int, newtype: Out<Datatype>) -> Result {
    newtype.check()?;
    unnamed(COMBINER_F90_COMPLEX, p, r, real(p, r)?.1, newtype)
}

pub fn type_create_f90_integer(r: c_int, newtype: Out<Datatype>) -> Result {
    newtype.check()?;
    let found = INTEGERS.iter().find(|(range, _)| r <= *range).map(|(_, like)| *like);
    let like = found.ok_or_else(|| no_kind(format!("a decimal range of {r}")))?;
    unnamed(COMBINER_F90_INTEGER, 0, r, like, newtype)
}

pub fn type_get_value_index(value: Datatype, index: Datatype, pair: Out<Datatype>) -> Result {
    pair.check()?;
    value.get()?;
    index.get()?;
    pair.set(pair_of(value, index).unwrap_or(Datatype(DATATYPE_NULL)))
}
