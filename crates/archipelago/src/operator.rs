//! Operators of reductions: predefined, or functions of the user's.

use std::marker::PhantomData;

use layout::{Operator, ReproducibleSum};
use wire::{BF16, Complex, F16, LongDouble, Wire};

/// An operator that combines values of `T`: [`Sum`] and its like, or what [`commutative`] and [`ordered`] make of a function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no operator that combines values of `{T}`",
    label = "not an operator",
    note = "operators are `Sum`, `Max` and their like; a function is wrapped: `commutative(|a, b| a + b)`, or `ordered(..)` where the order matters"
)]
pub trait Operation<T: Wire> {
    /// As the engine takes it.
    #[doc(hidden)]
    fn operator(&self) -> Operator;
}

/// Numbers, and arrays of them: what [`Sum`] and [`Product`] combine (arrays element by element). [`F16`] and [`BF16`] are
/// calculated as `f32` and rounded to the nearest, ties to even; [`LongDouble`] and complex numbers as C does it, to
/// the last bit ([`LongDouble`] on x86-64).
pub trait Number: Wire {}

/// Numbers that can be compared, and arrays of them: what [`Min`] and [`Max`] combine (arrays element by element).
pub trait Ordered: Number {}

/// What is true or not, and arrays of such: what [`And`], [`Or`] and [`Xor`] combine; a number is true if it is not 0.
pub trait Truth: Wire {}

/// Integers and `bool`, and arrays of them: what [`BitAnd`], [`BitOr`] and [`BitXor`] combine.
pub trait Bits: Wire {}

macro_rules! kinds {
    ($($kind:ident: $($type:ty),+;)+) => {
        $($(impl $kind for $type {})+)+
    };
}

impl<T: Number, const N: usize> Number for [T; N] {}
impl<T: Ordered, const N: usize> Ordered for [T; N] {}
impl<T: Truth, const N: usize> Truth for [T; N] {}
impl<T: Bits, const N: usize> Bits for [T; N] {}

kinds! {
    Number: i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, F16, BF16;
    Number: Complex<f32>, Complex<f64>;
    Ordered: i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, F16, BF16;
    Truth: i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, bool;
    Bits: i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, bool;
}

// On other platforms a `long double` is another number, which nothing calculates with.
#[cfg(target_arch = "x86_64")]
mod extended {
    use super::{Complex, LongDouble, Number, Ordered};

    impl Number for LongDouble {}
    impl Ordered for LongDouble {}
    impl Number for Complex<LongDouble> {}
}

macro_rules! operators {
    ($($(#[$doc:meta])+ $name:ident of $kind:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl<T: $kind> Operation<T> for $name {
            fn operator(&self) -> Operator {
                let operator = Operator::predefined::<T>(layout::Operation::$name);
                operator.expect("the kinds of types are those for which the kernels are defined")
            }
        }
    )+};
}

operators! {
    /// The sum; integers wrap around.
    Sum of Number;
    /// The product; integers wrap around.
    Product of Number;
    /// The smallest. A number wins over a NaN.
    Min of Ordered;
    /// The largest. A number wins over a NaN.
    Max of Ordered;
    /// Whether all are true.
    And of Truth;
    /// Whether any is true.
    Or of Truth;
    /// Whether an odd number of them is true.
    Xor of Truth;
    /// The bits that all have.
    BitAnd of Bits;
    /// The bits that any has.
    BitOr of Bits;
    /// The bits that an odd number of them has.
    BitXor of Bits;
}

macro_rules! choices {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl<T: Wire> Operation<T> for $name {
            fn operator(&self) -> Operator {
                let operator = Operator::predefined::<T>(layout::Operation::$name);
                operator.expect("a choice of operands is defined for all types")
            }
        }
    )+};
}

choices! {
    /// The value of the last rank.
    Replace;
    /// The value of the first rank.
    NoOp;
}

/// The sum without rounding, whose bits depend on the numbers alone.
///
/// ```
/// use archipelago::{ReproducibleSum, prelude::*};
/// # for ranks in 1..=3 { archipelago::testing::run(ranks, |world| {
/// // However many ranks share the work: the same bits.
/// let mine = (1..=1000).skip(world.rank()).step_by(world.size()).map(|i| 1.0 / i as f64);
/// let sum = world.all_reduce(mine.collect::<ReproducibleSum>(), Sum)?;
/// assert_eq!(sum.value(), 7.485470860550345);
/// # Ok::<(), archipelago::Error>(())
/// # }); }
/// ```
impl Operation<ReproducibleSum> for Sum {
    fn operator(&self) -> Operator {
        Operator::exact(1)
    }
}

impl<const N: usize> Operation<[ReproducibleSum; N]> for Sum {
    fn operator(&self) -> Operator {
        Operator::exact(N)
    }
}

/// A value and where it is, for [`MinLocation`] and [`MaxLocation`].
#[derive(Wire, Clone, Copy, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it is: often the rank.
    pub location: usize,
}

/// The smallest value and where it is; of equal ones the smallest location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinLocation;

/// The largest value and where it is; of equal ones the smallest location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxLocation;

macro_rules! located {
    ($($type:ty),+) => {$(
        impl Operation<Located<$type>> for MinLocation {
            fn operator(&self) -> Operator {
                let operator = Operator::predefined::<Located<$type>>(layout::Operation::MinLocation);
                operator.expect("the kernel is defined for all numbers")
            }
        }

        impl Operation<Located<$type>> for MaxLocation {
            fn operator(&self) -> Operator {
                let operator = Operator::predefined::<Located<$type>>(layout::Operation::MaxLocation);
                operator.expect("the kernel is defined for all numbers")
            }
        }
    )+};
}

located!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, F16, BF16);

#[cfg(target_arch = "x86_64")]
located!(LongDouble);

/// A function as an operator.
#[derive(Clone, Debug)]
pub struct Function<T> {
    operator: Operator,
    of: PhantomData<fn(T) -> T>,
}

impl<T: Wire> Operation<T> for Function<T> {
    fn operator(&self) -> Operator {
        self.operator.apart()
    }
}

/// An operator of a function that is associative and commutative: values may be combined in any order.
///
/// ```
/// use archipelago::prelude::*;
/// # archipelago::testing::run(3, |world| {
/// let longest = commutative(|a: &(u32, char), b: &(u32, char)| *a.max(b));
/// let winner = world.all_reduce((world.rank() as u32 % 2, 'x'), longest)?;
/// assert_eq!(winner, (1, 'x'));
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
pub fn commutative<T: Wire>(function: impl Fn(&T, &T) -> T + Send + Sync + 'static) -> Function<T> {
    Function { operator: Operator::user(true, function), of: PhantomData }
}

/// An operator of a function that is associative only: values are combined in the order of their ranks.
///
/// ```
/// use archipelago::prelude::*;
/// # archipelago::testing::run(3, |world| {
/// // Products of 2x2 matrices.
/// let product = ordered(|a: &[[i64; 2]; 2], b: &[[i64; 2]; 2]| {
///     [0, 1].map(|i| [0, 1].map(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
/// });
/// let k = world.rank() as i64;
/// let all = world.all_reduce([[1, k], [0, 1]], &product)?;
/// assert_eq!(all, [[1, 3], [0, 1]]);
/// # Ok::<(), archipelago::Error>(())
/// # });
/// ```
pub fn ordered<T: Wire>(function: impl Fn(&T, &T) -> T + Send + Sync + 'static) -> Function<T> {
    Function { operator: Operator::user(false, function), of: PhantomData }
}

impl<T: Wire, O: Operation<T>> Operation<T> for &O {
    fn operator(&self) -> Operator {
        (*self).operator()
    }
}
