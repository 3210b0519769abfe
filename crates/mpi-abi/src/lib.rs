//! `libmpi_abi.so.1`: the MPI 5.0 standard ABI.
//!
//! Every function of the tables in `table/` exists under two names, `MPI_X` and `PMPI_X`: shims over the room `mpi`, which
//! the build script writes (docs/decisions/c-door.md). What is here by hand is the [door] through which all of them go.

pub mod door;

#[allow(
    non_snake_case,
    missing_docs,
    unused_variables,
    clippy::missing_safety_doc,
    clippy::redundant_closure,
    clippy::too_many_arguments,
    reason = "C and the tables have them so"
)]
mod shims {
    use std::ffi::{c_char, c_int};

    use mpi::pointer::*;
    use mpi::said::Given;
    use mpi::{Comm, Datatype, Errhandler, File, Group, Info, Message, On, Op, Request, Session, Win};

    use crate::door;

    include!(concat!(env!("OUT_DIR"), "/shims.rs"));
}

/// The numbers of the room `mpi` are this ABI's: nothing is translated.
#[allow(clippy::unnecessary_cast, reason = "some have 64 bits")]
mod numbers {
    include!(concat!(env!("OUT_DIR"), "/numbers.rs"));
}

pub use shims::*;

#[cfg(not(all(target_pointer_width = "64", target_endian = "little")))]
compile_error!("the shims are made for machines with 64-bit little-endian pointers");
