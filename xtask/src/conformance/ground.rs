//! What real programs need before they run: our library installed under a prefix, and a Python of their own that also has another
//! implementation of the same ABI (MPICH), so that one binary can be run on both.

use crate::install;
use crate::setup;
use crate::shell::{Failure, Outcome, announce, execute, output, target_directory};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The other implementation, from the Python package `mpich`.
const MPICH: &str = "mpich==5.0.2";

/// Whose library and launcher a program runs under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Under {
    Us,
    Mpich,
}

impl Under {
    /// What `--under` says.
    pub fn named(word: Option<&str>) -> Result<Under, Failure> {
        match word {
            None | Some("archipelago") => Ok(Under::Us),
            Some("mpich") => Ok(Under::Mpich),
            Some(other) => Err(Failure::new(format!(
                "--under {other}: there are `archipelago` (the default) and `mpich`"
            ))),
        }
    }
}

/// What is tried: a release, or what was built for development, which a short form takes since it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Build {
    Release,
    Development,
}

impl Build {
    /// What cargo is told.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Build::Release => &["--release"],
            Build::Development => &["--quiet"],
        }
    }

    /// Where cargo puts it, in the target directory.
    pub fn folder(self) -> &'static str {
        match self {
            Build::Release => "release",
            Build::Development => "debug",
        }
    }
}

/// Where everything lies.
pub struct Ground {
    folder: PathBuf,
    prefix: PathBuf,
    build: Build,
}

impl Ground {
    /// Installs us.
    pub fn ready(build: Build) -> Result<Ground, Failure> {
        let folder = target_directory().join("conformance");
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        setup::for_builds()?;
        let prefix = folder.join(if build == Build::Release { "prefix" } else { "prefix-development" });
        announce(&format!("building, and installing in {}", prefix.display()));
        install::lay_out(&prefix, build == Build::Release)?;
        Ok(Ground { folder, prefix, build })
    }

    /// Fetches the other implementation.
    pub fn with_mpich(&self) -> Outcome {
        self.packages(&[MPICH])
    }

    /// A folder for one part, made if need be.
    pub fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        Ok(folder)
    }

    fn environment(&self) -> PathBuf {
        self.folder.join("python")
    }

    pub fn python(&self) -> PathBuf {
        self.environment().join("bin/python")
    }

    /// What is tried.
    pub fn build(&self) -> Build {
        self.build
    }

    /// Our compiler driver.
    pub fn mpicc(&self) -> PathBuf {
        self.prefix.join("bin/mpicc")
    }

    /// Installs Python packages that aren't there yet: each is named with its version or a bound.
    pub fn packages(&self, packages: &[&str]) -> Outcome {
        let stamp = self.environment().join("packages");
        let have = fs::read_to_string(&stamp).unwrap_or_default();
        let missing: Vec<&str> =
            packages.iter().copied().filter(|package| !have.lines().any(|line| line == *package)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        setup::for_python()?;
        if !self.python().exists() {
            announce("set-up: a Python environment");
            execute(Command::new("python3").args(["-m", "venv"]).arg(self.environment()))?;
        }
        announce(&format!("set-up: {} from the Python package index", missing.join(", ")));
        execute(Command::new(self.python()).args(["-m", "pip", "install", "--quiet"]).args(&missing))?;
        let text = missing.iter().fold(have, |text, package| text + package + "\n");
        fs::write(&stamp, text).map_err(|error| cannot("write", &stamp, &error))
    }

    /// Starts `ranks` processes of a program: the library is found by the loader's path, which precedes what the program was
    /// linked with.
    pub fn launch(&self, under: Under, ranks: usize, program: &Path) -> Command {
        let root = match under {
            Under::Us => self.prefix.clone(),
            Under::Mpich => self.environment(),
        };
        let mut command = Command::new(root.join("bin/mpiexec"));
        command.args(["-n", &ranks.to_string()]).arg(program).env("LD_LIBRARY_PATH", root.join("lib"));
        command
    }

    /// What the library that a launched program finds calls itself.
    pub fn library(&self, under: Under) -> Result<String, Failure> {
        let source = self.folder.join("library.c");
        let text = "#include <mpi.h>\n#include <stdio.h>\nint main(void)\n{\n    char text[MPI_MAX_LIBRARY_VERSION_STRING];\n    \
                    int length;\n    MPI_Get_library_version(text, &length);\n    puts(text);\n    return 0;\n}\n";
        fs::write(&source, text).map_err(|error| cannot("write", &source, &error))?;
        let program = self.folder.join("library");
        execute(Command::new(self.mpicc()).arg(&source).arg("-o").arg(&program))?;
        let text = output(&mut self.launch(under, 1, &program))?;
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    }
}

/// A file or folder that could not be used.
pub fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {verb} {}: {error}", path.display()))
}

/// The numbers of an option such as `--ranks 1,2,5`.
pub fn numbers(option: &str, text: &str) -> Result<Vec<usize>, Failure> {
    text.split(',')
        .map(|word| match word.trim().parse() {
            Ok(number) if (1..=64).contains(&number) => Ok(number),
            _ => Err(Failure::new(format!("{option} {text}: `{word}` is no number from 1 to 64"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_ranks_are_checked() {
        assert_eq!(numbers("--ranks", "1,2, 5").unwrap(), [1, 2, 5]);
        for wrong in ["", "0", "1,,2", "65", "-1", "two"] {
            assert!(numbers("--ranks", wrong).is_err(), "{wrong}");
        }
        assert_eq!(Under::named(Some("mpich")).unwrap(), Under::Mpich);
        assert!(Under::named(Some("lam")).is_err());
    }
}
