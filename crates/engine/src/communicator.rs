//! Communicators: a group with a context, and for an inter-communicator the group on the other side.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use mapped::board::Board;
use wire::{ContextId, ProcessId};

use crate::Group;
use crate::collective::Hosts;
use crate::topology::Topology;

/// A group with a context: messages sent in one communicator are never received in another.
#[derive(Debug)]
pub struct Communicator {
    /// The context that envelopes carry.
    pub context: ContextId,
    /// The members, this process among them.
    pub group: Group,
    /// This process's rank.
    pub rank: usize,
    /// Of an inter-communicator: the members on the other side, whom all its messages are from and to.
    remote: Option<Group>,
    /// The lane that its messages use, the same at all members.
    lane: u16,
    /// How its ranks are connected, if it has a topology.
    topology: OnceLock<Arc<Topology>>,
    /// How people call it, for messages. It may be changed at any time, by each member for itself.
    name: RwLock<Arc<str>>,
    /// How many collectives this process has started on it: the sequence that their messages carry.
    sequence: AtomicU64,
    /// How many agreements this process has begun on it.
    agreements: AtomicU32,
    /// What members on one host publish on, if all are on one.
    board: Option<Arc<Board>>,
    /// On which hosts its members are, if on several.
    hosts: Option<Arc<Hosts>>,
    /// A communicator that is revoked with this one.
    companion: Option<Arc<Communicator>>,
    /// The communicator that this one is revoked with.
    parent: Option<Arc<Communicator>>,
    /// Who has revoked it, once somebody has.
    revoked: OnceLock<ProcessId>,
    /// How many of those whom its lane knows to be gone are acknowledged here: the first ones, in the lane's order.
    pub(crate) acknowledged: AtomicUsize,
}

impl Communicator {
    /// A communicator of `group` as `rank` sees it.
    pub fn new(context: ContextId, group: Group, rank: usize, name: String) -> Communicator {
        debug_assert!(rank < group.size());
        let name = RwLock::new(name.into());
        Communicator {
            context,
            group,
            rank,
            remote: None,
            lane: 0,
            topology: OnceLock::new(),
            name,
            sequence: AtomicU64::new(0),
            agreements: AtomicU32::new(0),
            board: None,
            hosts: None,
            companion: None,
            parent: None,
            revoked: OnceLock::new(),
            acknowledged: AtomicUsize::new(0),
        }
    }

    /// A communicator for some of those whom this one concerns, in a context that they alone use: on the same lane, and revoked
    /// when this one is, now or later.
    pub fn derive(
        self: &Arc<Self>,
        context: ContextId,
        group: Group,
        rank: usize,
        name: String,
    ) -> Communicator {
        let parent = Some(self.clone());
        Communicator { parent, lane: self.lane, ..Communicator::new(context, group, rank, name) }
    }

    /// The same members, of an inter-communicator on both sides, in another context: see [`derive`](Communicator::derive).
    pub fn beside(self: &Arc<Self>, context: ContextId) -> Communicator {
        let beside = self.derive(context, self.group.clone(), self.rank, self.name().to_string());
        Communicator { remote: self.remote.clone(), ..beside }
    }

    /// The same with a board. Either all members' communicators have one or none.
    pub fn with_board(self, board: Option<Board>) -> Communicator {
        Communicator { board: board.map(Arc::new), ..self }
    }

    /// The same with members on these hosts. All members' communicators have the same.
    pub fn with_hosts(self, hosts: Option<Hosts>) -> Communicator {
        Communicator { hosts: hosts.map(Arc::new), ..self }
    }

    /// The same as one side of an inter-communicator (MPI 5.0 §7.6): ranks of messages name members of `remote`.
    pub fn with_remote(self, remote: Group) -> Communicator {
        Communicator { remote: Some(remote), ..self }
    }

    /// The same with the topology of another one of the same members, with its other side, and on its hosts.
    pub fn like(self, other: &Communicator) -> Communicator {
        let topology = other.topology.clone();
        Communicator { topology, remote: other.remote.clone(), hosts: other.hosts.clone(), ..self }
    }

    /// The same with a communicator of the same lane that is revoked when this one is: of an inter-communicator that of its side.
    pub fn with_companion(self, companion: Arc<Communicator>) -> Communicator {
        Communicator { companion: Some(companion), ..self }
    }

    /// The communicator that is revoked with this one.
    pub(crate) fn companion(&self) -> Option<&Arc<Communicator>> {
        self.companion.as_ref()
    }

    /// The communicator that this one is revoked with.
    pub(crate) fn parent(&self) -> Option<&Arc<Communicator>> {
        self.parent.as_ref()
    }

    /// Gives it its topology, once: what follows doesn't change that.
    pub fn set_topology(&self, topology: Arc<Topology>) {
        self.topology.get_or_init(|| topology);
    }

    /// How its ranks are connected, if it has a topology.
    pub fn topology(&self) -> Option<&Arc<Topology>> {
        self.topology.get()
    }

    /// The group on the other side, of an inter-communicator.
    pub fn remote(&self) -> Option<&Group> {
        self.remote.as_ref()
    }

    /// Those whom the ranks of messages name: the members, of an inter-communicator those on the other side.
    #[inline]
    pub fn peers(&self) -> &Group {
        self.remote.as_ref().unwrap_or(&self.group)
    }

    /// Its board, if all members share a host.
    #[inline]
    pub fn board(&self) -> Option<&Arc<Board>> {
        self.board.as_ref()
    }

    /// On which hosts its members are, if on several.
    #[inline]
    pub fn hosts(&self) -> Option<&Arc<Hosts>> {
        self.hosts.as_ref()
    }

    /// How many members.
    #[inline]
    pub fn size(&self) -> usize {
        self.group.size()
    }

    /// How people call it.
    pub fn name(&self) -> Arc<str> {
        self.name.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Calls it otherwise from now on, in this process alone.
    pub fn set_name(&self, name: &str) {
        *self.name.write().unwrap_or_else(PoisonError::into_inner) = name.into();
    }

    /// The same on another lane than the first: order and wildcards stay inside one. All members must say the same.
    pub fn with_lane(self, lane: u16) -> Communicator {
        Communicator { lane, ..self }
    }

    /// The lane that its messages use.
    #[inline]
    pub fn lane(&self) -> u16 {
        self.lane
    }

    /// Who has revoked it, if somebody has.
    #[inline]
    pub fn revoked_by(&self) -> Option<ProcessId> {
        self.revoked.get().copied()
    }

    /// Marks it as revoked; false if it was before.
    pub(crate) fn mark_revoked(&self, by: ProcessId) -> bool {
        self.revoked.set(by).is_ok()
    }

    /// Everybody whom it concerns: the members, and those on the other side.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = ProcessId> + '_ {
        self.group.processes().chain(self.remote.iter().flat_map(Group::processes))
    }

    /// The rank of a process on the other side, of an inter-communicator, or on its own; else its rank.
    pub(crate) fn rank_of(&self, process: ProcessId) -> Option<usize> {
        self.peers().rank(process).or_else(|| self.group.rank(process))
    }

    /// Whether a process has to do with it, on either side.
    pub(crate) fn concerns(&self, process: ProcessId) -> bool {
        self.group.rank(process).is_some() || self.remote.as_ref().is_some_and(|r| r.rank(process).is_some())
    }

    /// The number of the next collective. All members start their collectives in the same order, so they agree on it.
    pub fn next_sequence(&self) -> u64 {
        // Relaxed: only the order of one thread's own collectives matters.
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// The number of the next agreement, by which all members know it.
    pub(crate) fn next_agreement(&self) -> u32 {
        // Relaxed: as above.
        self.agreements.fetch_add(1, Ordering::Relaxed)
    }
}
