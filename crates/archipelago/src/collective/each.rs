//! All-to-all with parts of any types, each in a buffer of its own: with all ranks, with those of the other side, with neighbours.

use std::any::Any;
use std::marker::PhantomData;

use engine::collective::Collective;
use layout::{Buffer, BufferMut, OwnedBuffer};
use wire::Wire;

use super::buffers::{Buffers, Lendable, Lent, sealed};
use super::neighbours::ALL_TO_ALL_W;
use super::{Job, Neighbours, Prepare, PrepareInter, PrepareNeighbours, Prepared};
use crate::lending::{Given, Landing, Lending};
use crate::{Comm, InterComm};

/// An all-to-all with parts of any types that are borrowed; made by [`Comm::all_to_all_w`].
pub type AllToAllW<'a> = Prepared<'a, LentParts<'a>>;

impl Comm {
    /// Exchanges with each rank a part of its own type and length: name the buffers, then [`run`](Prepared::run) or
    /// [`start`](Prepared::start) it; ranks that are not named get or give nothing. [`Prepare::all_to_all_w`] is the same with
    /// buffers that the operation owns. Both sides of a part must agree on its bytes; their types are not compared.
    ///
    /// Costs one message to and from each rank, or on one host one look at a shared board for what is small.
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let (me, other) = (world.rank(), 1 - world.rank());
    /// let (mut number, mut word) = (0u64, ['?'; 2]);
    /// world
    ///     .all_to_all_w()
    ///     .to(me, &(me as u64))
    ///     .from(me, &mut number)
    ///     .to(other, &['h', 'i'])
    ///     .from(other, &mut word)
    ///     .run()?;
    /// assert_eq!((number, word), (me as u64, ['h', 'i']));
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn all_to_all_w(&self) -> AllToAllW<'_> {
        self.prepare().separate(LentParts::new)
    }
}

impl InterComm {
    /// Exchanges with each rank of the other side a part of its own type and length; see [`Comm::all_to_all_w`].
    pub fn all_to_all_w(&self) -> AllToAllW<'_> {
        self.prepare().separate(LentParts::new)
    }
}

impl<'c> Neighbours<'c> {
    /// Exchanges with each neighbour a part of its own type and length, as [`Comm::all_to_all_w`] does with each rank: `to` and
    /// `from` take a neighbour's number among those that this rank gives to and gets from. What is for or from an absent one is
    /// left as it is.
    ///
    /// ```
    /// # archipelago::testing::run(3, |world| {
    /// // Numbers go up a line of ranks, words go down.
    /// let line = world.cartesian(&[(3, false)])?.expect("every rank is in it");
    /// let (mut number, mut word) = (99usize, ['-'; 2]);
    /// line.neighbours()
    ///     .all_to_all_w()
    ///     .to(1, &line.rank())
    ///     .from(0, &mut number)
    ///     .to(0, &['u', 'p'])
    ///     .from(1, &mut word)
    ///     .run()?;
    /// assert_eq!(number, [99, 0, 1][line.rank()]);
    /// assert_eq!(word, if line.rank() < 2 { ['u', 'p'] } else { ['-'; 2] });
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn all_to_all_w(&self) -> AllToAllW<'c> {
        self.prepare().separate(LentParts::new)
    }
}

impl<'c> Prepare<'c> {
    /// As [`Comm::all_to_all_w`], with buffers that the operation owns: name them, then have it [owned](Prepared::owned) or
    /// [persistent](Prepared::persistent). They come back, and are used between two starts, as [`OwnedParts`].
    ///
    /// ```
    /// # archipelago::testing::run(2, |world| {
    /// let (me, other) = (world.rank(), 1 - world.rank());
    /// let describe = || {
    ///     let parts = world.prepare().all_to_all_w();
    ///     parts.to(me, vec![me as f64; 3]).from(me, vec![0.0; 3]).to(other, vec!['h', 'i']).from(other, vec!['?'; 2])
    /// };
    /// let mut parts = describe().owned().wait()?;
    /// assert_eq!(parts.incoming(me), Some(&mut vec![me as f64; 3]));
    /// assert_eq!(parts.take_incoming(other), Some(vec!['h', 'i']));
    ///
    /// let mut again = describe().persistent()?;
    /// for letter in ['a', 'b'] {
    ///     again.wait()?.outgoing::<Vec<char>>(other).expect("it was named")[1] = letter;
    ///     again.start()?;
    ///     assert_eq!(again.wait()?.incoming(other), Some(&mut vec!['h', letter]));
    /// }
    /// # Ok::<(), archipelago::Error>(())
    /// # });
    /// ```
    pub fn all_to_all_w(&self) -> Prepared<'c, OwnedParts> {
        self.separate(OwnedParts::new)
    }

    fn separate<P>(&self, parts: impl FnOnce(usize, usize) -> P) -> Prepared<'c, P> {
        let (job, ranks) = (self.job::<u8>("all_to_all_w", Collective::AllToAll, 0), self.comm.size());
        separate(self.comm, job, parts(ranks, ranks))
    }
}

impl<'c> PrepareInter<'c> {
    /// As [`Prepare::all_to_all_w`], with the ranks of the other side.
    pub fn all_to_all_w(&self) -> Prepared<'c, OwnedParts> {
        self.separate(OwnedParts::new)
    }

    fn separate<P>(&self, parts: impl FnOnce(usize, usize) -> P) -> Prepared<'c, P> {
        let job = self.job::<u8>("all_to_all_w", Collective::AllToAll, 0);
        let ranks = self.inter.remote_size();
        separate(self.inter.union(), job, parts(ranks, ranks))
    }
}

impl<'c> PrepareNeighbours<'c> {
    /// As [`Prepare::all_to_all_w`], with the neighbours, by their numbers: see [`Neighbours::all_to_all_w`].
    pub fn all_to_all_w(&self) -> Prepared<'c, OwnedParts> {
        self.separate(OwnedParts::new)
    }

    fn separate<P>(&self, parts: impl FnOnce(usize, usize) -> P) -> Prepared<'c, P> {
        let neighbours = self.neighbours;
        let job = neighbours.job::<u8>(ALL_TO_ALL_W, Collective::NeighbourAllToAll, 0);
        separate(neighbours.comm(), job, parts(neighbours.len(), neighbours.sources()))
    }
}

fn separate<'c, P>(comm: &'c Comm, mut job: Job<'c>, parts: P) -> Prepared<'c, P> {
    job.call.case.listed = true;
    Prepared::of(comm, Ok(job), (0, 0), parts)
}

/// Parts of any types, each in a buffer of its own that is borrowed. [`Prepared::run`] and [`Prepared::start`] take them.
pub struct LentParts<'a> {
    outgoing: Vec<Option<Given>>,
    incoming: Vec<Option<Landing>>,
    borrow: PhantomData<&'a mut ()>,
}

impl LentParts<'_> {
    fn new(outgoing: usize, incoming: usize) -> Self {
        let (outgoing, incoming) = (none_of(outgoing), none_of(incoming));
        LentParts { outgoing, incoming, borrow: PhantomData }
    }
}

impl<'a> Prepared<'_, LentParts<'a>> {
    /// What goes to a rank: a value, a slice, a vector, or what a layout selects, which is packed.
    pub fn to<B: Buffer + ?Sized>(mut self, rank: usize, values: &'a B) -> Self {
        match self.buffers.outgoing.get_mut(rank) {
            Some(part) => *part = Some(Given::of(values)),
            None => self.refuse::<B::Item>(rank, self.buffers.outgoing.len()),
        }
        self
    }

    /// Where to what comes from a rank goes: a value, a slice, a vector, or to where a layout has it; as long as what comes.
    pub fn from<B: BufferMut + ?Sized>(mut self, rank: usize, buffer: &'a mut B) -> Self {
        match self.buffers.incoming.get_mut(rank) {
            Some(part) => *part = Some(Landing::holding(buffer)),
            None => self.refuse::<B::Item>(rank, self.buffers.incoming.len()),
        }
        self
    }
}

impl<P> Prepared<'_, P> {
    fn refuse<T: Wire>(&mut self, rank: usize, size: usize) {
        if let Ok(described) = &self.described {
            let error = engine::Error::NoSuchRank { rank, size };
            self.described = Err(described.spot.explain::<T>(&self.comm.untyped, error));
        }
    }
}

impl sealed::Sealed for LentParts<'_> {}

impl Lendable for LentParts<'_> {
    type Item = u8;

    fn lend(&mut self) -> Lending {
        let outgoing = self.outgoing.iter_mut().map(|part| part.take().unwrap_or(Given::NONE));
        let incoming = self.incoming.iter_mut().map(|part| part.take().unwrap_or_else(Landing::none));
        Lending::Parts(outgoing.collect(), incoming.collect())
    }
}

impl<'a> Lent<'a> for LentParts<'a> {
    type Written = ();
}

impl std::fmt::Debug for LentParts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (outgoing, incoming) =
            (self.outgoing.iter().flatten().count(), self.incoming.iter().flatten().count());
        write!(f, "LentParts({outgoing} to give, {incoming} to get)")
    }
}

/// Parts of any types, each in a buffer of its own that goes with it: a value, a vector, a boxed slice, or what a layout
/// [owns](crate::OwnedView) of a vector. Made by [`Prepare::all_to_all_w`], which has an example.
pub struct OwnedParts {
    outgoing: Vec<Option<Box<dyn Part>>>,
    incoming: Vec<Option<Box<dyn Part>>>,
}

impl OwnedParts {
    fn new(outgoing: usize, incoming: usize) -> Self {
        OwnedParts { outgoing: none_of(outgoing), incoming: none_of(incoming) }
    }

    /// The buffer of what goes to a rank, if that has one of this type.
    pub fn outgoing<B: OwnedBuffer>(&mut self, rank: usize) -> Option<&mut B> {
        self.outgoing.get_mut(rank)?.as_mut()?.any().downcast_mut()
    }

    /// The buffer of what comes from a rank, if that has one of this type.
    pub fn incoming<B: OwnedBuffer>(&mut self, rank: usize) -> Option<&mut B> {
        self.incoming.get_mut(rank)?.as_mut()?.any().downcast_mut()
    }

    /// Takes the buffer out of what goes to a rank, if that has one of this type; afterwards nothing goes to it.
    pub fn take_outgoing<B: OwnedBuffer>(&mut self, rank: usize) -> Option<B> {
        taken(self.outgoing.get_mut(rank)?)
    }

    /// Takes the buffer out of what comes from a rank, if that has one of this type; afterwards nothing comes from it.
    pub fn take_incoming<B: OwnedBuffer>(&mut self, rank: usize) -> Option<B> {
        taken(self.incoming.get_mut(rank)?)
    }
}

fn none_of<P>(count: usize) -> Vec<Option<P>> {
    (0..count).map(|_| None).collect()
}

fn taken<B: OwnedBuffer>(part: &mut Option<Box<dyn Part>>) -> Option<B> {
    part.as_mut()?.any().downcast_mut::<B>()?;
    part.take()?.into_any().downcast().ok().map(|buffer| *buffer)
}

impl Prepared<'_, OwnedParts> {
    /// What goes to a rank.
    pub fn to<B: OwnedBuffer>(mut self, rank: usize, values: B) -> Self {
        match self.buffers.outgoing.get_mut(rank) {
            Some(part) => *part = Some(Box::new(values)),
            None => self.refuse::<B::Item>(rank, self.buffers.outgoing.len()),
        }
        self
    }

    /// Where to what comes from a rank goes; as long as that.
    pub fn from<B: OwnedBuffer>(mut self, rank: usize, buffer: B) -> Self {
        match self.buffers.incoming.get_mut(rank) {
            Some(part) => *part = Some(Box::new(buffer)),
            None => self.refuse::<B::Item>(rank, self.buffers.incoming.len()),
        }
        self
    }
}

/// A buffer, whatever its type.
trait Part: Send {
    fn given(&self) -> Given;
    fn landing(&mut self) -> Landing;
    fn any(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<B: OwnedBuffer> Part for B {
    fn given(&self) -> Given {
        Given::of(self)
    }

    fn landing(&mut self) -> Landing {
        Landing::holding(self)
    }

    fn any(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl sealed::Sealed for OwnedParts {}

impl Lendable for OwnedParts {
    type Item = u8;

    fn lend(&mut self) -> Lending {
        let outgoing =
            self.outgoing.iter().map(|part| part.as_ref().map_or(Given::NONE, |part| part.given()));
        let incoming = self.incoming.iter_mut();
        let incoming = incoming.map(|part| part.as_mut().map_or_else(Landing::none, |part| part.landing()));
        Lending::Parts(outgoing.collect(), incoming.collect())
    }
}

impl Buffers for OwnedParts {
    type Back = OwnedParts;
    type Access<'a> = &'a mut OwnedParts;

    fn access(&mut self) -> &mut OwnedParts {
        self
    }

    fn back(self) -> OwnedParts {
        self
    }
}

impl std::fmt::Debug for OwnedParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (outgoing, incoming) =
            (self.outgoing.iter().flatten().count(), self.incoming.iter().flatten().count());
        write!(f, "OwnedParts({outgoing} to give, {incoming} to get)")
    }
}
