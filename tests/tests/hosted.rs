//! Jobs that a launcher of another MPI has started. Its part is played here: PMI-1 on a socket a process.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use os::spawn::Spawn;
use system_tests::{Ran, archi, until};

const SUBJECT: &str = env!("CARGO_BIN_EXE_subject");

/// What the launcher and the processes' conversations share.
#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    words: HashMap<String, String>,
    waiting: usize,
    barriers: usize,
    finalised: usize,
    aborted: Option<i32>,
}

/// A job under such a launcher.
struct Job {
    pids: Vec<u32>,
    outputs: Vec<(PipeReader, PipeReader)>,
    desk: Arc<Desk>,
    marker: String,
}

/// Starts so many processes of the subject.
fn start(ranks: usize, words: &[&str], variables: &[(&str, &str)]) -> Job {
    start_late(ranks, words, variables, Duration::ZERO)
}

/// The same; all but the first come this much later.
fn start_late(ranks: usize, words: &[&str], variables: &[(&str, &str)], late: Duration) -> Job {
    start_program(Path::new(SUBJECT), ranks, words, variables, late)
}

fn start_program(
    program: &Path,
    ranks: usize,
    words: &[&str],
    variables: &[(&str, &str)],
    late: Duration,
) -> Job {
    archi();
    let desk = Arc::new(Desk::default());
    let marker = format!("{}-{:p}", std::process::id(), Arc::as_ptr(&desk));
    let (mut pids, mut outputs) = (Vec::new(), Vec::new());
    for rank in 0..ranks {
        let (mine, theirs) = UnixStream::pair().unwrap();
        let (output, their_output) = std::io::pipe().unwrap();
        let (error, their_error) = std::io::pipe().unwrap();
        let mut spawn = Spawn::new(program, OsStr::new("subject"));
        let number = spawn.inherit(theirs.into());
        let mut spawn = spawn
            .arguments(words.iter().map(|word| word.into()))
            .set("PMI_FD", number.to_string())
            .set("PMI_RANK", rank.to_string())
            .set("PMI_SIZE", ranks.to_string())
            .set("ARCHIPELAGO_TEST_MARKER", &marker)
            .outputs(their_output.into(), their_error.into());
        for (name, value) in variables {
            spawn = spawn.set(name, value);
        }
        pids.push(spawn.start().unwrap());
        outputs.push((output, error));
        let desk = desk.clone();
        std::thread::spawn(move || {
            std::thread::sleep(if rank == 0 { Duration::ZERO } else { late });
            serve(&mine, ranks, &desk);
        });
    }
    Job { pids, outputs, desk, marker }
}

/// Answers one process.
fn serve(stream: &UnixStream, ranks: usize, desk: &Desk) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(line)) = lines.next() {
        let field = |name: &str| {
            let found = line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        let mut state = desk.state.lock().unwrap();
        let answer = match field("cmd").as_str() {
            "init" => "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0".to_owned(),
            "get_maxes" => "cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024".to_owned(),
            "get_appnum" => "cmd=appnum rc=0 appnum=0".to_owned(),
            "get_my_kvsname" => "cmd=my_kvsname kvsname=kvs_1_0".to_owned(),
            "put" => {
                state.words.insert(field("key"), field("value"));
                "cmd=put_result rc=0 msg=success".to_owned()
            }
            "get" => match state.words.get(&field("key")) {
                Some(value) => format!("cmd=get_result rc=0 msg=success value={value}"),
                None => "cmd=get_result rc=-1 msg=unknown".to_owned(),
            },
            "barrier_in" => {
                let round = state.barriers;
                state.waiting += 1;
                if state.waiting == ranks {
                    (state.waiting, state.barriers) = (0, round + 1);
                    desk.changed.notify_all();
                }
                while state.barriers == round {
                    state = desk.changed.wait(state).unwrap();
                }
                "cmd=barrier_out rc=0".to_owned()
            }
            "finalize" => {
                state.finalised += 1;
                "cmd=finalize_ack rc=0".to_owned()
            }
            "abort" => {
                state.aborted = field("exitcode").parse().ok();
                return;
            }
            other => panic!("no launcher knows {other}"),
        };
        drop(state);
        let mut stream = stream;
        if stream.write_all((answer + "\n").as_bytes()).is_err() {
            return;
        }
    }
}

impl Job {
    /// Ends a process.
    fn kill(&self, rank: usize) {
        let _ = os::signal::send(self.pids[rank], os::signal::SIGKILL);
    }

    /// Waits until the keeper, on the first process's standard error, has said this.
    fn hears(&self, expected: &str) {
        let mut reader = BufReader::new(self.outputs[0].1.try_clone().unwrap());
        let mut text = String::new();
        while !text.contains(expected) {
            assert!(reader.read_line(&mut text).unwrap() > 0, "{text}");
        }
    }

    /// What a process has said, after its end.
    fn said(&mut self, rank: usize) -> (String, String) {
        let (mut output, mut error) = (String::new(), String::new());
        self.outputs[rank].0.read_to_string(&mut output).unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(&self.outputs[rank].1);
        // The keeper has the first process's standard error too, and goes a little later.
        while reader.read_line(&mut line).unwrap() > 0 {}
        error.push_str(&line);
        os::spawn::reap_one(self.pids[rank]);
        (output, error)
    }

    /// Waits until no process of the job, nor its keeper, is left.
    fn is_gone(&self) {
        let mark = format!("ARCHIPELAGO_TEST_MARKER={}", self.marker);
        until("the job's processes to be gone", || {
            let entries = std::fs::read_dir("/proc").unwrap().flatten();
            !entries.into_iter().any(|entry| {
                std::fs::read(entry.path().join("environ"))
                    .is_ok_and(|text| text.split(|byte| *byte == 0).any(|pair| pair == mark.as_bytes()))
            })
        });
    }
}

fn exchange(ranks: usize, variables: &[(&str, &str)]) {
    is_right(start(ranks, &["exchange"], variables), ranks);
}

fn is_right(mut job: Job, ranks: usize) {
    for rank in 0..ranks {
        let (output, error) = job.said(rank);
        assert_eq!((output, error), (format!("rank {rank} of {ranks} is right\n"), String::new()));
    }
    assert_eq!(job.desk.state.lock().unwrap().finalised, ranks);
    job.is_gone();
}

#[test]
fn processes_of_another_launcher_form_one_world() {
    for ranks in [1, 2, 3, 7] {
        exchange(ranks, &[]);
    }
}

/// Where there is no program that could be one.
#[test]
fn a_world_of_one_needs_no_keeper() {
    let folder = std::env::temp_dir().join(format!("archipelago-alone-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("subject");
    std::fs::copy(SUBJECT, &program).unwrap();
    let job = |ranks| start_program(&program, ranks, &["exchange"], &[("PATH", "/nowhere")], Duration::ZERO);
    is_right(job(1), 1);
    let mut two = job(2);
    let said = two.said(0).1 + &two.said(1).1;
    assert!(said.contains("the program `archi` is neither beside the library"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// The keeper that the first has had started waits for them.
#[test]
fn processes_may_come_late() {
    is_right(start_late(2, &["exchange"], &[], Duration::from_secs(6)), 2);
}

#[test]
fn the_environment_says_how_messages_travel() {
    exchange(3, &[("ARCHIPELAGO_TRANSPORT", "tcp")]);
    exchange(3, &[("ARCHIPELAGO_TRANSPORT", "shm"), ("ARCHIPELAGO_CHECK", "on")]);
}

#[test]
fn a_death_is_told_to_those_who_wait() {
    // Of the one that has had the keeper started, and of another one.
    for victim in [1, 0] {
        let mut job = start(3, &["hang", "receives"], &[("ARCHIPELAGO_WATCHDOG", "0.2")]);
        // Then all are there, and wait.
        job.hears("deadlock: 3 ranks wait for each other");
        job.kill(victim);
        // Rank r waits for rank r + 1.
        let waiter = (victim + 2) % 3;
        let (_, error) = job.said(waiter);
        assert!(error.contains(&format!("rank {victim}")), "{error}");
        let others = (0..3).filter(|rank| *rank != waiter);
        others.clone().for_each(|rank| job.kill(rank));
        others.for_each(|rank| drop(job.said(rank)));
        job.is_gone();
    }
}

#[test]
fn an_abort_reaches_the_launcher() {
    let mut job = start(3, &["end", "abort"], &[]);
    until("the launcher to hear of it", || job.desk.state.lock().unwrap().aborted == Some(42));
    // Such a launcher ends the others.
    (0..3).for_each(|rank| job.kill(rank));
    let said: Vec<String> = (0..3).map(|rank| job.said(rank).1).collect();
    assert!(said[0].contains("rank 1 on") && said[0].contains("aborted the job with code 42"), "{said:?}");
    job.is_gone();
}

#[test]
fn a_hang_is_told() {
    let mut job = start(2, &["hang", "receives"], &[("ARCHIPELAGO_WATCHDOG", "0.2")]);
    job.hears("deadlock: ranks 0 and 1 wait for each other");
    (0..2).for_each(|rank| job.kill(rank));
    (0..2).for_each(|rank| drop(job.said(rank)));
    job.is_gone();
}

#[test]
fn launchers_that_cannot_be_joined_are_named() {
    let mut command = Command::new(SUBJECT);
    command.arg("exchange").env("OMPI_COMM_WORLD_SIZE", "4").env("OMPI_COMM_WORLD_RANK", "2");
    let ran = Ran::of(command).expect_status(1);
    assert!(ran.error.contains("rank 2 of 4 under Open MPI's mpirun"), "{}", ran.error);
    assert!(ran.error.contains("archi run -n 4 PROGRAM"), "{}", ran.error);
    let mut command = Command::new(SUBJECT);
    command.arg("exchange").env("OMPI_COMM_WORLD_SIZE", "4").env("ARCHIPELAGO_ALONE", "1");
    Ran::of(command).expect_status(0);
}

#[test]
fn the_innermost_launcher_counts() {
    // Such a launcher inside one of our ranks.
    exchange(2, &[("ARCHIPELAGO_FD", "99"), ("ARCHIPELAGO_RANK", "0")]);
    // Ours inside a process of such a launcher.
    let mut command = Command::new(archi());
    command.args(["run", "-n", "2", SUBJECT, "exchange"]);
    command.env("PMI_FD", "777").env("PMI_RANK", "0").env("PMI_SIZE", "5");
    let ran = Ran::of(command).expect_status(0);
    assert_eq!(ran.output, ["rank 0 of 2 is right", "rank 1 of 2 is right"]);
}

#[test]
fn a_child_program_is_not_the_rank() {
    let mut command = Command::new(SUBJECT);
    command.arg("exchange").env("PMI_FD", "777").env("PMI_RANK", "0").env("PMI_SIZE", "2");
    let ran = Ran::of(command).expect_status(1);
    assert!(ran.error.contains("PMI_FD is \"777\": that descriptor is not open"), "{}", ran.error);
    // Something else has that number by now: it is left alone.
    let mut command = Command::new(SUBJECT);
    command.arg("exchange").env("PMI_FD", "0").env("PMI_RANK", "0").env("PMI_SIZE", "2");
    let ran = Ran::of(command).expect_status(1);
    assert!(ran.error.contains("PMI_FD is \"0\": that descriptor is no launcher's socket"), "{}", ran.error);
    let mut command = Command::new(SUBJECT);
    command.arg("exchange").env("PMI_FD", "777").env("ARCHIPELAGO_RANK", "1").env("ARCHIPELAGO_ALONE", "1");
    assert_eq!(Ran::of(command).expect_status(0).output, ["rank 0 of 1 is right"]);
}
