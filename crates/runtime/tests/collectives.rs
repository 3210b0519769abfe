//! Collectives between threads that really wait, and communicators made of them.

use archipelago_runtime::{Comm, harness};
use engine::Pointer;
use engine::collective::{Call, Collective, Operands, Price, table};
use layout::{Operation, Operator};

fn all_reduce(comm: &Comm, value: u64) -> u64 {
    let mut sum = 0u64;
    let case = comm.case(Collective::AllReduce, 1, 8);
    let operands = Operands {
        input: Pointer::reading((&raw const value).cast()),
        output: Pointer::new((&raw mut sum).cast()),
        operator: Operator::predefined::<u64>(Operation::Sum),
    };
    // SAFETY: both are one u64 and outlive the call.
    unsafe { comm.collective(&Call::new(case, comm.rank() as u32, 0), None, &operands).unwrap() };
    sum
}

fn barrier(comm: &Comm) {
    let case = comm.case(Collective::Barrier, 0, 1);
    // SAFETY: no buffers.
    unsafe { comm.collective(&Call::new(case, comm.rank() as u32, 0), None, &Operands::NONE).unwrap() };
}

#[test]
fn threads_reduce_again_and_again() {
    for ranks in [1, 2, 3, 4, 7] {
        let sums = harness::run(ranks, |process| {
            let world = process.world();
            (0..200).map(|i| all_reduce(&world, i + world.rank() as u64)).sum::<u64>()
        });
        let n = ranks as u64;
        let expected: u64 = (0..200).map(|i| n * i + n * (n - 1) / 2).sum();
        assert!(sums.iter().all(|sum| *sum == Ok(expected)), "{sums:?}");
    }
}

#[test]
fn nobody_leaves_a_barrier_before_all_have_entered() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let entered = AtomicUsize::new(0);
    let outcomes = harness::run(5, |process| {
        let world = process.world();
        for round in 1..=50 {
            entered.fetch_add(1, Ordering::SeqCst);
            barrier(&world);
            assert!(entered.load(Ordering::SeqCst) >= 5 * round);
            barrier(&world);
        }
    });
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

#[test]
fn parts_and_copies_are_worlds_of_their_own() {
    let outcomes = harness::run(6, |process| {
        let world = process.world();
        let rank = world.rank();
        // Odd and even ranks, in falling order; the last rank takes no part.
        let colour = (rank < 5).then_some(rank as u32 % 2);
        let part = world.split(colour, -(rank as i64)).unwrap();
        let copy = world.duplicate().unwrap();
        assert_ne!(copy.inner().context, world.inner().context);
        assert_eq!((copy.rank(), copy.size()), (rank, 6));
        assert_eq!(all_reduce(&copy, 1), 6);
        let Some(part) = part else { return (0, 0, 0) };
        let nested = part.duplicate().unwrap();
        (part.rank(), part.size(), all_reduce(&nested, rank as u64))
    });
    let expected = [(2, 3, 6), (1, 2, 4), (1, 3, 6), (0, 2, 4), (0, 3, 6), (0, 0, 0)];
    assert_eq!(outcomes, expected.map(Ok));
}

#[test]
fn every_fitting_algorithm_can_be_forced() {
    let outcomes = harness::run(4, |process| {
        let world = process.world();
        for collective in Collective::ALL {
            let case = world.case(collective, 5, 8);
            let cheapest = world.algorithm(&case);
            assert!(cheapest.fits(&case) && world.price() == &Price::SHARED_MEMORY);
            for algorithm in table::of(collective).filter(|algorithm| algorithm.fits(&case)) {
                let input = vec![world.rank() as u64 + 1; 20];
                let mut output = vec![0u64; 20];
                if collective == Collective::Broadcast {
                    output.copy_from_slice(&input);
                }
                let operands = Operands {
                    input: Pointer::reading(input.as_ptr().cast()),
                    output: Pointer::new(output.as_mut_ptr().cast()),
                    operator: Operator::predefined::<u64>(Operation::Sum),
                };
                let call = Call::new(case, world.rank() as u32, 0);
                // SAFETY: both hold four blocks of five, the most that any collective uses.
                unsafe { world.collective(&call, Some(algorithm), &operands).unwrap() };
                if collective == Collective::AllReduce {
                    assert_eq!(output[..5], [10; 5], "{}", algorithm.name);
                }
            }
        }
    });
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

#[test]
fn what_the_user_names_is_taken_wherever_it_fits() {
    let mut config = engine::Config::default();
    config.forced.set("all-reduce", "ring").unwrap().unwrap();
    let outcomes = harness::run_with(3, config, |process| {
        let world = process.world();
        let case = world.case(Collective::AllReduce, 1, 8);
        assert_eq!(world.algorithm(&case).name, "ring");
        let ordered = engine::collective::Case { commutative: false, ..case };
        assert_ne!(world.algorithm(&ordered).name, "ring");
        let before = process.counters().peers.messages_sent;
        let sum = all_reduce(&world, world.rank() as u64);
        (sum, process.counters().peers.messages_sent - before)
    });
    // Two rounds for each of both phases.
    assert_eq!(outcomes, [(); 3].map(|()| Ok((3, 4))));
}
