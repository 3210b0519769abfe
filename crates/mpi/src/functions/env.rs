//! The environment (MPI 5.0 §9.1, §9.2, §9.6).

use std::ffi::c_int;

use crate::Result;
use crate::number::{
    ERR_ARG, ERR_INFO_VALUE, ERR_NO_MEM, MAX_LIBRARY_VERSION_STRING, MAX_PROCESSOR_NAME, SUBVERSION, VERSION,
};
use crate::pointer::{self, Address, Out, TextOut};
use crate::{Error, Info, info, message};

/// A part of the machine, by which communicators are split as well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Host,
    NumaNode,
    /// The last level.
    Cache,
}

/// What they are called; each has one name of this kind.
const RESOURCES: [(&str, Resource); 3] = [
    ("hwloc://Machine", Resource::Host),
    ("hwloc://NUMANode", Resource::NumaNode),
    ("hwloc://L3Cache", Resource::Cache),
];

/// The standard's own name of what shares memory.
pub(super) const SHARED_MEMORY: &str = "mpi_shared_memory";

impl Resource {
    /// Of this name, also without the beginning that says whose it is.
    pub fn of(name: &str) -> Option<Resource> {
        let is_it = |known: &str| known == name || known.strip_prefix("hwloc://") == Some(name);
        let found = RESOURCES.into_iter().find(|(known, _)| is_it(known)).map(|(_, resource)| resource);
        found.or((name == SHARED_MEMORY).then_some(Resource::Host))
    }
}

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
    let confines = |(name, resource)| {
        let alone = match resource {
            Resource::Host => true,
            Resource::NumaNode => here.node.is_some(),
            Resource::Cache => here.cache.is_some(),
        };
        info::pair(name, alone.to_string())
    };
    hw_info.set(info::create(RESOURCES.map(confines).into())?)
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

/// The hint that asks for an alignment (MPI 5.0 §9.2).
const ALIGNMENT: &str = "mpi_minimum_memory_alignment";

pub fn alloc_mem(size: i64, info: Info, baseptr: Address) -> Result {
    let bytes = pointer::length("the size", size, ERR_ARG)?;
    baseptr.as_out().check()?;
    let hints = info.hints()?;
    let wanted = hints.iter().find(|(key, _)| key == ALIGNMENT.as_bytes()).map(|(_, value)| value);
    let alignment = wanted.map_or(Some(1), |value| str::from_utf8(value).ok()?.trim().parse::<usize>().ok());
    let alignment = alignment.filter(|alignment| alignment.is_power_of_two());
    let alignment = alignment
        .ok_or_else(|| Error::new(ERR_INFO_VALUE, format!("the value of {ALIGNMENT} is no power of two")))?;
    match os::heap::allocate(bytes, alignment) {
        Some(at) => baseptr.as_out().set(Address(at)),
        None => Err(Error::new(ERR_NO_MEM, format!("the system gives no {bytes} bytes"))),
    }
}

pub fn free_mem(base: Address) -> Result {
    message::free(base);
    Ok(())
}
