//! The blocking, the non-blocking and the persistent form of each collective.

use std::ffi::c_int;

use super::{describe, neighbours, reductions, vectors};
use crate::collective::Job;
use crate::comm::Communicator;
use crate::pointer::{Address, Integers, List, Out};
use crate::request::{Errors, Object};
use crate::{Comm, Datatype, Info, Op, Request, Result};

macro_rules! forms {
    ($($of:ident: $blocking:ident $started:ident $persistent:ident ($($name:ident: $type:ty),* $(,)?);)+) => {$(
        pub fn $blocking($($name: $type,)* comm: Comm) -> Result {
            let held = comm.get_here()?;
            let on: &Communicator = &held;
            let mut job = Job::new(on);
            $of::$blocking(&mut job, on, $($name),*)?;
            job.check_aliases()?;
            job.run(on)
        }

        pub fn $started($($name: $type,)* comm: Comm, request: Out<Request>) -> Result {
            let held = comm.get()?;
            let on: &Communicator = &held;
            request.check()?;
            let mut job = Job::new(on);
            $of::$blocking(&mut job, on, $($name),*)?;
            job.check_aliases()?;
            let state = job.over(on.aside()).start()?;
            request.set(Object::new(state, Errors::of(comm, &held)).register()?)
        }

        pub fn $persistent($($name: $type,)* comm: Comm, info: Info, request: Out<Request>) -> Result {
            let held = comm.get()?;
            let on: &Communicator = &held;
            request.check()?;
            info.hints()?;
            let mut job = Job::new(on);
            $of::$blocking(&mut job, on, $($name),*)?;
            job.check_aliases()?;
            let job = job.over(on.persistent());
            let errors = Errors::of(comm, &held);
            request.set(Object::persistent(errors, move || job.start()).register()?)
        }
    )+};
}

forms! {
    describe: barrier ibarrier barrier_init ();
    describe: bcast ibcast bcast_init (buffer: Address, count: i64, datatype: Datatype, root: c_int);
    describe: gather igather gather_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcount: i64, recvtype: Datatype, root: c_int,
    );
    describe: scatter iscatter scatter_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcount: i64, recvtype: Datatype, root: c_int,
    );
    describe: allgather iallgather allgather_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcount: i64, recvtype: Datatype,
    );
    describe: alltoall ialltoall alltoall_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcount: i64, recvtype: Datatype,
    );
    vectors: gatherv igatherv gatherv_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcounts: Integers, displs: Integers, recvtype: Datatype, root: c_int,
    );
    vectors: scatterv iscatterv scatterv_init (
        sendbuf: Address, sendcounts: Integers, displs: Integers, sendtype: Datatype,
        recvbuf: Address, recvcount: i64, recvtype: Datatype, root: c_int,
    );
    vectors: allgatherv iallgatherv allgatherv_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcounts: Integers, displs: Integers, recvtype: Datatype,
    );
    vectors: alltoallv ialltoallv alltoallv_init (
        sendbuf: Address, sendcounts: Integers, sdispls: Integers, sendtype: Datatype,
        recvbuf: Address, recvcounts: Integers, rdispls: Integers, recvtype: Datatype,
    );
    vectors: alltoallw ialltoallw alltoallw_init (
        sendbuf: Address, sendcounts: Integers, sdispls: Integers, sendtypes: List<Datatype>,
        recvbuf: Address, recvcounts: Integers, rdispls: Integers, recvtypes: List<Datatype>,
    );
    reductions: reduce ireduce reduce_init (
        sendbuf: Address, recvbuf: Address, count: i64, datatype: Datatype, op: Op, root: c_int,
    );
    reductions: allreduce iallreduce allreduce_init (
        sendbuf: Address, recvbuf: Address, count: i64, datatype: Datatype, op: Op,
    );
    reductions: scan iscan scan_init (
        sendbuf: Address, recvbuf: Address, count: i64, datatype: Datatype, op: Op,
    );
    reductions: exscan iexscan exscan_init (
        sendbuf: Address, recvbuf: Address, count: i64, datatype: Datatype, op: Op,
    );
    reductions: reduce_scatter_block ireduce_scatter_block reduce_scatter_block_init (
        sendbuf: Address, recvbuf: Address, recvcount: i64, datatype: Datatype, op: Op,
    );
    reductions: reduce_scatter ireduce_scatter reduce_scatter_init (
        sendbuf: Address, recvbuf: Address, recvcounts: Integers, datatype: Datatype, op: Op,
    );
    neighbours: neighbor_allgather ineighbor_allgather neighbor_allgather_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcount: i64, recvtype: Datatype,
    );
    neighbours: neighbor_allgatherv ineighbor_allgatherv neighbor_allgatherv_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcounts: Integers, displs: Integers, recvtype: Datatype,
    );
    neighbours: neighbor_alltoall ineighbor_alltoall neighbor_alltoall_init (
        sendbuf: Address, sendcount: i64, sendtype: Datatype,
        recvbuf: Address, recvcount: i64, recvtype: Datatype,
    );
    neighbours: neighbor_alltoallv ineighbor_alltoallv neighbor_alltoallv_init (
        sendbuf: Address, sendcounts: Integers, sdispls: Integers, sendtype: Datatype,
        recvbuf: Address, recvcounts: Integers, rdispls: Integers, recvtype: Datatype,
    );
    neighbours: neighbor_alltoallw ineighbor_alltoallw neighbor_alltoallw_init (
        sendbuf: Address, sendcounts: Integers, sdispls: List<i64>, sendtypes: List<Datatype>,
        recvbuf: Address, recvcounts: Integers, rdispls: List<i64>, recvtypes: List<Datatype>,
    );
}
