//! The command line of `archi run` and `mpiexec` before clap sees it.
//!
//! People who come from MPI type long options with one dash (`-np 4`, `-host a`), options with two values
//! (`-env NAME VALUE`) and several programs with `:` between them. Here this becomes what clap reads: long
//! options with two dashes, one value each, and the program after `--`. Options that clap does not know are left
//! to it, so that it names the nearest right one.

use clap::{ArgAction, Command};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Options that take NAME VALUE as two words (or NAME=VALUE as one).
const PAIRS: [&str; 6] = ["env", "genv", "mca", "gmca", "prtemca", "pmixmca"];

/// Splits at each `:` that stands alone.
pub fn split_parts(words: Vec<OsString>) -> Vec<Vec<OsString>> {
    let parts = words.split(|word| word == ":");
    parts.map(<[OsString]>::to_vec).collect()
}

/// Rewrites one part: options in clap's spelling, then `--`, then the program and its arguments as they are.
pub fn normalise(words: Vec<OsString>, command: &Command) -> Vec<OsString> {
    let mut out = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let Some(option) = as_option(&word, command) else {
            out.push("--".into());
            out.push(word);
            out.extend(words);
            return out;
        };
        let has_value = option.as_bytes().contains(&b'=');
        let name = name_of(&option);
        if PAIRS.contains(&name.as_str()) && !has_value {
            let first = words.next();
            let is_whole = first.as_ref().is_some_and(|first| first.as_bytes().contains(&b'='));
            let second = if is_whole { None } else { words.next() };
            out.push(option);
            out.extend(join(first, second));
        } else {
            let wants_value = !has_value && takes_value(&name, command);
            // A negative number is a value, if a wrong one, and no option: joined, it is the option's own business.
            let number = wants_value.then(|| words.next_if(|next| is_negative_number(next))).flatten();
            if let Some(number) = number {
                out.extend(join(Some(option), Some(number)));
                continue;
            }
            out.push(option);
            if wants_value {
                out.extend(words.next());
            }
        }
    }
    if words.peek().is_some() {
        out.push("--".into());
        out.extend(words);
    }
    out
}

/// The word as an option in clap's spelling, or `None` when it is the program.
fn as_option(word: &OsStr, command: &Command) -> Option<OsString> {
    let bytes = word.as_bytes();
    if bytes.len() < 2 || bytes[0] != b'-' {
        return None;
    }
    if bytes[1] == b'-' || bytes.len() == 2 {
        return Some(word.to_owned());
    }
    // `-n4` is a short option with its value: a digit never belongs to a name.
    let short = bytes[1] as char;
    let is_known = command
        .get_arguments()
        .any(|arg| arg.get_short_and_visible_aliases().is_some_and(|all| all.contains(&short)));
    if is_known && (bytes[2].is_ascii_digit() || bytes[2] == b'=') {
        return Some(word.to_owned());
    }
    Some(OsString::from_vec([b"-", bytes].concat()))
}

/// The option's name without dashes and value.
fn name_of(option: &OsStr) -> String {
    let text = option.to_string_lossy();
    text.trim_start_matches('-').split('=').next().unwrap_or_default().to_owned()
}

fn takes_value(name: &str, command: &Command) -> bool {
    let is_it = |arg: &&clap::Arg| {
        let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
        let hidden = arg.get_all_aliases().unwrap_or_default();
        let short = name.chars().next().filter(|_| name.chars().count() == 1);
        let shorts = arg.get_short_and_visible_aliases().unwrap_or_default();
        longs.contains(&name) || hidden.contains(&name) || short.is_some_and(|short| shorts.contains(&short))
    };
    let argument = command.get_arguments().find(is_it);
    argument.is_some_and(|arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append))
}

fn is_negative_number(word: &OsStr) -> bool {
    matches!(word.as_bytes(), [b'-', b'0'..=b'9' | b'.', ..])
}

fn join(first: Option<OsString>, second: Option<OsString>) -> Option<OsString> {
    let first = first?;
    let Some(second) = second else { return Some(first) };
    let mut joined = first;
    joined.push("=");
    joined.push(second);
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Arg;

    fn command() -> Command {
        Command::new("x")
            .arg(Arg::new("np").short('n').long("np").visible_short_alias('c').action(ArgAction::Set))
            .arg(Arg::new("wdir").long("wdir").alias("wd").action(ArgAction::Set))
            .arg(Arg::new("env").long("env").action(ArgAction::Append))
            .arg(Arg::new("label").short('l').long("label").action(ArgAction::SetTrue))
    }

    #[track_caller]
    fn check(words: &str, expected: &str) {
        let words = words.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        let got: Vec<String> =
            normalise(words, &command()).into_iter().map(|word| word.into_string().unwrap()).collect();
        assert_eq!(got.join(" "), expected);
    }

    #[test]
    fn one_dash_becomes_two() {
        check("-np 4 app -np 5", "--np 4 -- app -np 5");
        check("-n 4 app", "-n 4 -- app");
        check("-n4 app", "-n4 -- app");
        check("-c 4 app", "-c 4 -- app");
        check("--np=4 app", "--np=4 -- app");
        check("-np=4 app", "--np=4 -- app");
        check("-wd / app", "--wd / -- app");
        check("-l app", "-l -- app");
        check("-label app", "--label -- app");
        check("-np -1 app", "--np=-1 -- app");
        check("-n -1 app", "-n=-1 -- app");
    }

    #[test]
    fn pairs_become_one_value() {
        check("-env A B app", "--env A=B -- app");
        check("-env A=B app", "--env A=B -- app");
        check("-env=A=B app", "--env=A=B -- app");
        check("-env", "--env");
    }

    #[test]
    fn the_program_may_have_any_name() {
        check("-n 2 -- -odd -n", "-n 2 -- -odd -n");
        check("- x", "-- - x");
        check("", "");
    }

    #[test]
    fn unknown_options_are_left_to_clap() {
        check("-hots a app", "--hots -- a app");
    }

    #[test]
    fn parts() {
        let words = ["a", ":", "b", "c:d", ":"].map(OsString::from).to_vec();
        let parts = split_parts(words);
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[1], ["b", "c:d"]);
        assert!(parts[2].is_empty());
    }
}
