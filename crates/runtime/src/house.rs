//! What concerns the process rather than its messages: news from its keeper, and the addresses of peers.

use std::sync::Mutex;

use control::{Ending, FromKeeper, Key, Link, ToKeeper};
use engine::Lane;
use fabric::{Card, Cause};
use mapped::ProcessState;
use wire::{JobId, ProcessId};

use crate::patience::SLEEP_NS_MAX;

/// The name under which a process stores its card.
const CARD: &str = "card";

/// How often to look for an answer of the keeper, where its news end no sleep; and how long to wait for a lock that is held for
/// a moment.
const ANSWER_NS: u64 = 200_000;

/// How often to look whether the ends that were told before the job's have been reported, and how many looks they have.
const ENDING_NS: u64 = 1_000_000;
const ENDING_LOOKS: u32 = 64;

/// The process's relation to its keeper. A world of one has none.
pub(crate) struct House {
    job: JobId,
    link: Option<Mutex<Keeper>>,
    /// Whether the keeper's news end this process's sleeps.
    is_heard_asleep: bool,
}

struct Keeper {
    link: Link,
    unanswered: usize,
    open: bool,
    /// Who is gone: each of the job at most once.
    gone: Vec<ProcessId>,
    /// Why the job ends, and how often this process has looked since.
    ending: Option<(String, u32)>,
}

impl Keeper {
    fn tell(&mut self, lane: &mut Lane, process: ProcessId, cause: Cause) {
        lane.port().fail(process, cause);
        self.gone.push(process);
    }
}

impl House {
    /// The house of a process with this socket to its keeper, if it has one. `is_heard_asleep`: whether it has been given to
    /// [`fabric::Port::listen_to`].
    pub fn new(job: JobId, link: Option<Link>, is_heard_asleep: bool) -> House {
        let keeper =
            |link| Mutex::new(Keeper { link, unanswered: 0, open: true, gone: Vec::new(), ending: None });
        House { job, link: link.map(keeper), is_heard_asleep }
    }

    /// Whether a keeper started this process.
    pub fn has_keeper(&self) -> bool {
        self.link.is_some()
    }

    /// Tells the keeper something; a keeper that is gone hears nothing (and has ended this process, or will).
    pub fn tell(&self, message: &ToKeeper) {
        if let Some(keeper) = &self.link {
            let keeper = keeper.lock().unwrap_or_else(|e| e.into_inner());
            let _ = keeper.link.send(message);
        }
    }

    /// Publishes how this process can be reached.
    pub fn publish(&self, card: &Card) {
        let addresses: Vec<String> = card.addresses.iter().map(|address| address.to_string()).collect();
        self.tell(&ToKeeper::Put { name: CARD.into(), value: addresses.join(" ").into_bytes() });
    }

    /// Hears the keeper's news and asks for the addresses that the lane wants. Called with the lane locked, before
    /// each sleep and at least every 250 ms of waiting. Returns how long the process may sleep before it looks again.
    pub fn look_around(&self, lane: &mut Lane) -> u64 {
        let Some(keeper) = &self.link else { return SLEEP_NS_MAX };
        let Ok(mut keeper) = keeper.try_lock() else { return ANSWER_NS };
        if !keeper.open {
            return SLEEP_NS_MAX;
        }
        while let Some(process) = lane.port().take_unresolved() {
            let key = Key { number: process.number, name: CARD.into() };
            if keeper.link.send(&ToKeeper::Get(key)).is_ok() {
                keeper.unanswered += 1;
            }
        }
        loop {
            match keeper.link.try_receive() {
                Ok(Some(news)) => {
                    let answers = matches!(news, FromKeeper::Value { .. }) as usize;
                    keeper.unanswered = keeper.unanswered.saturating_sub(answers);
                    self.heard(lane, &mut keeper, news);
                }
                Ok(None) => break,
                Err(error) => {
                    keeper.open = false;
                    lane.port().listen_no_more(&keeper.link);
                    lane.poison(&format!("the keeper of this host is gone ({error}): the job ends"));
                    break;
                }
            }
        }
        if self.end(lane, &mut keeper) {
            return ENDING_NS;
        }
        if keeper.unanswered > 0 && !self.is_heard_asleep { ANSWER_NS } else { SLEEP_NS_MAX }
    }

    /// Ends the lane when the job ends; but first whoever waits for a process that is gone is told so, whichever way the
    /// news have taken. Returns whether that is still to come.
    fn end(&self, lane: &mut Lane, keeper: &mut Keeper) -> bool {
        let Some((reason, looks)) = &mut keeper.ending else { return false };
        *looks += 1;
        keeper.gone.retain(|process| !lane.knows_gone(*process));
        if !keeper.gone.is_empty() && *looks < ENDING_LOOKS {
            return true;
        }
        lane.poison(&format!("the job ends: {reason}"));
        keeper.ending = None;
        false
    }

    fn heard(&self, lane: &mut Lane, keeper: &mut Keeper, news: FromKeeper) {
        let process = |number, incarnation| ProcessId { job: self.job, number, incarnation };
        match news {
            FromKeeper::Value { key, value: Some(value) } if key.name == CARD => {
                let text = String::from_utf8_lossy(&value);
                let addresses = text.split_whitespace().filter_map(|address| address.parse().ok()).collect();
                lane.port().resolve(&Card { process: process(key.number, 0), slot: None, addresses });
            }
            FromKeeper::Value { key, .. } => {
                let cause = Cause::Unreachable("it ended before it could say where it is".into());
                lane.port().fail(process(key.number, 0), cause);
            }
            FromKeeper::Died { number, incarnation, ending } => {
                keeper.tell(lane, process(number, incarnation), Cause::Died(state_of(ending).to_string()));
            }
            FromKeeper::Left { number, incarnation } => {
                keeper.tell(lane, process(number, incarnation), Cause::Left);
            }
            FromKeeper::Ending { reason } => {
                keeper.ending.get_or_insert((reason, 0));
            }
            FromKeeper::Welcome(_) | FromKeeper::Refused(_) => {}
        }
    }
}

/// How a process ended that had not finalised, in the words of those who read it on the control page.
fn state_of(ending: Ending) -> ProcessState {
    match ending {
        Ending::Exited(status) => ProcessState::Exited(status),
        Ending::Signalled { signal, .. } => ProcessState::Killed(signal),
        Ending::Unseen => ProcessState::Exited(i32::from(ending.status())),
    }
}
