//! One function for each of the standard's, in modules named like the groups of the ABI's table. Names are the standard's without
//! `MPI_` and in small letters; the `int` form, the `_c` form and the `_x` form are one.
//!
//! Parameters are those of the standard: their meaning is explained there. An output is written when all is well, and before that
//! everything is checked that can be.
#![allow(missing_docs, clippy::too_many_arguments, reason = "they are the standard's functions")]

pub mod abi;
pub mod attr;
pub mod coll;
pub mod comm;
pub mod datatype;
pub mod env;
pub mod err;
pub mod grequest;
pub mod group;
pub mod handle_serialization;
pub mod info;
pub mod init;
pub mod op;
pub mod p2p;
pub mod partitioned;
pub mod request;
pub mod session;
pub mod spawn;
pub mod status;
pub mod topo;
