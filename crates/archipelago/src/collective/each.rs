//! All-to-all with parts of any types, each in a buffer of its own.

use engine::collective::Collective;
use wire::{Items, ItemsMut, Wire, slice};

use super::Job;
use crate::error::Spot;
use crate::{Comm, Error, Result, raw};

impl Comm {
    /// Exchanges with each rank a part of its own type and length: name the buffers, then [`run`](AllToAllW::run). Both
    /// sides of a part must agree on its bytes; their types are not compared.
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
        AllToAllW::of(self, self.size(), 0)
    }
}

/// An all-to-all with parts of any types, to be described and [`run`](AllToAllW::run). Ranks that are not named get or give
/// nothing.
#[must_use = "it does nothing until it is run"]
pub struct AllToAllW<'a> {
    comm: &'a Comm,
    outgoing: Vec<Option<Encoded<'a>>>,
    incoming: Vec<Option<Box<dyn Incoming + 'a>>>,
    wrong: Option<Error>,
    /// Of an inter-communicator: the ranks of the first side.
    first_side: u32,
}

/// Values as bytes.
#[derive(Clone, Debug)]
enum Encoded<'a> {
    Lying(&'a [u8]),
    Packed(Vec<u8>),
}

impl Encoded<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Encoded::Lying(bytes) => bytes,
            Encoded::Packed(bytes) => bytes,
        }
    }
}

/// A buffer that a part comes into.
trait Incoming {
    /// Where its bytes go.
    fn room(&mut self) -> &mut [u8];

    /// They are there.
    fn land(&mut self, comm: &Comm, spot: Spot) -> Result<()>;
}

/// Values, and memory for their encoding where they aren't plain.
struct Buffer<'a, T> {
    items: &'a mut [T],
    scratch: Vec<u8>,
}

impl<T: Wire> Incoming for Buffer<'_, T> {
    fn room(&mut self) -> &mut [u8] {
        slice::encoded_mut(self.items).unwrap_or(&mut self.scratch)
    }

    fn land(&mut self, comm: &Comm, spot: Spot) -> Result<()> {
        if slice::encoded_mut(self.items).is_some() {
            return Ok(());
        }
        let landed = slice::unpack(&self.scratch, self.items);
        landed.map_err(|invalid| spot.invalid::<T>(&comm.untyped, invalid))
    }
}

impl<'a> AllToAllW<'a> {
    /// With so many ranks to give to and to get from.
    pub(super) fn of(comm: &'a Comm, ranks: usize, first_side: u32) -> Self {
        let incoming = (0..ranks).map(|_| None).collect();
        AllToAllW { comm, outgoing: vec![None; ranks], incoming, wrong: None, first_side }
    }

    /// What goes to a rank: a value, a slice or a vector.
    pub fn to<B: Items + ?Sized>(mut self, rank: usize, values: &'a B) -> Self {
        let items = values.items();
        let encoded = match slice::encoded(items) {
            Some(bytes) => Encoded::Lying(bytes),
            None => Encoded::Packed(slice::pack_to_vec(items)),
        };
        match self.outgoing.get_mut(rank) {
            Some(part) => *part = Some(encoded),
            None => self.refuse::<B::Item>(rank),
        }
        self
    }

    /// Where to what comes from a rank goes: a value, a slice or a vector of as many values as it has.
    pub fn from<B: ItemsMut + ?Sized>(mut self, rank: usize, buffer: &'a mut B) -> Self
    where
        B::Item: 'a,
    {
        let items = buffer.items_mut();
        let scratch = match slice::encoded_mut(items) {
            Some(_) => Vec::new(),
            None => slice::pack_to_vec(items),
        };
        match self.incoming.get_mut(rank) {
            Some(part) => *part = Some(Box::new(Buffer { items, scratch })),
            None => self.refuse::<B::Item>(rank),
        }
        self
    }

    /// Performs it.
    ///
    /// # Errors
    /// A rank that can't be, before anything is done; a rank that is gone; a part that is longer or shorter than its buffer.
    pub fn run(self) -> Result<()> {
        let AllToAllW { comm, outgoing, mut incoming, wrong, first_side } = self;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let mut job = Job::new::<u8>(comm, "all_to_all_w", Collective::AllToAll, None, 0);
        (job.call.case.listed, job.call.case.sides) = (true, first_side);
        let spot = job.spot;
        let given: Vec<&[u8]> =
            outgoing.iter().map(|part| part.as_ref().map_or(&[][..], Encoded::bytes)).collect();
        let rooms: Vec<&mut [u8]> = incoming
            .iter_mut()
            .map(|part| match part {
                Some(part) => part.room(),
                None => &mut [][..],
            })
            .collect();
        raw::exchange(&comm.untyped, job.call, &given, rooms)
            .map_err(|error| spot.explain::<u8>(&comm.untyped, error))?;
        incoming.iter_mut().flatten().try_for_each(|part| part.land(comm, spot))
    }

    fn refuse<T: Wire>(&mut self, rank: usize) {
        let job = Job::new::<T>(self.comm, "all_to_all_w", Collective::AllToAll, None, 0);
        let error = engine::Error::NoSuchRank { rank, size: self.outgoing.len() };
        self.wrong.get_or_insert(job.spot.explain::<T>(&self.comm.untyped, error));
    }
}

impl std::fmt::Debug for AllToAllW<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (outgoing, incoming) =
            (self.outgoing.iter().flatten().count(), self.incoming.iter().flatten().count());
        write!(f, "AllToAllW({:?}, {outgoing} parts to give, {incoming} to get)", self.comm)
    }
}
