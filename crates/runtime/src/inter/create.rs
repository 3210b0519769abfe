//! Making inter-communicators: from two communicators and a bridge between their leaders; copies, parts, and the union.

use std::sync::Arc;

use engine::{Agreed, Communicator, Error, Group};
use wire::{ContextId, JobId, ProcessId};

use crate::create::{Creating, Unmade, Wanted};
use crate::{Comm, bytes};

/// One side's view of an inter-communicator.
#[derive(Clone, Debug)]
pub struct Inter {
    /// For messages to the other side.
    comm: Comm,
    /// Both sides, first the first: for collectives.
    union: Comm,
    /// This side alone.
    pub(super) local: Comm,
    /// Whether this side's choice counts where one must.
    is_first: bool,
}

/// What the leaders tell each other: this side's choice of contexts, its leader's rank, its members.
struct Side {
    contexts: [Option<ContextId>; 2],
    leader: usize,
    group: Group,
}

impl Inter {
    /// Connects this side, all of whose members call it, with another (MPI 5.0 §7.6.2). The leaders reach each other over a
    /// third communicator: `bridge` is that and the other leader's rank in it, at the leader; the others' is not looked at.
    /// Both sides give the same tag; it tells apart what is made over one bridge at once, and meets no messages' tags.
    ///
    /// Costs two all-gathers and a broadcast on each side, and an exchange between the leaders; bytes in all 16 for each
    /// member to each member.
    ///
    /// # Errors
    /// A leader that there isn't; at the leader no bridge, or a rank that it doesn't have; a tag that is in use on another
    /// thread; sides that have a member in common; as [`Comm::collective`].
    pub fn create(
        local: &Comm,
        leader: usize,
        bridge: Option<(&Comm, usize)>,
        tag: i32,
    ) -> Result<Inter, Error> {
        if leader >= local.size() {
            let why = format!("there is no rank {leader}; the ranks are 0 to {}", local.size() - 1);
            return Err(Error::Argument { name: "leader", why });
        }
        let own = local.duplicate_on_first_lane()?;
        let mine = Side {
            contexts: [local.process().new_context(), local.process().new_context()],
            leader,
            group: local.inner().group.clone(),
        };
        let heard = (local.rank() == leader).then(|| meet_leader(bridge, tag, &mine));
        let (theirs, failed) = match heard {
            Some(Ok(theirs)) => (Some(theirs), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        // The context of the other side's choice and of this one's come together: all members must know both. They are told
        // in `local`: `own` may be revoked as soon as one member has it, when others are not told yet.
        let both = theirs.map(|theirs| [mine.encode(), theirs].concat());
        let told = local.broadcast_v_bytes(leader, both)?;
        if let Some(error) = failed {
            return Err(error);
        }
        let sides = told.ok_or_else(|| leader_failed(local, leader))?;
        let (mine, rest) = Side::decode(&sides).ok_or_else(|| nonsense(local, leader))?;
        let (theirs, _) = Side::decode(rest).ok_or_else(|| nonsense(local, leader))?;
        let common = mine.group.intersection(&theirs.group);
        if let Some(process) = common.process(0) {
            let why = format!("process {} is in both groups", process.number);
            return Err(Error::Argument { name: "bridge", why });
        }
        let is_first = mine.group.process(mine.leader) < theirs.group.process(theirs.leader);
        let contexts = if is_first { mine.contexts } else { theirs.contexts };
        let name = format!("{} and others", local.name());
        Inter::of(own, theirs.group, contexts, is_first, name)
    }

    fn of(
        local: Comm,
        remote: Group,
        contexts: [Option<ContextId>; 2],
        is_first: bool,
        name: String,
    ) -> Result<Inter, Error> {
        let (process, inner) = (local.process(), local.inner());
        let side = |context: Option<ContextId>| {
            let context = context.ok_or(Error::ContextsUsedUp)?;
            let communicator = Communicator::new(context, inner.group.clone(), inner.rank, name.clone());
            let communicator = communicator.with_remote(remote.clone()).with_companion(inner.clone());
            Ok(Comm::new(process.clone(), Arc::new(communicator)))
        };
        let comm = side(contexts[0])?;
        let (group, before) = match is_first {
            true => (inner.group.union(&remote), 0),
            false => (remote.union(&inner.group), remote.size()),
        };
        let hosts = process.hosts_of(&group);
        let context = contexts[1].ok_or(Error::ContextsUsedUp)?;
        let union = comm.inner().derive(context, group, before + inner.rank, name.clone()).with_hosts(hosts);
        let union = Comm::new(process.clone(), Arc::new(union));
        local.inner().set_name(&name);
        Ok(Inter { comm, union, local, is_first })
    }

    /// For messages: ranks name members of the other side, and this process's rank is its own side's.
    pub fn comm(&self) -> &Comm {
        &self.comm
    }

    /// All members: first those of the first side, whichever that is. For collectives that are started by
    /// [`call`](Inter::call), and nothing else.
    pub fn union(&self) -> &Comm {
        &self.union
    }

    /// How many members the first side has.
    pub(super) fn first_size(&self) -> usize {
        if self.is_first { self.local.size() } else { self.remote_size() }
    }

    /// The first ranks in the union of this side and of the other.
    pub(super) fn firsts(&self) -> (usize, usize) {
        if self.is_first { (0, self.local.size()) } else { (self.remote_size(), 0) }
    }

    /// The members of the other side.
    pub fn remote(&self) -> &Group {
        self.comm.inner().peers()
    }

    /// Agrees among all of both sides: on the bitwise and of what the members of the *other* side give, as the proposal for user-level
    /// failure mitigation has it of `MPI_Comm_agree`, and on who is gone of either. Costs two agreements.
    ///
    /// # Errors
    /// As [`Comm::agree`].
    pub fn agree(&self, flags: u64) -> Result<Agreed, Error> {
        let (first, second) = if self.is_first { (flags, !0) } else { (!0, flags) };
        let first = self.comm.agree(first)?;
        // Whoever has died since is known to be gone by this one.
        let second = self.comm.agree(second)?;
        let flags = if self.is_first { second.flags } else { first.flags };
        Ok(Agreed { flags, ..second })
    }

    /// The inter-communicator of those members of both sides that live; see [`Comm::shrink`]. Collective for all of these. Costs
    /// four agreements of both sides, and an all-gather on each.
    ///
    /// # Errors
    /// As [`Comm::shrink`]; nobody of one of the sides is left.
    pub fn shrink(&self) -> Result<Inter, Error> {
        let process = self.comm.process();
        let mut known = None;
        loop {
            // One context for messages, one for collectives, one for what the sides do among themselves.
            let first = self.comm.agree_with(!0, true)?;
            let second = self.comm.agree_with(!0, true)?;
            let agreed = self.comm.agree_with(!0, true)?;
            let remote = self.remote().difference(&agreed.failed);
            let made = self.comm.plain_of(&agreed).map_err(Unmade::from).and_then(|plain| {
                let name = format!("shrunk {}", self.comm.name());
                let local = plain.part_or_place(Wanted::one(name.clone()), |_| true)?;
                let (local, contexts) = (local.ok_or(Error::StaleRequest)?, [first.context, second.context]);
                Ok(Inter::of(local, remote.clone(), contexts, self.is_first, name)?)
            });
            let all = self.comm.agree_with(u64::from(made.is_ok()), false)?;
            let local = self.comm.inner().group.difference(&agreed.failed);
            if local.size() == 0 || remote.size() == 0 {
                let why = "nobody is left of one of its sides".to_owned();
                return Err(Error::Argument { name: "communicator", why });
            }
            // By what all know alone, as in `Comm::shrink`; but for one whom the others have given up.
            if all.flags & 1 == 1 {
                return made.map_err(|unmade| unmade.error);
            }
            let made = made.map_err(|unmade| process.take_back(unmade));
            if known.as_ref() == Some(&all.failed) || local.rank(process.me()).is_none() {
                return Err(made.err().unwrap_or_else(|| self.comm.not_made()));
            }
            known = Some(all.failed);
        }
    }

    /// Revokes it at every member of both sides: messages and collectives.
    pub fn revoke(&self) {
        self.comm.revoke();
    }

    /// How many members the other side has.
    pub fn remote_size(&self) -> usize {
        self.remote().size()
    }

    /// The leader of its side does what one has to do for all.
    fn is_leader(&self) -> bool {
        self.local.rank() == 0
    }

    /// An inter-communicator of the same members whose messages never meet those of this one. Collective for both sides; costs an
    /// all-gather and two broadcasts on each side, and two exchanges between the leaders.
    ///
    /// # Errors
    /// As [`Comm::collective`].
    pub fn duplicate(&self) -> Result<Inter, Error> {
        let own = self.local.duplicate_on_first_lane()?;
        let contexts = [own.process().new_context(), own.process().new_context()];
        let (mine, theirs) = self.swap(encode_contexts(contexts).to_vec())?;
        let chosen = decode_contexts(if self.is_first { &mine } else { &theirs });
        let chosen = chosen.ok_or_else(|| nonsense(&own, 0))?;
        Inter::of(own, self.remote().clone(), chosen, self.is_first, format!("copy of {}", self.comm.name()))
    }

    /// An inter-communicator of the same members, which they all derive of these words; see [`Comm::sibling`].
    pub fn sibling(&self, words: &[u64]) -> Inter {
        let name = format!("copy of {}", self.comm.name());
        let sibling = |comm: &Comm| comm.sibling(words, name.clone());
        let (comm, union, local) = (sibling(&self.comm), sibling(&self.union), sibling(&self.local));
        Inter { comm, union, local, is_first: self.is_first }
    }

    /// The inter-communicator of those on both sides who state the same colour, each side ranked by key; `None` at those that
    /// state none, and where the other side has nobody of the colour (MPI 5.0 §7.4.2). Collective for both sides; costs two
    /// all-gathers and two broadcasts on each side, and two exchanges between the leaders; 32 bytes for each member to each
    /// member.
    ///
    /// # Errors
    /// As [`Comm::collective`].
    pub fn split(&self, colour: Option<u32>, key: i64) -> Result<Option<Inter>, Error> {
        let process = self.local.process();
        let contexts = encode_contexts([process.new_context(), process.new_context()]);
        let stated = [colour.map_or(u64::MAX, u64::from).to_le_bytes(), key.to_le_bytes()].concat();
        let all = self.local.all_gather_bytes(&[&stated[..], &contexts].concat())?;
        let (mine, theirs) = self.swap(all)?;
        let of_colour = |side: &[u8]| -> Vec<(i64, usize, [Option<ContextId>; 2])> {
            let member = |(rank, bytes): (usize, &[u8; 32])| {
                let (colour_found, rest) = bytes.split_first_chunk::<8>()?;
                let (key, contexts) = rest.split_first_chunk::<8>()?;
                let is_ours = colour.map(u64::from) == Some(u64::from_le_bytes(*colour_found));
                is_ours.then_some((i64::from_le_bytes(*key), rank, decode_contexts(contexts)?))
            };
            let mut members: Vec<_> =
                side.as_chunks::<32>().0.iter().enumerate().filter_map(member).collect();
            members.sort_by_key(|(key, rank, _)| (*key, *rank));
            members
        };
        let (ours, others) = (of_colour(&mine), of_colour(&theirs));
        let is_whole = !ours.is_empty() && !others.is_empty();
        let Some(own) = self.local.split(colour.filter(|_| is_whole), key)? else { return Ok(None) };
        let remote = others.iter().filter_map(|(_, rank, _)| self.remote().process(*rank)).collect();
        let (_, _, contexts) = if self.is_first { &ours[0] } else { &others[0] };
        let name = format!("part {} of {}", colour.unwrap_or_default(), self.comm.name());
        Inter::of(own, Group::of(remote), *contexts, self.is_first, name).map(Some)
    }

    /// A communicator of both sides: first the members of the side that says it isn't `high`, then those of the other; if both
    /// say the same, the sides come in an order that is the same at all (MPI 5.0 §7.6.2). Collective for both sides; costs an
    /// all-gather and two broadcasts on each side, two exchanges between the leaders, and one all-gather of all.
    ///
    /// # Errors
    /// Members of one side who say different things, told to all of both; as [`Comm::collective`].
    pub fn merge(&self, high: bool) -> Result<Comm, Error> {
        let said = self.local.all_gather_bytes(&[high as u8])?;
        let agreed = said.iter().all(|one| *one == said[0]);
        let (mine, theirs) = self.swap(vec![if agreed { high as u8 } else { 2 }])?;
        let (mine, theirs) = match (&mine[..], &theirs[..]) {
            ([mine @ (0 | 1)], [theirs @ (0 | 1)]) => (*mine, *theirs),
            _ => {
                let why = "the members of one side gave different values".to_owned();
                return Err(Error::Argument { name: "high", why });
            }
        };
        let (local, remote) = (&self.local.inner().group, self.remote());
        let comes_first = if mine == theirs { self.is_first } else { mine < theirs };
        let union = if comes_first { local.union(remote) } else { remote.union(local) };
        let name = format!("{} merged", self.comm.name());
        self.local.process().create_within(Some(self.union.inner()), &union, "merge", name)
    }

    /// What the leaders have to say to each other, known to everybody: (this side's, the other's).
    fn swap(&self, mine: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let swapped = self.is_leader().then(|| {
            let mut length = [0; 8];
            let own_length = (mine.len() as u64).to_le_bytes();
            let other = Some(self.firsts().1);
            self.union.exchange(other, &own_length, other, &mut length)?;
            let mut theirs = bytes::room(u64::from_le_bytes(length))?;
            self.union.exchange(other, &mine, other, &mut theirs)?;
            Ok([&own_length[..], &mine, &theirs].concat())
        });
        let (swapped, failed) = match swapped {
            Some(Ok(both)) => (Some(both), None),
            Some(Err(error)) => (None, Some(error)),
            None => (None, None),
        };
        let told = self.local.broadcast_v_bytes(0, swapped)?;
        if let Some(error) = failed {
            return Err(error);
        }
        let both = told.ok_or_else(|| leader_failed(&self.local, 0))?;
        let (length, both) = both.split_first_chunk::<8>().ok_or_else(|| nonsense(&self.local, 0))?;
        let length = (u64::from_le_bytes(*length) as usize).min(both.len());
        Ok((both[..length].to_vec(), both[length..].to_vec()))
    }
}

/// The leaders tell each other of their sides, on a passing communicator of the two.
fn meet_leader(bridge: Option<(&Comm, usize)>, tag: i32, mine: &Side) -> Result<Vec<u8>, Error> {
    let Some((bridge, rank)) = bridge else {
        return Err(Error::Argument { name: "bridge", why: "the leader must give one".into() });
    };
    let Some(other) = bridge.inner().peers().process(rank) else {
        let why = format!("it has no rank {rank}; its ranks are 0 to {}", bridge.inner().peers().size() - 1);
        return Err(Error::Argument { name: "bridge", why });
    };
    let me = bridge.process().me();
    if me == other {
        return Err(Error::Argument { name: "bridge", why: "both leaders are this process".into() });
    }
    let pair = Group::of(vec![me.min(other), me.max(other)]);
    let members = pair.processes().flat_map(|p| [p.job.0, (p.number as u64) << 32 | p.incarnation as u64]);
    let words = [BETWEEN, bridge.inner().context.0, tag as u32 as u64];
    let context = ContextId::derived(words.into_iter().chain(members));
    let Some(_alone) = Creating::begin(bridge.process(), context) else {
        let why = format!("another thread is connecting with that leader under {tag}");
        return Err(Error::Argument { name: "tag", why });
    };
    let at = (me > other) as usize;
    let passing = bridge.inner().derive(context, pair, at, format!("leaders over {}", bridge.name()));
    let mut both =
        Comm::new(bridge.process().clone(), Arc::new(passing)).all_gather_v_bytes(&mine.encode())?;
    Ok(both.swap_remove(1 - at))
}

/// Begins the words of which the context between two leaders is derived.
const BETWEEN: u64 = u64::MAX;

impl Side {
    fn encode(&self) -> Vec<u8> {
        let head = [self.leader as u64, self.group.size() as u64].map(u64::to_le_bytes);
        let member =
            |p: ProcessId| [p.job.0, (p.number as u64) << 32 | p.incarnation as u64].map(u64::to_le_bytes);
        let members = self.group.processes().flat_map(member);
        encode_contexts(self.contexts).into_iter().chain(head.into_iter().chain(members).flatten()).collect()
    }

    /// A side, and what follows it.
    fn decode(bytes: &[u8]) -> Option<(Side, &[u8])> {
        let (contexts, rest) = bytes.split_at_checked(16)?;
        let (head, rest) = rest.split_at_checked(16)?;
        let word = |bytes: &[u8], at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let (leader, size) = (word(head, 0)? as usize, word(head, 8)? as usize);
        let (members, rest) = rest.split_at_checked(size.checked_mul(16)?)?;
        let member = |bytes: &[u8; 16]| {
            let (job, place) = (word(bytes, 0)?, word(bytes, 8)?);
            Some(ProcessId { job: JobId(job), number: (place >> 32) as u32, incarnation: place as u32 })
        };
        let group = Group::of(members.as_chunks::<16>().0.iter().filter_map(member).collect());
        Some((Side { contexts: decode_contexts(contexts)?, leader, group }, rest))
    }
}

/// No context that is created is the world's.
fn encode_contexts(contexts: [Option<ContextId>; 2]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (word, context) in bytes.chunks_exact_mut(8).zip(contexts) {
        word.copy_from_slice(&context.unwrap_or(ContextId::WORLD).0.to_le_bytes());
    }
    bytes
}

fn decode_contexts(bytes: &[u8]) -> Option<[Option<ContextId>; 2]> {
    let context = |at: usize| {
        let context = ContextId(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(Some(context).filter(|context| *context != ContextId::WORLD))
    };
    Some([context(0)?, context(8)?])
}

fn leader_failed(local: &Comm, leader: usize) -> Error {
    let process = local.inner().group.process(leader).unwrap_or_default();
    Error::Elsewhere { process, why: "the leaders could not talk to each other".into() }
}

fn nonsense(local: &Comm, leader: usize) -> Error {
    let process = local.inner().group.process(leader).unwrap_or_default();
    Error::Elsewhere { process, why: "the leaders told each other what makes no sense".into() }
}
