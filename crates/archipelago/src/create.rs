//! Communicators from communicators: duplicates and parts.

use engine::Comparison;
use wire::Wire;

use crate::called::called_to_make;
use crate::error::{Peer, Spot};
use crate::{Comm, Group, Result};

pub(crate) const fn spot(operation: &'static str) -> Spot {
    Spot::new(operation, Peer::All, None)
}

impl Comm {
    /// A communicator of the same ranks whose messages never meet those of this one: for a library that must not see its
    /// caller's messages. Collective; costs one broadcast.
    ///
    /// # Errors
    /// A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let other = world.duplicate()?;
    /// assert_eq!((other.rank(), other.size()), (world.rank(), world.size()));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn duplicate(&self) -> Result<Comm> {
        called_to_make(self);
        self.untyped
            .duplicate()
            .map(Comm::of)
            .map_err(|error| spot("duplicate").explain::<()>(&self.untyped, error))
    }

    /// Divides the ranks: those that give the same colour form a communicator, in the order of their keys (equal keys: in
    /// the order of ranks); those that give none get none. Collective; costs one all-gather.
    ///
    /// # Errors
    /// A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(5, |world| {
    /// let colour = world.rank() as u32 % 2;
    /// let part = world.split(Some(colour), 0)?.expect("it gave a colour");
    /// assert_eq!((part.rank(), part.size()), (world.rank() / 2, if colour == 0 { 3 } else { 2 }));
    /// assert!(world.split(None, 0)?.is_none());
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn split(&self, colour: Option<u32>, key: i64) -> Result<Option<Comm>> {
        called_to_make(self);
        self.untyped
            .split(colour, key)
            .map(|part| part.map(Comm::of))
            .map_err(|error| spot("split").explain::<()>(&self.untyped, error))
    }

    /// Divides the ranks by anything: those whose keys are equal form a communicator, in the order of ranks. Collective; costs
    /// one all-gather.
    ///
    /// # Errors
    /// A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(5, |world| {
    /// let shelf = (world.rank() % 2 == 1, 'a');
    /// let part = world.split_by(&shelf)?;
    /// assert_eq!((part.rank(), part.size()), (world.rank() / 2, if shelf.0 { 2 } else { 3 }));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn split_by<K: Wire + Eq>(&self, key: &K) -> Result<Comm> {
        called_to_make(self);
        let mut mine = vec![0; K::BYTES];
        key.pack(&mut mine);
        // What is no value equals none; the same bytes are the same value.
        let is_same = |theirs: &[u8]| theirs == mine || K::unpack(theirs).is_ok_and(|theirs| theirs == *key);
        let part = self.untyped.split_by(&mine, format!("part of {}", self.name()), is_same);
        part.map(Comm::of).map_err(|error| spot("split_by").explain::<K>(&self.untyped, error))
    }

    /// The communicator of the ranks that share memory with this one: those of its host (MPI 5.0 §7.4.2). Collective; costs
    /// one all-gather.
    ///
    /// # Errors
    /// A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// // The ranks of a test are on one host.
    /// let host = world.split_by_host()?;
    /// assert_eq!((host.rank(), host.size()), (world.rank(), world.size()));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn split_by_host(&self) -> Result<Comm> {
        called_to_make(self);
        let part = self.untyped.split_by_host();
        part.map(Comm::of).map_err(|error| spot("split_by_host").explain::<()>(&self.untyped, error))
    }

    /// The communicator of the ranks that are bound to the same NUMA node as this one; `None` at those that may run on
    /// several nodes (MPI 5.0 §7.4.2). Collective; costs one all-gather.
    ///
    /// # Errors
    /// A rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// if let Some(node) = world.split_by_numa_node()? {
    ///     assert!(node.size() <= world.split_by_host()?.size());
    /// } else {
    ///     world.split_by_host()?;
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn split_by_numa_node(&self) -> Result<Option<Comm>> {
        called_to_make(self);
        let part = self.untyped.split_by_numa_node();
        let of = |part: Option<_>| part.map(Comm::of);
        part.map(of).map_err(|error| spot("split_by_numa_node").explain::<()>(&self.untyped, error))
    }

    /// The communicator of a group of these ranks; `None` at those outside (MPI 5.0 §7.4.2). Collective for all ranks here,
    /// who give the same group, or groups that each have only members of their own. Costs one all-gather.
    ///
    /// # Errors
    /// A group with a process that is not here; ranks that gave different groups; a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// let odd = world.group().include(&[3, 1])?;
    /// match world.create(&odd)? {
    ///     Some(odd) => assert_eq!((odd.rank(), odd.size()), (if world.rank() == 3 { 0 } else { 1 }, 2)),
    ///     None => assert_eq!(world.rank() % 2, 0),
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn create(&self, group: &Group) -> Result<Option<Comm>> {
        called_to_make(self);
        let created = self.untyped.create(group.inner());
        let of = |created: Option<_>| created.map(Comm::of);
        created.map(of).map_err(|error| spot("create").explain::<()>(&self.untyped, error))
    }

    /// [`create`](Comm::create) by the members of the group alone (MPI 5.0 §7.4.2). Threads that create communicators of
    /// one group at once tell them apart by the tag.
    ///
    /// # Errors
    /// A group with a process that is not here, or without this one; a tag in use on another thread; a member that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(4, |world| {
    /// // The other ranks needn't know.
    /// if world.rank() < 3 {
    ///     let three = world.create_from(&world.group().exclude(&[3])?, "three")?;
    ///     assert_eq!((three.rank(), three.size()), (world.rank(), 3));
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn create_from(&self, group: &Group, tag: &str) -> Result<Comm> {
        let created = self.untyped.create_from(group.inner(), tag);
        created.map(Comm::of).map_err(|error| spot("create_from").explain::<()>(&self.untyped, error))
    }

    /// The processes of this communicator, in the order of ranks.
    pub fn group(&self) -> Group {
        Group::of(self.untyped.process().clone(), self.untyped.inner().group.clone())
    }

    /// How two communicators compare (MPI 5.0 §7.4.1). Local.
    ///
    /// ```
    /// # use archipelago::Likeness;
    /// # archipelago::testing::run(2, |world| {
    /// assert_eq!(world.compare(&world.clone()), Likeness::Identical);
    /// assert_eq!(world.compare(&world.duplicate()?), Likeness::Congruent);
    /// let turned = world.split(Some(0), -(world.rank() as i64))?.expect("it gave a colour");
    /// assert_eq!(world.compare(&turned), Likeness::Similar);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn compare(&self, other: &Comm) -> Likeness {
        let (mine, theirs) = (self.untyped.inner(), other.untyped.inner());
        if mine.context == theirs.context && mine.group == theirs.group {
            return Likeness::Identical;
        }
        match mine.group.compare(&theirs.group) {
            Comparison::Identical => Likeness::Congruent,
            Comparison::Similar => Likeness::Similar,
            Comparison::Unequal => Likeness::Unequal,
        }
    }
}

/// How two communicators compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They are the same: messages sent in one are received in the other.
    Identical,
    /// The same processes in the same order.
    Congruent,
    /// The same processes in another order.
    Similar,
    /// Other processes.
    Unequal,
}
