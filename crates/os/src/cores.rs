//! How many cores this process may really use, and on which it runs.

use std::fs;
use std::io;

use rustix::thread::CpuSet;

/// What limits the cores of this process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cores {
    /// Cores in the affinity mask (which a cpuset cgroup narrows too).
    pub affinity: usize,
    /// CPU time per time that cgroups grant, in thousandths of a core; `None` without a quota. In whole numbers: who only asks raises no
    /// floating-point flag.
    pub quota_thousandths: Option<u64>,
}

impl Cores {
    /// Asks the kernel. A quota that can't be read (no `/proc`, no `/sys`) counts as none.
    pub fn of_this_process() -> Cores {
        let affinity = match rustix::thread::sched_getaffinity(None) {
            Ok(set) => set.count() as usize,
            Err(_) => std::thread::available_parallelism().map_or(1, |n| n.get()),
        };
        let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let quota_thousandths = quota(&membership, |path| fs::read_to_string(path).ok());
        Cores { affinity: affinity.max(1), quota_thousandths }
    }

    /// The quota in cores (1.5: one and a half).
    pub fn quota(&self) -> Option<f64> {
        self.quota_thousandths.map(|thousandths| thousandths as f64 / 1000.0)
    }

    /// How many threads can run at once: at least 1. A quota of 1.5 lets two threads run, with pauses; it counts
    /// as 1 here, because a spinning second thread would eat the first one's time.
    pub fn usable(&self) -> usize {
        match self.quota_thousandths {
            Some(quota) => self.affinity.min((quota / 1000).max(1) as usize),
            None => self.affinity,
        }
    }
}

/// The cores of this process's affinity mask, in ascending order.
///
/// # Errors
/// What `sched_getaffinity` says.
pub fn affinity() -> io::Result<Vec<usize>> {
    let set = rustix::thread::sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect())
}

/// Binds the calling thread to these cores.
///
/// # Errors
/// `InvalidInput` when there is none or a number is too large; what `sched_setaffinity` says.
pub fn bind(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &core in cores {
        if core >= CpuSet::MAX_CPU {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        set.set(core);
    }
    Ok(rustix::thread::sched_setaffinity(None, &set)?)
}

/// The core on which the calling thread runs now.
pub fn current() -> usize {
    rustix::thread::sched_getcpu()
}

/// The tightest quota of the groups in `membership` (the text of `/proc/self/cgroup`) and of all their parents.
fn quota(membership: &str, read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let mut tightest: Option<u64> = None;
    let mut take = |quota: Option<u64>| {
        if let Some(quota) = quota {
            tightest = Some(tightest.map_or(quota, |other| other.min(quota)));
        }
    };
    for line in membership.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(id), Some(controllers), Some(group)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        if id == "0" && controllers.is_empty() {
            for folder in with_parents(group) {
                take(read(&format!("/sys/fs/cgroup{folder}/cpu.max")).and_then(|text| quota_v2(&text)));
            }
        } else if controllers.split(',').any(|controller| controller == "cpu") {
            for folder in with_parents(group) {
                let base = format!("/sys/fs/cgroup/cpu{folder}");
                let quota = read(&format!("{base}/cpu.cfs_quota_us"));
                let period = read(&format!("{base}/cpu.cfs_period_us"));
                take(quota.zip(period).and_then(|(quota, period)| quota_v1(&quota, &period)));
            }
        }
    }
    tightest
}

/// `/a/b` gives `/a/b`, `/a` and the root. Inside a container the path may be the host's: then only the root is found.
fn with_parents(group: &str) -> impl Iterator<Item = &str> {
    let group = group.trim_end_matches('/');
    let ends = group.match_indices('/').map(|(at, _)| at).chain([group.len()]).collect::<Vec<_>>();
    ends.into_iter().rev().map(move |end| &group[..end])
}

/// Parses `cpu.max`: "max 100000" or "150000 100000".
fn quota_v2(text: &str) -> Option<u64> {
    let (quota, period) = text.trim().split_once(' ')?;
    ratio(quota, period)
}

/// Parses the two files of version 1, where -1 means no quota.
fn quota_v1(quota: &str, period: &str) -> Option<u64> {
    ratio(quota.trim(), period.trim())
}

/// In thousandths.
fn ratio(quota: &str, period: &str) -> Option<u64> {
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > 0).then(|| quota.saturating_mul(1000).checked_div(period)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(membership: &str, files: &[(&str, &str)], expected: Option<u64>) {
        let read =
            |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.to_string());
        assert_eq!(quota(membership, read), expected);
    }

    #[test]
    fn quotas() {
        check("", &[], None);
        check("0::/\n", &[("/sys/fs/cgroup/cpu.max", "max 100000\n")], None);
        check("0::/\n", &[("/sys/fs/cgroup/cpu.max", "150000 100000\n")], Some(1500));
        // The tightest of a group and its parents holds.
        let files = [
            ("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n"),
            ("/sys/fs/cgroup/a/cpu.max", "200000 100000\n"),
            ("/sys/fs/cgroup/cpu.max", "max 100000\n"),
        ];
        check("0::/a/b\n", &files, Some(2000));
        let files = [
            ("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n"),
            ("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ];
        check("4:memory:/x\n3:cpu,cpuacct:/job\n", &files, Some(500));
        check("nonsense\n0::\n:::\n", &[("/sys/fs/cgroup/cpu.max", "garbage")], None);
    }

    #[test]
    fn a_part_of_a_core_counts_down_but_never_to_none() {
        assert_eq!(Cores { affinity: 8, quota_thousandths: None }.usable(), 8);
        assert_eq!(Cores { affinity: 8, quota_thousandths: Some(2500) }.usable(), 2);
        assert_eq!(Cores { affinity: 2, quota_thousandths: Some(16_000) }.usable(), 2);
        assert_eq!(Cores { affinity: 2, quota_thousandths: Some(200) }.usable(), 1);
    }

    #[test]
    fn binding_narrows_the_mask() {
        std::thread::spawn(|| {
            let all = affinity().unwrap();
            assert_eq!(all.len(), Cores::of_this_process().affinity);
            bind(&all[..1]).unwrap();
            assert_eq!(affinity().unwrap(), &all[..1]);
            assert_eq!(current(), all[0]);
            assert!(bind(&[]).is_err());
            assert!(bind(&[1 << 20]).is_err());
        })
        .join()
        .unwrap();
    }
}
