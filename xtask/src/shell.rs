//! Running other programs: cargo above all.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a chore ends with.
pub type Outcome = Result<(), Failure>;

/// Why a chore failed: one line.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub fn new(line: impl Into<String>) -> Failure {
        Failure(line.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root of the repository: the folder that holds `xtask`.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The folder that cargo builds into. A binary of cargo lies at `TARGET/PROFILE/NAME`, and so does this one; what
/// the caller's environment says comes first.
pub fn target_directory() -> PathBuf {
    if let Some(directory) = std::env::var_os("CARGO_TARGET_DIR") {
        return root().join(directory);
    }
    std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent()?.parent().map(Path::to_path_buf))
        .unwrap_or_else(|| root().join("target"))
}

/// The cargo that started us, run in the root of the repository.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Says what is about to happen.
pub fn announce(line: &str) {
    println!("\n== {line}");
}

/// Runs a program with our own input and output.
///
/// Fails if it cannot be started or ends with a non-zero status.
pub fn execute(command: &mut Command) -> Outcome {
    let line = spelled(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("`{line}` failed ({status})"))),
        Err(error) => Err(Failure::new(format!("cannot start `{line}`: {error}"))),
    }
}

/// Runs a program and returns what it wrote to its standard output; its error output stays ours.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let line = spelled(command);
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| Failure::new(format!("cannot start `{line}`: {error}")))?;
    if !output.status.success() {
        return Err(Failure::new(format!("`{line}` failed ({})", output.status)));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::new(format!("`{line}` wrote something that is not UTF-8")))
}

/// True if the program can be started and says that it is well.
pub fn works(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .current_dir(root())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The value of an option `--name VALUE`, if it was given.
pub fn option<'a>(arguments: &'a [String], name: &str) -> Result<Option<&'a str>, Failure> {
    match arguments.iter().position(|argument| argument == name) {
        None => Ok(None),
        Some(at) => match arguments.get(at + 1) {
            Some(value) => Ok(Some(value)),
            None => Err(Failure::new(format!("{name} needs a value"))),
        },
    }
}

/// Refuses options that a verb doesn't know, and names the nearest one that it does.
pub fn only(arguments: &[String], known: &[&str]) -> Outcome {
    for argument in arguments.iter().filter(|argument| argument.starts_with('-')) {
        if !known.contains(&argument.as_str()) {
            return Err(Failure::new(match crate::nearest::nearest(argument, known.iter().copied()) {
                Some((name, true)) => format!("no option `{argument}`; did you mean `{name}`?"),
                Some((name, false)) => format!("no option `{argument}`; the nearest is `{name}`"),
                None => format!("no option `{argument}`"),
            }));
        }
    }
    Ok(())
}

/// A command as somebody would type it.
fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_and_strangers_refused() {
        let arguments: Vec<String> = ["--runs", "3", "--quick"].map(String::from).to_vec();
        assert_eq!(option(&arguments, "--runs").unwrap(), Some("3"));
        assert_eq!(option(&arguments, "--seconds").unwrap(), None);
        assert!(option(&arguments, "--quick").is_err());
        assert!(only(&arguments, &["--runs", "--quick"]).is_ok());
        let refusal = only(&arguments, &["--runs", "--quack"]).unwrap_err().to_string();
        assert_eq!(refusal, "no option `--quick`; did you mean `--quack`?");
    }
}
