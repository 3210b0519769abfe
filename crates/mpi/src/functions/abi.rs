//! The ABI (MPI 5.0 §20.2), and what Fortran's logical values are in C.

use std::ffi::c_int;
use std::sync::OnceLock;

use crate::info::Pairs;
use crate::number::{ABI_SUBVERSION, ABI_VERSION, ERR_ABI, ERR_ARG, INFO_NULL};
use crate::pointer::{Address, List, ListMut, Out};
use crate::{Error, Info, Result, info};

pub fn abi_get_version(abi_major: Out<c_int>, abi_minor: Out<c_int>) -> Result {
    abi_minor.check()?;
    abi_major.set(ABI_VERSION)?;
    abi_minor.set(ABI_SUBVERSION)
}

pub fn abi_get_info(info: Out<Info>) -> Result {
    info.check()?;
    let sizes = [("mpi_aint_size", 8), ("mpi_count_size", 8), ("mpi_offset_size", 8)];
    info.set(info::create(sizes.map(|(key, size): (&str, i32)| info::pair(key, size.to_string())).into())?)
}

/// What a Fortran library has told of its compiler, once.
static FORTRAN: OnceLock<Pairs> = OnceLock::new();

/// How its logical values look, told once: their bytes, first those of true and then those of false.
static BOOLEANS: OnceLock<[Vec<u8>; 2]> = OnceLock::new();

/// The sizes that it may tell, and those that we have.
const SIZES: [(&str, &str); 4] = [
    ("mpi_logical_size", "4"),
    ("mpi_integer_size", "4"),
    ("mpi_real_size", "4"),
    ("mpi_double_precision_size", "8"),
];

/// A copy for the program to free; the null one while nobody has told.
pub fn abi_get_fortran_info(info: Out<Info>) -> Result {
    info.check()?;
    info.set(match FORTRAN.get() {
        Some(pairs) => info::create(pairs.clone())?,
        None => Info(INFO_NULL),
    })
}

/// Only the first time counts.
pub fn abi_set_fortran_info(info: Info) -> Result {
    let pairs = info.get()?.pairs().clone();
    for (key, ours) in SIZES {
        if let Some((_, theirs)) =
            pairs.iter().find(|(known, value)| known == key.as_bytes() && value != ours.as_bytes())
        {
            let theirs = String::from_utf8_lossy(theirs);
            let text = format!("{key} is {theirs}, and Fortran's datatypes here have {ours} bytes");
            return Err(Error::new(ERR_ABI, text));
        }
    }
    FORTRAN.set(pairs).map_err(|_| Error::new(ERR_ABI, "what Fortran is like was set before"))
}

fn logical_bytes(size: c_int) -> Result<usize> {
    let size = usize::try_from(size).ok().filter(|size| [1, 2, 4, 8, 16].contains(size));
    size.ok_or_else(|| Error::new(ERR_ARG, "Fortran's logical values have 1, 2, 4, 8 or 16 bytes"))
}

/// Only the first time counts.
pub fn abi_set_fortran_booleans(
    logical_size: c_int,
    logical_true: Address,
    logical_false: Address,
) -> Result {
    let size = logical_bytes(logical_size)?;
    let read = |from: Address| List(from.0.cast_const()).values(size);
    let values = [read(logical_true)?, read(logical_false)?];
    BOOLEANS.set(values).map_err(|_| Error::new(ERR_ABI, "Fortran's logical values were set before"))
}

pub fn abi_get_fortran_booleans(
    logical_size: c_int,
    logical_true: Address,
    logical_false: Address,
    is_set: Out<c_int>,
) -> Result {
    is_set.check()?;
    let size = logical_bytes(logical_size)?;
    let known = BOOLEANS.get().filter(|values| values[0].len() == size);
    for (place, value) in [logical_true, logical_false].into_iter().zip(known.into_iter().flatten()) {
        for (at, byte) in value.iter().enumerate() {
            ListMut(place.0).set(at, *byte)?;
        }
    }
    is_set.set(c_int::from(known.is_some()))
}
