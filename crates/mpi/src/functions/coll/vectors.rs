//! Collectives of blocks that are each of their own size and place.

use std::ffi::c_int;

use engine::collective::{Collective, Lengths};

use super::describe::{check_buffer, check_in_place, check_length, is_in_place, row};
use crate::collective::{Job, Root, Side, blocks_at};
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::pointer::{Address, Integers, List};
use crate::{Datatype, Result};

pub(super) fn gatherv(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcounts: Integers,
    displs: Integers,
    recvtype: Datatype,
    root: c_int,
) -> Result {
    let root = Root::of(comm, root)?;
    job.is(comm, Collective::Gather, 0, 1);
    job.call().case.listed = true;
    job.root(comm, root)?;
    let gives = root.is_served() && !(root.is_here(comm) && is_in_place(sendbuf));
    let input = if gives { Some(row(sendbuf, sendcount, sendtype)?) } else { None };
    let mut fits = Ok(());
    if root.is_here(comm) {
        check_buffer(recvbuf)?;
        let blocks = blocks_at(recvbuf, comm.peers(), recvcounts, displs, recvtype)?;
        if let (Some(input), None) = (&input, &comm.inter) {
            fits = check_length(input.len(), blocks[comm.comm.rank()].len());
        }
        let (output, lengths) = Side::of_blocks(blocks);
        job.output(output);
        job.call().output = lengths;
    }
    match (input, fits) {
        (_, Err(misfit)) => {
            job.in_place();
            job.misfit(misfit);
        }
        (Some(input), _) => {
            job.call().input = Lengths::Bytes(input.len() as u64);
            job.input(Side::whole(input));
        }
        (None, _) if root.is_here(comm) && comm.inter.is_none() => job.in_place(),
        (None, _) => {}
    }
    Ok(())
}

pub(super) fn scatterv(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    displs: Integers,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    root: c_int,
) -> Result {
    let root = Root::of(comm, root)?;
    job.is(comm, Collective::Scatter, 0, 1);
    job.call().case.listed = true;
    job.root(comm, root)?;
    let takes = root.is_served() && !(root.is_here(comm) && is_in_place(recvbuf));
    let output = if takes { Some(row(recvbuf, recvcount, recvtype)?) } else { None };
    let mut fits = Ok(());
    if root.is_here(comm) {
        check_buffer(sendbuf)?;
        let blocks = blocks_at(sendbuf, comm.peers(), sendcounts, displs, sendtype)?;
        if let (Some(output), None) = (&output, &comm.inter) {
            fits = check_length(blocks[comm.comm.rank()].len(), output.len());
        }
        let (input, lengths) = Side::of_blocks(blocks);
        job.input(input);
        job.call().input = lengths;
    }
    match (output, fits) {
        (_, Err(misfit)) => {
            job.call().in_place = true;
            job.misfit(misfit);
        }
        (Some(output), _) => {
            job.call().output = Lengths::Bytes(output.len() as u64);
            job.output(Side::whole(output));
        }
        (None, _) => job.call().in_place = root.is_here(comm) && comm.inter.is_none(),
    }
    Ok(())
}

pub(super) fn allgatherv(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcounts: Integers,
    displs: Integers,
    recvtype: Datatype,
) -> Result {
    check_buffer(recvbuf)?;
    let blocks = blocks_at(recvbuf, comm.peers(), recvcounts, displs, recvtype)?;
    let all: usize = blocks.iter().map(Bytes::len).sum();
    let own = if comm.inter.is_none() { Some(blocks[comm.comm.rank()].len()) } else { None };
    let (output, lengths) = Side::of_blocks(blocks);
    // Where all members know all blocks, their mean helps to choose.
    let mean = if comm.inter.is_none() { all / comm.peers() } else { 0 };
    job.is(comm, Collective::AllGather, mean, 1);
    job.output(output);
    (job.call().case.listed, job.call().output) = (true, lengths);
    if is_in_place(sendbuf) {
        check_in_place(comm)?;
        job.call().input = Lengths::Bytes(own.unwrap_or(0) as u64);
        job.all_in_place();
        return Ok(());
    }
    let input = row(sendbuf, sendcount, sendtype)?;
    own.map_or(Ok(()), |own| check_length(input.len(), own))?;
    job.call().input = Lengths::Bytes(input.len() as u64);
    job.input(Side::whole(input));
    Ok(())
}

/// An all-to-all of blocks.
fn exchange(
    job: &mut Job,
    comm: &Communicator,
    mut input: Option<Vec<Bytes>>,
    mut output: Vec<Bytes>,
) -> Result {
    job.is(comm, Collective::AllToAll, 0, 1);
    job.call().case.listed = true;
    if let (Some(input), None) = (&mut input, &comm.inter) {
        // Both are known here alone.
        let (given, taken) = (&mut input[comm.comm.rank()], &mut output[comm.comm.rank()]);
        if let Err(misfit) = check_length(given.len(), taken.len()) {
            (*given, *taken) = (Bytes::Row(std::ptr::null_mut(), 0), Bytes::Row(std::ptr::null_mut(), 0));
            job.misfit(misfit);
        }
    }
    match input {
        None => {
            check_in_place(comm)?;
            job.all_in_place();
        }
        Some(input) => {
            let (input, lengths) = Side::of_blocks(input);
            job.input(input);
            job.call().input = lengths;
        }
    }
    let (output, lengths) = Side::of_blocks(output);
    job.output(output);
    job.call().output = lengths;
    Ok(())
}

pub(super) fn alltoallv(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    sdispls: Integers,
    sendtype: Datatype,
    recvbuf: Address,
    recvcounts: Integers,
    rdispls: Integers,
    recvtype: Datatype,
) -> Result {
    check_buffer(recvbuf)?;
    let input = match is_in_place(sendbuf) {
        true => None,
        false => Some(blocks_at(sendbuf, comm.peers(), sendcounts, sdispls, sendtype)?),
    };
    exchange(job, comm, input, blocks_at(recvbuf, comm.peers(), recvcounts, rdispls, recvtype)?)
}

pub(super) fn alltoallw(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    sdispls: Integers,
    sendtypes: List<Datatype>,
    recvbuf: Address,
    recvcounts: Integers,
    rdispls: Integers,
    recvtypes: List<Datatype>,
) -> Result {
    check_buffer(recvbuf)?;
    let blocks = |buffer: Address, counts: Integers, displacements: Integers, types: List<Datatype>| {
        blocks_of_types(buffer, comm.peers(), counts, |at| displacements.get(at), types)
    };
    let input = match is_in_place(sendbuf) {
        true => None,
        false => Some(blocks(sendbuf, sendcounts, sdispls, sendtypes)?),
    };
    exchange(job, comm, input, blocks(recvbuf, recvcounts, rdispls, recvtypes)?)
}

/// Blocks that each have a datatype of their own, at displacements in bytes.
pub(super) fn blocks_of_types(
    buffer: Address,
    number: usize,
    counts: Integers,
    displacement: impl Fn(usize) -> Result<i64>,
    types: List<Datatype>,
) -> Result<Vec<Bytes>> {
    let block = |at: usize| {
        // Of an empty block neither the type nor the place counts.
        match counts.get(at)? {
            0 => Ok(Bytes::Row(buffer.0, 0)),
            count => Bytes::new(buffer.offset(displacement(at)? as isize), count, types.get(at)?),
        }
    };
    (0..number).map(block).collect()
}
