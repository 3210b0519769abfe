//! What a request waits for: for reports of who waits for whom.
//!
//! Read from what the lane knows anyway; nothing is kept for it.

use fabric::Peer;
use wire::ProcessId;

use crate::check::calls::member_before;
use crate::collective::Collective;
use crate::collective::executor::Execution;
use crate::envelope::STEP_LABEL;
use crate::receive::{Awaited, ReceivePhase, ReceiveState, Target};
use crate::request::{Owner, State};
use crate::send::{SendPhase, SendState};
use crate::{Group, Lane, RequestId};

/// What has to happen for a request to complete.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What the operation is, such as "receive from rank 3".
    pub call: String,
    /// The context of its communicator.
    pub context: u64,
    /// Its tag; none: any, or it has none.
    pub tag: Option<i32>,
    /// The type of its elements; empty if there are none.
    pub of: String,
    /// Who has to do something.
    pub on: On,
}

/// Who has to do something for a request to complete.
#[derive(Clone, Debug)]
pub enum On {
    /// Nobody: it is on its way.
    Nobody,
    /// Each of these.
    All(Vec<ProcessId>),
    /// Any of these.
    Any(Group),
}

impl Lane {
    /// What a request waits for; `None` if it is complete, or gone.
    pub fn waiting(&mut self, request: RequestId) -> Option<Waiting> {
        let mut waiting = self.waiting_of(request)?;
        let is_concerned = |process: &ProcessId| match &waiting.on {
            On::All(processes) => processes.contains(process),
            On::Any(_) | On::Nobody => false,
        };
        if let Some(cut) = self.port.interruptions().find(|cut| is_concerned(&cut.process)) {
            waiting.call += &format!(" ({}; it is tried again)", cut.why);
        }
        Some(waiting)
    }

    fn waiting_of(&mut self, request: RequestId) -> Option<Waiting> {
        match &self.requests.get(request)?.state {
            State::Send(send) => Some(self.waiting_send(send)),
            State::Receive(receive) => Some(self.waiting_receive(receive)),
            State::Collective(_) => self.waiting_collective(request),
            State::Call(call) => Some(Waiting {
                call: match call.hops {
                    0 => format!("call of {} at rank {}", crate::active::name(call.object), call.rank),
                    _ => format!("call that was forwarded to rank {}", call.rank),
                },
                context: call.context,
                tag: None,
                of: String::new(),
                on: On::All(vec![self.port.process(call.peer)]),
            }),
            State::Agreement(_) => Some(Waiting {
                // It ends whoever dies: nobody waits for it for ever.
                call: "agreement".into(),
                context: wire::ContextId::WORLD.0,
                tag: None,
                of: String::new(),
                on: On::Nobody,
            }),
            State::Concluding | State::Done(_) => None,
        }
    }

    /// The requests for whose completion somebody has asked to be woken.
    pub fn watched(&self) -> Vec<RequestId> {
        let is_watched = |state: &State| !matches!(state, State::Concluding | State::Done(_));
        let watched = self
            .requests
            .iter()
            .filter(|(_, request)| request.waiter.is_some() && is_watched(&request.state));
        watched.map(|(id, _)| id).collect()
    }

    /// Whether something is under way here that comes to its end without the program: then nobody can say that this process
    /// stands still.
    pub fn is_moving(&mut self) -> bool {
        let boards_moved = self.watching.clone().into_iter().any(|collective| {
            self.execution(collective)
                .and_then(|execution| execution.usage.as_mut())
                .is_none_or(|usage| usage.has_come())
        });
        let is_cut = self.port.interruptions().next().is_some();
        is_cut
            || boards_moved
            || !self.work.is_empty()
            || !self.streams.is_empty()
            || !self.stalled.is_empty()
    }

    /// What a process that leaves waits for: those who have not taken what was announced to them, or not said farewell.
    pub fn waiting_to_leave(&self) -> Waiting {
        let announced = self.requests.iter().filter_map(|(_, request)| match &request.state {
            State::Send(send) => Some(send.peer),
            _ => None,
        });
        let mut peers: Vec<Peer> = announced.collect();
        if peers.is_empty() {
            let silent = (0..self.peers.len() as u32).map(Peer).filter(|peer| {
                let state = &self.peers[peer.0 as usize];
                !state.farewell && state.failed.is_none() && self.port.process(*peer) != self.port.me()
            });
            peers = silent.collect();
        }
        Waiting {
            call: "finalize".into(),
            context: wire::ContextId::WORLD.0,
            tag: None,
            of: String::new(),
            on: On::All(peers.into_iter().map(|peer| self.port.process(peer)).collect()),
        }
    }

    /// Whether code of the program may run here when a message comes.
    pub fn serves(&self) -> bool {
        !self.channels.is_empty()
    }

    /// Whether nothing can be started any more.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// A number that grows whenever a frame comes or goes, or a collective ends.
    pub fn activity(&self) -> u64 {
        let frames: u64 = self
            .transport_counters()
            .map(|(_, counters)| counters.sent_frames + counters.received_frames)
            .sum();
        frames + self.counters.collectives
    }

    fn waiting_send(&self, send: &SendState) -> Waiting {
        let to = send.rank.map_or_else(
            || format!("process {}", self.port.process(send.peer).number),
            |rank| format!("rank {rank}"),
        );
        let verb = if send.synchronous { "synchronous send" } else { "send" };
        let on = match send.phase {
            SendPhase::Announced => On::All(vec![self.port.process(send.peer)]),
            SendPhase::Queued | SendPhase::Filling | SendPhase::Streaming { .. } => On::Nobody,
        };
        Waiting {
            call: format!("{verb} to {to}"),
            context: send.envelope.context,
            tag: (send.envelope.label & STEP_LABEL == 0).then_some(send.envelope.label as i32),
            of: self.type_name(send.envelope.signature),
            on,
        }
    }

    fn waiting_receive(&self, receive: &ReceiveState) -> Waiting {
        let (verb, of) = match receive.target {
            Target::Buffer { of, .. } => ("receive", of.name.words()),
            Target::Message => ("matched probe", String::new()),
            Target::Look => ("probe", String::new()),
        };
        let from = receive.pattern.source.map_or("any rank".to_owned(), |rank| format!("rank {rank}"));
        let on = match (&receive.phase, &receive.from) {
            (ReceivePhase::Posted, Awaited::One(peer)) => On::All(vec![self.port.process(*peer)]),
            (ReceivePhase::Posted, Awaited::Any(group)) => On::Any(group.clone()),
            _ => On::Nobody,
        };
        Waiting {
            call: format!("{verb} from {from}"),
            context: receive.pattern.context,
            tag: receive.pattern.label.filter(|label| label & STEP_LABEL == 0).map(|tag| tag as i32),
            of,
            on,
        }
    }

    fn waiting_collective(&mut self, collective: RequestId) -> Option<Waiting> {
        if let Some(waiting) = self.waiting_for_call(collective) {
            return Some(waiting);
        }
        let mut on = Vec::new();
        let mut is_under_way = self.add_awaited(collective, &mut on);
        let execution = self.execution(collective)?;
        let (call, of, context) = (execution.mark().words(), execution.type_words(), execution.name().0);
        if execution.usage.as_ref().is_some_and(|usage| usage.waits_for_turn()) {
            // It waits for those before it on the board, hence for whom they wait.
            let is_before = |(id, request): (RequestId, &crate::request::Request)| match &request.state {
                State::Collective(other) if id != collective && other.name().0 == context => Some(id),
                _ => None,
            };
            let before: Vec<RequestId> = self.requests.iter().filter_map(is_before).collect();
            for other in before {
                is_under_way |= self.add_awaited(other, &mut on);
            }
        }
        let on = if is_under_way || on.is_empty() { On::Nobody } else { On::All(on) };
        Some(Waiting { call, context, tag: None, of, on })
    }

    /// A collective that has not begun, since the member before has not called it.
    fn waiting_for_call(&mut self, collective: RequestId) -> Option<Waiting> {
        let execution = self.execution(collective)?;
        let is_awaited = execution.statement.as_ref().is_some_and(|statement| statement.is_awaited());
        let on = member_before(execution.communicator()).filter(|_| is_awaited)?;
        let (call, of, context) = (execution.mark().words(), execution.type_words(), execution.name().0);
        Some(Waiting { call, context, tag: None, of, on: On::All(vec![on]) })
    }

    /// Those for whose messages or cells a collective waits. Returns whether something of it is on its way.
    fn add_awaited(&mut self, collective: RequestId, on: &mut Vec<ProcessId>) -> bool {
        let mut is_under_way = false;
        for (_, request) in self.requests.iter() {
            if request.owner != (Owner::Step { collective }) {
                continue;
            }
            match &request.state {
                State::Receive(ReceiveState {
                    phase: ReceivePhase::Posted,
                    from: Awaited::One(peer),
                    ..
                })
                | State::Send(SendState { phase: SendPhase::Announced, peer, .. }) => {
                    on.push(self.port.process(*peer));
                }
                State::Done(_) => {}
                _ => is_under_way = true,
            }
        }
        let Some(execution) = self.execution(collective) else { return is_under_way };
        on.extend(execution.awaited_on_board());
        is_under_way
    }
}

impl Execution {
    /// The type of its elements; nothing of a barrier.
    fn type_words(&self) -> String {
        let is_barrier = self.schedule().algorithm().collective == Collective::Barrier;
        if is_barrier { String::new() } else { self.type_tag().name.words() }
    }

    /// The member for whose cell it waits.
    fn awaited_on_board(&self) -> Option<ProcessId> {
        let member = self.usage.as_ref()?.awaited()?;
        self.communicator().group.process(member)
    }
}
