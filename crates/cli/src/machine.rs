//! What this machine allows, found out by trying.

use fabric::{Host, Limits, Port};
use os::cores::Cores;
use os::shared_file::Origin;
use os::spawn::Spawn;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use wire::{JobId, ProcessId};

/// The command-line word by which this program is told to be one of the two processes of [`between_processes`].
pub const VERB: &str = "__probe";

/// How memory can be shared between processes.
pub enum Sharing {
    /// By a memfd, sealed.
    Memfd,
    /// By an unnamed file in this directory, because memfds are denied.
    Unnamed(String),
    /// Not at all, and why.
    Denied(String),
}

/// Finds out how memory can be shared.
pub fn sharing() -> Sharing {
    match os::SharedFile::create("archi-probe", 1 << 20) {
        Ok(file) => match file.origin() {
            Origin::Unnamed(directory) => Sharing::Unnamed(directory.display().to_string()),
            _ => Sharing::Memfd,
        },
        Err(denied) => Sharing::Denied(denied.to_string()),
    }
}

/// Finds out what shared memory can do between two processes that are no relatives but siblings, as ranks are: starts
/// two of this program and has one look at the other.
///
/// # Errors
/// When there is no shared memory, or the two cannot be started.
pub fn between_processes() -> Result<Limits, String> {
    let host = Host::create(2).map_err(|error| error.to_string())?;
    let text = |error: io::Error| error.to_string();
    // The first says when it has moved in, and stays until its input ends.
    let (mut moved_in, output) = io::pipe().map_err(text)?;
    let (input, stay) = io::pipe().map_err(text)?;
    let serving = probe(&host, "serve", Some(input), output).map_err(text)?;
    let served = moved_in.read_exact(&mut [0]);
    let answer = served.and_then(|()| {
        let (mut answers, output) = io::pipe()?;
        let asking = probe(&host, "ask", None, output)?;
        let mut answer = String::new();
        answers.read_to_string(&mut answer)?;
        os::spawn::reap_one(asking);
        Ok(answer)
    });
    drop(stay);
    os::spawn::reap_one(serving);
    let answer = answer.map_err(text)?;
    parse(&answer).ok_or_else(|| "the probe gave no answer".into())
}

fn probe(host: &Host, role: &str, input: Option<io::PipeReader>, output: io::PipeWriter) -> io::Result<u32> {
    let program = os::spawn::this_program()?;
    let mut spawn = Spawn::new(&program, OsStr::new("archi-probe"));
    let segment = spawn.inherit(host.fd().try_clone_to_owned()?);
    let error = output.try_clone()?;
    let words = [VERB.into(), role.into(), segment.to_string().into()];
    spawn
        .arguments(words)
        .input(input.map(Into::into))
        .outputs(output.into(), error.into())
        .dies_with_parent()
        .start()
}

/// One of the two processes; the exit status.
pub fn be_probed(role: &str, segment: &str) -> u8 {
    let descriptor = segment.parse().ok().and_then(|number| os::descriptor::duplicate_inherited(number).ok());
    let Some(host) = descriptor.and_then(|descriptor| Host::attach(descriptor).ok()) else { return 1 };
    let process = |number| ProcessId { job: JobId(1), number, incarnation: 0 };
    let mut out = io::stdout();
    let said = if role == "serve" {
        let _port = Port::on_host(&host, 1, process(1), 0);
        let ready = out.write_all(b"!").and_then(|()| out.flush());
        ready.and_then(|()| io::stdin().read_to_end(&mut Vec::new()).map(drop))
    } else {
        let mut port = Port::on_host(&host, 0, process(0), 0);
        let peer = port.connect(process(1));
        let limits = port.limits(peer);
        let Limits { frame_bytes_max, eager_bytes, piece_bytes, reads, read_is_cheaper } = limits;
        write!(out, "{frame_bytes_max} {eager_bytes} {piece_bytes} {reads} {read_is_cheaper}")
    };
    said.is_err().into()
}

fn parse(answer: &str) -> Option<Limits> {
    let mut words = answer.split(' ');
    let mut number = || words.next()?.parse().ok();
    let (frame_bytes_max, eager_bytes, piece_bytes) = (number()?, number()?, number()?);
    let mut flag = || words.next()?.parse().ok();
    Some(Limits { frame_bytes_max, eager_bytes, piece_bytes, reads: flag()?, read_is_cheaper: flag()? })
}

/// Yama's rule on who may read whose memory; `None` where there is no Yama.
pub fn ptrace_scope() -> Option<u32> {
    read_number("/proc/sys/kernel/yama/ptrace_scope").map(|scope| scope as u32)
}

/// Whether `/proc` is there.
pub fn has_proc() -> bool {
    std::path::Path::new("/proc/self/status").exists()
}

/// The tightest memory limit of this process's cgroup and its parents, in bytes; `None` without one.
pub fn memory_limit_bytes() -> Option<u64> {
    tightest_of_cgroups("memory", "memory.max", "memory.limit_in_bytes")
}

/// The tightest limit on processes of this process's cgroup and its parents; `None` without one.
pub fn processes_limit() -> Option<u64> {
    tightest_of_cgroups("pids", "pids.max", "pids.max")
}

/// The tightest limit in the cgroups of a controller; the names of its file in version 2 and version 1.
fn tightest_of_cgroups(controller: &str, unified: &str, of_its_own: &str) -> Option<u64> {
    let membership = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut tightest: Option<u64> = None;
    for line in membership.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { continue };
        let (base, file) = match controllers {
            "" => ("/sys/fs/cgroup".to_owned(), unified),
            _ if controllers == controller => (format!("/sys/fs/cgroup/{controller}"), of_its_own),
            _ => continue,
        };
        // Inside a container the path may be the host's: then only the root is found.
        for folder in std::path::Path::new(group).ancestors() {
            let folder = folder.to_string_lossy();
            let limit = read_number(&format!("{base}/{}/{file}", folder.trim_matches('/')));
            // Version 1 says "no limit" by a number that no machine has.
            if let Some(limit) = limit.filter(|limit| *limit < 1 << 60) {
                tightest = Some(tightest.map_or(limit, |other| other.min(limit)));
            }
        }
    }
    tightest
}

/// The kernel's clock, such as "tsc".
pub fn clock_source() -> Option<String> {
    let text =
        std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource").ok()?;
    Some(text.trim().to_owned())
}

/// The scheduler's time slice in nanoseconds, where this user may see it.
pub fn time_slice_ns() -> Option<u64> {
    ["/sys/kernel/debug/sched/base_slice_ns", "/sys/kernel/debug/sched/min_granularity_ns"]
        .into_iter()
        .find_map(read_number)
}

/// Cores as text: "2 cores", or with what narrows them.
pub fn cores_text(cores: &Cores) -> String {
    let plural = |count: usize| format!("{count} core{}", if count == 1 { "" } else { "s" });
    match cores.quota() {
        Some(quota) => {
            format!("{} of time {quota:.2} (cgroup quota), {} usable", plural(cores.affinity), cores.usable())
        }
        None => plural(cores.affinity),
    }
}

fn read_number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_or_refused() {
        let limits = parse("16384 4096 8192 true false").unwrap();
        assert_eq!((limits.frame_bytes_max, limits.eager_bytes, limits.piece_bytes), (16384, 4096, 8192));
        assert!(limits.reads && !limits.read_is_cheaper);
        assert_eq!(parse(""), None);
        assert_eq!(parse("1 2 3 true"), None);
        assert_eq!(parse("1 2 x true true"), None);
    }

    #[test]
    fn cores_in_words() {
        assert_eq!(cores_text(&Cores { affinity: 1, quota_thousandths: None }), "1 core");
        assert_eq!(
            cores_text(&Cores { affinity: 4, quota_thousandths: Some(1500) }),
            "4 cores of time 1.50 (cgroup quota), 1 usable"
        );
    }
}
