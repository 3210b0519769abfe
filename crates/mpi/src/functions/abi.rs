//! The ABI (MPI 5.0 §20.2), and what Fortran's logical values are in C.

use std::ffi::c_int;

use crate::number::{ABI_SUBVERSION, ABI_VERSION, INFO_NULL};
use crate::pointer::Out;
use crate::{Info, Result, info};

pub fn abi_get_version(abi_major: Out<c_int>, abi_minor: Out<c_int>) -> Result {
    abi_minor.check()?;
    abi_major.set(ABI_VERSION)?;
    abi_minor.set(ABI_SUBVERSION)
}

pub fn abi_get_info(info: Out<Info>) -> Result {
    info.check()?;
    let sizes = [("mpi_aint_size", 8), ("mpi_count_size", 8), ("mpi_offset_size", 8)];
    info.set(info::create(sizes.map(|(key, size): (&str, i32)| (key.to_owned(), size.to_string())).into())?)
}

/// Nobody has told of a Fortran compiler.
pub fn abi_get_fortran_info(info: Out<Info>) -> Result {
    info.set(Info(INFO_NULL))
}
