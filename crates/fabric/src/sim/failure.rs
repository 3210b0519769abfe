//! What goes wrong in the world, and how its processes find out.

use super::agenda::Happening;
use super::network::Transfer;
use super::state::{HEADER_BYTES, Life, Process, State};
use super::world::Fault;
use crate::Cause;
use wire::ProcessId;

impl State {
    /// Lets `process` find out, `after_ns` from now but not before what is on its way, that its peer is gone.
    pub(super) fn notice(&mut self, process: u32, at: u32, cause: Cause, after_ns: u64) {
        let (other, back) = self.other_side(process, at);
        let when = (self.now + after_ns).max(self.link(other, back).last_arrival);
        let link = self.link(process, at);
        if link.failed || link.due.is_some() {
            return;
        }
        link.due = Some(Box::new(cause));
        // The key is the largest: what arrives at the same moment arrives before.
        self.agenda.plan(when, u32::MAX, Happening::Fail { process, link: at });
    }

    /// Lets `me` notice the ends of all processes, those that it never meets as well.
    pub(super) fn watch_all(&mut self, me: u32) {
        if std::mem::replace(&mut self.processes[me as usize].watches_all, true) {
            return;
        }
        for other in 0..self.processes.len() as u32 {
            let Process { id, lane, .. } = self.processes[other as usize];
            if !self.alive(other) && lane == self.processes[me as usize].lane {
                self.connect(me, id);
            }
        }
    }

    /// Ends a process: its peers notice after `after_ns`, and whatever it waits for fails.
    pub(super) fn end(&mut self, process: u32, cause: Cause, after_ns: u64) {
        if !self.alive(process) {
            return;
        }
        self.processes[process as usize].life = Life::Ended(cause.clone());
        let Process { id, lane, .. } = self.processes[process as usize];
        for other in 0..self.processes.len() as u32 {
            let watcher = &self.processes[other as usize];
            let watches = other != process && watcher.watches_all && watcher.lane == lane;
            if watches && self.alive(other) && !self.pairs.contains_key(&(other, process)) {
                self.connect(other, id);
            }
        }
        for at in 0..self.processes[process as usize].links.len() as u32 {
            let (other, back) = self.other_side(process, at);
            if other != process {
                self.notice(other, back, cause.clone(), after_ns);
            }
            if cause != Cause::Left {
                self.notice(process, at, Cause::Unreachable("this process has ended".into()), 0);
            }
        }
    }

    pub(super) fn strike(&mut self, fault: &Fault) {
        match fault {
            Fault::Kill { process, how } => {
                for lane in 0..self.lanes() {
                    let number = self.number_on(*process, lane);
                    self.end(number, Cause::Died(how.clone()), self.settings.detect_ns);
                }
            }
            Fault::Cut { a, b } => (0..self.lanes()).for_each(|lane| self.set_cut(*a, *b, lane, true)),
            Fault::Heal { a, b } => (0..self.lanes()).for_each(|lane| self.set_cut(*a, *b, lane, false)),
        }
    }

    /// How many lanes there are in the world.
    fn lanes(&self) -> u16 {
        self.processes.iter().map(|process| process.lane + 1).max().unwrap_or(1)
    }

    fn set_cut(&mut self, a: ProcessId, b: ProcessId, lane: u16, cut: bool) {
        let (a, b) = (self.number_on(a, lane), self.number_on(b, lane));
        let at_a = match self.pairs.get(&(a, b)) {
            Some(link) => *link,
            None => self.pair(a, b),
        };
        let at_b = self.link(a, at_a).back;
        let expires = self.now + self.settings.link_timeout_ns;
        for (process, at) in [(a, at_a), (b, at_b)] {
            let link = self.link(process, at);
            if link.cut == cut {
                continue;
            }
            link.cut = cut;
            if cut {
                link.cuts += 1;
                let happening = Happening::CutExpires { process, link: at, cut: link.cuts };
                self.agenda.plan(expires, 0, happening);
            } else {
                self.resume(process, at);
            }
        }
    }

    /// Sends again what a cut has swallowed.
    fn resume(&mut self, process: u32, at: u32) {
        let from = self.processes[process as usize].id;
        let link = self.link(process, at);
        let (to, back, link_free) = (link.to, link.back, link.link_free);
        let stalled = std::mem::take(&mut link.stalled);
        let to_id = self.processes[to as usize].id;
        let transfer = Transfer { at: self.now, from, to: to_id, bytes: HEADER_BYTES, link_free };
        let arrives = self.network.travel(transfer).arrives;
        let link = self.link(process, at);
        link.last_arrival = link.last_arrival.max(arrives);
        let arrives = link.last_arrival;
        for _ in 0..stalled {
            self.agenda.plan(arrives, 0, Happening::Arrive { process: to, link: back });
        }
    }
}
