//! A port with a planted fault, for the suite to find.

use crate::fabric::{Arrival, Cause, Class, Event, Frame, Limits, Payload, Peer, Port, Refused, Reserved};
use crate::stage::Window;
use os::Time;
use std::collections::VecDeque;
use wire::ProcessId;

/// What is wrong with it. All but the last few strike at one frame in ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    LoseFrame,
    DoubleFrame,
    OvertakeFrame,
    ChangeHeader,
    ChangeInlineByte,
    ShortenPayload,
    WrongPeer,
    /// The sender believes a frame refused that was sent.
    RefuseWrongly,
    /// The sender believes a frame sent that was refused.
    AcceptWrongly,
    ForgetRoom,
    ForgetFailure,
    FailTwice,
    /// The failure is reported before what arrived.
    FailEarly,
    CallDeathLeaving,
    CallLeavingDeath,
    RefuseControl,
}

impl Plan {
    pub const ALL: &'static [Plan] = &[
        Plan::LoseFrame,
        Plan::DoubleFrame,
        Plan::OvertakeFrame,
        Plan::ChangeHeader,
        Plan::ChangeInlineByte,
        Plan::ShortenPayload,
        Plan::WrongPeer,
        Plan::RefuseWrongly,
        Plan::AcceptWrongly,
        Plan::ForgetRoom,
        Plan::ForgetFailure,
        Plan::FailTwice,
        Plan::FailEarly,
        Plan::CallDeathLeaving,
        Plan::CallLeavingDeath,
        Plan::RefuseControl,
    ];
}

pub struct Faulty {
    inner: Box<dyn Window>,
    plan: Plan,
    count: u64,
    waiting: VecDeque<Event>,
}

impl Faulty {
    pub fn new(inner: Box<dyn Window>, plan: Plan) -> Faulty {
        Faulty { inner, plan, count: 0, waiting: VecDeque::new() }
    }

    /// Whether the fault strikes now.
    fn strikes(&mut self) -> bool {
        self.count += 1;
        self.count.is_multiple_of(10)
    }

    fn change_arrival(&mut self, mut arrival: Arrival) -> Option<Event> {
        let inline = matches!(arrival.payload, Payload::Inline { .. });
        let strikes = self.strikes();
        match self.plan {
            Plan::LoseFrame if inline && strikes => return None,
            Plan::DoubleFrame if inline && strikes => {
                let Payload::Inline { bytes, length } = arrival.payload else { unreachable!("inline") };
                let twin = Arrival { payload: Payload::Inline { bytes, length }, ..arrival };
                self.waiting.push_back(Event::Arrival(twin));
            }
            Plan::OvertakeFrame if inline && strikes => {
                if let Some(Event::Arrival(next)) = self.inner.next(Time(0)) {
                    self.waiting.push_back(Event::Arrival(arrival));
                    return Some(Event::Arrival(next));
                }
            }
            Plan::ChangeHeader if strikes => arrival.frame.header[2] ^= 1,
            Plan::ChangeInlineByte => {
                if let Payload::Inline { bytes, length: 1.. } = &mut arrival.payload {
                    bytes[0] ^= 1;
                }
            }
            Plan::ShortenPayload => {
                if let Payload::Inline { length, .. } = &mut arrival.payload
                    && *length == 32
                {
                    *length = 31;
                }
            }
            Plan::WrongPeer if inline && arrival.peer.0 > 0 => arrival.peer = Peer(0),
            _ => {}
        }
        Some(Event::Arrival(arrival))
    }

    fn change_failure(&mut self, peer: Peer, cause: Cause) -> Option<Event> {
        let cause = match self.plan {
            Plan::ForgetFailure => return None,
            Plan::FailTwice => {
                self.waiting.push_back(Event::Failed(peer, cause.clone()));
                cause
            }
            Plan::CallDeathLeaving => Cause::Left,
            Plan::CallLeavingDeath => Cause::Died("made up".into()),
            _ => cause,
        };
        Some(Event::Failed(peer, cause))
    }
}

impl Window for Faulty {
    fn next(&mut self, now: Time) -> Option<Event> {
        if let Some(event) = self.waiting.pop_front() {
            return Some(event);
        }
        loop {
            let event = self.inner.next(now)?;
            if self.plan == Plan::FailEarly {
                // Looks ahead for the end of the peer, and lets it overtake.
                self.waiting.push_back(event);
                while let Some(event) = self.inner.next(now) {
                    match event {
                        Event::Failed(..) => self.waiting.push_front(event),
                        _ => self.waiting.push_back(event),
                    }
                }
                return self.waiting.pop_front();
            }
            let changed = match event {
                Event::Arrival(arrival) => self.change_arrival(arrival),
                Event::Failed(peer, cause) => self.change_failure(peer, cause),
                Event::Room(_) if self.plan == Plan::ForgetRoom => None,
                room => Some(room),
            };
            if changed.is_some() {
                return changed;
            }
        }
    }

    fn send(&mut self, peer: Peer, class: Class, frame: Frame, payload: &[u8]) -> Result<(), Refused> {
        if self.plan == Plan::RefuseControl && class == Class::Control {
            return Err(Refused::Full);
        }
        let taken = self.inner.send(peer, class, frame, payload);
        match (self.plan, taken) {
            (Plan::RefuseWrongly, Ok(())) if self.strikes() => Err(Refused::Full),
            (Plan::AcceptWrongly, Err(Refused::Full)) if self.strikes() => Ok(()),
            _ => taken,
        }
    }

    fn connect(&mut self, process: ProcessId) -> Peer {
        self.inner.connect(process)
    }
    fn process(&self, peer: Peer) -> ProcessId {
        self.inner.process(peer)
    }
    fn reserve(&mut self, peer: Peer, class: Class, frame: Frame, bytes: usize) -> Result<Reserved, Refused> {
        self.inner.reserve(peer, class, frame, bytes)
    }
    fn release(&mut self, peer: Peer, payload: Payload) {
        self.inner.release(peer, payload);
    }
    fn limits(&mut self, peer: Peer) -> Limits {
        self.inner.limits(peer)
    }
    fn drop_peer(&mut self, peer: Peer) {
        self.inner.drop_peer(peer);
    }
    fn leave(&mut self) {
        self.inner.leave();
    }
    fn fail(&mut self, process: ProcessId, cause: Cause) {
        self.inner.fail(process, cause);
    }
    fn port(&mut self) -> &mut Port {
        self.inner.port()
    }
    fn into_port(self: Box<Self>) -> Port {
        self.inner.into_port()
    }
}
