//! Collectives with the neighbours of a topology (MPI 5.0 §8.6).

use engine::collective::{Collective, Lengths, Neighbourhood};
use engine::topology::Shape;

use super::describe::{check_buffer, row};
use super::vectors::blocks_of_types;
use crate::collective::{Job, Side, blocks_at};
use crate::comm::Communicator;
use crate::message::Bytes;
use crate::number::ERR_TOPOLOGY;
use crate::pointer::{Address, Integers, List};
use crate::{Datatype, Error, Result};

/// A collective of neighbours; its edges.
fn begin(job: &mut Job, comm: &Communicator, what: Collective) -> Result<std::sync::Arc<Neighbourhood>> {
    let none = || Error::new(ERR_TOPOLOGY, "the communicator has no topology");
    let topology = comm.comm.inner().topology().ok_or_else(none)?;
    if matches!(&topology.shape, Shape::Graph(graph) if !graph.is_symmetric()) {
        // MPI 5.0 §8.6: programs have as much room as MPI_Graph_neighbors tells of, whoever has them for a neighbour.
        return Err(Error::new(ERR_TOPOLOGY, "not every edge of the graph leads in both directions"));
    }
    let edges = topology.neighbourhood.clone();
    job.is(comm, what, 0, 1);
    let call = job.call();
    (call.case.listed, call.case.degree) = (true, topology.degree);
    call.neighbours = Some(edges.clone());
    Ok(edges)
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

fn gathering(job: &mut Job, input: Bytes, output: Vec<Bytes>) {
    let (output, lengths) = Side::of_blocks(output);
    (job.call().input, job.call().output) = (Lengths::Bytes(input.len() as u64), lengths);
    job.input(Side::whole(input));
    job.output(output);
}

fn exchanging(job: &mut Job, input: Vec<Bytes>, output: Vec<Bytes>) {
    let ((input, given), (output, taken)) = (Side::of_blocks(input), Side::of_blocks(output));
    (job.call().input, job.call().output) = (given, taken);
    job.input(input);
    job.output(output);
}

pub(super) fn neighbor_allgather(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result {
    check_buffer(recvbuf)?;
    let edges = begin(job, comm, Collective::NeighbourAllGather)?;
    let output = equal(recvbuf, edges.sources(), recvcount, recvtype)?;
    gathering(job, row(sendbuf, sendcount, sendtype)?, output);
    Ok(())
}

pub(super) fn neighbor_allgatherv(
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
    let edges = begin(job, comm, Collective::NeighbourAllGather)?;
    let sources = edges.sources();
    let output = present(blocks_at(recvbuf, sources.len(), recvcounts, displs, recvtype)?, sources)?;
    gathering(job, row(sendbuf, sendcount, sendtype)?, output);
    Ok(())
}

pub(super) fn neighbor_alltoall(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcount: i64,
    sendtype: Datatype,
    recvbuf: Address,
    recvcount: i64,
    recvtype: Datatype,
) -> Result {
    check_buffer(sendbuf)?;
    check_buffer(recvbuf)?;
    let edges = begin(job, comm, Collective::NeighbourAllToAll)?;
    let input = equal(sendbuf, edges.destinations(), sendcount, sendtype)?;
    let output = equal(recvbuf, edges.sources(), recvcount, recvtype)?;
    exchanging(job, input, output);
    Ok(())
}

pub(super) fn neighbor_alltoallv(
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
    check_buffer(sendbuf)?;
    check_buffer(recvbuf)?;
    let edges = begin(job, comm, Collective::NeighbourAllToAll)?;
    let (to, from) = (edges.destinations(), edges.sources());
    let input = present(blocks_at(sendbuf, to.len(), sendcounts, sdispls, sendtype)?, to)?;
    let output = present(blocks_at(recvbuf, from.len(), recvcounts, rdispls, recvtype)?, from)?;
    exchanging(job, input, output);
    Ok(())
}

pub(super) fn neighbor_alltoallw(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    sendcounts: Integers,
    sdispls: List<i64>,
    sendtypes: List<Datatype>,
    recvbuf: Address,
    recvcounts: Integers,
    rdispls: List<i64>,
    recvtypes: List<Datatype>,
) -> Result {
    check_buffer(sendbuf)?;
    check_buffer(recvbuf)?;
    let edges = begin(job, comm, Collective::NeighbourAllToAll)?;
    let (to, from) = (edges.destinations(), edges.sources());
    let input = blocks_of_types(sendbuf, to.len(), sendcounts, |at| sdispls.get(at), sendtypes)?;
    let output = blocks_of_types(recvbuf, from.len(), recvcounts, |at| rdispls.get(at), recvtypes)?;
    exchanging(job, present(input, to)?, present(output, from)?);
    Ok(())
}
