//! Programs of ours under MPICH's launcher, Hydra: whether they form one world by PMI-1, and end as they should.

use super::ground::{Build, Ground, numbers};
use crate::shell::{Failure, Outcome, announce, execute, only, option, output, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--ranks"])?;
    let ranks = numbers("--ranks", option(arguments, "--ranks")?.unwrap_or("1,2,4,7"))?;
    let ground = Ground::ready(Build::Release)?;
    ground.with_mpich()?;
    let folder = ground.folder("hydra")?;
    for (name, options) in
        [("messages", &[][..]), ("collectives", &[]), ("forks", &[]), ("sessions", &["-DWORLD=1"])]
    {
        let program = built(&ground, &folder, name, options)?;
        for &size in &ranks {
            announce(&format!("{name} on {size} ranks under Hydra"));
            let said = output(&mut hydra(&ground, size, &program))?;
            // One world says it once; N worlds of one would say it N times.
            if said != "0 failures\n" {
                return Err(Failure::new(format!("{name} on {size} ranks says {said:?}")));
            }
        }
    }
    let program = built(&ground, &folder, "untimely", &[])?;
    // Of a rank that fails and others that it has killed, Hydra's status is of one of them.
    for (word, expected) in [("exit-7", None), ("abort-after", Some(43)), ("queries", Some(0))] {
        announce(&format!("untimely {word} on 3 ranks under Hydra"));
        let ended = hydra(&ground, 3, &program).arg(word).status().ok().and_then(|status| status.code());
        if ended.is_none_or(|status| expected.map_or(status == 0, |expected| status != expected)) {
            return Err(Failure::new(format!("untimely {word} ends with {ended:?} instead of {expected:?}")));
        }
    }
    println!("all of it is right");
    Ok(())
}

fn built(ground: &Ground, folder: &Path, name: &str, options: &[&str]) -> Result<PathBuf, Failure> {
    let source = root().join(format!("crates/mpi-abi/tests/c/{name}.c"));
    let program = folder.join(name);
    execute(Command::new(ground.mpicc()).args(options).arg(source).arg("-o").arg(&program))?;
    Ok(program)
}

fn hydra(ground: &Ground, ranks: usize, program: &Path) -> Command {
    let mut command = Command::new(ground.python().with_file_name("mpiexec.hydra"));
    command.args(["-n", &ranks.to_string()]).arg(program).stdin(Stdio::null());
    command
}
