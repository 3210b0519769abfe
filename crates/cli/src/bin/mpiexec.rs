//! `archi run` under the name that people type.

use std::process::ExitCode;

fn main() -> ExitCode {
    archipelago_cli::main("mpiexec")
}
