//! Jobs where the system denies things: another way is taken, or one clear line says what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use system_tests::{Ran, archi, until};

const SUBJECT: &str = env!("CARGO_BIN_EXE_subject");

/// Runs the exchange on `ranks` under these settings of `subject under`.
fn exchange(settings: &[&str], ranks: usize, options: &[&str]) -> Ran {
    let mut command = Command::new(SUBJECT);
    command.arg("under").args(settings).arg("--").arg(archi());
    command.args(["run", "-n", &ranks.to_string()]).args(options).args([SUBJECT, "exchange"]);
    Ran::of(command)
}

fn check(settings: &[&str], ranks: usize, options: &[&str]) {
    let ran = exchange(settings, ranks, options).expect_status(0);
    let mut expected: Vec<String> =
        (0..ranks).map(|rank| format!("rank {rank} of {ranks} is right")).collect();
    expected.sort();
    assert_eq!(ran.output, expected, "{}", ran.error);
}

#[test]
fn nothing_denied_over_either_transport() {
    for ranks in [1, 2, 3, 7] {
        check(&[], ranks, &[]);
        check(&[], ranks, &["--transport", "tcp"]);
    }
}

#[test]
fn no_reading_of_other_processes() {
    check(&["deny=process_vm_readv,process_vm_writev"], 3, &[]);
}

#[test]
fn no_anonymous_files() {
    check(&["deny=memfd_create"], 3, &[]);
}

#[test]
fn no_barriers_across_processes() {
    check(&["deny=membarrier"], 3, &[]);
}

#[test]
fn all_of_them_denied_at_once() {
    check(&["deny=process_vm_readv,process_vm_writev,memfd_create,membarrier"], 4, &[]);
}

#[test]
fn few_descriptors() {
    check(&["fds=64"], 4, &[]);
    check(&["fds=64"], 4, &["--transport", "tcp"]);
}

#[test]
fn many_more_ranks_than_cores() {
    check(&[], 24, &[]);
}

/// Mount namespaces need rights that a test may lack; the launcher's own message then says so.
#[test]
fn without_proc() {
    let script = "umount -l /proc && exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(archi());
    command.args(["run", "-n", "3", SUBJECT, "exchange"]);
    let probe = Command::new("unshare").args(["--mount", "sh", "-c", "umount -l /proc"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("no right to unmount /proc here: nothing to test");
        return;
    }
    let ran = Ran::of(command).expect_status(0);
    assert_eq!(ran.output.len(), 3, "{}", ran.error);
}

/// A memory cgroup of a test's own, removed at the end: when every process in it is gone.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    /// `None` where the test may not make one.
    fn new(name: &str, bytes: u64) -> Option<MemoryGroup> {
        let (v1, v2) = ("/sys/fs/cgroup/memory", "/sys/fs/cgroup");
        let (base, limit) = match Path::new(v1).exists() {
            true => (v1, "memory.limit_in_bytes"),
            false => (v2, "memory.max"),
        };
        let group = Path::new(base).join(format!("archi-test-{name}-{}", std::process::id()));
        let made = std::fs::create_dir(&group);
        if made.and_then(|()| std::fs::write(group.join(limit), bytes.to_string())).is_err() {
            let _ = std::fs::remove_dir(&group);
            println!("no right to make a memory cgroup here: nothing to test");
            return None;
        }
        // Nor may it swap, where the kernel counts that.
        let _ = std::fs::write(group.join("memory.swap.max"), "0");
        let _ = std::fs::write(group.join("memory.memsw.limit_in_bytes"), bytes.to_string());
        Some(MemoryGroup(group))
    }

    /// The launcher in it, to be given its words.
    fn archi(&self) -> Command {
        let script = format!("echo $$ > {}/cgroup.procs && exec \"$0\" \"$@\"", self.0.display());
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(archi());
        command
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        until("the cgroup to be empty", || std::fs::remove_dir(&self.0).is_ok());
    }
}

/// A memory limit that four ranks and their messages fit into.
#[test]
fn in_a_memory_cgroup() {
    let Some(group) = MemoryGroup::new("fits", 96 << 20) else { return };
    for transport in ["shm", "tcp"] {
        let mut command = group.archi();
        command.args(["run", "--transport", transport, "-n", "4", SUBJECT, "exchange"]);
        let ran = Ran::of(command).expect_status(0);
        assert_eq!(ran.output.len(), 4, "{}", ran.error);
    }
}

/// A rank that needs more memory than there is: the line of its death says so.
#[test]
fn when_memory_runs_out() {
    let Some(group) = MemoryGroup::new("bursts", 96 << 20) else { return };
    // A line without end.
    let script = "test $ARCHIPELAGO_RANK = 0 && sleep 1000; exec tail /dev/zero";
    let mut command = group.archi();
    command.args(["run", "-n", "2", "sh", "-c", script]);
    let ran = Ran::of(command).expect_status(137);
    let line = ran.error.lines().next().unwrap_or_default();
    assert!(line.contains("rank 1 on") && line.contains("SIGKILL"), "{}", ran.error);
    assert!(line.contains(", as the kernel does when memory runs out; the job is ended"), "{}", ran.error);
}
