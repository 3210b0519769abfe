//! Whether the kernel killed for lack of memory. Nobody tells a process's parent; but the kernel counts.

use std::fs;

/// How often the kernel has killed for lack of memory, on this host or in a control group of it.
pub struct Starved(Option<u64>);

impl Starved {
    /// As of now. Without `/proc` nothing is ever known.
    pub fn so_far() -> Starved {
        Starved(counted())
    }

    /// Whether the kernel has killed once more than was asked before. Whom it killed it does not say.
    pub fn again(&mut self) -> bool {
        match (&mut self.0, counted()) {
            (Some(known), Some(now)) if now > *known => {
                *known += 1;
                true
            }
            _ => false,
        }
    }
}

fn counted() -> Option<u64> {
    count_in(&fs::read_to_string("/proc/vmstat").ok()?)
}

fn count_in(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found() {
        assert_eq!(count_in("pgfault 7\noom_kill 3\noom_kill_other 9\n"), Some(3));
        assert_eq!(count_in("pgfault 7\n"), None);
    }
}
