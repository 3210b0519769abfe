//! Which command is meant, and how what is wrong with it is said.

use crate::complaint::complaint;
use crate::{bench, doctor, info, machine, run};
use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Archipelago: processes with private memories compute together by messages.
#[derive(Parser, Debug)]
#[command(name = "archi", version, disable_help_subcommand = true)]
struct Archi {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Start processes (mpiexec is the same): archi run -n 4 ./app
    #[command(disable_help_flag = true)]
    Run {
        /// See archi run --help
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Say what this version is and what it does on this machine
    Info(info::InfoArguments),
    /// Look for what would slow or break a job on this machine
    Doctor(doctor::DoctorArguments),
    /// Measure messages and collectives on this machine, and compare figures: archi bench
    Bench(Box<bench::BenchArguments>),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Explain a command: archi help run
    Help {
        /// The command
        command: Option<String>,
    },
}

/// The program: `name` is the binary's own name, which another name in the first argument overrides.
pub fn main(name: &str) -> ExitCode {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    let typed = Path::new(&program).file_name().and_then(|name| name.to_str()).unwrap_or(name);
    let words: Vec<OsString> = words.collect();
    if let [verb, number] = &words[..]
        && verb == launch::keeper::VERB
    {
        let number = number.to_str().and_then(|number| number.parse().ok()).unwrap_or(-1);
        return launch::keeper::run(number).into();
    }
    if let [verb, number] = &words[..]
        && verb == control::hosted::VERB
    {
        let number = number.to_str().and_then(|number| number.parse().ok()).unwrap_or(-1);
        return launch::keeper::run_hosted(number).into();
    }
    if let [verb, role, segment] = &words[..]
        && verb == machine::VERB
    {
        return machine::be_probed(&role.to_string_lossy(), &segment.to_string_lossy()).into();
    }
    let is_mpiexec = name != "archi" || matches!(typed, "mpiexec" | "mpirun");
    let name = if is_mpiexec { if typed == "mpirun" { "mpirun" } else { "mpiexec" } } else { "archi" };
    if is_mpiexec {
        return run::run(name, words)
            .unwrap_or_else(|error| report(name, &error, &run::command(name)))
            .into();
    }
    let verb = words.first().cloned();
    let failed = |error: clap::Error| match verb.as_deref().and_then(|verb| verb.to_str()) {
        Some("run") => report("archi run", &error, &run::command("archi run")),
        Some(verb) => {
            let archi = Archi::command();
            // What `help` explains is named by the word after it.
            let command = archi.find_subcommand(verb).filter(|_| verb != "help");
            let name = if command.is_some() { format!("archi {verb}") } else { "archi".to_owned() };
            report(&name, &error, command.unwrap_or(&archi))
        }
        None => report("archi", &error, &Archi::command()),
    };
    archi(words).unwrap_or_else(failed).into()
}

fn archi(mut words: Vec<OsString>) -> Result<u8, clap::Error> {
    // `help run` is `run --help`: each command explains itself.
    if words.first().is_some_and(|word| word == "help") {
        words.remove(0);
        words.truncate(1);
        words.push("--help".into());
    }
    // Before clap: the words after `run` are read by its own rules.
    if words.first().is_some_and(|word| word == "run") {
        return run::run("archi run", words.split_off(1));
    }
    let of_bench = words.get(1..).unwrap_or_default().to_vec();
    let Archi { command } = Archi::try_parse_from(std::iter::once("archi".into()).chain(words))?;
    match command {
        Verb::Run { words } => run::run("archi run", words),
        Verb::Info(arguments) => Ok(print(|out| info::info(&arguments, out))),
        Verb::Doctor(arguments) => Ok(print(|out| doctor::doctor(&arguments, out))),
        Verb::Bench(arguments) => Ok(bench::bench(&arguments, of_bench)),
        Verb::Completions { shell } => Ok(print(|out| {
            complete(shell, out);
            Ok(0)
        })),
        // Rewritten above, but for its own `--help`.
        Verb::Help { .. } => archi(vec!["--help".into()]),
    }
}

/// Completions for `archi`, and for the names under which people type `archi run`. A file of zsh's is for one program.
fn complete(shell: clap_complete::Shell, out: &mut Vec<u8>) {
    let run = run::RunArguments::command().name("run").about("Start processes");
    let mut command = Archi::command().mut_subcommand("run", |_| run);
    clap_complete::generate(shell, &mut command, "archi", out);
    if shell != clap_complete::Shell::Zsh {
        for name in ["mpiexec", "mpirun"] {
            clap_complete::generate(shell, &mut run::command(name), name, out);
        }
    }
}

/// Prints what is written, as a whole; the exit status. Who reads only its beginning, as `head` does, has what they want.
fn print(write: impl FnOnce(&mut Vec<u8>) -> io::Result<u8>) -> u8 {
    let mut text = Vec::new();
    let printed = write(&mut text).and_then(|status| {
        let mut out = io::stdout().lock();
        out.write_all(&text).and_then(|()| out.flush()).map(|()| status)
    });
    match printed {
        Ok(status) => status,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "archi: standard output cannot be written: {error}");
            launch::job::STATUS_FAILURE
        }
    }
}

/// Help goes out as it is; of an error, one line with what is wrong and what may have been meant.
fn report(name: &str, error: &clap::Error, command: &Command) -> u8 {
    let help = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if help.contains(&error.kind()) {
        let _ = error.print();
        return if error.use_stderr() { launch::job::STATUS_USAGE } else { 0 };
    }
    let program = name.split(' ').next().unwrap_or(name);
    let _ = writeln!(io::stderr(), "{program}: {}", complaint(error, command, name));
    launch::job::STATUS_USAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_sound() {
        Archi::command().debug_assert();
    }
}
