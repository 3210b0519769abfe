//! The manners of a library in somebody else's process.

mod prefix;

use std::path::Path;
use std::process::{Command, Output};

use prefix::{compile, launch, prefix, run, succeeds};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a program with words of its own on so many ranks.
fn run_with(program: &Path, ranks: usize, words: &[&str]) -> Output {
    launch(program, ranks).args(words).output().expect("the launcher runs")
}

#[test]
fn loaded_late_and_visible_to_nobody_else() {
    let program = compile("local.c", &["-Wl,--as-needed", "-ldl"]);
    let library = prefix().join("lib/libmpi_abi.so.1");
    for ranks in [1, 2, 4] {
        let output = run_with(&program, ranks, &[&library.to_string_lossy()]);
        assert_eq!(text(&output.stdout), "0 failures\n", "{}", text(&output.stderr));
        assert!(output.status.success());
    }
}

#[test]
fn error_handlers_may_throw_and_jump() {
    let program = compile("thrown.cc", &["-O2"]);
    for ranks in [1, 2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn children_of_a_rank_disturb_nobody() {
    let program = compile("forks.c", &[]);
    for ranks in [1, 2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
    // Nobody heard anything of them.
    assert_eq!(text(&run(&program, 2).stderr), "");
    for (transport, words) in [("shm", &["threads"][..]), ("tcp", &[]), ("tcp", &["threads"])] {
        let mut launcher = Command::new(prefix().join("bin/archi"));
        launcher.args(["run", "-n", "3", "--transport", transport]).arg(&program).args(words);
        let output = launcher.output().expect("the launcher runs");
        assert_eq!(text(&output.stdout), "0 failures\n", "{transport} {words:?}: {}", text(&output.stderr));
        assert!(output.status.success(), "{transport} {words:?}");
    }
}

#[test]
fn a_world_of_one_that_nobody_launched_may_fork_as_well() {
    let output = Command::new(compile("forks.c", &[])).output().unwrap();
    assert_eq!(text(&output.stdout), "0 failures\n", "{}", text(&output.stderr));
}

#[test]
fn ends_without_finalising_are_told() {
    let program = compile("untimely.c", &[]);
    let check = |word: &str, status: i32, expected: &str| {
        let output = run_with(&program, 2, &[word]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{word}: {said}");
        assert!(said.contains(expected), "{word}: {said}");
        assert_eq!(text(&output.stdout), "");
    };
    check("exit", 1, "without finalising");
    check("_exit", 1, "without finalising");
    check("exit-7", 7, "exited with status 7");
}

#[test]
fn calls_at_the_wrong_time_are_errors_that_say_so() {
    let program = compile("untimely.c", &[]);
    let check = |word: &str, function: &str, expected: &str| {
        let output = run_with(&program, 1, &[word]);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{word}: {said}");
        assert!(said.contains(function) && said.contains(expected), "{word}: {said}");
        // Alone it is the same.
        let output = Command::new(&program).arg(word).output().unwrap();
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{word}: {said}");
    };
    check("before", "MPI_Send", "MPI is not initialised yet: call MPI_Init first");
    check("after", "MPI_Barrier", "MPI is finalised");
    check("twice", "MPI_Init", "MPI is initialised already");
    check("again", "MPI_Init", "MPI is finalised, and MPI_Init can't begin again");
    check("ended-twice", "MPI_Finalize", "MPI is finalised");
}

#[test]
fn under_a_launcher_that_cannot_be_joined_a_program_says_what_to_type() {
    let mut command = Command::new(compile("observed.c", &[]));
    command.env("SLURM_STEP_NUM_TASKS", "4").env("SLURM_PROCID", "3");
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("MPI_Init") && said.contains("rank 3 of 4 under Slurm's srun"), "{said}");
    assert!(said.contains("archi run -n 4 PROGRAM"), "{said}");
}

#[test]
fn the_default_handler_says_what_was_called_what_is_wrong_and_what_to_do() {
    let program = compile("fatal.c", &[]);
    let check = |mistake: &str, wanted: &[&str]| {
        let output = run_with(&program, 1, &[mistake]);
        let said = text(&output.stderr);
        assert_eq!(
            (output.status.success(), text(&output.stdout).as_str()),
            (false, ""),
            "{mistake}: {said}"
        );
        for words in wanted {
            assert!(said.contains(words), "{mistake}: `{words}` is not in {said}");
        }
        assert!(!said.contains("MPI_COMM_SELF"), "{mistake}: {said}");
    };
    check(
        "rank",
        &[
            "MPI_Send(buf=0x",
            ", count=4, datatype=MPI_INT, dest=9, tag=7, comm=halo): MPI_ERR_RANK: there is no rank 9",
            "MPI_ERRORS_RETURN would return the error",
        ],
    );
    check("tag", &["datatype=MPI_INT, source=MPI_ANY_SOURCE, tag=-5, comm=halo): MPI_ERR_TAG: "]);
    check("type", &["count=1, datatype=column, dest=0", "MPI_ERR_TYPE", "call MPI_Type_commit first"]);
    check("root", &["MPI_Bcast(buffer=0x", "root=3, comm=halo): MPI_ERR_ROOT: there is no root 3"]);
    check("operator", &["MPI_Allreduce(sendbuf=MPI_IN_PLACE, ", "op=MPI_BAND", "MPI_Op_create"]);
    check("null", &["MPI_Type_commit: MPI_ERR_TYPE: "]);
    check(
        "later",
        &["MPI_Open_port(info=MPI_INFO_NULL)", "MPI_ERR_UNSUPPORTED_OPERATION", "docs/mpi-functions.md"],
    );
    check("cut", &["MPI_Wait on halo: MPI_ERR_TRUNCATE: ", "tag 7", "8 bytes", "the buffer 4", "MPI_Probe"]);
}

#[test]
fn closed_streams_stay_the_programs() {
    let program = compile("closed.c", &[]);
    for transport in ["shm", "tcp"] {
        for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
            let mut command = Command::new(prefix().join("bin/mpiexec"));
            let script = format!("exec \"$0\" {closed}");
            command.args(["-n", "2", "--transport", transport, "sh", "-c", &script]).arg(&program);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{transport} {closed}: {}", text(&output.stderr));
        }
    }
}

#[test]
fn queries_and_abort_work_at_any_time() {
    let program = compile("untimely.c", &[]);
    let output = run_with(&program, 2, &["queries"]);
    assert_eq!(text(&output.stdout), "0 failures\n", "{}", text(&output.stderr));
    // The first failure counts, and one of 256 is none of 0.
    let aborts = [("abort-before", 42), ("abort-after", 43), ("abort-twice", 8), ("abort-256", 1)];
    for (word, status) in aborts {
        let alone = Command::new(&program).arg(word).output().unwrap();
        for output in [run_with(&program, 1, &[word]), alone] {
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(status), "{word}: {said}");
            assert!(!said.contains("mistake") && !said.contains("panicked"), "{word}: {said}");
        }
    }
}

#[test]
fn the_launcher_names_the_initial_error_handler() {
    let program = compile("initial.c", &[]);
    let run = |ranks: &str, options: &[&str], word: &str| {
        let mut command = Command::new(prefix().join("bin/mpiexec"));
        command.args(["-n", ranks]).args(options).arg(&program).arg(word).output().unwrap()
    };
    for name in ["mpi_errors_return", "mpi_errors_abort", "mpi_errors_are_fatal"] {
        for option in [name.to_owned(), name.to_uppercase()] {
            let output = run("2", &["-initial-errhandler", &option], name);
            assert_eq!(text(&output.stdout), "0 failures\n", "{name}: {}", text(&output.stderr));
            assert!(output.status.success());
        }
    }
    assert_eq!(text(&run("1", &[], "mpi_errors_are_fatal").stdout), "0 failures\n");
    assert_eq!(run("1", &["-initial-errhandler", "mine"], "mpi_errors_return").status.code(), Some(2));
    // MPI_ERRORS_ABORT ends this process alone, where there is no communicator.
    let output = run("3", &["--keep-going"], "session-abort");
    let said = text(&output.stderr);
    assert_eq!(text(&output.stdout), "others go on\nothers go on\n", "{said}");
    assert!(said.contains("rank 0: MPI_Session_get_num_psets") && said.contains("MPI_ERR_ARG"), "{said}");
    let output = run("1", &["-initial-errhandler", "mpi_errors_abort"], "early-abort");
    let said = text(&output.stderr);
    assert!(text(&output.stdout).is_empty() && said.contains("MPI is not initialised yet"), "{said}");
    // And the job, where there is one.
    let output = run("3", &["--keep-going"], "comm-abort");
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("MPI_Send") && said.contains("MPI_ERR_RANK"), "{said}");
    assert_eq!(text(&output.stdout), "", "{said}");
}

#[test]
fn ranks_that_are_lost_are_told_to_sleepers_who_go_on() {
    let program = compile("loses.c", &[]);
    let mut command = Command::new(prefix().join("bin/mpiexec"));
    let output = command.args(["--keep-going", "-n", "4"]).arg(&program).output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(said.matches("class MPI_ERR_PROC_ABORTED, slept, 0 failures").count(), 3, "{said}");
    let said = text(&output.stderr);
    assert!(said.contains("rank 1 on") && said.contains("killed by signal 9 (SIGKILL)"), "{said}");
    assert_eq!(output.status.code(), Some(137));
}

#[test]
fn a_tool_sees_what_the_program_calls_and_nothing_else() {
    let expected = "the tool saw 1 beginning and 15 sends\n";
    // In the program itself.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/tool.c");
    let together = compile("observed.c", &[&source.to_string_lossy()]);
    assert_eq!(succeeds(&together, 3), expected);
    // As a library that the program is linked with.
    let tool = compile("tool.c", &["-shared", "-fPIC"]);
    let linked = compile("observed.c", &[&tool.to_string_lossy()]);
    assert_eq!(succeeds(&linked, 3), expected);
    // Put before a program that knows nothing of it.
    let plain = compile("observed.c", &[]);
    assert_eq!(succeeds(&plain, 3), "");
    let mut command = Command::new(prefix().join("bin/mpiexec"));
    command.args(["-n", "3", "-x"]).arg(format!("LD_PRELOAD={}", tool.display())).arg(&plain);
    let output = command.output().unwrap();
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
}

#[test]
fn nothing_of_the_program_is_touched() {
    let program = compile("guest.c", &["-lm", "-pthread"]);
    for ranks in [1, 2, 4] {
        let output = run(&program, ranks);
        assert!(output.status.success(), "{ranks} ranks: {}", text(&output.stderr));
        assert_eq!((text(&output.stdout), text(&output.stderr)), (String::new(), String::new()));
    }
    let output = Command::new(&program).output().unwrap();
    assert!(output.status.success(), "alone: {}", text(&output.stderr));
}

#[test]
fn a_small_stack_is_enough() {
    let program = compile("guest.c", &["-DSMALL_INIT", "-lm", "-pthread", "-Wno-unused-function"]);
    for ranks in [1, 3] {
        assert_eq!(succeeds(&program, ranks), "");
    }
}

/// Whether a program of the system is there; the set-up of the tests installs it where it may.
fn is_there(program: &str) -> bool {
    let is = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is {
        println!("{program} is not installed here (apt-get install {program}): nothing to test");
    }
    is
}

#[test]
fn a_debugger_sees_a_program_of_ranks_as_any_other() {
    if !is_there("gdb") {
        return;
    }
    let program = compile("observed.c", &["-g"]);
    // Alone: a breakpoint in the library, a stack from there to main.
    let mut gdb = Command::new("gdb");
    gdb.args([
        "-nx",
        "-batch",
        "-ex",
        "set breakpoint pending on",
        "-ex",
        "break PMPI_Barrier",
        "-ex",
        "break MPI_Barrier",
    ]);
    let output = gdb
        .args(["-ex", "run", "-ex", "backtrace", "-ex", "continue", "--args"])
        .arg(&program)
        .output()
        .unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    if said.contains("Operation not permitted") {
        println!("nothing may be traced here: nothing to test");
        return;
    }
    assert!(
        said.contains("MPI_Barrier (") && said.contains("in main (") && said.contains("exited normally"),
        "{said}"
    );
    // Each rank under a debugger of its own: no signal stops any.
    let mut command = Command::new(prefix().join("bin/archi"));
    command.args(["run", "-n", "2", "gdb", "-nx", "-batch", "-ex", "run", "--args"]).arg(&program);
    let output = command.output().unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("exited normally").count(), 2, "{said}");
    assert!(!said.contains("received signal"), "{said}");
}

#[test]
fn valgrind_finds_nothing() {
    if !is_there("valgrind") {
        return;
    }
    let program = compile("observed.c", &[]);
    let words = [
        "-q",
        "--error-exitcode=9",
        "--leak-check=full",
        "--show-leak-kinds=definite",
        "--errors-for-leak-kinds=definite",
    ];
    let mut alone = Command::new("valgrind");
    let output = alone.args(words).arg(&program).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "alone: {}", text(&output.stderr));
    let mut command = Command::new(prefix().join("bin/archi"));
    command.args(["run", "-n", "2", "valgrind"]).args(words).arg(&program);
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    // Of system calls that it doesn't know it says so, once each; what it finds begins with the process's number.
    assert!(output.status.success() && !said.contains("=="), "{said}");
}
