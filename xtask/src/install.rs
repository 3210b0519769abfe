//! `cargo xtask install --prefix DIR`: the programs of a release under DIR/bin, and what C programs need under DIR/include and
//! DIR/lib.

use crate::setup;
use crate::shell::{Failure, Outcome, announce, cargo, execute, only, option, root, target_directory};
use std::fs;
use std::path::{Path, PathBuf};

/// The programs, and which of those that `cargo build` makes of the crate `cli` each is. A program that is called `mpirun`
/// speaks of itself as that.
const PROGRAMS: &[(&str, &str)] = &[
    ("archi", "archi"),
    ("mpiexec", "mpiexec"),
    ("mpirun", "mpiexec"),
    ("mpicc", "mpicc"),
    ("mpicxx", "mpicxx"),
    ("mpic++", "mpicxx"),
    ("mpiCC", "mpicxx"),
];

/// The library of the standard ABI, under the name that programs ask for, and the name by which they are linked.
const LIBRARY: &str = "libmpi_abi.so.1";
const LINKED_AS: &str = "libmpi_abi.so";

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--prefix"])?;
    let prefix = option(arguments, "--prefix")?
        .ok_or_else(|| Failure::new("install needs --prefix DIR, such as `--prefix ~/.local`"))?;
    setup::for_builds()?;
    // A prefix means a folder of the caller's, who stands where cargo was called and not in the repository's root.
    let prefix =
        std::path::absolute(prefix).map_err(|error| Failure::new(format!("--prefix {prefix}: {error}")))?;
    let bin = prefix.join("bin");
    announce("building in release mode (the first time takes a few minutes)");
    for path in lay_out(&prefix, true)? {
        println!("installed {}", path.display());
    }
    let names: Vec<&str> = PROGRAMS.iter().map(|(name, _)| *name).collect();
    println!("remove with: rm {}/{{{}}}", bin.display(), names.join(","));
    println!(
        "         and: rm {}/{{include/mpi.h,lib/{LINKED_AS}*,lib/pkgconfig/mpi*.pc}}",
        prefix.display()
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder == bin) {
        println!("not in the search path yet: export PATH=\"{}:$PATH\"", bin.display());
    }
    Ok(())
}

/// Builds, a release or for development, and lays it out under a prefix; returns what is there now.
pub fn lay_out(prefix: &Path, release: bool) -> Result<Vec<PathBuf>, Failure> {
    let packages = ["--package", "archipelago-cli", "--package", "archipelago-mpi-abi"];
    let profile = if release { &["--release"][..] } else { &["--quiet"] };
    execute(&mut cargo(&[&["build"][..], profile, &packages].concat()))?;
    let built = target_directory().join(if release { "release" } else { "debug" });
    let mut installed = install_from(&built, &folder(prefix, "bin")?)?;
    installed.extend(install_library(&built, prefix)?);
    Ok(installed)
}

fn install_from(built: &Path, bin: &Path) -> Result<Vec<PathBuf>, Failure> {
    let one = |(name, made): &(&str, &str)| {
        let path = bin.join(name);
        place(&built.join(made), &path).map(|()| path)
    };
    PROGRAMS.iter().map(one).collect()
}

fn folder(prefix: &Path, name: &str) -> Result<PathBuf, Failure> {
    let folder = prefix.join(name);
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    Ok(folder)
}

/// The header, the library, and what `pkg-config` says of them.
fn install_library(built: &Path, prefix: &Path) -> Result<Vec<PathBuf>, Failure> {
    let (include, lib) = (folder(prefix, "include")?, folder(prefix, "lib")?);
    place(&root().join("crates/mpi-abi/include/mpi.h"), &include.join("mpi.h"))?;
    place(&built.join(LINKED_AS), &lib.join(LIBRARY))?;
    let link = lib.join(LINKED_AS);
    let _ = fs::remove_file(&link);
    let failed = |path: &Path, error| Failure::new(format!("cannot install {}: {error}", path.display()));
    std::os::unix::fs::symlink(LIBRARY, &link).map_err(|error| failed(&link, error))?;
    let package = folder(prefix, "lib/pkgconfig")?.join("mpi_abi.pc");
    fs::write(&package, package_text(prefix)).map_err(|error| failed(&package, error))?;
    Ok(vec![include.join("mpi.h"), lib.join(LIBRARY), package])
}

fn package_text(prefix: &Path) -> String {
    let (prefix, version) = (prefix.display(), env!("CARGO_PKG_VERSION"));
    format!(
        "prefix={prefix}\nincludedir=${{prefix}}/include\nlibdir=${{prefix}}/lib\n\nName: Archipelago\n\
         Description: MPI 5.0, standard ABI\nVersion: {version}\nCflags: -I${{includedir}}\n\
         Libs: -L${{libdir}} -Wl,-rpath,${{libdir}} -lmpi_abi\n"
    )
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
    fn pkg_config_tells_what_a_compiler_needs() {
        let Ok(version) = std::process::Command::new("pkg-config").arg("--version").output() else {
            println!("pkg-config is not installed here (apt-get install pkg-config): nothing to test");
            return;
        };
        assert!(version.status.success());
        let prefix = target_directory().join(format!("xtask-package-{}", std::process::id()));
        let folder = folder(&prefix, "lib/pkgconfig").unwrap();
        fs::write(folder.join("mpi_abi.pc"), package_text(&prefix)).unwrap();
        let tell = |what: &[&str]| {
            let mut command = std::process::Command::new("pkg-config");
            let output = command.args(what).arg("mpi_abi").env("PKG_CONFIG_PATH", &folder).output().unwrap();
            assert!(output.status.success(), "{what:?}: {}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let at = prefix.display();
        assert_eq!(tell(&["--cflags"]), format!("-I{at}/include"));
        assert_eq!(tell(&["--libs"]), format!("-L{at}/lib -Wl,-rpath,{at}/lib -lmpi_abi"));
        assert_eq!(tell(&["--modversion"]), env!("CARGO_PKG_VERSION"));
        fs::remove_dir_all(&prefix).unwrap();
    }

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
        for program in ["archi", "mpiexec", "mpicc", "mpicxx", LINKED_AS] {
            fs::write(folder.join(program), program).unwrap();
        }
        fs::create_dir(folder.join("bin")).unwrap();
        install_from(&folder, &folder.join("bin")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("bin/mpirun")).unwrap(), "mpiexec");
        install_library(&folder, &folder.join("prefix")).unwrap();
        assert_eq!(fs::read_to_string(folder.join("prefix/lib").join(LINKED_AS)).unwrap(), LINKED_AS);
        assert!(folder.join("prefix/include/mpi.h").exists());
        assert!(package_text(Path::new("/p")).contains("\nlibdir=${prefix}/lib\n"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
