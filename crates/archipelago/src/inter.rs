//! Inter-communicators: two groups of ranks, each of which talks to the other.

use runtime::inter::{Inter, Root};

use crate::address::{Destination, Source};
use crate::called::called_to_make;
use crate::create::spot;
use crate::lending::{Readable, Writable};
use crate::operator::Operation;
use crate::{Comm, Error, Group, Operand, Result};

impl Comm {
    /// Connects the ranks of this communicator with those of another one (MPI 5.0 §7.6.2). Collective for both; rank `leader` of
    /// each reaches the other's leader over a third communicator: it gives that and the other leader's rank in it, the others give
    /// `None`. Both sides give the same tag, by which one bridge serves for several connections at once.
    ///
    /// Costs two all-gathers and a broadcast on each side, and an exchange between the leaders.
    ///
    /// # Errors
    /// A leader that there isn't, or that gives no bridge or a rank that this doesn't have; sides with a rank in common; a rank
    /// that is gone.
    ///
    /// ```
    /// use archipelago::InterRoot;
    /// # archipelago::testing::run(5, |world| {
    /// // Ranks 0 and 1 ask, the others answer.
    /// let asks = world.rank() < 2;
    /// let side = world.split(Some(asks as u32), 0)?.expect("it gave a colour");
    /// let other_leader = if asks { 2 } else { 0 };
    /// let bridge = (side.rank() == 0).then_some((&world, other_leader));
    /// let inter = side.inter_communicator(0, bridge, 0)?;
    /// assert_eq!((inter.size(), inter.remote_size()), if asks { (2, 3) } else { (3, 2) });
    /// // Ranks name members of the other side.
    /// if asks && inter.rank() == 1 {
    ///     inter.to(2).send("why?".as_bytes())?;
    /// } else if !asks && inter.rank() == 2 {
    ///     assert_eq!(inter.from(1).receive::<Vec<u8>>()?, b"why?");
    /// }
    /// // Each side gets what the other gives.
    /// let sum = inter.all_reduce(&[inter.rank()], archipelago::Sum)?;
    /// assert_eq!(sum, if asks { [3] } else { [1] });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn inter_communicator(
        &self,
        leader: usize,
        bridge: Option<(&Comm, usize)>,
        tag: i32,
    ) -> Result<InterComm> {
        called_to_make(self);
        let bridge = bridge.map(|(comm, rank)| (&comm.untyped, rank));
        let made = Inter::create(&self.untyped, leader, bridge, tag).map(InterComm::of);
        made.map_err(|error| spot("inter_communicator").explain::<()>(&self.untyped, error))
    }
}

/// A communicator of two sides: its ranks send to the other side and hear from it. Made by [`Comm::inter_communicator`].
///
/// In collectives each side gets what the other gives. Both sides call the same ones in the same order.
#[derive(Clone, Debug)]
pub struct InterComm {
    inter: Inter,
    comm: Comm,
    /// Both sides, for collectives.
    union: Comm,
}

impl InterComm {
    pub(crate) fn of(inter: Inter) -> InterComm {
        InterComm { comm: Comm::of(inter.comm().clone()), union: Comm::of(inter.union().clone()), inter }
    }

    pub(crate) fn untyped(&self) -> &Inter {
        &self.inter
    }

    pub(crate) fn union(&self) -> &Comm {
        &self.union
    }

    pub(crate) fn inter(&self) -> &Inter {
        &self.inter
    }

    /// For messages to the other side.
    pub(crate) fn comm(&self) -> &Comm {
        &self.comm
    }

    /// This process's rank in its own side.
    pub fn rank(&self) -> usize {
        self.comm.rank()
    }

    /// How many ranks this side has.
    pub fn size(&self) -> usize {
        self.comm.size()
    }

    /// How many ranks the other side has.
    pub fn remote_size(&self) -> usize {
        self.inter.remote_size()
    }

    /// The processes of this side.
    pub fn group(&self) -> Group {
        self.comm.group()
    }

    /// The processes of the other side.
    pub fn remote_group(&self) -> Group {
        Group::of(self.comm.untyped.process().clone(), self.inter.remote().clone())
    }

    /// The name by which errors and reports call it.
    pub fn name(&self) -> std::sync::Arc<str> {
        self.comm.name()
    }

    /// Calls it otherwise from now on, in this process alone.
    pub fn set_name(&self, name: &str) {
        self.comm.set_name(name);
    }

    /// The address of a rank of the other side as a destination, with tag 0. The verb checks it.
    pub fn to(&self, rank: usize) -> Destination<'_> {
        self.comm.to(rank)
    }

    /// The address of a rank of the other side as a source, with tag 0. The verb checks it.
    pub fn from(&self, rank: usize) -> Source<'_> {
        self.comm.from(rank)
    }

    /// Any rank of the other side as a source, with tag 0.
    pub fn from_any(&self) -> Source<'_> {
        self.comm.from_any()
    }

    /// An inter-communicator of the same ranks whose messages never meet those of this one. Collective for both sides.
    ///
    /// # Errors
    /// A rank that is gone.
    #[track_caller]
    pub fn duplicate(&self) -> Result<InterComm> {
        called_to_make(&self.comm);
        self.inter.duplicate().map(InterComm::of).map_err(|error| self.explain("duplicate", error))
    }

    /// The inter-communicator of the ranks on both sides that give the same colour, each side in the order of its keys; `None` at
    /// those that give none and where the other side has none of the colour. Collective for both sides.
    ///
    /// # Errors
    /// A rank that is gone.
    #[track_caller]
    pub fn split(&self, colour: Option<u32>, key: i64) -> Result<Option<InterComm>> {
        called_to_make(&self.comm);
        let part = self.inter.split(colour, key);
        part.map(|part| part.map(InterComm::of)).map_err(|error| self.explain("split", error))
    }

    /// A communicator of all ranks: those of the side that says `high` come last; if both say the same, the order of the sides is
    /// not known before, but the same for all. Collective for both sides.
    ///
    /// # Errors
    /// Ranks of one side that say different things; a rank that is gone.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// let is_high = world.rank() < 2;
    /// let side = world.split(Some(is_high as u32), 0)?.expect("it gave a colour");
    /// let bridge = (side.rank() == 0).then_some((&world, if is_high { 2 } else { 0 }));
    /// let all = side.inter_communicator(0, bridge, 0)?.merge(is_high)?;
    /// assert_eq!(all.all_gather(&[world.rank()])?, [2, 0, 1]);
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    #[track_caller]
    pub fn merge(&self, high: bool) -> Result<Comm> {
        called_to_make(&self.comm);
        self.inter.merge(high).map(Comm::of).map_err(|error| self.explain("merge", error))
    }

    /// Returns when all ranks of both sides have called it.
    ///
    /// # Errors
    /// A rank that is gone.
    pub fn barrier(&self) -> Result<()> {
        self.prepare().barrier().run()
    }

    /// The root's values reach all ranks of the other side, whose buffers are as long.
    ///
    /// # Errors
    /// A root that can't be; buffers of different lengths; a rank that is gone.
    pub fn broadcast<'a>(&self, root: Root, values: impl Writable<'a>) -> Result<()> {
        self.prepare().broadcast(root, values).run()
    }

    /// The root gets the values of all ranks of the other side, of each the same number, in the order of ranks. `all` counts at the
    /// root alone, `mine` on the other side.
    ///
    /// # Errors
    /// A root that can't be; a buffer of another length; a rank that is gone.
    pub fn gather_into<'a, I: Readable<'a>>(
        &self,
        root: Root,
        mine: I,
        all: impl Writable<'a, Item = I::Item>,
    ) -> Result<()> {
        self.prepare().gather(root, mine, all).run()
    }

    /// Each rank of the other side gets its part of the root's values, all of one length. `all` counts at the root alone, `mine` on
    /// the other side.
    ///
    /// # Errors
    /// As [`gather_into`](InterComm::gather_into).
    pub fn scatter_into<'a, I: Readable<'a>>(
        &self,
        root: Root,
        all: I,
        mine: impl Writable<'a, Item = I::Item>,
    ) -> Result<()> {
        self.prepare().scatter(root, all, mine).run()
    }

    /// Every rank gets the values of all ranks of the other side, in the order of ranks. The ranks of a side give the same number,
    /// which need not be the other's.
    ///
    /// # Errors
    /// A buffer that can't be divided among the other side's ranks, or of another length than they give; a rank that is gone.
    pub fn all_gather_into<'a, I: Readable<'a>>(
        &self,
        mine: I,
        theirs: impl Writable<'a, Item = I::Item>,
    ) -> Result<()> {
        self.prepare().all_gather(mine, theirs).run()
    }

    /// Every rank gives each rank of the other side its part of `mine`, all parts of one length, and gets one from each.
    ///
    /// # Errors
    /// As [`all_gather_into`](InterComm::all_gather_into).
    pub fn all_to_all_into<'a, I: Readable<'a>>(
        &self,
        mine: I,
        theirs: impl Writable<'a, Item = I::Item>,
    ) -> Result<()> {
        self.prepare().all_to_all(mine, theirs).run()
    }

    /// The root gets the combination of the values of all ranks of the other side, element by element. `result` counts at the root
    /// alone, `mine` on the other side.
    ///
    /// # Errors
    /// As [`gather_into`](InterComm::gather_into).
    pub fn reduce_into<'a, I: Readable<'a>>(
        &self,
        root: Root,
        mine: I,
        result: impl Writable<'a, Item = I::Item>,
        operation: impl Operation<I::Item>,
    ) -> Result<()> {
        self.prepare().reduce(root, mine, result, operation).run()
    }

    /// Every rank gets the combination of the values of all ranks of the other side, element by element; all give the same number.
    ///
    /// # Errors
    /// Ranks that give different numbers of values; a rank that is gone.
    pub fn all_reduce<P: Operand>(&self, mine: P, operation: impl Operation<P::Item>) -> Result<P::Result> {
        self.prepare().all_reduced(mine, operation)
    }

    /// Every rank gets its part of the combination of the values of all ranks of the other side, which is cut into parts of one
    /// length. Both sides give the same number of values.
    ///
    /// # Errors
    /// Parts that don't make up the values; ranks that give different numbers of values; a rank that is gone.
    pub fn reduce_scatter_into<'a, I: Readable<'a>>(
        &self,
        mine: I,
        part: impl Writable<'a, Item = I::Item>,
        operation: impl Operation<I::Item>,
    ) -> Result<()> {
        self.prepare().reduce_scatter(mine, part, operation).run()
    }

    fn explain(&self, operation: &'static str, error: engine::Error) -> Error {
        spot(operation).explain::<()>(&self.comm.untyped, error)
    }
}
