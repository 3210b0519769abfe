//! The launcher and its companions: `archi run`, `archi info`, `archi doctor`, `archi bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    archipelago_cli::main("archi")
}
