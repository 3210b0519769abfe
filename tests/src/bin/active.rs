//! Active messages between processes. Each rank prints one line when all was right; with an argument, something goes wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use archipelago::prelude::*;
use archipelago::{ActiveRequest, Error, Result};

fn main() -> Result<()> {
    let world = archipelago::init()?;
    match std::env::args().nth(1).as_deref() {
        Some("kill") => return kill(&world),
        Some("panic") => return panic(&world),
        _ => {}
    }
    for round in 0..3 {
        calls(&world)?;
        tree(&world, round)?;
        floods(&world)?;
        computing(&world)?;
    }
    println!("rank {} of {} is right", world.rank(), world.size());
    world.finalize()
}

/// Everybody calls everybody, with any length, and by way of others.
fn calls(world: &Comm) -> Result<()> {
    let comm = world.duplicate()?;
    let (me, n) = (comm.rank(), comm.size());
    let next = comm.agreed::<(u32, u64), u64>(1).at((me + 1) % n);
    let _hop = comm.register_as(1, move |(hops, x): (u32, u64), request: ActiveRequest<u64>| match hops {
        0 => request.answer(x + me as u64),
        _ => request.forward(&next, &(hops - 1, x)).expect("room"),
    })?;
    let reverse = comm.register(|mut all: Vec<u64>| {
        all.reverse();
        all
    })?;
    for to in 0..n {
        for hops in 0..5 {
            let answer = comm.agreed::<(u32, u64), u64>(1).at(to).call(&(hops, 100))?;
            assert_eq!(answer, 100 + ((to + hops as usize) % n) as u64);
        }
        for length in [0, 1, 4, 5, 1000, 100_000] {
            let all: Vec<u64> = (0..length).collect();
            let calls = [0, 1].map(|_| reverse.at(to).call_owned(all.clone()));
            for call in calls {
                assert!(call.wait()?.iter().rev().eq(&all));
            }
        }
    }
    comm.quiescence()
}

/// Handlers that send to others' handlers.
fn tree(world: &Comm, round: u32) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let handled = Arc::new(AtomicU64::new(0));
    let (count, next) = (handled.clone(), world.agreed::<(u32, [u8; 50]), ()>(round));
    let grow = world.register_as(round, move |(depth, load): (u32, [u8; 50])| {
        count.fetch_add(1, Ordering::Relaxed);
        for way in 1..=2 * usize::from(depth > 0) {
            next.at((me + way) % n).tell(&(depth - 1, load)).expect("room");
        }
    })?;
    grow.at((me + 1) % n).tell(&(7, [1; 50]))?;
    world.quiescence()?;
    let all = world.all_reduce(handled.load(Ordering::Relaxed), Sum)?;
    assert_eq!(all, 255 * n as u64);
    Ok(())
}

/// More than any pool holds, from all to all.
fn floods(world: &Comm) -> Result<()> {
    let comm = world.duplicate()?;
    let sum = Arc::new(AtomicU64::new(0));
    let adding = sum.clone();
    let add = comm.register(move |all: Vec<u64>| {
        adding.fetch_add(all.iter().sum(), Ordering::Relaxed);
    })?;
    for length in [3000, 1, 400, 20_000] {
        for _ in 0..100 / comm.size() + 1 {
            for to in 0..comm.size() {
                add.at(to).tell(&vec![1; length])?;
            }
        }
    }
    comm.quiescence()?;
    let each = (100 / comm.size() + 1) as u64 * (3000 + 1 + 400 + 20_000) * comm.size() as u64;
    assert_eq!(sum.load(Ordering::Relaxed), each);
    Ok(())
}

/// The progress thread handles while its rank calls nothing.
fn computing(world: &Comm) -> Result<()> {
    let comm = world.duplicate()?;
    let asked = Arc::new(AtomicU64::new(0));
    let counting = asked.clone();
    let count = comm.register(move |x: u64| counting.fetch_add(x, Ordering::Release))?;
    comm.start_progress_thread().expect("a thread");
    match comm.rank() {
        0 => {
            while asked.load(Ordering::Acquire) < comm.size() as u64 - 1 {
                std::thread::yield_now();
            }
        }
        _ => drop(count.at(0).call(&1)?),
    }
    comm.quiescence()
}

/// The last rank ends without a word, while the others call it and each other.
fn kill(world: &Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let next = world.agreed::<u32, u32>(1).at((me + 1) % n);
    let mut handled = 0;
    let _relay = world.register_as(1, move |hops: u32, request: ActiveRequest<u32>| {
        handled += 1;
        if me == n - 1 && handled > 100 {
            std::process::abort();
        }
        match hops {
            0 => request.answer(handled),
            // Who is gone is an error here, and the request is dropped with it: who asked hears of that.
            _ => drop(request.forward(&next, &(hops - 1))),
        }
    })?;
    let there = world.agreed::<u32, u32>(1);
    let error =
        (0..).find_map(|i| there.at(i as usize % n).call(&(i % 4)).err()).expect("an error in the end");
    // One that was told before has taken its object away.
    assert!(
        matches!(
            error,
            Error::PeerFailed { .. }
                | Error::Unanswered { .. }
                | Error::Ended { .. }
                | Error::NoSuchObject { .. }
        ),
        "{error}"
    );
    // Quiescence is for all.
    assert!(world.quiescence().is_err());
    println!("rank {me} was told");
    Ok(())
}

fn panic(world: &Comm) -> Result<()> {
    let fuse = world.register(|x: u32| assert_ne!(x, 1, "on purpose"))?;
    if world.rank() == 0 {
        fuse.at(1).tell(&1)?;
    }
    world.quiescence()
}
