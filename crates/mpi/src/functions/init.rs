//! Beginning and end (MPI 5.0 §11.2).

use std::ffi::{c_char, c_int};

use crate::number::THREAD_SINGLE;
use crate::pointer::Out;
use crate::{Comm, Result, comm, instance};

type Arguments = Out<*mut *mut c_char>;

pub fn init(_argc: Out<c_int>, _argv: Arguments) -> Result {
    instance::init(THREAD_SINGLE).map(drop)
}

pub fn init_thread(_argc: Out<c_int>, _argv: Arguments, required: c_int, provided: Out<c_int>) -> Result {
    provided.check()?;
    provided.set(instance::init(required)?)
}

pub fn initialized(flag: Out<c_int>) -> Result {
    flag.set(c_int::from(instance::stage().0))
}

pub fn finalized(flag: Out<c_int>) -> Result {
    flag.set(c_int::from(instance::stage().1))
}

pub fn finalize() -> Result {
    instance::finalize()
}

pub fn query_thread(provided: Out<c_int>) -> Result {
    instance::check_running()?;
    provided.set(instance::level())
}

pub fn is_thread_main(flag: Out<c_int>) -> Result {
    instance::check_running()?;
    flag.set(c_int::from(instance::is_main_thread()))
}

pub fn abort(comm: Comm, errorcode: c_int) -> Result {
    let name = comm::find(comm).map_or_else(String::new, |comm| format!(" on {}", comm.name()));
    let rank = instance::rank().map_or_else(String::new, |rank| format!("rank {rank}: "));
    instance::abort(errorcode, &format!("{rank}MPI_Abort{name} with code {errorcode}"))
}
