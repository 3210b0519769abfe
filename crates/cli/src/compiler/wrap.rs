//! Calls the compiler.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::Language;
use super::words::{Task, Words};

const HELP: &str = "\
calls the system's compiler with the options for MPI; all other words are passed on to it
  -show                     print the call and do nothing
  -compile-info, -link-info print the call for compiling, for linking
  -showme:compile, -showme:link, -showme:incdirs, -showme:libdirs, -showme:libs, -showme:command
                            print that part of it alone, as Open MPI's does
  -showme:version           print which version this is (--version asks the compiler)
  -showme:help, -help       print this; --help has the compiler add its own
  -cc=NAME, -cxx=NAME       the compiler (or ARCHIPELAGO_CC, MPICH_CC, OMPI_CC in the environment; ..._CXX for C++)
  -norpath                  the program finds libmpi_abi.so.1 by LD_LIBRARY_PATH or the system alone";

/// `mpicc` or `mpicxx`.
pub fn main(language: Language) -> ExitCode {
    let words = Words::read(language, std::env::args().skip(1));
    let prefix = match prefix() {
        Ok(prefix) => prefix,
        Err(error) => {
            eprintln!("{}: cannot find where it is installed: {error}", name(language));
            return ExitCode::FAILURE;
        }
    };
    let call = call(language, &words, &prefix, |name| std::env::var(name).ok());
    match words.task {
        Task::Help => println!("{}: {HELP}", name(language)),
        Task::Version => println!("{}", version(language)),
        Task::Run | Task::BothHelp => {
            if words.task == Task::BothHelp {
                println!("{}: {HELP}\n\nThe compiler says of itself:", name(language));
            }
            let error = Command::new(&call[0]).args(&call[1..]).exec();
            eprintln!("{}: cannot call the compiler `{}`: {error}", name(language), call[0]);
            let [first, ..] = language.variables();
            eprintln!("{}: name another one with {first}", name(language));
            return ExitCode::FAILURE;
        }
        _ => println!("{}", call.join(" ")),
    }
    ExitCode::SUCCESS
}

fn name(language: Language) -> &'static str {
    match language {
        Language::C => "mpicc",
        Language::Cxx => "mpicxx",
    }
}

/// As Open MPI's wrapper says it, which programs read.
fn version(language: Language) -> String {
    let of = match language {
        Language::C => "C",
        Language::Cxx => "C++",
    };
    format!("{}: Archipelago {} (Language: {of})", name(language), env!("CARGO_PKG_VERSION"))
}

/// The folder above the one in which this program lies.
fn prefix() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.ancestors().nth(2).unwrap_or(Path::new("/usr")).to_owned())
}

/// The compiler and its words.
fn call(
    language: Language,
    words: &Words,
    prefix: &Path,
    variable: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let chosen = words.compiler.clone();
    let chosen = chosen.or_else(|| language.variables().iter().find_map(|name| variable(name)));
    // A variable may hold options as well.
    let compiler =
        chosen.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| language.compiler().to_owned());
    let compiler = compiler.split_whitespace().map(str::to_owned);
    let compile = vec![format!("-I{}", prefix.join("include").display())];
    let lib = prefix.join("lib");
    let mut link = vec![format!("-L{}", lib.display())];
    if words.rpath {
        link.push(format!("-Wl,-rpath,{}", lib.display()));
    }
    link.push("-lmpi_abi".to_owned());
    let rest = words.rest.clone();
    match words.task {
        Task::IncludeFolders => vec![prefix.join("include").display().to_string()],
        Task::LibraryFolders => vec![lib.display().to_string()],
        Task::Libraries => vec!["mpi_abi".to_owned()],
        Task::Compiler => compiler.collect(),
        Task::CompileOptions => compile,
        Task::LinkOptions => link,
        Task::ShowCompile => compiler.chain(compile).chain(rest).collect(),
        Task::ShowLink => compiler.chain(rest).chain(link).collect(),
        _ if words.links() || words.task == Task::Show && words.rest.is_empty() => {
            compiler.chain(compile).chain(rest).chain(link).collect()
        }
        _ => compiler.chain(compile).chain(rest).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, environment: &[(&str, &str)], expected: &str) {
        let words = Words::read(Language::C, words.split_whitespace().map(str::to_owned));
        let variable = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(call(Language::C, &words, Path::new("/p"), variable).join(" "), expected);
    }

    #[test]
    fn calls() {
        check("a.c -o a", &[], "cc -I/p/include a.c -o a -L/p/lib -Wl,-rpath,/p/lib -lmpi_abi");
        check("-c a.c", &[("MPICH_CC", "clang")], "clang -I/p/include -c a.c");
        check("-show", &[], "cc -I/p/include -L/p/lib -Wl,-rpath,/p/lib -lmpi_abi");
        check("-norpath a.o", &[("OMPI_CC", "gcc -m64")], "gcc -m64 -I/p/include a.o -L/p/lib -lmpi_abi");
        check("-cc=tcc -compile-info", &[("ARCHIPELAGO_CC", "clang")], "tcc -I/p/include");
        check("-link-info", &[], "cc -L/p/lib -Wl,-rpath,/p/lib -lmpi_abi");
        check("--showme:compile", &[], "-I/p/include");
        check("-showme:incdirs", &[], "/p/include");
        check("-showme:libdirs", &[], "/p/lib");
        check("-showme:libs", &[], "mpi_abi");
        check("-showme:command", &[("MPICH_CC", "clang")], "clang");
    }
}
