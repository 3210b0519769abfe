//! Messages in partitions (MPI 5.0 §4.2).

use std::ffi::c_int;
use std::sync::Arc;

use crate::comm::check_tag;
use crate::message::Bytes;
use crate::number::{ANY_SOURCE, ANY_TAG, ERR_ARG, ERR_COUNT, ERR_RANK, ERR_REQUEST, ERR_TAG};
use crate::pointer::{self, Address, List, Out};
use crate::request::{Errors, Extra, Object, PartitionedReceive, PartitionedSend, pair};
use crate::{Comm, Datatype, Error, Info, Request, Result};

/// All partitions as one buffer.
fn whole(buf: Address, partitions: c_int, count: i64, datatype: Datatype) -> Result<(usize, Bytes)> {
    // MPI 5.0 §4.2.1: a number that is not positive is erroneous.
    let number = usize::try_from(partitions).ok().filter(|number| *number > 0).ok_or_else(|| {
        Error::new(ERR_ARG, format!("the number of partitions is {partitions}, and must be positive"))
    })?;
    let all = i64::from(partitions).checked_mul(count);
    let all = all.ok_or_else(|| Error::new(ERR_COUNT, "the partitions are too large"))?;
    Ok((number, Bytes::new(buf, all, datatype)?))
}

pub fn psend_init(
    buf: Address,
    partitions: c_int,
    count: i64,
    datatype: Datatype,
    dest: c_int,
    tag: c_int,
    comm: Comm,
    info: Info,
    request: Out<Request>,
) -> Result {
    let held = comm.get()?;
    request.check()?;
    info.hints()?;
    check_tag(tag)?;
    let to = held.peer(dest)?;
    let (number, bytes) = whole(buf, partitions, count, datatype)?;
    let pair = match to {
        Some(to) => pair(&held.comm, &held.partitioned, to, tag, true),
        None => held.comm.clone(),
    };
    let operation = Arc::new(PartitionedSend::new(pair, to, bytes, number));
    request.set(Object::partitioned(Extra::Send(operation), Errors::of(comm, &held)).register()?)
}

pub fn precv_init(
    buf: Address,
    partitions: c_int,
    count: i64,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    info: Info,
    request: Out<Request>,
) -> Result {
    let held = comm.get()?;
    request.check()?;
    info.hints()?;
    // MPI 5.0 §4.2.1: there are no wildcards here.
    if source == ANY_SOURCE {
        return Err(Error::new(ERR_RANK, "a partitioned receive names its source: MPI_ANY_SOURCE can't be"));
    }
    if tag == ANY_TAG {
        return Err(Error::new(ERR_TAG, "a partitioned receive names its tag: MPI_ANY_TAG can't be"));
    }
    check_tag(tag)?;
    let peer = held.peer(source)?;
    let (number, bytes) = whole(buf, partitions, count, datatype)?;
    let pair = match peer {
        Some(peer) => pair(&held.comm, &held.partitioned, peer, tag, false),
        None => held.comm.clone(),
    };
    let operation = Arc::new(PartitionedReceive::new(pair, peer, tag, bytes, number));
    request.set(Object::partitioned(Extra::Receive(operation), Errors::of(comm, &held)).register()?)
}

fn ready(request: Request, partitions: impl Iterator<Item = i64> + Clone) -> Result {
    let object = request.get_one()?;
    let Extra::Send(operation) = object.extra() else {
        return Err(object.raise(Error::new(ERR_REQUEST, "the request is not a partitioned send")));
    };
    operation.ready(partitions).map_err(|error| object.raise(error))
}

pub fn pready(partition: c_int, request: Request) -> Result {
    ready(request, std::iter::once(i64::from(partition)))
}

pub fn pready_range(partition_low: c_int, partition_high: c_int, request: Request) -> Result {
    ready(request, i64::from(partition_low)..=i64::from(partition_high))
}

pub fn pready_list(length: c_int, partitions: List<c_int>, request: Request) -> Result {
    let length = pointer::length("the length", length, ERR_ARG)?;
    ready(request, partitions.values(length)?.into_iter().map(i64::from))
}

pub fn parrived(request: Request, partition: c_int, flag: Out<c_int>) -> Result {
    flag.check()?;
    // MPI 5.0 §4.2.2: of a null or inactive request all has arrived.
    let Some(object) = request.get()? else { return flag.set(1) };
    let Extra::Receive(operation) = object.extra() else {
        return Err(object.raise(Error::new(ERR_REQUEST, "the request is not a partitioned receive")));
    };
    let there_are = operation.partitions;
    let Some(at) = usize::try_from(partition).ok().filter(|at| *at < there_are) else {
        let text = format!("there is no partition {partition}: there are {there_are}");
        return Err(object.raise(Error::new(ERR_ARG, text)));
    };
    flag.set(c_int::from(operation.has_arrived(at)))
}
