//! Ports of one transport that know of each other, driven by one thread.

use crate::fabric::sim::{Fault, Settings, World};
use crate::fabric::{
    Card, Cause, Class, Event, Frame, Host, Limits, Payload, Peer, Port, Refused, Reserved, sim, tcp,
};
use control::Secret;
use os::Time;
use std::collections::{HashMap, VecDeque};
use wire::{JobId, ProcessId};

/// What the checks use of a port; a faulty one can stand in for it.
pub trait Window {
    fn connect(&mut self, process: ProcessId) -> Peer;
    fn process(&self, peer: Peer) -> ProcessId;
    fn send(&mut self, peer: Peer, class: Class, frame: Frame, payload: &[u8]) -> Result<(), Refused>;
    fn reserve(&mut self, peer: Peer, class: Class, frame: Frame, bytes: usize) -> Result<Reserved, Refused>;
    fn next(&mut self, now: Time) -> Option<Event>;
    fn release(&mut self, peer: Peer, payload: Payload);
    fn limits(&mut self, peer: Peer) -> Limits;
    fn drop_peer(&mut self, peer: Peer);
    fn leave(&mut self);
    fn fail(&mut self, process: ProcessId, cause: Cause);
    fn port(&mut self) -> &mut Port;
    fn into_port(self: Box<Self>) -> Port;
}

impl Window for Port {
    fn connect(&mut self, process: ProcessId) -> Peer {
        Port::connect(self, process)
    }
    fn process(&self, peer: Peer) -> ProcessId {
        Port::process(self, peer)
    }
    fn send(&mut self, peer: Peer, class: Class, frame: Frame, payload: &[u8]) -> Result<(), Refused> {
        Port::send(self, peer, class, frame, payload)
    }
    fn reserve(&mut self, peer: Peer, class: Class, frame: Frame, bytes: usize) -> Result<Reserved, Refused> {
        Port::reserve(self, peer, class, frame, bytes)
    }
    fn next(&mut self, now: Time) -> Option<Event> {
        Port::next(self, now)
    }
    fn release(&mut self, peer: Peer, payload: Payload) {
        Port::release(self, peer, payload);
    }
    fn limits(&mut self, peer: Peer) -> Limits {
        Port::limits(self, peer)
    }
    fn drop_peer(&mut self, peer: Peer) {
        Port::drop_peer(self, peer);
    }
    fn leave(&mut self) {
        Port::leave(self);
    }
    fn fail(&mut self, process: ProcessId, cause: Cause) {
        Port::fail(self, process, cause);
    }
    fn port(&mut self) -> &mut Port {
        self
    }
    fn into_port(self: Box<Self>) -> Port {
        *self
    }
}

/// The transport under the ports.
enum Ground {
    Shm(Host),
    Tcp(HashMap<ProcessId, Card>),
    Sim(World),
}

/// Some ports, numbered from 0. A port that is gone is `None`.
pub struct Stage {
    pub name: &'static str,
    windows: Vec<Option<Box<dyn Window>>>,
    /// Events that a port gave while it was only to make progress.
    inboxes: Vec<VecDeque<Event>>,
    ground: Ground,
    /// Rounds without any event.
    quiet: u32,
    since: Time,
}

/// An event with its payload copied out and given back, and who it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Frame { from: u32, frame: Frame, bytes: Vec<u8> },
    Failed(u32, Cause),
    Room(u32),
}

pub fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(11), number, incarnation: 0 }
}

pub fn shm(ports: u32) -> Stage {
    let host = Host::create(ports as u16).unwrap();
    let windows = (0..ports).map(|n| Port::on_host(&host, n as u16, process(n), 0)).collect();
    Stage::new("shm", Ground::Shm(host), windows)
}

pub fn tcp(ports: u32) -> Stage {
    let secret = Secret([3; 32]);
    let tcp_port = |n| tcp::Port::new(tcp::Settings::new(process(n), secret.clone())).unwrap();
    let windows: Vec<Port> = (0..ports).map(|n| Port::on_tcp(tcp_port(n))).collect();
    let cards = windows.iter().map(|port| (port.me(), port.card().unwrap())).collect();
    Stage::new("tcp", Ground::Tcp(cards), windows)
}

pub fn sim(ports: u32, seed: u64) -> Stage {
    let world = World::new(Settings::shaken(seed));
    let windows = (0..ports).map(|n| Port::in_world(sim::World::port(&world, process(n)))).collect();
    Stage::new("sim", Ground::Sim(world), windows)
}

/// The same with ports of another lane.
pub fn beside(stage: Stage) -> Stage {
    const LANE: u16 = 3;
    let port = |window: Option<Box<dyn Window>>| {
        let first = window.expect("nobody has left").into_port().with_lanes(LANE + 1);
        assert!(first.beside(LANE + 1).is_none());
        first.beside(LANE).expect("a process has this lane")
    };
    let windows: Vec<Port> = stage.windows.into_iter().map(port).collect();
    assert!(windows.iter().all(|port| (port.lane(), port.lanes()) == (LANE, LANE + 1)));
    let ground = match stage.ground {
        Ground::Tcp(_) => Ground::Tcp(windows.iter().map(|port| (port.me(), port.card().unwrap())).collect()),
        ground => ground,
    };
    Stage::new(stage.name, ground, windows)
}

impl Stage {
    fn new(name: &'static str, ground: Ground, windows: Vec<Port>) -> Stage {
        let windows: Vec<_> =
            windows.into_iter().map(|port| Some(Box::new(port) as Box<dyn Window>)).collect();
        let inboxes = windows.iter().map(|_| VecDeque::new()).collect();
        Stage { name, windows, inboxes, ground, quiet: 0, since: Time::now() }
    }

    /// Puts something around every port.
    pub fn wrap(&mut self, around: impl Fn(Box<dyn Window>) -> Box<dyn Window>) {
        self.windows = self.windows.drain(..).map(|window| window.map(&around)).collect();
    }

    pub fn ports(&self) -> u32 {
        self.windows.len() as u32
    }

    pub fn window(&mut self, at: u32) -> &mut dyn Window {
        self.windows[at as usize].as_deref_mut().expect("this port is gone")
    }

    pub fn connect(&mut self, at: u32, to: u32) -> Peer {
        self.window(at).connect(process(to))
    }

    /// Sends if there is room.
    pub fn send(&mut self, at: u32, to: u32, frame: Frame, bytes: &[u8]) -> Result<(), Refused> {
        let peer = self.connect(at, to);
        self.window(at).send(peer, Class::Data, frame, bytes)
    }

    /// Lets the process end as if killed.
    pub fn kill(&mut self, at: u32) {
        if let Ground::Sim(world) = &self.ground {
            world.strike(Fault::Kill { process: process(at), how: "killed".into() });
        }
        self.windows[at as usize] = None;
        if let Ground::Shm(host) = &self.ground {
            host.set_state(at as u16, mapped::ProcessState::Killed(9));
        }
    }

    /// Lets the process finalise and end.
    pub fn leave(&mut self, at: u32) {
        self.window(at).leave();
        for _ in 0..1_000_000 {
            if self.window(at).port().has_left() {
                break;
            }
            self.raw_next(at);
        }
        self.windows[at as usize] = None;
    }

    /// The next event of a port, if there is one now; for checks that look into it themselves.
    pub fn raw_next(&mut self, at: u32) -> Option<Event> {
        match self.inboxes[at as usize].pop_front() {
            None => self.poll(at),
            event => event,
        }
    }

    fn poll(&mut self, at: u32) -> Option<Event> {
        let now = match &self.ground {
            Ground::Sim(world) => world.now(),
            _ => Time::now(),
        };
        if let Ground::Tcp(cards) = &self.ground {
            let port = self.windows[at as usize].as_deref_mut().expect("this port is gone").port();
            while let Some(wanted) = port.take_unresolved() {
                port.resolve(&cards[&wanted]);
            }
        }
        let event = self.window(at).next(now);
        if event.is_some() {
            (self.quiet, self.since) = (0, Time::now());
        }
        event
    }

    /// The next event of a port, with its payload copied and given back.
    pub fn next(&mut self, at: u32) -> Option<Seen> {
        let event = self.raw_next(at)?;
        Some(self.see(at, event))
    }

    pub fn see(&mut self, at: u32, event: Event) -> Seen {
        let window = self.window(at);
        match event {
            Event::Arrival(arrival) => {
                let from = window.process(arrival.peer).number;
                let bytes = bytes_of(&arrival.payload);
                window.release(arrival.peer, arrival.payload);
                Seen::Frame { from, frame: arrival.frame, bytes }
            }
            Event::Failed(peer, cause) => Seen::Failed(window.process(peer).number, cause),
            Event::Room(peer) => Seen::Room(window.process(peer).number),
        }
    }

    /// Looks at a port until it has something.
    pub fn await_next(&mut self, at: u32) -> Result<Seen, String> {
        loop {
            if let Some(seen) = self.next(at) {
                return Ok(seen);
            }
            self.pass()?;
        }
    }

    /// Awaits a frame, skipping news of room.
    pub fn await_frame(&mut self, at: u32) -> Result<(u32, Frame, Vec<u8>), String> {
        loop {
            match self.await_next(at)? {
                Seen::Frame { from, frame, bytes } => return Ok((from, frame, bytes)),
                Seen::Room(_) => {}
                other => return Err(format!("{other:?} instead of a frame at {at}")),
            }
        }
    }

    /// Lets time pass. An error when nothing can come of it any more.
    pub fn pass(&mut self) -> Result<(), String> {
        self.quiet += 1;
        match &self.ground {
            Ground::Sim(world) if world.step().is_none() && self.quiet > 10_000 => {
                Err("nothing will ever happen".into())
            }
            Ground::Sim(_) => Ok(()),
            // A guard against hanging, not a measure.
            _ if Time::now().since(self.since) > 20_000_000_000 => {
                Err("nothing has happened for 20 s".into())
            }
            _ => {
                // Connections come about, and frames leave their queues, only while their owners look.
                for at in 0..self.ports() {
                    let (window, inbox) = (&self.windows[at as usize], &self.inboxes[at as usize]);
                    if self.name == "tcp" && window.is_some() && inbox.is_empty() {
                        let event = self.poll(at);
                        self.inboxes[at as usize].extend(event);
                    }
                }
                if self.quiet.is_multiple_of(64) {
                    std::thread::yield_now();
                }
                Ok(())
            }
        }
    }

    /// Gives the ports away, for threads.
    pub fn into_ports(self) -> (Vec<Box<dyn Window>>, HashMap<ProcessId, Card>) {
        let cards = match self.ground {
            Ground::Tcp(cards) => cards,
            _ => HashMap::new(),
        };
        (self.windows.into_iter().flatten().collect(), cards)
    }
}

/// Copies a payload that was not released yet.
pub fn bytes_of(payload: &Payload) -> Vec<u8> {
    match payload {
        Payload::Inline { bytes, length } => bytes[..*length as usize].to_vec(),
        Payload::Mapped { pointer, length } => {
            // SAFETY: not released, so the transport keeps these bytes; the sender has published them and is in this
            // program, which writes them no more.
            unsafe { std::slice::from_raw_parts(*pointer, *length) }.to_vec()
        }
    }
}
