//! Sums that depend on nothing but their numbers.

use archipelago_layout::{Operator, ReproducibleSum};
use proptest::prelude::*;
use wire::{Wire, slice};

/// Numbers whose exact sum fits into an `i128` in units of 2^-60.
fn modest() -> impl Strategy<Value = f64> {
    (-(1i64 << 53)..(1i64 << 53), -60i32..4).prop_map(|(m, e)| m as f64 * 2f64.powi(e))
}

/// The exact sum, rounded once: conversions of integers to floating point round to the nearest, ties to even.
fn model(numbers: &[f64]) -> f64 {
    let units: i128 = numbers.iter().map(|number| (number * 2f64.powi(60)) as i128).sum();
    units as f64 * 2f64.powi(-60)
}

/// Any number: also subnormal ones, zeros of both signs, infinities and NaN.
fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |number| number.is_finite()),
        4 => modest(),
        1 => prop::sample::select(vec![0.0, -0.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE, f64::from_bits(1)]),
    ]
}

fn of_all_kinds() -> impl Strategy<Value = f64> {
    prop_oneof![
        40 => finite(),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, f64::NAN]),
    ]
}

/// By the operator, as collectives do it: at odd addresses, from either side.
fn combined(a: &ReproducibleSum, b: &ReproducibleSum, from_is_left: bool) -> ReproducibleSum {
    let (mut from, mut into) = (vec![0u8], vec![0u8]);
    from.extend(slice::pack_to_vec(&[*a]));
    into.extend(slice::pack_to_vec(&[*b]));
    let operator = Operator::exact(1);
    assert_eq!((operator.element_bytes(), operator.is_commutative()), (ReproducibleSum::BYTES, true));
    // SAFETY: one sum each, from the second byte on.
    unsafe { operator.reduce(from.as_ptr().add(1), into.as_mut_ptr().add(1), 1, from_is_left) };
    slice::unpack_to_vec(&into[1..]).unwrap()[0]
}

proptest! {
    #[test]
    fn agree_with_exact_arithmetic(numbers in prop::collection::vec(modest(), 1..200)) {
        let sum = ReproducibleSum::of(&numbers);
        prop_assert_eq!(sum.value(), model(&numbers));
        // Two roundings may differ from one; the model's `f64` has room for all bits only where they are few.
        let few: Vec<f64> = numbers.iter().map(|number| (number * 2f64.powi(-40)).trunc()).collect();
        prop_assert_eq!(ReproducibleSum::of(&few).value_f32(), few.iter().map(|x| *x as i128).sum::<i128>() as f32);
    }

    #[test]
    fn any_order_and_any_grouping_give_the_same_bits(
        numbers in prop::collection::vec(of_all_kinds(), 0..100),
        shuffled in any::<u64>(),
        cuts in prop::collection::vec(0usize..100, 0..6),
    ) {
        let all = ReproducibleSum::of(&numbers);
        // One by one, in another order.
        let mut order = numbers.clone();
        let mut state = shuffled;
        for i in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(i, (state >> 33) as usize % (i + 1));
        }
        let one_by_one: ReproducibleSum = order.iter().copied().collect();
        prop_assert_eq!(all, one_by_one);
        prop_assert_eq!(all.value().to_bits(), one_by_one.value().to_bits());
        prop_assert_eq!(all.value_f32().to_bits(), one_by_one.value_f32().to_bits());
        // In groups, combined from the left, from the right, and as a tree.
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(order.len())).collect();
        cuts.extend([0, order.len()]);
        cuts.sort_unstable();
        let groups: Vec<ReproducibleSum> =
            cuts.windows(2).map(|cut| ReproducibleSum::of(&order[cut[0]..cut[1]])).collect();
        let left = groups.iter().fold(ReproducibleSum::ZERO, |sum, group| combined(&sum, group, true));
        let right = groups.iter().rfold(ReproducibleSum::ZERO, |sum, group| combined(group, &sum, false));
        prop_assert_eq!((left, right), (all, all));
        let mut tree = groups;
        while tree.len() > 1 {
            tree = tree
                .chunks(2)
                .map(|pair| pair.get(1).map_or(pair[0], |other| combined(&pair[0], other, true)))
                .collect();
        }
        prop_assert_eq!(tree.first().copied().unwrap_or_default(), all);
    }

    /// A number, whatever it is, and its negation leave what was there.
    #[test]
    fn what_is_taken_away_is_gone(numbers in prop::collection::vec(finite(), 0..50), one in finite()) {
        let mut sum = ReproducibleSum::of(&numbers);
        let before = sum.value();
        sum.add(one);
        sum.add(-one);
        prop_assert_eq!(sum.value(), before);
        let negated: Vec<f64> = numbers.iter().map(|number| -number).collect();
        prop_assert_eq!(ReproducibleSum::of(&negated).value(), -before);
    }
}

#[test]
fn one_number_is_its_own_sum() {
    let mut bits = 1u64;
    for _ in 0..100_000 {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = f64::from_bits(bits);
        let sum = ReproducibleSum::of(&[number]);
        let value = sum.value();
        assert!(value.to_bits() == bits || number.is_nan() && value.is_nan(), "{number:e}");
        // One rounding is what the conversion does.
        let half = sum.value_f32();
        assert!(half.to_bits() == (number as f32).to_bits() || number.is_nan(), "{number:e}");
    }
    for number in [0.0, -0.0, f64::MAX, f64::MIN, f64::from_bits(1), -f64::from_bits(1), f64::MIN_POSITIVE] {
        assert_eq!(ReproducibleSum::of(&[number]).value().to_bits(), number.to_bits());
    }
}

#[test]
fn what_has_no_size_follows_stated_rules() {
    let (infinity, nan) = (f64::INFINITY, f64::NAN);
    let bits = |numbers: &[f64]| ReproducibleSum::of(numbers).value().to_bits();
    assert_eq!(bits(&[]), 0.0f64.to_bits());
    assert_eq!(bits(&[-0.0, -0.0]), (-0.0f64).to_bits());
    assert_eq!(bits(&[-0.0, 0.0]), 0.0f64.to_bits());
    assert_eq!(bits(&[-1.0, 1.0, -0.0]), 0.0f64.to_bits());
    assert_eq!(bits(&[infinity, 1.0, f64::MIN]), infinity.to_bits());
    assert_eq!(bits(&[-infinity, 1.0]), (-infinity).to_bits());
    assert_eq!(bits(&[-infinity, infinity]), nan.to_bits());
    assert_eq!(bits(&[nan, -f64::NAN, infinity]), nan.to_bits());
    assert!(ReproducibleSum::of(&[nan]).value_f32().is_nan());
    assert_eq!(ReproducibleSum::of(&[-0.0]).value_f32().to_bits(), (-0.0f32).to_bits());
}

#[test]
fn rounding_is_to_even_and_only_at_the_end() {
    let ulp = f64::EPSILON;
    let value = |numbers: &[f64]| ReproducibleSum::of(numbers).value();
    assert_eq!(value(&[1.0, ulp / 2.0]), 1.0);
    assert_eq!(value(&[1.0, ulp, ulp / 2.0]), 1.0 + 2.0 * ulp);
    assert_eq!(value(&[1.0, ulp / 2.0, f64::from_bits(1)]), 1.0 + ulp);
    assert_eq!(value(&[-1.0, -ulp / 2.0, -f64::from_bits(1)]), -1.0 - ulp);
    // Through what an f64 can't hold, and back.
    assert_eq!(value(&[f64::MAX, f64::MAX, f64::MIN]), f64::MAX);
    assert_eq!(value(&[f64::MAX; 2]), f64::INFINITY);
    assert_eq!(value(&[f64::MAX, 2f64.powi(970)]), f64::INFINITY);
    assert_eq!(value(&[f64::MAX, 2f64.powi(970).next_down()]), f64::MAX);
    assert_eq!(value(&vec![f64::from_bits(1); 1 << 20]), f64::from_bits(1 << 20));
    // A tie for f32 that an f64 would make on its way.
    let sum = ReproducibleSum::of(&[1.0, 2f64.powi(-24), 2f64.powi(-80)]);
    assert_eq!((sum.value_f32(), sum.value() as f32), (1.0 + f32::EPSILON, 1.0));
}

#[test]
fn any_bytes_are_a_sum() {
    let bytes: Vec<u8> = (0..2 * ReproducibleSum::BYTES).map(|i| (i * 37) as u8).collect();
    let sums: Vec<ReproducibleSum> = slice::unpack_to_vec(&bytes).unwrap();
    let _ = combined(&sums[0], &sums[1], true).value();
    assert_eq!(slice::pack_to_vec(&sums), bytes);
}
