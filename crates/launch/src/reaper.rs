//! Ending everything that descends from this process.

use os::signal;
use os::spawn::{has_children, reap};

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

/// Whether a child is left that is not spared. Takes note of all that ended.
pub fn is_anything_left(spared: &[u32]) -> bool {
    while reap(false).is_some() {}
    has_children()
        && match os::descendants::descendants() {
            Some(left) => left.iter().any(|pid| !spared.contains(pid)),
            None => spared.is_empty(),
        }
}
