//! The keeper's loop.

use super::board::Board;
use super::hosted::Hosted;
use super::lifelines::Lifelines;
use super::member::{Member, ending_from};
use super::memory::HostMemory;
use super::stage::{Act, Stage};
use super::start::{NotStarted, Starter};
use super::starved::Starved;
use crate::reaper;
use control::agent::{CHUNK_BYTES_MAX, FromAgent, Manner, Part, Start, ToAgent};
use control::codec::{self, Assembler, Bytes, MESSAGE_BYTES_MAX};
use control::{Ending, FromKeeper, Transport};
use os::Time;
use os::poll::PollSet;
use os::signal::{self, SignalReader};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// While this much waits for the launcher, output stays in the processes' pipes.
const BACKLOG_BYTES: usize = 1024 * 1024;

/// A keeper at work.
pub struct Keeper {
    stream: UnixStream,
    /// What is different where another launcher has started the processes.
    pub(super) hosted: Option<Hosted>,
    /// Whether the launcher still listens.
    pub(super) launcher: bool,
    incoming: Assembler,
    outgoing: Vec<u8>,
    sent: usize,
    signals: SignalReader,
    lifelines: Lifelines,
    pub(super) start: Option<Start>,
    pub(super) members: Vec<Member>,
    pub(super) board: Board,
    pub(super) memory: HostMemory,
    starved: Starved,
    pub(super) stage: Stage,
    input_outstanding: usize,
    pub(super) buffer: Box<[u8; MESSAGE_BYTES_MAX]>,
}

/// What a descriptor in the poll set belongs to.
#[derive(Clone, Copy)]
enum Source {
    Signals,
    Meeting,
    Caller(usize),
    FromLauncher,
    ToLauncher,
    Claims(usize),
    Link(usize),
    Claimant(usize),
    Room(usize),
    Output(usize, usize),
    Input(usize),
}

impl Keeper {
    /// A keeper that has been told nothing yet.
    pub fn new(stream: UnixStream, signals: SignalReader) -> io::Result<Keeper> {
        stream.set_nonblocking(true)?;
        let buffer = vec![0; MESSAGE_BYTES_MAX].into_boxed_slice();
        Ok(Keeper {
            stream,
            hosted: None,
            launcher: true,
            incoming: Assembler::new(),
            outgoing: Vec::new(),
            sent: 0,
            signals,
            lifelines: Lifelines::new()?,
            start: None,
            members: Vec::new(),
            board: Board::default(),
            memory: HostMemory::none(),
            starved: Starved::so_far(),
            stage: Stage::Running,
            input_outstanding: 0,
            buffer: buffer.try_into().expect("made with this length"),
        })
    }

    /// Works until nothing of the job is left.
    pub fn run(&mut self) -> u8 {
        while !self.is_finished() {
            let sources = match self.wait() {
                Ok(sources) => sources,
                Err(error) => {
                    // Without poll there is no way to serve anyone: end the job rather than leave it alone.
                    eprintln!("archi: the keeper cannot wait for its processes: {error}");
                    self.launcher = false;
                    self.hurry("the keeper failed", Manner::Now);
                    Vec::new()
                }
            };
            for source in sources {
                self.serve(source);
            }
            let now = Time::now();
            self.look_behind(now);
            self.attend(now);
            self.memory.spread();
            match self.stage.advance(now) {
                Act::Wait => {}
                Act::Ask => reaper::ask(&self.groups(), &[]),
                Act::Kill => reaper::kill(&self.groups(), &[]),
                Act::GiveUp => {
                    let left = os::descendants::descendants().unwrap_or_default();
                    self.notice(format!("processes {left:?} survive SIGKILL and are left behind"));
                    break;
                }
            }
        }
        self.finish()
    }

    /// Waits for something to happen; says what did.
    fn wait(&self) -> io::Result<Vec<Source>> {
        let mut set = PollSet::new();
        let mut asked = vec![(Source::Signals, set.readable(&self.signals))];
        if let Some(hosted) = &self.hosted {
            asked.push((Source::Meeting, set.readable(&hosted.meeting)));
            for (at, caller) in hosted.callers.iter().enumerate() {
                asked.push((Source::Caller(at), set.readable(caller)));
            }
        }
        if self.launcher {
            asked.push((Source::FromLauncher, set.readable(&self.stream)));
            if !self.outgoing.is_empty() {
                asked.push((Source::ToLauncher, set.writable(&self.stream)));
            }
        }
        let flows = self.outgoing.len() - self.sent < BACKLOG_BYTES;
        for (at, member) in self.members.iter().enumerate() {
            if let Some(claims) = &member.claims {
                asked.push((Source::Claims(at), set.readable(claims)));
            }
            if let Some(link) = &member.link {
                asked.push((Source::Link(at), set.readable(link)));
                if link.is_waiting() {
                    asked.push((Source::Room(at), set.writable(link)));
                }
            }
            if let Some(behind) = member.behind.as_ref().filter(|behind| behind.lives()) {
                asked.push((Source::Claimant(at), set.readable(behind)));
            }
            for (which, (_, pipe)) in member.outputs.iter().enumerate() {
                if let (Some(pipe), true) = (pipe, flows) {
                    asked.push((Source::Output(at, which), set.readable(pipe)));
                }
            }
            if let Some(input) = member.input.as_ref().filter(|input| input.len() > 0) {
                asked.push((Source::Input(at), set.writable(&input.pipe)));
            }
        }
        let behind = self.members.iter().filter_map(|member| member.behind.as_ref()?.deadline());
        let hosted = self.hosted.as_ref().and_then(Hosted::deadline);
        let next = self.stage.deadline().into_iter().chain(behind).chain(hosted).min();
        let timeout = next.map(|when| Duration::from_nanos(when.since(Time::now())));
        set.wait(timeout)?;
        Ok(asked.into_iter().filter(|(_, place)| set.is_ready(*place)).map(|(source, _)| source).collect())
    }

    fn serve(&mut self, source: Source) {
        match source {
            Source::Signals => self.take_signals(),
            Source::Meeting => self.meet(),
            Source::Caller(at) => self.hear_caller(at),
            Source::FromLauncher => self.hear_launcher(),
            Source::ToLauncher => self.flush(),
            Source::Claims(at) => self.hear_claim(at),
            Source::Link(at) => self.hear_member(at),
            Source::Claimant(at) => self.lost_claimant(at),
            Source::Room(at) => {
                if let Some(link) = &mut self.members[at].link {
                    link.flush();
                }
            }
            Source::Output(at, which) => drop(self.read_output(at, which)),
            Source::Input(at) => self.write_input(at),
        }
    }

    // ---- the launcher

    fn hear_launcher(&mut self) {
        let mut bytes = [0; 16 * 1024];
        match (&self.stream).read(&mut bytes) {
            Ok(0) => self.lost_launcher(),
            Ok(length) => self.incoming.feed(&bytes[..length]),
            Err(error) if is_temporary(&error) => return,
            Err(_) => self.lost_launcher(),
        }
        loop {
            match self.incoming.next_message() {
                Ok(Some(message)) => self.obey(message),
                Ok(None) => return,
                Err(error) => {
                    eprintln!("archi: the keeper cannot read the launcher's message: {error}");
                    return self.lost_launcher();
                }
            }
        }
    }

    fn lost_launcher(&mut self) {
        self.launcher = false;
        self.hurry("the launcher is gone", Manner::Now);
    }

    fn obey(&mut self, message: ToAgent) {
        match message {
            ToAgent::Start(start) if self.start.is_none() => {
                self.start = Some(*start);
                self.start_all();
            }
            ToAgent::Start(_) => {}
            ToAgent::Signal(signal) => self.forward(signal),
            ToAgent::Input(bytes) => {
                self.input_outstanding += bytes.0.len();
                for input in self.members.iter_mut().filter_map(|member| member.input.as_mut()) {
                    input.push(&bytes.0);
                }
                self.account_input();
            }
            ToAgent::InputEnd => {
                for member in &mut self.members {
                    if let Some(input) = &mut member.input {
                        input.end();
                    }
                    member.input.take_if(|input| input.is_over());
                }
            }
            ToAgent::Examine { round } => self.examine(round),
            ToAgent::End { reason, manner } => self.hurry(&reason, manner),
        }
    }

    pub(super) fn say(&mut self, message: &FromAgent) {
        if let Some(hosted) = &mut self.hosted {
            hosted.note(message);
        } else if self.launcher {
            codec::encode_frame(message, &mut self.outgoing);
            self.flush();
        }
    }

    pub(super) fn notice(&mut self, text: String) {
        self.say(&FromAgent::Notice(text));
    }

    fn flush(&mut self) {
        while self.launcher && self.sent < self.outgoing.len() {
            match (&self.stream).write(&self.outgoing[self.sent..]) {
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The reading side will tell as well, and starts the end.
                Err(_) => self.lost_launcher(),
            }
        }
        if self.sent == self.outgoing.len() || !self.launcher {
            self.outgoing.clear();
            self.sent = 0;
        } else if self.sent > BACKLOG_BYTES {
            self.outgoing.drain(..self.sent);
            self.sent = 0;
        }
    }

    // ---- starting and signals

    fn start_all(&mut self) {
        let Some(start) = self.start.take() else { return };
        let result = self.start_each(&start);
        self.start = Some(start);
        if let Err(NotStarted { number, why, status }) = result {
            self.say(&FromAgent::NotStarted { number, why, status });
            self.hurry("a process could not be started", Manner::Now);
        }
    }

    fn start_each(&mut self, start: &Start) -> Result<(), NotStarted> {
        let starter = Starter::new(start)?;
        starter.tell_bindings().into_iter().for_each(|line| self.notice(line));
        self.memory = HostMemory::new(start.processes.len() as u16);
        for place in 0..start.processes.len() {
            let member = starter.start(place, &mut self.lifelines)?;
            self.memory.started(place);
            self.say(&FromAgent::Started { number: member.number, pid: member.pid });
            self.members.push(member);
        }
        Ok(())
    }

    /// User-defined signals are meant for the program, not for the shell around it, which they would kill: they
    /// go to the claimant where it is known. All others go to everyone, as from a terminal.
    fn forward(&mut self, what: i32) {
        for member in self.members.iter().filter(|member| member.ending.is_none()) {
            let personal = what == signal::SIGUSR1 || what == signal::SIGUSR2;
            let _ = match &member.claimant {
                Some((pid, _)) if personal => signal::send(*pid, what),
                _ => signal::send_group(member.pid, what),
            };
        }
    }

    fn take_signals(&mut self) {
        let mut ended = Vec::new();
        while let Some(what) = self.signals.next() {
            match what {
                signal::SIGCHLD => {
                    while let Some(child) = os::spawn::reap(false) {
                        ended.extend(self.ended(child));
                    }
                }
                signal::SIGUSR1 | signal::SIGUSR2 => {}
                other => {
                    let name = signal::name(other).unwrap_or("a signal");
                    self.notice(format!("the keeper was asked to end by {name}"));
                    self.hurry(&format!("the keeper was asked to end by {name}"), Manner::Soon);
                }
            }
        }
        // Those that end together are looked at together: a signal's victim is more likely the cause of the
        // others' errors than the other way round.
        ended.sort_by_key(|&at: &usize| match self.members[at].ending {
            Some(Ending::Signalled { .. }) => 0,
            Some(Ending::Exited(0)) => 2,
            _ => 1,
        });
        for at in ended {
            self.report_end(at);
        }
        if self.all_ended() && os::spawn::has_children() {
            // Whatever they left in the background is asked to end too.
            let stage = Stage::ending(Time::now(), Manner::Soon, false);
            if self.stage.is_before(stage) {
                self.stage = stage;
            }
        }
    }

    /// Notes the end of a child; its place if it is one of the job's processes.
    fn ended(&mut self, child: os::spawn::Reaped) -> Option<usize> {
        let ending = ending_from(child.how);
        let at = self.members.iter().position(|member| member.pid == child.pid && member.ending.is_none())?;
        self.members[at].ending = Some(ending);
        Some(at)
    }

    pub(super) fn report_end(&mut self, at: usize) {
        // What it said last comes before its end.
        self.hear_claim(at);
        self.hear_member(at);
        for which in 0..2 {
            while self.read_output(at, which) {}
        }
        self.members[at].input = None;
        self.account_input();
        if let (Some(ending), false) = (self.members[at].ending, self.members[at].is_reported) {
            self.tell_end(at, ending);
        }
    }

    /// Tells everybody that a process has left, where no memory tells: somebody may wait for it who never met it. In a large job
    /// they hear of it when it ends: n² messages are many.
    pub(super) fn tell_left(&mut self, at: usize) {
        const TOLD_AT_ONCE: usize = 64;
        let shares = self.start.as_ref().is_none_or(|start| start.transport != Transport::Tcp);
        if (shares && self.memory.descriptor().is_some()) || self.members.len() > TOLD_AT_ONCE {
            return;
        }
        self.members[at].is_known_left = true;
        let message = FromKeeper::Left { number: self.members[at].number, incarnation: 0 };
        let others = self.members.iter_mut().filter(|member| member.ending.is_none() && !member.finalised);
        others.for_each(|member| member.tell(&message));
    }

    /// Tells everybody how this rank ended.
    pub(super) fn tell_end(&mut self, at: usize, ending: Ending) {
        let member = &self.members[at];
        let (number, part) = (member.number, member.part());
        let is_told = member.aborts || member.is_known_left;
        // What we kill ourselves is not asked about.
        let is_killed = matches!(ending, Ending::Signalled { signal: signal::SIGKILL, .. });
        let starved = is_killed && self.stage == Stage::Running && self.starved.again();
        self.say(&FromAgent::Ended { number, ending, part, starved });
        // As the control page says it. Who finalised has left in order, whatever its status says of what it did afterwards.
        let message = match (ending.is_success(), part) {
            (_, Part::Finalised) | (true, Part::None) => FromKeeper::Left { number, incarnation: 0 },
            _ => FromKeeper::Died { number, incarnation: 0, ending },
        };
        for (key, askers) in self.board.ended(number) {
            for asker in askers {
                self.members[asker].tell(&FromKeeper::Value { key: key.clone(), value: None });
                self.memory.wake(asker);
            }
        }
        // Who has said goodbye does not listen any more: a job that ends well is not n² messages.
        let others = self.members.iter_mut().filter(|member| member.ending.is_none() && !member.finalised);
        others.filter(|_| !is_told).for_each(|member| member.tell(&message));
        // After the messages, so that who wakes finds them.
        self.memory.ended(at, ending, part);
    }

    // ---- the end

    /// Begins the end, or brings it nearer.
    fn hurry(&mut self, reason: &str, manner: Manner) {
        let told = self.members.iter().any(|member| member.ending.is_none() && member.link.is_some());
        let stage = Stage::ending(Time::now(), manner, told);
        if self.stage.is_before(stage) {
            self.stage = stage;
            for member in &mut self.members {
                member.tell(&FromKeeper::Ending { reason: reason.to_owned() });
            }
            self.memory.announce();
        }
    }

    fn all_ended(&self) -> bool {
        self.members.iter().all(|member| member.ending.is_some())
    }

    fn is_finished(&self) -> bool {
        if let Some(hosted) = &self.hosted {
            return self.all_ended() || hosted.is_deserted();
        }
        let started = self.start.is_some() || !self.launcher;
        started && self.all_ended() && !os::spawn::has_children()
    }

    fn groups(&self) -> Vec<u32> {
        // The group of an ended process may live on in its children; once it is empty its number is free, but
        // cannot be another's within the fraction of a second that an end takes, as process ids go round.
        self.members.iter().map(|member| member.pid).collect()
    }

    /// Says the last words and waits until the launcher has them all.
    fn finish(&mut self) -> u8 {
        for at in 0..self.members.len() {
            for which in 0..2 {
                // All writers have ended (or were given up): what is there is all.
                while self.read_output(at, which) {}
                if self.members[at].outputs[which].1.take().is_some() {
                    let (number, stream) = (self.members[at].number, self.members[at].outputs[which].0);
                    self.say(&FromAgent::OutputEnd { number, stream });
                }
            }
        }
        self.say(&FromAgent::Finished);
        while self.launcher && !self.outgoing.is_empty() {
            let mut set = PollSet::new();
            set.writable(&self.stream);
            if set.wait(None).is_err() {
                return STATUS_LOST;
            }
            self.flush();
        }
        if self.launcher { 0 } else { STATUS_LOST }
    }

    // ---- input and output

    /// Passes some output on. False: there is none now.
    fn read_output(&mut self, at: usize, which: usize) -> bool {
        let member = &mut self.members[at];
        let (stream, pipe) = &mut member.outputs[which];
        let (number, stream) = (member.number, *stream);
        let Some(reader) = pipe else { return false };
        match reader.read(&mut self.buffer[..CHUNK_BYTES_MAX]) {
            Ok(0) => *pipe = None,
            Ok(length) => {
                let bytes = Bytes(self.buffer[..length].to_vec());
                self.say(&FromAgent::Output { number, stream, bytes });
                return true;
            }
            Err(error) if is_temporary(&error) => return false,
            Err(_) => *pipe = None,
        }
        self.say(&FromAgent::OutputEnd { number, stream });
        false
    }

    fn write_input(&mut self, at: usize) {
        self.members[at].input.take_if(|input| !input.write_some() || input.is_over());
        self.account_input();
    }

    /// Tells the launcher how much of its input was passed on by all that get any.
    fn account_input(&mut self) {
        let inputs = self.members.iter().filter_map(|member| member.input.as_ref());
        let waiting = inputs.map(|input| input.len()).max().unwrap_or(0);
        let taken = self.input_outstanding - waiting.min(self.input_outstanding);
        if taken > 0 {
            self.input_outstanding = waiting;
            self.say(&FromAgent::InputTaken(taken as u32));
        }
    }
}

/// Exit status of a keeper whose launcher went before it.
const STATUS_LOST: u8 = 1;

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
