//! What the keeper and the processes say to each other: claims on the inherited sockets, everything else on the
//! claimants' private ones.

use super::behind::Behind;
use super::keep::Keeper;
use super::member::{Answers, Said};
use super::stage::Stage;
use control::agent::FromAgent;
use control::codec;
use control::{FromKeeper, Key, Refusal, ToKeeper, Welcome};
use os::unix::{Received, SeqPacket};
use std::os::fd::OwnedFd;

/// Messages taken from one socket of a process before the others get their turn.
const MESSAGES_A_TURN: usize = 64;
/// Questions of one process that may wait for an answer.
const QUESTIONS_MAX: usize = 64 * 1024;

impl Keeper {
    pub(super) fn hear_claim(&mut self, at: usize) {
        for _ in 0..MESSAGES_A_TURN {
            let Some(claims) = &self.members[at].claims else { return };
            match claims.receive(&mut self.buffer[..], false) {
                Ok(Received::Message(length, descriptors)) => self.answer_claim(at, length, descriptors),
                Ok(_) => {}
                // Nothing is there; the other end is held among the lifelines, so it never closes.
                Err(_) => return,
            }
        }
    }

    fn answer_claim(&mut self, at: usize, length: usize, descriptors: Vec<OwnedFd>) {
        let Some(socket) = descriptors.into_iter().next().and_then(|fd| SeqPacket::adopt(fd).ok()) else {
            return;
        };
        let answers = Answers::new(socket);
        match codec::decode(&self.buffer[..length]) {
            Ok(message) => self.judge_claim(at, answers, message),
            Err(error) => refuse(answers, Refusal::Malformed(error.to_string())),
        }
    }

    pub(super) fn judge_claim(&mut self, at: usize, answers: Answers, claim: ToKeeper) {
        let member = &self.members[at];
        let refusal = match (claim, &member.claimant) {
            (ToKeeper::Claim { .. }, Some((pid, program))) => {
                Refusal::Claimed { number: member.number, pid: *pid, program: program.clone() }
            }
            (ToKeeper::Claim { .. }, None) if self.stage != Stage::Running => Refusal::Ending,
            (ToKeeper::Claim { pid, program }, None) => return self.welcome(at, answers, pid, program),
            _ => Refusal::Malformed("it is no claim".into()),
        };
        refuse(answers, refusal);
    }

    fn welcome(&mut self, at: usize, mut answers: Answers, pid: u32, program: String) {
        let Some(start) = &self.start else { return };
        let member = &mut self.members[at];
        let local_size = start.processes.len() as u32;
        let welcome = Welcome {
            job: start.job,
            number: member.number,
            incarnation: 0,
            size: start.size,
            first_local: start.first,
            local_size,
            hosts: start.hosts.clone(),
            slots: local_size as u16,
            cores: self.memory.cores(),
            app: start.processes[at],
            host: start.host.clone(),
            transport: start.transport,
            secret: start.secret.clone(),
            statistics: start.statistics,
            options: start.options.clone(),
        };
        // A claimant that is gone before its answer came leaves the rank to the next.
        let maker = answers.maker();
        if answers.send(&FromKeeper::Welcome(Box::new(welcome)), self.memory.descriptor()) {
            // A child's end is told by the kernel.
            member.behind = maker.filter(|&maker| maker != member.pid).and_then(Behind::follow);
            member.claimant = Some((pid, program));
            member.link = Some(answers);
        }
    }

    pub(super) fn hear_member(&mut self, at: usize) {
        // After its end everything that it still said is taken at once.
        let turns = if self.members[at].ending.is_some() { usize::MAX } else { MESSAGES_A_TURN };
        for _ in 0..turns {
            let Some(link) = &self.members[at].link else { return };
            match link.receive(&mut self.buffer) {
                Said::Message(message) => self.answer(at, message),
                Said::Nothing => return,
                Said::Over => {
                    self.members[at].link = None;
                    self.lost_link(at);
                }
            }
        }
    }

    /// Asks the processes what they wait for.
    pub(super) fn examine(&mut self, round: u32) {
        let mut processes = 0;
        for at in 0..self.members.len() {
            let member = &mut self.members[at];
            if member.link.is_some() && member.ending.is_none() && !member.finalised {
                member.tell(&FromKeeper::Examine { round });
                self.memory.wake(at);
                processes += 1;
            }
        }
        self.say(&FromAgent::Asked { round, processes });
    }

    fn answer(&mut self, at: usize, message: ToKeeper) {
        let number = self.members[at].number;
        match message {
            ToKeeper::Put { name, value } => {
                let key = Key { number, name };
                match self.board.put(key.clone(), value.clone()) {
                    None => self.cut(at, "stored more than the protocol allows"),
                    Some(askers) => {
                        for asker in askers {
                            let value = Some(value.clone());
                            self.members[asker].tell(&FromKeeper::Value { key: key.clone(), value });
                            self.memory.wake(asker);
                        }
                    }
                }
            }
            ToKeeper::Get(key) => {
                let value = self.board.get(&key).cloned();
                let owner = self.members.iter().find(|member| member.number == key.number);
                if value.is_some() || owner.is_none_or(|owner| owner.ending.is_some()) {
                    self.members[at].tell(&FromKeeper::Value { key, value });
                } else if self.board.waits_of(at) < QUESTIONS_MAX {
                    self.board.wait(key, at);
                } else {
                    self.cut(at, "asked more than the protocol allows");
                }
            }
            ToKeeper::Statistics(rows) => self.say(&FromAgent::Statistics { number, rows }),
            ToKeeper::Goodbye => {
                self.members[at].finalised = true;
                self.tell_left(at);
                // In a large world who leaves wakes only those that it has spoken with.
                self.memory.announce();
            }
            ToKeeper::Resting(rests) => self.members[at].finalised = rests,
            ToKeeper::Abort { code, reason } => {
                self.members[at].aborts = true;
                // First the word, since the end of the others may be the launcher's too.
                self.say(&FromAgent::Abort { number, code, reason });
                self.memory.abort(code);
            }
            ToKeeper::Overdue => self.say(&FromAgent::Overdue { number }),
            ToKeeper::State(state) => self.say(&FromAgent::State { number, state }),
            ToKeeper::Remark(text) => self.say(&FromAgent::Remark { number, text }),
            ToKeeper::Claim { .. } | ToKeeper::Enter { .. } => {
                self.cut(at, "claimed its rank twice on one socket")
            }
        }
    }

    fn cut(&mut self, at: usize, what: &str) {
        self.members[at].link = None;
        self.notice(format!("process {} {what} and was cut off", self.members[at].number));
    }
}

/// Says no; nothing else follows.
pub(super) fn refuse(answers: Answers, refusal: Refusal) {
    let mut answers = answers;
    answers.send(&FromKeeper::Refused(refusal), None);
}
