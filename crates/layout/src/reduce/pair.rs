//! The smallest or largest of values, and where it is: pairs of a value and an index.

use std::cmp::Ordering;

use wire::{BF16, F16, Scalar};

/// How a pair of a value and an index lies in memory; the value comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// What is compared: an integer or a floating-point number.
    pub value: Scalar,
    /// Where it is: the same kinds of numbers, since Fortran's pairs are of two alike.
    pub index: Scalar,
    /// Where the index lies, in bytes from the value.
    pub index_at: usize,
    /// From one pair to the next.
    pub bytes: usize,
}

impl Pair {
    /// The pair without padding, as it travels.
    pub const fn packed(value: Scalar, index: Scalar) -> Pair {
        Pair { value, index, index_at: value.bytes(), bytes: value.bytes() + index.bytes() }
    }

    /// The pair as a struct of C has it.
    pub const fn of_c(value: Scalar, index: Scalar) -> Pair {
        let alignment =
            if value.alignment() > index.alignment() { value.alignment() } else { index.alignment() };
        let index_at = value.bytes().next_multiple_of(index.alignment());
        Pair { value, index, index_at, bytes: (index_at + index.bytes()).next_multiple_of(alignment) }
    }

    /// Whether values and indices of these scalars can be compared, and lie where the pair says.
    pub(super) fn is_defined(&self) -> bool {
        order(self.value).is_some()
            && order(self.index).is_some()
            && self.index_at >= self.value.bytes()
            && self.bytes.checked_sub(self.index_at).is_some_and(|room| room >= self.index.bytes())
    }
}

/// Orders two scalars at these addresses; a number comes before a NaN, in either direction.
type Order = unsafe fn(*const u8, *const u8, descending: bool) -> Ordering;

/// Replaces each pair of `into` by that of `from` whose value is better (smaller, or greater where `largest`), or whose
/// value is as good and whose index is smaller. Padding stays as it is.
///
/// # Panics
/// If the pair is not [defined](Pair::is_defined).
///
/// # Safety
/// `from` is valid for reading and `into` for reading and writing `count` pairs, and they don't overlap. They need
/// not be aligned, and the bytes may be arbitrary.
pub(super) unsafe fn reduce(pair: Pair, largest: bool, from: *const u8, into: *mut u8, count: usize) {
    assert!(pair.is_defined(), "{pair:?} is no pair of comparable values");
    let (Some(value_order), Some(index_order)) = (order(pair.value), order(pair.index)) else { return };
    for i in 0..count {
        // SAFETY: pair `i` of `count`, with value and index within it.
        unsafe {
            let (theirs, mine) = (from.add(i * pair.bytes), into.add(i * pair.bytes));
            let by_value = value_order(theirs, mine, largest);
            let better = match by_value {
                Ordering::Equal => {
                    index_order(theirs.add(pair.index_at), mine.add(pair.index_at), false) == Ordering::Less
                }
                order => order == Ordering::Less,
            };
            if better {
                crate::copy(theirs, mine, pair.value.bytes());
                crate::copy(theirs.add(pair.index_at), mine.add(pair.index_at), pair.index.bytes());
            }
        }
    }
}

fn order(scalar: Scalar) -> Option<Order> {
    Some(match scalar {
        Scalar::I8 => integers::<i8>,
        Scalar::I16 => integers::<i16>,
        Scalar::I32 => integers::<i32>,
        Scalar::I64 => integers::<i64>,
        Scalar::I128 => integers::<i128>,
        Scalar::U8 => integers::<u8>,
        Scalar::U16 => integers::<u16>,
        Scalar::U32 => integers::<u32>,
        Scalar::U64 => integers::<u64>,
        Scalar::U128 => integers::<u128>,
        Scalar::F16 => numbers::<F16>,
        Scalar::BF16 => numbers::<BF16>,
        Scalar::F32 => numbers::<f32>,
        Scalar::F64 => numbers::<f64>,
        #[cfg(target_arch = "x86_64")]
        Scalar::LongDouble => long_doubles,
        _ => return None,
    })
}

/// # Safety
/// Both are valid for reading a `T`.
unsafe fn integers<T: Ord + Copy>(a: *const u8, b: *const u8, descending: bool) -> Ordering {
    // SAFETY: the contract.
    let (a, b) = unsafe { (a.cast::<T>().read_unaligned(), b.cast::<T>().read_unaligned()) };
    if descending { b.cmp(&a) } else { a.cmp(&b) }
}

/// # Safety
/// Both are valid for reading a `T`.
unsafe fn numbers<T: PartialOrd + Copy>(a: *const u8, b: *const u8, descending: bool) -> Ordering {
    // SAFETY: the contract.
    let (a, b) = unsafe { (a.cast::<T>().read_unaligned(), b.cast::<T>().read_unaligned()) };
    // A NaN is not even equal to itself.
    let is_nan = |x: &T| x.partial_cmp(x).is_none();
    directed(a.partial_cmp(&b), is_nan(&a), is_nan(&b), descending)
}

/// # Safety
/// Both are valid for reading a `long double`.
#[cfg(target_arch = "x86_64")]
unsafe fn long_doubles(a: *const u8, b: *const u8, descending: bool) -> Ordering {
    use super::complex::Real;
    // SAFETY: the contract.
    let (a, b) = unsafe {
        (a.cast::<wire::LongDouble>().read_unaligned(), b.cast::<wire::LongDouble>().read_unaligned())
    };
    directed(super::extended::compare(a, b), a.is_nan(), b.is_nan(), descending)
}

fn directed(order: Option<Ordering>, a_is_nan: bool, b_is_nan: bool, descending: bool) -> Ordering {
    match order {
        Some(order) if descending => order.reverse(),
        Some(order) => order,
        None => a_is_nan.cmp(&b_is_nan),
    }
}
