//! Numbers that Rust has no type for: reductions of halves, complex numbers and `long double`, and pairs in C's memory.

use archipelago_layout::{Operation, Operator, Pair};
use wire::{BF16, Complex, F16, LongDouble, Scalar, Wire, slice};

fn combine<T: Wire>(operation: Operation, from: &[T], into: &[T]) -> Vec<T> {
    let operator = Operator::predefined::<T>(operation).unwrap();
    let (left, mut right) = (slice::pack_to_vec(from), slice::pack_to_vec(into));
    // SAFETY: both hold that many elements.
    unsafe { operator.reduce(left.as_ptr(), right.as_mut_ptr(), from.len(), true) };
    slice::unpack_to_vec(&right).unwrap()
}

/// Every 97th half with every 89th, so that vectors and what is left over of them meet all kinds of numbers.
fn pairs_of_bits() -> (Vec<u16>, Vec<u16>) {
    (0..=u16::MAX).step_by(97).flat_map(|a| (0..=u16::MAX).step_by(89).map(move |b| (a, b))).unzip()
}

macro_rules! halves {
    ($test:ident, $type:ident) => {
        #[test]
        fn $test() {
            let (a, b) = pairs_of_bits();
            let halves = |bits: &[u16]| bits.iter().map(|&bits| $type::from_bits(bits)).collect::<Vec<_>>();
            let check = |operation, model: fn(f32, f32) -> f32| {
                let results = combine(operation, &halves(&a), &halves(&b));
                for ((&a, &b), result) in a.iter().zip(&b).zip(results) {
                    let (x, y) = ($type::from_bits(a).to_f32(), $type::from_bits(b).to_f32());
                    let expected = $type::from_f32(model(x, y));
                    let both_nan = result.to_f32().is_nan() && expected.to_f32().is_nan();
                    let equal = result.to_bits() == expected.to_bits();
                    // Of two zeros a minimum may be either.
                    let both_zero = result.to_f32() == 0.0 && expected.to_f32() == 0.0;
                    let zeros = both_zero && matches!(operation, Operation::Min | Operation::Max);
                    assert!(both_nan || equal || zeros, "{operation:?} {x} {y}: {result:?} {expected:?}");
                }
            };
            check(Operation::Sum, |a, b| a + b);
            check(Operation::Product, |a, b| a * b);
            check(Operation::Min, f32::min);
            check(Operation::Max, f32::max);
        }
    };
}

halves!(of_f16, F16);
halves!(of_bf16, BF16);

/// A sum of halves is the half that is nearest to the exact sum: nothing is lost by the way over `f32`.
#[test]
fn sums_and_products_of_halves_are_correctly_rounded() {
    let (a, b) = pairs_of_bits();
    let halves = |bits: &[u16]| bits.iter().map(|&bits| F16::from_bits(bits)).collect::<Vec<_>>();
    let sums = combine(Operation::Sum, &halves(&a), &halves(&b));
    let products = combine(Operation::Product, &halves(&a), &halves(&b));
    for (i, (&a, &b)) in a.iter().zip(&b).enumerate() {
        // Exact in f64: a half has 11 bits and 30 exponents.
        let (x, y) = (F16::from_bits(a).to_f32() as f64, F16::from_bits(b).to_f32() as f64);
        for (result, exact) in [(sums[i], x + y), (products[i], x * y)] {
            let result = result.to_f32() as f64;
            if exact.is_finite() && result.is_finite() {
                let bits = F16::from_f32(result as f32).to_bits();
                let neighbours = [bits.wrapping_sub(1), bits.wrapping_add(1)].map(F16::from_bits);
                for neighbour in neighbours {
                    let distance = (neighbour.to_f32() as f64 - exact).abs();
                    assert!(distance.is_nan() || distance >= (result - exact).abs(), "{x} {y}");
                }
            }
        }
    }
}

#[test]
fn complex_numbers() {
    let (a, b) = (Complex { re: 1.0f64, im: 2.0 }, Complex { re: 3.0, im: -5.0 });
    let many = vec![a; 100];
    assert_eq!(combine(Operation::Sum, &many, &vec![b; 100]), vec![Complex { re: 4.0, im: -3.0 }; 100]);
    assert_eq!(combine(Operation::Product, &many, &vec![b; 100]), vec![Complex { re: 13.0, im: 1.0 }; 100]);
    // An infinity times anything but 0 is an infinity, whatever the parts say.
    let infinite = Complex { re: f64::INFINITY, im: f64::INFINITY };
    let product = combine(Operation::Product, &[infinite], &[Complex { re: 1.0, im: 1.0 }])[0];
    assert!(product.re.is_infinite() || product.im.is_infinite());
    for operation in [Operation::Min, Operation::Max, Operation::And, Operation::BitXor] {
        assert!(Operator::predefined::<Complex<f64>>(operation).is_none());
    }
    // Element by element.
    let array = Operator::predefined::<[Complex<f32>; 3]>(Operation::Sum).unwrap();
    assert_eq!(array.element_bytes(), 24);
}

#[test]
fn long_doubles() {
    let number = LongDouble::from_f64;
    let tiny = number(2f64.powi(-60));
    let sum = combine(Operation::Sum, &[number(1.0)], &[tiny])[0];
    assert_eq!(sum.parts(), (false, 16383, 1 << 63 | 1 << 3));
    assert_eq!(combine(Operation::Product, &[number(3.0)], &[number(-7.0)]), [number(-21.0)]);
    let nan = number(f64::NAN);
    let (a, b) = ([number(1.0), sum, nan, number(4.0)], [sum, number(1.0), number(2.0), nan]);
    assert_eq!(combine(Operation::Min, &a, &b), [number(1.0), number(1.0), number(2.0), number(4.0)]);
    assert_eq!(combine(Operation::Max, &a, &b), [sum, sum, number(2.0), number(4.0)]);
}

#[test]
fn pairs_as_c_has_them() {
    let layouts = [
        (Scalar::F32, 4, 8),
        (Scalar::F64, 8, 16),
        (Scalar::I64, 8, 16),
        (Scalar::I32, 4, 8),
        (Scalar::I16, 4, 8),
        (Scalar::LongDouble, 16, 32),
    ];
    for (value, index_at, bytes) in layouts {
        let pair = Pair::of_c(value, Scalar::I32);
        assert_eq!((pair.index_at, pair.bytes), (index_at, bytes), "{value:?}");
        assert!(Operator::of_pairs(Operation::MinLocation, pair).is_some());
    }
    // Padding stays as it is.
    let short = |value: i16, padding: u16, index: i32| {
        let mut bytes = value.to_ne_bytes().to_vec();
        bytes.extend(padding.to_ne_bytes());
        bytes.extend(index.to_ne_bytes());
        bytes
    };
    let from = [short(5, 1, 3), short(-7, 1, 9), short(4, 1, 1), short(4, 1, 3)].concat();
    let mut into = [short(6, 2, 0), short(-8, 2, 0), short(4, 2, 2), short(4, 2, 2)].concat();
    let least = Operator::of_pairs(Operation::MinLocation, Pair::of_c(Scalar::I16, Scalar::I32)).unwrap();
    // SAFETY: four pairs each.
    unsafe { least.reduce(from.as_ptr(), into.as_mut_ptr(), 4, false) };
    assert_eq!(into, [short(5, 2, 3), short(-8, 2, 0), short(4, 2, 1), short(4, 2, 2)].concat());
    // Of two numbers of one kind, as in Fortran.
    let largest = Operator::predefined::<[f32; 2]>(Operation::MaxLocation).unwrap();
    let mut into = slice::pack_to_vec(&[[1.0f32, 4.0], [f32::NAN, 1.0]]);
    let from = slice::pack_to_vec(&[[1.0f32, 3.0], [-1.0, 2.0]]);
    // SAFETY: two pairs each.
    unsafe { largest.reduce(from.as_ptr(), into.as_mut_ptr(), 2, true) };
    assert_eq!(slice::unpack_to_vec::<[f32; 2]>(&into).unwrap(), [[1.0, 3.0], [-1.0, 2.0]]);
    // What can't be compared, or lies outside.
    for pair in [
        Pair::packed(Scalar::ComplexF32, Scalar::I32),
        Pair::packed(Scalar::I32, Scalar::Bool),
        Pair { value: Scalar::F64, index: Scalar::I32, index_at: 4, bytes: 16 },
        Pair { value: Scalar::F64, index: Scalar::I32, index_at: 8, bytes: 11 },
    ] {
        assert!(Operator::of_pairs(Operation::MaxLocation, pair).is_none(), "{pair:?}");
    }
}

#[test]
fn replace_and_no_op_choose_a_side() {
    for (operation, from_is_left, expected) in [
        (Operation::Replace, true, [3u16, 4]),
        (Operation::Replace, false, [1, 2]),
        (Operation::NoOp, true, [1, 2]),
        (Operation::NoOp, false, [3, 4]),
    ] {
        let operator = Operator::predefined::<u16>(operation).unwrap();
        assert!(!operator.is_commutative());
        let (from, mut into) = ([1u16, 2], [3u16, 4]);
        // SAFETY: two numbers each.
        unsafe { operator.reduce(from.as_ptr().cast(), into.as_mut_ptr().cast(), 2, from_is_left) };
        assert_eq!(into, expected);
    }
    assert!(Operator::predefined::<(bool, char, Option<u8>)>(Operation::Replace).is_some());
}

#[test]
fn a_foreign_function_may_care_for_the_order() {
    // Differences are not associative; but one is enough to see the order.
    let difference = |left: *const u8, right: *mut u8, count: usize| {
        for i in 0..count {
            // SAFETY: `count` numbers each.
            unsafe {
                let (left, right) = (left.cast::<i32>().add(i), right.cast::<i32>().add(i));
                right.write_unaligned(left.read_unaligned() - right.read_unaligned());
            }
        }
    };
    // SAFETY: the function touches its operands only.
    let operator = unsafe { Operator::foreign(4, false, difference) };
    for (from_is_left, expected) in [(true, [-9, 2]), (false, [9, -2])] {
        let (from, mut into) = ([1, 5], [10, 3]);
        // SAFETY: two numbers each.
        unsafe { operator.reduce(from.as_ptr().cast(), into.as_mut_ptr().cast(), 2, from_is_left) };
        assert_eq!(into, expected);
    }
}
