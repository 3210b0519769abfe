//! A keeper whose processes another launcher has started. They come to it, one by one, and show by a key that they are of the job. It
//! starts and ends nobody: that is the other launcher's; it hears what they say, sees them end, and tells the others.

use super::conversation::refuse;
use super::keep::Keeper;
use super::member::{Answers, Member, ending_from};
use super::memory::HostMemory;
use crate::job::{LOCAL_PROCESSES_MAX, STATUS_FAILURE};
use crate::launcher::watch::{Next, Watch};
use crate::reaper;
use control::agent::{Bind, FromAgent, Input, Part, Start, Stream};
use control::hosted::{Hosting, Ready};
use control::{Ending, Refusal, Secret, ToKeeper, codec};
use os::Time;
use os::limits::Descriptors;
use os::meeting::Meeting;
use os::unix::{Received, SeqPacket};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd, RawFd};

/// A keeper without processes goes after this time. The first process, which has had it started, is there until all have met each other
/// through their launcher.
const LONELY_NS: u64 = 5_000_000_000;

/// Who has not come this long after the first has ended on the way: they have just met.
const ARRIVALS_NS: u64 = 60_000_000_000;

/// Callers that have not said who they are, past one for each process.
const CALLERS_BESIDES: usize = 64;

/// What is different about such a keeper.
pub struct Hosted {
    /// Where the processes call.
    pub meeting: Meeting,
    /// Those that have not said who they are, among them the end that the process holds which has had the keeper started.
    pub callers: Vec<SeqPacket>,
    key: Secret,
    host: String,
    /// Who waits for whom.
    watch: Watch,
    todo: VecDeque<Next>,
    /// Since when no process is there.
    lonely_since: Option<Time>,
    /// Until when all others may come, once one has.
    all_by: Option<Time>,
    /// Why the job ends was told: what follows is the other launcher's doing.
    has_told_end: bool,
}

/// Is a hosted keeper until its processes have ended; returns the exit status. `descriptor` is the inherited socket on which it is told
/// what to do. Takes over the whole process.
pub fn run_hosted(descriptor: RawFd) -> u8 {
    os::spawn::name_this_process(c"archi-keeper");
    let Some((socket, hosting)) = hear(descriptor) else {
        tell("a keeper is started by the first process of a job, not by hand");
        return STATUS_FAILURE;
    };
    os::descriptor::close_on_exec(descriptor);
    let (ready, keeper) = match Keeper::hosted(hosting) {
        Ok(keeper) => (Ready::Yes, Some(keeper)),
        Err(why) => (Ready::No(why), None),
    };
    // Who has started it may be gone; then nobody comes.
    let _ = socket.send(&codec::encode(&ready), &[], false);
    let Some(mut keeper) = keeper else { return STATUS_FAILURE };
    if let Some(hosted) = &mut keeper.hosted {
        hosted.callers.push(socket);
    }
    keeper.run()
}

fn hear(descriptor: RawFd) -> Option<(SeqPacket, Hosting)> {
    let socket = SeqPacket::adopt(os::descriptor::duplicate_inherited(descriptor).ok()?).ok()?;
    let mut buffer = vec![0; codec::MESSAGE_BYTES_MAX];
    match socket.receive(&mut buffer, true).ok()? {
        Received::Message(length, _) => Some((socket, codec::decode(&buffer[..length]).ok()?)),
        _ => None,
    }
}

/// A line for the user. Nobody may read it any more.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "archipelago: {text}");
}

impl Hosted {
    /// When to look at it again.
    pub fn deadline(&self) -> Option<Time> {
        let lonely = self.lonely_since.map(|since| since + LONELY_NS);
        lonely.into_iter().chain(self.all_by).chain(self.watch.deadline()).min()
    }

    /// Whether nobody is there, and nobody comes any more.
    pub fn is_deserted(&self) -> bool {
        self.lonely_since.is_some_and(|since| Time::now().since(since) >= LONELY_NS)
    }

    /// Takes note of what our own launcher would be told.
    pub fn note(&mut self, message: &FromAgent) {
        let (now, host) = (Time::now(), &self.host);
        match message {
            FromAgent::Overdue { .. } => self.todo.push_back(self.watch.overdue(now)),
            FromAgent::Asked { round, processes } => {
                self.todo.push_back(self.watch.asked(*round, *processes, now));
            }
            FromAgent::State { number, state } => {
                self.todo.push_back(self.watch.answer(*number, (**state).clone(), now));
            }
            FromAgent::Abort { number, code, reason } => {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                let text = format!("rank {number} on {host} aborted the job with code {code}{reason}");
                self.tell_end(&text);
            }
            FromAgent::Ended { number, ending, part: Part::Unfinished, .. } => {
                let how = match ending {
                    Ending::Unseen => "ended".to_owned(),
                    ending => ending.to_string(),
                };
                let text = format!("rank {number} on {host} {how} without finalising");
                self.tell_end(&text);
            }
            FromAgent::Remark { number, text } => tell(&format!("rank {number} on {host}: {text}")),
            FromAgent::Notice(text) => tell(text),
            _ => {}
        }
    }

    fn tell_end(&mut self, text: &str) {
        if !std::mem::replace(&mut self.has_told_end, true) {
            tell(text);
        }
    }
}

impl Keeper {
    /// A keeper for such a job, which can be called. Or why there is none.
    fn hosted(hosting: Hosting) -> Result<Keeper, String> {
        let Hosting { job, secret, key, meeting, host, size, transport, options } = hosting;
        if size as usize > LOCAL_PROCESSES_MAX {
            return Err(format!("{size} processes on one host: at most {LOCAL_PROCESSES_MAX} are possible"));
        }
        let text = |error: io::Error| error.to_string();
        let signals = reaper::take_over(&reaper::SIGNALS).map_err(text)?;
        // Refused only where there are few processes anyway.
        let _ = Descriptors::of_this_process().raised().apply();
        let (nobody, _) = std::os::unix::net::UnixStream::pair().map_err(text)?;
        let mut keeper = Keeper::new(nobody, signals).map_err(text)?;
        keeper.launcher = false;
        keeper.memory = HostMemory::new(size as u16);
        keeper.members = (0..size).map(guest).collect();
        (0..size as usize).for_each(|place| keeper.memory.started(place));
        keeper.hosted = Some(Hosted {
            meeting: Meeting::open(&meeting).map_err(text)?,
            callers: Vec::new(),
            key,
            host: host.clone(),
            watch: Watch::new(&host, size as usize),
            todo: VecDeque::new(),
            lonely_since: None,
            all_by: None,
            has_told_end: false,
        });
        keeper.start = Some(Start {
            job,
            secret,
            host,
            size,
            first: 0,
            hosts: vec![0],
            processes: vec![0; size as usize],
            apps: Vec::new(),
            bind: Bind::None,
            tells_bindings: false,
            transport,
            input: Input::None,
            keep_going: false,
            statistics: false,
            options,
        });
        Ok(keeper)
    }

    /// Somebody calls.
    pub(super) fn meet(&mut self) {
        let Some(hosted) = &mut self.hosted else { return };
        let most = self.members.len() + CALLERS_BESIDES;
        while let Ok(Some((caller, user))) = hosted.meeting.accept() {
            if user == os::meeting::user() && hosted.callers.len() < most {
                hosted.callers.push(caller);
            }
        }
    }

    /// A caller says who it is, or goes.
    pub(super) fn hear_caller(&mut self, at: usize) {
        let Some(hosted) = &mut self.hosted else { return };
        let Some(caller) = hosted.callers.get(at) else { return };
        let said = match caller.receive(&mut self.buffer[..], false) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Ok(Received::Message(length, descriptors)) => Some((length, descriptors)),
            _ => None,
        };
        hosted.callers.remove(at);
        if let Some((length, descriptors)) = said {
            self.enter(length, descriptors);
        }
        self.look_for_company();
    }

    /// Whether somebody is there, or about to enter.
    fn look_for_company(&mut self) {
        let lives = |member: &Member| member.claimant.is_some() && member.ending.is_none();
        let is_lonely = !self.members.iter().any(lives);
        if let Some(hosted) = &mut self.hosted {
            let is_lonely = is_lonely && hosted.callers.is_empty();
            hosted.lonely_since = is_lonely.then(|| hosted.lonely_since.unwrap_or_else(Time::now));
        }
    }

    fn enter(&mut self, length: usize, descriptors: Vec<OwnedFd>) {
        let Some(hosted) = &mut self.hosted else { return };
        let socket = descriptors.into_iter().next().and_then(|fd| SeqPacket::adopt(fd).ok());
        let message = codec::decode(&self.buffer[..length]);
        let (Some(socket), Ok(ToKeeper::Enter { number, key, pid, program })) = (socket, message) else {
            return;
        };
        // Who has not the key learns nothing.
        if key != hosted.key || number as usize >= self.members.len() {
            return;
        }
        let is_first = self.members.iter().all(|member| member.claimant.is_none() && member.ending.is_none());
        if is_first && self.members.len() > 1 {
            hosted.all_by = Some(Time::now() + ARRIVALS_NS);
        }
        let at = number as usize;
        match self.members[at].ending {
            // Everybody was told that it is gone.
            Some(_) => refuse(Answers::new(socket), Refusal::Ending),
            None => self.judge_claim(at, Answers::new(socket), ToKeeper::Claim { pid, program }),
        }
    }

    /// Does what was noted.
    pub(super) fn attend(&mut self, now: Time) {
        let Some(hosted) = &mut self.hosted else { return };
        let next = hosted.watch.go_on(now);
        hosted.todo.push_back(next);
        if hosted.all_by.take_if(|by| now >= *by).is_some() {
            for at in 0..self.members.len() {
                if self.members[at].claimant.is_none() && self.members[at].ending.is_none() {
                    self.members[at].ending = Some(Ending::Unseen);
                    self.report_end(at);
                }
            }
        }
        while let Some(next) = self.hosted.as_mut().and_then(|hosted| hosted.todo.pop_front()) {
            match next {
                Next::Ask(round) => self.examine(round),
                Next::Say(Some(news)) => tell(&news.text),
                Next::Say(None) | Next::Wait => {}
            }
        }
    }

    /// A process has closed its socket. Where the kernel tells no end otherwise, that is its end.
    pub(super) fn lost_link(&mut self, at: usize) {
        if self.hosted.is_some() && self.members[at].behind.is_none() {
            self.lost_guest(at);
        }
    }

    /// A process that another launcher has started has ended.
    pub(super) fn lost_guest(&mut self, at: usize) {
        let member = &mut self.members[at];
        if member.ending.is_some() || member.claimant.is_none() {
            return;
        }
        // How, the kernel tells only some that are not its parent.
        let how = member.behind.take().and_then(|behind| os::spawn::ending_of(behind.as_fd()));
        member.ending = Some(how.map_or(Ending::Unseen, ending_from));
        self.look_for_company();
        // Whoever has said something before, that it aborts the job for example, comes first: this end may be what came of it.
        for other in 0..self.members.len() {
            self.hear_member(other);
        }
        self.report_end(at);
    }
}

/// A process that has not come yet.
fn guest(number: u32) -> Member {
    Member {
        number,
        // No process has this number, and nobody sends it a signal.
        pid: 0,
        claims: None,
        claimant: None,
        link: None,
        behind: None,
        is_reported: false,
        outputs: [(Stream::Output, None), (Stream::Error, None)],
        input: None,
        finalised: false,
        aborts: false,
        is_known_left: false,
        ending: None,
    }
}
