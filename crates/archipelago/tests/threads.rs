//! Threads, lanes, and who moves what on: any number of threads on any number of communicators.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use archipelago::prelude::*;
use archipelago::{Comm, Requests, Result};

/// Large enough to be announced first on every transport.
const LARGE: usize = 300_000;

fn large(seed: usize) -> Vec<u32> {
    (0..LARGE).map(|at| (at * 31 + seed) as u32).collect()
}

/// Runs `body` on so many threads at once, each with its number.
fn on_threads(count: usize, body: impl Fn(usize) -> Result<()> + Sync) -> Result<()> {
    std::thread::scope(|scope| {
        let body = &body;
        let threads: Vec<_> = (0..count).map(|number| scope.spawn(move || body(number))).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// Computes, without a call into the library, until the flag is set. Something that never happens ends the test.
fn compute_until(flag: &AtomicBool) {
    let start = Instant::now();
    while !flag.load(Ordering::Acquire) {
        assert!(start.elapsed() < Duration::from_secs(120), "nobody has moved it on");
        std::thread::yield_now();
    }
}

/// A long enough time for every thread that waits to fall asleep.
fn let_others_sleep() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Messages of all sizes around the ring, and collectives, on one communicator.
fn around(comm: &Comm, seed: usize) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    let (right, left) = ((me + 1) % n, (me + n - 1) % n);
    for round in 0..8 {
        let value = seed * 1000 + round;
        let sent = comm.to(right).tag(round as i32).send_owned((value, me));
        assert_eq!(comm.from_any().tag(round as i32).receive::<(usize, usize)>()?, (value, left));
        sent.wait()?;
        let sum: usize = comm.all_reduce(value + me, Sum)?;
        assert_eq!(sum, n * value + n * (n - 1) / 2);
    }
    let sent = comm.to(right).send_owned(large(seed + me));
    assert!(comm.from(left).receive::<Vec<u32>>()? == large(seed + left));
    sent.wait()?;
    comm.barrier()
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn each_thread_with_a_communicator(world: Comm) -> Result<()> {
    let comms: Vec<Comm> = (0..3).map(|_| world.duplicate()).collect::<Result<_>>()?;
    on_threads(4, |thread| match comms.get(thread) {
        Some(comm) => around(comm, thread),
        // And one on the world.
        None => around(&world, thread),
    })
}

#[archipelago::test(ranks = [1, 2, 4])]
fn more_communicators_than_lanes(world: Comm) -> Result<()> {
    let comms: Vec<Comm> = (0..40).map(|_| world.duplicate()).collect::<Result<_>>()?;
    // By one thread, in an order that is another one at each rank.
    let n = comms.len();
    let mut sent = Vec::new();
    let (right, left) = ((world.rank() + 1) % world.size(), (world.rank() + world.size() - 1) % world.size());
    for at in 0..n {
        let number = (at * 7 + world.rank() * 5) % n;
        sent.push(comms[number].to(right).send_owned(vec![number as u64; 1 + number * 400]));
    }
    for (number, comm) in comms.iter().enumerate() {
        assert!(comm.from(left).receive::<Vec<u64>>()? == vec![number as u64; 1 + number * 400]);
    }
    for sent in sent {
        sent.wait()?;
    }
    on_threads(8, |thread| (thread..n).step_by(8).try_for_each(|number| around(&comms[number], number)))
}

#[archipelago::test(ranks = [1, 2, 3, 7])]
fn many_threads_on_one_communicator(world: Comm) -> Result<()> {
    const THREADS: usize = 4;
    const EACH: usize = 60;
    let n = world.size();
    // Every thread sends to every rank; any thread there takes it, by a wildcard or by a matched probe.
    let (taken, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let all = n * THREADS * EACH;
    on_threads(2 * THREADS, |thread| {
        if thread < THREADS {
            for message in 0..EACH {
                for to in 0..n {
                    // Small, and now and then too large for a line or for an eager message.
                    let words = [1, 1, 1, 30, 5000][message % 5];
                    world.to(to).tag(3).send(&vec![message + 1; words])?;
                }
            }
            return Ok(());
        }
        while taken.fetch_add(1, Ordering::Relaxed) < all {
            let received: Vec<usize> = match thread % 2 {
                0 => world.from_any().tag(3).receive()?,
                _ => world.from_any().any_tag().matched_probe()?.receive()?,
            };
            assert!(received.iter().all(|word| *word == received[0]));
            sum.fetch_add(received[0], Ordering::Relaxed);
        }
        Ok(())
    })?;
    assert_eq!(sum.into_inner(), n * THREADS * EACH * (EACH + 1) / 2);
    // A rank that has left is one that nothing comes from: a wildcard of the last rank would end.
    world.barrier()
}

#[archipelago::test(ranks = [2, 3, 4])]
fn order_is_kept_on_every_communicator(world: Comm) -> Result<()> {
    let comms: Vec<Comm> = (0..5).map(|_| world.duplicate()).collect::<Result<_>>()?;
    let (right, left) = ((world.rank() + 1) % world.size(), (world.rank() + world.size() - 1) % world.size());
    on_threads(10, |thread| {
        let comm = &comms[thread / 2];
        (0..500).try_for_each(|message: usize| match thread % 2 {
            0 => comm.to(right).send(&message),
            _ => comm.from(left).receive().map(|received: usize| assert_eq!(received, message)),
        })
    })
}

#[archipelago::test(ranks = [2, 4])]
fn a_wait_on_one_communicator_moves_the_others_on(world: Comm) -> Result<()> {
    let (a, b) = (world.duplicate()?, world.duplicate()?);
    let other = world.rank() ^ 1;
    for round in 0..10 {
        if world.rank().is_multiple_of(2) {
            // Complete only once the other, which waits elsewhere, has taken it.
            a.to(other).send_synchronous(&large(round))?;
            b.to(other).send(&round)?;
        } else {
            let incoming = a.from(other).receive_owned(vec![0; LARGE]);
            if round % 2 == 1 {
                let_others_sleep();
            }
            assert_eq!(b.from(other).receive::<usize>()?, round);
            assert!(incoming.wait()?.0 == large(round));
        }
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3])]
fn a_set_has_operations_of_several_communicators(world: Comm) -> Result<()> {
    let comms: Vec<Comm> = (0..6).map(|_| world.duplicate()).collect::<Result<_>>()?;
    let (right, left) = ((world.rank() + 1) % world.size(), (world.rank() + world.size() - 1) % world.size());
    on_threads(2, |thread| {
        let mut incoming: Requests<_> = comms
            .iter()
            .map(|comm| comm.from(left).tag(thread as i32).receive_owned(vec![0u32; LARGE]))
            .collect();
        let mut sent = Vec::new();
        for (number, comm) in comms.iter().enumerate().rev() {
            if number % 2 == 0 {
                let_others_sleep();
            }
            sent.push(comm.to(right).tag(thread as i32).send_owned(large(number)));
        }
        let mut seen = 0;
        while let Some((key, received)) = incoming.wait_any() {
            assert!(received?.0 == large(key.0));
            seen += 1;
        }
        assert_eq!(seen, comms.len());
        for sent in sent {
            sent.wait()?;
        }
        Ok(())
    })
}

/// Two ranks, of which the second computes between two calls: what the first waits for is moved on by someone else.
fn with_a_rank_that_computes(
    with_thread: fn(&Comm) -> Result<()>,
    body: impl Fn(&Comm, &Comm, &AtomicBool) -> Result<()> + Sync,
) {
    let flags: [AtomicBool; 8] = [const { AtomicBool::new(false) }; 8];
    archipelago::testing::run(2, |world| {
        let (used, waited) = (world.duplicate()?, world.duplicate()?);
        with_thread(&world)?;
        for flag in &flags {
            body(&used, &waited, flag)?;
        }
        world.barrier()
    });
}

fn takes_a_large_message(used: &Comm, flag: &AtomicBool) -> Result<()> {
    if used.rank() == 0 {
        let_others_sleep();
        used.to(1).send_synchronous(&large(5))?;
        flag.store(true, Ordering::Release);
        return Ok(());
    }
    let incoming = used.from(0).receive_owned(vec![0; LARGE]);
    compute_until(flag);
    assert!(incoming.wait()?.0 == large(5));
    Ok(())
}

fn takes_part_in_a_collective(used: &Comm, flag: &AtomicBool) -> Result<()> {
    let sum = used.prepare().all_reduce(vec![used.rank() as u64 + 1; 40_000], Sum).owned();
    if used.rank() == 1 {
        compute_until(flag);
    } else {
        let_others_sleep();
    }
    assert!(sum.wait()? == vec![3; 40_000]);
    flag.store(true, Ordering::Release);
    Ok(())
}

/// One thread of each rank waits for the other rank's word, on another communicator than `body`, which comes after it has
/// fallen asleep, or together with it.
fn beside_one_that_waits(waited: &Comm, body: impl Fn() -> Result<()> + Sync, late: bool) -> Result<()> {
    let other = 1 - waited.rank();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || waited.from(other).receive::<u8>().map(drop));
        if late {
            let_others_sleep();
        }
        body()?;
        waited.to(other).send(&1u8)?;
        waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn a_thread_that_waits_moves_on_what_others_have_started() {
    for late in [true, false] {
        with_a_rank_that_computes(
            |_| Ok(()),
            |used, waited, flag| beside_one_that_waits(waited, || takes_a_large_message(used, flag), late),
        );
        with_a_rank_that_computes(
            |_| Ok(()),
            |used, waited, flag| {
                beside_one_that_waits(waited, || takes_part_in_a_collective(used, flag), late)
            },
        );
    }
}

fn with_progress_thread(world: &Comm) -> Result<()> {
    world.start_progress_thread().expect("the system has threads");
    Ok(())
}

#[test]
fn the_progress_thread_moves_on_what_a_rank_has_started_that_computes() {
    with_a_rank_that_computes(with_progress_thread, |used, _, flag| takes_a_large_message(used, flag));
    with_a_rank_that_computes(with_progress_thread, |used, _, flag| takes_part_in_a_collective(used, flag));
    with_a_rank_that_computes(with_progress_thread, |used, waited, flag| {
        beside_one_that_waits(waited, || takes_a_large_message(used, flag), true)
    });
}

#[archipelago::test(ranks = [1, 2, 3, 4])]
fn everything_beside_the_progress_thread(world: Comm) -> Result<()> {
    with_progress_thread(&world)?;
    let comms: Vec<Comm> = (0..3).map(|_| world.duplicate()).collect::<Result<_>>()?;
    (0..3).try_for_each(|round| on_threads(3, |thread| around(&comms[thread], round)))?;
    around(&world, 9)
}

/// A duplicate, its two parts, an inter-communicator between them, and what that is merged to.
fn copy_split_and_merge(parent: &Comm, round: usize) -> Result<()> {
    let (me, n) = (parent.rank(), parent.size());
    let copy = parent.duplicate()?;
    let low = 1 + round % (n - 1);
    let part = copy.split(Some((me < low) as u32), 0)?.expect("a colour was given");
    let bridge = (part.rank() == 0).then_some((&copy, if me < low { low } else { 0 }));
    let inter = part.inter_communicator(0, bridge, 5)?;
    if round.is_multiple_of(2) {
        drop(part);
    }
    let merged = inter.merge(me >= low)?;
    assert!(merged.all_gather(&[me])? == (0..n).collect::<Vec<_>>());
    Ok(())
}

#[archipelago::test(ranks = [2, 3, 4])]
fn threads_that_make_communicators(world: Comm) -> Result<()> {
    let parents: Vec<Comm> = (0..4).map(|_| world.duplicate()).collect::<Result<_>>()?;
    on_threads(4, |thread| (0..10).try_for_each(|round| copy_split_and_merge(&parents[thread], round)))
}
