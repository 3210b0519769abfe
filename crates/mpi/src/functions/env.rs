//! The environment (MPI 5.0 §9.1, §9.2, §9.6).

use std::ffi::c_int;

use crate::Result;
use crate::number::{
    ERR_ARG, ERR_NO_MEM, MAX_LIBRARY_VERSION_STRING, MAX_PROCESSOR_NAME, SUBVERSION, VERSION,
};
use crate::pointer::{Address, Out, TextOut};
use crate::{Error, Info, info, message};

/// What parts of the machine are called, as resource types of `MPI_Comm_split_type` too.
pub(super) const MACHINE: &str = "hwloc://Machine";
pub(super) const NUMA_NODE: &str = "hwloc://NUMANode";

pub fn get_version(version: Out<c_int>, subversion: Out<c_int>) -> Result {
    subversion.check()?;
    version.set(VERSION)?;
    subversion.set(SUBVERSION)
}

pub fn get_library_version(version: TextOut, resultlen: Out<c_int>) -> Result {
    let text = concat!("Archipelago ", env!("CARGO_PKG_VERSION"), ", MPI 5.0 standard ABI 1.0");
    resultlen.set(version.set(text, MAX_LIBRARY_VERSION_STRING as usize)? as c_int)
}

pub fn get_processor_name(name: TextOut, resultlen: Out<c_int>) -> Result {
    resultlen.set(name.set(os::host::name(), MAX_PROCESSOR_NAME as usize)? as c_int)
}

/// Which parts of the machine confine this thread now: "true" where it runs on one alone (MPI 5.0 §9.1.3).
pub fn get_hw_resource_info(hw_info: Out<Info>) -> Result {
    hw_info.check()?;
    let here = os::topology::Locality::of_this_thread();
    let parts =
        [(MACHINE, true), (NUMA_NODE, here.node.is_some()), ("hwloc://L3Cache", here.cache.is_some())];
    hw_info.set(info::create(parts.map(|(part, alone)| info::pair(part, alone.to_string())).into())?)
}

pub fn wtime() -> f64 {
    os::clock::Time::now().0 as f64 * 1e-9
}

pub fn wtick() -> f64 {
    1e-9
}

pub fn pcontrol(_level: c_int) -> Result {
    Ok(())
}

pub fn alloc_mem(size: i64, _info: Info, baseptr: Address) -> Result {
    let bytes =
        usize::try_from(size).map_err(|_| Error::new(ERR_ARG, format!("the size is negative: {size}")))?;
    baseptr.as_out().check()?;
    match os::heap::allocate(bytes) {
        Some(at) => baseptr.as_out().set(Address(at)),
        None => Err(Error::new(ERR_NO_MEM, format!("the system gives no {bytes} bytes"))),
    }
}

pub fn free_mem(base: Address) -> Result {
    message::free(base);
    Ok(())
}
