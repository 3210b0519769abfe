//! `archi run -n 4 matmul --a A.mtx --b B.npy --out C.npy --verify`

use matmul::run::{Status, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let status = match archipelago::init() {
        Ok(world) => run(&world, std::env::args_os(), &mut std::io::stdout()),
        Err(error) => {
            eprintln!("matmul: {error}");
            Status::Failed
        }
    };
    ExitCode::from(status as u8)
}
