//! What buffered sends are, and the buffers for them (MPI 5.0 §3.6).

use std::ffi::c_int;

use engine::{Mode, TypeTag};
use runtime::Started;

use crate::buffer::{self, Pool, Reservation};
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::number::ERR_BUFFER;
use crate::pointer::{Address, IntegerOut, Out};
use crate::request::{Errors, Object, State};
use crate::{Comm, Error, On, Request, Result, Session, session};

/// Sends a copy: done at once.
pub(super) fn send_copy(comm: &Communicator, bytes: &Bytes, to: usize, tag: c_int, of: TypeTag) -> Result {
    let room = room(comm, bytes.len())?;
    let mut copy = bytes.packed();
    let row = Bytes::Row(copy.as_mut_ptr(), copy.len());
    if let Started::Pending(request) = row.start_send(&comm.comm, to, tag, of, Mode::Standard)? {
        comm.comm.detach(request, Some(Box::new((copy, room))));
    }
    Ok(())
}

/// Room for a message: in the buffer of its communicator, else of its session, else of the process (MPI 5.0 §3.6).
fn room(comm: &Communicator, bytes: usize) -> Result<Reservation> {
    if comm.buffer.is_attached() {
        return comm.buffer.reserve(bytes);
    }
    match comm.session.and_then(session::find).filter(|session| session.buffer.is_attached()) {
        Some(session) => session.buffer.reserve(bytes),
        None => buffer::PROCESS.reserve(bytes),
    }
}

fn detach(pool: &Pool, buffer_addr: Address, size: IntegerOut) -> Result {
    if buffer_addr.is_null() {
        return Err(Error::new(ERR_BUFFER, "the place for the buffer's address is a null pointer"));
    }
    // What can't be told is not detached.
    size.set_exactly(pool.size())?;
    let buffer = pool.detach()?;
    buffer_addr.as_out().set(buffer)
}

fn iflush(pool: &Pool, request: Out<Request>, errors: Errors) -> Result {
    request.check()?;
    request.set(Object::new(State::Other(pool.start_flush()), errors).register()?)
}

pub fn buffer_attach(buffer: Address, size: i64) -> Result {
    buffer::PROCESS.attach(buffer, size)
}

pub fn buffer_detach(buffer_addr: Address, size: IntegerOut) -> Result {
    detach(&buffer::PROCESS, buffer_addr, size)
}

pub fn buffer_flush() -> Result {
    buffer::PROCESS.flush()
}

pub fn buffer_iflush(request: Out<Request>) -> Result {
    iflush(&buffer::PROCESS, request, Errors::On(On::Nothing))
}

pub fn comm_attach_buffer(comm: Comm, buffer: Address, size: i64) -> Result {
    comm.get()?.buffer.attach(buffer, size)
}

pub fn comm_detach_buffer(comm: Comm, buffer_addr: Address, size: IntegerOut) -> Result {
    detach(&comm.get()?.buffer, buffer_addr, size)
}

pub fn comm_flush_buffer(comm: Comm) -> Result {
    comm.get()?.buffer.flush()
}

pub fn comm_iflush_buffer(comm: Comm, request: Out<Request>) -> Result {
    let held = comm.get()?;
    iflush(&held.buffer, request, Errors::of(comm, &held))
}

pub fn session_attach_buffer(session: Session, buffer: Address, size: i64) -> Result {
    session.get()?.buffer.attach(buffer, size)
}

pub fn session_detach_buffer(session: Session, buffer_addr: Address, size: IntegerOut) -> Result {
    detach(&session.get()?.buffer, buffer_addr, size)
}

pub fn session_flush_buffer(session: Session) -> Result {
    session.get()?.buffer.flush()
}

pub fn session_iflush_buffer(session: Session, request: Out<Request>) -> Result {
    iflush(&session.get()?.buffer, request, Errors::On(On::Session(session)))
}
