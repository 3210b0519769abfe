//! What this machine offers to a job, and what it denies: the facts behind `archi info` and `archi doctor`.

use std::fs;
use std::net::TcpListener;

use os::cores::Cores;
use os::limits::Descriptors;
use os::shared_file::{Origin, SharedFile};
use os::vm_read::{Piece, vm_read};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// As it should be.
    Fine,
    /// Another way is taken, which costs time or safety.
    Slow,
    /// Jobs, or large ones, do not run.
    Broken,
}

/// One fact.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it is about.
    pub name: &'static str,
    /// What was found, and which way is taken because of it.
    pub found: String,
    /// How much it matters.
    pub gravity: Gravity,
    /// What to do about it; empty where nothing needs to be done.
    pub remedy: String,
}

fn fine(name: &'static str, found: impl Into<String>) -> Finding {
    Finding { name, found: found.into(), gravity: Gravity::Fine, remedy: String::new() }
}

fn bad(name: &'static str, gravity: Gravity, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { name, found: found.into(), gravity, remedy: remedy.into() }
}

/// All of them.
pub fn findings() -> Vec<Finding> {
    vec![
        shared_memory(),
        reading(),
        loopback(),
        cores(),
        descriptors(),
        processes(),
        memory(),
        proc_file_system(),
        process_descriptors(),
        surroundings(),
    ]
}

fn shared_memory() -> Finding {
    const NAME: &str = "shared memory";
    match SharedFile::create("archi-info", 1 << 16) {
        Ok(file) => match file.origin() {
            Origin::Unnamed(directory) => bad(
                NAME,
                Gravity::Slow,
                format!(
                    "memfd_create is denied; an unnamed file in {} is used, unsealed",
                    directory.display()
                ),
                "allow memfd_create (a seccomp profile, or sysctl vm.memfd_noexec, denies it)",
            ),
            _ => fine(NAME, "memfd, sealed against shrinking: nothing in /dev/shm, nothing left behind"),
        },
        Err(denied) => bad(
            NAME,
            Gravity::Slow,
            format!("{denied}; jobs on one host use TCP over loopback"),
            "allow memfd_create, or make /dev/shm writable",
        ),
    }
}

fn reading() -> Finding {
    const NAME: &str = "process_vm_readv";
    let source = [1u8; 64];
    let mut target = [0u8; 64];
    let piece = [Piece { address: source.as_ptr() as u64, bytes: source.len() }];
    // SAFETY: the target is as long as the piece, and nobody else uses it.
    let own = unsafe { vm_read(std::process::id() as i32, &piece, target.as_mut_ptr()) };
    let streams = "large messages stream through rings instead";
    if let Err(error) = own {
        return bad(NAME, Gravity::Slow, format!("{error}; {streams}"), "allow it in the seccomp profile");
    }
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    match scope.trim() {
        "" | "0" => fine(NAME, "permitted; used for large messages where it measures faster than streaming"),
        scope => bad(
            NAME,
            Gravity::Slow,
            format!("processes may not read one another (kernel.yama.ptrace_scope = {scope}); {streams}"),
            "sysctl kernel.yama.ptrace_scope=0, where that is acceptable",
        ),
    }
}

fn loopback() -> Finding {
    match TcpListener::bind(("127.0.0.1", 0)) {
        Ok(_) => fine("TCP", "loopback works; listeners of a job on one host are bound to it alone"),
        Err(error) => bad(
            "TCP",
            Gravity::Slow,
            format!("no listener on 127.0.0.1: {error}; jobs need shared memory"),
            "bring the loopback interface up: ip link set lo up",
        ),
    }
}

fn cores() -> Finding {
    let cores = Cores::of_this_process();
    let usable = cores.usable();
    match cores.quota {
        Some(quota) if quota < cores.affinity as f64 => bad(
            "cores",
            Gravity::Slow,
            format!("{} in the affinity mask, but a cgroup grants the time of {quota:.1}", cores.affinity),
            format!("ranks beyond {usable} take turns: waiting then yields the core at once"),
        ),
        _ => fine("cores", format!("{usable}; with more ranks than that, waiting yields the core at once")),
    }
}

fn descriptors() -> Finding {
    let Descriptors { soft, hard } = Descriptors::of_this_process();
    let text = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), |limit| limit.to_string());
    let found = format!("{} (hard limit {})", text(soft), text(hard));
    match hard {
        Some(hard) if hard < 256 => bad(
            "descriptors",
            Gravity::Slow,
            format!("{found}: about {} ranks a host", hard.saturating_sub(16) / 4),
            "ulimit -Hn 4096 (or LimitNOFILE= of the service)",
        ),
        _ => fine("descriptors", found),
    }
}

fn processes() -> Finding {
    match os::limits::processes() {
        Some(limit) if limit < 64 => bad(
            "processes",
            Gravity::Slow,
            format!("at most {limit} for this user"),
            "ulimit -u 4096 (or TasksMax= of the service)",
        ),
        Some(limit) => fine("processes", format!("at most {limit} for this user")),
        None => fine("processes", "no limit for this user"),
    }
}

/// What a rank may need beyond its program's own memory, in MiB.
const RANK_MIB: u64 = 8;

fn memory() -> Finding {
    let paths = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = paths.iter().find_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    match limit.map(|bytes| bytes >> 20) {
        Some(mib) if mib < 64 * RANK_MIB => bad(
            "memory",
            Gravity::Slow,
            format!("a cgroup grants {mib} MiB: room for {} ranks beside their programs", mib / RANK_MIB),
            "raise the memory limit of the container or slice",
        ),
        Some(mib) if mib < 1 << 30 => fine("memory", format!("a cgroup grants {mib} MiB")),
        _ => fine("memory", "no cgroup limit"),
    }
}

fn proc_file_system() -> Finding {
    match fs::metadata("/proc/self/status") {
        Ok(_) => fine("/proc", "mounted"),
        Err(_) => bad(
            "/proc",
            Gravity::Slow,
            "not mounted; jobs run, but what a program leaves behind a wrapper is found by its process group alone",
            "mount -t proc proc /proc",
        ),
    }
}

fn process_descriptors() -> Finding {
    match os::spawn::pidfd(std::process::id()) {
        Ok(_) => fine("pidfd", "available"),
        Err(error) => bad(
            "pidfd",
            Gravity::Slow,
            format!("{error}; deaths are noticed by signals alone"),
            "Linux 5.3 or newer, and a seccomp profile that allows pidfd_open",
        ),
    }
}

fn surroundings() -> Finding {
    let foreign = ["PMI_RANK", "PMIX_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"];
    let found: Vec<&str> = foreign.into_iter().filter(|name| std::env::var_os(name).is_some()).collect();
    if found.is_empty() {
        return fine("launcher", "none around this shell");
    }
    bad(
        "launcher",
        Gravity::Slow,
        format!("this shell runs under another launcher ({})", found.join(", ")),
        "start jobs from outside it: its environment is not this library's",
    )
}
