//! `cargo xtask conformance matmul`: the textbook's matrix multiplication in C (scatter the rows of A, broadcast B, gather the rows of C),
//! on the digits that the demo multiplies; the product must be that of `apps/matmul`, byte by byte.

use super::ground::{Build, Ground, Under, numbers};
use crate::setup;
use crate::shell::{Failure, Outcome, announce, cargo, execute, only, option, root, target_directory};
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = "apps/matmul/c/gram.c";
const DIGITS: &str = "data/digits.mtx";

/// The same product by the app, which verifies it.
const BY_THE_APP: &[&str] = &["--a", DIGITS, "--b", "data/digits.npy", "--transpose-b", "--verify"];

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--ranks", "--under"])?;
    let ranks = numbers("--ranks", option(arguments, "--ranks")?.unwrap_or("1,2,3,4"))?;
    let under = Under::named(option(arguments, "--under")?)?;
    let ground = Ground::ready(Build::Release)?;
    if under == Under::Mpich {
        ground.with_mpich()?;
    }
    println!("library: {}", ground.library(under)?);
    compare(&ground, under, &ranks)
}

/// On two ranks.
pub fn short(ground: &Ground) -> Outcome {
    compare(ground, Under::Us, &[2])
}

/// Nothing but a compiler is needed.
pub fn fetch(_: &Ground) -> Outcome {
    setup::for_builds()
}

fn compare(ground: &Ground, under: Under, ranks: &[usize]) -> Outcome {
    let folder = ground.folder("matmul")?;
    let verified = folder.join("gram.npy");
    let built = target_directory().join(ground.build().folder());
    let profile = ground.build().words();
    execute(&mut cargo(
        &[&["build"][..], profile, &["--package", "archipelago-cli", "--package", "matmul"]].concat(),
    ))?;
    let mut app = Command::new(built.join("archi"));
    app.args(["run", "-n", "2"]).arg(built.join("matmul")).args(BY_THE_APP).arg("--out").arg(&verified);
    execute(app.current_dir(root()))?;
    let program = compiled(&ground.mpicc(), &folder)?;
    for size in ranks {
        announce(&format!("the textbook's program on {size} ranks"));
        multiplied(ground.launch(under, *size, &program), &folder.join("gram-in-c.npy"), &verified)?;
    }
    Ok(())
}

/// The program, compiled by our driver.
pub fn compiled(mpicc: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let program = folder.join("gram");
    println!("$ mpicc -O2 {SOURCE} -o gram");
    execute(Command::new(mpicc).args(["-O2", SOURCE, "-o"]).arg(&program).current_dir(root()))?;
    Ok(program)
}

/// Runs it; its product must be the one that was verified.
pub fn multiplied(mut launched: Command, product: &Path, verified: &Path) -> Outcome {
    execute(launched.arg(DIGITS).arg(product).current_dir(root()))?;
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
    };
    if read(product)? != read(verified)? {
        return Err(Failure::new("the product of the program in C is another one"));
    }
    println!("the product is the same, byte by byte");
    Ok(())
}
