//! Sends in all modes but the buffered one.

use std::ffi::c_int;

use engine::Mode;

use crate::comm::{Communicator, check_tag};
use crate::message::Bytes;
use crate::pointer::{Address, Out};
use crate::request::{Object, State, started};
use crate::{Comm, Datatype, On, Request, Result, Status};

#[inline(always)]
fn blocking(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    mode: Mode,
) -> Result {
    let comm = comm.get()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    check_tag(tag)?;
    let Some(to) = comm.peer(dest)? else { return Ok(()) };
    Ok(bytes.send(&comm.comm, to, tag, mode)?)
}

/// Starts a send; one to nobody is complete.
pub(super) fn start(comm: &Communicator, bytes: Bytes, dest: c_int, tag: c_int, mode: Mode) -> Result<State> {
    check_tag(tag)?;
    let Some(to) = comm.peer(dest)? else { return Ok(State::Done(Ok(Status::EMPTY))) };
    Ok(started(&comm.comm, bytes.start_send(&comm.comm, to, tag, mode)?, bytes, false))
}

fn nonblocking(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    request: Out<Request>,
    mode: Mode,
) -> Result {
    let on = On::Comm(comm);
    let comm = comm.get()?;
    request.check()?;
    let state = start(&comm, Bytes::new(buf, count, datatype)?, dest, tag, mode)?;
    request.set(Object::new(state, on).register()?)
}

fn persistent(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    request: Out<Request>,
    mode: Mode,
) -> Result {
    let on = On::Comm(comm);
    let held = comm.get()?;
    request.check()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    check_tag(tag)?;
    let to = held.peer(dest)?;
    // It outlives the name of the communicator.
    let comm = held.comm.clone();
    let start = move || match to {
        None => Ok(State::Done(Ok(Status::EMPTY))),
        Some(to) => Ok(started(&comm, bytes.start_send(&comm, to, tag, mode)?, bytes.clone(), false)),
    };
    request.set(Object::persistent(on, start).register()?)
}

macro_rules! modes {
    ($($blocking:ident $nonblocking:ident $persistent:ident $mode:ident),+ $(,)?) => {$(
        #[inline]
        pub fn $blocking(
            buf: Address,
            count: i64,
            datatype: Datatype,
            dest: c_int,
            tag: c_int,
            comm: Comm,
        ) -> Result {
            blocking(buf, count, datatype, dest, tag, comm, Mode::$mode)
        }

        pub fn $nonblocking(
            buf: Address,
            count: i64,
            datatype: Datatype,
            dest: c_int,
            tag: c_int,
            comm: Comm,
            request: Out<Request>,
        ) -> Result {
            nonblocking(buf, count, datatype, dest, tag, comm, request, Mode::$mode)
        }

        pub fn $persistent(
            buf: Address,
            count: i64,
            datatype: Datatype,
            dest: c_int,
            tag: c_int,
            comm: Comm,
            request: Out<Request>,
        ) -> Result {
            persistent(buf, count, datatype, dest, tag, comm, request, Mode::$mode)
        }
    )+};
}

modes!(
    send isend send_init Standard,
    rsend irsend rsend_init Ready,
    ssend issend ssend_init Synchronous,
);
