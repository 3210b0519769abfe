//! Collectives that combine.

use std::ffi::c_int;
use std::sync::Arc;

use engine::collective::{Blocks, Collective, Lengths};

use super::describe::{check_buffer, is_in_place, rows};
use crate::collective::{Job, Root, Side};
use crate::comm::Communicator;
use crate::number::ERR_COUNT;
use crate::pointer::{Address, Integers};
use crate::{Datatype, Error, Op, Result};

fn elements(count: i64) -> Result<usize> {
    usize::try_from(count).map_err(|_| Error::new(ERR_COUNT, format!("the count is negative: {count}")))
}

pub(super) fn reduce(
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
    root: c_int,
) -> Result<Job> {
    let root = Root::of(comm, root)?;
    if root == Root::Nobody {
        return Job::new(comm, Collective::Reduce, 0, 1).root(comm, root);
    }
    let (operator, bytes) = op.on(datatype)?;
    let in_place = root.is_here(comm) && comm.inter.is_none() && is_in_place(sendbuf);
    let mut job = Job::new(comm, Collective::Reduce, elements(count)?, bytes).root(comm, root)?;
    job = job.operator(operator).in_place(in_place);
    if root.is_served() && !in_place {
        job = job.input(Side::Whole(rows(sendbuf, 1, count, datatype)?));
    }
    if root.is_here(comm) {
        job = job.output(Side::Whole(rows(recvbuf, 1, count, datatype)?));
    }
    Ok(job)
}

/// A reduction in which all members are alike.
#[inline(always)]
fn alike(
    comm: &Communicator,
    what: Collective,
    (sendbuf, recvbuf): (Address, Address),
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result<Job> {
    let (operator, bytes) = op.on(datatype)?;
    let in_place = is_in_place(sendbuf);
    let output = Side::Whole(rows(recvbuf, 1, count, datatype)?);
    let job = Job::new(comm, what, elements(count)?, bytes).operator(operator).output(output);
    match in_place {
        true => {
            comm.check_intra()?;
            Ok(job.all_in_place(true))
        }
        false => Ok(job.input(Side::Whole(rows(sendbuf, 1, count, datatype)?))),
    }
}

#[inline(always)]
pub(super) fn allreduce(
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result<Job> {
    alike(comm, Collective::AllReduce, (sendbuf, recvbuf), count, datatype, op)
}

pub(super) fn scan(
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result<Job> {
    comm.check_intra()?;
    alike(comm, Collective::Scan, (sendbuf, recvbuf), count, datatype, op)
}

pub(super) fn exscan(
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result<Job> {
    comm.check_intra()?;
    // Rank 0 gets nothing: what is there stays.
    alike(comm, Collective::ExclusiveScan, (sendbuf, recvbuf), count, datatype, op).map(Job::reads_output)
}

pub(super) fn reduce_scatter_block(
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    recvcount: i64,
    datatype: Datatype,
    op: Op,
) -> Result<Job> {
    let (operator, bytes) = op.on(datatype)?;
    let members = comm.comm.size();
    let job = Job::new(comm, Collective::ReduceScatter, elements(recvcount)?, bytes).operator(operator);
    let result = Side::Whole(rows(recvbuf, 1, recvcount, datatype)?);
    match is_in_place(sendbuf) {
        true => {
            comm.check_intra()?;
            let all = Side::Whole(rows(recvbuf, members, recvcount, datatype)?);
            Ok(job.output(all).result(result).all_in_place(true))
        }
        false => Ok(job.output(result).input(Side::Whole(rows(sendbuf, members, recvcount, datatype)?))),
    }
}

pub(super) fn reduce_scatter(
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    recvcounts: Integers,
    datatype: Datatype,
    op: Op,
) -> Result<Job> {
    check_buffer(recvbuf)?;
    let (operator, bytes) = op.on(datatype)?;
    let members = comm.comm.size();
    let counts = recvcounts.values(members)?;
    if let Some(count) = counts.iter().find(|count| **count < 0) {
        return Err(Error::new(ERR_COUNT, format!("a count is negative: {count}")));
    }
    let all = counts.iter().try_fold(0i64, |all, count| all.checked_add(*count));
    let all = all.ok_or_else(|| Error::new(ERR_COUNT, "the counts are too large"))?;
    let own = counts[comm.comm.rank()];
    let lengths = Blocks::packed(counts.iter().map(|count| *count as u64), bytes as u64);
    let lengths = Lengths::Listed(Arc::new(lengths));
    let mean = elements(all)? / members;
    let job = Job::new(comm, Collective::ReduceScatter, mean, bytes).operator(operator);
    let job = job.call(|call| call.case.listed = true);
    let result = Side::Whole(rows(recvbuf, 1, own, datatype)?);
    let own = Lengths::Bytes(own as u64 * bytes as u64);
    match is_in_place(sendbuf) {
        true => {
            comm.check_intra()?;
            let vector = Side::Whole(rows(recvbuf, 1, all, datatype)?);
            let job = job.call(|call| (call.input, call.output) = (own, lengths));
            Ok(job.output(vector).result(result).all_in_place(true))
        }
        false => {
            let vector = Side::Whole(rows(sendbuf, 1, all, datatype)?);
            Ok(job.call(|call| (call.input, call.output) = (lengths, own)).input(vector).output(result))
        }
    }
}
