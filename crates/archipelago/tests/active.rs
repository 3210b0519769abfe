//! Active messages between ranks as threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use archipelago::prelude::*;
use archipelago::{ActiveRequest, Address, Error, InterComm, ObjectName, Result};

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn everybody_calls_everybody(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let scale = world.register(move |x: u64| x * 10 + me as u64)?;
    for to in 0..n {
        for x in 0..20 {
            assert_eq!(scale.at(to).call(&x)?, x * 10 + to as u64);
        }
    }
    world.quiescence()
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn payloads_of_any_length(world: Comm) -> Result<()> {
    let n = world.size();
    let reverse = world.register(|mut all: Vec<u32>| {
        all.reverse();
        all
    })?;
    for length in [0, 1, 5, 6, 7, 8, 9, 100, 5_000, 60_000] {
        let numbers: Vec<u32> = (0..length).collect();
        let back = reverse.at((world.rank() + 1) % n).call(&numbers)?;
        assert!(back.iter().rev().eq(&numbers), "{length}");
    }
    // Not plain, and of one value larger than a line.
    let pick = world.register(|all: [(u8, bool, Option<char>); 40]| (all[39].0, all[38].1, all[37].2))?;
    let mut all = [(7, true, None); 40];
    all[37].2 = Some('x');
    assert_eq!(pick.at(n - 1).call(&all)?, (7, true, Some('x')));
    let large = world.register(|x: [f64; 3000]| x)?;
    let answer = large.at(0).call(&[1.5; 3000])?;
    assert!(answer.iter().all(|x| *x == 1.5));
    world.quiescence()
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn one_way_messages_come_in_order(world: Comm) -> Result<()> {
    const COUNT: u64 = 3000;
    let n = world.size();
    let seen = Arc::new(Mutex::new(vec![0u64; n]));
    let noted = seen.clone();
    let note = world.register(move |(from, number): (usize, u64), request: ActiveRequest<()>| {
        assert!(!request.wants_answer() && request.sender() == from);
        let mut seen = noted.lock().unwrap();
        assert_eq!(seen[from], number);
        seen[from] += 1;
    })?;
    for number in 0..COUNT / n as u64 {
        for to in 0..n {
            note.at(to).tell(&(world.rank(), number))?;
        }
    }
    world.quiescence()?;
    assert!(seen.lock().unwrap().iter().all(|count| *count == COUNT / n as u64));
    let counters = world.active_counters();
    assert_eq!((counters.sent, counters.handled), (COUNT / n as u64 * n as u64, COUNT / n as u64 * n as u64));
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn trees_of_messages_end(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let handled = Arc::new(AtomicU64::new(0));
    for round in 0..5u32 {
        let (count, next) = (handled.clone(), world.agreed::<(u32, Vec64), ()>(round));
        let grow = world.register_as(round, move |(depth, load): (u32, Vec64)| {
            count.fetch_add(1, Ordering::Relaxed);
            if depth > 0 {
                for way in 1..=3 {
                    next.at((me + way) % n).tell(&(depth - 1, load)).unwrap();
                }
            }
        })?;
        if me == round as usize % n {
            grow.at((me + 1) % n).tell(&(round, [1; 64]))?;
        }
        world.quiescence()?;
        let all = world.all_reduce(handled.swap(0, Ordering::Relaxed), Sum)?;
        assert_eq!(all, (3u64.pow(round + 1) - 1) / 2);
    }
    Ok(())
}

type Vec64 = [u8; 64];

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn chains_of_forwards_answer_straight(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let hop = world.agreed::<(u32, u64), (usize, usize)>(1).at((me + 1) % n);
    let object =
        world.register_as(1, move |(hops, x): (u32, u64), request: ActiveRequest<(usize, usize)>| {
            let asker = request.sender();
            match hops {
                0 => request.answer((me, asker)),
                _ => request.forward(&hop, &(hops - 1, x)).unwrap(),
            }
        })?;
    for hops in 0..10 {
        let answered = object.at(me).call(&(hops, 5))?;
        assert_eq!(answered, ((me + hops as usize) % n, me));
    }
    let calls: Vec<_> = (0..50).map(|hops| object.at(0).call_owned((hops, 5))).collect();
    for (hops, call) in calls.into_iter().enumerate() {
        assert_eq!(call.wait()?, (hops % n, me));
    }
    world.quiescence()
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn answers_may_come_later(world: Comm) -> Result<()> {
    let n = world.size();
    // Answered when all have asked: a barrier.
    let mut asked = Vec::new();
    let arrive = world.register(move |data: Vec<u64>, request: ActiveRequest<Vec<u64>>| {
        asked.push((data, request));
        if asked.len() == n {
            for (data, request) in asked.drain(..) {
                request.answer(data);
            }
        }
    })?;
    for length in [1, 4, 5, 1000, 100_000] {
        let data = vec![world.rank() as u64; length];
        assert_eq!(arrive.at(0).call(&data)?, data);
    }
    world.quiescence()
}

#[archipelago::test(ranks = [2, 4])]
fn handlers_call_without_waiting(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let (sender, answers) = std::sync::mpsc::channel();
    let double = world.register(|x: u64| 2 * x)?;
    let other = double.at((me + 1) % n);
    let relay = world.register(move |x: u64| {
        assert!(matches!(other.call(&x), Err(Error::InHandler { .. })));
        sender.send(other.call_owned(x)).unwrap();
    })?;
    relay.at((me + 1) % n).tell(&(me as u64))?;
    relay.at((me + n - 1) % n).tell(&(me as u64))?;
    world.quiescence()?;
    let mut got: Vec<u64> = answers.try_iter().map(|call| call.wait().unwrap()).collect();
    got.sort();
    let mut expected = vec![2 * ((me + 1) % n) as u64, 2 * ((me + n - 1) % n) as u64];
    expected.sort();
    assert_eq!(got, expected);
    Ok(())
}

#[archipelago::test(ranks = [2, 3])]
fn what_cannot_be_handled_is_told(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let last = n - 1;
    let halve = world.register_as(3, |x: f64| x / 2.0)?;
    let own = (me == last).then(|| world.create_object(|x: u8| x)).transpose()?;
    let mut name: Option<ObjectName> = own.as_ref().map(|own| own.name());
    world.root(last).broadcast(&mut name)?;
    let name = name.unwrap();
    if me == 0 {
        let wrong: Address<u32, f64> = world.agreed(3);
        let error = wrong.at(last).call(&5).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Unanswered { rank, .. } if rank == last), "{text}");
        assert!(text.contains("takes f64") && text.contains("made of u32"), "{text}");
        // The answer is of another type.
        let wrong: Address<f64, f32> = world.agreed(3);
        let text = wrong.at(last).call(&5.0).unwrap_err().to_string();
        assert!(text.contains("f64") && text.contains("f32"), "{text}");
        // Two values where the object takes one.
        let text = halve.at(last).call(&[1.0, 2.0][..]).unwrap_err().to_string();
        assert!(text.contains("16 bytes"), "{text}");
        let text = halve.at(last).call(&vec![1.0; 50_000]).unwrap_err().to_string();
        assert!(text.contains("400000 bytes"), "{text}");
        assert!(matches!(halve.at(n).call(&1.0), Err(Error::NoSuchRank { .. })));
        // It goes on all the same.
        assert_eq!(halve.at(last).call(&5.0)?, 2.5);
        assert_eq!(world.address::<u8, u8>(name)?.call(&5)?, 5);
        let dropping = world.address::<u8, u8>(name)?;
        world.to(last).send(&())?;
        world.from(last).receive::<()>()?;
        let error = dropping.call(&5).unwrap_err();
        assert!(matches!(error, Error::NoSuchObject { .. }), "{error}");
        dropping.tell(&9)?;
    } else if me == last {
        world.from(0).receive::<()>()?;
        drop(own);
        world.to(0).send(&())?;
    }
    // Of which nobody hears but here.
    let error = world.quiescence().unwrap_err();
    assert!(matches!(error, Error::Refused { messages: 1, .. }), "{error}");
    assert_eq!(world.active_counters().lost, u64::from(me == last));
    world.quiescence()
}

#[archipelago::test(ranks = [2])]
fn a_request_dropped_is_answered_with_an_error(world: Comm) -> Result<()> {
    let ignore = world.register(|x: u64, request: ActiveRequest<u64>| {
        if x > 0 {
            request.refuse("it is no zero");
        }
    })?;
    let text = ignore.at(1).call(&0).unwrap_err().to_string();
    assert!(text.contains("dropped"), "{text}");
    let text = ignore.at(1).call(&1).unwrap_err().to_string();
    assert!(text.contains("it is no zero"), "{text}");
    world.quiescence()
}

#[archipelago::test(ranks = [2, 4])]
fn early_messages_wait_for_their_objects(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let early = world.agreed::<Vec<u64>, u64>(9);
    let calls: Vec<_> =
        (0..n).flat_map(|to| [10, 100_000].map(|length| early.at(to).call_owned(vec![1; length]))).collect();
    // All have been sent, and nobody has registered.
    world.all_reduce(0u8, Max)?;
    let object = world.register_as(9, move |all: Vec<u64>| all.iter().sum::<u64>() + me as u64)?;
    for (index, call) in calls.into_iter().enumerate() {
        assert_eq!(call.wait()?, [10, 100_000][index % 2] + (index / 2) as u64);
    }
    world.quiescence()?;
    drop(object);
    // Everybody has dropped its own.
    world.all_reduce(0u8, Max)?;
    let error = early.at((me + 1) % n).call(&vec![1]).unwrap_err();
    assert!(matches!(error, Error::NoSuchObject { .. }), "{error}");
    assert!(world.register_as(9, |x: u8| x).is_err());
    // All have heard before anybody leaves.
    world.quiescence()
}

#[archipelago::test(ranks = [2, 3])]
fn dropped_calls_do_no_harm(world: Comm) -> Result<()> {
    let n = world.size();
    let echo = world.register(|all: Vec<u64>| all)?;
    for length in [1, 4, 1000, 100_000] {
        for to in 0..n {
            drop(echo.at(to).call_owned(vec![3; length]));
            let mut complete = echo.at(to).call_owned(vec![3; length]);
            while !complete.test() {}
            drop(complete);
        }
    }
    world.quiescence()?;
    assert_eq!(world.active_counters().calls, 0);
    Ok(())
}

#[archipelago::test(ranks = [2, 4])]
fn floods_meet_backpressure(world: Comm) -> Result<()> {
    // More than a pool's worth, both ways at once, of messages that their handlers answer with further ones.
    let (me, n) = (world.rank(), world.size());
    let sum = Arc::new(AtomicU64::new(0));
    let (adding, sink) = (sum.clone(), world.agreed::<Vec<u64>, ()>(2));
    let _sink = world.register_as(2, move |all: Vec<u64>| {
        adding.fetch_add(all.iter().sum(), Ordering::Relaxed);
    })?;
    let source = world.register_as(1, move |all: Vec<u64>, request: ActiveRequest<()>| {
        sink.at(request.sender()).tell(&all).unwrap();
        request.answer(());
    })?;
    for _ in 0..400 {
        source.at((me + 1) % n).tell(&vec![1; 2000])?;
    }
    world.quiescence()?;
    assert_eq!(sum.load(Ordering::Relaxed), 800_000);
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn the_outgoing_queue_is_bounded(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let sink = world.agreed::<Vec<u8>, ()>(2);
    let outcome = Arc::new(Mutex::new(None));
    let noted = outcome.clone();
    let _sink = world.register_as(2, |_: Vec<u8>| ())?;
    let burst = world.register_as(1, move |count: u32| {
        let sent = (0..count).take_while(|_| match sink.at((me + 1) % n).tell(&vec![0; 1 << 20]) {
            Ok(()) => true,
            Err(error) => {
                *noted.lock().unwrap() = Some(error.to_string());
                false
            }
        });
        sent.count() as u32
    })?;
    assert_eq!(burst.at((me + 1) % n).call(&100)?, 64);
    world.quiescence()?;
    let text = outcome.lock().unwrap().take().unwrap();
    assert!(text.contains("the outgoing queue is full") && text.contains("there is room for"), "{text}");
    Ok(())
}

#[archipelago::test(ranks = [3])]
fn several_threads_call_at_once(world: Comm) -> Result<()> {
    let mut total = 0u64;
    let add = world.register(move |x: u64| {
        total += x;
        total
    })?;
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let add = add.at(0);
            std::thread::spawn(move || (0..200).try_for_each(|_| add.call(&1).map(drop)))
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic")?;
    }
    world.quiescence()?;
    assert_eq!(add.at(0).call(&0)?, 3 * 4 * 200);
    world.quiescence()
}

#[test]
fn a_panic_in_a_handler_ends_the_job() {
    let outcome = std::panic::catch_unwind(|| {
        archipelago::testing::run(3, |world| {
            let fuse = world.register(|x: u8| assert_ne!(x, 1, "on purpose"))?;
            if world.rank() == 0 {
                fuse.at(1).call(&1)?;
            }
            world.quiescence()
        });
    });
    let panic = outcome.unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    // Whoever notices first: who called, or the rank itself.
    assert!(text.contains("handler has panicked") || text.contains("on purpose"), "{text}");
}

#[archipelago::test(ranks = [2, 4])]
fn the_progress_thread_handles_while_its_rank_computes(world: Comm) -> Result<()> {
    let comm = world.duplicate()?;
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let answers = comm.register(move |x: u64| {
        count.fetch_add(1, Ordering::Release);
        x + 1
    })?;
    comm.start_progress_thread().unwrap();
    let n = world.size() as u64;
    match world.rank() {
        // Calls nothing until all others have been answered.
        0 => {
            while asked.load(Ordering::Acquire) < 10 * (n - 1) {
                std::hint::spin_loop();
            }
        }
        _ => (0..10).for_each(|x| assert_eq!(answers.at(0).call(&x).unwrap(), x + 1)),
    }
    comm.quiescence()
}

#[archipelago::test(ranks = [2, 4])]
fn revocation_ends_calls(world: Comm) -> Result<()> {
    let comm = world.duplicate()?;
    let mut kept = Vec::new();
    let never = comm.register(move |_: u64, request: ActiveRequest<u64>| kept.push(request))?;
    let call = never.at((world.rank() + 1) % world.size()).call_owned(1);
    if world.rank() == 0 {
        comm.revoke();
    }
    assert!(call.wait().is_err());
    assert!(never.at(0).call(&1).is_err() && never.at(0).tell(&1).is_err() && comm.quiescence().is_err());
    // The others are as they were.
    let echo = world.register(|x: u64| x)?;
    assert_eq!(echo.at(0).call(&3)?, 3);
    world.quiescence()
}

/// The even ranks and the odd ones.
fn sides(world: &Comm) -> Result<InterComm> {
    let parity = world.rank() % 2;
    let side = world.split(Some(parity as u32), 0)?.expect("it gave a colour");
    side.inter_communicator(0, (side.rank() == 0).then_some((world, 1 - parity)), 0)
}

#[archipelago::test(ranks = [2, 3, 4, 7])]
fn both_sides_of_an_inter_communicator_have_objects(world: Comm) -> Result<()> {
    let inter = sides(&world)?;
    let (me, others) = (world.rank(), inter.remote_size());
    // Each forward crosses over; the answer comes straight.
    let next = inter.agreed::<(u32, u32), (usize, u32)>(1, me % others);
    let find = inter.register_as(
        1,
        move |(hops, done): (u32, u32), request: ActiveRequest<(usize, u32)>| match hops {
            0 => request.answer((me, done)),
            _ => request.forward(&next, &(hops - 1, done + 1)).expect("room in the queue"),
        },
    )?;
    for round in 0..50 {
        let hops = round % 6;
        let (at, done) = find.at(round as usize % others).call(&(hops, 0))?;
        assert_eq!((done, at % 2 == me % 2), (hops, hops % 2 == 1));
    }
    // Large ones, and those that nobody answers.
    let bytes = Arc::new(AtomicU64::new(0));
    let sum = bytes.clone();
    let take = inter.register(move |data: Vec<u8>| {
        sum.fetch_add(data.len() as u64, Ordering::Relaxed);
        data
    })?;
    for rank in 0..others {
        take.at(rank).tell(&vec![1u8; 100_000])?;
        assert_eq!(take.at(rank).call_owned(vec![2u8; 50_000]).wait()?, vec![2u8; 50_000]);
    }
    inter.quiescence()?;
    assert_eq!(bytes.load(Ordering::Relaxed), 150_000 * others as u64);
    assert!(matches!(find.at(others).call(&(0, 0)), Err(Error::NoSuchRank { .. })));
    inter.quiescence()
}

#[archipelago::test(ranks = [1, 2, 4])]
fn small_answers_are_values_of_their_type_or_errors(world: Comm) -> Result<()> {
    let next = (world.rank() + 1) % world.size();
    let nothing = world.register_as(1, |_: u64| ())?;
    let several = world.register_as(2, |count: u64| (0..count as u32).collect::<Vec<u32>>())?;
    let odd = world.register_as(3, |x: u64| x % 2 == 1)?;
    for x in 0..20u64 {
        nothing.at(next).call(&x)?;
        assert_eq!(several.at(next).call(&x)?, (0..x as u32).collect::<Vec<u32>>());
        assert_eq!(odd.at(next).call(&x)?, x % 2 == 1);
        let wrong = world.agreed::<u64, f64>(3).at(next).call(&x);
        assert!(matches!(wrong, Err(Error::WrongType { .. })), "{wrong:?}");
        // As many values as there are, and not one of them.
        let one = world.agreed::<u64, u32>(2).at(next).call(&x);
        match x {
            1 => assert_eq!(one?, 0),
            _ => assert!(matches!(one, Err(Error::WrongCount { .. })), "{x}: {one:?}"),
        }
    }
    world.quiescence()?;
    assert_eq!(world.active_counters().calls, 0);
    world.quiescence()
}

#[archipelago::test(ranks = [2, 3])]
fn calls_cross(world: Comm) -> Result<()> {
    // Everybody asks everybody: who waits for an answer has turns meanwhile.
    let mut handled = 0u64;
    let count = world.register(move |x: u64| {
        handled += 1;
        (x, handled)
    })?;
    let mut last = vec![0; world.size()];
    for x in 0..2_000u64 {
        let rank = x as usize % world.size();
        let (same, handled) = count.at(rank).call(&x)?;
        assert!(same == x && handled > last[rank]);
        last[rank] = handled;
    }
    world.quiescence()?;
    assert_eq!(world.active_counters().sent, 4_000);
    world.quiescence()
}
