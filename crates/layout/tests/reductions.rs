//! Reductions against naive models.

use archipelago_layout::{Failure, Operation, Operator};
use proptest::prelude::*;
use wire::{Scalar, Wire, slice};

/// Combines the encodings of `from` into those of `into` at odd addresses, and returns the values.
fn combine<T: Wire>(operator: &Operator, from: &[T], into: &[T], from_is_left: bool) -> Vec<T> {
    assert_eq!(operator.element_bytes(), T::BYTES);
    let (mut left, mut right) = (vec![0; 1], vec![0; 1]);
    left.extend(slice::pack_to_vec(from));
    right.extend(slice::pack_to_vec(into));
    // SAFETY: both hold that many elements from the second byte on.
    unsafe { operator.reduce(left.as_ptr().add(1), right.as_mut_ptr().add(1), from.len(), from_is_left) };
    slice::unpack_to_vec(&right[1..]).unwrap()
}

#[track_caller]
fn check<T: Wire + PartialEq + std::fmt::Debug>(
    operation: Operation,
    pairs: &[(T, T)],
    model: impl Fn(T, T) -> T,
) {
    let operator = Operator::predefined::<T>(operation).unwrap();
    assert_eq!((operator.element_bytes(), operator.is_commutative()), (T::BYTES, true));
    let (from, into): (Vec<T>, Vec<T>) = pairs.iter().copied().unzip();
    let expected: Vec<T> = pairs.iter().map(|&(a, b)| model(a, b)).collect();
    assert_eq!(combine(&operator, &from, &into, true), expected, "{operation:?}");
    assert_eq!(combine(&operator, &into, &from, false), expected, "{operation:?}, operands exchanged");
}

macro_rules! integers {
    ($($name:ident $type:ident),+ $(,)?) => {$(
        proptest! {
            #[test]
            fn $name(pairs in prop::collection::vec((any::<$type>(), any::<$type>()), 0..40)) {
                type T = $type;
                let truth = |x: T| x != 0;
                check(Operation::Sum, &pairs, |a, b| a.wrapping_add(b));
                check(Operation::Product, &pairs, |a, b| a.wrapping_mul(b));
                check(Operation::Min, &pairs, |a, b| a.min(b));
                check(Operation::Max, &pairs, |a, b| a.max(b));
                check(Operation::And, &pairs, |a, b| (truth(a) & truth(b)) as T);
                check(Operation::Or, &pairs, |a, b| (truth(a) | truth(b)) as T);
                check(Operation::Xor, &pairs, |a, b| (truth(a) ^ truth(b)) as T);
                check(Operation::BitAnd, &pairs, |a, b| a & b);
                check(Operation::BitOr, &pairs, |a, b| a | b);
                check(Operation::BitXor, &pairs, |a, b| a ^ b);
                let located: Vec<((T, u64), (T, u64))> =
                    pairs.iter().enumerate().map(|(i, &(a, b))| ((a, i as u64 % 3), (b, i as u64 % 2))).collect();
                check(Operation::MinLocation, &located, |a, b| a.min(b));
                check(Operation::MaxLocation, &located, |a, b| {
                    if (b.0, std::cmp::Reverse(b.1)) > (a.0, std::cmp::Reverse(a.1)) { b } else { a }
                });
            }
        }
    )+};
}

integers!(of_i8 i8, of_i16 i16, of_i32 i32, of_i64 i64, of_i128 i128, of_isize isize);
integers!(of_u8 u8, of_u16 u16, of_u32 u32, of_u64 u64, of_u128 u128, of_usize usize);

macro_rules! floats {
    ($($name:ident $type:ident),+ $(,)?) => {$(
        proptest! {
            #[test]
            fn $name(pairs in prop::collection::vec((any::<$type>(), any::<$type>()), 0..40)) {
                type T = $type;
                let truth = |x: T| x != 0.0;
                let number = |truth: bool| if truth { 1.0 } else { 0.0 };
                check(Operation::Sum, &pairs, |a, b| a + b);
                check(Operation::Product, &pairs, |a, b| a * b);
                check(Operation::Min, &pairs, |a, b| if a < b { a } else { b });
                check(Operation::Max, &pairs, |a, b| if a > b { a } else { b });
                check(Operation::And, &pairs, |a, b| number(truth(a) & truth(b)));
                check(Operation::Or, &pairs, |a, b| number(truth(a) | truth(b)));
                check(Operation::Xor, &pairs, |a, b| number(truth(a) ^ truth(b)));
            }
        }
    )+};
}

floats!(of_f32 f32, of_f64 f64);

#[test]
fn a_number_wins_over_nan_on_either_side() {
    for operation in [Operation::Min, Operation::Max] {
        let operator = Operator::predefined::<f64>(operation).unwrap();
        assert_eq!(combine(&operator, &[f64::NAN, 1.0], &[2.0, f64::NAN], true), [2.0, 1.0]);
    }
    for operation in [Operation::MinLocation, Operation::MaxLocation] {
        let operator = Operator::predefined::<(f64, u64)>(operation).unwrap();
        let result = combine(&operator, &[(f64::NAN, 1u64), (1.0, 2)], &[(2.0, 3), (f64::NAN, 4)], true);
        assert_eq!(result, [(2.0, 3), (1.0, 2)]);
        // Between two NaN the location decides, so that all ranks agree.
        let result = combine(&operator, &[(f64::NAN, 1u64)], &[(f64::NAN, 0)], true);
        assert_eq!(result[0].1, 0);
    }
}

#[test]
fn truth_of_bools() {
    let pairs = [(false, false), (false, true), (true, false), (true, true)];
    for operation in [Operation::And, Operation::BitAnd] {
        check(operation, &pairs, |a, b| a & b);
    }
    for operation in [Operation::Or, Operation::BitOr] {
        check(operation, &pairs, |a, b| a | b);
    }
    for operation in [Operation::Xor, Operation::BitXor] {
        check(operation, &pairs, |a, b| a ^ b);
    }
    // Whatever bytes arrive, the result is a bool.
    let mut into = [0, 1, 7, 255];
    let or = Operator::predefined::<bool>(Operation::Or).unwrap();
    // SAFETY: four elements each.
    unsafe { or.reduce([9u8, 0, 4, 0].as_ptr(), into.as_mut_ptr(), 4, true) };
    assert_eq!(into, [1; 4]);
}

#[test]
fn arrays_are_reduced_element_by_element() {
    check(Operation::Sum, &[([1.0, 2.0, 3.0], [10.0, 20.0, 30.0])], |a: [f64; 3], b| {
        [0, 1, 2].map(|i| a[i] + b[i])
    });
}

#[test]
fn operations_are_offered_where_they_are_defined() {
    assert!(Operator::predefined::<f64>(Operation::BitAnd).is_none());
    assert!(Operator::predefined::<bool>(Operation::Sum).is_none());
    assert!(Operator::predefined::<char>(Operation::Max).is_none());
    assert!(Operator::predefined::<(f64, u32)>(Operation::Sum).is_none());
    assert!(Operator::predefined::<f64>(Operation::MinLocation).is_none());
    assert!(Operator::predefined::<(f64, usize)>(Operation::MinLocation).is_some());
    let defined =
        Operation::ALL.iter().flat_map(|o| Scalar::ALL.map(|s| o.accepts(s))).filter(|&yes| yes).count();
    // Integers; floats; complex numbers; bool; bytes; and two that are defined for all.
    let (floats, complex) = if cfg!(target_arch = "x86_64") { (5, 4) } else { (4, 3) };
    assert_eq!(defined, 10 * 12 + 9 * floats + 2 * complex + 6 + 3 + 2 * Scalar::ALL.len());
}

#[test]
fn users_functions_keep_the_order() {
    // Composition of affine maps x -> a x + b: associative, not commutative.
    let compose = Operator::user(false, |f: &(f64, f64), g: &(f64, f64)| (f.0 * g.0, f.0 * g.1 + f.1));
    assert!(!compose.is_commutative());
    assert_eq!(combine(&compose, &[(2.0, 1.0)], &[(3.0, 5.0)], true), [(6.0, 11.0)]);
    assert_eq!(combine(&compose, &[(2.0, 1.0)], &[(3.0, 5.0)], false), [(6.0, 8.0)]);
    // Of a type that is packed.
    let either = Operator::user(true, |a: &Option<u32>, b: &Option<u32>| a.or(*b));
    assert_eq!(
        combine(&either, &[None, Some(1), None], &[Some(2), Some(3), None], true),
        [Some(2), Some(1), None]
    );
    assert!(either.take_failure().is_none());
}

#[test]
fn a_panic_is_kept_and_nothing_more_is_done() {
    let operator = Operator::user(true, |a: &u32, b: &u32| if *a == 13 { panic!("unlucky") } else { a + b });
    let clone = operator.clone();
    assert_eq!(combine(&operator, &[1, 13, 1], &[1, 1, 1], true), [2, 1, 1]);
    assert_eq!(combine(&operator, &[1], &[1], true), [1]);
    match clone.take_failure() {
        Some(Failure::Panicked(payload)) => assert_eq!(payload.downcast_ref::<&str>(), Some(&"unlucky")),
        other => panic!("{other:?}"),
    }
    assert_eq!(combine(&operator, &[1], &[1], true), [2]);
}

#[test]
fn an_operand_that_is_no_value_never_reaches_the_function() {
    let and = Operator::user(true, |a: &bool, b: &bool| *a && *b);
    let mut into = [1u8];
    // SAFETY: one element each.
    unsafe { and.reduce([2u8].as_ptr(), into.as_mut_ptr(), 1, true) };
    assert_eq!(into, [1]);
    match and.take_failure() {
        Some(Failure::Invalid(invalid)) => assert_eq!(invalid.to_string(), "0x02 is no value of bool"),
        other => panic!("{other:?}"),
    }
}
