//! Connections that are cut, and made again without loss.
//!
//! A connection that ends without a farewell may have been cut by something on its way (a firewall that resets it, an address
//! translation that has forgotten it), or the process behind it has ended. That shows when it is tried again: at once by the
//! lower of the two processes, a little later by the other. Both sides say how much of the stream they have received, proved
//! by the job's secret, and the stream goes on from there, in the middle of a frame if need be.
//!
//! What ends the attempts: the runtime's word that the process has ended; on the same host a refused connection, since a
//! process listens for as long as it lives; and the link timeout, from the last sign of life. A process that is stopped or busy
//! is waited for: its kernel takes the connection, and that is a sign of life.

use super::contact::Fault;
use super::link::{Dial, State};
use super::port::Port;
use crate::Cause;
use os::Time;
use std::io;
use wire::ProcessId;

/// How long the higher of two processes leaves it to the lower to connect anew.
const TURN_NS: u64 = 50_000_000;

/// The pause before a connection is made again that was cut before it brought anything; doubles a few times.
const PAUSE_NS: u64 = 10_000_000;
const DOUBLED_MAX: u32 = 3;

/// How long a host has to answer each attempt.
const ANSWER_NS: u64 = 2_000_000_000;

/// Why a stream that ended without a farewell has ended.
const NO_FAREWELL: &str = "its connection closed without a farewell";

/// What is known of a link without a connection that had one.
#[derive(Debug)]
pub(super) struct Cut {
    since: Time,
    /// The last sign of life of the peer's host.
    silent_since: Time,
    why: String,
}

/// A connection that is cut, and tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// The process behind it.
    pub process: ProcessId,
    /// Since when.
    pub since: Time,
    /// How it came about, and what the latest attempt came to.
    pub why: String,
}

/// What the end of a connection says.
pub(super) fn why_ended(error: Option<&io::Error>) -> String {
    error.map_or(NO_FAREWELL.into(), |error| format!("its connection broke: {error}"))
}

impl Port {
    /// The links that are cut now.
    pub fn interruptions(&self) -> impl Iterator<Item = Interruption> {
        self.links.iter().filter_map(|link| {
            let cut = link.cut.as_ref()?;
            let attempt = match &link.state {
                State::Reachable(dial) if !dial.error.is_empty() => format!("; {}", dial.error),
                _ => String::new(),
            };
            Some(Interruption {
                process: link.process,
                since: cut.since,
                why: format!("{}{attempt}", cut.why),
            })
        })
    }

    /// The connection is gone. What it brought is taken first.
    pub(super) fn lose(&mut self, at: u32, why: String, silent_since: Time) {
        let link = &mut self.links[at as usize];
        (link.state, link.broken) = (State::Lost, false);
        let has_served =
            link.has_progressed() || self.now.since(link.opened_at) >= self.settings.link_timeout_ns;
        link.idle_cuts = if has_served { 0 } else { link.idle_cuts + 1 };
        // A way on which connections come about, and are cut before anything of what waits has gone over them, is none.
        let is_none = !has_served && !link.output.is_delivered();
        let silent_since = if is_none { silent_since.min(link.idle_since) } else { silent_since };
        link.cut = Some(Box::new(Cut { since: self.now, silent_since, why }));
        self.hot.retain(|hot| *hot != at);
        self.enqueue(at);
    }

    /// Since when the host of a link that is open is silent, as far as its end needs to know: an attempt at another connection
    /// is made even when it has been for longer than the link timeout, of which nobody may have heard.
    pub(super) fn silent_since(&self, at: u32) -> Time {
        let silence = match &self.links[at as usize].state {
            State::Open(socket) => socket.silence().ok(),
            _ => None,
        };
        let last_sign = silence
            .map_or(0, |silence| self.now.0.saturating_sub(u64::from(silence.last_sign_ms) * 1_000_000));
        let latest = (self.now.0 + ANSWER_NS).saturating_sub(self.settings.link_timeout_ns).min(self.now.0);
        Time(last_sign.max(latest))
    }

    /// Tries to reach the peer of a link that was cut, everything that came of which is taken.
    pub(super) fn reach_again(&mut self, at: u32) {
        let now = self.now;
        let link = &mut self.links[at as usize];
        let mut pause_ns = if self.settings.me < link.process { 0 } else { TURN_NS };
        if link.idle_cuts > 0 {
            pause_ns += PAUSE_NS << (link.idle_cuts - 1).min(DOUBLED_MAX);
        }
        // Those who accepted it may not know yet where it can be reached.
        link.state = State::Unresolved;
        if !link.addresses.is_empty() {
            let dial = Dial { retry_at: Some(now + pause_ns), ..Dial::new(&link.addresses) };
            link.state = State::Reachable(Box::new(dial));
        }
        self.meeting.await_link(at);
        if pause_ns == 0 {
            self.dial(at);
        }
        let gives_up_at = self.gives_up_at(at);
        self.set_timer(Some(gives_up_at.min(now + pause_ns.max(1_000_000))));
    }

    fn gives_up_at(&self, at: u32) -> Time {
        let silent_since = self.links[at as usize].cut.as_ref().map_or(self.now, |cut| cut.silent_since);
        silent_since + self.settings.link_timeout_ns
    }

    /// Until when an attempt may wait for an answer.
    pub(super) fn answers_by(&self, at: u32) -> Time {
        match &self.links[at as usize].cut {
            Some(_) => self.gives_up_at(at).min(self.now + ANSWER_NS),
            None => self.now + self.settings.link_timeout_ns,
        }
    }

    /// A connection has come about, and both know what the other one has.
    pub(super) fn was_mended(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        link.opened_at = self.now;
        let cut = link.cut.take();
        let has_served = link.has_progressed() || link.output.is_delivered();
        link.idle_since = cut.filter(|_| !has_served).map_or(self.now, |cut| cut.silent_since);
    }

    /// For so long the peer's host has answered, if not its process, or nobody has asked it: that is no silence.
    pub(super) fn was_answered(&mut self, at: u32, for_ns: u64) {
        let link = &mut self.links[at as usize];
        // Who has left answers only for as long as it has something to deliver.
        if let (Some(cut), false) = (&mut link.cut, link.left_job) {
            cut.silent_since = cut.silent_since + for_ns;
        }
    }

    /// The runtime says that the peer of a cut link has left in order. It may still be there, to deliver what it had sent; for no
    /// longer than the link timeout, even if it lives on.
    pub(super) fn has_left_job(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        if !std::mem::replace(&mut link.left_job, true) {
            // When it was is not known before the next look: the last one may be long ago.
            self.told_left.push(at);
            self.set_timer(Some(self.now));
        }
    }

    /// The time of peers that have left, as was said since the latest look, begins.
    pub(super) fn begin_leave_times(&mut self) {
        for at in std::mem::take(&mut self.told_left) {
            if let Some(cut) = &mut self.links[at as usize].cut {
                cut.silent_since = self.now;
                let gives_up_at = self.gives_up_at(at);
                self.set_timer(Some(gives_up_at));
            }
        }
    }

    /// A round of attempts to reach the peer of a cut link has failed. Whether there is to be another.
    pub(super) fn has_hope(&mut self, at: u32, fault: Fault) -> bool {
        let link = &self.links[at as usize];
        if fault == Fault::Refused && (link.is_here || link.left_job) {
            // The runtime may know, or hear soon, how it came about.
            self.give_up(at, Cause::Died(NO_FAREWELL.into()));
            return false;
        }
        self.gives_up_at(at) > self.now || {
            self.give_up_unreached(at);
            false
        }
    }

    /// Gives the link up if its time is over.
    pub(super) fn cut_timer(&mut self, at: u32) {
        let gives_up_at = self.gives_up_at(at);
        let link = &self.links[at as usize];
        if link.cut.is_none() || (self.meeting.is_answered(at) && !link.left_job) {
            return;
        }
        if gives_up_at <= self.now {
            self.give_up_unreached(at);
        } else {
            self.set_timer(Some(gives_up_at));
        }
    }

    fn give_up_unreached(&mut self, at: u32) {
        let seconds = self.settings.link_timeout_ns as f64 / 1e9;
        let link = &self.links[at as usize];
        let Some(cut) = &link.cut else { return };
        let attempt = match &link.state {
            State::Reachable(dial) if dial.error.is_empty() => "no answer".into(),
            State::Reachable(dial) => dial.error.clone(),
            _ => "its address is not known".into(),
        };
        let why = format!("{}, and could not be made again within {seconds} s: {attempt}", cut.why);
        self.give_up(at, Cause::Unreachable(why));
    }

    /// There will be no connection any more. What was received before is still taken.
    pub(super) fn give_up(&mut self, at: u32, cause: Cause) {
        let link = &mut self.links[at as usize];
        let cause = if link.left_job { Cause::Left } else { cause };
        link.state = State::Closed;
        link.ended.get_or_insert(cause);
        link.cut = None;
        self.close_contacts(at, None);
        self.enqueue(at);
    }
}
