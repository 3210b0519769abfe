//! Communicators from communicators and from groups. Every form ends in one all-gather of what each member states (see
//! [`engine::split`]), from which all compute the same.
//!
//! Without a communicator of exactly the members, they make a passing one for that all-gather: each for itself, in a context
//! derived from what all of them know (docs/decisions/derived-contexts.md).

use std::sync::Arc;

use engine::split::{Part, Wish, part_with};
use engine::topology::Topology;
use engine::{Communicator, Error, Group};
use mapped::board::{Board, BoardPool, Place};
use wire::ContextId;

use crate::{Comm, Process};

/// Begins the words of which contexts of siblings are derived: no passing communicator's begin so.
const SIBLING: u64 = u64::MAX - 8;

impl Comm {
    /// A communicator of the same members in the same order whose messages never meet those of this one
    /// (MPI 5.0 §7.4.2). It has the same topology, and a name of its own. Collective; costs one all-gather of 32 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn duplicate(&self) -> Result<Comm, Error> {
        let (name, topology) = (format!("copy of {}", self.name()), self.inner().topology().cloned());
        let part = self.part(Wanted { topology, lane: LaneOf::Its, ..Wanted::one(name) }, |_| true)?;
        // Every member has a colour.
        part.ok_or(Error::StaleRequest)
    }

    /// A copy on the first lane, where both sides of an inter-communicator meet, without a topology.
    pub(crate) fn duplicate_on_first_lane(&self) -> Result<Comm, Error> {
        let name = format!("copy of {}", self.name());
        let part = self.part(Wanted { lane: LaneOf::First, ..Wanted::one(name) }, |_| true)?;
        part.ok_or(Error::StaleRequest)
    }

    /// A communicator of the same members in the same order, which they all derive of these words: nobody waits for anybody. It
    /// has the same topology, and no board. Messages never meet those of siblings of other words; who derives the same twice
    /// gets the same. `name` is what it is called.
    pub fn sibling(&self, words: &[u64], name: String) -> Comm {
        let inner = self.inner();
        let head = [SIBLING, inner.context.0];
        let context = ContextId::derived(head.into_iter().chain(words.iter().copied()));
        let made = Communicator::new(context, inner.group.clone(), inner.rank, name)
            .with_lane(inner.lane())
            .like(inner);
        Comm::new(self.process().clone(), Arc::new(made))
    }

    /// The communicator of those members that state the same colour, ranked by key (equal keys: as here); `None` at
    /// those that state no colour (MPI 5.0 §7.4.2). Collective; costs one all-gather of 32 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn split(&self, colour: Option<u32>, key: i64) -> Result<Option<Comm>, Error> {
        let name = format!("part {} of {}", colour.unwrap_or_default(), self.name());
        self.part(Wanted { colour, key, ..Wanted::one(name) }, |_| true)
    }

    /// The communicator of those members whose bytes are the same to this one as its own, in this communicator's order. All
    /// give the same number of bytes; `is_same` is asked by each member of each other's. Collective; costs one all-gather of
    /// 32 bytes each and these.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective); a relation that is none of equality.
    pub fn split_by(
        &self,
        mine: &[u8],
        name: String,
        is_same: impl Fn(&[u8]) -> bool,
    ) -> Result<Comm, Error> {
        let part = self.part(Wanted::one(name).by(mine), is_same)?;
        part.ok_or_else(|| Error::Argument { name: "key", why: "it isn't equal to itself".into() })
    }

    /// The communicator of the members that share memory: of one host (MPI 5.0 §7.4.2, `MPI_COMM_TYPE_SHARED`). Collective;
    /// costs one all-gather of 48 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn split_by_host(&self) -> Result<Comm, Error> {
        let mine = self.process().host_words().map(u64::to_le_bytes).concat();
        self.split_by(&mine, format!("host of {}", self.name()), |theirs| theirs == mine)
    }

    /// The communicator of the members that are bound to one NUMA node with this one; `None` at those that no affinity mask
    /// confines to a node (MPI 5.0 §7.4.2, `MPI_COMM_TYPE_HW_GUIDED`). Collective; costs one all-gather of 52 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn split_by_numa_node(&self) -> Result<Option<Comm>, Error> {
        self.split_by_part("node", os::topology::Locality::of_this_thread().node)
    }

    /// The communicator of the members that are bound to cores which share one last level of cache with this one; `None` at those that
    /// no affinity mask confines so. Collective; costs one all-gather of 52 bytes each.
    ///
    /// # Errors
    /// As [`collective`](Comm::collective).
    pub fn split_by_cache(&self) -> Result<Option<Comm>, Error> {
        self.split_by_part("cache", os::topology::Locality::of_this_thread().cache)
    }

    /// By a part of the machine of this kind, which has a number on its host.
    fn split_by_part(&self, kind: &str, number: Option<u32>) -> Result<Option<Comm>, Error> {
        let host = self.process().host_words().map(u64::to_le_bytes).concat();
        let mine = [&host[..], &number.unwrap_or(u32::MAX).to_le_bytes()].concat();
        let part = self.split_by(&mine, format!("{kind} of {}", self.name()), |theirs| theirs == mine)?;
        Ok(number.map(|_| part))
    }

    /// The communicator of a group of members; `None` at those outside (MPI 5.0 §7.4.2, `MPI_COMM_CREATE`). Collective for
    /// all members here, who give the same group, or groups of which each has its own members only. Costs one all-gather of
    /// 40 bytes each.
    ///
    /// # Errors
    /// A group with others than members, before anything is done; members that gave different groups; as
    /// [`collective`](Comm::collective).
    pub fn create(&self, group: &Group) -> Result<Option<Comm>, Error> {
        let here = &self.inner().group;
        if let Some(stranger) = group.processes().find(|process| here.rank(*process).is_none()) {
            let why = format!("process {} of it is not in this communicator", stranger.number);
            return Err(Error::Argument { name: "group", why });
        }
        let rank = group.rank(self.process().me());
        // Those with another group are no part of this one, so that all of its members find out.
        let by = passing_context(None, group, "").0.to_le_bytes();
        let wanted = Wanted {
            colour: rank.map(|_| 0),
            key: rank.unwrap_or_default() as i64,
            by: &by,
            exactly: Some(group),
            topology: None,
            lane: LaneOf::Parent,
            name: format!("group of {}", self.name()),
        };
        self.part(wanted, |theirs| theirs == by)
    }

    /// [`create`](Comm::create), collective for the members of the group alone (MPI 5.0 §7.4.2,
    /// `MPI_COMM_CREATE_GROUP`). Threads that create communicators of one group at once tell them apart by the tag.
    ///
    /// # Errors
    /// A group without this process or with others than members, or a tag in use on another thread: before anything is done. As
    /// [`collective`](Comm::collective).
    pub fn create_from(&self, group: &Group, tag: &str) -> Result<Comm, Error> {
        let here = &self.inner().group;
        if let Some(stranger) = group.processes().find(|process| here.rank(*process).is_none()) {
            let why = format!("process {} of it is not in this communicator", stranger.number);
            return Err(Error::Argument { name: "group", why });
        }
        let name = format!("group `{tag}` of {}", self.name());
        self.process().create_within(Some(self.inner()), group, tag, name)
    }

    /// The part of those who state the same colour and bytes that are the same.
    pub(crate) fn part(
        &self,
        wanted: Wanted<'_>,
        is_same: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Comm>, Error> {
        self.part_or_place(wanted, is_same).map_err(|unmade| unmade.error)
    }

    /// The same; where it fails it says which place on a board nobody else gets unless it is given back.
    pub(crate) fn part_or_place(
        &self,
        wanted: Wanted<'_>,
        is_same: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Comm>, Unmade> {
        let mut statement = Statement::new(self.process(), wanted.colour, wanted.key);
        let all = self.all_gather_bytes(&[&statement.wish.encode()[..], wanted.by].concat());
        // Where it fails here it may have succeeded elsewhere, and others have taken its place up.
        let all = all.map_err(|error| Unmade { error, place: statement.forgo() })?;
        let each = all.chunks_exact(Wish::BYTES + wanted.by.len()).map(|one| one.split_at(Wish::BYTES));
        let (wishes, bytes): (Vec<&[u8]>, Vec<&[u8]>) = each.unzip();
        let wishes: Vec<Wish> =
            wishes.into_iter().filter_map(|wish| Some(Wish::decode(wish.try_into().ok()?))).collect();
        let Some(colour) = wanted.colour else { return Ok(None) };
        let is_with_me = |rank: usize| wishes[rank].colour == Some(colour) && is_same(bytes[rank]);
        let Some(part) = part_with(&self.inner().group, &wishes, self.rank(), is_with_me) else {
            return Ok(None);
        };
        if wanted.exactly.is_some_and(|group| !part.group.processes().eq(group.processes())) {
            // All who take it for a part give this group, and find the same: nobody has taken its place up.
            let why = "the members of it gave different groups".to_owned();
            return Err(Error::Argument { name: "group", why }.into());
        }
        Ok(Some(statement.settle(part, wanted, self.inner().lane())?))
    }
}

/// A communicator that could not be made here, though others may have made it.
pub(crate) struct Unmade {
    pub error: Error,
    /// The place on a board that this member has stated.
    pub place: Option<Place>,
}

impl From<Error> for Unmade {
    fn from(error: Error) -> Unmade {
        Unmade { error, place: None }
    }
}

/// Which part of a communicator is to become one, and how it will be called.
pub(crate) struct Wanted<'a> {
    pub colour: Option<u32>,
    pub key: i64,
    pub by: &'a [u8],
    /// The part must be this group.
    pub exactly: Option<&'a Group>,
    pub topology: Option<Arc<Topology>>,
    pub lane: LaneOf,
    pub name: String,
}

/// On which lane a communicator is.
#[derive(Clone, Copy)]
pub(crate) enum LaneOf {
    /// That of the communicator that it is made of.
    Parent,
    /// The next one.
    Its,
    /// The first one.
    First,
}

impl<'a> Wanted<'a> {
    /// All of it, in its order.
    pub fn one(name: String) -> Wanted<'a> {
        Wanted { colour: Some(0), key: 0, by: &[], exactly: None, topology: None, lane: LaneOf::Parent, name }
    }

    fn by(self, by: &'a [u8]) -> Wanted<'a> {
        Wanted { by, ..self }
    }
}

impl Process {
    /// All agree that a communicator was not made: nobody keeps what he has of it, and the place on its board is free.
    pub(crate) fn take_back(&self, unmade: Unmade) -> Error {
        self.boards().zip(unmade.place).inspect(|(pool, place)| pool.give_back(*place));
        unmade.error
    }

    /// A communicator of a group of processes, without any other (MPI 5.0 §7.4.2, `MPI_COMM_CREATE_FROM_GROUP`). Collective
    /// for the members, who give the same tag. Threads that create communicators of one group at once tell them apart by it.
    /// Costs one all-gather of 32 bytes each.
    ///
    /// # Errors
    /// A group without this process, or a tag in use on another thread: before anything is done. As [`Comm::collective`].
    pub fn create(self: &Arc<Self>, group: &Group, tag: &str) -> Result<Comm, Error> {
        self.create_within(None, group, tag, format!("group `{tag}`"))
    }

    pub(crate) fn create_within(
        self: &Arc<Self>,
        parent: Option<&Arc<Communicator>>,
        group: &Group,
        tag: &str,
        name: String,
    ) -> Result<Comm, Error> {
        let Some(rank) = group.rank(self.me()) else {
            let why = "this process is not in it, and only its members create".to_owned();
            return Err(Error::Argument { name: "group", why });
        };
        let context = passing_context(parent.map(|parent| parent.context), group, tag);
        let Some(_alone) = Creating::begin(self, context) else {
            let why = format!("another thread is creating a communicator of this group as `{tag}`");
            return Err(Error::Argument { name: "tag", why });
        };
        let (members, called) = (group.clone(), name.clone());
        let passing = match parent {
            Some(parent) => parent.derive(context, members, rank, called),
            None => Communicator::new(context, members, rank, called),
        };
        let part = Comm::new(self.clone(), Arc::new(passing)).part(Wanted::one(name), |_| true)?;
        // Every member has a colour.
        part.ok_or(Error::StaleRequest)
    }
}

/// The context of the passing communicator: what its members know, and nobody else makes.
fn passing_context(parent: Option<ContextId>, group: &Group, tag: &str) -> ContextId {
    let (has_parent, parent) = (parent.is_some() as u64, parent.unwrap_or_default().0);
    let letters = tag.bytes().map(u64::from);
    let members = group
        .processes()
        .flat_map(|process| [process.job.0, (process.number as u64) << 32 | process.incarnation as u64]);
    // Lengths first: no two descriptions are the beginning of one another.
    let head = [has_parent, parent, tag.len() as u64, group.size() as u64];
    ContextId::derived(head.into_iter().chain(letters).chain(members))
}

/// While it lives no other thread of the process creates in this context.
pub(crate) struct Creating<'a> {
    process: &'a Process,
    context: ContextId,
}

impl<'a> Creating<'a> {
    pub fn begin(process: &'a Process, context: ContextId) -> Option<Creating<'a>> {
        let mut creating = process.creating.lock().unwrap_or_else(|e| e.into_inner());
        if creating.contains(&context) {
            return None;
        }
        creating.push(context);
        drop(creating);
        Some(Creating { process, context })
    }
}

impl Drop for Creating<'_> {
    fn drop(&mut self) {
        let mut creating = self.process.creating.lock().unwrap_or_else(|e| e.into_inner());
        creating.retain(|context| *context != self.context);
    }
}

/// What this member states, and the place on a board that it holds for the new communicator until that has it.
struct Statement<'a> {
    process: &'a Arc<Process>,
    wish: Wish,
    pool: Option<&'a Arc<BoardPool>>,
    /// Given back unless a board takes it over.
    held: Option<Place>,
}

impl<'a> Statement<'a> {
    fn new(process: &'a Arc<Process>, colour: Option<u32>, key: i64) -> Statement<'a> {
        let pool = process.boards().filter(|_| colour.is_some());
        let held = pool.and_then(|pool| pool.take());
        let context = colour.and_then(|_| process.new_context());
        Statement { process, wish: Wish { colour, key, context, place: held }, pool, held }
    }

    /// Others may make a board with the place that this member holds, but it makes none: nobody else gets the place.
    fn forgo(&mut self) -> Option<Place> {
        let place = self.held.take();
        self.pool.zip(place).inspect(|(pool, place)| pool.forgo(*place));
        place
    }

    /// The communicator of a part that this member is in.
    fn settle(mut self, part: Part, wanted: Wanted<'_>, parents_lane: u16) -> Result<Comm, Error> {
        let context = part.context.ok_or(Error::ContextsUsedUp)?;
        let lane = match wanted.lane {
            // One after the other: a context's lower half counts.
            LaneOf::Its => ((context.0 ^ context.0 >> 32) % self.process.lanes() as u64) as u16,
            LaneOf::Parent => parents_lane,
            LaneOf::First => 0,
        };
        let communicator = Communicator::new(context, part.group, part.rank, wanted.name).with_lane(lane);
        wanted.topology.into_iter().for_each(|topology| communicator.set_topology(topology));
        // Whoever spans hosts has no board: all members know that alike.
        let hosts = self.process.hosts_of(&communicator.group);
        let places = part.places.filter(|_| hosts.is_none());
        let board = self.pool.zip(places).and_then(|(pool, places)| {
            self.held = None;
            Board::new(pool.clone(), lane, places, part.rank)
        });
        Ok(Comm::new(self.process.clone(), Arc::new(communicator.with_board(board).with_hosts(hosts))))
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        self.pool.zip(self.held).inspect(|(pool, place)| pool.give_back(*place));
    }
}
