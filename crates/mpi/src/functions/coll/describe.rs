//! Collectives of equal blocks.

use std::ffi::c_int;

use engine::collective::{Collective, Lengths};

use crate::collective::{Job, Root, Side};
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::number::{ERR_BUFFER, ERR_COUNT, ERR_TRUNCATE, IN_PLACE};
use crate::pointer::Address;
use crate::{Datatype, Error, Result};

/// Whether C says that a member gives what lies in its output.
pub(super) fn is_in_place(buffer: Address) -> bool {
    buffer.number() == IN_PLACE
}

/// Refuses `MPI_IN_PLACE` where it can't be.
pub(super) fn check_buffer(buffer: Address) -> Result {
    match is_in_place(buffer) {
        true => Err(Error::new(ERR_BUFFER, "MPI_IN_PLACE can't be this buffer")),
        false => Ok(()),
    }
}

/// `number` blocks of `count` elements, one behind the other.
pub(super) fn rows(buffer: Address, number: usize, count: i64, datatype: Datatype) -> Result<Bytes> {
    check_buffer(buffer)?;
    let all = i64::try_from(number).ok().and_then(|number| number.checked_mul(count));
    Bytes::new(buffer, all.ok_or_else(|| Error::new(ERR_COUNT, "the blocks are too large"))?, datatype)
}

/// What a member gives must be as long as what is taken of it.
pub(super) fn check_length(given: usize, taken: usize) -> Result {
    if given == taken {
        return Ok(());
    }
    let text = format!("this rank gives itself {given} bytes, and takes {taken}");
    Err(Error::new(ERR_TRUNCATE, text))
}

#[inline(always)]
pub(super) fn barrier(comm: &Communicator) -> Result<Job> {
    Ok(Job::new(comm, Collective::Barrier, 0, 1))
}

#[inline(always)]
pub(super) fn bcast(
    comm: &Communicator,
    buffer: Address,
    count: i64,
    datatype: Datatype,
    root: c_int,
) -> Result<Job> {
    let root = Root::of(comm, root)?;
    let bytes = match root {
        Root::Nobody => Bytes::Row(std::ptr::null_mut(), 0),
        _ => rows(buffer, 1, count, datatype)?,
    };
    let job =
        Job::new(comm, Collective::Broadcast, bytes.len(), 1).output(Side::Whole(bytes)).root(comm, root)?;
    Ok(if root.is_here(comm) { job.reads_output() } else { job })
}

pub(super) fn gather(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    root: c_int,
) -> Result<Job> {
    let root = Root::of(comm, root)?;
    let gives = root.is_served() && !(root.is_here(comm) && is_in_place(sendbuf));
    let input = if gives { Some(rows(sendbuf, 1, sendcount, sendtype)?) } else { None };
    let mut block = input.as_ref().map_or(0, Bytes::len);
    let mut fits = Ok(());
    let output = match root.is_here(comm) {
        true => {
            let all = rows(recvbuf, comm.peers(), recvcount, recvtype)?;
            block = all.len() / comm.peers();
            fits = input.as_ref().map_or(Ok(()), |input| check_length(input.len(), block));
            Side::Whole(all)
        }
        false => Side::Absent,
    };
    let job = Job::new(comm, Collective::Gather, block, 1).output(output).root(comm, root)?;
    Ok(match (input, fits) {
        (_, Err(misfit)) => job.in_place(true).misfit(misfit),
        (Some(input), _) => job.input(Side::Whole(input)),
        (None, _) => job.in_place(root.is_here(comm) && comm.inter.is_none()),
    })
}

pub(super) fn scatter(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    root: c_int,
) -> Result<Job> {
    let root = Root::of(comm, root)?;
    let takes = root.is_served() && !(root.is_here(comm) && is_in_place(recvbuf));
    let output = if takes { Some(rows(recvbuf, 1, recvcount, recvtype)?) } else { None };
    let mut block = output.as_ref().map_or(0, Bytes::len);
    let mut fits = Ok(());
    let input = match root.is_here(comm) {
        true => {
            let all = rows(sendbuf, comm.peers(), sendcount, sendtype)?;
            block = all.len() / comm.peers();
            fits = output.as_ref().map_or(Ok(()), |output| check_length(block, output.len()));
            Side::Whole(all)
        }
        false => Side::Absent,
    };
    let job = Job::new(comm, Collective::Scatter, block, 1).input(input).root(comm, root)?;
    Ok(match (output, fits) {
        (_, Err(misfit)) => job.call(|call| call.in_place = true).misfit(misfit),
        (Some(output), _) => job.output(Side::Whole(output)),
        (None, _) => job.call(|call| call.in_place = root.is_here(comm) && comm.inter.is_none()),
    })
}

pub(super) fn allgather(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result<Job> {
    let output = rows(recvbuf, comm.peers(), recvcount, recvtype)?;
    let block = output.len() / comm.peers();
    if is_in_place(sendbuf) {
        comm.check_intra()?;
        let job = Job::new(comm, Collective::AllGather, block, 1);
        return Ok(job.output(Side::Whole(output)).all_in_place(true));
    }
    let input = rows(sendbuf, 1, sendcount, sendtype)?;
    let job = match &comm.inter {
        None => {
            check_length(input.len(), block)?;
            Job::new(comm, Collective::AllGather, block, 1)
        }
        // Each side has its own length.
        Some(_) => Job::new(comm, Collective::AllGather, block, 1)
            .call(|call| call.input = Lengths::Bytes(input.len() as u64)),
    };
    Ok(job.input(Side::Whole(input)).output(Side::Whole(output)))
}

pub(super) fn alltoall(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result<Job> {
    let output = rows(recvbuf, comm.peers(), recvcount, recvtype)?;
    let block = output.len() / comm.peers();
    if is_in_place(sendbuf) {
        comm.check_intra()?;
        let job = Job::new(comm, Collective::AllToAll, block, 1);
        return Ok(job.output(Side::Whole(output)).all_in_place(true));
    }
    let input = rows(sendbuf, comm.peers(), sendcount, sendtype)?;
    let job = match &comm.inter {
        None => {
            check_length(input.len() / comm.peers(), block)?;
            Job::new(comm, Collective::AllToAll, block, 1)
        }
        // Each direction has its own length.
        Some(_) => Job::new(comm, Collective::AllToAll, 0, 1).call(|call| {
            call.case.listed = true;
            call.input = packed(comm.peers(), input.len() / comm.peers());
            call.output = packed(comm.peers(), block);
        }),
    };
    Ok(job.input(Side::Whole(input)).output(Side::Whole(output)))
}

/// Equal blocks, one behind the other.
fn packed(number: usize, bytes: usize) -> Lengths {
    let blocks = engine::collective::Blocks::packed(std::iter::repeat_n(bytes as u64, number), 1);
    Lengths::Listed(std::sync::Arc::new(blocks))
}
