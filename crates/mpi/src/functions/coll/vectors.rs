//! Collectives of blocks that are each of their own size and place.

use std::ffi::c_int;

use engine::collective::{Collective, Lengths};

use super::describe::{check_buffer, check_length, is_in_place, rows};
use crate::collective::{Job, Root, Side, blocks_at};
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::pointer::{Address, Integers, List};
use crate::{Datatype, Result};

pub(super) fn gatherv(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcounts: Integers,
    displs: Integers,
    recvtype: Datatype,
    root: c_int,
) -> Result<Job> {
    let root = Root::of(comm, root)?;
    let gives = root.is_served() && !(root.is_here(comm) && is_in_place(sendbuf));
    let input = if gives { Some(rows(sendbuf, 1, sendcount, sendtype)?) } else { None };
    let mut job = Job::new(comm, Collective::Gather, 0, 1).root(comm, root)?;
    let mut fits = Ok(());
    if root.is_here(comm) {
        check_buffer(recvbuf)?;
        let blocks = blocks_at(recvbuf, comm.peers(), recvcounts, displs, recvtype)?;
        if let (Some(input), None) = (&input, &comm.inter) {
            fits = check_length(input.len(), blocks[comm.comm.rank()].len());
        }
        let (output, lengths) = Side::of_blocks(blocks);
        job = job.output(output).call(|call| call.output = lengths);
    }
    Ok(match (input, fits) {
        (_, Err(misfit)) => job.in_place(true).misfit(misfit),
        (Some(input), _) => {
            let bytes = input.len() as u64;
            job.input(Side::Whole(input)).call(|call| call.input = Lengths::Bytes(bytes))
        }
        (None, _) => job.in_place(root.is_here(comm) && comm.inter.is_none()),
    }
    .call(|call| call.case.listed = true))
}

pub(super) fn scatterv(
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    displs: Integers,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
    root: c_int,
) -> Result<Job> {
    let root = Root::of(comm, root)?;
    let takes = root.is_served() && !(root.is_here(comm) && is_in_place(recvbuf));
    let output = if takes { Some(rows(recvbuf, 1, recvcount, recvtype)?) } else { None };
    let mut job = Job::new(comm, Collective::Scatter, 0, 1).root(comm, root)?;
    let mut fits = Ok(());
    if root.is_here(comm) {
        check_buffer(sendbuf)?;
        let blocks = blocks_at(sendbuf, comm.peers(), sendcounts, displs, sendtype)?;
        if let (Some(output), None) = (&output, &comm.inter) {
            fits = check_length(blocks[comm.comm.rank()].len(), output.len());
        }
        let (input, lengths) = Side::of_blocks(blocks);
        job = job.input(input).call(|call| call.input = lengths);
    }
    Ok(match (output, fits) {
        (_, Err(misfit)) => job.call(|call| call.in_place = true).misfit(misfit),
        (Some(output), _) => {
            let bytes = output.len() as u64;
            job.output(Side::Whole(output)).call(|call| call.output = Lengths::Bytes(bytes))
        }
        (None, _) => job.call(|call| call.in_place = root.is_here(comm) && comm.inter.is_none()),
    }
    .call(|call| call.case.listed = true))
}

pub(super) fn allgatherv(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcounts: Integers,
    displs: Integers,
    recvtype: Datatype,
) -> Result<Job> {
    check_buffer(recvbuf)?;
    let blocks = blocks_at(recvbuf, comm.peers(), recvcounts, displs, recvtype)?;
    let all: usize = blocks.iter().map(Bytes::len).sum();
    let own = if comm.inter.is_none() { Some(blocks[comm.comm.rank()].len()) } else { None };
    let (output, lengths) = Side::of_blocks(blocks);
    // Where all members know all blocks, their mean helps to choose.
    let mean = if comm.inter.is_none() { all / comm.peers() } else { 0 };
    let job = Job::new(comm, Collective::AllGather, mean, 1).output(output).call(|call| {
        call.case.listed = true;
        call.output = lengths;
    });
    if is_in_place(sendbuf) {
        comm.check_intra()?;
        let own = own.unwrap_or(0) as u64;
        return Ok(job.call(|call| call.input = Lengths::Bytes(own)).all_in_place(true));
    }
    let input = rows(sendbuf, 1, sendcount, sendtype)?;
    own.map_or(Ok(()), |own| check_length(input.len(), own))?;
    let bytes = input.len() as u64;
    Ok(job.input(Side::Whole(input)).call(|call| call.input = Lengths::Bytes(bytes)))
}

/// An all-to-all of blocks.
fn exchange(comm: &Communicator, mut input: Option<Vec<Bytes>>, mut output: Vec<Bytes>) -> Result<Job> {
    let mut fits = Ok(());
    if let (Some(input), None) = (&mut input, &comm.inter) {
        // Both are known here alone.
        let (given, taken) = (&mut input[comm.comm.rank()], &mut output[comm.comm.rank()]);
        fits = check_length(given.len(), taken.len());
        if fits.is_err() {
            (*given, *taken) = (Bytes::Row(std::ptr::null_mut(), 0), Bytes::Row(std::ptr::null_mut(), 0));
        }
    }
    let (output, lengths) = Side::of_blocks(output);
    let job = Job::new(comm, Collective::AllToAll, 0, 1).output(output).call(|call| {
        call.case.listed = true;
        call.output = lengths;
    });
    let Some(input) = input else {
        comm.check_intra()?;
        return Ok(job.all_in_place(true));
    };
    let (input, lengths) = Side::of_blocks(input);
    let job = job.input(input).call(|call| call.input = lengths);
    Ok(match fits {
        Ok(()) => job,
        Err(misfit) => job.misfit(misfit),
    })
}

pub(super) fn alltoallv(
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    sdispls: Integers,
    sendtype: Datatype,
    recvbuf: Address,
    recvcounts: Integers,
    rdispls: Integers,
    recvtype: Datatype,
) -> Result<Job> {
    check_buffer(recvbuf)?;
    let input = match is_in_place(sendbuf) {
        true => None,
        false => Some(blocks_at(sendbuf, comm.peers(), sendcounts, sdispls, sendtype)?),
    };
    exchange(comm, input, blocks_at(recvbuf, comm.peers(), recvcounts, rdispls, recvtype)?)
}

pub(super) fn alltoallw(
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    sdispls: Integers,
    sendtypes: List<Datatype>,
    recvbuf: Address,
    recvcounts: Integers,
    rdispls: Integers,
    recvtypes: List<Datatype>,
) -> Result<Job> {
    check_buffer(recvbuf)?;
    let blocks = |buffer: Address, counts: Integers, displacements: Integers, types: List<Datatype>| {
        blocks_of_types(buffer, comm.peers(), counts, |at| displacements.get(at), types)
    };
    let input = match is_in_place(sendbuf) {
        true => None,
        false => Some(blocks(sendbuf, sendcounts, sdispls, sendtypes)?),
    };
    exchange(comm, input, blocks(recvbuf, recvcounts, rdispls, recvtypes)?)
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
