//! What the launcher and a host's keeper say to each other: frames on a stream.
//!
//! The keeper answers [`ToAgent::Start`] with one [`FromAgent::Started`] or [`FromAgent::NotStarted`] a process,
//! reports everything that its processes say and how they end, and says [`FromAgent::Finished`] when none of
//! them and none of their descendants is left. When the stream ends, the keeper ends its processes.

use crate::codec::Bytes;
use crate::diagnosis::State;
use crate::{Ending, Secret, Statistic, Transport};
use serde::{Deserialize, Serialize};

/// The most bytes of output or input in one frame.
pub const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// The most bytes of input that the launcher sends before the keeper has passed them on.
pub const INPUT_WINDOW_BYTES: usize = 256 * 1024;

/// The launcher to a keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToAgent {
    /// Start these processes. The first frame.
    Start(Box<Start>),
    /// Send a signal to the processes (each one's whole process group).
    Signal(i32),
    /// Input for the processes that get any.
    Input(Bytes),
    /// The input is at its end.
    InputEnd,
    /// End what still runs.
    End {
        /// Why, told to the processes.
        reason: String,
        /// How gently.
        manner: Manner,
    },
    /// Ask the processes what they wait for.
    Examine {
        /// The question's number, for the answers.
        round: u32,
    },
}

/// How gently a job is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manner {
    /// Everything is killed.
    Now,
    /// Within half a second: the processes that speak with their keeper learn why and may say what they waited
    /// for, then comes SIGTERM, then SIGKILL.
    Soon,
    /// The processes got the user's own signal and have so many milliseconds; SIGTERM comes at their half.
    Grace(u32),
}

/// What a keeper is to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The job.
    pub job: u64,
    /// What the job's processes know and nobody else.
    pub secret: Secret,
    /// The host's name, as messages give it.
    pub host: String,
    /// Processes in the world.
    pub size: u32,
    /// The number of the first process of this host; the others follow.
    pub first: u32,
    /// The number of the first process of each host, in ascending order: at most [`HOSTS_MAX`](crate::process::HOSTS_MAX).
    pub hosts: Vec<u32>,
    /// Which part each process of this host belongs to, in order of their numbers: an index into `apps`.
    pub processes: Vec<u32>,
    /// The parts of the command line.
    pub apps: Vec<App>,
    /// What each process is bound to.
    pub bind: Bind,
    /// Whether it is told what each process is bound to.
    pub tells_bindings: bool,
    /// Which transports may be used.
    pub transport: Transport,
    /// Which processes get the launcher's standard input.
    pub input: Input,
    /// Whether a process's death leaves the others running.
    pub keep_going: bool,
    /// Whether counters are wanted at the end.
    pub statistics: bool,
    /// Settings by name, handed on to the processes.
    pub options: Vec<(String, String)>,
}

/// What processes are bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bind {
    /// Nothing: they run where the launcher may.
    #[default]
    None,
    /// Each to so many hardware threads of its own.
    Threads(u32),
    /// Each to so many cores of its own, with all their hardware threads.
    Cores(u32),
    /// Each to the cores that share a cache, which several may share.
    Cache,
    /// Each to a NUMA node, which several may share.
    Node,
    /// Each to a socket, which several may share.
    Socket,
}

/// One part of a command line: a program and how to start it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The program and its arguments, as bytes of the host's encoding.
    pub command: Vec<Vec<u8>>,
    /// The working directory; `None` for the launcher's.
    pub directory: Option<Vec<u8>>,
    /// Whether the launcher's environment is inherited.
    pub inherit_environment: bool,
    /// Variables to set, in order.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Who gets the launcher's standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// Nobody: every process reads an empty input.
    None,
    /// Process 0.
    #[default]
    First,
    /// Every process gets all of it.
    All,
    /// The process of this number.
    One(u32),
}

impl Input {
    /// Whether the process of this number gets the input.
    pub fn is_for(self, number: u32) -> bool {
        match self {
            Input::None => false,
            Input::First => number == 0,
            Input::All => true,
            Input::One(one) => number == one,
        }
    }
}

/// A keeper to the launcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromAgent {
    /// A process runs.
    Started {
        /// Its number.
        number: u32,
        /// Its process id, which is its process group's as well.
        pid: u32,
    },
    /// A process could not be started; no further one is tried.
    NotStarted {
        /// Its number.
        number: u32,
        /// Why, in one line.
        why: String,
        /// What a shell would exit with: 127 when there is no such program, 126 when it cannot be executed, else 1.
        status: u8,
    },
    /// A process wrote something.
    Output {
        /// Its number.
        number: u32,
        /// Where to.
        stream: Stream,
        /// What; at most [`CHUNK_BYTES_MAX`].
        bytes: Bytes,
    },
    /// Everything that the process will ever write on this stream has been sent.
    OutputEnd {
        /// Its number.
        number: u32,
        /// Which stream.
        stream: Stream,
    },
    /// So many bytes of input were passed on (or nobody reads them any more).
    InputTaken(u32),
    /// A process ended.
    Ended {
        /// Its number.
        number: u32,
        /// How.
        ending: Ending,
        /// How far it took part in the job.
        part: Part,
        /// Whether the kernel killed a process for lack of memory just then: most likely this one.
        starved: bool,
    },
    /// A process ends the job.
    Abort {
        /// Its number.
        number: u32,
        /// The job's exit status.
        code: i32,
        /// Why.
        reason: String,
    },
    /// A process's counters.
    Statistics {
        /// Its number.
        number: u32,
        /// They add up with those that came before.
        rows: Vec<Statistic>,
    },
    /// A process has waited for longer than the user would like.
    Overdue {
        /// Its number.
        number: u32,
    },
    /// So many processes were asked what they wait for.
    Asked {
        /// The question's number.
        round: u32,
        /// How many.
        processes: u32,
    },
    /// What a process waits for.
    State {
        /// Its number.
        number: u32,
        /// What it says.
        state: Box<State>,
    },
    /// A process has found something wrong with its program.
    Remark {
        /// Its number.
        number: u32,
        /// What.
        text: String,
    },
    /// Something that the user should know, in one line.
    Notice(String),
    /// Nothing of the job is left on this host.
    Finished,
}

/// One of a process's output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// How far a process took part in the job before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// It never claimed its rank: a plain program.
    None,
    /// It claimed its rank and did not finalise.
    Unfinished,
    /// It claimed its rank and finalised.
    Finalised,
}
