//! Memory that an operation reads or writes: the values' own, where their encoding lies there, else a copy that the operation has.
//!
//! What is made here holds addresses, and is followed by operations alone: who makes it sees to it that the buffer lives.

use std::borrow::Cow;
use std::sync::Arc;

use engine::Pointer;
use engine::collective::{Blocks, Lengths, Operands, Span};
use layout::{Buffer, BufferMut, Memory, MemoryMut, Operator, OwnedView, Placed, View, ViewMut};
use wire::{Form, Invalid, Wire, slice};

use crate::error::Spot;
use crate::{Error, Result};

/// Memory whose bytes an operation reads.
pub struct Given {
    at: *const u8,
    bytes: usize,
    /// Whole values.
    count: usize,
    /// The encoding, if that is not the memory of the values.
    #[expect(dead_code, reason = "it is kept, and found by its address")]
    packed: Vec<u8>,
    wrong: Option<Wrong>,
}

/// What a layout selects is no row of values.
#[derive(Debug)]
enum Wrong {
    Cut,
    Invalid(Box<Invalid>),
}

impl Wrong {
    fn explain<T: Wire>(&self, spot: Spot, comm: &runtime::Comm, bytes: usize) -> Error {
        match self {
            Wrong::Cut => {
                let what = format!("the layout selects {bytes} bytes, which are no whole number of values");
                spot.refuse::<T>(comm, what)
            }
            Wrong::Invalid(invalid) => spot.invalid::<T>(comm, **invalid),
        }
    }
}

// SAFETY: it stands for a `&[T]` of a type that is Sync.
unsafe impl Send for Given {}

impl Given {
    /// Nothing.
    pub const NONE: Given =
        Given { at: std::ptr::null(), bytes: 0, count: 0, packed: Vec::new(), wrong: None };

    /// Values in a row.
    pub fn row<T: Wire>(items: &[T]) -> Given {
        match slice::encoded(items) {
            Some(bytes) => {
                Given { at: bytes.as_ptr(), bytes: bytes.len(), count: items.len(), ..Given::NONE }
            }
            None => Given::packed(slice::pack_to_vec(items), items.len()),
        }
    }

    /// What a buffer holds: packed where it isn't in a row.
    pub fn of<B: Buffer + ?Sized>(buffer: &B) -> Given {
        let placed = match buffer.memory() {
            Memory::Row(items) => return Given::row(items),
            Memory::LaidOut(placed, _) => placed,
        };
        if let Some(at) = in_a_row::<B::Item>(placed) {
            let (bytes, (count, wrong)) = (placed.bytes(), cut::<B::Item>(placed.bytes()));
            return Given { at, bytes, count, wrong, packed: Vec::new() };
        }
        // SAFETY: a buffer can be read as long as it is borrowed.
        let packed = unsafe { pack(placed) };
        let (count, wrong) = whole::<B::Item>(&packed);
        Given { wrong, ..Given::packed(packed, count) }
    }

    fn packed(packed: Vec<u8>, count: usize) -> Given {
        Given { at: packed.as_ptr(), bytes: packed.len(), count, packed, wrong: None }
    }

    /// Where the bytes are, as long as this lives.
    pub fn at(&self) -> (*const u8, usize) {
        (self.at, self.bytes)
    }

    fn span(&self) -> Span {
        Span { offset: Pointer::reading(self.at).address(), bytes: self.bytes as u64 }
    }
}

/// Memory that an operation writes: where bytes land before their values are in the buffer.
pub struct Landing {
    place: Place,
    count: usize,
    bytes: usize,
    scratch: Option<Vec<u8>>,
    /// All of it is there in the end, however long a message was.
    whole: bool,
    land: fn(&Landing, engine::Status, &runtime::Comm, Spot) -> Result<usize>,
    wrong: Option<Wrong>,
}

enum Place {
    /// Values in a row, from here on.
    Row(*mut u8),
    /// As a layout has them.
    LaidOut(Box<Placed>),
}

// SAFETY: it stands for the `&mut [T]` of a type that is Send.
unsafe impl Send for Landing {}

impl Landing {
    /// Nothing.
    pub fn none() -> Landing {
        Landing::holding::<[u8]>(&mut [])
    }

    /// For a message into values in a row, which the caller lends until the last use of the landing.
    pub fn new<T: Wire>(items: *mut [T]) -> Landing {
        let (count, bytes) = (items.len(), items.len() * T::BYTES);
        let scratch = (T::FORM != Form::Plain).then(|| vec![0; bytes]);
        let place = Place::Row(items.cast());
        Landing { place, count, bytes, scratch, whole: false, land: Landing::land_as::<T>, wrong: None }
    }

    /// For a buffer whose values count, and which is there as a whole in the end; lent as above.
    pub fn holding<B: BufferMut + ?Sized>(buffer: &mut B) -> Landing {
        let (place, count, bytes, scratch, wrong) = match buffer.memory_mut() {
            MemoryMut::Row(items) => {
                let scratch = (B::Item::FORM != Form::Plain).then(|| slice::pack_to_vec(items));
                let (count, bytes) = (items.len(), items.len() * B::Item::BYTES);
                (Place::Row(items.as_mut_ptr().cast()), count, bytes, scratch, None)
            }
            MemoryMut::LaidOut(placed, _) => match in_a_row::<B::Item>(placed) {
                Some(at) => {
                    let (count, wrong) = cut::<B::Item>(placed.bytes());
                    (Place::Row(at), count, placed.bytes(), None, wrong)
                }
                None => {
                    // SAFETY: a buffer can be read as long as it is borrowed.
                    let packed = unsafe { pack(placed) };
                    let (count, wrong) = whole::<B::Item>(&packed);
                    (Place::LaidOut(Box::new(placed.clone())), count, packed.len(), Some(packed), wrong)
                }
            },
        };
        Landing { place, count, bytes, scratch, whole: true, land: Landing::land_as::<B::Item>, wrong }
    }

    /// Where the bytes go, and how many.
    pub fn room(&mut self) -> (*mut u8, usize) {
        match (&mut self.scratch, &self.place) {
            (Some(scratch), _) => (scratch.as_mut_ptr(), scratch.len()),
            (None, Place::Row(items)) => (*items, self.bytes),
            (None, Place::LaidOut(_)) => unreachable!("what is laid out has a copy"),
        }
    }

    /// The values, if they are in a row.
    fn row(&self) -> (*mut u8, usize) {
        match self.place {
            Place::Row(items) => (items, self.count),
            Place::LaidOut(_) => (std::ptr::null_mut(), 0),
        }
    }

    /// The bytes are there: their values go into the buffer. Returns how many.
    #[inline]
    pub(crate) fn land(&self, status: engine::Status, comm: &runtime::Comm, spot: Spot) -> Result<usize> {
        (self.land)(self, status, comm, spot)
    }

    fn land_as<T: Wire>(&self, status: engine::Status, comm: &runtime::Comm, spot: Spot) -> Result<usize> {
        let bytes = if self.whole { self.bytes } else { status.bytes };
        let count = match self.whole {
            true => self.count,
            false => bytes.checked_div(T::BYTES).unwrap_or(0).min(self.count),
        };
        if !self.whole && count * T::BYTES != bytes {
            let (found, expected) = (status.bytes, T::BYTES);
            return Err(Error::WrongCount { found, expected, place: spot.place::<T>(comm) });
        }
        match (&self.scratch, &self.place) {
            (None, _) => {}
            (Some(scratch), Place::Row(items)) => {
                // SAFETY: by the contract of `new` the buffer has `count` values or more and nobody else uses it.
                let items = unsafe { std::slice::from_raw_parts_mut(items.cast::<T>(), count) };
                slice::unpack(&scratch[..bytes], items)
                    .map_err(|invalid| spot.invalid::<T>(comm, invalid))?;
            }
            // SAFETY: by the contract of `new` the buffer is lent, and nobody else uses it.
            (Some(scratch), Place::LaidOut(placed)) => unsafe {
                placed.unpack(0, scratch.as_ptr(), scratch.len());
            },
        }
        Ok(count)
    }

    fn span(&mut self) -> Span {
        let (at, bytes) = self.room();
        Span { offset: Pointer::new(at).address(), bytes: bytes as u64 }
    }
}

/// How many whole values a buffer has.
pub fn length<B: Buffer + ?Sized>(buffer: &B) -> usize {
    match buffer.memory() {
        Memory::Row(items) => items.len(),
        Memory::LaidOut(placed, _) => placed.bytes().checked_div(B::Item::BYTES).unwrap_or(0),
    }
}

/// The encoding of a buffer's values, for what is sent at once.
///
/// # Errors
/// A layout that selects no row of values.
pub(crate) fn encoding<'a, B: Buffer + ?Sized>(
    buffer: &'a B,
    spot: Spot,
    comm: &runtime::Comm,
) -> Result<Cow<'a, [u8]>> {
    let placed = match buffer.memory() {
        Memory::Row(items) => return Ok(slice::encoding(items)),
        Memory::LaidOut(placed, _) => placed,
    };
    // SAFETY: a buffer can be read as long as it is borrowed.
    let packed = unsafe { pack(placed) };
    match whole::<B::Item>(&packed).1 {
        None => Ok(Cow::Owned(packed)),
        Some(wrong) => Err(wrong.explain::<B::Item>(spot, comm, packed.len())),
    }
}

/// # Safety
/// The layout's memory can be read.
unsafe fn pack(placed: &Placed) -> Vec<u8> {
    let mut bytes = vec![0; placed.bytes()];
    // SAFETY: the caller's promise.
    unsafe { placed.pack(0, bytes.as_mut_ptr(), bytes.len()) };
    bytes
}

/// Where a layout has its bytes, if it turns out to have them in a row and any are values.
fn in_a_row<T: Wire>(placed: &Placed) -> Option<*mut u8> {
    placed.contiguous().filter(|_| T::FORM == Form::Plain)
}

/// How many values so many bytes are, and whether one is cut.
fn cut<T: Wire>(bytes: usize) -> (usize, Option<Wrong>) {
    let count = bytes.checked_div(T::BYTES).unwrap_or(0);
    (count, (count * T::BYTES != bytes).then_some(Wrong::Cut))
}

/// How many values the bytes are, and why they are none.
fn whole<T: Wire>(packed: &[u8]) -> (usize, Option<Wrong>) {
    let invalid = || match T::FORM {
        Form::Plain => None,
        _ => slice::unpack_to_vec::<T>(packed).err().map(|invalid| Wrong::Invalid(Box::new(invalid))),
    };
    let (count, cut) = cut::<T>(packed.len());
    (count, cut.or_else(invalid))
}

/// All memory of a collective.
pub enum Lending {
    /// What is contributed, and what is written.
    Whole(Given, Landing),
    /// Parts, each in a buffer of its own: what is given, and what is taken.
    Parts(Vec<Given>, Vec<Landing>),
}

impl Lending {
    /// One buffer that is contributed and one that is written; lent as long as this is used.
    #[inline]
    pub fn whole<I: Buffer + ?Sized, O: BufferMut + ?Sized>(input: &I, output: &mut O) -> Lending {
        Lending::Whole(Given::of(input), Landing::holding(output))
    }

    /// What is written alone.
    pub fn in_place<O: BufferMut + ?Sized>(output: &mut O) -> Lending {
        Lending::Whole(Given::NONE, Landing::holding(output))
    }

    /// Refuses buffers that don't have so many values. Parts are as long as they are.
    #[inline]
    pub(crate) fn check<T: Wire>(
        &self,
        spot: Spot,
        comm: &runtime::Comm,
        input: usize,
        output: usize,
    ) -> Result<()> {
        let Lending::Whole(given, landing) = self else { return Ok(()) };
        let sides = [
            ("contributed", &given.wrong, given.bytes, given.count, input),
            ("written", &landing.wrong, landing.bytes, landing.count, output),
        ];
        for (what, wrong, bytes, given, needed) in sides {
            if let Some(wrong) = wrong {
                return Err(wrong.explain::<T>(spot, comm, bytes));
            }
            if given != needed {
                let what = format!("the buffer that is {what} has {given} values and must have {needed}");
                return Err(spot.refuse::<T>(comm, what));
            }
        }
        Ok(())
    }

    /// What the engine works on. `gives_output`: the output is not written, it is what is given.
    #[inline]
    pub fn operands(&mut self, gives_output: bool, operator: Option<Operator>) -> Operands {
        match self {
            Lending::Whole(given, landing) => {
                let output = landing.room().0;
                let from = if gives_output { output } else { given.at };
                Operands { input: Pointer::reading(from), output: Pointer::new(output), operator }
            }
            Lending::Parts(..) => Operands { operator, ..Operands::NONE },
        }
    }

    /// Where parts are. A part's place is its address: all start from no buffer at all.
    #[inline]
    pub fn listed(&mut self) -> Option<(Lengths, Lengths)> {
        let Lending::Parts(given, landings) = self else { return None };
        let listed = |blocks: Blocks| Lengths::Listed(Arc::new(blocks));
        let input = listed(Blocks::new(given.iter().map(Given::span)));
        Some((input, listed(Blocks::new(landings.iter_mut().map(Landing::span)))))
    }

    /// The values that are written, if they are in a row.
    pub fn row(&self) -> (*mut u8, usize) {
        match self {
            Lending::Whole(_, landing) => landing.row(),
            Lending::Parts(..) => (std::ptr::null_mut(), 0),
        }
    }

    /// It is complete: what has come goes into the buffers.
    #[inline]
    pub(crate) fn land(&self, comm: &runtime::Comm, spot: Spot) -> Result<usize> {
        let status = engine::Status::default();
        match self {
            Lending::Whole(_, landing) => landing.land(status, comm, spot),
            Lending::Parts(_, landings) => {
                landings.iter().try_fold(0, |all, landing| Ok(all + landing.land(status, comm, spot)?))
            }
        }
    }
}

/// A buffer that is borrowed for `'a`, to be read: a slice, an array or a vector behind a reference, or a view of a layout.
pub trait Readable<'a>: Buffer + sealed::Sealed {}

/// A buffer that is borrowed for `'a`, to be written: a slice, an array or a vector behind a reference, or a view of a layout.
pub trait Writable<'a>: BufferMut + sealed::Sealed {
    /// What comes back when the buffer has been written: the values; of what a layout selects nothing.
    type Back: 'a;

    /// What comes back.
    ///
    /// # Safety
    /// The values are borrowed for `'a`, and nobody uses them.
    #[doc(hidden)]
    unsafe fn back(items: *mut u8, count: usize) -> Self::Back;
}

mod sealed {
    /// Nobody else's buffers are borrowed for as long as their type says.
    pub trait Sealed {}
}

macro_rules! readable {
    ($($(const $n:ident)? $buffer:ty),+) => {$(
        impl<'a, T: Wire $(, const $n: usize)?> sealed::Sealed for $buffer {}
        impl<'a, T: Wire $(, const $n: usize)?> Readable<'a> for $buffer {}
    )+};
}

macro_rules! writable {
    ($($(const $n:ident)? $buffer:ty),+) => {$(
        impl<'a, T: Wire $(, const $n: usize)?> sealed::Sealed for $buffer {}
        impl<'a, T: Wire $(, const $n: usize)?> Writable<'a> for $buffer {
            type Back = &'a mut [T];

            unsafe fn back(items: *mut u8, count: usize) -> &'a mut [T] {
                // SAFETY: the caller's promise.
                unsafe { std::slice::from_raw_parts_mut(items.cast(), count) }
            }
        }
    )+};
}

macro_rules! writable_as_laid_out {
    ($($buffer:ty),+) => {$(
        impl<'a, T: Wire> sealed::Sealed for $buffer {}
        impl<'a, T: Wire> Writable<'a> for $buffer {
            type Back = ();

            unsafe fn back(_: *mut u8, _: usize) {}
        }
    )+};
}

/// No buffer, of which nothing comes back.
impl sealed::Sealed for () {}
impl Writable<'_> for () {
    type Back = ();

    unsafe fn back(_: *mut u8, _: usize) {}
}

readable!(&'a [T], const N &'a [T; N], &'a Vec<T>, View<'a, T>, &'a View<'_, T>, &'a ViewMut<'_, T>, &'a OwnedView<T>);
writable!(&'a mut [T], const N &'a mut [T; N], &'a mut Vec<T>);
writable_as_laid_out!(ViewMut<'a, T>, &'a mut ViewMut<'_, T>, &'a mut OwnedView<T>);
