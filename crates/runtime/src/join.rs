//! Joining the job: once per operating-system process, from what the launcher left for it.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use control::{ClaimError, Claimed, Place, Refusal, Transport, Welcome, pmi};
use engine::Config;
use fabric::{Host, Port, tcp};
use wire::{JobId, ProcessId};

use crate::clock::Clock;
use crate::examine::{OVERDUE_NS, Watchdog, World, parse_watchdog};
use crate::house::House;
use crate::patience::{Patience, WAKE_NS};
use crate::process::{Parts, Process, Surroundings};
use crate::settings;

/// Why a process could not join its job.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// This process has joined already.
    Twice,
    /// The launcher's word could not be had.
    Claim(ClaimError),
    /// A setting of `archi run --set` is not one, or its value is none for it.
    Setting {
        /// Its name.
        name: String,
        /// The value that was given.
        value: String,
        /// What it takes.
        why: String,
    },
    /// A transport that the job needs does not work here.
    Transport {
        /// Which one.
        name: &'static str,
        /// Why not.
        why: String,
    },
}

impl JoinError {
    /// Whether there is nothing wrong here: the job is being ended, for a reason that its launcher tells.
    pub fn is_of_ending(&self) -> bool {
        matches!(self, JoinError::Claim(ClaimError::Refused(Refusal::Ending)))
    }
}

impl std::fmt::Display for JoinError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JoinError::Twice => {
                write!(f, "this process has already joined its job: call init once and clone the world")
            }
            JoinError::Claim(error) => write!(f, "{error}"),
            JoinError::Setting { name, value, why } => write!(f, "--set {name}={value}: {why}"),
            JoinError::Transport { name, why } => {
                write!(f, "the transport {name} does not work here: {why} (`archi doctor` says more)")
            }
        }
    }
}

impl std::error::Error for JoinError {}

/// Set by the first join of this operating-system process.
static JOINED: AtomicBool = AtomicBool::new(false);

/// Joins the job that a launcher started this process for; without one it is a world of one.
///
/// # Errors
/// As [`JoinError`] lists. The process has then not joined, and only [`JoinError::Twice`] would be different at
/// another try.
pub fn join() -> Result<Arc<Process>, JoinError> {
    if JOINED.swap(true, Ordering::AcqRel) {
        return Err(JoinError::Twice);
    }
    os::fork::watch();
    let joined = match control::claim() {
        Ok(Place::Rank(claimed)) => join_as(*claimed),
        Ok(Place::Alone(launcher)) => alone(launcher),
        Err(error) => Err(JoinError::Claim(error)),
    };
    if joined.is_err() {
        JOINED.store(false, Ordering::Release);
    }
    joined
}

/// A process that is its own world, also under the launcher of another MPI.
fn alone(launcher: Option<pmi::Client>) -> Result<Arc<Process>, JoinError> {
    let mut launcher = launcher;
    let app = match &mut launcher {
        Some(launcher) => launcher.app().map_err(|error| JoinError::Claim(error.into()))?,
        None => 0,
    };
    let job = JobId(std::process::id() as u64 | 1 << 63);
    let cores = os::cores::Cores::of_this_process().usable();
    let world = Arc::new(Mutex::new(World::default()));
    let house = House::new(job, None, false, Watchdog::of_environment(true, world.clone())).under(launcher);
    let process = Process::new(Parts {
        port: private_port(ProcessId { job, number: 0, incarnation: 0 })?,
        house,
        clock: Clock::Machine,
        patience: Patience::for_host(1, cores, WAKE_NS),
        surroundings: Surroundings {
            size: 1,
            local_size: 1,
            hosts: [0].into(),
            cores: cores as u32,
            app,
            host: "localhost".into(),
            statistics: false,
        },
        config: Config::default(),
    });
    world.lock().unwrap_or_else(PoisonError::into_inner).processes.push(Arc::downgrade(&process));
    Ok(process)
}

/// A port that reaches its own process only: memory of a host with one slot, shared with nobody.
fn private_port(me: ProcessId) -> Result<Port, JoinError> {
    let host =
        Host::create(1).map_err(|error| JoinError::Transport { name: "self", why: error.to_string() })?;
    Ok(Port::on_host(&host, 0, me, 0))
}

fn join_as(claimed: Claimed) -> Result<Arc<Process>, JoinError> {
    let Claimed { welcome, segment, link, launcher } = claimed;
    let me = welcome.me();
    let (config, overdue_ns) = config(&welcome)?;
    let mut port = match shared_port(&welcome, segment) {
        Ok(port) => {
            let lanes = settings::lanes_in_memory(&config, port.lanes());
            port.with_lanes(lanes)
        }
        Err(why) if welcome.transport == Transport::Shm => {
            return Err(JoinError::Transport { name: "shm", why });
        }
        Err(_) => {
            let lanes = settings::lanes_over_sockets(&config, welcome.size);
            socket_port(&welcome, config.link_timeout_ns)?.with_lanes(lanes)
        }
    };
    let is_heard_asleep = port.listen_to(&link);
    let watchdog = Watchdog { overdue_ns, owns_threads: true, world: Arc::default() };
    let house = House::new(me.job, Some(link), is_heard_asleep, watchdog).under(launcher);
    if let Some(card) = port.card() {
        house.publish(0, &card);
    }
    let patience = Patience::for_host(welcome.local_size as usize, welcome.cores as usize, WAKE_NS);
    let surroundings = Surroundings {
        size: welcome.size,
        local_size: welcome.local_size,
        hosts: welcome.hosts.into(),
        cores: welcome.cores,
        app: welcome.app,
        host: welcome.host,
        statistics: welcome.statistics,
    };
    let process = Process::new(Parts { port, house, clock: Clock::Machine, patience, surroundings, config });
    if config.check {
        process.look_back_at_exit();
    }
    Ok(process)
}

/// A port on the host's memory, or why there is none.
fn shared_port(welcome: &Welcome, segment: Option<OwnedFd>) -> Result<Port, String> {
    if welcome.transport == Transport::Tcp {
        return Err("the job was started with --transport tcp".into());
    }
    let segment = segment.ok_or("the keeper could make no memory to share")?;
    let host = Host::attach(segment).map_err(|error| error.to_string())?;
    let slot = (welcome.number - welcome.first_local) as u16;
    Ok(Port::on_host(&host, slot, welcome.me(), 0))
}

/// A port on sockets: for a job that spans hosts, that was told so, or whose host gives no memory to share.
fn socket_port(welcome: &Welcome, link_timeout_ns: u64) -> Result<Port, JoinError> {
    let why = |error: std::io::Error| JoinError::Transport { name: "tcp", why: error.to_string() };
    let new = tcp::Settings::new(welcome.me(), welcome.secret.clone());
    let mut settings = tcp::Settings { link_timeout_ns, ..new };
    if welcome.local_size < welcome.size {
        settings.reach = tcp::Reach::network().map_err(why)?;
    }
    Ok(Port::on_tcp(tcp::Port::new(settings).map_err(why)?))
}

/// What the watchdog's time is.
const SECONDS: &str = "it takes a number of seconds, or off";

/// What the user set with `archi run --set name=value`, and after how long a wait is overdue.
fn config(welcome: &Welcome) -> Result<(Config, u64), JoinError> {
    let (mut config, mut overdue_ns) = (Config { job_size: welcome.size, ..Config::default() }, OVERDUE_NS);
    for (name, value) in &welcome.options {
        let refuse = |why| JoinError::Setting { name: name.clone(), value: value.clone(), why };
        match name.as_str() {
            // These two have options of their own.
            "watchdog" => overdue_ns = parse_watchdog(value).ok_or_else(|| refuse(SECONDS.to_owned()))?,
            "check" if ["on", "off"].contains(&value.as_str()) => config.check = value == "on",
            "check" => return Err(refuse("there are on and off".to_owned())),
            _ => settings::set(&mut config, name, value).map_err(refuse)?,
        }
    }
    Ok((config, overdue_ns))
}
