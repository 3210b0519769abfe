//! `cargo xtask demo`: a newcomer's first command. Multiplies real matrices on four processes, in Rust and in C, and checks every
//! element.

use crate::conformance::textbook;
use crate::shell::{Failure, Outcome, announce, cargo, execute, only, root, target_directory};
use crate::{install, setup};
use std::path::Path;
use std::process::Command;

/// Builds what is needed, then shows the Gram matrix of the digits by both algorithms, and a larger product.
pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    setup::for_builds()?;
    announce("building in release mode (the first time takes a few minutes)");
    let packages = ["archipelago-cli", "archipelago-mpi-abi", "matmul"].map(|package| ["--package", package]);
    execute(&mut cargo(&[&["build", "--release"][..], packages.as_flattened()].concat()))?;
    let out = target_directory().join("demo");
    std::fs::create_dir_all(&out)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", out.display())))?;
    let gram = out.join("gram.npy").display().to_string();
    let digits = ["--a", "data/digits.mtx", "--b", "data/digits.npy", "--transpose-b", "--verify"];

    announce(
        "the Gram matrix of 1797 handwritten digits: rows of A scattered, B broadcast, rows of C gathered",
    );
    matmul(&[&digits[..], &["--out", &gram]].concat())?;
    announce("the same by SUMMA, on a grid of 2 by 2 processes");
    matmul(&[&digits[..], &["--algorithm", "summa"]].concat())?;
    announce("the same in C, through the standard's MPI_Scatter, MPI_Bcast and MPI_Gather");
    in_c(&out, Path::new(&gram))?;
    announce("two random matrices of 2048 by 2048");
    matmul(&["--n", "2048", "--seed", "1", "--verify"])?;

    println!("\nTry it yourself:");
    let release = target_directory().join("release");
    println!("  {0}/archi run -n 4 {0}/matmul --n 4096 --seed 1 --verify", release.display());
    println!("  cargo xtask test");
    Ok(())
}

/// Runs the app on four processes, as a user would, and shows the command.
fn matmul(words: &[&str]) -> Outcome {
    let release = target_directory().join("release");
    println!("$ archi run -n 4 matmul {}", words.join(" "));
    let mut command = Command::new(release.join("archi"));
    command.args(["run", "-n", "4"]).arg(release.join("matmul")).args(words).current_dir(root());
    execute(&mut command)
}

/// The textbook's program, compiled by our driver; its product must be the one that was verified.
fn in_c(out: &Path, verified: &Path) -> Outcome {
    let prefix = out.join("prefix");
    install::lay_out(&prefix, true)?;
    let program = textbook::compiled(&prefix.join("bin/mpicc"), out)?;
    println!("$ mpiexec -n 4 gram data/digits.mtx gram-in-c.npy");
    let mut launched = Command::new(prefix.join("bin/mpiexec"));
    launched.args(["-n", "4"]).arg(&program);
    textbook::multiplied(launched, &out.join("gram-in-c.npy"), verified)
}
