//! Runs a program that other people wrote under a launcher: what it writes goes to a file, and after a time limit it is ended.

use super::ground::cannot;
use crate::progress::progress;
use crate::shell::Failure;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a launcher has to end its processes once it was told to.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Well,
    Badly,
    /// It was ended at the time limit.
    TimedOut,
}

/// Runs it; both outputs go to the file, and each line of its error output to `read`, which says how far it is.
pub fn watched(
    command: &mut Command,
    log: &Path,
    limit: Duration,
    mut read: impl FnMut(&str) -> Option<String>,
) -> Result<(End, Duration), Failure> {
    let mut file = File::create(log).map_err(|error| cannot("write", log, &error))?;
    let output = file.try_clone().map_err(|error| cannot("write", log, &error))?;
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("cannot start {:?}: {error}", command.get_program())))?;
    let (over, ended) = channel::<()>();
    let pid = child.id();
    let watch = std::thread::spawn(move || {
        let signal = |name: &str| {
            let _ = Command::new("kill").args([name, &pid.to_string()]).stderr(Stdio::null()).status();
        };
        // The sender is dropped when the run is over.
        if ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
            return false;
        }
        signal("-TERM");
        if ended.recv_timeout(LAST_WORDS) == Err(RecvTimeoutError::Timeout) {
            signal("-KILL");
        }
        true
    });
    let errors = child.stderr.take();
    for line in
        errors.into_iter().flat_map(|errors| BufReader::new(errors).split(b'\n').map_while(Result::ok))
    {
        file.write_all(&[&line[..], b"\n"].concat()).map_err(|error| cannot("write", log, &error))?;
        if let Some(far) = read(&String::from_utf8_lossy(&line)) {
            progress(&far);
        }
    }
    progress("");
    let ended_well = child.wait().is_ok_and(|status| status.success());
    drop(over);
    let end = match watch.join() {
        Ok(true) => End::TimedOut,
        _ if ended_well => End::Well,
        _ => End::Badly,
    };
    Ok((end, start.elapsed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, limit: Duration) -> (End, Vec<String>) {
        let log = std::env::temp_dir().join(format!(
            "xtask-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let mut lines = Vec::new();
        let end = watched(Command::new("sh").args(["-c", script]), &log, limit, |line| {
            lines.push(line.to_owned());
            None
        });
        let _ = std::fs::remove_file(&log);
        (end.unwrap().0, lines)
    }

    #[test]
    fn the_end_of_a_run_is_told() {
        let hour = Duration::from_secs(3600);
        assert_eq!(run("echo one >&2; echo two", hour), (End::Well, vec!["one".to_owned()]));
        assert_eq!(run("exit 3", hour).0, End::Badly);
        let (end, lines) = run("printf begun >&2; exec sleep 3600", Duration::from_millis(200));
        assert_eq!((end, lines), (End::TimedOut, vec!["begun".to_owned()]));
    }
}
