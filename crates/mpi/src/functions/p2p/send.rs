//! Sends in all modes.

use std::ffi::c_int;

use engine::{Mode, TypeTag};

use super::buffered;
use crate::comm::{Communicator, check_tag};
use crate::message::Bytes;
use crate::pointer::{Address, Out};
use crate::request::{Errors, Object, State, started};
use crate::{Comm, Datatype, Request, Result, Status};

/// How a message is sent.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// As the engine does.
    Mode(Mode),
    /// As a copy.
    Buffered,
}

#[inline(always)]
fn blocking(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    way: Way,
) -> Result {
    let comm = comm.get()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    check_tag(tag)?;
    let Some(to) = comm.peer(dest)? else { return Ok(()) };
    match way {
        Way::Mode(mode) => Ok(bytes.send(&comm.comm, to, tag, datatype.stated(), mode)?),
        Way::Buffered => buffered::send_copy(&comm, &bytes, to, tag, datatype.stated()),
    }
}

/// Starts a send; one to nobody is complete.
pub(super) fn start(
    comm: &Communicator,
    bytes: Bytes,
    of: TypeTag,
    dest: c_int,
    tag: c_int,
    way: Way,
) -> Result<State> {
    check_tag(tag)?;
    let done = State::Done(Ok(Status::EMPTY));
    let Some(to) = comm.peer(dest)? else { return Ok(done) };
    match way {
        Way::Mode(mode) => {
            Ok(started(&comm.comm, bytes.start_send(&comm.comm, to, tag, of, mode)?, bytes, false))
        }
        Way::Buffered => buffered::send_copy(comm, &bytes, to, tag, of).map(|()| done),
    }
}

fn nonblocking(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    request: Out<Request>,
    way: Way,
) -> Result {
    let held = comm.get()?;
    request.check()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    let state = start(&held, bytes, datatype.stated(), dest, tag, way)?;
    request.set(Object::new(state, Errors::of(comm, &held)).register()?)
}

fn persistent(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    request: Out<Request>,
    way: Way,
) -> Result {
    let held = comm.keep()?;
    request.check()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    check_tag(tag)?;
    held.peer(dest)?;
    let (of, errors) = (datatype.stated(), Errors::of(comm, &held));
    // The communicator outlives its name.
    let again = move || start(&held, bytes.clone(), of, dest, tag, way);
    request.set(Object::persistent(errors, again).register()?)
}

macro_rules! modes {
    ($($blocking:ident $nonblocking:ident $persistent:ident $way:expr),+ $(,)?) => {$(
        #[inline]
        pub fn $blocking(
            buf: Address,
            count: i64,
            datatype: Datatype,
            dest: c_int,
            tag: c_int,
            comm: Comm,
        ) -> Result {
            blocking(buf, count, datatype, dest, tag, comm, $way)
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
            nonblocking(buf, count, datatype, dest, tag, comm, request, $way)
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
            persistent(buf, count, datatype, dest, tag, comm, request, $way)
        }
    )+};
}

modes!(
    send isend send_init Way::Mode(Mode::Standard),
    rsend irsend rsend_init Way::Mode(Mode::Ready),
    ssend issend ssend_init Way::Mode(Mode::Synchronous),
    bsend ibsend bsend_init Way::Buffered,
);
