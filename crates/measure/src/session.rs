//! A plan, measured on all ranks of a communicator.

use archipelago::Comm;

use crate::collective::{Place, Subject, grid};
use crate::plan::Task;
use crate::repeat::{Repetitions, repeat};
use crate::{Benchmark, Error, Form, Plan, Row, overlap, point, rate};

/// What rank 0 hears while a plan is measured.
#[derive(Clone, Debug)]
pub enum Event {
    /// A row is begun.
    Begun {
        /// Which.
        task: Task,
        /// How many were done before it.
        done: usize,
        /// How many there are in all.
        of: usize,
    },
    /// A row was measured.
    Done(Row),
    /// A row or a benchmark can't be measured here.
    Skipped {
        /// Which.
        what: String,
        /// Why not.
        why: String,
    },
}

/// Measures a plan. All ranks call it with the same plan; `hear` is called at rank 0 alone, which gets the rows.
///
/// ```
/// use archipelago_measure::{Benchmark, Plan, session};
/// use std::time::Duration;
/// # archipelago::testing::run(2, |world| {
/// let plan = Plan {
///     benchmarks: vec![Benchmark::Latency],
///     sizes: Some(vec![8, 1024]),
///     time: Some(Duration::from_millis(10)),
///     ..Plan::default()
/// };
/// let rows = session::run(&world, &plan, &mut |_| {})?;
/// assert_eq!(rows.len(), if world.rank() == 0 { 2 } else { 0 });
/// assert!(rows.iter().all(|row| row.benchmark == "latency" && row.sample().median().unwrap() > 0.0));
/// # Ok::<(), archipelago_measure::Error>(())
/// # });
/// ```
///
/// # Errors
/// A rank that is gone; data that did not arrive.
pub fn run(world: &Comm, plan: &Plan, hear: &mut dyn FnMut(Event)) -> Result<Vec<Row>, Error> {
    let (me, ranks) = (world.rank(), world.size());
    let mut hear = |event| {
        if me == 0 {
            hear(event);
        }
    };
    for benchmark in plan.lacking(ranks) {
        let why = format!("it needs {} ranks", benchmark.ranks_min());
        hear(Event::Skipped { what: benchmark.name(), why });
    }
    let tasks = plan.tasks(ranks);
    let stage = Stage::new(world, &tasks)?;
    let time = plan.time_of_row(tasks.len());
    let mut rows = Vec::new();
    for (done, task) in tasks.iter().enumerate() {
        hear(Event::Begun { task: task.clone(), done, of: tasks.len() });
        let mut subject = stage.subject(task);
        let algorithm = match subject.as_mut().map(Subject::algorithm).transpose() {
            Ok(algorithm) => algorithm,
            // At all ranks alike: it is a matter of the table.
            Err(why) => {
                hear(Event::Skipped { what: task.spelled(), why: why.to_string() });
                continue;
            }
        };
        let taken = stage.take(task, subject, time)?;
        if me == 0 {
            let row = Row::of(task, algorithm, ranks, &taken);
            hear(Event::Done(row.clone()));
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The communicators of a session.
struct Stage {
    measured: Comm,
    control: Comm,
    grid: archipelago::Grid,
    /// For threads that have one each.
    each: Vec<Comm>,
}

impl Stage {
    fn new(world: &Comm, tasks: &[Task]) -> Result<Stage, Error> {
        let threads = tasks.iter().filter_map(|task| task.threads).map(|(threads, _)| threads).max();
        Ok(Stage {
            measured: world.duplicate()?,
            control: world.duplicate()?,
            grid: grid(world)?,
            each: (0..threads.unwrap_or(0)).map(|_| world.duplicate()).collect::<Result<_, _>>()?,
        })
    }

    /// The collective that a task is about.
    fn subject(&self, task: &Task) -> Option<Subject<'_>> {
        let place = Place { comm: &self.measured, grid: &self.grid, control: &self.control };
        let what = task.benchmark.collective()?;
        let form = task.form.unwrap_or(Form::Blocking);
        Some(Subject::new(place, what, form, task.algorithm.as_deref(), task.bytes as usize))
    }

    fn take(
        &self,
        task: &Task,
        subject: Option<Subject<'_>>,
        time: std::time::Duration,
    ) -> Result<Repetitions, Error> {
        let (comm, control, bytes) = (&self.measured, &self.control, task.bytes as usize);
        match (task.benchmark, subject) {
            (Benchmark::Collective(_), Some(mut subject)) => {
                repeat(control, time, |round, operations| subject.batch(round, operations))
            }
            (Benchmark::CollectiveOverlap(_), Some(mut subject)) => {
                repeat(control, time, overlap::collective(&mut subject))
            }
            (Benchmark::Latency, _) => repeat(control, time, point::latency(comm, bytes)),
            (Benchmark::Bandwidth, _) => repeat(control, time, point::bandwidth(comm, bytes)),
            (Benchmark::Bidirectional, _) => repeat(control, time, point::bidirectional(comm, bytes)),
            (Benchmark::MessageRate, _) if task.form == Some(Form::Blocking) => {
                repeat(control, time, rate::streams(comm, bytes))
            }
            (Benchmark::MessageRate, _) => repeat(control, time, rate::windows(comm, bytes)),
            (Benchmark::ThreadRate | Benchmark::ThreadLatency, _) => {
                let (threads, apart) = task.threads.unwrap_or((1, true));
                let comms = if apart { &self.each[..threads] } else { std::slice::from_ref(comm) };
                let pattern = match (task.benchmark, task.form) {
                    (Benchmark::ThreadLatency, _) => rate::Pattern::RoundTrip,
                    (_, Some(Form::Blocking)) => rate::Pattern::Stream,
                    _ => rate::Pattern::Window,
                };
                repeat(control, time, rate::threads(comms, threads, bytes, pattern))
            }
            (Benchmark::Overlap, _) => {
                repeat(control, time, overlap::exchange(comm, bytes, task.form.unwrap_or(Form::Scope)))
            }
            // `subject` gives one for each benchmark of a collective.
            (Benchmark::Collective(_) | Benchmark::CollectiveOverlap(_), None) => {
                unreachable!("a collective")
            }
        }
    }
}
