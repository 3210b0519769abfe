//! What this machine offers to a job, and what it denies: the facts behind `archi info` and `archi doctor`.

use crate::machine::{self, Sharing};
use os::cores::Cores;
use os::limits::Descriptors;

/// Memory that the library needs for each process beyond the program's own, in bytes: what the project promises.
const MEMORY_EACH_BYTES: u64 = 8 << 20;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gravity {
    /// As it should be.
    Fine,
    /// Another way is taken, which costs time or safety.
    Slow,
    /// The job does not run.
    Broken,
}

/// One fact.
pub struct Finding {
    /// What it is about.
    pub name: &'static str,
    /// How much it matters.
    pub gravity: Gravity,
    /// What was found, and which way is taken because of it.
    pub found: String,
    /// What to do about it; empty where nothing needs to be done.
    pub remedy: &'static str,
}

/// All of them, for a job of so many processes.
pub fn findings(ranks: u32) -> Vec<Finding> {
    let cores = Cores::of_this_process();
    let loopback = loopback();
    let tcp = loopback.gravity == Gravity::Fine;
    let mut findings = vec![shared_memory(ranks, tcp), reading(), loopback];
    findings.extend([cores_for(ranks, &cores), time_slice(ranks, &cores), clock(), memory(ranks)]);
    findings.extend([descriptors(ranks), processes(ranks), proc_files(), process_descriptors(), subreaper()]);
    findings.push(surroundings());
    findings
}

fn fine(name: &'static str, found: impl Into<String>) -> Finding {
    Finding { name, gravity: Gravity::Fine, found: found.into(), remedy: "" }
}

fn slow(name: &'static str, found: impl Into<String>, remedy: &'static str) -> Finding {
    Finding { name, gravity: Gravity::Slow, found: found.into(), remedy }
}

fn broken(name: &'static str, found: impl Into<String>, remedy: &'static str) -> Finding {
    Finding { name, gravity: Gravity::Broken, found: found.into(), remedy }
}

fn shared_memory(ranks: u32, tcp: bool) -> Finding {
    const NAME: &str = "shared memory";
    let remedy = match os::limits::file_bytes() {
        Some(_) => {
            "raise the limit on the size of files, which holds for shared memory too: ulimit -f unlimited"
        }
        None => "allow memfd_create, or mount a tmpfs on /dev/shm",
    };
    let of_the_host = match os::limits::file_bytes() {
        Some(_) => remedy,
        None => "raise the limit on address space: ulimit -v unlimited",
    };
    match machine::sharing() {
        Sharing::Denied(why) if tcp => slow(NAME, format!("{why}; messages go over TCP"), remedy),
        Sharing::Denied(why) => broken(NAME, why, remedy),
        how => match fabric::Host::create(ranks as u16) {
            Err(error) if tcp => slow(NAME, format!("{error}; messages go over TCP"), of_the_host),
            Err(error) => broken(NAME, error.to_string(), of_the_host),
            Ok(_) => match how {
                Sharing::Unnamed(directory) if directory == "/tmp" => slow(
                    NAME,
                    "memfd_create is denied; an unnamed file in /tmp, which may be a disk, is used",
                    "allow memfd_create in the container's seccomp profile, or mount a tmpfs on /dev/shm",
                ),
                Sharing::Unnamed(directory) => {
                    fine(NAME, format!("an unnamed file in {directory} (memfd_create is denied)"))
                }
                _ => fine(NAME, "memfd"),
            },
        },
    }
}

fn reading() -> Finding {
    const NAME: &str = "reading of memory";
    let remedy = match machine::ptrace_scope() {
        Some(scope) if scope > 0 => {
            "sysctl kernel.yama.ptrace_scope=0 (large messages are streamed meanwhile)"
        }
        _ => {
            "allow process_vm_readv in the container's seccomp profile (large messages are streamed meanwhile)"
        }
    };
    match machine::between_processes() {
        Ok(limits) if limits.reads => fine(NAME, "processes may read each other's memory (process_vm_readv)"),
        Ok(_) => match machine::ptrace_scope() {
            Some(scope) if scope > 0 => {
                slow(NAME, format!("denied: kernel.yama.ptrace_scope is {scope}"), remedy)
            }
            _ => slow(NAME, "denied: process_vm_readv is not permitted", remedy),
        },
        Err(why) => slow(NAME, format!("could not be tried: {why}"), "mend what else is named here first"),
    }
}

fn loopback() -> Finding {
    match std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)) {
        Ok(_) => fine("loopback", "127.0.0.1 takes connections"),
        Err(error) => {
            slow("loopback", format!("127.0.0.1: {error}"), "bring the interface lo up: ip link set lo up")
        }
    }
}

fn descriptors(ranks: u32) -> Finding {
    let needed = launch::keeper::descriptors_needed(u64::from(ranks));
    let limit = Descriptors::of_this_process();
    match limit.hard {
        Some(hard) if hard < needed => broken(
            "descriptors",
            format!("the hard limit is {hard}, the keeper of {ranks} processes needs {needed}"),
            "raise it: ulimit -Hn 4096 (or LimitNOFILE, or --ulimit nofile of the container)",
        ),
        Some(hard) => fine("descriptors", format!("the hard limit is {hard}, {needed} are needed")),
        None => fine("descriptors", "no limit"),
    }
}

fn processes(ranks: u32) -> Finding {
    // Beside them the launcher, the keeper and its guard.
    let needed = u64::from(ranks) + 3;
    let group = machine::processes_limit();
    match os::limits::processes() {
        _ if group.is_some_and(|limit| limit < needed) => broken(
            "processes",
            format!("the cgroup allows {}, {needed} are needed", group.unwrap_or_default()),
            "raise pids.max (docker --pids-limit)",
        ),
        Some(limit) if limit < needed => broken(
            "processes",
            format!("this user may have {limit} processes, {needed} are needed"),
            "raise it: ulimit -u 4096",
        ),
        Some(limit) => fine("processes", format!("this user may have {}", limit.min(group.unwrap_or(limit)))),
        None => {
            fine("processes", group.map_or("no limit".into(), |limit| format!("the cgroup allows {limit}")))
        }
    }
}

fn proc_files() -> Finding {
    match machine::has_proc() {
        true => fine("/proc", "mounted"),
        false => slow(
            "/proc",
            "not mounted: what processes start in sessions of their own cannot be found at the end",
            "mount -t proc proc /proc",
        ),
    }
}

fn process_descriptors() -> Finding {
    match os::spawn::pidfd(std::process::id()) {
        Ok(_) => fine("pidfd_open", "allowed"),
        Err(error) => slow(
            "pidfd_open",
            format!("{error}: processes do not read each other's memory"),
            "allow it in the container's seccomp profile (Linux 5.3 or later)",
        ),
    }
}

fn subreaper() -> Finding {
    match os::spawn::become_subreaper() {
        Ok(()) => fine("subreaper", "orphans of a job are found and ended"),
        Err(error) => {
            slow("subreaper", format!("{error}: orphans of a job may stay"), "Linux 3.4 or later is needed")
        }
    }
}

fn cores_for(ranks: u32, cores: &Cores) -> Finding {
    let plural = if ranks == 1 { "" } else { "es" };
    let text = format!("{ranks} process{plural} on {}", machine::cores_text(cores));
    match (cores.quota(), ranks as usize > cores.usable()) {
        (_, true) => {
            slow("cores", text, "works: who waits sleeps; for speed, start no more processes than cores")
        }
        (Some(quota), false) if quota < cores.affinity as f64 => slow(
            "cores",
            format!("{text}: the kernel pauses the whole group when its time is used up"),
            "raise the quota (docker --cpus), or narrow the cpuset to it",
        ),
        _ => fine("cores", text),
    }
}

fn memory(ranks: u32) -> Finding {
    let needed = u64::from(ranks) * MEMORY_EACH_BYTES;
    let mib = |bytes: u64| bytes >> 20;
    match machine::memory_limit_bytes() {
        Some(limit) if limit < needed => broken(
            "memory",
            format!("the cgroup allows {} MiB, the library alone may need {} MiB", mib(limit), mib(needed)),
            "raise memory.max (docker --memory), or start fewer processes",
        ),
        Some(limit) => fine("memory", format!("the cgroup allows {} MiB", mib(limit))),
        None if !machine::has_proc() => fine("memory", "not told without /proc"),
        None => fine("memory", "no cgroup limit"),
    }
}

fn clock() -> Finding {
    match machine::clock_source() {
        Some(source)
            if matches!(source.as_str(), "hpet" | "acpi_pm" | "jiffies" | "refined-jiffies" | "xen") =>
        {
            slow(
                "clock",
                format!("{source}: reading the time takes a system call"),
                "boot with clocksource=tsc if the machine's is stable",
            )
        }
        Some(source) => fine("clock", source),
        None => fine("clock", "not told here"),
    }
}

fn time_slice(ranks: u32, cores: &Cores) -> Finding {
    let crowded = ranks as usize > cores.usable();
    match machine::time_slice_ns() {
        Some(ns) if crowded && ns > 10_000_000 => slow(
            "time slice",
            format!("{} ms: a process that computes holds up those that share its core", ns / 1_000_000),
            "lower it: echo 3000000 > /sys/kernel/debug/sched/base_slice_ns",
        ),
        Some(ns) => fine("time slice", format!("{:.1} ms", ns as f64 / 1e6)),
        None => fine("time slice", "not told to this user"),
    }
}

fn surroundings() -> Finding {
    let foreign = ["PMI_RANK", "PMIX_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"];
    let found: Vec<&str> = foreign.into_iter().filter(|name| std::env::var_os(name).is_some()).collect();
    if found.is_empty() {
        return fine("launcher", "none around this shell");
    }
    let found = format!("this shell runs under another launcher ({})", found.join(", "));
    slow("launcher", found, "start jobs from outside it: its environment is not this library's")
}
