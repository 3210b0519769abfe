//! How two processes come to share one connection.
//!
//! A link with something to send dials all of its peer's addresses at once; the first that connects is spoken to, the
//! others are closed. Whoever accepts decides: a peer that has no link, or one that is not open, is accepted; unless
//! this process is dialling that peer itself and is the lower of the two, in which case its own connection stays and the
//! peer is told to wait. So of two simultaneous opens exactly one survives, and no frame is ever sent on the other. A peer whose
//! link is open has lost that connection, and it is replaced by the new one; attempts are numbered, so that an old one never
//! replaces a newer one.

use super::contact::{Contact, Fault, nonce};
use super::hub::Hub;
use super::link::{Dial, Link, State};
use super::port::Port;
use super::settings::Settings;
use crate::{Card, Cause};
use control::handshake::{Handshake, MESSAGE_BYTES_MAX, Progress, Standing, Verdict};
use os::Time;
use os::epoll::Interest;
use os::eventfd::EventFd;
use os::socket::{Listener, Socket, is_shortage};
use slab::Slab;
use std::cell::Cell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use wire::ProcessId;

/// Connections that have not proved themselves.
pub(super) const STRANGERS_MAX: usize = 16;

/// How long each of them has. A handshake takes two looks of whoever made it, which may compute for seconds between them.
const STRANGER_NS: u64 = 5_000_000_000;

/// How long accepting and dialling pause when descriptors are used up.
const SHORTAGE_NS: u64 = 100_000_000;

/// Pause before the second round of attempts; doubles up to `RETRY_NS_MAX`.
const RETRY_NS: u64 = 20_000_000;
const RETRY_NS_MAX: u64 = 1_000_000_000;

/// Rounds of refused attempts after which a peer is given up even before the link timeout: it listened when it published
/// its address, so it is gone.
const REFUSALS_MAX: u32 = 6;

/// Addresses of a peer that are tried.
const ADDRESSES_MAX: usize = 8;

/// Who was turned away since the port was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// Did not speak the protocol, or went away in the middle of it.
    pub strangers: u64,
    /// Spoke it without knowing the job's secret.
    pub unproved: u64,
    /// Took too long.
    pub late: u64,
    /// Could not be accepted for lack of descriptors.
    pub shortage: u64,
}

/// Listeners, and connections that are not links yet.
pub(super) struct Meeting {
    listeners: Vec<Listener>,
    pub(super) addresses: Vec<SocketAddr>,
    listening: bool,
    /// Given up for a moment to accept and close a connection when descriptors are used up.
    spare: Option<EventFd>,
    paused_until: Option<Time>,
    contacts: Slab<Contact>,
    /// Those of the contacts that we accepted.
    incoming: usize,
    /// Links that are dialling or will again, and those that are cut.
    dialling: Vec<u32>,
    pub(super) turned: Turned,
}

/// Tokens in the epoll set: a kind and an index.
pub(super) const LISTENER: u64 = 1 << 32;
pub(super) const CONTACT: u64 = 2 << 32;
pub(super) const LINK: u64 = 3 << 32;

/// What a peer is told nothing of, whose count of what it has received can't be right.
const MISCOUNTED: &str = "it says that it has received what was never sent, or lacks what it had";

const NOTHING: Interest = Interest { read: false, write: false };

impl Meeting {
    pub(super) fn new(addresses: &[IpAddr], hub: &Hub) -> io::Result<Meeting> {
        let mut listeners = Vec::new();
        let mut error = None;
        for ip in addresses {
            match Listener::bind(SocketAddr::new(*ip, 0)) {
                Ok(listener) => listeners.push(listener),
                Err(cause) => error = Some(cause),
            }
        }
        match error {
            Some(error) if listeners.is_empty() => return Err(error),
            _ if listeners.is_empty() => listeners.push(Listener::bind((Ipv4Addr::LOCALHOST, 0).into())?),
            _ => {}
        }
        let mut own = Vec::new();
        for (index, listener) in listeners.iter().enumerate() {
            own.push(listener.address()?);
            hub.epoll.add(listener, LISTENER | index as u64, Interest::READ)?;
        }
        Ok(Meeting {
            listeners,
            addresses: own,
            listening: true,
            spare: EventFd::new().ok(),
            paused_until: None,
            contacts: Slab::new(),
            incoming: 0,
            dialling: Vec::new(),
            turned: Turned::default(),
        })
    }

    /// Looks after a link until it is open or over.
    pub(super) fn await_link(&mut self, at: u32) {
        if !self.dialling.contains(&at) {
            self.dialling.push(at);
        }
    }

    /// Whether the peer's host has answered an attempt that goes on.
    pub(super) fn is_answered(&self, at: u32) -> bool {
        self.contacts.iter().any(|(_, contact)| contact.speaks_with(at))
    }

    fn next_deadline(&self) -> Option<Time> {
        self.contacts.iter().filter_map(|(_, contact)| contact.deadline).chain(self.paused_until).min()
    }
}

impl Port {
    // ---- dialling ----

    /// The card of a peer has come.
    pub fn resolve(&mut self, card: &Card) {
        let Some(&at) = self.by_process.get(&card.process) else { return };
        let link = &mut self.links[at as usize];
        link.addresses = card.addresses.iter().take(ADDRESSES_MAX).copied().collect();
        if !matches!(link.state, State::Unresolved) {
            return;
        }
        if link.addresses.is_empty() {
            self.end(at, Cause::Unreachable("it has no TCP address".into()));
            return;
        }
        link.state = State::Reachable(Box::new(Dial::new(&link.addresses)));
        if link.cut.is_some() {
            self.dial(at);
        } else {
            self.dial_if_needed(at);
        }
    }

    /// Starts to connect if there is something to send and nothing under way.
    pub(super) fn dial_if_needed(&mut self, at: u32) {
        let link = &mut self.links[at as usize];
        let needed = !link.output.is_sent();
        if link.dial().is_some_and(|dial| needed && dial.contacts == 0 && dial.retry_at.is_none()) {
            self.meeting.await_link(at);
            self.dial(at);
        }
    }

    /// One round of attempts, on all addresses at once.
    pub(super) fn dial(&mut self, at: u32) {
        let Some(dial) = self.links[at as usize].dial() else { return };
        dial.retry_at = None;
        if dial.addresses.iter().all(|address| address.doubtful) {
            dial.addresses.iter_mut().for_each(|address| address.doubtful = false);
        }
        let addresses: Vec<SocketAddr> =
            dial.addresses.iter().filter(|one| !one.doubtful).map(|one| one.address).collect();
        dial.contacts = addresses.len() as u32;
        let mut started = Vec::new();
        for address in addresses {
            match self.start_contact(at, address) {
                Ok(contact) => started.push(contact),
                Err(error) => self.missed(at, &format!("{address}: {error}"), Fault::of(&error)),
            }
        }
        // On the same host they stand already.
        started.into_iter().for_each(|contact| self.advance(contact));
    }

    fn start_contact(&mut self, at: u32, address: SocketAddr) -> io::Result<usize> {
        let socket = Socket::connect(address)?;
        let link = &mut self.links[at as usize];
        link.attempts += 1;
        let (Settings { secret, me, lane, .. }, standing) = (&self.settings, link.standing());
        let handshake = Handshake::initiate(secret, *me, link.process, *lane, nonce()?, standing);
        self.add_contact(Contact {
            socket,
            dialled: Some((at, address)),
            connected: None,
            handshake,
            // Given by the timers: whoever sends for the first time may not have told the time for long.
            deadline: None,
            interest: Interest::BOTH,
        })
    }

    fn add_contact(&mut self, contact: Contact) -> io::Result<usize> {
        let entry = self.meeting.contacts.vacant_entry();
        let index = entry.key();
        self.hub.epoll.add(&contact.socket, CONTACT | index as u64, contact.interest)?;
        self.set_timer(contact.deadline.or(Some(self.now)));
        self.meeting.incoming += contact.dialled.is_none() as usize;
        let entry = self.meeting.contacts.vacant_entry();
        entry.insert(contact);
        Ok(index)
    }

    /// One attempt of a round has failed; after the last one of a round, the next is planned or the peer given up.
    fn missed(&mut self, at: u32, error: &str, fault: Fault) {
        let (now, timeout_ns) = (self.now, self.settings.link_timeout_ns);
        let Some(dial) = self.links[at as usize].dial() else { return };
        dial.contacts = dial.contacts.saturating_sub(1);
        dial.error = error.into();
        if dial.contacts > 0 {
            return;
        }
        dial.failures += 1;
        if self.links[at as usize].cut.is_some() && !self.has_hope(at, fault) {
            return;
        }
        let link = &mut self.links[at as usize];
        let is_cut = link.cut.is_some();
        let Some(dial) = link.dial() else { return };
        // The first round may have begun at a time that was told long ago; the others are begun by the timers.
        let since = if dial.failures < 2 { now } else { *dial.failing_since.get_or_insert(now) };
        let is_over = fault == Fault::Refused || now.since(since) >= timeout_ns;
        if is_over && !is_cut && dial.failures >= REFUSALS_MAX {
            let addresses: Vec<_> = dial.addresses.iter().map(|one| one.address.to_string()).collect();
            let mut why = format!("{} ({})", dial.error, addresses.join(", "));
            if fault == Fault::Shortage {
                why += "; raise the limit of open files (ulimit -n)";
            }
            self.end(at, Cause::Unreachable(why));
            return;
        }
        let pause_ns = if fault == Fault::Shortage {
            SHORTAGE_NS
        } else {
            (RETRY_NS << dial.failures.min(6)).min(RETRY_NS_MAX)
        };
        dial.retry_at = Some(now + pause_ns);
        self.set_timer(Some(now + pause_ns));
    }

    /// Ends attempts whose way has died since the peer's host answered: nothing else can be tried while they stand.
    pub(super) fn drop_silent_contacts(&mut self, timeout: Duration) {
        let is_silent = |contact: &Contact| {
            let is_ours = contact.dialled.is_some() && contact.connected.is_some();
            is_ours && contact.socket.silence().is_ok_and(|silence| silence.exceeds(timeout))
        };
        let silent = self.meeting.contacts.iter().filter(|(_, contact)| is_silent(contact));
        let silent: Vec<usize> = silent.map(|(index, _)| index).collect();
        for index in silent {
            self.drop_contact(index, "its host doesn't answer any more", Fault::Silent);
        }
    }

    /// A contact is over without having become the link.
    fn drop_contact(&mut self, index: usize, error: &str, fault: Fault) {
        let Some(contact) = self.meeting.contacts.try_remove(index) else { return };
        match contact.dialled {
            Some((at, address)) => {
                // One that the host has let time out was not answered.
                if let Some(since) = contact.connected
                    && fault != Fault::Silent
                {
                    self.was_answered(at, self.now.since(since));
                }
                if let Some(dial) = self.links[at as usize].dial()
                    && matches!(fault, Fault::Stranger | Fault::Unproved)
                {
                    let found = dial.addresses.iter_mut().find(|one| one.address == address);
                    found.into_iter().for_each(|one| one.doubtful = true);
                }
                self.missed(at, &format!("{address}: {error}"), fault);
            }
            None => {
                self.meeting.incoming -= 1;
                self.regulate();
            }
        }
    }

    /// Closes all contacts that `at` has dialled, except one.
    pub(super) fn close_contacts(&mut self, at: u32, except: Option<usize>) {
        let is_other = |contact: &Contact| matches!(contact.dialled, Some((link, _)) if link == at);
        self.meeting.contacts.retain(|index, contact| !is_other(contact) || Some(index) == except);
        if let Some(dial) = self.links[at as usize].dial() {
            dial.contacts = except.is_some() as u32;
        }
    }

    // ---- accepting ----

    pub(super) fn accept(&mut self, listener: usize) {
        while self.meeting.incoming < STRANGERS_MAX {
            match self.meeting.listeners[listener].accept() {
                Ok(socket) => {
                    if let Ok(index) = self.start_incoming(socket) {
                        self.advance(index);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if is_shortage(&error) => {
                    // Close one, so that its process learns that it cannot be served now, then pause.
                    if self.meeting.spare.take().is_some() {
                        self.meeting.turned.shortage +=
                            self.meeting.listeners[listener].accept().is_ok() as u64;
                    }
                    self.meeting.spare = EventFd::new().ok();
                    self.meeting.paused_until = Some(self.now + SHORTAGE_NS);
                    self.set_timer(self.meeting.paused_until);
                    break;
                }
                // Gone before it was accepted.
                Err(_) => {}
            }
        }
        self.regulate();
    }

    fn start_incoming(&mut self, socket: Socket) -> io::Result<usize> {
        let handshake =
            Handshake::respond(&self.settings.secret, self.settings.me, self.settings.lane, nonce()?);
        let deadline = Some(self.now + STRANGER_NS);
        self.add_contact(Contact {
            socket,
            dialled: None,
            connected: Some(self.now),
            handshake,
            deadline,
            interest: Interest::READ,
        })
    }

    /// Listens, or doesn't.
    fn regulate(&mut self) {
        let meeting = &mut self.meeting;
        let listen = meeting.incoming < STRANGERS_MAX && meeting.paused_until.is_none();
        if listen != meeting.listening {
            meeting.listening = listen;
            for (index, listener) in meeting.listeners.iter().enumerate() {
                let interest = if listen { Interest::READ } else { NOTHING };
                let _ = self.hub.epoll.modify(listener, LISTENER | index as u64, interest);
            }
        }
    }

    // ---- the handshake ----

    /// Moves a contact on as far as it goes.
    pub(super) fn advance(&mut self, index: usize) {
        if let Err((error, kind)) = self.try_advance(index) {
            let incoming = self.meeting.contacts.get(index).is_some_and(|contact| contact.dialled.is_none());
            let turned = &mut self.meeting.turned;
            match kind {
                _ if !incoming => {}
                Fault::Unproved => turned.unproved += 1,
                _ => turned.strangers += 1,
            }
            self.drop_contact(index, &error, kind);
        }
    }

    fn try_advance(&mut self, index: usize) -> Result<(), (String, Fault)> {
        let broken = |error: io::Error| (error.to_string(), Fault::of(&error));
        loop {
            let Some(contact) = self.meeting.contacts.get_mut(index) else { return Ok(()) };
            if contact.connected.is_none() {
                if !contact.socket.connected().map_err(broken)? {
                    return Ok(());
                }
                // From here on it takes as long as the peer is busy, and its host there.
                (contact.connected, contact.deadline) = (Some(self.now), None);
                contact.socket.tune(Duration::from_nanos(self.settings.link_timeout_ns)).map_err(broken)?;
                if let Some((at, _)) = contact.dialled {
                    self.close_contacts(at, Some(index));
                }
            }
            let Some(contact) = self.meeting.contacts.get_mut(index) else { return Ok(()) };
            while !contact.handshake.output().is_empty() {
                match contact.socket.send(contact.handshake.output()) {
                    Ok(count) => contact.handshake.sent(count),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        return self.set_contact_interest(index, Interest::BOTH).map_err(broken);
                    }
                    Err(error) => return Err(broken(error)),
                }
            }
            self.set_contact_interest(index, Interest::READ).map_err(broken)?;
            match self.meeting.contacts[index].handshake.progress() {
                Progress::Proved(peer) => {
                    let theirs = self.meeting.contacts[index].handshake.their_standing();
                    let (verdict, standing) = self.judge(peer, theirs);
                    self.meeting.contacts[index].handshake.decide(verdict, standing);
                    continue;
                }
                Progress::Done(verdict) => {
                    self.conclude(index, verdict);
                    return Ok(());
                }
                Progress::Going => {}
            }
            let contact = &mut self.meeting.contacts[index];
            // No more than its own: what follows belongs to the stream.
            let cells = [const { Cell::new(0) }; MESSAGE_BYTES_MAX];
            let count = match contact.socket.receive(&cells[..contact.handshake.wanted()]) {
                Ok(0) => {
                    return Err(("it closed the connection during the handshake".into(), Fault::Stranger));
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(broken(error)),
            };
            contact.handshake.receive(&cells.map(Cell::into_inner)[..count]).map_err(|error| {
                let unproved = error == control::handshake::HandshakeError::Unproved;
                (error.to_string(), if unproved { Fault::Unproved } else { Fault::Stranger })
            })?;
        }
    }

    fn set_contact_interest(&mut self, index: usize, interest: Interest) -> io::Result<()> {
        let contact = &mut self.meeting.contacts[index];
        if contact.interest != interest {
            contact.interest = interest;
            self.hub.epoll.modify(&contact.socket, CONTACT | index as u64, interest)?;
        }
        Ok(())
    }

    /// What to answer somebody who has proved to be `peer`, and where this process stands with it.
    fn judge(&mut self, peer: ProcessId, theirs: Standing) -> (Verdict, Standing) {
        let at = self.connect(peer);
        let verdict = self.judge_link(at, theirs);
        if verdict == Verdict::Accepted && matches!(self.links[at as usize].state, State::Open(_)) {
            // What the old connection may still bring would come twice.
            self.lose(at, "its process has connected anew".into(), self.now);
        }
        (verdict, self.links[at as usize].standing())
    }

    fn judge_link(&mut self, at: u32, theirs: Standing) -> Verdict {
        let link = &self.links[at as usize];
        if self.leaving && (link.output.is_delivered() || link.refuses_for_good()) {
            return Verdict::Left;
        }
        // Nobody else is this process.
        if link.refuses_for_good() || matches!(link.state, State::Own) {
            return Verdict::Refused;
        }
        // An older attempt than one that counts; or a connection of ours has precedence. One that has not spoken yet gives
        // way: nobody can have accepted it.
        let is_ours = || self.settings.me < link.process && self.meeting.is_answered(at);
        if theirs.attempt <= link.heard || is_ours() {
            return Verdict::Busy;
        }
        if !link.output.can_resume(theirs.received) {
            self.end(at, Cause::Protocol(MISCOUNTED.into()));
            return Verdict::Refused;
        }
        Verdict::Accepted
    }

    /// A handshake is done.
    fn conclude(&mut self, index: usize, verdict: Verdict) {
        let contact = &self.meeting.contacts[index];
        let (theirs, is_ours) = (contact.handshake.their_standing(), contact.dialled.is_some());
        let peer = match (contact.dialled, contact.handshake.proved()) {
            (Some((at, _)), _) => at,
            (None, Some(peer)) => self.connect(peer),
            (None, None) => return,
        };
        let link = &self.links[peer as usize];
        let awaits = matches!(link.state, State::Unresolved | State::Reachable(_) | State::Lost);
        match verdict {
            Verdict::Accepted if awaits && (is_ours || theirs.attempt > link.heard) => {
                let contact = self.meeting.contacts.remove(index);
                self.meeting.incoming -= contact.dialled.is_none() as usize;
                self.close_contacts(peer, None);
                self.meeting.dialling.retain(|at| *at != peer);
                self.open(peer, contact.socket, theirs);
                self.regulate();
            }
            Verdict::Refused | Verdict::Left if is_ours => {
                self.drop_contact(index, "it wants no connection any more", Fault::Connection);
                let refused = Cause::Unreachable("it takes this process for failed".into());
                let cause = if verdict == Verdict::Left { Cause::Left } else { refused };
                self.give_up(peer, cause);
            }
            _ => {
                self.drop_contact(index, "it is connecting to us", Fault::Connection);
                // It lives, so this round was no failure.
                if let Some(dial) = self.links[peer as usize].dial() {
                    (dial.failures, dial.failing_since) = (0, None);
                }
            }
        }
    }

    /// The link has a connection: the stream goes on from where it was.
    fn open(&mut self, at: u32, socket: Socket, theirs: Standing) {
        let link: &mut Link = &mut self.links[at as usize];
        let timeout = Duration::from_nanos(self.settings.link_timeout_ns);
        let told = self.hub.epoll.modify(&socket, LINK | at as u64, Interest::READ);
        if let Err(error) = socket.tune(timeout).and(told) {
            self.end(at, Cause::Unreachable(error.to_string()));
            return;
        }
        if link.output.resume(theirs.received, &mut self.spares).is_err() {
            self.end(at, Cause::Protocol(MISCOUNTED.into()));
            return;
        }
        link.heard = link.heard.max(theirs.attempt);
        (link.told, link.owed, link.broken) = (link.received, 0, false);
        link.is_here = socket.stays_on_this_host();
        link.interest = Interest::READ;
        link.state = State::Open(socket);
        self.was_mended(at);
        self.enqueue(at);
        self.promote(at);
        self.flush(at);
    }

    // ---- time ----

    pub(super) fn meeting_timers(&mut self) {
        let now = self.now;
        if self.meeting.paused_until.is_some_and(|until| until <= now) {
            self.meeting.paused_until = None;
            if self.meeting.spare.is_none() {
                self.meeting.spare = EventFd::new().ok();
            }
            self.regulate();
        }
        let is_new = |contact: &Contact| contact.connected.is_none() && contact.deadline.is_none();
        while let Some((index, at)) = self.meeting.contacts.iter().find_map(|(index, contact)| {
            contact.dialled.filter(|_| is_new(contact)).map(|(at, _)| (index, at))
        }) {
            self.meeting.contacts[index].deadline = Some(self.answers_by(at));
        }
        let is_late = |contact: &Contact| contact.deadline.is_some_and(|deadline| deadline <= now);
        let late = self.meeting.contacts.iter().filter(|(_, contact)| is_late(contact));
        let late: Vec<usize> = late.map(|(index, _)| index).collect();
        for index in late {
            // This process may have been away: what has come meanwhile is in time.
            self.advance(index);
            if !self.meeting.contacts.get(index).is_some_and(is_late) {
                continue;
            }
            self.meeting.turned.late += self.meeting.contacts[index].dialled.is_none() as u64;
            self.drop_contact(index, "no answer", Fault::Stranger);
        }
        let links = &mut self.links;
        self.meeting.dialling.retain(|at| links[*at as usize].awaits_connection());
        for at in self.meeting.dialling.clone() {
            self.cut_timer(at);
            let retry_at = self.links[at as usize].dial().and_then(|dial| dial.retry_at);
            match retry_at {
                Some(retry_at) if retry_at <= now => self.dial(at),
                later => self.set_timer(later),
            }
        }
        self.set_timer(self.meeting.next_deadline());
    }
}
