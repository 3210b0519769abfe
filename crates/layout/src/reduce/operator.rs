//! An operator of a reduction as a value, whatever type it works on.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use wire::{Form, Invalid, Scalar, Shape, Wire};

use super::{exact, kernel, pair};
use crate::{Operation, Pair, copy};

/// An operator on encoded elements of one type: a predefined operation, or a function of the user's.
#[derive(Clone)]
pub struct Operator {
    kind: Kind,
    element_bytes: usize,
    commutative: bool,
}

#[derive(Clone)]
enum Kind {
    /// An operation on elements that are so many operands each.
    Predefined { operation: Operation, scalar: Scalar, operands: usize },
    /// The smallest or largest of pairs.
    Located { pair: Pair, largest: bool },
    /// The right operand, or the left one.
    Chosen { right: bool },
    /// So many exact sums.
    Exact { sums: usize },
    /// A function on encoded elements; after a failure it does nothing more.
    User { combine: Arc<Combine>, failure: Arc<Mutex<Option<Failure>>> },
}

/// (from, into, count, from is the left operand): combines `from` into `into`.
type Combine = dyn Fn(*const u8, *mut u8, usize, bool) -> Result<(), Failure> + Send + Sync;

/// Why a user's operator stopped.
pub enum Failure {
    /// The function panicked, with this payload.
    Panicked(Box<dyn Any + Send>),
    /// An operand that arrived was no value of the type.
    Invalid(Invalid),
}

impl Operator {
    /// A predefined operation on values of `T`: a scalar, an array of scalars (each on its own) or, for the operations on
    /// pairs, a scalar and an index. None where it is not defined.
    pub fn predefined<T: Wire>(operation: Operation) -> Option<Operator> {
        Operator::of_shape(operation, T::SHAPE)
    }

    /// The same for a type that is known by its shape.
    pub fn of_shape(operation: Operation, shape: &'static Shape) -> Option<Operator> {
        if !operation.is_symmetric() {
            return Some(Operator::chosen(operation == Operation::Replace, shape.bytes()));
        }
        if operation.is_located() {
            let pair = match shape {
                Shape::Fields { of: [Shape::Scalar(value), Shape::Scalar(index)] } => (*value, *index),
                Shape::Array { of: Shape::Scalar(both), count: 2 } => (*both, *both),
                _ => return None,
            };
            return Operator::of_pairs(operation, Pair::packed(pair.0, pair.1));
        }
        let (scalar, operands) = shape.uniform()?;
        Operator::of_scalars(operation, scalar, operands)
    }

    /// A predefined operation on elements that are so many scalars each.
    #[inline]
    pub fn of_scalars(operation: Operation, scalar: Scalar, operands: usize) -> Option<Operator> {
        let element_bytes = scalar.bytes().checked_mul(operands)?;
        if !operation.is_symmetric() {
            return Some(Operator::chosen(operation == Operation::Replace, element_bytes));
        }
        let defined = !operation.is_located() && operation.accepts(scalar);
        let kind = Kind::Predefined { operation, scalar, operands };
        defined.then_some(Operator { kind, element_bytes, commutative: true })
    }

    /// The smallest or largest of pairs that lie in memory like this.
    pub fn of_pairs(operation: Operation, pair: Pair) -> Option<Operator> {
        let kind = Kind::Located { pair, largest: operation == Operation::MaxLocation };
        let defined = operation.is_located() && operation.accepts(pair.value) && pair.is_defined();
        defined.then_some(Operator { kind, element_bytes: pair.bytes, commutative: true })
    }

    /// The sum of elements that are so many [`ReproducibleSum`](crate::ReproducibleSum)s each.
    pub fn exact(sums: usize) -> Operator {
        Operator { kind: Kind::Exact { sums }, element_bytes: sums * exact::BYTES, commutative: true }
    }

    fn chosen(right: bool, element_bytes: usize) -> Operator {
        Operator { kind: Kind::Chosen { right }, element_bytes, commutative: false }
    }

    /// A function in another language's way on elements of so many bytes: (left, right and result, count). It must be
    /// associative; `commutative` permits to combine elements in another order than that of the ranks.
    ///
    /// # Safety
    /// With a left operand that can be read and a right one that can be read and written, `count` elements each that
    /// don't overlap, the function touches no other memory that isn't its own.
    pub unsafe fn foreign(
        element_bytes: usize,
        commutative: bool,
        function: impl Fn(*const u8, *mut u8, usize) + Send + Sync + 'static,
    ) -> Operator {
        let combine = move |from: *const u8, into: *mut u8, count: usize, from_is_left: bool| {
            if from_is_left || commutative {
                function(from, into, count);
                return Ok(());
            }
            // The function puts its result where its right operand is: that is a copy.
            let bytes = count * element_bytes;
            let mut right = vec![0u128; bytes.div_ceil(16)];
            let room = right.as_mut_ptr().cast::<u8>();
            // SAFETY: `Operator::reduce` hands its contract on; the room is as long as the operands, and aligned for any type.
            unsafe {
                copy(from, room, bytes);
                function(into, room, count);
                copy(room, into, bytes);
            }
            Ok(())
        };
        let kind = Kind::User { combine: Arc::new(combine), failure: Arc::default() };
        Operator { kind, element_bytes, commutative }
    }

    /// A function of the user's on values of `T`, which must be associative. `commutative` permits to combine values in
    /// another order than that of the ranks.
    pub fn user<T: Wire>(
        commutative: bool,
        function: impl Fn(&T, &T) -> T + Send + Sync + 'static,
    ) -> Operator {
        let combine = move |from: *const u8, into: *mut u8, count: usize, from_is_left: bool| {
            let mut room = vec![0; if T::FORM == Form::Plain { 0 } else { T::BYTES }];
            // Once around the loop and not in it, so that a simple function on plain values becomes vector code.
            let run = || match from_is_left {
                // SAFETY: `Operator::reduce` hands its contract on: both hold `count` elements.
                true => unsafe { each::<T>(from, into, count, &mut room, &function) },
                // SAFETY: as above.
                false => unsafe {
                    each::<T>(from, into, count, &mut room, |from, into| function(into, from))
                },
            };
            match catch_unwind(AssertUnwindSafe(run)) {
                Ok(outcome) => outcome.map_err(Failure::Invalid),
                Err(panic) => Err(Failure::Panicked(panic)),
            }
        };
        Operator {
            kind: Kind::User { combine: Arc::new(combine), failure: Arc::default() },
            element_bytes: T::BYTES,
            commutative,
        }
    }

    /// The same operator for another use: what fails there is nothing to this one. (Clones stop together.)
    pub fn apart(&self) -> Operator {
        let kind = match &self.kind {
            Kind::User { combine, .. } => Kind::User { combine: combine.clone(), failure: Arc::default() },
            kind => kind.clone(),
        };
        Operator { kind, ..*self }
    }

    /// The length of an encoded element.
    pub fn element_bytes(&self) -> usize {
        self.element_bytes
    }

    /// Whether operands may change places.
    pub fn is_commutative(&self) -> bool {
        self.commutative
    }

    /// Combines `count` encoded elements: `into = from op into` if `from_is_left`, else `into = into op from`.
    ///
    /// A failure (a panic of the user's function, an operand that is no value) is kept for
    /// [`take_failure`](Operator::take_failure); from then on `into` is left as it is.
    ///
    /// # Safety
    /// `from` is valid for reading and `into` for reading and writing `count * element_bytes` bytes, they don't
    /// overlap, and no thread of this process writes `from` or uses `into` meanwhile. They need not be aligned, and
    /// the bytes may be arbitrary.
    pub unsafe fn reduce(&self, from: *const u8, into: *mut u8, count: usize, from_is_left: bool) {
        match &self.kind {
            Kind::Predefined { operation, scalar, operands } => {
                // SAFETY: the contract; an element is `operands` operands long.
                unsafe { kernel::reduce(*operation, *scalar, from, into, count * operands) }
            }
            Kind::Located { pair, largest } => {
                // SAFETY: the contract; an element is a pair.
                unsafe { pair::reduce(*pair, *largest, from, into, count) }
            }
            Kind::Chosen { right } => {
                // What stands on the other side of `from` is there already.
                if *right != from_is_left {
                    // SAFETY: the contract.
                    unsafe { copy(from, into, count * self.element_bytes) }
                }
            }
            Kind::Exact { sums } => {
                // SAFETY: the contract; an element is so many sums.
                unsafe { exact::reduce(from, into, count * sums) }
            }
            Kind::User { combine, failure } => {
                // A panic can't have happened while it was held: the user's code runs outside of it.
                let failed = || failure.lock().unwrap_or_else(PoisonError::into_inner);
                if failed().is_none()
                    && let Err(failure) = combine(from, into, count, from_is_left)
                {
                    failed().get_or_insert(failure);
                }
            }
        }
    }

    /// Whether the operator, or a clone of it, has stopped: what it was to combine since then is not combined.
    pub fn has_failed(&self) -> bool {
        match &self.kind {
            Kind::User { failure, .. } => failure.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
            _ => false,
        }
    }

    /// Why the operator, or a clone of it, has stopped, if it has.
    pub fn take_failure(&self) -> Option<Failure> {
        match &self.kind {
            Kind::User { failure, .. } => failure.lock().unwrap_or_else(PoisonError::into_inner).take(),
            _ => None,
        }
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Predefined { operation, scalar, operands: 1 } => {
                write!(f, "{operation:?} of {}", scalar.name())
            }
            Kind::Predefined { operation, scalar, operands } => {
                write!(f, "{operation:?} of {} x{operands}", scalar.name())
            }
            Kind::Located { pair, largest } => {
                let which = if *largest { "MaxLocation" } else { "MinLocation" };
                write!(f, "{which} of {} and {}", pair.value.name(), pair.index.name())
            }
            Kind::Exact { .. } => f.write_str("the exact sum"),
            Kind::Chosen { right } => f.write_str(if *right { "Replace" } else { "NoOp" }),
            Kind::User { .. } if self.commutative => f.write_str("a commutative function"),
            Kind::User { .. } => f.write_str("a function"),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Panicked(_) => f.write_str("Panicked"),
            Failure::Invalid(invalid) => write!(f, "Invalid({invalid})"),
        }
    }
}

/// Combines encoded elements one by one: what was combined before a panic or an operand that is no value, stays.
///
/// # Safety
/// `from` is valid for reading and `into` for reading and writing `count` encoded elements, and they don't overlap.
#[inline(always)]
unsafe fn each<T: Wire>(
    from: *const u8,
    into: *mut u8,
    count: usize,
    room: &mut [u8],
    combine: impl Fn(&T, &T) -> T,
) -> Result<(), Invalid> {
    for i in 0..count {
        // SAFETY: element `i` of `count`.
        unsafe {
            let (from, into) = (from.add(i * T::BYTES), into.add(i * T::BYTES));
            let (theirs, mine) = (load(from, room)?, load(into, room)?);
            store(&combine(&theirs, &mine), into, room);
        }
    }
    Ok(())
}

/// # Safety
/// `from` is valid for reading one encoded element.
#[inline(always)]
unsafe fn load<T: Wire>(from: *const u8, room: &mut [u8]) -> Result<T, Invalid> {
    if T::FORM == Form::Plain {
        // SAFETY: the memory of a plain type is its encoding, and any bytes are a value.
        return Ok(unsafe { from.cast::<T>().read_unaligned() });
    }
    // Copied first: what another process may write must not change after it was validated.
    // SAFETY: the contract; the room is one element long.
    unsafe { copy(from, room.as_mut_ptr(), T::BYTES) };
    T::unpack(room)
}

/// # Safety
/// `into` is valid for writing one encoded element.
#[inline(always)]
unsafe fn store<T: Wire>(value: &T, into: *mut u8, room: &mut [u8]) {
    if T::FORM == Form::Plain {
        // SAFETY: the memory of a plain type is its encoding.
        return unsafe { into.cast::<T>().write_unaligned(*value) };
    }
    value.pack(room);
    // SAFETY: the contract; the room is one element long.
    unsafe { copy(room.as_ptr(), into, T::BYTES) };
}
