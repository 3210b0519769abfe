//! Where each process's output goes.

use super::fold::Fold;
use super::lines::{Author, LineBuffer, Weaver};
use super::sink::Sink;
use crate::job::Job;
use crate::pattern::expand;
use control::agent::Stream;
use os::Time;
use os::poll::{Place, PollSet};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::time::Duration;

/// When this much waits for a slow reader, no more is taken from the keepers.
const BACKLOG_BYTES: usize = 1024 * 1024;
/// On a terminal, a line that has not ended (a prompt) is shown after this time.
const PROMPT_NS: u64 = 100_000_000;

const OUTPUT: usize = 0;
const ERROR: usize = 1;

/// All places, and the way of each stream to one of them.
pub struct Outputs {
    sinks: Vec<(Sink, Weaver)>,
    routes: HashMap<(u32, Stream), Route>,
    label: bool,
    timestamp: bool,
    /// Whether what waits and what comes is dropped.
    discarding: bool,
    /// One fault is not told by every rank: on standard error where many write, of jobs that a fault ends.
    fold: Option<Fold>,
}

struct Route {
    sink: usize,
    line: LineBuffer,
    /// Bytes go through as they come: nobody else writes there, and no label is asked for.
    direct: bool,
    open_since: Option<Time>,
}

/// What went wrong with a place.
#[derive(Debug)]
pub struct Broken {
    /// What to call it.
    pub name: String,
    /// Why.
    pub error: io::Error,
    /// Whether it was standard output or standard error, and not a file: the output has nowhere to go.
    pub standard: bool,
}

impl Outputs {
    /// Opens the files that the job asks for.
    ///
    /// # Errors
    /// The path that cannot be opened, and why.
    pub fn new(job: &Job) -> Result<Outputs, (String, io::Error)> {
        let mut outputs = Outputs {
            sinks: vec![
                (Sink::standard_output(), Weaver::default()),
                (Sink::standard_error(), Weaver::default()),
            ],
            routes: HashMap::new(),
            label: job.label,
            timestamp: job.timestamp,
            discarding: false,
            fold: (job.size() > 1 && !job.keep_going && !job.verbose).then(Fold::default),
        };
        let mut files = HashMap::new();
        let plain = !job.label && !job.timestamp;
        let host = os::host::name();
        for number in 0..job.size() as u32 {
            for (stream, standard, pattern) in
                [(Stream::Output, OUTPUT, &job.output_pattern), (Stream::Error, ERROR, &job.error_pattern)]
            {
                let sink = match pattern {
                    None => standard,
                    Some(pattern) => {
                        let path = expand(pattern, number, &host);
                        // A job that was checked has no other placeholders.
                        let path = path.map_err(|what| (what, io::ErrorKind::InvalidInput.into()))?;
                        outputs.open(path, &mut files)?
                    }
                };
                let route = Route { sink, line: LineBuffer::default(), direct: false, open_since: None };
                outputs.routes.insert((number, stream), route);
            }
        }
        for index in 0..outputs.sinks.len() {
            let mut users = outputs.routes.values_mut().filter(|route| route.sink == index);
            if let (Some(only), None, true) = (users.next(), users.next(), plain) {
                only.direct = true;
            }
        }
        Ok(outputs)
    }

    fn open(
        &mut self,
        path: OsString,
        files: &mut HashMap<OsString, usize>,
    ) -> Result<usize, (String, io::Error)> {
        if let Some(&sink) = files.get(&path) {
            return Ok(sink);
        }
        let name = path.to_string_lossy().into_owned();
        let opened = OpenOptions::new().create(true).write(true).truncate(true).open(&path);
        let file = opened.map_err(|error| (name.clone(), error))?;
        self.sinks.push((Sink::file(file, name), Weaver::default()));
        files.insert(path, self.sinks.len() - 1);
        Ok(self.sinks.len() - 1)
    }

    /// A process wrote something.
    pub fn take(&mut self, number: u32, stream: Stream, bytes: &[u8], now: Time) {
        let Some(route) = self.routes.get_mut(&(number, stream)) else { return };
        let text = if route.direct { Some(bytes.to_vec()) } else { route.line.push(bytes) };
        route.open_since = match (route.line.is_empty(), &text, route.open_since) {
            (true, _, _) => None,
            (false, None, Some(since)) => Some(since),
            (false, _, _) => Some(now),
        };
        if let Some(text) = text {
            self.pass(number, stream, text, now);
        }
    }

    /// Shows what is whole, but for errors that wait or are counted.
    fn pass(&mut self, number: u32, stream: Stream, text: Vec<u8>, now: Time) {
        let is_shared =
            self.routes.get(&(number, stream)).is_some_and(|route| route.sink == ERROR && !route.direct);
        let text = match &mut self.fold {
            Some(fold) if is_shared && stream == Stream::Error => fold.sift(number, &text, now),
            _ => text,
        };
        self.emit(number, stream, &text);
    }

    /// The launcher has said why the job ends, and whose fault it is if it is a process's.
    pub fn explain(&mut self, cause: Option<u32>) {
        let own = self.fold.as_mut().map(|fold| fold.explain(cause));
        own.into_iter().flatten().for_each(|(number, line)| self.emit(number, Stream::Error, &line));
    }

    /// Shows errors that nothing has explained in time.
    pub fn show_unexplained(&mut self, now: Time) {
        let due = self.fold.as_mut().map(|fold| fold.due(now));
        due.into_iter().flatten().for_each(|(number, line)| self.emit(number, Stream::Error, &line));
    }

    /// Nothing more will be written: shows the errors that wait; a line for each kind of those that were left out.
    pub fn unfold(&mut self) -> Vec<String> {
        let rest = self.fold.as_mut().map(Fold::rest);
        rest.into_iter().flatten().for_each(|(number, line)| self.emit(number, Stream::Error, &line));
        self.fold.as_ref().map(Fold::summary).unwrap_or_default()
    }

    /// A process will write nothing more on this stream.
    pub fn end(&mut self, number: u32, stream: Stream) {
        let Some(route) = self.routes.get_mut(&(number, stream)) else { return };
        route.open_since = None;
        if let Some(text) = route.line.take() {
            self.emit(number, stream, &text);
        }
    }

    /// The launcher says something on standard error; the text is one line or more, without the last line's end.
    pub fn announce(&mut self, text: &str) {
        let (sink, weaver) = &mut self.sinks[ERROR];
        let line = format!("{text}\n");
        weaver.weave(Author::Launcher, line.as_bytes(), |_| {}, sink.pending());
        // A file takes it now: it never has room to wait for. If it fails, there is nowhere to say so.
        let _ = sink.write(false);
    }

    fn emit(&mut self, number: u32, stream: Stream, text: &[u8]) {
        if self.discarding {
            return;
        }
        let Some(route) = self.routes.get(&(number, stream)) else { return };
        let (label, timestamp, direct) = (self.label, self.timestamp, route.direct);
        let time = timestamp.then(os::calendar::utc_text);
        let (sink, weaver) = &mut self.sinks[route.sink];
        if direct {
            return sink.pending().extend_from_slice(text);
        }
        let begin = |into: &mut Vec<u8>| {
            if label {
                into.extend_from_slice(format!("[{number}] ").as_bytes());
            }
            if let Some(time) = &time {
                into.extend_from_slice(time.as_bytes());
                into.push(b' ');
            }
        };
        weaver.weave(Author::Process(number, stream), text, begin, sink.pending());
    }

    /// Asks `set` for room where output waits.
    pub fn poll<'a>(&'a self, set: &mut PollSet<'a>) -> Vec<(usize, Place)> {
        let waiting = self.sinks.iter().enumerate().filter(|(_, (sink, _))| sink.needs_room());
        waiting.map(|(index, (sink, _))| (index, set.writable(sink))).collect()
    }

    /// Writes what can be written; `with_room` names the places that were found to have room. Failures are
    /// given once each; a broken file's output goes to standard output or standard error from then on.
    pub fn write(&mut self, with_room: &[usize]) -> Vec<Broken> {
        let mut broken = Vec::new();
        for index in 0..self.sinks.len() {
            let sink = &mut self.sinks[index].0;
            if let Err(error) = sink.write(with_room.contains(&index)) {
                let standard = index == OUTPUT || index == ERROR;
                broken.push(Broken { name: sink.name().to_owned(), error, standard });
                if !standard {
                    self.reroute(index);
                }
            }
        }
        broken
    }

    /// A file is broken: its streams go where they would go without it, beginning with what was not written.
    fn reroute(&mut self, broken: usize) {
        let unwritten = self.sinks[broken].0.take_unwritten();
        let mut first = None;
        for ((_, stream), route) in self.routes.iter_mut().filter(|(_, route)| route.sink == broken) {
            route.sink = if *stream == Stream::Output { OUTPUT } else { ERROR };
            route.direct = false;
            first = Some(route.sink);
        }
        if let Some(sink) = first {
            let (sink, weaver) = &mut self.sinks[sink];
            weaver.weave(Author::Launcher, &unwritten, |_| {}, sink.pending());
        }
    }

    /// Shows prompts that have waited long enough, on terminals only.
    pub fn show_prompts(&mut self, now: Time) {
        let due: Vec<(u32, Stream)> = self
            .routes
            .iter()
            .filter(|(_, route)| self.sinks[route.sink].0.is_terminal())
            .filter(|(_, route)| route.open_since.is_some_and(|since| now.since(since) >= PROMPT_NS))
            .map(|(source, _)| *source)
            .collect();
        for (number, stream) in due {
            self.end(number, stream);
        }
    }

    /// When [`Outputs::show_prompts`] or [`Outputs::show_unexplained`] has something to do next.
    pub fn deadline(&self) -> Option<Time> {
        let shown = self.routes.values().filter(|route| self.sinks[route.sink].0.is_terminal());
        let prompt = shown.filter_map(|route| route.open_since).min().map(|since| since + PROMPT_NS);
        prompt.into_iter().chain(self.fold.as_ref().and_then(Fold::deadline)).min()
    }

    /// Whether slow readers have enough to read for now.
    pub fn is_full(&self) -> bool {
        !self.discarding && self.sinks.iter().any(|(sink, _)| sink.backlog_bytes() > BACKLOG_BYTES)
    }

    /// Whether everything was written that is to be.
    pub fn is_empty(&self) -> bool {
        self.discarding || self.sinks.iter().all(|(sink, _)| sink.backlog_bytes() == 0)
    }

    /// Drops the processes' output from now on: the user wants the end, not the rest. What places have room for is
    /// still written.
    pub fn discard(&mut self) {
        self.discarding = true;
        self.drop_what_has_no_room();
    }

    /// Writes what places have room for, and forgets the rest.
    pub fn drop_what_has_no_room(&mut self) {
        loop {
            let mut set = PollSet::new();
            let rooms = self.poll(&mut set);
            let asked = set.wait(Some(Duration::ZERO));
            let rooms: Vec<usize> =
                rooms.iter().filter(|room| set.is_ready(room.1)).map(|room| room.0).collect();
            drop(set);
            if asked.is_err() || rooms.is_empty() {
                break;
            }
            self.write(&rooms);
        }
        for (sink, _) in &mut self.sinks {
            if sink.needs_room() {
                sink.discard();
            }
        }
    }
}
