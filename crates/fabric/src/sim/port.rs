//! One simulated process's window on its world.

use super::entries::Body;
use super::token::Sleeper;
use super::world::{Shared, World};
use crate::room::Room;
use crate::{Cause, Class, Counters, Event, Frame, Limits, Payload, Refused};
use os::Time;
use std::sync::Arc;
use wire::ProcessId;

/// A port of a [`World`]. Its peers are named by its own index ([`crate::Peer`] in events), dense from 0 in the order of first
/// contact. Dropping it without [`Port::leave`] is a death for its peers.
pub struct Port {
    shared: Arc<Shared>,
    me: u32,
}

impl Port {
    pub(super) fn new(shared: Arc<Shared>, process: ProcessId) -> Port {
        let me = shared.lock().join(process, 0);
        Port { shared, me }
    }

    /// The port of another lane of the same process: it reaches others' ports of that lane.
    ///
    /// # Panics
    /// If there is one, or was.
    pub fn beside(&self, lane: u16) -> Port {
        let process = self.me();
        let me = self.shared.lock().join(process, lane);
        Port { shared: self.shared.clone(), me }
    }

    /// Who this is.
    pub fn me(&self) -> ProcessId {
        self.shared.lock().processes[self.me as usize].id
    }

    /// The link to a process. No traffic.
    pub fn connect(&mut self, process: ProcessId) -> u32 {
        self.shared.lock().connect(self.me, process)
    }

    /// Who is behind a link.
    pub fn process(&self, link: u32) -> ProcessId {
        let mut state = self.shared.lock();
        let to = state.link(self.me, link).to;
        state.processes[to as usize].id
    }

    /// Sends a frame; see [`crate::port`].
    pub fn send(&mut self, link: u32, class: Class, frame: Frame, payload: &[u8]) -> Result<(), Refused> {
        self.shared.lock().send(self.me, link, class, frame, Body::new(payload)).map(|_| ())
    }

    /// Takes a frame's place in the order; see [`crate::port`].
    pub fn reserve(
        &mut self,
        link: u32,
        class: Class,
        frame: Frame,
        bytes: usize,
    ) -> Result<Reserved, Refused> {
        let body = Body::Awaited(u32::try_from(bytes).expect("a frame is far below 4 GiB"));
        let entry = self.shared.lock().send(self.me, link, class, frame, body)?;
        let room = Some(Room::new(Vec::new(), bytes));
        Ok(Reserved { shared: self.shared.clone(), me: self.me, link, entry, room })
    }

    /// The next event of this moment in virtual time (the world's; `_now` is for likeness).
    pub fn next(&mut self, _now: Time) -> Option<Event> {
        self.shared.lock().next(self.me)
    }

    /// Gives back a payload; see [`crate::port`].
    pub fn release(&mut self, link: u32, payload: Payload) {
        self.shared.lock().release(self.me, link, &payload);
    }

    /// Virtual now.
    pub fn now(&self) -> Time {
        self.shared.lock().now
    }

    /// The same for all links.
    pub fn limits(&self) -> Limits {
        let frame_bytes_max = self.shared.lock().settings.frame_bytes_max;
        Limits {
            frame_bytes_max,
            eager_bytes: frame_bytes_max,
            piece_bytes: frame_bytes_max,
            reads: false,
            read_is_cheaper: false,
        }
    }

    /// Whether nothing is there to look at. (Nobody else runs while this process does, so nothing can come in between
    /// this and sleeping.)
    pub fn is_quiet(&self) -> bool {
        self.shared.lock().processes[self.me as usize].inbox.is_empty()
    }

    /// Where this process sleeps in the token form.
    pub fn sleeper(&self) -> Sleeper {
        let first = self.shared.lock().processes[self.me as usize].first;
        Sleeper::new(self.shared.clone(), self.me, first)
    }

    /// The caller knows that a process is gone: reported after what has arrived.
    pub fn fail(&mut self, process: ProcessId, cause: Cause) {
        let mut state = self.shared.lock();
        let link = state.connect(self.me, process);
        state.notice(self.me, link, cause, 0);
    }

    /// From now on every process's end is noticed.
    pub fn watch_all(&mut self) {
        self.shared.lock().watch_all(self.me);
    }

    /// Forgets a peer: nothing more is reported of it, and it sees the connection close.
    pub fn drop_peer(&mut self, link: u32) {
        self.shared.lock().drop_peer(self.me, link);
    }

    /// Tells every peer that this process leaves in order. Nothing can be sent afterwards.
    pub fn leave(&mut self) {
        let mut state = self.shared.lock();
        let after_ns = state.settings.credit_ns;
        state.end(self.me, Cause::Left, after_ns);
    }

    /// What went over a link.
    pub fn counters(&self, link: u32) -> Counters {
        self.shared.lock().link(self.me, link).counters
    }

    /// The world that the port is in.
    pub fn world(&self) -> World {
        World::from_shared(self.shared.clone())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let after_ns = state.settings.detect_ns;
        state.end(self.me, Cause::Died("it ended without leaving the job in order".into()), after_ns);
    }
}

/// Room for one frame's payload; see [`crate::port`].
pub struct Reserved {
    shared: Arc<Shared>,
    me: u32,
    link: u32,
    entry: u32,
    room: Option<Room>,
}

impl Reserved {
    /// Where to write, and how much.
    pub fn room(&self) -> (*mut u8, usize) {
        let room = self.room.as_ref().expect("only publish and drop take the room");
        (room.pointer(), room.len())
    }

    /// Lets the frame go.
    pub fn publish(mut self) {
        let bytes = self.room.take().expect("only publish and drop take the room").into_bytes();
        self.shared.lock().publish(self.me, self.link, self.entry, Some(&bytes));
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.room.take().is_some() {
            self.shared.lock().publish(self.me, self.link, self.entry, None);
        }
    }
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sim::Port({:?})", self.me())
    }
}

impl std::fmt::Debug for Reserved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sim::Reserved({:?})", self.room)
    }
}
