//! Every collective in every form: blocking, in a scope, owned, persistent; and owned as a future, for overlap.
//!
//! One table here says how each operation is prepared, for all forms. Before each operation all ranks meet in a barrier of
//! another communicator, which is not timed: otherwise ranks that need not wait for the others would run ahead, and a rate
//! would be measured where a time is asked for.

use archipelago::prelude::Sum;
use archipelago::{Comm, Grid};
use engine::collective::Collective;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::Error;
use crate::overlap::compute;
use crate::plan::Form;
use crate::repeat::Times;
use crate::series::{Give, Series};

/// The root of all collectives that have one.
pub(crate) const ROOT: usize = 0;

/// Where collectives are measured.
#[derive(Clone, Copy, Debug)]
pub struct Place<'c> {
    /// The communicator that is measured.
    pub comm: &'c Comm,
    /// The same ranks in a periodic grid of two dimensions, for those among neighbours.
    pub grid: &'c Grid,
    /// A communicator of the same ranks for what is not measured.
    pub control: &'c Comm,
}

/// The periodic grid of two dimensions, as square as can be, of all ranks of a communicator.
///
/// # Errors
/// A rank that is gone.
pub fn grid(comm: &Comm) -> Result<Grid, Error> {
    let ranks = comm.size();
    let side = (1..=ranks).take_while(|side| side * side <= ranks).filter(|side| ranks.is_multiple_of(*side));
    let side = side.last().unwrap_or(1);
    let grid = comm.cartesian(&[(ranks / side, true), (side, true)])?;
    // The points of the grid are as many as the ranks.
    Ok(grid.unwrap_or_else(|| unreachable!("a point for every rank")))
}

/// How an operation is prepared, for every one of the engine's table: `$series` becomes its buffers, of bytes or of numbers, and
/// `$prepared` what [`archipelago::Prepared`] is; `$then` is compiled once for each.
macro_rules! prepared {
    // One operation: with its half of the data, which its description borrows or takes.
    (@one $algorithm:expr, $half:expr, $series:ident, $describe:expr, $prepared:ident, $then:expr) => {{
        #[allow(unused_variables)]
        let $series = &mut $half;
        let described = $describe;
        let $prepared = match $algorithm {
            Some(name) => described.by(name),
            None => described,
        };
        $then
    }};
    ($place:expr, $what:expr, $algorithm:expr, $data:expr, $series:ident => $input:expr, $output:expr; $prepared:ident => $then:expr) => {{
        let (place, algorithm): (&Place<'_>, Option<&str>) = (&$place, $algorithm);
        let all = place.comm.prepare();
        let root = place.comm.root(ROOT).prepare();
        let around = place.grid.neighbours().prepare();
        match $what {
            Collective::Barrier => prepared!(@one algorithm, $data.bytes, $series, all.barrier(), $prepared, $then),
            Collective::Broadcast => prepared!(@one algorithm, $data.bytes, $series, root.broadcast($output), $prepared, $then),
            Collective::Gather => prepared!(@one algorithm, $data.bytes, $series, root.gather($input, $output), $prepared, $then),
            Collective::Scatter => prepared!(@one algorithm, $data.bytes, $series, root.scatter($input, $output), $prepared, $then),
            Collective::AllGather => prepared!(@one algorithm, $data.bytes, $series, all.all_gather($input, $output), $prepared, $then),
            Collective::AllToAll => prepared!(@one algorithm, $data.bytes, $series, all.all_to_all($input, $output), $prepared, $then),
            Collective::Reduce => prepared!(@one algorithm, $data.numbers, $series, root.reduce($input, $output, Sum), $prepared, $then),
            Collective::AllReduce => prepared!(@one algorithm, $data.numbers, $series, all.all_reduce($output, Sum), $prepared, $then),
            Collective::ReduceScatter => prepared!(@one algorithm, $data.numbers, $series, all.reduce_scatter($input, $output, Sum), $prepared, $then),
            Collective::Scan => prepared!(@one algorithm, $data.numbers, $series, all.scan($output, Sum), $prepared, $then),
            Collective::ExclusiveScan => prepared!(@one algorithm, $data.numbers, $series, all.exclusive_scan($output, Sum), $prepared, $then),
            Collective::NeighbourAllGather => prepared!(@one algorithm, $data.bytes, $series, around.all_gather($input, $output), $prepared, $then),
            Collective::NeighbourAllToAll => prepared!(@one algorithm, $data.bytes, $series, around.all_to_all($input, $output), $prepared, $then),
        }
    }};
}

/// The buffers of a collective at one rank.
pub(crate) struct Data {
    pub(crate) bytes: Series<u8>,
    pub(crate) numbers: Series<f64>,
}

/// One collective in one form at one rank, with its buffers.
pub struct Subject<'c> {
    place: Place<'c>,
    what: Collective,
    form: Form,
    algorithm: Option<String>,
    data: Data,
}

impl<'c> Subject<'c> {
    /// With vectors, or blocks for each rank, of so many bytes. Of reductions they are rounded up to whole `f64`.
    pub fn new(
        place: Place<'c>,
        what: Collective,
        form: Form,
        algorithm: Option<&str>,
        bytes: usize,
    ) -> Self {
        let neighbours = place.grid.neighbours().len();
        let data = Data {
            bytes: Series::new(what, place.comm, neighbours, if what.reduces() { 0 } else { bytes }),
            numbers: Series::new(
                what,
                place.comm,
                neighbours,
                if what.reduces() { bytes.div_ceil(8) } else { 0 },
            ),
        };
        Subject { place, what, form, algorithm: algorithm.map(str::to_owned), data }
    }

    /// The algorithm that is taken.
    ///
    /// # Errors
    /// One that was named and there isn't, or that doesn't fit here.
    pub fn algorithm(&mut self) -> Result<&'static str, Error> {
        let Subject { place, what, algorithm, data, .. } = self;
        let name = prepared!(*place, *what, algorithm.as_deref(), data, series => &series.input, &mut series.output;
            prepared => prepared.algorithm())?;
        Ok(name)
    }

    /// A batch: runs the operation so often, checks what came, and returns the seconds that this rank spent in it.
    ///
    /// # Errors
    /// A rank that is gone; data that did not arrive.
    pub fn batch(&mut self, round: u64, operations: u64) -> Result<Times, Error> {
        let seconds = self.run_with(round, operations, 0)?;
        Ok([seconds, 0.0, 0.0])
    }

    /// The same with so much computation between the start of each operation and the wait for its end.
    pub(crate) fn run_with(&mut self, round: u64, operations: u64, work: u64) -> Result<f64, Error> {
        let sources = self.place.grid.neighbours().ranks();
        let (comm, what) = (self.place.comm, self.what);
        self.data.bytes.prepare(what, comm, round);
        self.data.numbers.prepare(what, comm, round);
        let seconds = match self.form {
            Form::Blocking => self.blocking(operations)?,
            Form::Scope => self.in_scope(operations, work)?,
            Form::Owned => self.owned(operations)?,
            Form::Future => self.as_future(operations, work)?,
            Form::Persistent => self.persistent(operations)?,
        };
        let wrong = self.data.bytes.wrong(what, comm, round, &sources);
        let wrong = wrong.or_else(|| self.data.numbers.wrong(what, comm, round, &sources));
        let wrong = match wrong {
            None if what == Collective::Barrier => self.early(round)?,
            wrong => wrong,
        };
        match wrong {
            None => Ok(seconds),
            Some(text) => {
                let benchmark = format!("{} ({})", what.name(), self.form.name());
                Err(Error::Corrupt { benchmark, rank: comm.rank(), what: text })
            }
        }
    }

    /// The barrier before an operation; a barrier keeps together by itself.
    fn meet(place: &Place<'_>, what: Collective) -> Result<(), Error> {
        if what != Collective::Barrier {
            place.control.barrier()?;
        }
        Ok(())
    }

    fn blocking(&mut self, operations: u64) -> Result<f64, Error> {
        let Subject { place, what, algorithm, data, .. } = self;
        let mut seconds = 0.0;
        for _ in 0..operations {
            data.numbers.refill();
            Self::meet(place, *what)?;
            let start = Instant::now();
            prepared!(*place, *what, algorithm.as_deref(), data, series => &series.input, &mut series.output;
                prepared => prepared.run())?;
            seconds += start.elapsed().as_secs_f64();
        }
        Ok(seconds)
    }

    fn in_scope(&mut self, operations: u64, work: u64) -> Result<f64, Error> {
        let Subject { place, what, algorithm, data, .. } = self;
        let mut seconds = 0.0;
        for _ in 0..operations {
            data.numbers.refill();
            Self::meet(place, *what)?;
            let start = Instant::now();
            prepared!(*place, *what, algorithm.as_deref(), data, series => &series.input, &mut series.output;
            prepared => place.comm.scope(|s| {
                let running = prepared.start(s)?;
                compute(work);
                running.wait().map(drop)
            }))?;
            seconds += start.elapsed().as_secs_f64();
        }
        Ok(seconds)
    }

    fn owned(&mut self, operations: u64) -> Result<f64, Error> {
        let Subject { place, what, algorithm, data, .. } = self;
        let mut seconds = 0.0;
        for _ in 0..operations {
            data.numbers.refill();
            Self::meet(place, *what)?;
            let start = Instant::now();
            prepared!(*place, *what, algorithm.as_deref(), data,
            series => std::mem::take(&mut series.input), std::mem::take(&mut series.output);
            prepared => {
                let back = prepared.owned().wait().map_err(archipelago::Error::from)?;
                seconds += start.elapsed().as_secs_f64();
                back.give(series);
            });
        }
        Ok(seconds)
    }

    /// Polled once, which starts the thread that makes progress, then waited for.
    fn as_future(&mut self, operations: u64, work: u64) -> Result<f64, Error> {
        let Subject { place, what, algorithm, data, .. } = self;
        let mut seconds = 0.0;
        for _ in 0..operations {
            data.numbers.refill();
            Self::meet(place, *what)?;
            let start = Instant::now();
            prepared!(*place, *what, algorithm.as_deref(), data,
            series => std::mem::take(&mut series.input), std::mem::take(&mut series.output);
            prepared => {
                let mut running = prepared.owned();
                let polled = Pin::new(&mut running).poll(&mut Context::from_waker(Waker::noop()));
                compute(work);
                let outcome = match polled {
                    Poll::Ready(outcome) => outcome,
                    Poll::Pending => running.wait(),
                };
                let back = outcome.map_err(archipelago::Error::from)?;
                seconds += start.elapsed().as_secs_f64();
                back.give(series);
            });
        }
        Ok(seconds)
    }

    fn persistent(&mut self, operations: u64) -> Result<f64, Error> {
        let Subject { place, what, algorithm, data, .. } = self;
        let mut seconds = 0.0;
        let (numbers, bytes) = (data.numbers.original.clone(), data.bytes.original.clone());
        prepared!(*place, *what, algorithm.as_deref(), data,
        series => std::mem::take(&mut series.input), std::mem::take(&mut series.output);
        prepared => {
            let mut again = prepared.persistent()?;
            for _ in 0..operations {
                again.wait()?.give((&bytes, &numbers));
                Self::meet(place, *what)?;
                let start = Instant::now();
                again.start()?;
                again.wait()?;
                seconds += start.elapsed().as_secs_f64();
            }
            again.into_buffers()?.give(series);
        });
        Ok(seconds)
    }

    /// Whether this rank left a barrier before another one came to it, by the clock that all processes of a host share. One of them
    /// comes late.
    fn early(&mut self, round: u64) -> Result<Option<String>, Error> {
        let control = self.place.control;
        control.barrier()?;
        if round % control.size() as u64 == control.rank() as u64 {
            let start = Instant::now();
            while start.elapsed().as_micros() < 20 {
                std::hint::spin_loop();
            }
        }
        let came = os::Time::now();
        match self.form {
            Form::Blocking => self.blocking(1)?,
            Form::Scope => self.in_scope(1, 0)?,
            Form::Owned => self.owned(1)?,
            Form::Future => self.as_future(1, 0)?,
            Form::Persistent => self.persistent(1)?,
        };
        let left = os::Time::now();
        let last = control.all_reduce(came.0, archipelago::Max)?;
        Ok((left.0 < last).then(|| format!("it left {} ns before the last had come", last - left.0)))
    }
}
