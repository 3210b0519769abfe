//! What a fresh machine may lack, and how a chore gets it. Rust and a C linker are the only requirements; the
//! components of the toolchain are added when rustup is there to add them.

use crate::shell::{Failure, Outcome, announce, execute, works};
use std::process::{Command, Stdio};
use std::sync::Once;

/// One thing that must be there.
struct Need {
    name: &'static str,
    present: fn() -> bool,
    /// Programs to try in order, and their arguments.
    ways: &'static [(&'static str, &'static [&'static str])],
    remedy: &'static str,
}

const LINKER: Need = Need {
    name: "a C linker (cc)",
    present: || works("cc", &["--version"]),
    ways: &[("apt-get", &["install", "-y", "-q", "gcc", "libc6-dev"])],
    remedy: "install gcc with your system's package manager",
};

const RUSTFMT: Need = Need {
    name: "rustfmt",
    present: || works("cargo", &["fmt", "--version"]),
    ways: &[("rustup", &["component", "add", "rustfmt"])],
    remedy: "rustup component add rustfmt",
};

const CLIPPY: Need = Need {
    name: "clippy",
    present: || works("cargo", &["clippy", "--version"]),
    ways: &[("rustup", &["component", "add", "clippy"])],
    remedy: "rustup component add clippy",
};

const PYTHON: Need = Need {
    name: "Python 3 with venv and pip",
    present: || works("python3", &["-c", "import ensurepip, venv"]),
    ways: &[("apt-get", &["install", "-y", "-q", "python3-venv", "python3-dev"])],
    remedy: "install python3 with venv and its headers",
};

const MAKE: Need = Need {
    name: "make",
    present: || works("make", &["--version"]),
    ways: &[("apt-get", &["install", "-y", "-q", "make"])],
    remedy: "install make with your system's package manager",
};

const BLAS: Need = Need {
    name: "a BLAS for C programs (libblas)",
    present: || {
        works("cc", &["-x", "c", "-shared", "-o", "/dev/null", "/dev/null", "-Wl,--no-as-needed", "-lblas"])
    },
    ways: &[("apt-get", &["install", "-y", "-q", "libblas-dev"])],
    remedy: "install libblas-dev or another BLAS",
};

/// Tools under which programs must run as well.
const GUESTS: [Need; 3] = [
    Need {
        name: "gdb",
        present: || works("gdb", &["--version"]),
        ways: &[("apt-get", &["install", "-y", "-q", "gdb"])],
        remedy: "install gdb with your system's package manager",
    },
    Need {
        name: "valgrind",
        present: || works("valgrind", &["--version"]),
        ways: &[("apt-get", &["install", "-y", "-q", "valgrind"])],
        remedy: "install valgrind with your system's package manager",
    },
    Need {
        name: "cmake",
        present: || works("cmake", &["--version"]),
        ways: &[("apt-get", &["install", "-y", "-q", "cmake"])],
        remedy: "install cmake with your system's package manager",
    },
];

/// What `cargo xtask test` needs; and what it can do without, and then says so.
pub fn for_tests() -> Outcome {
    [LINKER, RUSTFMT, CLIPPY].iter().try_for_each(provide)?;
    for guest in &GUESTS {
        if let Err(failure) = provide(guest) {
            announce(&format!("{failure}; what needs it is left out"));
        }
    }
    Ok(())
}

/// What building needs.
pub fn for_builds() -> Outcome {
    provide(&LINKER)
}

/// What other people's programs in Python need: an interpreter that can make environments.
pub fn for_python() -> Outcome {
    provide(&PYTHON)
}

/// What other people's C programs need to be built.
pub fn for_c_programs() -> Outcome {
    [LINKER, MAKE, BLAS].iter().try_for_each(provide)
}

fn provide(need: &Need) -> Outcome {
    if (need.present)() {
        return Ok(());
    }
    for (program, arguments) in need.ways {
        if works(program, &["--version"]) {
            announce(&format!("set-up: {} is missing, {program} {}", need.name, arguments.join(" ")));
            if *program == "apt-get" {
                update_apt();
            }
            if execute(Command::new(program).args(*arguments)).is_ok() && (need.present)() {
                return Ok(());
            }
        }
    }
    Err(Failure::new(format!("{} is missing and could not be installed here; {}", need.name, need.remedy)))
}

/// A fresh machine has no list of packages. Without one the installation says what is wrong.
fn update_apt() {
    static UPDATED: Once = Once::new();
    UPDATED.call_once(|| {
        let _ = execute(Command::new("apt-get").args(["-q", "update"]).stdout(Stdio::null()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_named_with_its_remedy() {
        let need = Need {
            name: "a unicorn",
            present: || false,
            ways: &[("/nonexistent/stable", &["fetch"])],
            remedy: "look in the forest",
        };
        let line = provide(&need).unwrap_err().to_string();
        assert_eq!(line, "a unicorn is missing and could not be installed here; look in the forest");
    }
}
