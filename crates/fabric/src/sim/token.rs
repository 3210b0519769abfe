//! Blocking ranks as threads that pass one token.

use super::agenda::Happening;
use super::port::Port;
use super::state::{Life, State};
use super::world::{Shared, World};
use crate::Cause;
use os::Time;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, MutexGuard};
use wire::ProcessId;

/// Who has a thread, and which one runs.
#[derive(Default)]
pub(super) struct Token {
    seats: BTreeMap<u32, Seat>,
    /// Those that may run next.
    ready: Vec<u32>,
    holder: Option<u32>,
    deadlock: Option<Arc<str>>,
}

struct Seat {
    status: Status,
    /// Counts sleeps, so that an old alarm does not end a new one.
    sleep: u64,
    since: Time,
    /// Its thread has been told that the process was killed.
    told: bool,
    turn: Arc<Condvar>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ready,
    Running,
    /// Until its alarm or some news.
    Asleep,
    /// Until its alarm.
    Computing,
}

impl Token {
    /// An alarm rings. Says whether anybody hears it.
    pub(super) fn alarm(&mut self, process: u32, sleep: u64) -> bool {
        match self.seats.get_mut(&process) {
            Some(seat)
                if seat.sleep == sleep && matches!(seat.status, Status::Asleep | Status::Computing) =>
            {
                seat.status = Status::Ready;
                self.ready.push(process);
                true
            }
            _ => false,
        }
    }

    fn news(&mut self, process: u32) {
        if let Some(seat) = self.seats.get_mut(&process)
            && seat.status == Status::Asleep
        {
            seat.status = Status::Ready;
            self.ready.push(process);
        }
    }
}

/// Everybody waits and nothing is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// Who waits since when, and what lies unread.
    pub report: String,
}

impl std::fmt::Display for Deadlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.report)
    }
}

impl std::error::Error for Deadlock {}

/// How a rank's thread ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// With this result.
    Returned(R),
    /// By [`Fault::Kill`](super::Fault::Kill).
    Killed,
    /// By a panic with this message.
    Panicked(String),
}

/// What unwinds the thread of a killed process.
struct Killed;

impl World {
    /// Runs `body` once for each process, each on a thread of its own with its port, one at a time.
    ///
    /// # Errors
    /// [`Deadlock`] when all sleep and nothing but alarms happens for
    /// [`Settings::deadlock_ns`](super::Settings::deadlock_ns).
    pub fn run<R: Send>(
        &self,
        processes: &[ProcessId],
        body: impl Fn(Port) -> R + Sync,
    ) -> Result<Vec<Outcome<R>>, Deadlock> {
        let stack_bytes = self.shared().lock().settings.stack_bytes;
        let turns = self.turns(processes);
        let outcomes = std::thread::scope(|scope| {
            let threads: Vec<_> = (turns.into_iter().zip(processes))
                .map(|(turn, process)| {
                    let body = &body;
                    let rank = move || {
                        turn.begin();
                        let port = self.port(*process);
                        catch_unwind(AssertUnwindSafe(|| body(port)))
                    };
                    let builder = std::thread::Builder::new().stack_size(stack_bytes);
                    builder.spawn_scoped(scope, rank).expect("the system has room for a thread per rank")
                })
                .collect();
            threads.into_iter().map(|thread| outcome(thread.join().and_then(|ended| ended))).collect()
        });
        match &self.shared().lock().token.deadlock {
            Some(report) => Err(Deadlock { report: report.to_string() }),
            None => Ok(outcomes),
        }
    }

    /// Seats these processes for the token form; each thread takes its turn with [`Turn::begin`]. (For callers that
    /// start their own threads; [`World::run`] does all of it.)
    pub fn turns(&self, processes: &[ProcessId]) -> Vec<Turn> {
        let mut state = self.shared().lock();
        let turns = processes.iter().map(|process| {
            let me = state.number(*process);
            let since = state.now;
            let seat = Seat { status: Status::Ready, sleep: 0, since, told: false, turn: Arc::default() };
            assert!(state.token.seats.insert(me, seat).is_none(), "{process:?} has its seat already");
            state.token.ready.push(me);
            Turn { shared: self.shared().clone(), me }
        });
        let turns = turns.collect();
        dispatch(&mut state);
        turns
    }
}

fn outcome<R>(ended: std::thread::Result<R>) -> Outcome<R> {
    match ended {
        Ok(result) => Outcome::Returned(result),
        Err(panic) if panic.is::<Killed>() => Outcome::Killed,
        Err(panic) => Outcome::Panicked(match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or("a panic without a message").into(),
        }),
    }
}

/// A thread's place among those that pass the token. Dropping it leaves for good.
pub struct Turn {
    shared: Arc<Shared>,
    me: u32,
}

impl Turn {
    /// Waits for the token for the first time.
    pub fn begin(&self) {
        let state = self.shared.lock();
        drop(wait_for_turn(state, self.me));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.token.seats.remove(&self.me);
        let me = self.me;
        state.token.ready.retain(|ready| *ready != me);
        if state.token.holder == Some(self.me) {
            state.token.holder = None;
            dispatch(&mut state);
        }
    }
}

/// Where a simulated process sleeps.
#[derive(Clone)]
pub struct Sleeper {
    shared: Arc<Shared>,
    /// The lane that is slept for.
    lane: u32,
    /// The process's first lane: whose thread it is.
    me: u32,
}

impl Sleeper {
    pub(super) fn new(shared: Arc<Shared>, lane: u32, me: u32) -> Sleeper {
        Sleeper { shared, lane, me }
    }

    /// Hands the token on until there is something to look at, or `timeout_ns` of virtual time have passed
    /// (`u64::MAX`: however long it takes).
    ///
    /// # Panics
    /// When everybody waits in vain (the panic's text says who and where), when the process was killed, and when the
    /// world is driven by hand.
    pub fn sleep(&self, timeout_ns: u64) {
        let state = self.shared.lock();
        if !state.processes[self.lane as usize].inbox.is_empty() && state.token.deadlock.is_none() {
            return;
        }
        self.pause(state, Status::Asleep, timeout_ns);
    }

    /// Lets virtual time pass for this process alone, whatever arrives: as if it computed for so long.
    pub fn compute(&self, ns: u64) {
        self.pause(self.shared.lock(), Status::Computing, ns);
    }

    /// Ends the process's sleep.
    pub fn wake(&self) {
        let mut state = self.shared.lock();
        state.active_at = state.now;
        state.token.news(self.me);
    }

    /// Virtual now.
    pub fn now(&self) -> Time {
        self.shared.lock().now
    }

    /// Hands the token on and takes it again as soon as virtual time stands as it does now and nobody else is ready.
    pub fn yield_now(&self) {
        self.compute(0);
    }

    fn pause(&self, mut state: MutexGuard<'_, State>, status: Status, ns: u64) {
        let now = state.now;
        if state.token.deadlock.is_none() {
            let seat = state.token.seats.get_mut(&self.me);
            let seat =
                seat.expect("a world driven by hand has nobody to pass the token to: ports must not sleep");
            (seat.status, seat.since) = (status, now);
            seat.sleep += 1;
            let alarm = Happening::Alarm { process: self.me, sleep: seat.sleep };
            if ns != u64::MAX {
                let key = state.chance.bits() as u32;
                state.agenda.plan(now + ns, key, alarm);
            }
            state.token.holder = None;
            dispatch(&mut state);
            state = wait_for_turn(state, self.me);
        }
        if let Some(report) = state.token.deadlock.clone() {
            drop(state);
            end_in_deadlock(&report);
        } else if state.told_of_death(self.me) {
            drop(state);
            resume_unwind(Box::new(Killed));
        }
    }
}

/// Unwinds the thread; or, if it is unwinding and its destructors insist on waiting, ends the process.
fn end_in_deadlock(report: &str) {
    thread_local!(static IN_VAIN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    if !std::thread::panicking() {
        panic!("{report}");
    }
    if IN_VAIN.replace(IN_VAIN.get() + 1) > 100_000 {
        eprintln!("a destructor waits for ever after this: {report}");
        std::process::abort();
    }
}

fn wait_for_turn(mut state: MutexGuard<'_, State>, me: u32) -> MutexGuard<'_, State> {
    let turn = state.token.seats[&me].turn.clone();
    while state.token.holder != Some(me) && state.token.deadlock.is_none() {
        state = turn.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
    }
    state
}

/// Gives the token to a process that may run, moving virtual time on until there is one.
fn dispatch(state: &mut State) {
    while state.token.holder.is_none() && !state.token.seats.is_empty() && state.token.deadlock.is_none() {
        if !state.token.ready.is_empty() {
            let pick = state.chance.below(state.token.ready.len() as u64) as usize;
            let process = state.token.ready.swap_remove(pick);
            let seat = state.token.seats.get_mut(&process).expect("only the seated are ready");
            seat.status = Status::Running;
            seat.turn.notify_one();
            state.token.holder = Some(process);
        } else if is_deadlock(state) {
            let report = report(state);
            state.token.deadlock = Some(report.into());
            state.token.seats.values().for_each(|seat| seat.turn.notify_one());
        } else if let Some(Some(process)) = state.step() {
            let first = state.processes[process as usize].first;
            state.token.news(first);
        }
    }
}

fn is_deadlock(state: &State) -> bool {
    let Some(next_at) = state.agenda.next_at() else { return true };
    next_at.since(state.active_at) > state.settings.deadlock_ns
        && !state.token.seats.values().any(|seat| seat.status == Status::Computing)
}

fn report(state: &State) -> String {
    const SHOWN: usize = 16;
    let mut text = format!(
        "deadlock at {} ns of virtual time (seed {}): all {} ranks wait, {} frames underway",
        state.now.0,
        state.settings.seed,
        state.token.seats.len(),
        state.entries.count()
    );
    for (process, seat) in state.token.seats.iter().take(SHOWN) {
        let id = state.processes[*process as usize].id;
        let unread = state.unread(*process);
        let _ = write!(
            text,
            "\n  process {} sleeps since {} ns, {unread} frames unread",
            id.number, seat.since.0
        );
    }
    if state.token.seats.len() > SHOWN {
        let _ = write!(text, "\n  and {} more", state.token.seats.len() - SHOWN);
    }
    text
}

impl State {
    /// Whether the process was killed and its thread hears of it just now.
    fn told_of_death(&mut self, process: u32) -> bool {
        let killed = match &self.processes[process as usize].life {
            Life::Ended(cause) => *cause != Cause::Left,
            _ => false,
        };
        let seat = self.token.seats.get_mut(&process).expect("a sleeper has its seat");
        killed && !std::mem::replace(&mut seat.told, true)
    }

    fn unread(&self, process: u32) -> u32 {
        let links = self.processes[process as usize].links.iter();
        links.map(|link| self.processes[link.to as usize].links[link.back as usize].arrived).sum()
    }
}

impl std::fmt::Debug for Sleeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sim::Sleeper({})", self.me)
    }
}
