//! All-to-all with parts of any types, each in a buffer of its own.

use engine::collective::Collective;
use layout::{Buffer, BufferMut, Memory, MemoryMut};
use wire::{Wire, slice};

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

/// A buffer, and memory for what comes where that is not received where it belongs.
struct Room<'a, B: ?Sized> {
    buffer: &'a mut B,
    scratch: Vec<u8>,
}

impl<B: BufferMut + ?Sized> Incoming for Room<'_, B> {
    fn room(&mut self) -> &mut [u8] {
        match self.buffer.memory_mut() {
            MemoryMut::Row(items) => slice::encoded_mut(items).unwrap_or(&mut self.scratch),
            MemoryMut::LaidOut(..) => &mut self.scratch,
        }
    }

    fn land(&mut self, comm: &Comm, spot: Spot) -> Result<()> {
        match self.buffer.memory_mut() {
            MemoryMut::Row(items) => {
                if slice::encoded_mut(items).is_some() {
                    return Ok(());
                }
                let landed = slice::unpack(&self.scratch, items);
                landed.map_err(|invalid| spot.invalid::<B::Item>(&comm.untyped, invalid))
            }
            MemoryMut::LaidOut(..) => {
                raw::unpacked_bytes(self.buffer, &self.scratch);
                Ok(())
            }
        }
    }
}

impl<'a> AllToAllW<'a> {
    /// With so many ranks to give to and to get from.
    pub(super) fn of(comm: &'a Comm, ranks: usize, first_side: u32) -> Self {
        let incoming = (0..ranks).map(|_| None).collect();
        AllToAllW { comm, outgoing: vec![None; ranks], incoming, wrong: None, first_side }
    }

    /// What goes to a rank: a value, a slice, a vector, or what a layout selects, which is packed.
    pub fn to<B: Buffer + ?Sized>(mut self, rank: usize, values: &'a B) -> Self {
        let encoded = match values.memory() {
            Memory::LaidOut(..) => Encoded::Packed(raw::packed_bytes(values)),
            Memory::Row(items) => match slice::encoded(items) {
                Some(bytes) => Encoded::Lying(bytes),
                None => Encoded::Packed(slice::pack_to_vec(items)),
            },
        };
        match self.outgoing.get_mut(rank) {
            Some(part) => *part = Some(encoded),
            None => self.refuse::<B::Item>(rank),
        }
        self
    }

    /// Where to what comes from a rank goes: a value, a slice, a vector, or to where a layout has it; as long as what comes.
    pub fn from<B: BufferMut + ?Sized>(mut self, rank: usize, buffer: &'a mut B) -> Self
    where
        B::Item: 'a,
    {
        let scratch = match buffer.memory_mut() {
            MemoryMut::LaidOut(..) => raw::packed_bytes(buffer),
            MemoryMut::Row(items) => match slice::encoded_mut(items) {
                Some(_) => Vec::new(),
                None => slice::pack_to_vec(items),
            },
        };
        match self.incoming.get_mut(rank) {
            Some(part) => *part = Some(Box::new(Room { buffer, scratch })),
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
