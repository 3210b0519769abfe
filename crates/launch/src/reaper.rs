//! Being responsible for everything that descends from this process, and ending it.

use os::Time;
use os::signal::{self, SignalReader};
use os::spawn::{has_children, reap};
use std::io;
use std::time::Duration;

/// What is killed is gone within this time, or is given up and reported.
const GIVE_UP_NS: u64 = 5_000_000_000;
/// How often it is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(10);

/// The signals that ask something of the job, and the end of a child.
pub const SIGNALS: [i32; 7] = [
    signal::SIGCHLD,
    signal::SIGINT,
    signal::SIGTERM,
    signal::SIGHUP,
    signal::SIGQUIT,
    signal::SIGUSR1,
    signal::SIGUSR2,
];

/// Makes sure that the ends of children are told: a caller may have ignored SIGCHLD, and then the kernel forgets them.
pub fn expect_ends() {
    signal::reset(&[signal::SIGCHLD]);
}

/// From now on this process reads these signals instead of dying of them, and adopts the orphans among its descendants.
///
/// # Errors
/// When the process is out of descriptors.
pub fn take_over(signals: &[i32]) -> io::Result<SignalReader> {
    expect_ends();
    let reader = SignalReader::block(signals)?;
    // Without it, orphans go to init: the process groups are still killed.
    let _ = os::spawn::become_subreaper();
    Ok(reader)
}

/// Asks (SIGTERM, and SIGCONT for those that are stopped) all descendants to end: the known groups as a whole,
/// so that a shell does not start its next command when the one before it ends, and the others one by one.
pub fn ask(groups: &[u32], spared: &[u32]) {
    for &group in groups {
        let _ = signal::send_group(group, signal::SIGTERM);
        let _ = signal::send_group(group, signal::SIGCONT);
    }
    for pid in os::descendants::descendants().unwrap_or_default() {
        let asked = os::spawn::group_of(pid).is_some_and(|group| groups.contains(&group));
        if !asked && !spared.contains(&pid) {
            let _ = signal::send(pid, signal::SIGTERM);
            let _ = signal::send(pid, signal::SIGCONT);
        }
    }
}

/// Kills the known groups and all descendants but the spared ones. Processes that start meanwhile are found by
/// the next call.
pub fn kill(groups: &[u32], spared: &[u32]) {
    for &group in groups {
        let _ = signal::send_group(group, signal::SIGKILL);
    }
    for pid in os::descendants::descendants().unwrap_or_default() {
        if !spared.contains(&pid) {
            let _ = signal::send(pid, signal::SIGKILL);
        }
    }
}

/// Kills the known groups and all descendants but the spared ones until none is left, with `pause` between two looks.
/// False: some survive SIGKILL.
pub fn clear(groups: &[u32], spared: &[u32], mut pause: impl FnMut(Duration)) -> bool {
    let begin = Time::now();
    loop {
        kill(groups, spared);
        if !is_anything_left(spared) {
            return true;
        }
        if Time::now().since(begin) > GIVE_UP_NS {
            return false;
        }
        pause(LOOK);
    }
}

/// Whether a child is left that is not spared. Takes note of all that ended.
fn is_anything_left(spared: &[u32]) -> bool {
    while reap(false).is_some() {}
    has_children()
        && match os::descendants::descendants() {
            Some(left) => left.iter().any(|pid| !spared.contains(pid)),
            None => spared.is_empty(),
        }
}
