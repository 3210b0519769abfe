//! Probes, and receives of what they found.

use std::ffi::c_int;

use super::receive::wanted;
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::number::{ERR_OTHER, ERR_REQUEST, MESSAGE_NO_PROC, MESSAGE_NULL};
use crate::pointer::{Address, Out, Statuses};
use crate::request::{Errors, Object, State, started};
use crate::table::Table;
use crate::{Comm, Datatype, Error, Message, On, Request, Result, Status};

/// A message that was taken out of matching.
struct Taken {
    comm: runtime::Comm,
    message: engine::Message,
    errors: Errors,
}

static TAKEN: Table<Taken> = Table::new();

pub fn probe(source: c_int, tag: c_int, comm: Comm, status: Statuses) -> Result {
    let comm = comm.get()?;
    let found = match wanted(&comm, source, tag)? {
        Some((source, tag)) => Status::of(&comm.comm.probe(source, tag)?),
        None => Status::FROM_NOBODY,
    };
    status.set(0, found);
    Ok(())
}

pub fn iprobe(source: c_int, tag: c_int, comm: Comm, flag: Out<c_int>, status: Statuses) -> Result {
    flag.check()?;
    let comm = comm.get()?;
    let found = match wanted(&comm, source, tag)? {
        Some((source, tag)) => comm.comm.try_probe(source, tag)?.map(|found| Status::of(&found)),
        None => Some(Status::FROM_NOBODY),
    };
    flag.set(c_int::from(found.is_some()))?;
    if let Some(found) = found {
        status.set(0, found);
    }
    Ok(())
}

fn name(comm: &Communicator, errors: Errors, message: engine::Message) -> Result<Message> {
    let name = TAKEN.insert(Taken { comm: comm.comm.clone(), message, errors });
    name.map(Message).ok_or_else(|| Error::new(ERR_OTHER, "there are too many messages: receive some"))
}

pub fn mprobe(source: c_int, tag: c_int, comm: Comm, message: Out<Message>, status: Statuses) -> Result {
    message.check()?;
    let held = comm.get()?;
    let (taken, found) = match wanted(&held, source, tag)? {
        Some((source, tag)) => {
            let (taken, found) = held.comm.matched_probe(source, tag)?;
            (name(&held, Errors::of(comm, &held), taken)?, Status::of(&found))
        }
        None => (Message(MESSAGE_NO_PROC), Status::FROM_NOBODY),
    };
    message.set(taken)?;
    status.set(0, found);
    Ok(())
}

pub fn improbe(
    source: c_int,
    tag: c_int,
    comm: Comm,
    flag: Out<c_int>,
    message: Out<Message>,
    status: Statuses,
) -> Result {
    flag.check()?;
    message.check()?;
    let held = comm.get()?;
    let found = match wanted(&held, source, tag)? {
        Some((source, tag)) => match held.comm.try_matched_probe(source, tag)? {
            Some((taken, found)) => Some((name(&held, Errors::of(comm, &held), taken)?, Status::of(&found))),
            None => None,
        },
        None => Some((Message(MESSAGE_NO_PROC), Status::FROM_NOBODY)),
    };
    flag.set(c_int::from(found.is_some()))?;
    if let Some((taken, found)) = found {
        message.set(taken)?;
        status.set(0, found);
    }
    Ok(())
}

/// Starts to receive a message; where it came from nobody that is done.
fn start(buf: Address, count: i64, datatype: Datatype, message: Out<Message>) -> Result<(State, Errors)> {
    let name = message.get()?;
    if name.0 == MESSAGE_NO_PROC {
        Bytes::new(buf, count, datatype)?;
        message.set(Message(MESSAGE_NULL))?;
        return Ok((State::Done(Ok(Status::FROM_NOBODY)), Errors::On(On::Nothing)));
    }
    let Some(taken) = TAKEN.get(name.0) else {
        let what = if name.0 == MESSAGE_NULL { "MPI_MESSAGE_NULL" } else { "no message (was it received?)" };
        return Err(Error::new(ERR_REQUEST, format!("the message is {what}")));
    };
    let raise = |error: Box<Error>| taken.errors.raise(error);
    let bytes = Bytes::new(buf, count, datatype).map_err(raise)?;
    let outcome = match bytes.start_receive_message(&taken.comm, taken.message, datatype.stated_of_receive())
    {
        Ok(outcome) => Ok(started(&taken.comm, outcome, bytes, true)),
        Err(error) => Err(raise(error.into())),
    };
    if outcome.is_ok() {
        TAKEN.remove(name.0);
        message.set(Message(MESSAGE_NULL))?;
    }
    Ok((outcome?, taken.errors.share()))
}

pub fn mrecv(
    buf: Address,
    count: i64,
    datatype: Datatype,
    message: Out<Message>,
    status: Statuses,
) -> Result {
    let (state, errors) = start(buf, count, datatype, message)?;
    status.tell(0, Object::new(state, errors).complete().unwrap_or(Ok(Status::EMPTY)))
}

pub fn imrecv(
    buf: Address,
    count: i64,
    datatype: Datatype,
    message: Out<Message>,
    request: Out<Request>,
) -> Result {
    request.check()?;
    let (state, errors) = start(buf, count, datatype, message)?;
    request.set(Object::new(state, errors).register()?)
}
