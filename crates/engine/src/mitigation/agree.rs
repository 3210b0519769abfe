//! A lane's part in agreements: it carries their messages, tells them who is gone, and answers those who come late.
//!
//! Agreements of a communicator are numbered, and all members begin them in the same order. One that has been decided here may
//! still be asked for by members whose coordinator has died in telling it; they can't have begun a later one of that communicator,
//! so the last decision of each is all that is kept.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::Ordering;

use fabric::{Payload, Peer};
use wire::ContextId;

use crate::agreement::{Agreement, Message, Proposal};
use crate::envelope::AGREE;
use crate::request::{Owner, State};
use crate::{Communicator, Error, Group, Lane, RequestId, Status};

/// Last decisions that are kept. They are asked for only until the end of the coordinator is known to all, and nobody agrees in so
/// many communicators meanwhile.
const DECISIONS_MAX: usize = 4096;

/// Messages of agreements that have not begun here, for each peer: one for each communicator in which it waits for this process.
const EARLY_MAX: usize = 1024;

/// What the members of a communicator have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The bitwise and of what they gave.
    pub flags: u64,
    /// A context for a communicator of those who live, if any of them had one to give.
    pub context: Option<ContextId>,
    /// Who is gone: all whom one of them knew to be.
    pub failed: Group,
    /// Whether each of them had acknowledged all these.
    pub is_acknowledged: bool,
}

/// One that has begun here.
pub(crate) struct Running {
    context: u64,
    number: u32,
    members: Group,
    machine: Agreement,
}

/// A message that came before its agreement began here.
struct Early {
    context: u64,
    number: u32,
    kind: u64,
    bytes: Box<[u8]>,
}

/// The agreements of a lane.
#[derive(Default)]
pub(crate) struct Agreements {
    running: Vec<RequestId>,
    early: BTreeMap<Peer, Vec<Early>>,
    /// By context: the last one's number, the size of its group, what was decided.
    decided: HashMap<u64, (u32, usize, Proposal)>,
    /// The same contexts, in the order of their first decision.
    decided_order: VecDeque<u64>,
    /// Of requests that are complete and have not been asked.
    outcomes: HashMap<RequestId, Agreed>,
}

impl Agreements {
    /// Entries that are not decisions.
    pub fn len(&self) -> usize {
        let early = self.early.values().map(Vec::len).sum::<usize>();
        self.running.len() + early + self.outcomes.len()
    }

    fn keep_decision(&mut self, context: u64, number: u32, size: usize, decision: Proposal) {
        if self.decided.insert(context, (number, size, decision)).is_none() {
            self.decided_order.push_back(context);
            if self.decided_order.len() > DECISIONS_MAX
                && let Some(oldest) = self.decided_order.pop_front()
            {
                self.decided.remove(&oldest);
            }
        }
    }
}

impl Lane {
    /// Begins to agree with all members of a communicator, on both sides of an inter-communicator; they begin their agreements in
    /// the same order. When the request is complete, [`agreed`](Lane::agreed) tells what was agreed on. A revoked communicator
    /// serves as well.
    ///
    /// # Errors
    /// [`Error::Revoked`] when everything has ended.
    pub fn agree(
        &mut self,
        communicator: &Communicator,
        flags: u64,
        context: Option<ContextId>,
    ) -> Result<RequestId, Error> {
        self.check_open()?;
        self.port.watch_all();
        let (context_here, members) = (communicator.context.0, communicator.agreeing());
        let number = communicator.next_agreement();
        let rank = members.rank(self.port.me()).unwrap_or_default();
        let mut machine = Agreement::new(rank, members.size());
        let mut out = Vec::new();
        let rank_of = |peer: &Peer| members.rank(self.port.process(*peer));
        let acknowledged = communicator.acknowledged.load(Ordering::Relaxed).min(self.gone.len());
        for rank in self.gone.iter().filter_map(rank_of) {
            machine.lose(rank, &mut out);
        }
        let mine = Proposal {
            flags,
            context: context.map_or(0, |context| context.0),
            failed: machine.gone().clone(),
            acknowledged: self.gone[..acknowledged].iter().filter_map(rank_of).collect(),
        };
        machine.begin(mine, &mut out);
        let running = Running { context: context_here, number, members, machine };
        let request = self.requests.insert(Owner::User, State::Agreement(Box::new(running)));
        self.agreements.running.push(request);
        let running = std::mem::take(&mut self.agreements.running);
        // Those that have ended otherwise are not under way.
        self.agreements.running =
            running.into_iter().filter(|request| self.running(*request).is_some()).collect();
        self.tell_agreement(request, out);
        let is_it = |early: &mut Early| early.context == context_here && early.number == number;
        let early = self.agreements.early.iter_mut();
        let of_peer = |(peer, early): (&Peer, &mut Vec<Early>)| {
            early.extract_if(.., is_it).map(|early| (*peer, early)).collect::<Vec<_>>()
        };
        let early: Vec<(Peer, Early)> = early.flat_map(of_peer).collect();
        self.agreements.early.retain(|_, early| !early.is_empty());
        for (peer, Early { kind, bytes, .. }) in early {
            if !self.agreement_heard(request, peer, kind, &bytes) {
                self.break_with(peer, "it took part in an agreement of others");
            }
        }
        Ok(request)
    }

    /// What was agreed on, of a request that is complete; once.
    pub fn agreed(&mut self, request: RequestId) -> Option<Agreed> {
        self.agreements.outcomes.remove(&request)
    }

    /// A message of an agreement. Returns false for what no correct peer sends.
    pub(crate) fn agree_arrived(&mut self, peer: Peer, header: [u64; 3], payload: &Payload) -> bool {
        let [context, number, kind] = header;
        let Ok(number) = u32::try_from(number) else { return false };
        let running = self.agreements.running.iter().copied();
        let is_it = |request: &RequestId| {
            self.running(*request).is_some_and(|one| one.context == context && one.number == number)
        };
        let bytes = crate::work::hold(payload);
        if let Some(request) = running.into_iter().find(is_it) {
            return self.agreement_heard(request, peer, kind, &bytes);
        }
        match self.agreements.decided.get(&context) {
            Some((decided, size, decision)) if *decided >= number => {
                if *decided == number && matches!(kind, CONTRIBUTE | PROPOSE) {
                    let answer = decision.encode(*size);
                    self.control(peer, AGREE, [context, number as u64, DECIDE], &answer);
                }
                true
            }
            _ => {
                // What is longer than a proposal of all processes is none of some.
                let fits = bytes.len() <= Proposal::bytes(self.job_size());
                let early = self.agreements.early.entry(peer).or_default();
                early.push(Early { context, number, kind, bytes });
                fits && early.len() <= EARLY_MAX
            }
        }
    }

    /// Tells the agreements under way that a peer is gone, or sends nothing more.
    pub(crate) fn agreements_lose(&mut self, peer: Peer) {
        let process = self.port.process(peer);
        // What it had said of agreements that begin later is of no use: it takes no part in them.
        self.agreements.early.remove(&peer);
        for request in self.agreements.running.clone() {
            let mut out = Vec::new();
            if let Some(running) = self.running_mut(request)
                && let Some(rank) = running.members.rank(process)
            {
                running.machine.lose(rank, &mut out);
                self.tell_agreement(request, out);
            }
        }
    }

    /// A message for an agreement under way. Returns false for what no correct member sends.
    fn agreement_heard(&mut self, request: RequestId, peer: Peer, kind: u64, bytes: &[u8]) -> bool {
        let process = self.port.process(peer);
        let Some(running) = self.running_mut(request) else { return true };
        let Some(rank) = running.members.rank(process) else { return false };
        let proposal = Proposal::decode(bytes, running.members.size());
        let message = match (kind, proposal) {
            (CONTRIBUTE, Some(proposal)) => Message::Contribute(proposal),
            (PROPOSE, Some(proposal)) => Message::Propose(proposal),
            (DECIDE, Some(proposal)) => Message::Decide(proposal),
            (ACCEPT, None) if bytes.is_empty() => Message::Accept,
            _ => return false,
        };
        let mut out = Vec::new();
        running.machine.receive(rank, message, &mut out);
        self.tell_agreement(request, out);
        true
    }

    /// Sends what an agreement has to say, and completes its request if that is all.
    fn tell_agreement(&mut self, request: RequestId, out: Vec<(usize, Message)>) {
        let Some(running) = self.running(request) else { return };
        let (context, number, members) = (running.context, running.number, running.members.clone());
        let decision = running.machine.decision().cloned();
        let size = members.size();
        for (rank, message) in out {
            let (kind, bytes) = match message {
                Message::Contribute(proposal) => (CONTRIBUTE, proposal.encode(size)),
                Message::Propose(proposal) => (PROPOSE, proposal.encode(size)),
                Message::Decide(proposal) => (DECIDE, proposal.encode(size)),
                Message::Accept => (ACCEPT, Vec::new()),
            };
            let Some(process) = members.process(rank) else { continue };
            let peer = self.contact(process);
            if self.peers[peer.0 as usize].failed.is_none() {
                self.control(peer, AGREE, [context, number as u64, kind], &bytes);
            }
        }
        let Some(decision) = decision else { return };
        self.agreements.running.retain(|other| *other != request);
        if self.requests.get(request).is_some_and(|request| request.owner == Owner::User) {
            let failed = decision.failed.iter().filter_map(|rank| members.process(rank)).collect();
            let agreed = Agreed {
                flags: decision.flags,
                context: Some(ContextId(decision.context)).filter(|context| *context != ContextId::WORLD),
                failed: Group::of(failed),
                is_acknowledged: decision.is_acknowledged(),
            };
            self.agreements.outcomes.insert(request, agreed);
        }
        self.agreements.keep_decision(context, number, size, decision);
        self.complete(request, Ok(Status::default()));
    }

    fn running(&self, request: RequestId) -> Option<&Running> {
        match &self.requests.get(request)?.state {
            State::Agreement(running) => Some(running),
            _ => None,
        }
    }

    fn running_mut(&mut self, request: RequestId) -> Option<&mut Running> {
        match &mut self.requests.get_mut(request)?.state {
            State::Agreement(running) => Some(running),
            _ => None,
        }
    }
}

/// The last word of the header.
const CONTRIBUTE: u64 = 0;
const PROPOSE: u64 = 1;
const ACCEPT: u64 = 2;
const DECIDE: u64 = 3;

impl Communicator {
    /// Who agrees in it: the members, and those on the other side, in an order that is the same on both.
    fn agreeing(&self) -> Group {
        match self.remote() {
            None => self.group.clone(),
            Some(_) => {
                let mut all: Vec<_> = self.everybody().collect();
                all.sort_unstable();
                Group::of(all)
            }
        }
    }
}
