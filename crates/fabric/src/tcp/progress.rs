//! How a port finds what has happened: frames to parse, sockets to read, links that end.
//!
//! Two lists carry it: `readable` holds the links with bytes to parse or an end to report, `hot` those whose sockets are read
//! without asking epoll first. An end is reported when everything received before it has been taken.

use super::codec::{ACK_BYTES, ACK_IDLE_BYTES, ACK_OF_ACKS_BYTES, HEADER_BYTES};
use super::cut::why_ended;
use super::hub::{NEWS, WAKE};
use super::input::Looked;
use super::link::State;
use super::meeting::{CONTACT, LISTENER};
use super::port::Port;
use crate::{ACKNOWLEDGE, Arrival, Cause, Event, FAREWELL, Frame, Payload, Peer, VOID};
use os::Time;
use std::io;
use std::time::Duration;

/// Links whose sockets are looked at directly, without asking epoll first.
pub(super) const HOT_MAX: usize = 4;

/// Empty looks after which a link is hot no more (unless it is the only one).
const MISSES_MAX: u32 = 64;

/// How often the runtime may have news of a process whose connection has ended.
const LISTEN_NS: u64 = 5_000_000;

/// How often a connection that should be moving is checked for silence.
const CHECK_NS: u64 = 1_000_000_000;

/// How often a process that leaves asks whether its kernel has sent everything.
const LEAVE_NS: u64 = 1_000_000;

/// A process that has not looked for so long, which is longer than any sleep, was busy or stopped.
const AWAY_NS: u64 = 500_000_000;

/// Every so many looks, epoll is asked too.
pub(super) const LOOKS_PER_POLL: u32 = 8;

/// And every so many even while the hot sockets always bring something: the others and the timers wait no longer.
const LOOKS_PER_POLL_MAX: u32 = 64;

impl Port {
    /// The next event.
    #[inline]
    pub fn next(&mut self, now: Time) -> Option<Event> {
        self.now = now;
        if let Some(event) = self.pending() {
            return Some(event);
        }
        if self.look() { self.pending() } else { None }
    }

    /// What is here already.
    #[inline]
    fn pending(&mut self) -> Option<Event> {
        if self.hub.take_call() {
            let awaiting = std::mem::take(&mut self.awaiting);
            awaiting.iter().for_each(|at| self.flush(*at));
            let links = &self.links;
            self.awaiting.extend(awaiting.into_iter().filter(|at| !links[*at as usize].output.is_sent()));
        }
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let at = *self.readable.front()?;
            let link = &mut self.links[at as usize];
            match link.input.next() {
                Ok(Some((frame, payload))) => {
                    if frame.kind >= VOID {
                        self.take_own(at, frame, &payload);
                        continue;
                    }
                    link.counters.received_frames += 1;
                    link.counters.received_bytes += payload.len() as u64;
                    if self.readable.len() > 1 {
                        self.readable.rotate_left(1);
                    }
                    return Some(Event::Arrival(Arrival { peer: Peer(at), frame, payload }));
                }
                Ok(None) => self.parsed_all(at),
                Err(malformed) => self.end(at, Cause::Protocol(malformed.to_string())),
            }
        }
    }

    /// A frame of the transport's own.
    fn take_own(&mut self, at: u32, frame: Frame, payload: &Payload) {
        let link = &mut self.links[at as usize];
        link.input.release(payload, &mut self.pool);
        match frame.kind {
            FAREWELL => {
                link.left = true;
                // It may wait to hear that nothing is lost.
                self.acknowledge(at);
            }
            ACKNOWLEDGE => {
                // A few acknowledgements alone are not acknowledged: that would never end.
                link.owed = link.owed.saturating_sub(HEADER_BYTES);
                if link.output.acknowledge(frame.header[0], &mut self.spares).is_err() {
                    self.end(at, Cause::Protocol("it acknowledges what was never sent".into()));
                } else if link.untold_acknowledgements() >= ACK_OF_ACKS_BYTES as u64 {
                    self.tell_received(at);
                    self.flush(at);
                }
                self.tell_room(at);
            }
            _ => {}
        }
    }

    /// The link at the front of `readable` has nothing more to parse.
    fn parsed_all(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        if link.left && link.ended.is_none() {
            link.ended = Some(Cause::Left);
        }
        if link.ended.is_none() && (link.due.is_some() || link.broken) {
            // Drain: what the peer sent before its end still counts.
            let some = self.read(at);
            if some || self.links[at as usize].ends_by.is_none() {
                self.await_end(at);
            }
            if some {
                return;
            }
            let link = &mut self.links[at as usize];
            // The news may have overtaken it: the end of the stream says that this is all, or else silence does.
            let is_awaited = !link.broken && link.ends_by > Some(self.now);
            if !link.stalled && !is_awaited {
                match link.due.take() {
                    None if link.goes_on() => {
                        let why = std::mem::take(&mut link.why_broken);
                        self.lose(at, why, self.now);
                    }
                    None => link.ended = Some(Cause::Died(std::mem::take(&mut link.why_broken))),
                    due => link.ended = due,
                }
            }
        }
        let link = &mut self.links[at as usize];
        if matches!(link.state, State::Own) && link.ended.is_none() && self.fill_own(at) {
            return;
        }
        self.readable.pop_front();
        self.links[at as usize].queued = false;
        let link = &self.links[at as usize];
        if matches!(link.state, State::Lost) && link.ended.is_none() {
            return self.reach_again(at);
        }
        if self.awaits_explanation(at) {
            return;
        }
        let link = &mut self.links[at as usize];
        if let Some(cause) = link.ended.take() {
            self.report_end(at, cause);
        }
    }

    /// Gives the stream of a peer that is known to be gone time to come to its end. Who left in order has ended it, and only a
    /// link that is cut keeps that from coming.
    fn await_end(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        if let (State::Open(_), Some(cause)) = (&link.state, &link.due) {
            let patience_ns = match cause {
                Cause::Left => self.settings.link_timeout_ns,
                _ => self.settings.explain_ns,
            };
            let ends_by = self.now + patience_ns;
            if link.ends_by.replace(ends_by).is_none() {
                self.ending.push(at);
            }
            self.set_timer(Some(ends_by));
        }
    }

    /// Ends the streams that have been silent for long enough.
    fn ending_timers(&mut self) {
        for at in std::mem::take(&mut self.ending) {
            let link = &self.links[at as usize];
            match link.ends_by {
                Some(ends_by) if ends_by > self.now && matches!(link.state, State::Open(_)) => {
                    self.ending.push(at);
                    self.set_timer(Some(ends_by));
                }
                _ => self.enqueue(at),
            }
        }
    }

    /// Whether the link's end is better reported a little later, when the runtime may know how the process ended.
    fn awaits_explanation(&mut self, at: u32) -> bool {
        let link = &mut self.links[at as usize];
        let is_plain = link.due.is_none() && !link.left && !link.farewell_sent;
        if !is_plain || !matches!((&link.ended, &link.state), (Some(Cause::Died(_)), State::Closed)) {
            return false;
        }
        if link.explained_by.is_none() {
            link.explained_by = Some(self.now + self.settings.explain_ns);
            self.unexplained.push(at);
            self.set_timer(Some(self.now + LISTEN_NS));
        }
        self.links[at as usize].explained_by > Some(self.now)
    }

    /// Reports ends that nobody has explained in time.
    fn explanation_timers(&mut self) {
        let mut waiting = std::mem::take(&mut self.unexplained);
        waiting.retain(|at| {
            let is_over = self.links[*at as usize].explained_by <= Some(self.now);
            if is_over {
                self.enqueue(*at);
            }
            !is_over && matches!(self.links[*at as usize].state, State::Closed)
        });
        self.unexplained = waiting;
        if !self.unexplained.is_empty() {
            // The runtime listens to its keeper whenever this port has nothing for it.
            self.set_timer(Some(self.now + LISTEN_NS));
        }
    }

    /// Moves more of what this process sent to itself to where it is parsed. Whether there was any.
    fn fill_own(&mut self, at: u32) -> bool {
        let waiting = self.links[at as usize].output.waiting();
        if waiting > 0 {
            self.flush(at);
        }
        self.links[at as usize].output.waiting() < waiting
    }

    /// Lets the link end now; nothing more of it is parsed.
    pub(super) fn end(&mut self, at: u32, cause: Cause) {
        let link = &mut self.links[at as usize];
        link.input.discard();
        if link.ended.is_none() && !matches!(link.state, State::Gone) {
            link.ended = Some(cause);
        }
        self.enqueue(at);
    }

    fn report_end(&mut self, at: u32, cause: Cause) {
        let link = &mut self.links[at as usize];
        if matches!(link.state, State::Gone) {
            return;
        }
        let cause = match link.due.take() {
            Some(known) => known,
            // After our own farewell the end of the stream is what we wait for.
            None if link.left || link.farewell_sent => Cause::Left,
            None => cause,
        };
        link.state = State::Gone;
        link.cut = None;
        link.output.clear();
        self.close_contacts(at, None);
        self.hot.retain(|hot| *hot != at);
        if cause != Cause::Dropped {
            self.events.push_back(Event::Failed(Peer(at), cause));
        }
    }

    pub(super) fn enqueue(&mut self, at: u32) {
        if !std::mem::replace(&mut self.links[at as usize].queued, true) {
            self.readable.push_back(at);
        }
    }

    /// Looks at the hot sockets, and at the others now and then. Whether something may be pending.
    #[inline]
    fn look(&mut self) -> bool {
        let mut some = false;
        let mut index = 0;
        while index < self.hot.len() {
            let at = self.hot[index];
            if self.read(at) {
                some = true;
            } else {
                let link = &mut self.links[at as usize];
                link.misses += 1;
                if link.misses > MISSES_MAX && index > 0 {
                    self.hot.remove(index);
                    continue;
                }
            }
            index += 1;
        }
        self.looks = self.looks.wrapping_add(1);
        let looks = if some { LOOKS_PER_POLL_MAX } else { LOOKS_PER_POLL };
        if !self.looks.is_multiple_of(looks) && (some || !self.hot.is_empty()) {
            return some;
        }
        self.poll();
        true
    }

    /// Reads once. Whether there is something to parse or to report.
    #[inline]
    fn read(&mut self, at: u32) -> bool {
        let link = &mut self.links[at as usize];
        let State::Open(socket) = &link.state else { return false };
        let error = match link.input.receive(socket, &mut self.pool) {
            Ok(Looked::Some(count)) => {
                link.misses = 0;
                link.received += count as u64;
                link.owed += count;
                if link.owed >= ACK_BYTES {
                    self.acknowledge(at);
                }
                self.enqueue(at);
                return true;
            }
            Ok(Looked::Nothing) => {
                if link.owed >= ACK_IDLE_BYTES {
                    self.acknowledge(at);
                }
                return false;
            }
            Ok(Looked::NoRoom) => {
                link.stalled = true;
                self.set_interest(at);
                return false;
            }
            Ok(Looked::End) => None,
            Err(error) => Some(error),
        };
        self.stream_ended(at, error.as_ref());
        true
    }

    /// The connection brings nothing more.
    fn stream_ended(&mut self, at: u32, error: Option<&io::Error>) {
        use io::ErrorKind::{HostUnreachable, NetworkUnreachable, TimedOut};
        let link = &mut self.links[at as usize];
        let cause = match error {
            // For as long as the link timeout.
            Some(error) if matches!(error.kind(), TimedOut | HostUnreachable | NetworkUnreachable) => {
                if link.goes_on() {
                    let silent_since = self.silent_since(at);
                    return self.lose(at, why_ended(Some(error)), silent_since);
                }
                Cause::Unreachable(error.to_string())
            }
            error if link.goes_on() => {
                let why = if link.broken { std::mem::take(&mut link.why_broken) } else { why_ended(error) };
                return self.lose(at, why, self.now);
            }
            error => Cause::Died(why_ended(error)),
        };
        (link.state, link.ended) = (State::Closed, Some(cause));
        self.hot.retain(|hot| *hot != at);
        self.enqueue(at);
    }

    /// Makes a link the first that is looked at.
    #[inline]
    pub(super) fn promote(&mut self, at: u32) {
        if self.hot.first() == Some(&at) {
            return;
        }
        if !matches!(self.links[at as usize].state, State::Open(_)) {
            return;
        }
        self.hot.retain(|hot| *hot != at);
        self.hot.truncate(HOT_MAX - 1);
        self.hot.insert(0, at);
        self.links[at as usize].misses = 0;
    }

    /// Asks epoll, and the timers.
    fn poll(&mut self) {
        let away_ns = self.now.since(std::mem::replace(&mut self.polled_at, self.now));
        if away_ns > AWAY_NS {
            // Nobody has tried to reach anybody in that time, except over connections that were already on their way.
            for at in 0..self.links.len() as u32 {
                if self.links[at as usize].dial().is_none_or(|dial| dial.contacts == 0) {
                    self.was_answered(at, away_ns);
                }
            }
        }
        self.begin_leave_times();
        if self.timer.is_some_and(|timer| timer <= self.now) {
            self.timer = None;
            self.meeting_timers();
            self.explanation_timers();
            self.ending_timers();
            if self.leaving && !self.has_left() {
                self.set_timer(Some(self.now + LEAVE_NS));
            }
        }
        if self.check_at <= self.now {
            self.check_at = self.now + CHECK_NS;
            self.check_silence();
            self.look_after_quiet();
        }
        let mut ready = std::mem::take(&mut self.ready);
        let _ = self.hub.epoll.wait(0, |one| ready.push(one));
        for one in ready.drain(..) {
            let index = one.token as u32;
            match one.token & !(u32::MAX as u64) {
                _ if one.token == WAKE => self.hub.wake.clear(),
                _ if one.token == NEWS => {}
                LISTENER => self.accept(index as usize),
                CONTACT => self.advance(index as usize),
                _ => {
                    if one.write {
                        self.flush(index);
                    }
                    if one.read && self.read(index) {
                        self.promote(index);
                    }
                }
            }
        }
        self.ready = ready;
    }

    /// Gives up whose host is silent; and tries another connection before that, as its way may have been forgotten.
    fn check_silence(&mut self) {
        let timeout = Duration::from_nanos(self.settings.link_timeout_ns);
        self.drop_silent_contacts(timeout / 2);
        for at in 0..self.links.len() as u32 {
            let State::Open(socket) = &self.links[at as usize].state else { continue };
            let Ok(silence) = socket.silence() else { continue };
            let why = format!("its host has not answered for {} s", silence.last_sign_ms / 1000);
            if silence.exceeds(timeout / 2) && self.links[at as usize].goes_on() {
                let silent_since = self.silent_since(at);
                self.lose(at, why, silent_since);
            } else if silence.exceeds(timeout) {
                self.end(at, Cause::Unreachable(why));
            }
        }
    }

    /// Links that are quiet keep nothing that the other side has.
    fn look_after_quiet(&mut self) {
        for at in 0..self.links.len() as u32 {
            let link = &mut self.links[at as usize];
            let is_quiet = std::mem::replace(&mut link.received_then, link.received) == link.received;
            if matches!(link.state, State::Open(_)) && is_quiet {
                link.output.shrink(&mut self.spares);
                self.acknowledge(at);
            }
        }
    }
}
