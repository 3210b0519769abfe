//! Collective operations (MPI 5.0 §6).

use std::ffi::c_int;

use crate::collective::{self, Root};
use crate::message::Bytes;
use crate::pointer::Address;
use crate::{Comm, Datatype, Result};

pub fn barrier(comm: Comm) -> Result {
    collective::barrier(&*comm.get()?)
}

pub fn bcast(buffer: Address, count: i64, datatype: Datatype, root: c_int, comm: Comm) -> Result {
    let comm = comm.get()?;
    let root = Root::of(&comm, root)?;
    let bytes = match root {
        Root::Nobody => return Ok(()),
        _ => Bytes::new(buffer, count, datatype)?,
    };
    collective::broadcast(&comm, root, &bytes)
}
