//! A send and a receive in one (MPI 5.0 §3.11).

use std::ffi::c_int;
use std::task::Waker;

use engine::{Mode, TypeTag};
use runtime::Started;

use super::receive::{self, wanted};
use super::send;
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::pointer::{Address, Out, Statuses};
use crate::request::{Errors, Object, Outcome, Pending, State};
use crate::{Comm, Datatype, Request, Result, Status};

/// A receive and a send that are one operation, which tells what the receive does.
struct Exchange {
    receive: State,
    send: State,
    /// What is sent, where the receive overwrites it.
    _copy: Option<Vec<u8>>,
}

impl Exchange {
    fn outcome(&mut self) -> Outcome {
        let take = |state: &mut State| match std::mem::replace(state, State::Inactive) {
            State::Done(outcome) => outcome,
            _ => Ok(Status::EMPTY),
        };
        let (received, sent) = (take(&mut self.receive), take(&mut self.send));
        sent.and(received)
    }
}

impl Pending for Exchange {
    fn test(&mut self) -> Option<Outcome> {
        let sent = self.send.test();
        (self.receive.test() && sent).then(|| self.outcome())
    }

    fn wait(&mut self) -> Outcome {
        self.send.wait();
        self.receive.wait();
        self.outcome()
    }

    fn watch(&mut self, waker: &Waker) -> bool {
        // A part that is complete needs no waker, unless both are.
        let sends = self.send.watch(waker);
        self.receive.watch(waker) || sends
    }

    fn cancel(&mut self) {
        self.receive.cancel();
        self.send.cancel();
    }

    fn detach(self: Box<Self>) {
        crate::request::orphan(self);
    }
}

/// Starts both; a receive whose send can't be started is taken back.
fn start(
    outgoing: (Bytes, TypeTag, c_int, c_int),
    incoming: (Bytes, TypeTag, c_int, c_int),
    comm: &Communicator,
    copy: Option<Vec<u8>>,
) -> Result<State> {
    let (bytes, of, dest, tag) = outgoing;
    let wanted = wanted(comm, incoming.2, incoming.3)?;
    crate::comm::check_tag(tag)?;
    comm.peer(dest)?;
    let mut receive = receive::start(&comm.comm, incoming.0, incoming.1, wanted)?;
    match send::start(comm, bytes, of, dest, tag, send::Way::Mode(Mode::Standard)) {
        Ok(send) => Ok(State::Other(Box::new(Exchange { receive, send, _copy: copy }))),
        Err(error) => {
            receive.cancel();
            receive.wait();
            Err(error)
        }
    }
}

/// Performs both: the receive is posted while the send waits, which moves both on.
fn perform(
    comm: &Communicator,
    (bytes, of, dest, tag): (Bytes, TypeTag, c_int, c_int),
    (room, room_of, source, wanted_tag): (Bytes, TypeTag, c_int, c_int),
    status: Statuses,
) -> Result {
    let wanted = wanted(comm, source, wanted_tag)?;
    crate::comm::check_tag(tag)?;
    let to = comm.peer(dest)?;
    let on = &comm.comm;
    let posted = match wanted {
        Some((source, tag)) => Some(room.start_receive(on, source, tag, room_of)?),
        None => None,
    };
    let sent = to.map_or(Ok(()), |to| bytes.send(on, to, tag, of, Mode::Standard));
    let received = match posted {
        None => Ok(Status::FROM_NOBODY),
        Some(Started::Done(received)) => Ok(Status::of(&received)),
        Some(Started::Pending(request)) => {
            if sent.is_err() {
                on.cancel(request);
            }
            on.wait(request).map(|received| Status::of(&received)).map_err(Into::into)
        }
    };
    sent?;
    status.tell(0, received)
}

pub fn sendrecv(
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    dest: c_int,
    sendtag: c_int,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    source: c_int,
    recvtag: c_int,
    comm: Comm,
    status: Statuses,
) -> Result {
    let comm = comm.get()?;
    let outgoing = (Bytes::new(sendbuf, sendcount, sendtype)?, sendtype.stated(), dest, sendtag);
    let incoming = (Bytes::new(recvbuf, recvcount, recvtype)?, recvtype.stated_of_receive(), source, recvtag);
    perform(&comm, outgoing, incoming, status)
}

pub fn isendrecv(
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    dest: c_int,
    sendtag: c_int,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    source: c_int,
    recvtag: c_int,
    comm: Comm,
    request: Out<Request>,
) -> Result {
    let held = comm.get()?;
    request.check()?;
    let outgoing = (Bytes::new(sendbuf, sendcount, sendtype)?, sendtype.stated(), dest, sendtag);
    let incoming = (Bytes::new(recvbuf, recvcount, recvtype)?, recvtype.stated_of_receive(), source, recvtag);
    let state = start(outgoing, incoming, &held, None)?;
    request.set(Object::new(state, Errors::of(comm, &held)).register()?)
}

pub fn sendrecv_replace(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    sendtag: c_int,
    source: c_int,
    recvtag: c_int,
    comm: Comm,
    status: Statuses,
) -> Result {
    let comm = comm.get()?;
    let room = Bytes::new(buf, count, datatype)?;
    // What is sent is copied first.
    let mut copy = room.packed();
    let outgoing = (Bytes::Row(copy.as_mut_ptr(), copy.len()), datatype.stated(), dest, sendtag);
    perform(&comm, outgoing, (room, datatype.stated_of_receive(), source, recvtag), status)
}

pub fn isendrecv_replace(
    buf: Address,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    sendtag: c_int,
    source: c_int,
    recvtag: c_int,
    comm: Comm,
    request: Out<Request>,
) -> Result {
    let held = comm.get()?;
    request.check()?;
    let room = Bytes::new(buf, count, datatype)?;
    // What is sent is copied first.
    let mut copy = room.packed();
    let outgoing = (Bytes::Row(copy.as_mut_ptr(), copy.len()), datatype.stated(), dest, sendtag);
    let incoming = (room, datatype.stated_of_receive(), source, recvtag);
    let state = start(outgoing, incoming, &held, Some(copy))?;
    request.set(Object::new(state, Errors::of(comm, &held)).register()?)
}
