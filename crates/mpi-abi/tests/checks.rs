//! What C programs are told when they hang, and under `--check`: the functions, places, counts and datatypes that they know.

mod prefix;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use prefix::{compile, compile_in, prefix};

/// The programs with faults, with lines in them.
fn faults() -> &'static Path {
    static FAULTS: OnceLock<PathBuf> = OnceLock::new();
    FAULTS.get_or_init(|| compile("faults.c", &["-g"]))
}

/// Runs one on two ranks with these options; what is said, and whether it ended well.
fn said(options: &[&str], program: &Path, fault: &str) -> (String, bool) {
    let mut launcher = Command::new(prefix().join("bin/mpiexec"));
    let output = launcher.args(["-n", "2"]).args(options).arg(program).arg(fault).output().unwrap();
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.success())
}

/// Each of these texts is said, in this order.
#[track_caller]
fn expect(said: &str, texts: &[&str]) {
    let mut rest = said;
    for text in texts {
        let Some((_, behind)) = rest.split_once(text) else { panic!("`{text}` is not said:\n{said}") };
        rest = behind;
    }
}

/// Under `--check` it fails, and all of this is said, in any order: whichever rank finds it first tells it.
#[track_caller]
fn fails(fault: &str, texts: &[&str]) {
    let (said, ended_well) = said(&["--check"], faults(), fault);
    for text in texts {
        assert!(said.contains(text), "`{text}` is not said:\n{said}");
    }
    assert!(!ended_well, "{fault}: {said}");
}

#[test]
fn a_hang_names_functions_and_places() {
    // At the end of its time each has waited for long enough to have been found.
    let (text, _) = said(&["--timeout", "4"], faults(), "receives");
    expect(
        &text,
        &["deadlock: ranks 0 and 1", "calls", "waits in", "MPI_Recv ", "faults.c:", " in receives_for_ever"],
    );
    let (text, _) = said(&["--timeout", "4"], faults(), "receives alone");
    expect(&text, &["0     MPI_Recv ", " in receives_for_ever", "1     MPI_Finalize ", " in main"]);
    let (text, _) = said(&["--timeout", "4"], faults(), "completes");
    expect(&text, &["MPI_Waitall ", " in completes_for_ever"]);
}

#[test]
fn a_program_without_lines_has_offsets() {
    let bare = compile("faults.c", &["-s"]);
    let (text, _) = said(&["--timeout", "4"], &bare, "receives");
    expect(&text, &["MPI_Recv ", "+0x"]);
}

#[test]
fn a_tool_is_no_caller() {
    let tool = compile("tool.c", &["-shared", "-fPIC"]);
    let preload = format!("LD_PRELOAD={}", tool.display());
    let (text, _) = said(&["--timeout", "4", "-x", &preload], faults(), "receives alone");
    expect(&text, &["1     MPI_Finalize ", "faults.c:", " in main"]);
}

#[test]
fn collectives_that_differ() {
    let calls = ["MPI_Allreduce of 3 MPI_INT (at ", "MPI_Allreduce of 4 MPI_INT (at "];
    fails("counts", &[&calls[..], &["faults.c:", " in counts_differ", " where this rank calls "]].concat());
    fails("types", &["MPI_Bcast with root 0 of 4 MPI_INT (at ", "of 4 MPI_FLOAT (at ", " in types_differ"]);
    let (first, second) = ("MPI_Bcast with root 0 of 5 ", "MPI_Bcast with root 1 of 5 ");
    fails("roots", &[first, second, "MPI_DOUBLE_PRECISION (at ", " in roots_differ"]);
    fails(
        "functions",
        &["MPI_Reduce with root 0 of 2 MPI_FLOAT (at ", "MPI_Barrier (at ", " in functions_differ"],
    );
}

#[test]
fn messages_of_other_types() {
    fails(
        "message",
        &["MPI_Recv", "MPI_ERR_TYPE", "MPI_INT", "MPI_FLOAT", "faults.c:", "message_is_of_another_type"],
    );
    fails("column", &["MPI_Recv", "MPI_ERR_TYPE", "MPI_DOUBLE", "MPI_LONG", "column_is_of_another_type"]);
}

#[test]
fn buffers_in_use() {
    fails(
        "buffer",
        &["MPI_Recv", "MPI_ERR_BUFFER", "a receive that is under way (at ", "faults.c:", "buffer_is_in_use"],
    );
}

#[test]
fn buffers_that_share_bytes() {
    // Found always where they begin at one address.
    let (text, ended_well) = said(&[], faults(), "aliased");
    expect(&text, &["MPI_Allgather", "MPI_ERR_BUFFER", "MPI_IN_PLACE"]);
    assert!(!ended_well, "{text}");
    fails(
        "overlapping",
        &["MPI_Gather", "MPI_ERR_BUFFER", "share bytes", "faults.c:", "overlapping_buffers"],
    );
}

#[test]
fn what_is_never_received() {
    let (text, ended_well) = said(&["--check"], faults(), "unreceived");
    expect(
        &text,
        &["a message was never received: from rank 0 with tag 5, 12 bytes of MPI_INT, on `MPI_COMM_WORLD`"],
    );
    assert!(ended_well, "{text}");
}

#[test]
fn what_is_not_given_back() {
    let (text, ended_well) = said(&["--check"], faults(), "forgets");
    assert!(ended_well, "{text}");
    for line in [
        "MPI_Finalize: 2 requests were neither completed nor freed (MPI_Send_init at ",
        "MPI_Finalize: 1 communicator was never freed (MPI_Comm_dup at ",
        "MPI_Finalize: 1 datatype was never freed (MPI_Type_contiguous at ",
        "MPI_Finalize: 1 group was never freed",
        "MPI_Finalize: 1 info object was never freed",
    ] {
        // Both ranks have made them.
        assert_eq!(text.matches(line).count(), 2, "{line}\n{text}");
    }
    assert!(text.contains("in forgets_all, 2 times)"), "{text}");
}

#[test]
fn right_programs_are_not_blamed() {
    for transport in ["shm", "tcp"] {
        let (text, ended_well) = said(&["--check", "--transport", transport], faults(), "right");
        assert!(ended_well && text.is_empty(), "{transport}: {text}");
    }
}

#[test]
fn collectives_between_groups_are_not_blamed() {
    for (source, ranks) in [("sides.c", "2"), ("sides.c", "3"), ("sides.c", "5"), ("forms.c", "3")] {
        let program = compile_in("tests/c/same", source, &[]);
        let mut launcher = Command::new(prefix().join("bin/mpiexec"));
        let output = launcher.args(["-n", ranks, "--check"]).arg(&program).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !text.contains("calls"), "{source} on {ranks}: {text}");
    }
}
