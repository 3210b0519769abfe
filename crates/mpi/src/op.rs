//! Operators of reductions: the standard's and the program's (MPI 5.0 §6.9).
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use layout::{Layout, Operation, Operator, Pair, Placed};
use wire::Scalar;

use crate::datatype::Class::{self, *};
use crate::datatype::{Meaning, value_of_predefined};
use crate::number as n;
use crate::table::Table;
use crate::{Datatype, Error, Op, Result};

/// (left, right and result, how many, of what)
type Small = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut c_int, *mut Datatype);
type Large = unsafe extern "C-unwind" fn(*mut c_void, *mut c_void, *mut i64, *mut Datatype);

/// An operator that the program made.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    pub function: usize,
    /// Whether its count has 64 bits.
    pub is_large: bool,
    pub is_commutative: bool,
}

static OPERATORS: Table<Made> = Table::new();

/// An operator of the standard's.
#[derive(Clone, Copy)]
struct Predefined {
    /// Without `MPI_`.
    name: &'static str,
    operation: Operation,
    /// The classes of datatypes that it takes, one bit each.
    classes: u16,
}

/// Number, name without `MPI_`, operation, classes of datatypes (MPI 5.0 §6.9.2).
const PREDEFINED: &[(usize, &str, Operation, &[Class])] = &[
    (n::SUM, "SUM", Operation::Sum, &[Integer, FortranInteger, Floating, Complex, MultiLanguage]),
    (n::PROD, "PROD", Operation::Product, &[Integer, FortranInteger, Floating, Complex, MultiLanguage]),
    (n::MIN, "MIN", Operation::Min, &[Integer, FortranInteger, Floating, MultiLanguage]),
    (n::MAX, "MAX", Operation::Max, &[Integer, FortranInteger, Floating, MultiLanguage]),
    (n::LAND, "LAND", Operation::And, &[Integer, Logical]),
    (n::LOR, "LOR", Operation::Or, &[Integer, Logical]),
    (n::LXOR, "LXOR", Operation::Xor, &[Integer, Logical]),
    (n::BAND, "BAND", Operation::BitAnd, &[Integer, FortranInteger, Byte, MultiLanguage]),
    (n::BOR, "BOR", Operation::BitOr, &[Integer, FortranInteger, Byte, MultiLanguage]),
    (n::BXOR, "BXOR", Operation::BitXor, &[Integer, FortranInteger, Byte, MultiLanguage]),
    (n::MINLOC, "MINLOC", Operation::MinLocation, &[]),
    (n::MAXLOC, "MAXLOC", Operation::MaxLocation, &[]),
    // For windows alone.
    (n::REPLACE, "REPLACE", Operation::Replace, &[]),
    (n::NO_OP, "NO_OP", Operation::NoOp, &[]),
];

/// They have numbers behind the null operator's, fewer than 32 of them: each at its place.
static BY_NUMBER: [Option<Predefined>; 32] = by_number();

const fn by_number() -> [Option<Predefined>; 32] {
    let mut all = [None; 32];
    let mut at = 0;
    while at < PREDEFINED.len() {
        let (number, name, operation, taken) = PREDEFINED[at];
        let (mut classes, mut class) = (0, 0);
        while class < taken.len() {
            classes |= 1 << taken[class] as u16;
            class += 1;
        }
        all[number - n::OP_NULL] = Some(Predefined { name, operation, classes });
        at += 1;
    }
    all
}

impl Predefined {
    /// Whether it is defined for datatypes of this class.
    #[inline]
    fn takes(self, class: Class) -> bool {
        self.classes & 1 << class as u16 != 0
    }
}

#[inline]
fn predefined(op: Op) -> Option<Predefined> {
    *BY_NUMBER.get(op.0.wrapping_sub(n::OP_NULL))?
}

/// The names that there are.
pub(crate) fn names() -> Vec<usize> {
    OPERATORS.names()
}

/// Gives an operator a name for the program.
pub(crate) fn register(made: Made) -> Result<Op> {
    let name = OPERATORS.insert(made).map(Op);
    name.ok_or_else(|| Error::new(n::ERR_OTHER, "there are too many operators: free some"))
}

impl Op {
    /// The operator of the program's of this name; none if it is one of the standard's.
    ///
    /// # Errors
    /// `ERR_OP`.
    pub(crate) fn get(self) -> Result<Option<Made>> {
        if predefined(self).is_some() {
            return Ok(None);
        }
        let missing = || match self.0 {
            n::OP_NULL => Error::new(n::ERR_OP, "the operator is MPI_OP_NULL"),
            name => Error::new(n::ERR_OP, format!("{name:#x} is no operator (was it freed?)")),
        };
        OPERATORS.get(self.0).map(|made| Some(*made)).ok_or_else(missing)
    }

    /// What the standard calls it, without `MPI_`.
    pub(crate) fn standard_name(self) -> Option<&'static str> {
        predefined(self).map(|predefined| predefined.name)
    }

    /// Frees the name.
    pub(crate) fn remove(self) -> bool {
        OPERATORS.remove(self.0)
    }

    /// The operator on packed elements of a datatype, and how many bytes each has.
    ///
    /// # Errors
    /// `ERR_OP`: it is not defined for the datatype; `ERR_TYPE`.
    #[inline(always)]
    pub(crate) fn on(self, datatype: Datatype) -> Result<(Operator, usize)> {
        if let (Some(predefined), Some((scalar, class))) = (predefined(self), value_of_predefined(datatype))
            && predefined.takes(class)
            && let Some(operator) = Operator::of_scalars(predefined.operation, scalar, 1)
        {
            return Ok((operator, scalar.bytes()));
        }
        self.on_any(datatype)
    }

    /// The same for what is no operation of the standard's on a value, or a wrong one.
    #[inline(never)]
    fn on_any(self, datatype: Datatype) -> Result<(Operator, usize)> {
        let of = datatype.get()?;
        let layout = of.layout()?;
        let bytes = layout.size() as usize;
        let Some(made) = self.get()? else {
            let operation = predefined(self).map_or(Operation::NoOp, |predefined| predefined.operation);
            let operator = match of.meaning {
                Some(Meaning::Located(Pair { value, index, .. })) if operation.is_located() => {
                    Operator::of_pairs(operation, Pair::packed(value, index))
                }
                // One that has the standard's meaning under a number of the program's (MPI_Type_create_f90_real).
                Some(Meaning::Value(scalar, class))
                    if predefined(self).is_some_and(|predefined| predefined.takes(class)) =>
                {
                    Operator::of_scalars(operation, scalar, 1)
                }
                _ => None,
            };
            let refuse = || {
                Error::new(n::ERR_OP, {
                    let name = self
                        .standard_name()
                        .map_or_else(|| format!("{operation:?}"), |name| format!("MPI_{name}"));
                    format!("{name} is not defined for this datatype")
                })
            };
            return operator.map(|operator| (operator, bytes)).ok_or_else(refuse);
        };
        if !of.is_committed() {
            return Err(Error::new(n::ERR_TYPE, "the datatype is not committed: call MPI_Type_commit first"));
        }
        let layout = layout.clone();
        let in_a_row = layout.is_contiguous();
        if !in_a_row && !Room::of(&layout, elements_at_once(&layout)).is_some_and(|room| room.is_there()) {
            let text = "there is no memory for the elements that the operator's function is given";
            return Err(Error::new(n::ERR_NO_MEM, text));
        }
        // The program may free the datatype while its operator runs.
        let kept = datatype.keep()?;
        let function = move |left: *const u8, right: *mut u8, count: usize| match in_a_row {
            true => made.call(&layout, left.cast_mut(), right, count, kept.name()),
            false => made.call_laid_out(&layout, left, right, count, kept.name()),
        };
        // SAFETY: the program's function touches its operands alone, or it is wrong in any MPI.
        Ok((unsafe { Operator::foreign(bytes, made.is_commutative, function) }, bytes))
    }
}

impl Made {
    /// Calls it on elements in memory as the program has them.
    fn call(&self, layout: &Layout, left: *mut u8, right: *mut u8, count: usize, datatype: Datatype) {
        let mut datatype = datatype;
        if self.is_large {
            let mut count = count as i64;
            // SAFETY: the program gave it as such a function.
            let function: Large = unsafe { std::mem::transmute(self.function) };
            // SAFETY: the operands are `count` elements each, and places of our own.
            return unsafe { function(left.cast(), right.cast(), &mut count, &mut datatype) };
        }
        // SAFETY: as above.
        let function: Small = unsafe { std::mem::transmute(self.function) };
        let extent = layout.extent() as usize;
        let mut done = 0;
        while done < count {
            let mut now = (count - done).min(c_int::MAX as usize) as c_int;
            let (left, right) = (left.wrapping_add(done * extent), right.wrapping_add(done * extent));
            done += now as usize;
            // SAFETY: as above.
            unsafe { function(left.cast(), right.cast(), &mut now, &mut datatype) };
        }
    }

    /// Calls it on packed elements of a layout with gaps: they are unpacked for it, as many at once as there is room for.
    fn call_laid_out(
        &self,
        layout: &Layout,
        left: *const u8,
        right: *mut u8,
        count: usize,
        datatype: Datatype,
    ) {
        let most = elements_at_once(layout).min(count);
        let Some(room) = Room::of(layout, most) else { return };
        let mut rooms = [vec![0u128; room.words], vec![0u128; room.words]];
        let [first, second] = &mut rooms;
        let place = |words: &mut Vec<u128>| words.as_mut_ptr().cast::<u8>().wrapping_add(room.first);
        let (first, second) = (place(first), place(second));
        let mut done = 0;
        while done < count {
            let now = most.min(count - done);
            let (Ok(lefts), Ok(rights)) =
                (Placed::new(layout, first, now as u64), Placed::new(layout, second, now as u64))
            else {
                return;
            };
            let packed = done * layout.size() as usize;
            let (left, right) = (left.wrapping_add(packed), right.wrapping_add(packed));
            // SAFETY: the rooms are as large as the elements, of which both operands have that many from there on.
            unsafe {
                lefts.unpack(0, left, lefts.bytes());
                rights.unpack(0, right, rights.bytes());
            }
            self.call(layout, first, second, now, datatype);
            // SAFETY: as above.
            unsafe { rights.pack(0, right, rights.bytes()) };
            done += now;
        }
    }
}

/// The room for elements of a layout with gaps is about so large, unless one element needs more.
const ROOM_BYTES: u64 = 1 << 20;

/// How many elements of a layout are unpacked at once for a function of the program's.
fn elements_at_once(layout: &Layout) -> usize {
    let span = layout.extent().unsigned_abs().max(layout.true_extent() as u64);
    (ROOM_BYTES / span.max(1)).max(1) as usize
}

/// Memory for elements of a layout.
struct Room {
    words: usize,
    /// Where the first element is, in bytes.
    first: usize,
}

impl Room {
    /// For so many; none if no memory has so many bytes.
    fn of(layout: &Layout, count: usize) -> Option<Room> {
        let rest =
            usize::try_from(layout.extent().unsigned_abs()).ok()?.checked_mul(count.saturating_sub(1))?;
        let (low, true_extent) = (layout.true_lower_bound(), usize::try_from(layout.true_extent()).ok()?);
        let (below, above) = if layout.extent() < 0 { (rest, 0) } else { (0, rest) };
        let first = below
            .checked_add(usize::try_from(low.min(0).unsigned_abs()).ok()?)?
            .checked_next_multiple_of(size_of::<u128>())?;
        let bytes = first.checked_add(above)?.checked_add(low.max(0) as usize)?.checked_add(true_extent)?;
        Some(Room { words: bytes.div_ceil(size_of::<u128>()), first })
    }

    /// Whether the system gives it, twice.
    fn is_there(&self) -> bool {
        let reserve = || Vec::<u128>::new().try_reserve_exact(self.words);
        self.words.checked_mul(2 * size_of::<u128>()).is_some() && reserve().is_ok()
    }
}

// What is a number for one is a number for the other.
const _: () = assert!(Scalar::I32.bytes() == size_of::<c_int>());
