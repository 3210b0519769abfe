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
#[inline(always)]
pub(super) fn check_buffer(buffer: Address) -> Result {
    if is_in_place(buffer) {
        return Err(Error::new(ERR_BUFFER, "MPI_IN_PLACE can't be this buffer"));
    }
    Ok(())
}

/// `count` elements.
#[inline(always)]
pub(super) fn row(buffer: Address, count: i64, datatype: Datatype) -> Result<Bytes> {
    check_buffer(buffer)?;
    Bytes::new(buffer, count, datatype)
}

/// Refuses `MPI_IN_PLACE` between two groups, where nobody takes what he gives.
#[inline(always)]
pub(super) fn check_in_place(comm: &Communicator) -> Result {
    if comm.inter.is_some() {
        return Err(Error::new(ERR_BUFFER, "MPI_IN_PLACE can't be a buffer on an inter-communicator"));
    }
    Ok(())
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
pub(super) fn barrier(job: &mut Job, comm: &Communicator) -> Result {
    job.is(comm, Collective::Barrier, 0, 1);
    Ok(())
}

#[inline(always)]
pub(super) fn bcast(
    job: &mut Job,
    comm: &Communicator,
    buffer: Address,
    count: i64,
    datatype: Datatype,
    root: c_int,
) -> Result {
    let root = Root::of(comm, root)?;
    job.root(comm, root)?;
    let bytes = match root {
        Root::Nobody => Bytes::Row(std::ptr::null_mut(), 0),
        _ => row(buffer, count, datatype)?,
    };
    job.is(comm, Collective::Broadcast, bytes.len(), 1);
    job.of(comm, datatype);
    job.output(Side::whole(bytes));
    if root.is_here(comm) {
        job.reads_output();
    }
    Ok(())
}

pub(super) fn gather(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    root: c_int,
) -> Result {
    let root = Root::of(comm, root)?;
    job.root(comm, root)?;
    let gives = root.is_served() && !(root.is_here(comm) && is_in_place(sendbuf));
    let input = if gives { Some(row(sendbuf, sendcount, sendtype)?) } else { None };
    let mut block = input.as_ref().map_or(0, Bytes::len);
    let mut fits = Ok(());
    if root.is_here(comm) {
        let all = rows(recvbuf, comm.peers(), recvcount, recvtype)?;
        block = all.len() / comm.peers();
        fits = input.as_ref().map_or(Ok(()), |input| check_length(input.len(), block));
        job.output(Side::whole(all));
    }
    job.is(comm, Collective::Gather, block, 1);
    job.of(comm, if root.is_here(comm) { recvtype } else { sendtype });
    match (input, fits) {
        (_, Err(misfit)) => {
            job.in_place();
            job.misfit(misfit);
        }
        (Some(input), _) => job.input(Side::whole(input)),
        (None, _) if root.is_here(comm) && comm.inter.is_none() => job.in_place(),
        (None, _) => {}
    }
    Ok(())
}

pub(super) fn scatter(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    root: c_int,
) -> Result {
    let root = Root::of(comm, root)?;
    job.root(comm, root)?;
    let takes = root.is_served() && !(root.is_here(comm) && is_in_place(recvbuf));
    let output = if takes { Some(row(recvbuf, recvcount, recvtype)?) } else { None };
    let mut block = output.as_ref().map_or(0, Bytes::len);
    let mut fits = Ok(());
    if root.is_here(comm) {
        let all = rows(sendbuf, comm.peers(), sendcount, sendtype)?;
        block = all.len() / comm.peers();
        fits = output.as_ref().map_or(Ok(()), |output| check_length(block, output.len()));
        job.input(Side::whole(all));
    }
    job.is(comm, Collective::Scatter, block, 1);
    job.of(comm, if root.is_here(comm) { sendtype } else { recvtype });
    match (output, fits) {
        (_, Err(misfit)) => {
            job.call().in_place = true;
            job.misfit(misfit);
        }
        (Some(output), _) => job.output(Side::whole(output)),
        (None, _) => job.call().in_place = root.is_here(comm) && comm.inter.is_none(),
    }
    Ok(())
}

#[inline(always)]
pub(super) fn allgather(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result {
    let output = rows(recvbuf, comm.peers(), recvcount, recvtype)?;
    let block = output.len() / comm.peers();
    job.is(comm, Collective::AllGather, block, 1);
    job.of(comm, recvtype);
    job.output(Side::whole(output));
    if is_in_place(sendbuf) {
        check_in_place(comm)?;
        job.all_in_place();
        return Ok(());
    }
    let input = row(sendbuf, sendcount, sendtype)?;
    match &comm.inter {
        None => check_length(input.len(), block)?,
        // Each side has its own length.
        Some(_) => job.call().input = Lengths::Bytes(input.len() as u64),
    }
    job.input(Side::whole(input));
    Ok(())
}

pub(super) fn alltoall(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result {
    let output = rows(recvbuf, comm.peers(), recvcount, recvtype)?;
    let block = output.len() / comm.peers();
    job.is(comm, Collective::AllToAll, block, 1);
    job.of(comm, recvtype);
    job.output(Side::whole(output));
    if is_in_place(sendbuf) {
        check_in_place(comm)?;
        job.all_in_place();
        return Ok(());
    }
    let input = rows(sendbuf, comm.peers(), sendcount, sendtype)?;
    let given = input.len() / comm.peers();
    match &comm.inter {
        None => check_length(given, block)?,
        // Each direction has its own length.
        Some(_) => {
            job.is(comm, Collective::AllToAll, 0, 1);
            let call = job.call();
            call.case.listed = true;
            (call.input, call.output) = (packed(comm.peers(), given), packed(comm.peers(), block));
        }
    }
    job.input(Side::whole(input));
    Ok(())
}

/// Equal blocks, one behind the other.
fn packed(number: usize, bytes: usize) -> Lengths {
    let blocks = engine::collective::Blocks::packed(std::iter::repeat_n(bytes as u64, number), 1);
    Lengths::Listed(std::sync::Arc::new(blocks))
}
