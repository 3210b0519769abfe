//! Lanes that check: members state what they call before a collective begins; races, leaks and shared buffers are found.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use archipelago_engine::check::Site;
use archipelago_engine::collective::{Call, Case, Collective, Operands, table};
use archipelago_engine::waiting::On;
use archipelago_engine::{
    Config, Data, Error, Mode, Pointer, Received, RequestId, Sent, Source, TagPattern, TypeTag,
};
use layout::{Operation, Operator};
use world::World;

const CHECKING: fn() -> Config = || Config { check: true, ..Config::default() };

fn make(size: u32, seed: u64) -> World {
    match seed % 2 {
        0 => World::new(size, seed, CHECKING()),
        _ => World::simulated(size, seed, CHECKING()),
    }
}

/// Starts a sum of so many elements at one rank, with this root or operator where the collective has one.
fn start(
    world: &mut World,
    what: Collective,
    rank: u32,
    root: u32,
    of: Operation,
    buffer: &mut [u64],
) -> RequestId {
    let size = world.ranks.len() as u32;
    let in_place = what == Collective::AllReduce;
    let case = Case { board: world.board(), in_place, ..Case::new(what, size, buffer.len() as u64, 8) };
    let algorithm = table::of(what).find(|algorithm| algorithm.fits(&case)).unwrap();
    let output = Pointer::new(buffer.as_mut_ptr().cast());
    let operator = what.reduces().then(|| Operator::predefined::<u64>(of).unwrap());
    let operands = Operands { input: Pointer::NULL, output, operator };
    world.start(&Call::new(case, rank, root), algorithm, operands).unwrap()
}

#[test]
fn those_who_agree_get_what_they_would_get() {
    for seed in 1..=40 {
        let size = 1 + (seed % 7) as u32;
        let mut world = make(size, seed);
        let mut buffers: Vec<[u64; 5]> = (0..size as u64).map(|rank| [rank; 5]).collect();
        // Several at once, of which some come before their turn.
        let mut others = vec![[1u64; 3]; size as usize];
        let mut requests = Vec::new();
        for rank in 0..size {
            let at = rank as usize;
            let sum = start(&mut world, Collective::AllReduce, rank, 0, Operation::Sum, &mut buffers[at]);
            let root = size - 1;
            let cast = start(&mut world, Collective::Broadcast, rank, root, Operation::Sum, &mut others[at]);
            requests.extend([(at, sum), (at, cast)]);
            (0..seed % 50).for_each(|_| _ = world.step());
        }
        let outcomes = world.wait_all(&requests, "agreement");
        assert!(outcomes.iter().all(Result::is_ok), "seed {seed}: {outcomes:?}");
        let sum = (0..size as u64).sum::<u64>();
        assert!(buffers.iter().all(|buffer| *buffer == [sum; 5]), "seed {seed}");
    }
}

#[test]
fn whatever_differs_is_told_before_anything_is_written() {
    let (all, cast) = (Collective::AllReduce, Collective::Broadcast);
    // What the last member does otherwise, and the words for it.
    let table: [(Collective, u32, Operation, usize, [&str; 2]); 4] = [
        (cast, 0, Operation::Sum, 4, ["calls all-reduce", "calls broadcast"]),
        (all, 0, Operation::Max, 4, ["operator Sum", "operator Max"]),
        (all, 0, Operation::Sum, 3, ["of 4 bytes", "of 3 bytes"]),
        (all, 0, Operation::Sum, 100_000, ["of 4 bytes", "of 100000 bytes"]),
    ];
    for seed in 1..=20 {
        for (what, root, of, count, words) in &table {
            let size = 2 + (seed % 4) as u32;
            let mut world = make(size, seed);
            let mut buffers: Vec<Vec<u64>> = (0..size as u64).map(|rank| vec![rank + 10; 4]).collect();
            buffers[size as usize - 1] = vec![99; *count];
            let mut requests = Vec::new();
            for rank in 0..size {
                let mut buffer = std::mem::take(&mut buffers[rank as usize]);
                let request = match rank == size - 1 {
                    true => start(&mut world, *what, rank, *root, *of, &mut buffer),
                    false => start(&mut world, all, rank, 0, Operation::Sum, &mut buffer),
                };
                buffers[rank as usize] = buffer;
                requests.push((rank as usize, request));
                (0..seed % 3 * 100).for_each(|_| _ = world.step());
            }
            let outcomes = world.wait_all(&requests, "disagreement");
            assert!(outcomes.iter().all(Result::is_err), "seed {seed}: {outcomes:?}");
            let told = outcomes.iter().filter_map(|outcome| match outcome {
                Err(error @ Error::OtherCall { .. }) => Some(error.to_string()),
                _ => None,
            });
            let told: Vec<String> = told.collect();
            let is_told = told.iter().any(|text| words.iter().all(|word| text.contains(word)));
            assert!(is_told, "seed {seed}: {told:?}");
            assert_eq!(buffers[size as usize - 1], vec![99; *count], "seed {seed}: nothing is written");
        }
    }
}

#[test]
fn a_collective_waits_for_the_call_of_the_member_before() {
    let mut world = World::new(3, 1, CHECKING());
    let mut buffer = [1u64; 4];
    let request = start(&mut world, Collective::AllReduce, 1, 0, Operation::Sum, &mut buffer);
    (0..1000).for_each(|_| _ = world.step());
    let waiting = world.ranks[1].lane.waiting(request).unwrap();
    let On::All(on) = waiting.on else { panic!("it waits for somebody: {waiting:?}") };
    assert_eq!((waiting.call.as_str(), on.len(), on[0].number), ("all-reduce", 1, 0));
}

fn send(world: &mut World, from: usize, to: usize, tag: i32) {
    let rank = &mut world.ranks[from];
    let (communicator, data) = (rank.world.clone(), Data::Small { bytes: [from as u8; 32], length: 8 });
    match rank.lane.send(&communicator, to, tag, TypeTag::BYTES, data, Mode::Standard).unwrap() {
        Sent::Done => {}
        Sent::Pending(request) => drop(world.wait_all(&[(from, request)], "a small message")),
        Sent::Work(_) => unreachable!("a small message needs none"),
    }
}

/// Receives at rank 0 from anybody, who is not asked who it is.
fn receive_blindly(world: &mut World, buffer: &mut [u8; 8]) {
    let rank = &mut world.ranks[0];
    rank.lane.note_site(Site { is_blind: true, ..Site::line(std::panic::Location::caller()) });
    let (communicator, to) = (rank.world.clone(), Pointer::new(buffer.as_mut_ptr()));
    match rank.lane.receive(&communicator, Source::Any, TagPattern::Tag(0), TypeTag::BYTES, to, 8).unwrap() {
        Received::Pending(request) => {
            rank.lane.note_request(request);
            world.wait_all(&[(0, request)], "a receive").remove(0).unwrap();
        }
        Received::Work(work, _) => {
            // SAFETY: the buffer is borrowed.
            let finished = unsafe { work.run(|_| {}) };
            finished.into_iter().for_each(|finished| world.ranks[0].lane.finish(finished));
        }
    }
}

#[test]
fn two_senders_that_nobody_orders_race_however_they_come() {
    for seed in 1..=60 {
        let mut world = make(3, seed);
        let mut buffer = [0; 8];
        send(&mut world, 1, 0, 0);
        if seed % 3 == 0 {
            send(&mut world, 2, 0, 0);
            (0..seed % 40).for_each(|_| _ = world.step());
            receive_blindly(&mut world, &mut buffer);
        } else {
            receive_blindly(&mut world, &mut buffer);
            send(&mut world, 2, 0, 0);
        }
        receive_blindly(&mut world, &mut buffer);
        let found = world.ranks[0].lane.take_findings();
        assert_eq!(found.len(), 1, "seed {seed}: {found:?}");
        assert!(found[0].what.contains("possible race") && found[0].what.contains("checks.rs:"), "{found:?}");
    }
}

#[test]
fn an_answer_to_what_was_sent_does_not_race() {
    for seed in 1..=60 {
        let mut world = make(3, seed);
        let mut buffer = [0; 8];
        send(&mut world, 1, 0, 0);
        receive_blindly(&mut world, &mut buffer);
        // Rank 2 sends because rank 0 has told it something.
        send(&mut world, 0, 2, 5);
        send(&mut world, 2, 0, 0);
        receive_blindly(&mut world, &mut buffer);
        // Neither does another tag, nor another message of the same sender.
        send(&mut world, 1, 0, 7);
        send(&mut world, 2, 0, 0);
        receive_blindly(&mut world, &mut buffer);
        assert_eq!(world.ranks[0].lane.take_findings(), [], "seed {seed}");
    }
}

#[test]
fn what_is_left_is_found() {
    for seed in 1..=20 {
        let mut world = make(2, seed);
        send(&mut world, 1, 0, 3);
        let mut buffer = [0u8; 8];
        let (communicator, to) = (world.ranks[0].world.clone(), Pointer::new(buffer.as_mut_ptr()));
        let lane = &mut world.ranks[0].lane;
        let posted = lane.receive(&communicator, Source::Rank(1), TagPattern::Tag(4), TypeTag::BYTES, to, 8);
        assert!(matches!(posted, Ok(Received::Pending(_))));
        for _ in 0..1000 {
            world.step();
        }
        let lane = &mut world.ranks[0].lane;
        lane.find_incomplete();
        lane.find_unreceived();
        let found: Vec<String> = lane.take_findings().into_iter().map(|finding| finding.what).collect();
        let expected = [
            "a receive from rank 1 with tag 4 was never completed",
            "a message was never received: from rank 1 with tag 3, 8 bytes of bytes",
        ];
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn buffers_under_way_are_not_shared_with_who_writes() {
    let mut world = World::new(2, 1, CHECKING());
    let mut buffer = [0u8; 100];
    let at = buffer.as_mut_ptr();
    let communicator = world.ranks[0].world.clone();
    let lane = &mut world.ranks[0].lane;
    let to = Pointer::new(at.wrapping_add(10));
    let posted = lane.receive(&communicator, Source::Rank(1), TagPattern::Tag(0), TypeTag::BYTES, to, 20);
    assert!(matches!(posted, Ok(Received::Pending(_))));
    let check = |from: usize, bytes: usize, writes: bool| {
        lane.check_buffer(Pointer::new(at.wrapping_add(from)), bytes, writes)
    };
    for (from, bytes, is_free) in
        [(0, 10, true), (0, 11, false), (29, 1, false), (30, 70, true), (15, 0, true)]
    {
        assert_eq!(check(from, bytes, false).is_ok(), is_free, "{from}+{bytes}");
        assert_eq!(check(from, bytes, true).is_ok(), is_free, "{from}+{bytes}");
    }
    let Err(Error::Argument { name: "buffer", why }) = check(0, 50, false) else { panic!("it is shared") };
    assert!(
        why.contains("a receive that is under way") && why.contains("this one reads them, that one writes"),
        "{why}"
    );
}
