//! What a process and its host's keeper say to each other.
//!
//! A process begins with [`ToKeeper::Claim`] on the socket that it inherited; everything else travels on the
//! private socket that came with the claim, in order, one message a packet.

use crate::Secret;
use crate::diagnosis::State;
use serde::{Deserialize, Serialize};
use wire::{JobId, ProcessId};

/// Names the inherited descriptor on which a process claims its rank.
pub const FD_VARIABLE: &str = "ARCHIPELAGO_FD";
/// The process's rank in the world. For scripts; the runtime learns it from [`Welcome`].
pub const RANK_VARIABLE: &str = "ARCHIPELAGO_RANK";
/// The number of processes of the job. For scripts.
pub const SIZE_VARIABLE: &str = "ARCHIPELAGO_SIZE";
/// The process's place among those of its host. For scripts.
pub const LOCAL_RANK_VARIABLE: &str = "ARCHIPELAGO_LOCAL_RANK";
/// The number of processes of the job on this host. For scripts.
pub const LOCAL_SIZE_VARIABLE: &str = "ARCHIPELAGO_LOCAL_SIZE";
/// All of the above: what a nested job must not inherit.
pub const VARIABLES: [&str; 5] =
    [FD_VARIABLE, RANK_VARIABLE, SIZE_VARIABLE, LOCAL_RANK_VARIABLE, LOCAL_SIZE_VARIABLE];

/// Names MPI's initial error handler, which counts before a process has joined: `mpi_errors_are_fatal`, `mpi_errors_abort` or
/// `mpi_errors_return`.
pub const INITIAL_HANDLER_VARIABLE: &str = "ARCHIPELAGO_INITIAL_ERRHANDLER";

/// The most bytes of a [`Key`]'s name.
pub const NAME_BYTES_MAX: usize = 256;
/// The most bytes of a value that [`ToKeeper::Put`] stores.
pub const VALUE_BYTES_MAX: usize = 32 * 1024;
/// The most keys that one process may have stored.
pub const KEYS_MAX: usize = 1024;
/// The most bytes of a [`ToKeeper::Remark`].
pub const REMARK_BYTES_MAX: usize = 8 * 1024;
/// The most [`Statistic`]s in one message.
pub const STATISTICS_MAX: usize = 256;

/// The most hosts of a job: that many of them leave room in a message for everything else.
pub const HOSTS_MAX: usize = 8 * 1024;

/// A process to its keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToKeeper {
    /// "I am the process that you started here." Carries one end of a fresh socket pair, on which the answer
    /// comes; the only message on the inherited socket.
    Claim {
        /// The claimant's process id, for the message that a second claimant gets.
        pid: u32,
        /// Its program, for the same.
        program: String,
    },
    /// "I am the process of this number", where another launcher has started it; carries the same as a claim. The only message on
    /// its connection, which the process has made itself.
    Enter {
        /// Its number.
        number: u32,
        /// Shows that it is one of the job.
        key: Secret,
        /// As in a claim.
        pid: u32,
        /// As in a claim.
        program: String,
    },
    /// Stores a value under a name of this process; a later one replaces it. No answer.
    Put {
        /// The name, at most [`NAME_BYTES_MAX`] bytes.
        name: String,
        /// The value, at most [`VALUE_BYTES_MAX`] bytes.
        value: Vec<u8>,
    },
    /// Asks for a value; [`FromKeeper::Value`] answers as soon as its owner has stored it.
    Get(Key),
    /// Counters of this process so far, at most [`STATISTICS_MAX`] of them; several messages add up.
    Statistics(Vec<Statistic>),
    /// The process has finalised: its end is no failure if its status is 0.
    Goodbye,
    /// The process ends the whole job.
    Abort {
        /// The job's exit status.
        code: i32,
        /// Why, for the user.
        reason: String,
    },
    /// A thread of this process has waited for longer than the user would like: somebody should look who waits for whom.
    Overdue,
    /// Answers [`FromKeeper::Examine`]: what the process waits for.
    State(Box<State>),
    /// Something that was found wrong with the program, in a few lines, at most [`REMARK_BYTES_MAX`] bytes.
    Remark(String),
    /// The process has nothing to do in its job now, though it has not left: its end is no failure if its status is 0. Or, if false,
    /// it has again.
    Resting(bool),
}

/// A keeper to one of its processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromKeeper {
    /// The claim is accepted. Carries the host segment's descriptor if there is one.
    Welcome(Box<Welcome>),
    /// The claim is refused, and nothing else follows.
    Refused(Refusal),
    /// Answers [`ToKeeper::Get`].
    Value {
        /// What was asked for.
        key: Key,
        /// The value; `None` when its owner ended without storing one.
        value: Option<Vec<u8>>,
    },
    /// A process of the job ended without having finalised. Not told of one that aborted the job: its end is told.
    Died {
        /// Which.
        number: u32,
        /// Which incarnation of it.
        incarnation: u32,
        /// How.
        ending: crate::Ending,
    },
    /// A process of the job finalised, or ended well without having joined.
    Left {
        /// Which.
        number: u32,
        /// Which incarnation of it.
        incarnation: u32,
    },
    /// The job ends now: another process aborted it, it is out of time, or its user wants it to end. What does
    /// not end by itself is killed.
    Ending {
        /// Why.
        reason: String,
    },
    /// Asks what the process waits for. One that doesn't wait for anything may be silent.
    Examine {
        /// The question's number, for the answer.
        round: u32,
    },
}

/// A value's address: whose, and its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The number of the process that stores it.
    pub number: u32,
    /// The name under which it does, at most [`NAME_BYTES_MAX`] bytes.
    pub name: String,
}

/// Who a process is, and what it needs to know to take part in its job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The job.
    pub job: u64,
    /// The process's number in the job; its rank in the world.
    pub number: u32,
    /// 0 unless the process replaces one that ended.
    pub incarnation: u32,
    /// Processes in the world: numbers 0 to `size - 1`.
    pub size: u32,
    /// The lowest number on this host; the others follow without a gap.
    pub first_local: u32,
    /// Processes of the world on this host.
    pub local_size: u32,
    /// The lowest number on each host, in ascending order, at most [`HOSTS_MAX`]: `first_local` is one of them.
    pub hosts: Vec<u32>,
    /// Slots of the host segment; at least `local_size`.
    pub slots: u16,
    /// The processor cores that the job may use on this host (cpuset and cgroup quota considered).
    pub cores: u32,
    /// Which of the `:`-separated parts of the command line the process belongs to, from 0.
    pub app: u32,
    /// The host's name, as messages give it.
    pub host: String,
    /// What the user asked for.
    pub transport: Transport,
    /// What the job's processes know and nobody else.
    pub secret: Secret,
    /// Whether [`ToKeeper::Statistics`] are wanted at the end.
    pub statistics: bool,
    /// Settings by name, as the user gave them.
    pub options: Vec<(String, String)>,
}

impl Welcome {
    /// The process's identity.
    pub fn me(&self) -> ProcessId {
        ProcessId { job: JobId(self.job), number: self.number, incarnation: self.incarnation }
    }

    /// Which of the job's hosts a process of the world runs on, counted from 0.
    ///
    /// ```
    /// use archipelago_control::process::host_of;
    /// assert_eq!([0, 1, 2, 3, 9].map(|number| host_of(&[0, 2, 3], number)), [0, 0, 1, 2, 2]);
    /// ```
    pub fn host_of(&self, number: u32) -> usize {
        host_of(&self.hosts, number)
    }

    /// Whether a process of the world runs on this host.
    pub fn is_local(&self, number: u32) -> bool {
        number.checked_sub(self.first_local).is_some_and(|place| place < self.local_size)
    }
}

/// Which host a process runs on, counted from 0, where `firsts` are the lowest numbers on each host in ascending order.
pub fn host_of(firsts: &[u32], number: u32) -> usize {
    firsts.partition_point(|first| *first <= number).saturating_sub(1)
}

/// Which transports a job may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// Shared memory where it works, TCP elsewhere.
    #[default]
    Auto,
    /// Shared memory only: an error where it does not work.
    Shm,
    /// TCP only, also between processes of one host.
    Tcp,
}

/// Why a claim is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The rank was claimed before.
    Claimed {
        /// The rank.
        number: u32,
        /// The process id of the first claimant.
        pid: u32,
        /// Its program.
        program: String,
    },
    /// The job is ending.
    Ending,
    /// The claim could not be understood.
    Malformed(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Claimed { number, pid, program } => write!(
                f,
                "rank {number} is already claimed by process {pid} ({program}); a child program, or a second copy \
                 of the library in one process, cannot be the same rank (for a run of its own, start it by \
                 `archi run`, or with {}=1)",
                crate::foreign::ALONE_VARIABLE
            ),
            Refusal::Ending => write!(f, "the job is ending"),
            Refusal::Malformed(why) => write!(f, "the keeper did not understand the claim: {why}"),
        }
    }
}

/// One line of a process's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistic {
    /// The layer that counted, such as "shm", "tcp", "engine".
    pub layer: String,
    /// The peer's number, or `None` for the sum over all peers.
    pub peer: Option<u32>,
    /// Messages sent.
    pub messages_out: u64,
    /// Bytes of payload sent.
    pub bytes_out: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Bytes of payload received.
    pub bytes_in: u64,
    /// Times that the process waited (yielded or slept) for this.
    pub waits: u64,
    /// Bytes copied by the library.
    pub bytes_copied: u64,
}
