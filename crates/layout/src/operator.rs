//! An operator of a reduction as a value, whatever type it works on.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use wire::{Form, Invalid, Scalar, Shape, Wire};

use crate::{Operation, copy, kernel};

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
    /// pairs, a scalar and a `u64`. None where it is not defined.
    pub fn predefined<T: Wire>(operation: Operation) -> Option<Operator> {
        Operator::of_shape(operation, T::SHAPE)
    }

    /// The same for a type that is known by its shape.
    pub fn of_shape(operation: Operation, shape: &'static Shape) -> Option<Operator> {
        let (scalar, operands) = match (operation.is_located(), shape) {
            (false, shape) => shape.uniform()?,
            (true, Shape::Fields { of: [Shape::Scalar(value), Shape::Scalar(Scalar::U64)] }) => (*value, 1),
            (true, Shape::Array { of: Shape::Scalar(Scalar::U64), count: 2 }) => (Scalar::U64, 1),
            (true, _) => return None,
        };
        operation.accepts(scalar).then(|| Operator {
            kind: Kind::Predefined { operation, scalar, operands },
            element_bytes: shape.bytes(),
            commutative: true,
        })
    }

    /// A function of the user's on values of `T`, which must be associative. `commutative` permits to combine values in
    /// another order than that of the ranks.
    pub fn user<T: Wire>(
        commutative: bool,
        function: impl Fn(&T, &T) -> T + Send + Sync + 'static,
    ) -> Operator {
        let combine = move |from: *const u8, into: *mut u8, count: usize, from_is_left: bool| {
            let mut room = vec![0; if T::FORM == Form::Plain { 0 } else { T::BYTES }];
            for i in 0..count {
                // SAFETY: `Operator::reduce` hands its contract on: both hold `count` elements.
                unsafe {
                    let (from, into) = (from.add(i * T::BYTES), into.add(i * T::BYTES));
                    let theirs: T = load(from, &mut room).map_err(Failure::Invalid)?;
                    let mine: T = load(into, &mut room).map_err(Failure::Invalid)?;
                    let (left, right) = if from_is_left { (&theirs, &mine) } else { (&mine, &theirs) };
                    let result = catch_unwind(AssertUnwindSafe(|| function(left, right)));
                    store(&result.map_err(Failure::Panicked)?, into, &mut room);
                }
            }
            Ok(())
        };
        Operator {
            kind: Kind::User { combine: Arc::new(combine), failure: Arc::default() },
            element_bytes: T::BYTES,
            commutative,
        }
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

    /// Why the operator, or a clone of it, has stopped, if it has.
    pub fn take_failure(&self) -> Option<Failure> {
        match &self.kind {
            Kind::Predefined { .. } => None,
            Kind::User { failure, .. } => failure.lock().unwrap_or_else(PoisonError::into_inner).take(),
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

/// # Safety
/// `from` is valid for reading one encoded element.
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
unsafe fn store<T: Wire>(value: &T, into: *mut u8, room: &mut [u8]) {
    if T::FORM == Form::Plain {
        // SAFETY: the memory of a plain type is its encoding.
        return unsafe { into.cast::<T>().write_unaligned(*value) };
    }
    value.pack(room);
    // SAFETY: the contract; the room is one element long.
    unsafe { copy(room.as_ptr(), into, T::BYTES) };
}
