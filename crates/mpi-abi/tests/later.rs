//! The functions that are left for later say so, under their own names, to whoever asks for errors as codes. Those of the tool interface
//! do so whatever handler there is, before the beginning and after the end too: it has no objects with handlers (MPI 5.0 §15.3).

mod prefix;
#[path = "../build/table.rs"]
#[allow(dead_code, reason = "constants and types aren't read here")]
mod table;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use table::{Function, Table};

/// A program that calls them all with nothing but zeros.
fn program(later: &[&Function]) -> String {
    let calls = |wanted: bool| {
        let mut text = String::new();
        for function in later.iter().filter(|function| function.name.starts_with("MPI_T_") == wanted) {
            let zeros: Vec<&str> = function.parameters.iter().map(|_| "0").collect();
            let name = &function.name;
            writeln!(text, "    said(\"{name}\", {name}({}));", zeros.join(", ")).unwrap();
        }
        text
    };
    format!(
        "#include <mpi.h>
#include <stdio.h>
#include <string.h>
static int calls;
static void said(const char *name, int code)
{{
    char text[MPI_MAX_ERROR_STRING] = \"\";
    int length;
    MPI_Error_string(code, text, &length);
    if (code != MPI_ERR_UNSUPPORTED_OPERATION || !strstr(text, name))
        printf(\"%s: %d, %s\\n\", name, code, text);
    calls++;
}}
static void tools(void)
{{
{}}}
int main(void)
{{
    tools();
    MPI_Init(0, 0);
    tools();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ABORT);
    tools();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
{}    MPI_Finalize();
    tools();
    printf(\"%d calls\\n\", calls);
    return 0;
}}
",
        calls(true),
        calls(false)
    )
}

#[test]
fn functions_that_are_left_for_later_say_so_and_end_nothing() {
    let table = Table::read(Path::new(env!("CARGO_MANIFEST_DIR")));
    let later: Vec<&Function> =
        table.functions.iter().filter(|function| table.later.contains(&function.name)).collect();
    let tools = later.iter().filter(|function| function.name.starts_with("MPI_T_")).count();
    let folder = prefix::prefix();
    let (source, binary) = (folder.join("later.c"), folder.join("later"));
    std::fs::write(&source, program(&later)).unwrap();
    let mut compiler = Command::new(folder.join("bin/mpicc"));
    let output = compiler.arg(&source).arg("-o").arg(&binary).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = format!("{} calls\n", later.len() + 3 * tools);
    assert_eq!(prefix::succeeds(&binary, 1), expected);
}
