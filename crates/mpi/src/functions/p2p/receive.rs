//! Receives.

use std::ffi::c_int;

use engine::{Source, TagPattern, TypeTag};

use crate::comm::{Communicator, check_tag};
use crate::message::Bytes;
use crate::number::{ANY_SOURCE, ANY_TAG};
use crate::pointer::{Address, Out, Statuses};
use crate::request::{Errors, Object, State, pattern, source as from, started};
use crate::{Comm, Datatype, Request, Result, Status};

/// From whom, and with which tag; none from nobody.
pub(super) type Wanted = Option<(Source, TagPattern)>;

/// What a receive or a probe asks for.
///
/// # Errors
/// `ERR_RANK`, `ERR_TAG`.
#[inline]
pub(super) fn wanted(comm: &Communicator, source: c_int, tag: c_int) -> Result<Wanted> {
    let tag = match tag {
        ANY_TAG => None,
        tag => {
            check_tag(tag)?;
            Some(tag)
        }
    };
    if source == ANY_SOURCE {
        return Ok(Some((from(None), pattern(tag))));
    }
    Ok(comm.peer(source)?.map(|rank| (from(Some(rank)), pattern(tag))))
}

#[inline]
pub fn recv(
    buf: Address,
    count: i64,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    status: Statuses,
) -> Result {
    let comm = comm.get()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    let Some((source, tag)) = wanted(&comm, source, tag)? else {
        status.set(0, Status::FROM_NOBODY);
        return Ok(());
    };
    status.tell(
        0,
        bytes
            .receive(&comm.comm, source, tag, datatype.stated_of_receive())
            .map(|received| Status::of(&received))
            .map_err(Into::into),
    )
}

/// Starts a receive; one from nobody is complete.
pub(super) fn start(comm: &runtime::Comm, bytes: Bytes, of: TypeTag, wanted: Wanted) -> Result<State> {
    let Some((source, tag)) = wanted else { return Ok(State::Done(Ok(Status::FROM_NOBODY))) };
    Ok(started(comm, bytes.start_receive(comm, source, tag, of)?, bytes, true))
}

pub fn irecv(
    buf: Address,
    count: i64,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    request: Out<Request>,
) -> Result {
    let held = comm.get()?;
    request.check()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    let of = datatype.stated_of_receive();
    let state = start(&held.comm, bytes, of, wanted(&held, source, tag)?)?;
    request.set(Object::new(state, Errors::of(comm, &held)).register()?)
}

pub fn recv_init(
    buf: Address,
    count: i64,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    request: Out<Request>,
) -> Result {
    let held = comm.get()?;
    request.check()?;
    let bytes = Bytes::new(buf, count, datatype)?;
    let wanted = wanted(&held, source, tag)?;
    let (on, of) = (held.comm.clone(), datatype.stated_of_receive());
    let start = move || start(&on, bytes.clone(), of, wanted);
    request.set(Object::persistent(Errors::of(comm, &held), start).register()?)
}
