//! Computation while messages are under way: how much of their time it hides.
//!
//! As in OSU's and Intel's benchmarks: the operation is timed alone, then as much computation alone, then both, with the
//! computation between the start of the operation and the wait for its end. Hidden is what both together take less than one
//! after the other, as part of the operation's own time.

use archipelago::Comm;
use std::time::Instant;

use crate::Error;
use crate::collective::Subject;
use crate::data::{POISON, fill};
use crate::plan::Form;
use crate::point::check;
use crate::repeat::Times;

/// Computes for a while that is proportional to `work`, without touching memory.
#[inline(never)]
pub fn compute(work: u64) {
    let mut value = 1.0f64;
    for _ in 0..work {
        value = std::hint::black_box(value * 0.999_999 + 1e-6);
    }
    std::hint::black_box(value);
}

/// How much work [`compute`] does in a second here.
pub fn work_per_second() -> f64 {
    const WORK: u64 = 200_000;
    let seconds = |_| {
        let start = Instant::now();
        compute(WORK);
        start.elapsed().as_secs_f64()
    };
    // The fastest of several: others may have had the core meanwhile.
    WORK as f64 / (0..5).map(seconds).fold(f64::INFINITY, f64::min).max(1e-9)
}

/// The part of the operation's time, in per cent, that is hidden: of times that it took alone, that the computation took alone,
/// and that both took together.
///
/// ```
/// use archipelago_measure::overlap::hidden;
/// assert_eq!(hidden([10.0, 10.0, 20.0]), 0.0);   // one after the other
/// assert_eq!(hidden([10.0, 10.0, 10.0]), 100.0); // at once
/// assert_eq!(hidden([10.0, 10.0, 14.0]), 60.0);
/// assert_eq!(hidden([10.0, 10.0, 25.0]), 0.0);   // they disturb each other
/// ```
pub fn hidden(times: Times) -> f64 {
    let [alone, computation, together] = times;
    if alone <= 0.0 {
        return 0.0;
    }
    ((alone + computation - together) / alone).clamp(0.0, 1.0) * 100.0
}

/// Batches of a collective's overlap.
pub fn collective<'s>(subject: &'s mut Subject<'_>) -> impl FnMut(u64, u64) -> Result<Times, Error> + 's {
    let rate = work_per_second();
    move |round, operations| three(rate, operations, |work| subject.run_with(round, operations, work))
}

/// An operation is an exchange of messages between ranks 0 and 1, each started, computed behind, and waited for: in a scope, or
/// owned and polled once as a future, which starts the thread that makes progress.
pub fn exchange(comm: &Comm, bytes: usize, form: Form) -> impl FnMut(u64, u64) -> Result<Times, Error> {
    let rate = work_per_second();
    let mut buffers = Buffers { mine: vec![0; bytes], theirs: vec![0; bytes] };
    move |round, operations| {
        let me = comm.rank();
        if me > 1 {
            return Ok([0.0; 3]);
        }
        three(rate, operations, |work| {
            fill(&mut buffers.mine, round, me);
            buffers.theirs.fill(POISON);
            let start = Instant::now();
            for _ in 0..operations {
                match form {
                    Form::Future => buffers.as_futures(comm, 1 - me, work)?,
                    _ => buffers.in_scope(comm, 1 - me, work)?,
                }
            }
            let seconds = start.elapsed().as_secs_f64();
            check("overlap", me, &buffers.theirs, round, 1 - me)?;
            Ok(seconds)
        })
    }
}

struct Buffers {
    mine: Vec<u8>,
    theirs: Vec<u8>,
}

impl Buffers {
    fn in_scope(&mut self, comm: &Comm, peer: usize, work: u64) -> Result<(), Error> {
        let Buffers { mine, theirs } = self;
        comm.scope(|s| {
            let incoming = comm.from(peer).start_receive(s, &mut theirs[..])?;
            let outgoing = comm.to(peer).start_send(s, &mine[..])?;
            compute(work);
            incoming.wait()?;
            outgoing.wait()
        })?;
        Ok(())
    }

    fn as_futures(&mut self, comm: &Comm, peer: usize, work: u64) -> Result<(), Error> {
        use std::future::Future;
        use std::pin::Pin;
        use std::task::{Context, Poll, Waker};
        let mut context = Context::from_waker(Waker::noop());
        let mut incoming = comm.from(peer).receive_owned(std::mem::take(&mut self.theirs));
        let received = Pin::new(&mut incoming).poll(&mut context);
        let mut outgoing = comm.to(peer).send_owned(std::mem::take(&mut self.mine));
        let sent = Pin::new(&mut outgoing).poll(&mut context);
        compute(work);
        let received = if let Poll::Ready(outcome) = received { outcome } else { incoming.wait() };
        let sent = if let Poll::Ready(outcome) = sent { outcome } else { outgoing.wait() };
        (self.theirs, _) = received.map_err(archipelago::Error::from)?;
        self.mine = sent.map_err(archipelago::Error::from)?;
        Ok(())
    }
}

/// Times an operation alone, as much computation alone, and both.
fn three(
    work_per_second: f64,
    operations: u64,
    mut run: impl FnMut(u64) -> Result<f64, Error>,
) -> Result<Times, Error> {
    let alone = run(0)?;
    let work = (alone / operations as f64 * work_per_second) as u64;
    let start = Instant::now();
    (0..operations).for_each(|_| compute(work));
    let computation = start.elapsed().as_secs_f64();
    let together = run(work)?;
    Ok([alone, computation, together])
}
