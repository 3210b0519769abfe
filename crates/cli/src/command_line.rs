//! Which command is meant, and how what is wrong with it is said.

use crate::{doctor, info, machine, run};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};
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
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
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
    if let [verb, role, segment] = &words[..]
        && verb == machine::VERB
    {
        return machine::be_probed(&role.to_string_lossy(), &segment.to_string_lossy()).into();
    }
    let is_mpiexec = name != "archi" || matches!(typed, "mpiexec" | "mpirun");
    let name = if is_mpiexec { if typed == "mpirun" { "mpirun" } else { "mpiexec" } } else { "archi" };
    match if is_mpiexec { run::run(name, words) } else { archi(words) } {
        Ok(status) => status.into(),
        Err(error) => report(name, &error).into(),
    }
}

fn archi(mut words: Vec<OsString>) -> Result<u8, clap::Error> {
    // Before clap: the words after `run` are read by its own rules.
    if words.first().is_some_and(|word| word == "run") {
        return run::run("archi run", words.split_off(1));
    }
    let archi = Archi::try_parse_from(std::iter::once("archi".into()).chain(words))?;
    match archi.command {
        Verb::Run { words } => run::run("archi run", words),
        Verb::Info(arguments) => Ok(print(|out| info::info(&arguments, out))),
        Verb::Doctor(arguments) => Ok(print(|out| doctor::doctor(&arguments, out))),
        Verb::Completions { shell } => {
            let run = run::RunArguments::command().name("run").about("Start processes");
            let mut command = Archi::command().mut_subcommand("run", |_| run);
            Ok(print(|out| {
                clap_complete::generate(shell, &mut command, "archi", out);
                Ok(0)
            }))
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
fn report(name: &str, error: &clap::Error) -> u8 {
    let help = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayVersion,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    if help.contains(&error.kind()) {
        let _ = error.print();
        return if error.use_stderr() { launch::job::STATUS_USAGE } else { 0 };
    }
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let meant = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(word)) => Some(word.clone()),
            Some(ContextValue::Strings(words)) => words.first().cloned(),
            _ => None,
        });
    let values = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            format!(" (one of {})", values.join(", "))
        }
        _ => String::new(),
    };
    let remedy = match meant {
        Some(word) => format!(": did you mean {word}?"),
        None if error.kind() == ErrorKind::UnknownArgument => format!(" (see {name} --help)"),
        None => values,
    };
    let _ = writeln!(std::io::stderr(), "{}: {first}{remedy}", name.split(' ').next().unwrap_or(name));
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
