//! What is wrong with a command line, in one line: what is there, and what may have been meant.

use crate::nearest::nearest;
use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// The line for an error of clap's, without the program's name. `command` is what was being read, `name` how the user
/// called it.
pub fn complaint(error: &Error, command: &Command, name: &str) -> String {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let remedy = match error.kind() {
        ErrorKind::UnknownArgument => {
            said(ContextKind::InvalidArg).map(|word| option_meant(word, command, name))
        }
        ErrorKind::InvalidSubcommand => {
            said(ContextKind::InvalidSubcommand).map(|word| command_meant(word, command, name))
        }
        ErrorKind::InvalidValue => value_meant(error),
        ErrorKind::MissingRequiredArgument => match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) => {
                Some(format!(" {} (see {name} --help)", missing.join(", ")))
            }
            _ => None,
        },
        _ => None,
    };
    format!("{first}{}", remedy.unwrap_or_default())
}

fn option_meant(word: &str, command: &Command, name: &str) -> String {
    if !word.starts_with('-') {
        return format!(" (see {name} --help)");
    }
    let typed = word.trim_start_matches('-').split('=').next().unwrap_or_default();
    let launches = ["archi run", "mpiexec", "mpirun"].contains(&name);
    if let Some(advice) = launches.then(|| crate::foreign::advice(typed)).flatten() {
        return format!(": {advice}");
    }
    if name == "archi bench" && ["plot", "graph", "chart", "png", "pdf"].contains(&typed) {
        return ": --svg FILE draws the figures (any browser shows it)".to_owned();
    }
    let run = command.find_subcommand("run");
    if run.is_some() && crate::run::is_option(typed) {
        return format!(": did you mean {name} run {word} ...?");
    }
    let longs = command
        .get_arguments()
        .flat_map(|argument| argument.get_long_and_visible_aliases().unwrap_or_default());
    let hidden = command.get_arguments().flat_map(|argument| argument.get_all_aliases().unwrap_or_default());
    match nearest(typed, longs.chain(hidden)) {
        Some((meant, true)) => format!(": did you mean --{meant}?"),
        _ => format!(" (see {name} --help)"),
    }
}

fn command_meant(word: &str, command: &Command, name: &str) -> String {
    if word.contains('/') {
        return format!(": to start a program, {name} run -n 4 {word}");
    }
    let verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    match nearest(word, verbs.iter().copied()) {
        Some((meant, true)) => format!(": did you mean {name} {meant}?"),
        _ => format!(" (there are {}; a program is started by {name} run -n 4 {word})", verbs.join(", ")),
    }
}

fn value_meant(error: &Error) -> Option<String> {
    let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue) else { return None };
    let all = (!values.is_empty()).then(|| values.join(", "))?;
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidValue) else {
        return Some(format!(" (one of {all})"));
    };
    Some(match nearest(typed, values.iter().map(String::as_str)) {
        Some((meant, true)) => format!(": did you mean {meant}? (one of {all})"),
        _ => format!(" (one of {all})"),
    })
}
