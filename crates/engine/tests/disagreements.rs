//! Members that call different collectives, or the same with other lengths, roots, types or algorithms: all are told, and
//! nobody waits for ever.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use std::sync::Arc;

use archipelago_engine::collective::{Algorithm, Begun, Call, Case, Collective, Operands, named, table};
use archipelago_engine::{Communicator, Config, Error, Pointer, TypeName, TypeTag};
use layout::{Operation, Operator};
use wire::{ContextId, Wire};
use world::World;

#[test]
fn members_that_disagree_about_the_length_are_told() {
    for name in ["binomial", "board"] {
        disagree(named(Collective::Broadcast, name).unwrap());
    }
}

fn disagree(algorithm: &'static Algorithm) {
    let mut world = World::new(2, 3, Config::default());
    let mut buffers = [vec![1u64; 4], vec![0u64; 6]];
    let mut requests = Vec::new();
    for (rank, buffer) in buffers.iter_mut().enumerate() {
        let elements = buffer.len() as u64;
        let case = Case { board: Some(4096), ..Case::new(Collective::Broadcast, 2, elements, 8) };
        let call = Call::new(case, rank as u32, 0);
        let output = Pointer::new(buffer.as_mut_ptr().cast());
        requests.push((rank, world.start(&call, algorithm, Operands { output, ..Operands::NONE }).unwrap()));
    }
    let outcomes = world.wait_all(&requests, "disagreement");
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[1], Err(Error::Disagreement { rank: 0, expected: 48, found: 32 }));
    let text = outcomes[1].as_ref().unwrap_err().to_string();
    assert!(text.contains("rank 0 sent 32 bytes where this rank expects 48"), "{text}");
}

/// What two members say that call different things: the first that finds out tells the other.
fn check_call_mismatch(calls: [(Collective, &str, u32, TypeTag); 2], expected: [&str; 2]) {
    for seed in 1..=10 {
        let mut world = match seed % 2 {
            _ if calls.iter().any(|call| call.1 == "board") => World::new(2, seed, Config::default()),
            0 => World::new(2, seed, Config::default()),
            _ => World::simulated(2, seed, Config::default()),
        };
        let board = world.board();
        let mut buffers = [[1u64; 8]; 4];
        let mut requests = Vec::new();
        for (rank, (collective, name, root, of)) in calls.iter().enumerate() {
            let elements = if *collective == Collective::Barrier { 0 } else { 4 };
            let case = Case { board, ..Case::new(*collective, 2, elements, 8) };
            let call = Call { of: *of, ..Call::new(case, rank as u32, *root) };
            let operands = Operands {
                input: Pointer::reading(buffers[rank].as_ptr().cast()),
                output: Pointer::new(buffers[2 + rank].as_mut_ptr().cast()),
                operator: collective.reduces().then(|| Operator::predefined::<u64>(Operation::Sum).unwrap()),
            };
            requests.push((rank, world.start(&call, named(*collective, name).unwrap(), operands).unwrap()));
            // The other may come late, when what it will not wait for is there already.
            for _ in 0..(seed % 3) * 500 {
                world.step();
            }
        }
        let outcomes = world.wait_all(&requests, "different calls");
        let text =
            |outcome: &Result<_, Error>| outcome.as_ref().map_or_else(ToString::to_string, |_| String::new());
        let texts = [text(&outcomes[0]), text(&outcomes[1])];
        // One of them has found out and the other was told, or both have found out.
        assert!(texts.iter().any(|text| !text.is_empty()), "seed {seed}");
        for text in texts.iter().filter(|text| !text.is_empty()) {
            let names_both = expected.iter().all(|words| text.contains(words));
            assert!(names_both, "{text}, seed {seed}");
        }
        assert!(world.ranks.iter().all(|rank| rank.lane.pending() == 0), "seed {seed}");
        // What follows ends as well, whoever has heard of it when.
        let requests: Vec<_> = (0..2)
            .map(|rank| {
                let case = Case { board, ..Case::new(Collective::Barrier, 2, 0, 1) };
                let algorithm = table::of(Collective::Barrier).find(|a| a.fits(&case)).unwrap();
                (rank, world.start(&Call::new(case, rank as u32, 0), algorithm, Operands::NONE).unwrap())
            })
            .collect();
        for outcome in world.wait_all(&requests, "a barrier afterwards") {
            assert!(matches!(outcome, Err(Error::OutOfStep { .. })), "{outcome:?}, seed {seed}");
        }
    }
}

#[test]
fn members_that_call_different_things_are_told_what_both_call() {
    let (all, bytes) = (
        TypeTag { signature: u64::SIGNATURE, name: TypeName::Made(wire::describe::<u64>), ..TypeTag::BYTES },
        TypeTag::BYTES,
    );
    let other =
        TypeTag { signature: f64::SIGNATURE, name: TypeName::Made(wire::describe::<f64>), ..TypeTag::BYTES };
    let (gather, reduce) = (Collective::AllGather, Collective::AllReduce);
    check_call_mismatch(
        [(reduce, "doubling", 0, all), (reduce, "doubling", 0, other)],
        ["all-reduce of u64", "all-reduce of f64"],
    );
    check_call_mismatch(
        [(gather, "ring", 0, all), (reduce, "doubling", 0, all)],
        ["all-gather of u64", "all-reduce of u64"],
    );
    check_call_mismatch(
        [(reduce, "board", 0, all), (Collective::Barrier, "board", 0, bytes)],
        ["all-reduce of u64", "barrier"],
    );
    check_call_mismatch(
        [(reduce, "board", 0, all), (reduce, "board", 0, other)],
        ["all-reduce of u64", "all-reduce of f64"],
    );
    check_call_mismatch(
        [(Collective::Reduce, "board", 0, all), (Collective::Reduce, "board", 1, all)],
        ["reduce with root 0", "reduce with root 1"],
    );
    check_call_mismatch(
        [(reduce, "doubling", 0, all), (reduce, "ring", 0, all)],
        ["other lengths or options, \"doubling\"", "other lengths or options, \"ring\""],
    );
    // One waits at the board, where the other will not come: its message tells.
    check_call_mismatch(
        [(Collective::Barrier, "board", 0, bytes), (gather, "ring", 0, all)],
        ["barrier", "all-gather of u64"],
    );
    check_call_mismatch(
        [(gather, "ring", 0, all), (Collective::Barrier, "board", 0, bytes)],
        ["barrier", "all-gather of u64"],
    );
}

/// A disagreement that shows while a round is being started: a message of no bytes that was announced, for want of credit, is
/// complete as soon as its receive is there.
#[test]
fn a_round_that_has_failed_starts_no_more_steps() {
    for seed in 1..20 {
        let mut world = World::simulated(3, seed, Config { pool_bytes: 0, ..Config::default() });
        let algorithm = named(Collective::Gather, "linear").unwrap();
        let mut gathered = [0u64; 3];
        let mut start = |world: &mut World, rank: u32, elements: u64| {
            let call = Call::new(Case::new(Collective::Gather, 3, elements, 8), rank, 0);
            let (input, output) = (Pointer::reading([7u64; 1].as_ptr().cast()), gathered.as_mut_ptr());
            let operands = Operands { input, output: Pointer::new(output.cast()), operator: None };
            world.start(&call, algorithm, operands).unwrap()
        };
        let nothing = start(&mut world, 1, 0);
        let mut idle = 0;
        while idle < 1_000 {
            idle = if world.step() { 0 } else { idle + 1 };
        }
        // Rank 2 never comes.
        let root = start(&mut world, 0, 1);
        let outcome = world.wait_all(&[(0, root)], "a gather of members that disagree").remove(0);
        assert_eq!(outcome, Err(Error::Disagreement { rank: 1, expected: 8, found: 0 }), "seed {seed}");
        assert_eq!(world.ranks[0].lane.holdings().posted, 0);
        world.wait_all(&[(1, nothing)], "who was told");
    }
}

/// What failed for good on one communicator costs the others nothing, and is forgotten with it.
#[test]
fn collectives_on_the_board_go_their_short_way_after_others_have_failed() {
    let mut world = World::new(2, 3, Config::default());
    let broadcast = named(Collective::Broadcast, "binomial").unwrap();
    let mut kept = Vec::new();
    for counter in 0..200 {
        let mut buffers = [[1u64; 4], [0u64; 4]];
        let mut requests = Vec::new();
        for (rank, buffer) in buffers.iter_mut().enumerate() {
            let case = Case::new(Collective::Broadcast, 2, 4 - rank as u64, 8);
            let operands = Operands { output: Pointer::new(buffer.as_mut_ptr().cast()), ..Operands::NONE };
            let group = world.ranks[rank].world.group.clone();
            let other = Communicator::new(ContextId::new(7, counter), group, rank, "other".into());
            let other = Arc::new(other);
            kept.extend((counter >= 195).then(|| other.clone()));
            let lane = &mut world.ranks[rank].lane;
            lane.register(&other);
            let call = Call::new(case, rank as u32, 0);
            requests.push((rank, lane.start_collective(&other, &call, broadcast, &operands).unwrap()));
        }
        assert!(world.wait_all(&requests, "disagreement")[1].is_err());
        let mut idle = 0;
        while idle < 100 {
            idle = if world.step() { 0 } else { idle + 1 };
        }
        assert!(world.ranks.iter().all(|rank| rank.lane.holdings().doomed <= 64));
    }
    assert!(world.ranks.iter().all(|rank| rank.lane.holdings().doomed >= kept.len() / 2));
    let case = Case { board: world.board(), ..Case::new(Collective::Barrier, 2, 0, 1) };
    let barrier = named(Collective::Barrier, "board").unwrap();
    for rank in 0..2 {
        let (members, call) = (world.ranks[rank].world.clone(), Call::new(case, rank as u32, 0));
        let begun = world.ranks[rank].lane.begin_collective(&members, &call, barrier, &Operands::NONE);
        assert!(matches!(begun, Ok(Begun::Inline(_))), "rank {rank} made a request of it");
    }
}
