//! C programs, compiled with the wrappers and run by the launcher.

mod prefix;

use prefix::{compile, launch, succeeds};

#[test]
fn hello() {
    let program = compile("hello.c", &[]);
    for ranks in [1, 2, 4] {
        let output = succeeds(&program, ranks);
        assert_eq!(output.lines().filter(|line| line.contains("has token 42")).count(), ranks, "{output}");
    }
}

#[test]
fn a_program_that_nobody_launched_is_a_world_of_one() {
    let output = std::process::Command::new(compile("hello.c", &["-DALONE"])).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "rank 0 of 1 has token 42, half rank 0\n");
}

#[test]
fn errors() {
    assert_eq!(succeeds(&compile("errors.c", &[]), 1), "out of tea, 0 failures\n");
}

#[test]
fn messages() {
    let program = compile("messages.c", &[]);
    for ranks in [1, 2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn messages_that_are_too_long() {
    let program = compile("cuts.c", &["-DSTRICT=1"]);
    for ranks in [2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn lists_of_requests() {
    let program = compile("lists.c", &[]);
    for ranks in [1, 2] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
    over_tcp(&program, 2);
}

#[test]
fn who_only_asks_is_answered() {
    let program = compile("polls.c", &[]);
    assert_eq!(succeeds(&program, 2), "0 failures\n");
    over_tcp(&program, 3);
}

#[test]
fn a_receive_from_a_rank_that_finalizes() {
    let program = compile("late.c", &[]);
    for ranks in [2, 3] {
        assert_eq!(succeeds(&program, ranks), "cancelled: 1\n", "{ranks} ranks");
    }
}

#[test]
fn flushes_wait_for_what_came_before_them() {
    let program = compile("flushes.c", &[]);
    assert_eq!(succeeds(&program, 2), "0 failures\n");
    over_tcp(&program, 3);
}

#[test]
fn buffers_that_are_none() {
    assert_eq!(succeeds(&compile("places.c", &[]), 1), "0 failures\n");
}

#[test]
fn parts_of_the_machine_and_what_is_refused_before_anybody_waits() {
    let program = compile("splits.c", &[]);
    for ranks in [1, 2, 5] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn partitions_that_threads_declare_ready() {
    let program = compile("partitions.c", &["-pthread"]);
    for ranks in [2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn partitions_that_are_ready_go_before_the_others() {
    let program = compile("early.c", &[]);
    assert_eq!(succeeds(&program, 2), "0 failures\n");
    over_tcp(&program, 2);
}

#[test]
fn collectives() {
    let program = compile("collectives.c", &[]);
    // All sizes up to 17 in the long form, which `cargo xtask soak` runs.
    let long = std::env::var("ARCHIPELAGO_SOAK").is_ok();
    for ranks in if long { (1..=17).collect() } else { vec![1, 2, 3, 5] } {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn a_member_that_does_not_fit_itself_serves_the_others() {
    let program = compile("misfits.c", &[]);
    for ranks in [1, 2, 3, 5] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
    over_tcp(&program, 3);
}

#[test]
fn calls_that_other_libraries_crash_in() {
    let program = compile("alone.c", &[]);
    for ranks in [1, 2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn orders() {
    let program = compile("orders.c", &[]);
    for ranks in [1, 2, 3, 4] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn between_two_groups() {
    let program = compile("between.c", &[]);
    for ranks in [2, 3, 5] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn threads() {
    for level in ["MPI_THREAD_SINGLE", "MPI_THREAD_MULTIPLE"] {
        let program = compile("threads.c", &[&format!("-DLEVEL={level}"), "-pthread"]);
        assert_eq!(succeeds(&program, 1), "0 failures\n", "{level}");
    }
}

#[test]
fn handlers_of_objects_without_a_name() {
    use std::os::unix::ffi::OsStrExt;
    let program = compile("handlers.c", &[]);
    for ranks in [1, 3, 4] {
        let mut launcher = launch(&program, ranks);
        let output = launcher.arg(std::ffi::OsStr::from_bytes(b"caf\xe9")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "0 failures\n", "{ranks} ranks: {said}");
    }
}

#[test]
fn handles_that_are_none() {
    assert_eq!(succeeds(&compile("handles.c", &[]), 1), "0 failures\n");
}

/// Runs a program that finds no failures, without shared memory.
fn over_tcp(program: &std::path::Path, ranks: usize) {
    let mut launcher = std::process::Command::new(prefix::prefix().join("bin/archi"));
    launcher.args(["run", "--transport", "tcp", "-n", &ranks.to_string()]).arg(program);
    let output = launcher.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0 failures\n", "{output:?}");
}

#[test]
fn processes_rest_after_the_end() {
    let program = compile("rests.c", &[]);
    for ranks in [1, 2, 3, 5] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
        over_tcp(&program, ranks);
    }
}

#[test]
fn strings_of_any_bytes() {
    assert_eq!(succeeds(&compile("strings.c", &[]), 1), "0 failures\n");
}

#[test]
fn what_outlives_its_name() {
    let program = compile("lifetimes.c", &["-DSTRICT=1"]);
    for ranks in [1, 2, 3] {
        assert_eq!(succeeds(&program, ranks), "0 failures\n", "{ranks} ranks");
    }
}

#[test]
fn parts_of_the_command_line_are_numbered() {
    let program = compile("parts.c", &[]);
    let mut launcher = launch(&program, 1);
    launcher.args(["first", ":", "-n", "2"]).arg(&program).arg("second");
    let output = launcher.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["first is of part 0", "second is of part 1", "second is of part 1"]);
}
