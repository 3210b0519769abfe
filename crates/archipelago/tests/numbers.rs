//! Reductions of every kind of number between ranks.

use archipelago::prelude::*;
use archipelago::{BF16, Complex, F16, LongDouble, NoOp, Replace, ReproducibleSum, Result};

/// Enough for every kind of algorithm: a few, a vector, more than a ring's piece.
const COUNTS: [usize; 3] = [1, 17, 3000];

#[archipelago::test(ranks = [1, 2, 3, 7])]
fn halves_complex_and_long_doubles(world: Comm) -> Result<()> {
    let (me, n) = (world.rank() as f32, world.size() as f32);
    let sum = n * (n - 1.0) / 2.0;
    for count in COUNTS {
        let half = |value| vec![F16::from_f32(value); count];
        assert_eq!(world.all_reduce(half(me), Sum)?, half(sum));
        let brain = |value| vec![BF16::from_f32(value); count];
        assert_eq!(world.all_reduce(brain(me + 1.0), Max)?, brain(n));
        assert_eq!(world.all_reduce(brain(2.0), Product)?, brain(2f32.powf(n)));
        let turn = Complex { re: 0.0f64, im: 1.0 };
        let turns = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];
        let (re, im) = turns[world.size() % 4];
        assert_eq!(world.all_reduce(vec![turn; count], Product)?, vec![Complex { re, im }; count]);
        assert_eq!(world.all_reduce(vec![Complex { re: me, im: -me }; count], Sum)?[count - 1].im, -sum);
    }
    Ok(())
}

#[cfg(target_arch = "x86_64")]
#[archipelago::test(ranks = [1, 2, 3, 7])]
fn long_doubles(world: Comm) -> Result<()> {
    // Of powers of two 60 places apart an f64 keeps no sum.
    let mine = LongDouble::from_f64(if world.rank() == 0 { 1.0 } else { 2f64.powi(-60) });
    for count in COUNTS {
        let sum = world.all_reduce(vec![mine; count], Sum)?;
        let expected = LongDouble::of_parts(false, 16383, 1 << 63 | (world.size() as u64 - 1) << 3);
        assert_eq!(sum, vec![expected; count]);
        assert_eq!(world.all_reduce(vec![mine; count], Max)?, vec![LongDouble::from_f64(1.0); count]);
    }
    let here = Located { value: LongDouble::from_f64(-(world.rank() as f64)), location: world.rank() };
    assert_eq!(world.all_reduce(here, MinLocation)?.location, world.size() - 1);
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 7])]
fn the_first_and_the_last(world: Comm) -> Result<()> {
    let last = world.size() - 1;
    for count in COUNTS {
        assert_eq!(world.all_reduce(vec![world.rank(); count], Replace)?, vec![last; count]);
        assert_eq!(world.all_reduce(vec![world.rank(); count], NoOp)?, vec![0; count]);
    }
    assert_eq!(world.scan((world.rank(), 'x'), Replace)?, (world.rank(), 'x'));
    assert_eq!(world.root(0).reduce(Some(world.rank()), NoOp)?, (world.rank() == 0).then_some(Some(0)));
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 7])]
fn reproducible_sums(world: Comm) -> Result<()> {
    let harmonic = |parity: usize| {
        let mine = (1..5000).filter(|i| i % 2 == parity).skip(world.rank()).step_by(world.size());
        mine.map(|i| 1.0 / i as f64).collect::<ReproducibleSum>()
    };
    let both = world.all_reduce([harmonic(0), harmonic(1)], Sum)?;
    let alone = |parity| (1..5000).filter(|i| i % 2 == parity).map(|i| 1.0 / i as f64).collect();
    assert_eq!(both, [alone(0), alone(1)]);
    // Element by element, and up to a rank.
    let each: Vec<ReproducibleSum> = (0..100).map(|i| ReproducibleSum::of(&[0.1 * i as f64])).collect();
    let scanned = world.scan(each, Sum)?;
    let expected = ReproducibleSum::of(&vec![0.1 * 99.0; world.rank() + 1]).value();
    assert_eq!(scanned[99].value().to_bits(), expected.to_bits());
    Ok(())
}
