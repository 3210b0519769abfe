//! How far the end of a job has come on this host.

use control::agent::Manner;
use os::Time;

/// After the processes of the library are told that the job ends, they have this long to say what they waited
/// for before SIGTERM comes.
const TOLD_NS: u64 = 100_000_000;
/// From there to SIGKILL: with a moment for the ways between, a death ends its job in half a second.
const ASKED_NS: u64 = 300_000_000;
/// While something is being killed, new descendants are looked for this often.
const KILL_NS: u64 = 20_000_000;
/// Something that survives SIGKILL this long (a process in an uninterruptible wait, or someone else's) is given
/// up and reported.
const GIVE_UP_NS: u64 = 5_000_000_000;

/// How far the end of a job has come. Only goes down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It runs.
    Running,
    /// The processes that speak with us know; the rest follows at `ask`.
    Told {
        /// When all are asked to end.
        ask: Time,
        /// When what is left is killed.
        kill: Time,
    },
    /// All were asked to end (SIGTERM).
    Asked {
        /// When what is left is killed.
        kill: Time,
    },
    /// What is left is being killed.
    Killing {
        /// When next.
        next: Time,
        /// Since when.
        since: Time,
    },
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Wait,
    /// Ask all to end.
    Ask,
    /// Kill what is left.
    Kill,
    /// Kill what is left, and stop waiting for it.
    GiveUp,
}

impl Stage {
    /// The stage in which an end of this manner begins; `told` says whether some processes were told.
    pub fn ending(now: Time, manner: Manner, told: bool) -> Stage {
        match manner {
            Manner::Now => Stage::Killing { next: now, since: now },
            Manner::Soon => {
                let ask = if told { now + TOLD_NS } else { now };
                Stage::Told { ask, kill: ask + ASKED_NS }
            }
            Manner::Grace(ms) => {
                let grace = u64::from(ms) * 1_000_000;
                Stage::Told { ask: now + grace / 2, kill: now + grace }
            }
        }
    }

    /// Whether `other` is nearer to the end than this.
    pub fn is_before(self, other: Stage) -> bool {
        let kill = |stage: Stage| match stage {
            Stage::Running => u64::MAX,
            Stage::Told { kill, .. } | Stage::Asked { kill } => kill.0,
            Stage::Killing { since, .. } => since.0,
        };
        kill(other) < kill(self)
    }

    /// When something is to be done next.
    pub fn deadline(self) -> Option<Time> {
        match self {
            Stage::Running => None,
            Stage::Told { ask, .. } => Some(ask),
            Stage::Asked { kill } => Some(kill),
            Stage::Killing { next, .. } => Some(next),
        }
    }

    /// Goes on as far as the time has come; says what is to be done.
    pub fn advance(&mut self, now: Time) -> Act {
        match *self {
            Stage::Told { ask, kill } if now >= ask => {
                *self = Stage::Asked { kill };
                Act::Ask
            }
            Stage::Asked { kill } if now >= kill => {
                *self = Stage::Killing { next: now + KILL_NS, since: now };
                Act::Kill
            }
            Stage::Killing { next, since } if now >= next => {
                *self = Stage::Killing { next: now + KILL_NS, since };
                if now.since(since) > GIVE_UP_NS { Act::GiveUp } else { Act::Kill }
            }
            _ => Act::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn told_then_asked_then_killed() {
        let mut stage = Stage::ending(Time(0), Manner::Soon, true);
        assert_eq!(stage.advance(Time(99 * MS)), Act::Wait);
        assert_eq!(stage.advance(Time(100 * MS)), Act::Ask);
        assert_eq!(stage.deadline(), Some(Time(400 * MS)));
        assert_eq!(stage.advance(Time(399 * MS)), Act::Wait);
        assert_eq!(stage.advance(Time(400 * MS)), Act::Kill);
        assert_eq!(stage.advance(Time(401 * MS)), Act::Wait);
        assert_eq!(stage.advance(Time(420 * MS)), Act::Kill);
        assert_eq!(stage.advance(Time(6000 * MS)), Act::GiveUp);
    }

    #[test]
    fn the_manners() {
        assert_eq!(Stage::ending(Time(5), Manner::Soon, false).advance(Time(5)), Act::Ask);
        assert_eq!(Stage::ending(Time(5), Manner::Now, true).advance(Time(5)), Act::Kill);
        assert_eq!(Stage::ending(Time(0), Manner::Grace(1000), true).deadline(), Some(Time(500 * MS)));
    }

    #[test]
    fn an_end_can_only_come_nearer() {
        let slow = Stage::ending(Time(0), Manner::Grace(5000), false);
        let fast = Stage::ending(Time(1), Manner::Soon, false);
        assert!(Stage::Running.is_before(slow) && slow.is_before(fast));
        assert!(!fast.is_before(slow) && !slow.is_before(Stage::Running));
    }
}
