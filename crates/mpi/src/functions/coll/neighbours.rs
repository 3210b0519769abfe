//! Collectives with the neighbours of a topology (MPI 5.0 §8.6).

use engine::collective::{Collective, Lengths, Neighbourhood};

use super::describe::{check_buffer, rows};
use super::vectors::blocks_of_types;
use crate::collective::{Job, Side, blocks_at};
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::number::ERR_TOPOLOGY;
use crate::pointer::{Address, Integers, List};
use crate::{Datatype, Error, Result};

/// A collective of neighbours, with its edges.
fn job(comm: &Communicator, what: Collective) -> Result<(Job, std::sync::Arc<Neighbourhood>)> {
    let none = || Error::new(ERR_TOPOLOGY, "the communicator has no topology");
    let topology = comm.comm.inner().topology().ok_or_else(none)?;
    let (edges, degree) = (topology.neighbourhood.clone(), topology.degree);
    let job = Job::new(comm, what, 0, 1).call(|call| {
        call.case.listed = true;
        call.case.degree = degree;
        call.neighbours = Some(edges.clone());
    });
    Ok((job, edges))
}

/// Blocks of `count` elements, one behind the other; those of absent neighbours are empty.
fn equal<T>(buffer: Address, edges: &[Option<T>], count: i64, datatype: Datatype) -> Result<Vec<Bytes>> {
    let extent = datatype.get()?.layout()?.extent();
    let block = |(at, edge): (usize, &Option<T>)| {
        let place = (at as i64).wrapping_mul(count).wrapping_mul(extent) as isize;
        absent(Bytes::new(buffer.offset(place), count, datatype)?, edge)
    };
    edges.iter().enumerate().map(block).collect()
}

/// The block, unless its neighbour is absent: then nobody touches it.
fn absent<T>(block: Bytes, edge: &Option<T>) -> Result<Bytes> {
    Ok(match edge {
        Some(_) => block,
        None => Bytes::Row(std::ptr::null_mut(), 0),
    })
}

fn present<T>(blocks: Vec<Bytes>, edges: &[Option<T>]) -> Result<Vec<Bytes>> {
    blocks.into_iter().zip(edges).map(|(block, edge)| absent(block, edge)).collect()
}

fn gathering(job: Job, input: Bytes, output: Vec<Bytes>) -> Job {
    let bytes = input.len() as u64;
    let (output, lengths) = Side::of_blocks(output);
    job.input(Side::Whole(input)).output(output).call(|call| {
        call.input = Lengths::Bytes(bytes);
        call.output = lengths;
    })
}

fn exchanging(job: Job, input: Vec<Bytes>, output: Vec<Bytes>) -> Job {
    let ((input, given), (output, taken)) = (Side::of_blocks(input), Side::of_blocks(output));
    job.input(input).output(output).call(|call| (call.input, call.output) = (given, taken))
}

pub(super) fn neighbor_allgather(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result<Job> {
    check_buffer(recvbuf)?;
    let (job, edges) = job(comm, Collective::NeighbourAllGather)?;
    let output = equal(recvbuf, edges.sources(), recvcount, recvtype)?;
    Ok(gathering(job, rows(sendbuf, 1, sendcount, sendtype)?, output))
}

pub(super) fn neighbor_allgatherv(
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
    let (job, edges) = job(comm, Collective::NeighbourAllGather)?;
    let sources = edges.sources();
    let output = present(blocks_at(recvbuf, sources.len(), recvcounts, displs, recvtype)?, sources)?;
    Ok(gathering(job, rows(sendbuf, 1, sendcount, sendtype)?, output))
}

pub(super) fn neighbor_alltoall(
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result<Job> {
    check_buffer(sendbuf)?;
    check_buffer(recvbuf)?;
    let (job, edges) = job(comm, Collective::NeighbourAllToAll)?;
    let input = equal(sendbuf, edges.destinations(), sendcount, sendtype)?;
    let output = equal(recvbuf, edges.sources(), recvcount, recvtype)?;
    Ok(exchanging(job, input, output))
}

pub(super) fn neighbor_alltoallv(
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
    check_buffer(sendbuf)?;
    check_buffer(recvbuf)?;
    let (job, edges) = job(comm, Collective::NeighbourAllToAll)?;
    let (to, from) = (edges.destinations(), edges.sources());
    let input = present(blocks_at(sendbuf, to.len(), sendcounts, sdispls, sendtype)?, to)?;
    let output = present(blocks_at(recvbuf, from.len(), recvcounts, rdispls, recvtype)?, from)?;
    Ok(exchanging(job, input, output))
}

pub(super) fn neighbor_alltoallw(
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    sdispls: List<i64>,
    sendtypes: List<Datatype>,
    recvbuf: Address,
    recvcounts: Integers,
    rdispls: List<i64>,
    recvtypes: List<Datatype>,
) -> Result<Job> {
    check_buffer(sendbuf)?;
    check_buffer(recvbuf)?;
    let (job, edges) = job(comm, Collective::NeighbourAllToAll)?;
    let (to, from) = (edges.destinations(), edges.sources());
    let input = blocks_of_types(sendbuf, to.len(), sendcounts, |at| sdispls.get(at), sendtypes)?;
    let output = blocks_of_types(recvbuf, from.len(), recvcounts, |at| rdispls.get(at), recvtypes)?;
    Ok(exchanging(job, present(input, to)?, present(output, from)?))
}
