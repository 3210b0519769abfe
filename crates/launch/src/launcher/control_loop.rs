//! The launcher's loop.

use super::endings::Endings;
use super::input::{Input, Piece};
use super::outputs::Outputs;
use super::statistics::Statistics;
use super::verdict::{Verdict, status_of_code};
use super::watch::{News, Next, Watch};
use crate::job::{Job, STATUS_FAILURE, STATUS_TIMEOUT};
use crate::reaper;
use control::Ending;
use control::agent::{FromAgent, Manner, Start, ToAgent};
use control::codec::{self, Assembler, Bytes};
use os::Time;
use os::poll::PollSet;
use os::signal::{self, SignalReader};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A launcher at work.
pub struct Launcher<'a> {
    job: &'a Job,
    host: String,
    outputs: Outputs,
    input: Input,
    signals: SignalReader,
    stream: UnixStream,
    incoming: Assembler,
    outgoing: Vec<u8>,
    /// Children that this process had before.
    spared: Vec<u32>,
    keeper: u32,
    groups: Vec<u32>,
    statistics: Statistics,
    verdict: Verdict,
    endings: Endings,
    deadline: Option<Time>,
    /// Who waits for whom.
    watch: Watch,
    /// Why the job is ended once that is known.
    ends_after_look: Option<String>,
    /// Signals by which the user asked for the end.
    requests: usize,
    /// The keeper said that nothing is left.
    finished: bool,
    /// The keeper is gone.
    lost: bool,
}

impl<'a> Launcher<'a> {
    pub fn new(
        job: &'a Job,
        outputs: Outputs,
        signals: SignalReader,
        stream: UnixStream,
        keeper: u32,
        spared: Vec<u32>,
        start: Start,
    ) -> io::Result<Launcher<'a>> {
        stream.set_nonblocking(true)?;
        let mut launcher = Launcher {
            job,
            host: start.host.clone(),
            outputs,
            input: Input::new(job.input),
            signals,
            stream,
            incoming: Assembler::new(),
            outgoing: Vec::new(),
            spared,
            keeper,
            groups: Vec::new(),
            statistics: Statistics::default(),
            verdict: Verdict::new(job.accept_losses),
            endings: Endings::default(),
            deadline: job
                .timeout
                .map(|timeout| Time::now() + timeout.as_nanos().min(u64::MAX as u128) as u64),
            watch: Watch::new(&start.host, start.size as usize),
            ends_after_look: None,
            requests: 0,
            finished: false,
            lost: false,
        };
        launcher.say(&ToAgent::Start(Box::new(start)));
        Ok(launcher)
    }

    /// Works until nothing of the job is left and everything is said.
    pub fn run(&mut self) -> u8 {
        let mut outcome = Ok(());
        while outcome.is_ok() && !self.is_over() {
            outcome = self.turn();
        }
        if !self.finished {
            self.end_orphans();
        } else {
            // The keeper has nothing left to do but to exit; its status says nothing.
            os::spawn::reap_one(self.keeper);
        }
        self.deadline = None;
        self.summarise();
        // Who reads slowly gets the rest; the user may still cut it short by two signals.
        while outcome.is_ok() && !self.outputs.is_empty() {
            outcome = self.turn();
        }
        if let Err(error) = outcome {
            eprintln!("{}: the launcher cannot wait for its job: {error}", self.job.name);
            self.verdict.note(STATUS_FAILURE);
        }
        self.outputs.drop_what_has_no_room();
        self.verdict.status()
    }

    /// Whether there is no keeper any more, or soon will be none.
    fn is_over(&self) -> bool {
        self.finished || self.lost
    }

    fn turn(&mut self) -> io::Result<()> {
        // What goes to files needs no room: nothing below would wake us for it.
        self.write(&[]);
        let over = self.is_over();
        if over && self.outputs.is_empty() {
            return Ok(());
        }
        let mut set = PollSet::new();
        let signals = set.readable(&self.signals);
        let from_keeper = (!over && !self.outputs.is_full()).then(|| set.readable(&self.stream));
        let to_keeper = (!over && !self.outgoing.is_empty()).then(|| set.writable(&self.stream));
        let stdin = io::stdin();
        let input = (!over && self.input.wants_more()).then(|| set.readable(&stdin));
        let rooms = self.outputs.poll(&mut set);
        let next =
            self.deadline.into_iter().chain(self.outputs.deadline()).chain(self.watch.deadline()).min();
        set.wait(next.map(|when| Duration::from_nanos(when.since(Time::now()))))?;

        let ready = |place: Option<_>| place.is_some_and(|place| set.is_ready(place));
        let (signals, input) = (set.is_ready(signals), ready(input));
        let (from_keeper, to_keeper) = (ready(from_keeper), ready(to_keeper));
        let rooms: Vec<usize> = rooms.iter().filter(|room| set.is_ready(room.1)).map(|room| room.0).collect();
        drop(set);

        if signals {
            self.take_signals();
        }
        if to_keeper {
            self.flush();
        }
        if from_keeper {
            self.hear();
        }
        if input {
            self.pass_input();
        }
        let now = Time::now();
        self.outputs.show_prompts(now);
        self.outputs.show_unexplained(now);
        self.write(&rooms);
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.deadline = None;
            self.time_is_over();
        }
        let next = self.watch.go_on(now);
        self.look(next);
        Ok(())
    }

    // ---- the keeper

    fn say(&mut self, message: &ToAgent) {
        codec::encode_frame(message, &mut self.outgoing);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            match (&self.stream).write(&self.outgoing) {
                Ok(written) => drop(self.outgoing.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The reading side tells of the end.
                Err(_) => return self.outgoing.clear(),
            }
        }
    }

    fn hear(&mut self) {
        let mut bytes = [0; 64 * 1024];
        match (&self.stream).read(&mut bytes) {
            Ok(0) => self.lost = true,
            Ok(length) => self.incoming.feed(&bytes[..length]),
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            Err(_) => self.lost = true,
        }
        loop {
            match self.incoming.next_message() {
                Ok(Some(message)) => self.take(message),
                Ok(None) => break,
                Err(error) => {
                    self.announce(&format!("the keeper on {}: {error}", self.host));
                    self.lost = true;
                    break;
                }
            }
        }
        if self.lost && !self.finished {
            let ended = format!("the keeper on {} was killed", self.host);
            if self.verdict.end(STATUS_FAILURE) {
                self.announce(&format!("{ended}; the job is ended"));
            }
        }
    }

    fn take(&mut self, message: FromAgent) {
        match message {
            FromAgent::Started { number, pid } => {
                self.groups.push(pid);
                if self.job.verbose {
                    self.announce(&format!("rank {number} on {} is process {pid}", self.host));
                }
            }
            FromAgent::NotStarted { number, why, status } => {
                if self.verdict.end(status) {
                    self.announce(&format!("rank {number} on {} cannot be started: {why}", self.host));
                }
            }
            FromAgent::Output { number, stream, bytes } => {
                self.outputs.take(number, stream, &bytes.0, Time::now());
            }
            FromAgent::OutputEnd { number, stream } => self.outputs.end(number, stream),
            FromAgent::InputTaken(bytes) => self.input.taken(bytes as usize),
            FromAgent::Ended { number, ending, part, starved } => {
                self.endings.note(number, ending);
                if let Some(mut wrong) = self.verdict.judge(ending, part) {
                    if starved {
                        wrong += ", as the kernel does when memory runs out";
                    }
                    self.failed(number, ending, &wrong);
                }
            }
            FromAgent::Abort { number, code, reason } => {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                let text = format!("rank {number} on {} aborted the job with code {code}{reason}", self.host);
                if self.verdict.end(status_of_code(code)) {
                    self.announce(&text);
                    self.outputs.explain(Some(number));
                    self.end(&text, Manner::Soon);
                }
            }
            FromAgent::Statistics { number, rows } => self.statistics.add(number, rows),
            FromAgent::Overdue { .. } => {
                let next =
                    if self.verdict.is_ending() { Next::Wait } else { self.watch.overdue(Time::now()) };
                self.look(next);
            }
            FromAgent::Asked { round, processes } => {
                let next = self.watch.asked(round, processes, Time::now());
                self.look(next);
            }
            FromAgent::State { number, state } => {
                let next = self.watch.answer(number, *state, Time::now());
                self.look(next);
            }
            FromAgent::Remark { number, text } => {
                self.announce(&format!("rank {number} on {}: {text}", self.host));
            }
            FromAgent::Notice(text) => self.announce(&text),
            FromAgent::Finished => self.finished = true,
        }
    }

    fn failed(&mut self, number: u32, ending: Ending, wrong: &str) {
        let text = format!("rank {number} on {} {wrong}", self.host);
        if self.job.keep_going || self.groups.len() == 1 {
            self.announce(&text);
        } else {
            // Who is killed has not asked for the end; the others may be able to go on.
            let hint = match ending {
                Ending::Signalled { .. } => " (--keep-going leaves the others running)",
                _ => "",
            };
            self.announce(&format!("{text}; the job is ended{hint}"));
        }
        if !self.job.keep_going {
            self.outputs.explain(Some(number));
            let status = self.verdict.status();
            self.verdict.end(status);
            self.end(&text, Manner::Soon);
        }
    }

    fn end(&mut self, reason: &str, manner: Manner) {
        self.outputs.explain(None);
        self.input.close();
        self.say(&ToAgent::End { reason: reason.to_owned(), manner });
    }

    // ---- the user

    /// Writes a report of the watchdog to where programs read it.
    fn note_report(&mut self, json: &str) {
        let Some(path) = &self.job.watchdog_json else { return };
        let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
        if let Err(error) = opened.and_then(|mut file| file.write_all(format!("{json}\n").as_bytes())) {
            self.announce(&format!("the watchdog's report can't be written to {}: {error}", path.display()));
        }
    }

    fn announce(&mut self, text: &str) {
        self.outputs.announce(&format!("{}: {text}", self.job.name));
    }

    fn take_signals(&mut self) {
        while let Some(what) = self.signals.next() {
            match what {
                // The stream tells of the keeper's end, after everything that it said.
                signal::SIGCHLD => {}
                // The write tells.
                signal::SIGXFSZ => {}
                signal::SIGUSR1 | signal::SIGUSR2 => self.say(&ToAgent::Signal(what)),
                signal::SIGTSTP => {
                    self.say(&ToAgent::Signal(what));
                    self.flush_before_stopping();
                    signal::take_default(what);
                }
                signal::SIGCONT => self.say(&ToAgent::Signal(what)),
                _ => self.asked_to_end(what),
            }
        }
    }

    /// The first time, the processes get the signal and some time; the second time, they are killed.
    fn asked_to_end(&mut self, what: i32) {
        self.requests += 1;
        let name = signal::name(what).unwrap_or("a signal");
        let reason = format!("the user ended the job by {name}");
        let first = self.verdict.end(128 + what as u8);
        if self.requests > 1 {
            self.outputs.discard();
            self.announce(&format!("{name} again: everything is killed now"));
            self.end(&reason, Manner::Now);
        } else {
            if first {
                let seconds = self.job.grace.as_secs_f64();
                self.announce(&format!(
                    "{name}: the job is ended (what still runs in {seconds} s is killed; {name} again kills it now)"
                ));
            }
            self.say(&ToAgent::Signal(what));
            self.end(&reason, Manner::Grace(self.job.grace.as_millis().min(u32::MAX as u128) as u32));
        }
    }

    fn flush_before_stopping(&mut self) {
        while !self.outgoing.is_empty() {
            let mut set = PollSet::new();
            set.writable(&self.stream);
            if set.wait(Some(Duration::from_millis(250))).is_err() {
                return;
            }
            self.flush();
        }
    }

    fn time_is_over(&mut self) {
        let seconds = self.job.timeout.unwrap_or_default().as_secs_f64();
        let reason = format!("the job did not end within {seconds} s");
        if self.verdict.end(STATUS_TIMEOUT) {
            self.announce(&format!("{reason} (--timeout) and is ended"));
            // What they wait for is said first: the end makes them stop waiting.
            self.ends_after_look = Some(reason);
            let next = self.watch.last(Time::now());
            self.look(next);
        }
    }

    /// Does what the look at who waits for whom asks for.
    fn look(&mut self, next: Next) {
        match next {
            Next::Wait => {}
            Next::Ask(round) => self.say(&ToAgent::Examine { round }),
            Next::Say(news) => {
                if let Some(News { text, json }) = news {
                    self.announce(&text);
                    self.note_report(&json);
                }
                if let Some(reason) = self.ends_after_look.take() {
                    self.end(&reason, Manner::Soon);
                }
            }
        }
    }

    fn pass_input(&mut self) {
        let message = match self.input.read() {
            Piece::Bytes(bytes) => ToAgent::Input(Bytes(bytes.to_vec())),
            Piece::End => ToAgent::InputEnd,
            Piece::Nothing => return,
        };
        self.say(&message);
    }

    fn write(&mut self, rooms: &[usize]) {
        for broken in self.outputs.write(rooms) {
            let text = format!("{} cannot be written: {}", broken.name, broken.error);
            if !broken.standard {
                self.announce(&format!("{text} (its output follows here)"));
                self.verdict.note(STATUS_FAILURE);
                continue;
            }
            // A reader that has seen enough is no fault of anyone's; everything else loses output.
            let gone = broken.error.kind() == io::ErrorKind::BrokenPipe;
            let status = if gone { 128 + signal::SIGPIPE as u8 } else { STATUS_FAILURE };
            if self.verdict.end(status) {
                if !gone {
                    self.announce(&format!("{text}; the job is ended"));
                }
                self.end(&text, Manner::Soon);
            }
        }
    }

    // ---- the end

    /// The keeper is gone without a word: kills what it left, all of which this process has adopted.
    fn end_orphans(&mut self) {
        let gone = reaper::clear(&self.groups, &self.spared, |pause| {
            let mut set = PollSet::new();
            set.readable(&self.signals);
            let _ = set.wait(Some(pause));
            while self.signals.next().is_some() {}
        });
        if !gone {
            eprintln!("{}: some of the job's processes survive SIGKILL and are left behind", self.job.name);
        }
    }

    fn summarise(&mut self) {
        let folded = self.outputs.unfold();
        // Who ends the job by a signal knows why all ended.
        if self.requests == 0 {
            folded.iter().for_each(|line| self.announce(line));
        }
        if self.job.keep_going && self.verdict.failures() > 0 {
            let (failures, size) = (self.verdict.failures(), self.job.size());
            let processes = if size == 1 { "process" } else { "processes" };
            self.announce(&format!("{failures} of {size} {processes} failed"));
        }
        if self.job.tells_endings {
            let lines = self.endings.lines(self.job.size() as u32);
            lines.iter().for_each(|line| self.announce(line));
        }
        if self.job.statistics {
            let table = self.statistics.table();
            let table = table.unwrap_or_else(|| format!("{}: no process reported counters", self.job.name));
            self.outputs.announce(&table);
        }
    }
}
