//! Messages between two sides, on simulated networks: ranks name the other side, and contexts and order hold as on one.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use archipelago_engine::collective::{Call, Case, Collective, Operands, named};
use archipelago_engine::{
    Communicator, Config, Data, Error, Group, Mode, Pointer, Received, RequestId, Sent, Source, TagPattern,
    TypeTag,
};
use wire::ContextId;
use world::World;

const ROUNDS: u64 = 3;

/// The first `low` processes on one side, the others on the other.
fn side(whole: &Group, low: usize, number: usize) -> Communicator {
    let low_side: Vec<usize> = (0..low).collect();
    let high_side: Vec<usize> = (low..whole.size()).rev().collect();
    let is_low = number < low;
    let (here, there) = if is_low { (&low_side, &high_side) } else { (&high_side, &low_side) };
    let rank = here.iter().position(|member| *member == number).unwrap();
    let group = |numbers: &[usize]| whole.include(numbers).unwrap();
    Communicator::new(ContextId::new(3, 9), group(here), rank, "between".into()).with_remote(group(there))
}

/// Everybody sends some messages to everybody on the other side, who receives them by name and from any.
fn check(size: usize, low: usize, seed: u64) {
    let config = Config { eager_bytes: [None, Some(0)][seed as usize % 2], ..Config::default() };
    let mut world = World::simulated(size as u32, seed, config);
    let whole = world.ranks[0].world.group.clone();
    let sides: Vec<Communicator> = (0..size).map(|number| side(&whole, low, number)).collect();
    let (mut requests, mut rooms, mut sent) = (Vec::new(), Vec::new(), Vec::new());
    for (number, comm) in sides.iter().enumerate() {
        for peer in 0..comm.peers().size() {
            for round in 0..ROUNDS {
                let (named, any) = ([(number as u64) << 32 | round, 1], Box::new([0u64; 2]));
                let source = if round == 0 { Source::Rank(peer) } else { Source::Any };
                rooms.push((any, number, source));
                sent.push((Box::new(named), number, peer, (round > 0) as i32));
            }
        }
    }
    for (bytes, number, peer, tag) in &sent {
        let data = Data::Memory { from: Pointer::reading(bytes.as_ptr().cast()), bytes: 16 };
        let lane = &mut world.ranks[*number].lane;
        match lane.send(&sides[*number], *peer, *tag, TypeTag::BYTES, data, Mode::Standard).unwrap() {
            Sent::Pending(request) => requests.push((*number, request)),
            Sent::Work(work) => {
                // SAFETY: the buffers live until the end of the test.
                assert!(unsafe { work.run(|_| {}) }.is_none());
            }
            Sent::Done => {}
        }
    }
    let mut received: Vec<(usize, RequestId, usize)> = Vec::new();
    for (place, (room, number, source)) in rooms.iter_mut().enumerate() {
        let tag = TagPattern::Tag((*source == Source::Any) as i32);
        let to = Pointer::new(room.as_mut_ptr().cast());
        let lane = &mut world.ranks[*number].lane;
        match lane.receive(&sides[*number], *source, tag, TypeTag::BYTES, to, 16).unwrap() {
            Received::Pending(request) => received.push((*number, request, place)),
            Received::Work(work, status) => {
                // SAFETY: as above.
                if let Some(finished) = unsafe { work.run(|_| {}) } {
                    lane.finish(finished);
                }
                assert!(status.source < sides[*number].peers().size());
            }
        }
    }
    let waited: Vec<_> = received.iter().map(|(number, request, _)| (*number, *request)).collect();
    let statuses = world.wait_all(&waited, &format!("seed {seed}"));
    for ((number, _, place), status) in received.iter().zip(statuses) {
        // Whoever it names as its source has written the bytes.
        let sender = sides[*number].peers().process(status.unwrap().source).unwrap().number as u64;
        assert_eq!(rooms[*place].0[0] >> 32, sender, "seed {seed}");
    }
    assert!(world.wait_all(&requests, "sends").iter().all(Result::is_ok));
    for (number, comm) in sides.iter().enumerate() {
        let mut heard: Vec<u64> =
            rooms.iter().filter(|(_, at, _)| *at == number).map(|(room, ..)| room[0]).collect();
        heard.sort_unstable();
        let numbers = comm.peers().processes().map(|process| process.number as u64);
        let mut expected: Vec<u64> =
            numbers.flat_map(|from| (0..ROUNDS).map(move |round| from << 32 | round)).collect();
        expected.sort_unstable();
        assert_eq!(heard, expected, "seed {seed}");
    }
}

#[test]
fn messages_between_sides() {
    for seed in 1..=30 {
        for size in [2, 3, 4, 7, 16] {
            check(size, 1 + seed as usize % (size - 1), seed);
        }
    }
}

#[test]
fn a_collective_is_not_started_between_sides() {
    let mut world = World::simulated(2, 1, Config::default());
    let comm = std::sync::Arc::new(side(&world.ranks[0].world.group.clone(), 1, 0));
    let algorithm = named(Collective::Barrier, "linear").unwrap();
    let call = Call::new(Case::new(Collective::Barrier, 1, 0, 1), 0, 0);
    let refused = world.ranks[0].lane.start_collective(&comm, &call, algorithm, &Operands::NONE);
    assert!(matches!(refused, Err(Error::Argument { name: "communicator", .. })));
}
