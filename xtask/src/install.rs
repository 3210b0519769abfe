//! `cargo xtask install --prefix DIR`: the programs of a release, under DIR/bin.

use crate::setup;
use crate::shell::{Failure, Outcome, announce, cargo, execute, only, option, target_directory};
use std::fs;
use std::path::Path;

/// The programs, and which of those that `cargo build` makes of the crate `cli` each is. A program that is called `mpirun`
/// speaks of itself as that.
const PROGRAMS: &[(&str, &str)] = &[("archi", "archi"), ("mpiexec", "mpiexec"), ("mpirun", "mpiexec")];

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--prefix"])?;
    let prefix = option(arguments, "--prefix")?
        .ok_or_else(|| Failure::new("install needs --prefix DIR, such as `--prefix ~/.local`"))?;
    setup::for_builds()?;
    // A prefix means a folder of the caller's, who stands where cargo was called and not in the repository's root.
    let bin = std::path::absolute(prefix)
        .map_err(|error| Failure::new(format!("--prefix {prefix}: {error}")))?
        .join("bin");
    announce("building in release mode");
    execute(&mut cargo(&["build", "--release", "--package", "archipelago-cli"]))?;
    fs::create_dir_all(&bin)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", bin.display())))?;
    install_from(&target_directory().join("release"), &bin)?;
    let names: Vec<&str> = PROGRAMS.iter().map(|(name, _)| *name).collect();
    println!("remove with: rm {}/{{{}}}", bin.display(), names.join(","));
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder == bin) {
        println!("not in the search path yet: export PATH=\"{}:$PATH\"", bin.display());
    }
    Ok(())
}

fn install_from(built: &Path, bin: &Path) -> Outcome {
    for (name, made) in PROGRAMS {
        place(&built.join(made), &bin.join(name))?;
        println!("installed {}", bin.join(name).display());
    }
    Ok(())
}

/// Copies beside the destination and renames, so that a program that runs is replaced and a full disk leaves the old.
fn place(from: &Path, to: &Path) -> Outcome {
    let beside = to.with_extension("new");
    fs::copy(from, &beside).and_then(|_| fs::rename(&beside, to)).map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::new(format!("cannot install {} as {}: {error}", from.display(), to.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_replaced_as_a_whole_or_not_at_all() {
        let folder = target_directory().join(format!("xtask-install-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("old"), "old").unwrap();
        fs::write(folder.join("source"), "new").unwrap();
        assert!(place(&folder.join("absent"), &folder.join("old")).is_err());
        assert_eq!(fs::read_to_string(folder.join("old")).unwrap(), "old");
        place(&folder.join("source"), &folder.join("old")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("old")).unwrap(), "new");
        assert!(!folder.join("old.new").exists());
        for program in ["archi", "mpiexec"] {
            fs::write(folder.join(program), program).unwrap();
        }
        fs::create_dir(folder.join("bin")).unwrap();
        install_from(&folder, &folder.join("bin")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("bin/mpirun")).unwrap(), "mpiexec");
        fs::remove_dir_all(&folder).unwrap();
    }
}
