//! What concerns the process rather than its messages: news from its keeper, and the addresses of peers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use control::{FromKeeper, Key, Link, ToKeeper};
use engine::Lane;
use fabric::{Card, Cause};
use wire::{JobId, ProcessId};

use crate::patience::SLEEP_NS_MAX;

/// The name under which a process stores its card.
const CARD: &str = "card";

/// How often to look for an answer of the keeper.
const ANSWER_NS: u64 = 200_000;

/// The process's relation to its keeper. A world of one has none.
pub(crate) struct House {
    job: JobId,
    link: Option<Mutex<Keeper>>,
    /// Addresses were asked for and have not come.
    asking: AtomicBool,
}

struct Keeper {
    link: Link,
    unanswered: usize,
    open: bool,
}

impl House {
    pub fn new(job: JobId, link: Option<Link>) -> House {
        let keeper = |link| Mutex::new(Keeper { link, unanswered: 0, open: true });
        House { job, link: link.map(keeper), asking: AtomicBool::new(false) }
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
                    self.heard(lane, news);
                }
                Ok(None) => break,
                Err(error) => {
                    keeper.open = false;
                    lane.poison(&format!("the keeper of this host is gone ({error}): the job ends"));
                    break;
                }
            }
        }
        // Relaxed: read by the same owner, and only as a hint.
        self.asking.store(keeper.unanswered > 0, Ordering::Relaxed);
        if keeper.unanswered > 0 { ANSWER_NS } else { SLEEP_NS_MAX }
    }

    fn heard(&self, lane: &mut Lane, news: FromKeeper) {
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
                lane.port().fail(process(number, incarnation), Cause::Died(ending.to_string()));
            }
            FromKeeper::Left { number, incarnation } => {
                lane.port().fail(process(number, incarnation), Cause::Left);
            }
            FromKeeper::Ending { reason } => lane.poison(&format!("the job ends: {reason}")),
            FromKeeper::Welcome(_) | FromKeeper::Refused(_) => {}
        }
    }
}
