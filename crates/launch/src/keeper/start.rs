//! Starting the processes of one host.

use super::lifelines::Lifelines;
use super::member::{InputQueue, Member};
use super::program;
use crate::binding::Binding;
use crate::refusal;
use control::Ending;
use control::agent::{App, Start, Stream};
use control::process::{
    FD_VARIABLE, LOCAL_RANK_VARIABLE, LOCAL_SIZE_VARIABLE, RANK_VARIABLE, SIZE_VARIABLE, VARIABLES,
};
use os::limits::Descriptors;
use os::spawn::Spawn;
use os::unix::SeqPacket;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Descriptors that a keeper needs for each process: claims, link, claimant, output, error.
const DESCRIPTORS_EACH: u64 = 5;
/// And besides: standard streams, launcher, signals, segment, lifelines, input, a start under way with both ends of all.
const DESCRIPTORS_BESIDES: u64 = 20;
/// Descriptors that the keeper of so many processes needs, besides one for each process that gets input.
pub fn descriptors_needed(processes: u64) -> u64 {
    processes * DESCRIPTORS_EACH + DESCRIPTORS_BESIDES
}

/// A claimed descriptor gets at least this number: shell scripts use the low ones as their own.
const CLAIM_NUMBER_MIN: i32 = 20;

/// Why a process could not be started: its number, one line, and the status that a shell would give.
pub struct NotStarted {
    /// The process's number.
    pub number: u32,
    /// The line.
    pub why: String,
    /// The status.
    pub status: u8,
}

/// What all processes of the host have in common.
pub struct Starter<'a> {
    start: &'a Start,
    /// One for each part of the command line.
    programs: Vec<Program>,
    /// This process's limit before it was raised, which the processes get back.
    limit: Descriptors,
    /// What each process is bound to.
    bound: Binding,
}

struct Program {
    file: PathBuf,
    name: OsString,
    arguments: Vec<OsString>,
    directory: PathBuf,
}

impl<'a> Starter<'a> {
    /// Finds all programs and checks the limits, before anything is started.
    pub fn new(start: &'a Start) -> Result<Starter<'a>, NotStarted> {
        let limit = Descriptors::of_this_process();
        let inputs =
            (0..start.processes.len() as u32).filter(|place| start.input.is_for(start.first + place));
        let needed = descriptors_needed(start.processes.len() as u64) + inputs.count() as u64;
        let failed = |number, why, status| NotStarted { number, why, status };
        if let Some(hard) = limit.hard.filter(|hard| *hard < needed) {
            let why = format!(
                "{} processes need {needed} descriptors in their keeper, but the hard limit is {hard} (raise it: \
                 ulimit -Hn {needed})",
                start.processes.len()
            );
            return Err(failed(start.first, why, 1));
        }
        // Refused only where the limit was not below what is needed: the check above stands for it.
        let _ = limit.raised().apply();
        let mut programs = Vec::new();
        for (index, app) in start.apps.iter().enumerate() {
            let user = start.processes.iter().position(|used| *used == index as u32).unwrap_or(0);
            let found = Program::find(app);
            programs.push(found.map_err(|(why, status)| failed(start.first + user as u32, why, status))?);
        }
        Ok(Starter { start, programs, limit, bound: Binding::new(start.bind, start.processes.len()) })
    }

    /// What is to be said of what the processes are bound to.
    pub fn tell_bindings(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.bound.remark().into_iter().collect();
        if self.start.tells_bindings {
            let host = &self.start.host;
            let one = |place| {
                format!("rank {} on {host} {}", self.start.first + place as u32, self.bound.describe(place))
            };
            lines.extend((0..self.start.processes.len()).map(one));
        }
        lines
    }

    /// Starts the process at this place of the host.
    pub fn start(&self, place: usize, lifelines: &mut Lifelines) -> Result<Member, NotStarted> {
        let number = self.start.first + place as u32;
        self.spawn(place, number, lifelines).map_err(|error| {
            let app = &self.programs[self.start.processes[place] as usize];
            let status = match error.raw_os_error() {
                Some(code) if code == rustix_codes::NOEXEC || code == rustix_codes::ACCES => 126,
                _ => 1,
            };
            NotStarted {
                number,
                why: format!("{}: {}", app.file.display(), refusal::explain(&error)),
                status,
            }
        })
    }

    fn spawn(&self, place: usize, number: u32, lifelines: &mut Lifelines) -> io::Result<Member> {
        let start = self.start;
        let index = start.processes[place] as usize;
        let (app, program) = (&start.apps[index], &self.programs[index]);
        let (theirs, claims) = SeqPacket::pair()?;
        let theirs = os::descriptor::duplicate_from(theirs, CLAIM_NUMBER_MIN)?;
        lifelines.hold(theirs.as_fd());
        let (output, their_output) = io::pipe()?;
        let (error, their_error) = io::pipe()?;
        os::descriptor::set_nonblocking(&output)?;
        os::descriptor::set_nonblocking(&error)?;
        let (their_input, input) = match start.input.is_for(number) {
            true => {
                io::pipe().map(|(reader, writer)| (Some(reader.into()), Some(InputQueue::new(writer))))?
            }
            false => (None, None),
        };

        let mut spawn = Spawn::new(&program.file, &program.name)
            .arguments(program.arguments.iter().cloned())
            .directory(&program.directory);
        if !app.inherit_environment {
            spawn = spawn.empty_environment();
        }
        // The innermost launcher counts: that is this one.
        for variable in VARIABLES.into_iter().chain(control::pmi::VARIABLES) {
            spawn = spawn.unset(variable);
        }
        for (name, value) in &app.environment {
            spawn = spawn.set(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
        let claim_number = spawn.inherit(theirs);
        let pid = spawn
            .set(FD_VARIABLE, claim_number.to_string())
            .set(RANK_VARIABLE, number.to_string())
            .set(SIZE_VARIABLE, start.size.to_string())
            .set(LOCAL_RANK_VARIABLE, place.to_string())
            .set(LOCAL_SIZE_VARIABLE, start.processes.len().to_string())
            .input(their_input)
            .outputs(their_output.into(), their_error.into())
            .own_group()
            .interruptible()
            .dies_with_parent()
            .lifeline(claim_number)
            .descriptors(self.limit)
            .cores(self.bound.of(place).to_vec())
            .start()?;
        Ok(Member {
            number,
            pid,
            claims: Some(claims),
            claimant: None,
            link: None,
            behind: None,
            is_reported: false,
            outputs: [(Stream::Output, Some(output)), (Stream::Error, Some(error))],
            input,
            finalised: false,
            aborts: false,
            is_known_left: false,
            ending: None::<Ending>,
        })
    }
}

/// The errors by which the kernel says that a file is there but is no program.
mod rustix_codes {
    pub const ACCES: i32 = 13;
    pub const NOEXEC: i32 = 8;
}

impl Program {
    fn find(app: &App) -> Result<Program, (String, u8)> {
        let mut words = app.command.iter().map(|word| OsString::from_vec(word.clone()));
        let Some(name) = words.next() else { return Err(("no program is named".into(), 2)) };
        let here = std::env::current_dir()
            .map_err(|error| (format!("the working directory cannot be found: {error}"), 1))?;
        let directory = match &app.directory {
            Some(directory) => here.join(OsStr::from_bytes(directory)),
            None => here,
        };
        match std::fs::metadata(&directory) {
            Ok(data) if data.is_dir() => {}
            Ok(_) => {
                return Err((format!("the working directory {} is no directory", directory.display()), 1));
            }
            Err(error) => {
                return Err((format!("the working directory {}: {error}", directory.display()), 1));
            }
        }
        let set = app.environment.iter().rev().find(|(name, _)| name == b"PATH");
        let path = match set {
            Some((_, path)) => Some(OsStr::from_bytes(path).to_owned()),
            None => std::env::var_os("PATH"),
        };
        let file = program::find(&name, &directory, path.as_deref()).map_err(|e| (e.why, e.status))?;
        let file = std::path::absolute(&file).unwrap_or(file);
        Ok(Program { file, name, arguments: words.collect(), directory: Path::new(&directory).to_owned() })
    }
}
