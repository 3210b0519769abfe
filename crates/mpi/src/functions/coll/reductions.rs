//! Collectives that combine.

use std::ffi::c_int;
use std::sync::Arc;

use engine::collective::{Blocks, Collective, Lengths};

use super::describe::{check_buffer, check_in_place, is_in_place, row, rows};
use crate::collective::{Job, Root, Side};
use crate::comm::Communicator;
use crate::number::ERR_COUNT;
use crate::pointer::{self, Address, Integers};
use crate::{Datatype, Error, Op, Result};

#[inline(always)]
fn elements(count: i64) -> Result<usize> {
    pointer::length("the count", count, ERR_COUNT)
}

pub(super) fn reduce(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
    root: c_int,
) -> Result {
    let root = Root::of(comm, root)?;
    job.root(comm, root)?;
    if root == Root::Nobody {
        job.is(comm, Collective::Reduce, 0, 1);
        return Ok(());
    }
    let (operator, bytes) = op.on(datatype)?;
    job.is(comm, Collective::Reduce, elements(count)?, bytes);
    job.operator(operator);
    job.of(comm, datatype);
    if root.is_here(comm) && comm.inter.is_none() && is_in_place(sendbuf) {
        job.in_place();
    } else if root.is_served() {
        job.input(Side::whole(row(sendbuf, count, datatype)?));
    }
    if root.is_here(comm) {
        job.output(Side::whole(row(recvbuf, count, datatype)?));
    }
    Ok(())
}

/// A reduction in which all members are alike.
#[inline(always)]
fn alike(
    job: &mut Job,
    comm: &Communicator,
    what: Collective,
    (sendbuf, recvbuf): (Address, Address),
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result {
    let (operator, bytes) = op.on(datatype)?;
    job.is(comm, what, elements(count)?, bytes);
    job.operator(operator);
    job.of(comm, datatype);
    job.output(Side::whole(row(recvbuf, count, datatype)?));
    if is_in_place(sendbuf) {
        check_in_place(comm)?;
        job.all_in_place();
        return Ok(());
    }
    job.input(Side::whole(row(sendbuf, count, datatype)?));
    Ok(())
}

#[inline(always)]
pub(super) fn allreduce(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result {
    alike(job, comm, Collective::AllReduce, (sendbuf, recvbuf), count, datatype, op)
}

pub(super) fn scan(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result {
    comm.check_intra()?;
    alike(job, comm, Collective::Scan, (sendbuf, recvbuf), count, datatype, op)
}

pub(super) fn exscan(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    count: i64,
    datatype: Datatype,
    op: Op,
) -> Result {
    comm.check_intra()?;
    if comm.comm.rank() == 0 && !is_in_place(sendbuf) {
        // It gets nothing: its output is not looked at (MPI 5.0 §6.11.2).
        let (operator, bytes) = op.on(datatype)?;
        job.is(comm, Collective::ExclusiveScan, elements(count)?, bytes);
        job.operator(operator);
        job.of(comm, datatype);
        job.input(Side::whole(row(sendbuf, count, datatype)?));
        return Ok(());
    }
    // Rank 0 gets nothing: what is there stays.
    job.reads_output();
    alike(job, comm, Collective::ExclusiveScan, (sendbuf, recvbuf), count, datatype, op)
}

pub(super) fn reduce_scatter_block(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    recvcount: i64,
    datatype: Datatype,
    op: Op,
) -> Result {
    let (operator, bytes) = op.on(datatype)?;
    let members = comm.comm.size();
    job.is(comm, Collective::ReduceScatter, elements(recvcount)?, bytes);
    job.operator(operator);
    job.of(comm, datatype);
    let result = row(recvbuf, recvcount, datatype)?;
    if is_in_place(sendbuf) {
        check_in_place(comm)?;
        job.output(Side::whole(rows(recvbuf, members, recvcount, datatype)?));
        job.result(result);
        job.all_in_place();
    } else {
        job.output(Side::whole(result));
        job.input(Side::whole(rows(sendbuf, members, recvcount, datatype)?));
    }
    Ok(())
}

pub(super) fn reduce_scatter(
    job: &mut Job,
    comm: &Communicator,
    sendbuf: Address,
    recvbuf: Address,
    recvcounts: Integers,
    datatype: Datatype,
    op: Op,
) -> Result {
    check_buffer(recvbuf)?;
    let (operator, bytes) = op.on(datatype)?;
    let members = comm.comm.size();
    let counts = recvcounts.values(members)?;
    counts.iter().try_for_each(|count| pointer::length("a count", *count, ERR_COUNT).map(drop))?;
    let all = counts.iter().try_fold(0i64, |all, count| all.checked_add(*count));
    let all = all.ok_or_else(|| Error::new(ERR_COUNT, "the counts are too large"))?;
    let own = counts[comm.comm.rank()];
    let is_in_place = is_in_place(sendbuf);
    if is_in_place {
        check_in_place(comm)?;
    }
    // First what is refused where the bytes are too many.
    let vector = row(if is_in_place { recvbuf } else { sendbuf }, all, datatype)?;
    let result = row(recvbuf, own, datatype)?;
    let lengths = Blocks::packed(counts.iter().map(|count| *count as u64), bytes as u64);
    let lengths = Lengths::Listed(Arc::new(lengths));
    job.is(comm, Collective::ReduceScatter, elements(all)? / members, bytes);
    job.operator(operator);
    job.of(comm, datatype);
    job.call().case.listed = true;
    let own = Lengths::Bytes(result.len() as u64);
    if is_in_place {
        (job.call().input, job.call().output) = (own, lengths);
        job.output(Side::whole(vector));
        job.result(result);
        job.all_in_place();
    } else {
        (job.call().input, job.call().output) = (lengths, own);
        job.input(Side::whole(vector));
        job.output(Side::whole(result));
    }
    Ok(())
}
