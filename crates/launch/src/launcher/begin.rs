//! How a job begins: checks, outputs, the keeper, what it is told.

use super::control_loop::Launcher;
use super::outputs::Outputs;
use crate::job::{Job, STATUS_FAILURE, STATUS_USAGE};
use crate::{keeper, reaper, refusal};
use control::Secret;
use control::agent::{App, Start};
use os::signal;
use os::spawn::Spawn;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::os::unix::net::UnixStream;

/// Runs a job to its end; returns the exit status that the launcher's process should give:
///
/// | status | when |
/// |---|---|
/// | 0 | every process ended well |
/// | 1 to 255 | that of the first process that failed; 128 + the signal that killed it; the code of an abort |
/// | 1 | the launcher itself failed, or a process exited with 0 without finalising |
/// | 2 | the job makes no sense |
/// | 124 | its time was over |
/// | 126, 127 | a program cannot be executed, or does not exist |
/// | 128 + signal | the user ended it by a signal |
///
/// Everything that the user should know is said on standard error. Takes over the whole process: its signals, its
/// standard streams, and its children, except for those that it already has.
pub fn run(job: &Job) -> u8 {
    let complain = |text: String, status| {
        eprintln!("{}: {text}", job.name);
        status
    };
    if let Err(error) = job.check() {
        return complain(error.to_string(), STATUS_USAGE);
    }
    let outputs = match Outputs::new(job) {
        Ok(outputs) => outputs,
        Err((name, error)) => {
            return complain(format!("the output file {name} cannot be opened: {error}"), STATUS_FAILURE);
        }
    };
    match start(job, outputs) {
        Ok(mut launcher) => launcher.run(),
        Err(error) => {
            complain(format!("the job cannot be started: {}", refusal::explain(&error)), STATUS_FAILURE)
        }
    }
}

/// A program as the job wants it. Its error output is a pipe to us, so it is told if a terminal is behind it, and how wide
/// that is: a progress bar makes sense then.
fn app_of(job: &Job, app: &App) -> App {
    let mut app = app.clone();
    if io::stderr().is_terminal() && job.error_pattern.is_none() && !job.label && !job.timestamp {
        let columns = os::descriptor::terminal_columns(io::stderr()).unwrap_or(80);
        app.environment.push((b"ARCHIPELAGO_TERMINAL".to_vec(), columns.to_string().into_bytes()));
    }
    app
}

fn start(job: &Job, outputs: Outputs) -> io::Result<Launcher<'_>> {
    // A rank may start a job of its own: what was meant for the rank is not for its grandchildren.
    let inherited = std::env::var(control::process::FD_VARIABLE);
    if let Some(number) = inherited.ok().and_then(|number| number.parse().ok()) {
        os::descriptor::close_on_exec(number);
    }
    let spared = os::descendants::descendants().unwrap_or_default();
    // A terminal's stop is for the job as well. A limit on the size of files is an error of the write, as a full disk is, and
    // no reason to die. Under `nohup` a hang-up ends nothing.
    let signals = reaper::SIGNALS.into_iter().chain([signal::SIGTSTP, signal::SIGCONT, signal::SIGXFSZ]);
    let heard = signals.filter(|&one| one != signal::SIGHUP || !signal::is_ignored(one));
    let signals = reaper::take_over(&heard.collect::<Vec<_>>())?;

    let (stream, theirs) = UnixStream::pair()?;
    let program = os::spawn::this_program()?;
    let mut spawn = Spawn::new(&program, OsStr::new("archi-keeper")).own_session();
    let number = spawn.inherit(theirs.into());
    let keeper = spawn.arguments([keeper::VERB.into(), number.to_string().into()]).start()?;

    let mut job_id = [0; 8];
    os::random::fill(&mut job_id)?;
    let mut processes = Vec::new();
    for (index, part) in job.parts.iter().enumerate() {
        processes.extend(std::iter::repeat_n(index as u32, part.processes));
    }
    let start = Start {
        job: u64::from_le_bytes(job_id),
        secret: Secret::random()?,
        host: os::host::name(),
        size: processes.len() as u32,
        first: 0,
        // This launcher starts processes on one host.
        hosts: vec![0],
        processes,
        apps: job.parts.iter().map(|part| app_of(job, &part.app)).collect(),
        bind: job.bind,
        tells_bindings: job.tells_bindings,
        transport: job.transport,
        input: job.input,
        keep_going: job.keep_going,
        statistics: job.statistics,
        options: job.options.clone(),
    };
    Launcher::new(job, outputs, signals, stream, keeper, spared, start)
}
