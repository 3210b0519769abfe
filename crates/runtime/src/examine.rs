//! What this process waits for, told to who asks; and a report of its own where nobody asks.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use control::diagnosis::{Count, Needs, Operation, State, Thread, judge, report};
use engine::Lane;
use engine::waiting::{On, Waiting};
use os::Time;

use crate::Process;
use crate::blocked::Wait;

/// Operations of one wait that a state names.
const OPERATIONS_MAX: usize = 32;

/// The watchdog of a process: how long a wait may last before somebody looks who waits for whom.
#[derive(Clone, Debug)]
pub(crate) struct Watchdog {
    /// That long; `u64::MAX`: for ever.
    pub overdue_ns: u64,
    /// Whether the threads of this operating-system process are this process's: not where ranks are threads.
    pub owns_threads: bool,
    /// Those that are threads of this operating-system process, where nobody else could ask them; and what was said last.
    pub world: Arc<Mutex<World>>,
}

/// Processes without a launcher.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub processes: Vec<Weak<Process>>,
    said: Option<String>,
}

/// A minute: long enough for what is slow, short enough for who waits in front of a screen.
pub const OVERDUE_NS: u64 = 60_000_000_000;

/// How long a wait may last before it is looked at, where no launcher says: in seconds, or "off".
pub const WATCHDOG_VARIABLE: &str = "ARCHIPELAGO_WATCHDOG";

/// A number of seconds, or "off", as nanoseconds.
pub fn parse_watchdog(text: &str) -> Option<u64> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 => Some((seconds * 1e9) as u64),
        _ => matches!(text, "off" | "0").then_some(u64::MAX),
    }
}

impl Watchdog {
    /// As the environment says, for processes without a launcher.
    pub fn of_environment(owns_threads: bool, world: Arc<Mutex<World>>) -> Watchdog {
        let set = std::env::var(WATCHDOG_VARIABLE).ok().and_then(|text| parse_watchdog(&text));
        Watchdog { overdue_ns: set.unwrap_or(OVERDUE_NS), owns_threads, world }
    }
}

impl Process {
    /// What this process waits for now. Called with no lane locked.
    pub(crate) fn state(&self, round: u32) -> State {
        let mut state = State { round, pid: std::process::id(), ..State::default() };
        // Nobody may have looked at what has come to a lane that nobody waits on.
        self.house.rota.tend(None, self.clock().now(), &self.house);
        let (mut threads, mut watched): (Vec<(usize, Thread)>, Vec<Operation>) = (Vec::new(), Vec::new());
        let (mut watchers, mut awaited) = (Vec::new(), Thread::default());
        for cell in self.cells() {
            cell.with_blocked(|lane, blocked, now| {
                for wait in blocked.waits() {
                    let thread = self.thread(lane, wait, now);
                    if wait.request.is_none() && wait.drives && !lane.is_closed() {
                        watchers.push(wait.thread);
                    }
                    match threads.iter_mut().find(|(mark, _)| *mark == wait.thread) {
                        // A wait within another's operator or waker: it goes on when either can.
                        Some((_, known)) => merge(known, thread),
                        None => threads.push((wait.thread, thread)),
                    }
                }
                for (request, since) in blocked.awaited() {
                    let Some(waiting) = lane.waiting(request) else { continue };
                    awaited.for_ms = awaited.for_ms.max(now.since(since) / 1_000_000);
                    awaited.bounded |= awaited.any_of.len() >= OPERATIONS_MAX;
                    if awaited.any_of.len() < OPERATIONS_MAX {
                        let call = format!("{} (awaited)", waiting.call);
                        awaited.any_of.push(self.operation(Waiting { call, ..waiting }));
                    }
                }
                for request in lane.watched().into_iter().take(OPERATIONS_MAX + 1) {
                    watched.extend(lane.waiting(request).map(|waiting| self.operation(waiting)));
                }
                state.moving |= lane.is_moving();
                state.serves |= lane.serves();
                state.epoch = state.epoch.wrapping_add(lane.activity()).wrapping_add(blocked.changes());
                for (process, counters) in lane.transport_counters() {
                    let (sent, received) = (counters.sent_frames, counters.received_frames);
                    match state.counts.iter_mut().find(|count| count.peer == process.number) {
                        Some(count) => {
                            (count.sent, count.received) = (count.sent + sent, count.received + received)
                        }
                        None => state.counts.push(Count { peer: process.number, sent, received }),
                    }
                }
            });
        }
        // Who waits for no request of its own waits for those of which it hears, on whichever lane.
        for (_, thread) in threads.iter_mut().filter(|(mark, _)| watchers.contains(mark)) {
            thread.any_of.extend(watched.iter().take(OPERATIONS_MAX).cloned());
            thread.bounded |= watched.len() > OPERATIONS_MAX;
        }
        state.others = self.other_threads(threads.len());
        state.threads = threads.into_iter().map(|(_, thread)| thread).collect();
        // Tasks are on no thread of their own: one that has what it awaited may free all others.
        if !awaited.any_of.is_empty() {
            state.threads.push(awaited);
        }
        state.bounded()
    }

    /// Threads that could communicate and don't wait: all others of the program, since nobody knows what they are about to do.
    fn other_threads(&self, waiting: usize) -> u32 {
        if !self.house.watchdog.owns_threads {
            return 1;
        }
        let own = usize::from(self.has_progress_thread());
        os::threads::count().map_or(1, |all| all.saturating_sub(waiting + own) as u32)
    }

    fn thread(&self, lane: &mut Lane, wait: &Wait, now: Time) -> Thread {
        let waits = match wait.request {
            Some(request) => vec![lane.waiting(request).unwrap_or_else(on_its_way)],
            None if lane.is_closed() => vec![lane.waiting_to_leave()],
            // Its condition may hold already, and it has not looked.
            None if !wait.drives => vec![on_its_way()],
            None => Vec::new(),
        };
        Thread {
            for_ms: now.since(wait.since) / 1_000_000,
            bounded: wait.is_bounded,
            place: wait.place.map(|place| place.words()),
            function: wait.place.and_then(|place| place.function()).map(str::to_owned),
            any_of: waits.into_iter().map(|waiting| self.operation(waiting)).collect(),
        }
    }

    fn operation(&self, waiting: Waiting) -> Operation {
        let Waiting { call, context, tag, of, on } = waiting;
        let needs = match on {
            On::Nobody => Needs::Nothing,
            On::All(processes) => Needs::all(processes.into_iter().map(|process| process.number)),
            On::Any(group) => Needs::any(group.processes().map(|process| process.number)),
        };
        Operation { call, communicator: self.communicator_name(context), tag, of, needs }
    }

    /// Says what is known here, where there is no keeper who would ask everybody.
    pub(crate) fn report_here(&self) {
        let processes: Vec<Arc<Process>> = {
            let world = self.house.watchdog.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.processes.iter().filter_map(Weak::upgrade).collect()
        };
        let ask = || processes.iter().map(|process| Some(process.state(0))).collect::<Vec<_>>();
        let (first, second) = (ask(), ask());
        let verdict = judge(&first, &second);
        let Some(text) = report(&verdict, &second, &self.surroundings.host) else { return };
        let mut world = self.house.watchdog.world.lock().unwrap_or_else(PoisonError::into_inner);
        // Every rank's thread comes here: what was said needs not be said again.
        let gist = gist(&second);
        if world.said.as_ref() != Some(&gist) {
            eprintln!("archipelago: {text}");
            world.said = Some(gist);
        }
    }
}

/// A report without its times.
fn gist(states: &[Option<State>]) -> String {
    let threads = states
        .iter()
        .flatten()
        .map(|state| state.threads.iter().map(|thread| &thread.any_of).collect::<Vec<_>>());
    format!("{:?}", threads.collect::<Vec<_>>())
}

fn merge(known: &mut Thread, other: Thread) {
    known.bounded |= other.bounded;
    known.any_of.extend(other.any_of);
}

fn on_its_way() -> Waiting {
    Waiting {
        call: "operation that is on its way".into(),
        context: 0,
        tag: None,
        of: String::new(),
        on: On::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_or_off() {
        assert_eq!(parse_watchdog("2.5"), Some(2_500_000_000));
        assert_eq!((parse_watchdog("off"), parse_watchdog("0")), (Some(u64::MAX), Some(u64::MAX)));
        assert_eq!((parse_watchdog("soon"), parse_watchdog("-3")), (None, None));
    }
}
