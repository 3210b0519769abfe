//! Reproducible sums by every algorithm of every reduction, among any number of ranks: the same bits.

use archipelago_runtime::{Comm, harness};
use engine::Pointer;
use engine::collective::{Algorithm, Call, Collective, Operands, table};
use layout::{Operator, ReproducibleSum};

const ELEMENTS: usize = 5;
const EACH: usize = size_of::<ReproducibleSum>();

/// Numbers that cancel and round, so that another order gives other bits of an ordinary sum.
fn numbers(element: usize) -> Vec<f64> {
    let mut state = element as u64 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let exponent = 1023 - 40 + (state >> 32) % 80;
        f64::from_bits(state << 63 | exponent << 52 | state >> 12)
    };
    (0..1000).map(|_| next()).collect()
}

/// What a rank adds to an element: every size-th number, so that each number of ranks groups them otherwise.
fn part(element: usize, rank: usize, size: usize) -> ReproducibleSum {
    numbers(element).into_iter().skip(rank).step_by(size).collect()
}

fn all_of(element: usize) -> ReproducibleSum {
    ReproducibleSum::of(&numbers(element))
}

fn check(world: &Comm, collective: Collective, algorithm: &'static Algorithm) {
    let (rank, size) = (world.rank(), world.size());
    let blocks = if collective == Collective::ReduceScatter { size } else { 1 };
    let input: Vec<ReproducibleSum> =
        (0..blocks * ELEMENTS).map(|element| part(element, rank, size)).collect();
    let mut output = vec![ReproducibleSum::ZERO; ELEMENTS];
    let operands = Operands {
        input: Pointer::reading(input.as_ptr().cast()),
        output: Pointer::new(output.as_mut_ptr().cast()),
        operator: Some(Operator::exact(1)),
    };
    let case = world.case(collective, ELEMENTS as u64, EACH as u64);
    // SAFETY: both are as long as the case says and outlive the call.
    unsafe { world.collective(&Call::new(case, rank as u32, 0), Some(algorithm), &operands).unwrap() };
    for (i, sum) in output.into_iter().enumerate() {
        let up_to = |end: usize| {
            (0..end).fold(ReproducibleSum::ZERO, |mut sum, rank| {
                sum.combine(&part(i, rank, size));
                sum
            })
        };
        let expected = match collective {
            Collective::Reduce if rank != 0 => continue,
            Collective::ExclusiveScan if rank == 0 => continue,
            Collective::Reduce | Collective::AllReduce => all_of(i),
            Collective::ReduceScatter => all_of(rank * ELEMENTS + i),
            Collective::Scan => up_to(rank + 1),
            _ => up_to(rank),
        };
        let what = (collective.name(), algorithm.name, rank, size);
        assert_eq!(sum, expected, "{what:?}");
        assert_eq!(sum.value().to_bits(), expected.value().to_bits(), "{what:?}");
    }
}

#[test]
fn every_algorithm_among_any_number_of_ranks() {
    // An ordinary sum would not do: forwards and backwards it differs.
    let forwards: f64 = numbers(0).iter().sum();
    let backwards: f64 = numbers(0).iter().rev().sum();
    assert_ne!(forwards.to_bits(), backwards.to_bits());
    for size in [1, 2, 3, 4, 5, 7, 8, 13] {
        let outcomes = harness::run(size, |process| {
            let world = process.world();
            let mut checked = 0;
            for collective in Collective::ALL.into_iter().filter(|collective| collective.reduces()) {
                let case = world.case(collective, ELEMENTS as u64, EACH as u64);
                for algorithm in table::of(collective).filter(|algorithm| algorithm.fits(&case)) {
                    check(&world, collective, algorithm);
                    checked += 1;
                }
            }
            checked
        });
        assert!(outcomes.iter().all(|checked| matches!(checked, Ok(10..))), "{size}: {outcomes:?}");
    }
}
