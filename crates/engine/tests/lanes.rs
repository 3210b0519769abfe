//! Several lanes of each process on a simulated network: each keeps its own order, matches its own messages, and hears of a
//! process's end; whatever the order is in which they get to run.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use archipelago_engine::{
    Communicator, Config, Data, Group, Mode, Pointer, Received, RequestId, Sent, Source, TagPattern, TypeTag,
};
use fabric::sim::Fault;
use wire::{ContextId, JobId, ProcessId};
use world::World;

const RANKS: usize = 3;
const LANES: usize = 4;

/// The communicator of a lane, as a rank has it.
fn on_lane(job: JobId, lane: usize, rank: usize) -> Communicator {
    let context = ContextId::new(0, lane as u32 + 1);
    Communicator::new(context, Group::world(job, RANKS as u32), rank, format!("lane {lane}"))
}

#[test]
fn each_keeps_its_order_and_its_messages() {
    for seed in 1..=40 {
        let mut world = World::with_lanes(RANKS as u32, LANES as u16, seed, Config::default());
        let sizes = [3usize, 40, 5_000, 100_000];
        let message = |lane: usize, from: usize, number: usize| {
            vec![(lane * 50 + from * 10 + number) as u8; sizes[(number + lane) % sizes.len()]]
        };
        let (mut buffers, mut sent, mut waited) = (Vec::new(), Vec::new(), Vec::new());
        // All to the next rank, on each lane under the same tag.
        for at in 0..LANES * RANKS {
            let (lane, rank) = (at / RANKS, at % RANKS);
            let comm = on_lane(JobId(seed), lane, rank);
            for number in 0..4 {
                let bytes = message(lane, rank, number);
                let from = Pointer::reading(bytes.as_ptr());
                let data = Data::Memory { from, bytes: bytes.len() };
                let outcome = world.ranks[at].lane.send(
                    &comm,
                    (rank + 1) % RANKS,
                    7,
                    TypeTag::BYTES,
                    data,
                    Mode::Standard,
                );
                sent.push(bytes);
                match outcome.unwrap() {
                    Sent::Done => {}
                    Sent::Work(work) => world.run_work(at, work),
                    Sent::Pending(request) => waited.push((at, request)),
                }
            }
            for number in 0..4 {
                let before = (rank + RANKS - 1) % RANKS;
                let expected = message(lane, before, number);
                let mut buffer = vec![0u8; expected.len()];
                let to = Pointer::new(buffer.as_mut_ptr());
                let lane = &mut world.ranks[at].lane;
                let source = if number % 2 == 0 { Source::Any } else { Source::Rank(before) };
                let tag = TagPattern::Tag(7);
                match lane.receive(&comm, source, tag, TypeTag::BYTES, to, buffer.len()).unwrap() {
                    Received::Pending(request) => waited.push((at, request)),
                    Received::Work(work, _) => world.run_work(at, work),
                }
                buffers.push((buffer, expected));
            }
        }
        for outcome in world.wait_all(&waited, &format!("seed {seed}")) {
            outcome.unwrap();
        }
        for (found, expected) in buffers {
            assert!(found == expected, "seed {seed}");
        }
        drop(sent);
    }
}

#[test]
fn each_hears_of_an_end() {
    for seed in 1..=20 {
        let mut world = World::with_lanes(RANKS as u32, LANES as u16, seed, Config::default());
        let mut buffers = [[0u8; 8]; LANES];
        let waited: Vec<(usize, RequestId)> = (0..LANES)
            .map(|lane| {
                let (at, comm) = (lane * RANKS, on_lane(JobId(seed), lane, 0));
                let to = Pointer::new(buffers[lane].as_mut_ptr());
                let engine = &mut world.ranks[at].lane;
                let tag = TagPattern::Tag(1);
                match engine.receive(&comm, Source::Rank(2), tag, TypeTag::BYTES, to, 8).unwrap() {
                    Received::Pending(request) => (at, request),
                    Received::Work(..) => panic!("nothing was sent"),
                }
            })
            .collect();
        let process = ProcessId { job: JobId(seed), number: 2, incarnation: 0 };
        let network = world.network.clone().expect("it is simulated");
        network.strike(Fault::Kill { process, how: "killed by signal 9 (SIGKILL)".into() });
        for outcome in world.wait_all(&waited, &format!("seed {seed}")) {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("SIGKILL"), "seed {seed}: {error}");
        }
    }
}
