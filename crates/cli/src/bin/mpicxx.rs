//! The system's compiler, told where MPI is.

use std::process::ExitCode;

fn main() -> ExitCode {
    archipelago_cli::compiler::main(archipelago_cli::compiler::Language::Cxx)
}
