//! What concerns the process rather than its messages: news from its keeper, and the addresses of peers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use control::{FromKeeper, Key, Link, ToKeeper, pmi};
use engine::Lane;
use fabric::{Card, Cause, Port};
use mapped::ProcessState;
use wire::{JobId, ProcessId};

use crate::Process;
use crate::examine::Watchdog;
use crate::patience::SLEEP_NS_MAX;
use crate::rota::{LANES_MAX, Rota};

/// The name under which a process stores its card.
const CARD: &str = "card";

/// The name under which a lane's card is stored.
fn card_of(lane: u16) -> String {
    match lane {
        0 => CARD.into(),
        _ => format!("{CARD}.{lane}"),
    }
}

/// The lane whose card has this name.
fn lane_of(name: &str) -> Option<usize> {
    match name.strip_prefix(CARD)? {
        "" => Some(0),
        rest => rest.strip_prefix('.')?.parse().ok().filter(|lane| *lane < LANES_MAX),
    }
}

/// How often to look for an answer of the keeper, where its news end no sleep; and how long to wait for a lock that is held for
/// a moment.
const ANSWER_NS: u64 = 200_000;

/// How often to look whether the ends that were told before the job's have been reported, and how many looks they have.
const ENDING_NS: u64 = 1_000_000;
const ENDING_LOOKS: u32 = 64;

/// How long a launcher of another MPI has to read what the keeper says of an abort, before it is told of it.
const SAYING: std::time::Duration = std::time::Duration::from_millis(100);

/// The process's lanes, and its relation to its keeper. A world of one has none.
pub(crate) struct House {
    job: JobId,
    pub rota: Rota,
    link: Option<Mutex<Keeper>>,
    /// The launcher of another MPI, if that has started the process.
    launcher: Option<Mutex<pmi::Client>>,
    /// Whether the keeper's news end this process's sleeps.
    is_heard_asleep: bool,
    pub watchdog: Watchdog,
    /// The process that this is the house of.
    process: OnceLock<Weak<Process>>,
    /// The last question for what the process waits for, and the last that was answered.
    asked: AtomicU32,
    /// Lanes that have not been told of addresses that came for them, a bit each.
    addressed: AtomicU64,
    answered: AtomicU32,
}

struct Keeper {
    link: Link,
    unanswered: usize,
    open: bool,
    /// Who is gone: each of the job at most once.
    gone: Vec<(ProcessId, Cause)>,
    /// Why the job ends, in the keeper's words or for want of them.
    ending: Option<Ending>,
    /// What each lane has heard.
    lanes: Vec<Heard>,
}

/// Why the job ends.
#[derive(Clone)]
enum Ending {
    /// The keeper said so. First whoever waits for a process that is gone is told that.
    Told(String),
    /// The keeper is gone.
    Lost(String),
}

/// What one lane has heard.
#[derive(Default)]
struct Heard {
    /// Of those who are gone, so many from the first on.
    gone: usize,
    /// Where others can be reached: answers to this lane's questions that it has not read.
    answers: VecDeque<Answer>,
    /// Whom it was told of and has not reported yet.
    unreported: Vec<ProcessId>,
    /// How often it has looked since the job's end was told.
    looks: u32,
    /// It knows that the job ends.
    is_over: bool,
}

/// Where a process can be reached.
enum Answer {
    There(Card),
    /// It was asked for in vain.
    Nowhere(ProcessId),
}

impl House {
    /// The house of a process with this socket to its keeper, if it has one. `is_heard_asleep`: whether it has been given to
    /// [`fabric::Port::listen_to`].
    pub fn new(job: JobId, link: Option<Link>, is_heard_asleep: bool, watchdog: Watchdog) -> House {
        let keeper = |link| {
            let lanes = Vec::new();
            Mutex::new(Keeper { link, unanswered: 0, open: true, gone: Vec::new(), ending: None, lanes })
        };
        House {
            job,
            rota: Rota::new(),
            link: link.map(keeper),
            launcher: None,
            is_heard_asleep,
            watchdog,
            process: OnceLock::new(),
            asked: AtomicU32::new(0),
            addressed: AtomicU64::new(0),
            answered: AtomicU32::new(0),
        }
    }

    /// The same, where the launcher of another MPI wants to be told of the end.
    pub fn under(self, launcher: Option<pmi::Client>) -> House {
        House { launcher: launcher.map(Mutex::new), ..self }
    }

    /// Tells the launcher of another MPI that this process has left in order. One that is gone need not know.
    pub fn say_goodbye(&self) {
        if let (Some(launcher), false) = (&self.launcher, os::fork::is_copy()) {
            let _ = launcher.lock().unwrap_or_else(|e| e.into_inner()).finalize();
        }
    }

    /// Has the launcher of another MPI end the job, once the keeper has had time to say why: such a launcher throws away what it has not read
    /// yet. Works while another thread speaks with it.
    pub fn abort(&self, code: i32, reason: &str) {
        if let (Some(launcher), false) = (&self.launcher, os::fork::is_copy())
            && let Ok(mut launcher) = launcher.try_lock()
        {
            std::thread::sleep(SAYING);
            launcher.abort(code, reason);
        }
    }

    /// Names the process that this is the house of.
    pub fn belongs_to(&self, process: &Arc<Process>) {
        self.process.get_or_init(|| Arc::downgrade(process));
    }

    /// If a wait lasts too long, somebody is to look who waits for whom. Called with no lane locked.
    pub fn bark(&self, is_overdue: bool) {
        if is_overdue {
            self.report_overdue();
        }
    }

    #[cold]
    fn report_overdue(&self) {
        if self.has_keeper() {
            self.tell(&ToKeeper::Overdue);
        } else if let Some(process) = self.process.get().and_then(Weak::upgrade) {
            process.report_here();
        }
    }

    /// Whether the keeper has asked what the process waits for, and was not answered.
    #[inline]
    pub fn is_asked(&self) -> bool {
        // Relaxed, all of them: a number, which orders nothing.
        self.asked.load(Ordering::Relaxed) != self.answered.load(Ordering::Relaxed)
    }

    /// Says what the process waits for, if the keeper has asked. Called with no lane locked.
    pub fn answer(&self) {
        let round = self.asked.load(Ordering::Relaxed);
        if self.answered.swap(round, Ordering::Relaxed) == round {
            return;
        }
        // One that is being dropped has nothing to say.
        if let Some(process) = self.process.get().and_then(Weak::upgrade) {
            self.tell(&ToKeeper::State(Box::new(process.state(round))));
        }
    }

    /// Whether a keeper started this process.
    pub fn has_keeper(&self) -> bool {
        self.link.is_some()
    }

    /// Tells the keeper something; a keeper that is gone hears nothing (and has ended this process, or will). A copy that `fork` has
    /// made doesn't speak for its original.
    pub fn tell(&self, message: &ToKeeper) {
        if let (Some(keeper), false) = (&self.link, os::fork::is_copy()) {
            let keeper = keeper.lock().unwrap_or_else(|e| e.into_inner());
            let _ = keeper.link.send(message);
        }
    }

    /// Makes a lane's port known to the keeper, and the keeper's news to it.
    pub fn introduce(&self, port: &mut Port) {
        if let Some(keeper) = &self.link {
            let keeper = keeper.lock().unwrap_or_else(|e| e.into_inner());
            // Where it can't be: the lane looks around by itself, as any does.
            port.listen_to(&keeper.link);
        }
        match port.card() {
            Some(card) => self.publish(port.lane(), &card),
            // Whoever asks is told at once that it can't be reached there.
            None if port.transport() == "none" => {
                self.publish(port.lane(), &Card { process: port.me(), slot: None, addresses: Vec::new() })
            }
            None => {}
        }
    }

    /// Publishes how a lane of this process can be reached.
    pub fn publish(&self, lane: u16, card: &Card) {
        let addresses: Vec<String> = card.addresses.iter().map(|address| address.to_string()).collect();
        self.tell(&ToKeeper::Put { name: card_of(lane), value: addresses.join(" ").into_bytes() });
    }

    /// Hears the keeper's news, and has the lane told. Called with the lane locked, before each sleep and at least every 250 ms
    /// of waiting. Returns how long the process may sleep before it looks again.
    pub fn look_around(&self, lane: &mut Lane) -> u64 {
        self.listen(Some(lane.port().lane() as usize));
        self.tell_news(lane)
    }

    /// Reads what the keeper has sent: one system call if that is nothing. Other lanes than this one that it concerns look soon.
    pub fn listen(&self, lane: Option<usize>) {
        // The news are for the original.
        if os::fork::is_copy() {
            return;
        }
        // Who has it listens.
        let Some(mut keeper) = self.link.as_ref().and_then(|keeper| keeper.try_lock().ok()) else { return };
        let mut concerns_others = false;
        while keeper.open {
            match keeper.link.try_receive() {
                Ok(Some(news)) => {
                    let concerned = self.heard(&mut keeper, news);
                    concerns_others |= concerned.is_none() || concerned != lane;
                }
                Ok(None) => break,
                Err(error) => {
                    (keeper.open, concerns_others) = (false, true);
                    keeper.ending = Some(Ending::Lost(format!("{error}: the job ends")));
                }
            }
        }
        if concerns_others {
            self.rota.wake_others(lane);
        }
    }

    /// Asks for the addresses that a lane wants, and tells it those that have come. Called with the lane locked. Two looks at memory where there
    /// are none.
    pub fn find_addresses(&self, lane: &mut Lane) {
        let bit = 1 << lane.port().lane();
        // Relaxed: the answers are behind the keeper's lock.
        if !lane.port().has_unresolved() && self.addressed.load(Ordering::Relaxed) & bit == 0 {
            return;
        }
        let Some(keeper) = self.link.as_ref().filter(|_| !os::fork::is_copy()) else { return };
        if let Ok(mut keeper) = keeper.try_lock() {
            self.exchange_addresses(&mut keeper, lane);
        }
    }

    fn exchange_addresses(&self, keeper: &mut Keeper, lane: &mut Lane) {
        let at = lane.port().lane() as usize;
        if keeper.lanes.len() <= at {
            keeper.lanes.resize_with(at + 1, Heard::default);
        }
        if keeper.open {
            while let Some(process) = lane.port().take_unresolved() {
                let key = Key { number: process.number, name: card_of(at as u16) };
                if keeper.link.send(&ToKeeper::Get(key)).is_ok() {
                    keeper.unanswered += 1;
                }
            }
        }
        self.addressed.fetch_and(!(1 << at), Ordering::Relaxed);
        for answer in keeper.lanes[at].answers.drain(..) {
            match answer {
                Answer::There(card) => lane.port().resolve(&card),
                Answer::Nowhere(process) => {
                    let cause = Cause::Unreachable("it ended before it could say where it is".into());
                    lane.port().fail(process, cause);
                }
            }
        }
    }

    /// Tells a lane what was heard, and asks for the addresses that it wants. Called with the lane locked. Returns how long the
    /// process may sleep before it looks again.
    pub fn tell_news(&self, lane: &mut Lane) -> u64 {
        let Some(keeper) = self.link.as_ref().filter(|_| !os::fork::is_copy()) else { return SLEEP_NS_MAX };
        let Ok(mut keeper) = keeper.try_lock() else { return ANSWER_NS };
        self.exchange_addresses(&mut keeper, lane);
        let at = lane.port().lane() as usize;
        if keeper.tell(lane, at) {
            return ENDING_NS;
        }
        if keeper.unanswered > 0 && !self.is_heard_asleep { ANSWER_NS } else { SLEEP_NS_MAX }
    }

    /// Takes down what the keeper said. Returns the lane that it concerns, if it is one.
    fn heard(&self, keeper: &mut Keeper, news: FromKeeper) -> Option<usize> {
        let process = |number, incarnation| ProcessId { job: self.job, number, incarnation };
        match news {
            FromKeeper::Value { key, value } => {
                keeper.unanswered = keeper.unanswered.saturating_sub(1);
                let lane = lane_of(&key.name)?;
                let process = process(key.number, 0);
                let answer = value.map_or(Answer::Nowhere(process), |value| {
                    let text = String::from_utf8_lossy(&value);
                    let addresses =
                        text.split_whitespace().filter_map(|address| address.parse().ok()).collect();
                    Answer::There(Card { process, slot: None, addresses })
                });
                // Only a lane that has looked around asks.
                keeper.lanes.get_mut(lane)?.answers.push_back(answer);
                self.addressed.fetch_or(1 << lane, Ordering::Relaxed);
                return Some(lane);
            }
            FromKeeper::Died { number, incarnation, ending } => {
                let cause = Cause::Died(state_of(ending).to_string());
                keeper.gone.push((process(number, incarnation), cause));
            }
            FromKeeper::Left { number, incarnation } => {
                keeper.gone.push((process(number, incarnation), Cause::Left));
            }
            FromKeeper::Ending { reason } => {
                keeper.ending.get_or_insert(Ending::Told(reason));
            }
            FromKeeper::Examine { round } => self.asked.store(round, Ordering::Relaxed),
            FromKeeper::Welcome(_) | FromKeeper::Refused(_) => {}
        }
        None
    }
}

impl Keeper {
    /// Tells a lane what it has not heard. Ends it when the job ends; but first whoever waits for a process that is gone is
    /// told so, whichever way the news have taken. Returns whether that is still to come.
    fn tell(&mut self, lane: &mut Lane, at: usize) -> bool {
        let heard = &mut self.lanes[at];
        for (process, cause) in &self.gone[heard.gone..] {
            lane.port().fail(*process, cause.clone());
            heard.unreported.push(*process);
        }
        heard.gone = self.gone.len();
        if heard.is_over {
            return false;
        }
        match &self.ending {
            None => return false,
            Some(Ending::Lost(why)) => {
                lane.port().listen_no_more(&self.link);
                lane.poison(why);
            }
            Some(Ending::Told(reason)) => {
                heard.looks += 1;
                heard.unreported.retain(|process| !lane.knows_gone(*process));
                if !heard.unreported.is_empty() && heard.looks < ENDING_LOOKS {
                    return true;
                }
                lane.poison(&format!("the job ends: {reason}"));
            }
        }
        heard.is_over = true;
        heard.unreported = Vec::new();
        false
    }
}

/// How a process ended that had not finalised, in the words of those who read it on the control page.
fn state_of(ending: control::Ending) -> ProcessState {
    match ending {
        control::Ending::Exited(status) => ProcessState::Exited(status),
        control::Ending::Signalled { signal, .. } => ProcessState::Killed(signal),
        control::Ending::Unseen => ProcessState::Ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_being_dropped_is_asked_once() {
        let house = House::new(JobId(1), None, false, Watchdog::of_environment(false, Arc::default()));
        house.asked.store(3, Ordering::Relaxed);
        assert!(house.is_asked());
        house.answer();
        assert!(!house.is_asked());
    }
}
