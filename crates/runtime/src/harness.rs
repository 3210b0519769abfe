//! Ranks as threads of one process: what tests, and `#[archipelago::test]`, run on. Same engine, same shared-memory
//! transport, same waiting as between processes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::Config;
use fabric::{Host, Port};
use wire::{JobId, ProcessId};

use crate::clock::Clock;
use crate::examine::{Watchdog, World};
use crate::house::House;
use crate::patience::{Patience, WAKE_NS};
use crate::process::{Parts, Process, Surroundings};
use crate::settings;

/// A world that runs for so long hangs: no test of this length is a good one, and nothing may wait for ever.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What a rank's body came to: its value, or its panic's message.
pub type Outcome<R> = Result<R, String>;

/// Runs `body` on `ranks` threads, each with a process of its own in one world, and returns what they came to, in order
/// of rank. When one panics, the others' pending and later operations end with an error that names it.
///
/// # Panics
/// When the system gives no memory or threads.
pub fn run<R: Send>(ranks: usize, body: impl Fn(Arc<Process>) -> R + Sync) -> Vec<Outcome<R>> {
    run_with(ranks, Config::default(), body)
}

/// [`run`] with settings of the engine.
///
/// # Panics
/// When the system gives no memory or threads.
pub fn run_with<R: Send>(
    ranks: usize,
    config: Config,
    body: impl Fn(Arc<Process>) -> R + Sync,
) -> Vec<Outcome<R>> {
    run_within(PATIENCE, ranks, config, body)
}

/// [`run_with`] with a patience of its own: after that time whatever still waits ends with an error.
///
/// # Panics
/// When the system gives no memory or threads.
pub fn run_within<R: Send>(
    patience: Duration,
    ranks: usize,
    config: Config,
    body: impl Fn(Arc<Process>) -> R + Sync,
) -> Vec<Outcome<R>> {
    let processes = world(ranks, config);
    let body = &body;
    let (ended, watch) = mpsc::channel::<()>();
    // Held while the world is revoked. Nobody leaves in the midst of that: others would hear that it has left, and not why.
    let revoking = Mutex::new(());
    let lock = &|| revoking.lock().unwrap_or_else(|e| e.into_inner());
    std::thread::scope(|scope| {
        let all = &processes;
        let revoke_all = move |why: &str| {
            let _revoking = lock();
            all.iter().for_each(|process| process.revoke(why));
        };
        scope.spawn(move || {
            if watch.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                revoke_all(&format!("the ranks have run for {patience:?}, which is taken for a hang"));
            }
        });
        let threads: Vec<_> = processes
            .iter()
            .map(|process| {
                let mine = process.clone();
                let run = move || {
                    let rank = mine.me().number;
                    let outcome =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(mine.clone())));
                    let outcome = outcome.map_err(|panic| {
                        let message = panic_text(&*panic);
                        revoke_all(&format!("rank {rank} panicked: {message}"));
                        message
                    });
                    drop(lock());
                    // What it still owes the others goes out, as at the end of a program. One that panicked answers no more:
                    // nobody waits for it to be done with their buffers.
                    mine.leave();
                    outcome
                };
                std::thread::Builder::new()
                    .name(format!("rank {}", process.me().number))
                    .spawn_scoped(scope, run)
                    .expect("the system gives no more threads")
            })
            .collect();
        let outcomes = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("lost".into())));
        let outcomes = outcomes.collect();
        drop(ended);
        outcomes
    })
}

/// Makes a world of `ranks` processes in this one, connected by shared memory.
///
/// # Panics
/// When the system gives no memory.
pub fn world(ranks: usize, config: Config) -> Vec<Arc<Process>> {
    /// Numbers the worlds of this process.
    static WORLDS: AtomicU64 = AtomicU64::new(1);
    // Relaxed: only uniqueness matters.
    let job = JobId((std::process::id() as u64) << 32 | WORLDS.fetch_add(1, Ordering::Relaxed));
    let slots = u16::try_from(ranks).expect("at most 65,535 ranks as threads");
    let host = Host::create(slots).expect("the system gives no memory to share");
    let cores = os::cores::Cores::of_this_process().usable();
    let watched = Arc::new(Mutex::new(World::default()));
    let watchdog = Watchdog::of_environment(false, watched.clone());
    let port = |number: u32, me| {
        let port = Port::on_host(&host, number as u16, me, 0);
        let lanes = settings::lanes_in_memory(&config, port.lanes());
        port.with_lanes(lanes)
    };
    let processes: Vec<Arc<Process>> = (0..ranks as u32)
        .map(|number| {
            let me = ProcessId { job, number, incarnation: 0 };
            Process::new(Parts {
                port: port(number, me),
                house: House::new(job, None, false, watchdog.clone()),
                clock: Clock::Machine,
                patience: Patience::for_host(ranks, cores, WAKE_NS),
                surroundings: Surroundings {
                    size: ranks as u32,
                    local_size: ranks as u32,
                    hosts: [0].into(),
                    cores: cores as u32,
                    app: 0,
                    host: "localhost".into(),
                    statistics: false,
                },
                config,
            })
        })
        .collect();
    let mut world = watched.lock().unwrap_or_else(|e| e.into_inner());
    world.processes = processes.iter().map(Arc::downgrade).collect();
    drop(world);
    processes
}

/// The message of a panic.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "(no message)".into())
}
