//! What a lane owes its peers in frames of control is bounded, whatever they do; and nobody waits for ever by it.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use archipelago_engine::{
    Config, Data, Error, Mode, Pointer, Received, RequestId, Sent, Source, TagPattern, TypeTag,
};
use fabric::{Cause, Class, Frame};
use wire::{JobId, ProcessId};
use world::World;

/// So large that it is announced.
const BYTES: usize = 20_000;

/// Both ranks announce `count` messages to each other.
fn announce(world: &mut World, bytes: &[Vec<u8>], count: usize) -> Vec<(usize, RequestId)> {
    let mut requests = Vec::new();
    for tag in 0..count {
        for (rank, bytes) in bytes.iter().enumerate() {
            let members = world.ranks[rank].world.clone();
            let data = Data::Memory { from: Pointer::reading(bytes.as_ptr()), bytes: bytes.len() };
            let sent = world.ranks[rank].lane.send(
                &members,
                1 - rank,
                tag as i32,
                TypeTag::BYTES,
                data,
                Mode::Standard,
            );
            let Ok(Sent::Pending(request)) = sent else { panic!("announced") };
            requests.push((rank, request));
        }
    }
    requests
}

#[test]
fn both_sides_receive_thousands_while_neither_looks() {
    const COUNT: usize = 600;
    for seed in 1..8 {
        let worlds = [World::simulated(2, seed, Config::default()), World::new(2, seed, Config::default())];
        for mut world in worlds {
            let bytes = [vec![1u8; BYTES], vec![2u8; BYTES]];
            let mut requests = announce(&mut world, &bytes, COUNT);
            let mut buffers = vec![vec![vec![0u8; BYTES]; COUNT]; 2];
            let mut receives = [Vec::new(), Vec::new()];
            // Each takes in what has come and answers it, in turn, so that the answers of both meet full rings.
            for rank in 0..2 {
                let members = world.ranks[rank].world.clone();
                for (tag, buffer) in buffers[rank].iter_mut().enumerate() {
                    let (to, tag) = (Pointer::new(buffer.as_mut_ptr()), TagPattern::Tag(tag as i32));
                    let lane = &mut world.ranks[rank].lane;
                    let received =
                        lane.receive(&members, Source::Rank(1 - rank), tag, TypeTag::BYTES, to, BYTES);
                    let Ok(Received::Pending(request)) = received else {
                        panic!("announced, or not here yet")
                    };
                    receives[rank].push(request);
                }
            }
            let mut idle = 0;
            while idle < 20_000 {
                idle = if world.step() { 0 } else { idle + 1 };
                for (rank, receives) in receives.iter().enumerate() {
                    let lane = &world.ranks[rank].lane;
                    let open = receives.iter().filter(|request| !lane.is_complete(**request)).count();
                    let waiting = lane.control_waiting();
                    assert!(waiting <= open + 16, "seed {seed}: {waiting} frames for {open} receives");
                    if idle > 0 {
                        break;
                    }
                }
            }
            requests.extend(
                receives.iter().enumerate().flat_map(|(r, all)| all.iter().map(move |one| (r, *one))),
            );
            let outcomes = world.wait_all(&requests, "thousands of messages both ways");
            assert!(outcomes.iter().all(Result::is_ok));
            assert!(buffers[0].iter().all(|b| *b == bytes[1]) && buffers[1].iter().all(|b| *b == bytes[0]));
        }
    }
}

#[test]
fn both_sides_retract_thousands_at_once() {
    const COUNT: usize = 2_000;
    for seed in 1..8 {
        let mut world = World::simulated(2, seed, Config::default());
        let bytes = [vec![1u8; BYTES], vec![2u8; BYTES]];
        let requests = announce(&mut world, &bytes, COUNT);
        let mut idle = 0;
        while idle < 2_000 {
            idle = if world.step() { 0 } else { idle + 1 };
        }
        for (rank, request) in &requests {
            world.ranks[*rank].lane.cancel(*request);
            // Twice is once.
            world.ranks[*rank].lane.cancel(*request);
            assert!(world.ranks[*rank].lane.control_waiting() <= 32);
        }
        let outcomes = world.wait_all(&requests, "retractions both ways");
        assert!(outcomes.iter().all(|outcome| *outcome == Err(Error::Cancelled)), "seed {seed}");
        assert!((0..2).all(|rank| world.ranks[rank].lane.unexpected_bytes() == 0));
    }
}

#[test]
fn who_asks_without_end_and_takes_no_answer_is_dropped() {
    const RETRACT: u8 = 9;
    for seed in 1..8 {
        let mut world = World::simulated(2, seed, Config::default());
        let network = world.network.clone().unwrap();
        let process = |number| ProcessId { job: JobId(seed), number, incarnation: 0 };
        let mut hostile = network.port(process(2));
        let target = hostile.connect(process(0));
        let mut most = 0;
        for name in 0..5_000 {
            let _ = hostile.send(target, Class::Data, Frame { kind: RETRACT, header: [name, 0, 0] }, &[]);
            for _ in 0..4 {
                world.step();
            }
            most = most.max(world.ranks[0].lane.control_waiting());
        }
        assert!(most <= 16, "seed {seed}: {most} frames");
        assert!(
            hostile.send(target, Class::Data, Frame { kind: 1, header: [0; 3] }, &[]).is_err(),
            "not dropped"
        );
        // The others are not concerned.
        let members = world.ranks[1].world.clone();
        let data = Data::Small { bytes: [0; 32], length: 1 };
        assert!(world.ranks[1].lane.send(&members, 0, 0, TypeTag::BYTES, data, Mode::Standard).is_ok());
        let mut buffer = [0u8; 1];
        let (members, to) = (world.ranks[0].world.clone(), Pointer::new(buffer.as_mut_ptr()));
        let lane = &mut world.ranks[0].lane;
        match lane.receive(&members, Source::Rank(1), TagPattern::Any, TypeTag::BYTES, to, 1).unwrap() {
            Received::Pending(request) => assert!(world.wait_all(&[(0, request)], "the honest")[0].is_ok()),
            Received::Work(..) => {}
        }
    }
}

#[test]
fn what_a_probe_gives_back_after_its_retraction_is_forgotten() {
    for seed in 1..30 {
        for received in [false, true] {
            let mut world = World::simulated(2, seed, Config::default());
            let bytes = [vec![1u8; BYTES]];
            let send = announce(&mut world, &bytes, 1).remove(0).1;
            let members = world.ranks[1].world.clone();
            let probe =
                world.ranks[1].lane.matched_probe(&members, Source::Rank(0), TagPattern::Tag(0)).unwrap();
            world.wait_all(&[(1, probe)], "a matched probe").remove(0).unwrap();
            let message = world.ranks[1].lane.message(probe);
            world.ranks[0].lane.cancel(send);
            for _ in 0..5_000 {
                world.step();
            }
            assert!(!world.ranks[0].lane.is_complete(send), "it is held");
            if received {
                let mut buffer = vec![0u8; BYTES];
                let to = Pointer::new(buffer.as_mut_ptr());
                let taken = world.ranks[1].lane.receive_message(message, TypeTag::BYTES, to, BYTES).unwrap();
                let Received::Pending(receive) = taken else { panic!("it is fetched") };
                assert!(
                    world.wait_all(&[(0, send), (1, receive)], "a held message").iter().all(Result::is_ok)
                );
                assert_eq!(buffer, bytes[0]);
            } else {
                world.ranks[1].lane.put_back(message);
                let outcome = world.wait_all(&[(0, send)], "a retraction of a held message").remove(0);
                assert_eq!(outcome, Err(Error::Cancelled), "seed {seed}");
            }
            assert_eq!(world.ranks[1].lane.unexpected_bytes(), 0);
        }
    }
}

#[test]
fn who_receives_no_more_refuses_what_is_announced() {
    for seed in 1..30 {
        let mut world = World::simulated(2, seed, Config::default());
        let bytes = [vec![1u8; BYTES]];
        let before = announce(&mut world, &bytes, 100);
        let members = world.ranks[1].world.clone();
        // One of them is held by a probe.
        let probe = world.ranks[1].lane.matched_probe(&members, Source::Rank(0), TagPattern::Tag(7)).unwrap();
        world.wait_all(&[(1, probe)], "a matched probe").remove(0).unwrap();
        let held = world.ranks[1].lane.message(probe);
        world.ranks[1].lane.close("it leaves");
        let after = announce(&mut world, &bytes, 100);
        let all: Vec<_> = before.into_iter().chain(after).collect();
        for outcome in world.wait_all(&all, "messages that nobody will receive") {
            let error = outcome.unwrap_err();
            assert!(
                matches!(error, Error::PeerFailed { rank: Some(1), cause: Cause::Left, .. }),
                "{error:?}"
            );
        }
        world.ranks[1].lane.put_back(held);
        assert_eq!(world.ranks[1].lane.unexpected_bytes(), 0);
    }
}

#[test]
fn what_is_given_back_is_no_answer_and_not_counted_as_one() {
    const HELD: usize = 40;
    let mut world = World::simulated(2, 1, Config::default());
    let bytes = [vec![1u8; BYTES]];
    let sends = announce(&mut world, &bytes, HELD + 1);
    let members = world.ranks[1].world.clone();
    let mut held = Vec::new();
    for tag in 0..HELD as i32 {
        let lane = &mut world.ranks[1].lane;
        let probe = lane.matched_probe(&members, Source::Rank(0), TagPattern::Tag(tag)).unwrap();
        world.wait_all(&[(1, probe)], "a matched probe").remove(0).unwrap();
        held.push(world.ranks[1].lane.message(probe));
    }
    sends[..HELD].iter().for_each(|(_, send)| world.ranks[0].lane.cancel(*send));
    for _ in 0..20_000 {
        world.step();
    }
    // From here on rank 0 does not look, and what rank 1 sends fills its room.
    let network = world.network.clone().unwrap();
    for _ in 0..300 {
        let data = Data::Small { bytes: [0; 32], length: 8 };
        assert!(world.ranks[1].lane.send(&members, 0, 9, TypeTag::BYTES, data, Mode::Standard).is_ok());
    }
    held.iter().for_each(|message| world.ranks[1].lane.put_back(*message));
    assert!(world.ranks[1].lane.control_waiting() > 16, "{}", world.ranks[1].lane.control_waiting());
    world.ranks[0].lane.cancel(sends[HELD].1);
    while network.step().is_some() {}
    for _ in 0..100 {
        let _ = world.ranks[1].lane.poll(network.now(), None);
    }
    let outcomes = world.wait_all(&sends, "retractions by an honest peer");
    assert!(outcomes.iter().all(|outcome| *outcome == Err(Error::Cancelled)), "{outcomes:?}");
}
