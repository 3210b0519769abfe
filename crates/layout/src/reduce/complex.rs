//! Complex numbers: sums, and products as C calculates them.

use wire::Complex;

use super::kernel::each;
use crate::Operation;

/// A real number, with what a product of complex ones needs.
pub(super) trait Real: Copy {
    const ZERO: Self;
    const ONE: Self;
    const INFINITY: Self;
    fn add(self, other: Self) -> Self;
    fn subtract(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    fn is_nan(self) -> bool;
    fn is_infinite(self) -> bool;
    fn with_sign_of(self, other: Self) -> Self;
}

macro_rules! reals {
    ($($type:ident),+) => {$(
        impl Real for $type {
            const ZERO: $type = 0.0;
            const ONE: $type = 1.0;
            const INFINITY: $type = $type::INFINITY;

            #[inline(always)]
            fn add(self, other: $type) -> $type {
                self + other
            }

            #[inline(always)]
            fn subtract(self, other: $type) -> $type {
                self - other
            }

            #[inline(always)]
            fn multiply(self, other: $type) -> $type {
                self * other
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                $type::is_nan(self)
            }

            #[inline(always)]
            fn is_infinite(self) -> bool {
                $type::is_infinite(self)
            }

            #[inline(always)]
            fn with_sign_of(self, other: $type) -> $type {
                self.copysign(other)
            }
        }
    )+};
}

reals!(f32, f64);

/// # Safety
/// As [`kernel::reduce`](super::reduce), of complex numbers.
#[inline(always)]
pub(super) unsafe fn reduce<T: Real>(operation: Operation, from: *const u8, into: *mut u8, count: usize) {
    // SAFETY: the contract.
    unsafe {
        match operation {
            Operation::Sum => each(from, into, count, |a: Complex<T>, b: Complex<T>| Complex {
                re: a.re.add(b.re),
                im: a.im.add(b.im),
            }),
            Operation::Product => products::<T>(from, into, count),
            // `accepts` has refused the others.
            _ => {}
        }
    }
}

/// Products in flocks that are looked at afterwards: whether C would repair one decides for the whole flock, so that the
/// loop has no branch.
///
/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn products<T: Real>(from: *const u8, into: *mut u8, count: usize) {
    const FLOCK: usize = 32;
    let (from, into) = (from.cast::<Complex<T>>(), into.cast::<Complex<T>>());
    let mut results = [Complex { re: T::ZERO, im: T::ZERO }; FLOCK];
    let mut done = 0;
    while done < count {
        let now = FLOCK.min(count - done);
        let mut broken = false;
        for (i, result) in results[..now].iter_mut().enumerate() {
            // SAFETY: element `done + i` of `count`.
            let (a, b) =
                unsafe { (from.add(done + i).read_unaligned(), into.add(done + i).read_unaligned()) };
            *result = plain_product(a, b);
            broken |= result.re.is_nan() & result.im.is_nan();
        }
        for (i, result) in results[..now].iter_mut().enumerate() {
            // SAFETY: as above.
            unsafe {
                if broken && result.re.is_nan() && result.im.is_nan() {
                    let (a, b) = (from.add(done + i).read_unaligned(), into.add(done + i).read_unaligned());
                    *result = repaired(a, b, *result);
                }
                into.add(done + i).write_unaligned(*result);
            }
        }
        done += now;
    }
}

/// The product of two numbers, as C calculates it.
#[inline(always)]
pub(super) fn product<T: Real>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    let product = plain_product(a, b);
    if product.re.is_nan() && product.im.is_nan() { repaired(a, b, product) } else { product }
}

#[inline(always)]
fn plain_product<T: Real>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    Complex {
        re: a.re.multiply(b.re).subtract(a.im.multiply(b.im)),
        im: a.re.multiply(b.im).add(a.im.multiply(b.re)),
    }
}

/// The product of two numbers of which both parts came out as NaN: C recovers infinities (C23 §G.5.1, the example of a
/// multiplication).
#[cold]
#[inline(never)]
fn repaired<T: Real>(a: Complex<T>, b: Complex<T>, product: Complex<T>) -> Complex<T> {
    let (mut a, mut b) = (a, b);
    let boxed = |x: T| (if x.is_infinite() { T::ONE } else { T::ZERO }).with_sign_of(x);
    let number = |x: T| if x.is_nan() { T::ZERO.with_sign_of(x) } else { x };
    let infinite = |x: Complex<T>| x.re.is_infinite() || x.im.is_infinite();
    let partial = [a.re.multiply(b.re), a.im.multiply(b.im), a.re.multiply(b.im), a.im.multiply(b.re)];
    let mut again = false;
    if infinite(a) {
        a = Complex { re: boxed(a.re), im: boxed(a.im) };
        b = Complex { re: number(b.re), im: number(b.im) };
        again = true;
    }
    if infinite(b) {
        b = Complex { re: boxed(b.re), im: boxed(b.im) };
        a = Complex { re: number(a.re), im: number(a.im) };
        again = true;
    }
    if !again && partial.into_iter().any(T::is_infinite) {
        a = Complex { re: number(a.re), im: number(a.im) };
        b = Complex { re: number(b.re), im: number(b.im) };
        again = true;
    }
    if !again {
        return product;
    }
    Complex {
        re: T::INFINITY.multiply(a.re.multiply(b.re).subtract(a.im.multiply(b.im))),
        im: T::INFINITY.multiply(a.re.multiply(b.im).add(a.im.multiply(b.re))),
    }
}
