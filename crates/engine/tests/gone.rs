//! What a process that is gone has left behind, and those who still ask for it: nobody waits for ever.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use archipelago_engine::{
    Communicator, Config, Data, Error, Group, Message, Mode, Pointer, Received, RequestId, Sent, Source,
    Status, TagPattern, TypeTag, Waiter,
};
use fabric::Cause;
use fabric::sim::Fault;
use os::Time;
use wire::ContextId;
use world::World;

/// No scalar: a name that only its sender knows.
const PARTICLE: TypeTag = TypeTag {
    signature: 64,
    name: archipelago_engine::TypeName::Made(|| "Particle".into()),
    ..TypeTag::BYTES
};
const F32: TypeTag =
    TypeTag { signature: 32, name: archipelago_engine::TypeName::Made(|| "f32".into()), ..TypeTag::BYTES };

const HOW: &str = "killed by signal 9 (SIGKILL)";

/// Two ranks, of which rank 0 has sent `data` with tag 0 and has then died.
fn deserted(seed: u64, data: Data) -> World {
    let mut world = World::simulated(2, seed, Config::default());
    let sender = &mut world.ranks[0];
    let members = sender.world.clone();
    let sent = sender.lane.send(&members, 1, 0, PARTICLE, data, Mode::Standard);
    assert!(matches!(sent, Ok(Sent::Done | Sent::Pending(_))));
    world
}

fn kill_sender(world: &mut World) {
    let process = world.ranks[0].world.group.process(0).unwrap();
    world.network.as_ref().unwrap().strike(Fault::Kill { process, how: HOW.to_owned() });
    // It fails once all that it has sent is there.
    let waits = post(world, 99, PARTICLE, &mut [0; 8]);
    assert!(matches!(waits, Err(Error::PeerFailed { .. })), "{waits:?}");
}

fn post(world: &mut World, tag: i32, of: TypeTag, buffer: &mut [u8]) -> Result<Status, Error> {
    let receiver = &mut world.ranks[1];
    let (members, to, tag) =
        (receiver.world.clone(), Pointer::new(buffer.as_mut_ptr()), TagPattern::Tag(tag));
    let received = receiver.lane.receive(&members, Source::Rank(0), tag, of, to, buffer.len())?;
    outcome(world, received)
}

fn outcome(world: &mut World, received: Received) -> Result<Status, Error> {
    match received {
        Received::Work(work, status) => {
            // SAFETY: the buffer is borrowed by `post`'s caller.
            assert!(unsafe { work.run(|_| {}) }.is_none());
            Ok(status)
        }
        Received::Pending(request) => world.wait_all(&[(1, request)], "what the dead had sent").remove(0),
    }
}

fn take(world: &mut World) -> Message {
    let receiver = &mut world.ranks[1];
    let members = receiver.world.clone();
    let probe: RequestId =
        receiver.lane.matched_probe(&members, Source::Rank(0), TagPattern::Tag(0)).unwrap();
    world.wait_all(&[(1, probe)], "a matched probe").remove(0).unwrap();
    world.ranks[1].lane.message(probe)
}

#[test]
fn a_wrong_type_of_a_dead_sender_is_an_error_and_the_message_is_kept() {
    for seed in 1..20 {
        let mut world = deserted(seed, Data::Small { bytes: [7; 32], length: 8 });
        kill_sender(&mut world);
        let mut buffer = [0; 8];
        let error = post(&mut world, 0, F32, &mut buffer).unwrap_err();
        assert!(matches!(error, Error::TypeMismatch { source: 0, tag: 0, .. }), "{error:?}");
        let message = take(&mut world);
        let to = Pointer::new(buffer.as_mut_ptr());
        let wrong = world.ranks[1].lane.receive_message(message, F32, to, 8);
        assert!(matches!(wrong, Err(Error::TypeMismatch { .. })));
        let right = world.ranks[1].lane.receive_message(message, PARTICLE, to, 8).unwrap();
        assert_eq!(outcome(&mut world, right).map(|status| status.bytes), Ok(8));
        assert_eq!(buffer, [7; 8]);
        assert_eq!(world.ranks[1].lane.pending(), 0);
    }
}

#[test]
fn a_wrong_type_is_named_without_asking_its_sender() {
    for seed in 1..20 {
        for ends in [false, true] {
            let mut world = deserted(seed, Data::Small { bytes: [7; 32], length: 8 });
            let message = take(&mut world);
            // The sender does nothing from here on.
            if ends {
                kill_sender(&mut world);
            }
            let mut buffer = [0; 8];
            let to = Pointer::new(buffer.as_mut_ptr());
            let Err(error) = world.ranks[1].lane.receive_message(message, F32, to, 8) else {
                panic!("of another type")
            };
            let found = "Particle".to_owned();
            assert_eq!(error, Error::TypeMismatch { expected: "f32".into(), found, source: 0, tag: 0 });
        }
    }
}

#[test]
fn an_announced_message_that_a_probe_holds_is_gone_with_its_sender() {
    for seed in 1..20 {
        let payload = vec![1u8; 1 << 20];
        let data = Data::Memory { from: Pointer::reading(payload.as_ptr()), bytes: payload.len() };
        let mut world = deserted(seed, data);
        let message = take(&mut world);
        kill_sender(&mut world);
        let mut buffer = vec![0u8; payload.len()];
        let to = Pointer::new(buffer.as_mut_ptr());
        let received = world.ranks[1].lane.receive_message(message, PARTICLE, to, buffer.len()).unwrap();
        let error = outcome(&mut world, received).unwrap_err();
        assert!(
            matches!(&error, Error::PeerFailed { cause: Cause::Died(how), .. } if how == HOW),
            "{error:?}"
        );
        assert_eq!(world.ranks[1].lane.unexpected_bytes(), 0);
        assert_eq!(world.ranks[1].lane.pending(), 0);
    }
}

#[test]
fn nothing_is_taken_in_place_of_a_message_that_is_gone_with_its_sender() {
    for seed in 1..20 {
        for source in [Source::Rank(0), Source::Any] {
            let payload = vec![1u8; 1 << 20];
            let large = Data::Memory { from: Pointer::reading(payload.as_ptr()), bytes: payload.len() };
            let mut world = deserted(seed, large);
            let sender = &mut world.ranks[0];
            let (members, small) = (sender.world.clone(), Data::Small { bytes: [7; 32], length: 8 });
            assert!(sender.lane.send(&members, 1, 0, PARTICLE, small, Mode::Standard).is_ok());
            let dies = seed % 2 == 0;
            if dies {
                kill_sender(&mut world);
            } else {
                settle(&mut world);
                world.ranks[0].lane.close("it leaves");
                world.ranks[0].lane.cancel_sends();
                settle(&mut world);
                assert!(!world.ranks[0].lane.is_sending());
            }
            let (mut first, mut second) = (vec![0u8; payload.len()], [0u8; 8]);
            let receiver = &mut world.ranks[1];
            let (to, tag) = (Pointer::new(first.as_mut_ptr()), TagPattern::Any);
            let lost = receiver.lane.receive(&members, source, tag, PARTICLE, to, first.len()).unwrap();
            let error = outcome(&mut world, lost).unwrap_err();
            assert!(
                matches!(&error, Error::PeerFailed { rank: Some(0), cause, .. } if dies != (*cause == Cause::Left)),
                "{error:?}"
            );
            // Who has been told gets what came after it.
            assert_eq!(post(&mut world, 0, PARTICLE, &mut second).map(|status| status.bytes), Ok(8));
            assert_eq!(second, [7; 8]);
            assert_eq!(world.ranks[1].lane.unexpected_bytes(), 0);
            assert_eq!(world.ranks[1].lane.pending(), 0);
        }
    }
}

#[test]
fn a_wildcard_ends_only_with_a_member_of_its_communicator() {
    for seed in 1..20 {
        let mut world = World::simulated(3, seed, Config::default());
        let members = world.ranks[1].world.clone();
        let two = [1, 2].map(|rank| members.group.process(rank).unwrap());
        let pair = Communicator::new(ContextId::new(7, 7), Group::of(two.to_vec()), 0, "pair".into());
        let mut buffers = [[0u8; 8]; 2];
        let mut requests = Vec::new();
        for (communicator, buffer) in [&members, &pair].into_iter().zip(&mut buffers) {
            let (to, any) = (Pointer::new(buffer.as_mut_ptr()), TagPattern::Any);
            match world.ranks[1].lane.receive(communicator, Source::Any, any, PARTICLE, to, 8) {
                Ok(Received::Pending(request)) => requests.push(request),
                _ => panic!("nothing was sent"),
            }
        }
        kill_sender(&mut world);
        let outcome = world.wait_all(&[(1, requests[0])], "a wildcard that hears of a death").remove(0);
        assert!(matches!(outcome, Err(Error::PeerFailed { rank: Some(0), .. })), "{outcome:?}");
        assert!(!world.ranks[1].lane.is_complete(requests[1]));
        let (sender, data) = (&mut world.ranks[2], Data::Small { bytes: [3; 32], length: 8 });
        let theirs = Communicator::new(ContextId::new(7, 7), Group::of(two.to_vec()), 1, "pair".into());
        assert!(sender.lane.send(&theirs, 0, 0, PARTICLE, data, Mode::Standard).is_ok());
        let outcome = world.wait_all(&[(1, requests[1])], "a message of the living").remove(0);
        assert_eq!((outcome.map(|status| status.source), buffers[1]), (Ok(1), [3; 8]));
    }
}

/// Posts a wildcard receive at rank 1 that finds nothing.
fn post_wildcard(world: &mut World, buffer: &mut [u8; 8]) -> Result<RequestId, Error> {
    let (members, to) = (world.ranks[1].world.clone(), Pointer::new(buffer.as_mut_ptr()));
    match world.ranks[1].lane.receive(&members, Source::Any, TagPattern::Any, PARTICLE, to, 8)? {
        Received::Pending(request) => Ok(request),
        Received::Work(..) => panic!("nothing was sent"),
    }
}

/// Lets all that is planned happen.
fn settle(world: &mut World) {
    let mut idle = 0;
    while idle < 1_000 {
        idle = if world.step() { 0 } else { idle + 1 };
    }
}

#[test]
fn a_wildcard_ends_when_all_others_have_left() {
    for seed in 1..40 {
        // The others leave before or after it is posted, and were never met.
        for before in [0, 1, 2] {
            let mut world = World::simulated(3, seed, Config::default());
            let mut buffer = [0; 8];
            let leavers = if seed % 2 == 0 { [0, 2] } else { [2, 0] };
            for leaver in &leavers[..before] {
                world.ranks[*leaver].lane.port().leave();
            }
            settle(&mut world);
            let request = post_wildcard(&mut world, &mut buffer).unwrap();
            settle(&mut world);
            assert!(!world.ranks[1].lane.is_complete(request), "a message of its own may come");
            if seed % 3 > 0 {
                world.ranks[1].lane.watch(request, Some(Waiter(1)));
            }
            assert_eq!(world.ranks[1].lane.is_complete(request), before == 2 && seed % 3 > 0);
            for leaver in &leavers[before..] {
                world.ranks[*leaver].lane.port().leave();
            }
            if seed % 3 == 0 {
                settle(&mut world);
                assert!(!world.ranks[1].lane.is_complete(request));
                // Who polls for it waits as well.
                let _ = world.ranks[1].lane.poll(Time(0), Some(request));
            }
            let outcome = world.wait_all(&[(1, request)], "a wildcard that nobody is left for").remove(0);
            assert_eq!(outcome, Err(Error::Deserted { ranks: vec![0, 2] }), "seed {seed}");
            // What the process sends to itself comes all the same, if it is sent before the wait.
            let request = post_wildcard(&mut world, &mut buffer).unwrap();
            let (members, data) = (world.ranks[1].world.clone(), Data::Small { bytes: [9; 32], length: 8 });
            assert!(world.ranks[1].lane.send(&members, 1, 0, PARTICLE, data, Mode::Standard).is_ok());
            let outcome = world.wait_all(&[(1, request)], "a message to itself").remove(0);
            assert_eq!((outcome.map(|status| status.source), buffer), (Ok(1), [9; 8]));
            let probed = world.ranks[1].lane.try_probe(&members, Source::Any, TagPattern::Any);
            assert_eq!(probed, Ok(None));
            assert_eq!(world.ranks[1].lane.pending(), 0);
        }
    }
}

#[test]
fn a_wildcard_that_is_posted_after_a_death_ends_unless_a_message_waits() {
    for seed in 1..40 {
        let mut world = deserted(seed, Data::Small { bytes: [7; 32], length: 8 });
        kill_sender(&mut world);
        let mut buffer = [0; 8];
        let members = world.ranks[1].world.clone();
        let to = Pointer::new(buffer.as_mut_ptr());
        let first = world.ranks[1].lane.receive(&members, Source::Any, TagPattern::Any, PARTICLE, to, 8);
        assert_eq!(outcome(&mut world, first.unwrap()).map(|status| status.source), Ok(0));
        let posted = post_wildcard(&mut world, &mut buffer).unwrap();
        let error = world.wait_all(&[(1, posted)], "a wildcard after a death").remove(0).unwrap_err();
        assert!(matches!(error, Error::PeerFailed { rank: Some(0), cause: Cause::Died(_), .. }), "{error:?}");
        assert_eq!(world.ranks[1].lane.pending(), 0);
    }
}

#[test]
fn who_says_farewell_is_awaited_no_more() {
    for seed in 1..40 {
        let mut world = World::simulated(2, seed, Config::default());
        let mut buffers = [[0u8; 8]; 2];
        let members = world.ranks[1].world.clone();
        let [named, any] = &mut buffers;
        let to = Pointer::new(named.as_mut_ptr());
        let posted = world.ranks[1].lane.receive(&members, Source::Rank(0), TagPattern::Any, PARTICLE, to, 8);
        let Ok(Received::Pending(named)) = posted else { panic!("nothing was sent") };
        let any = post_wildcard(&mut world, any).unwrap();
        world.ranks[1].lane.watch(any, Some(Waiter(1)));
        // Rank 0 has met rank 1, stays, and says that nothing follows but this.
        let (sender, data) = (world.ranks[0].world.clone(), Data::Small { bytes: [3; 32], length: 8 });
        assert!(world.ranks[0].lane.send(&sender, 1, 0, PARTICLE, data, Mode::Standard).is_ok());
        world.ranks[0].lane.bid_farewell();
        let outcomes = world.wait_all(&[(1, named), (1, any)], "a farewell");
        assert!(outcomes[0].is_ok(), "what was sent before comes: {outcomes:?}");
        assert_eq!(outcomes[1], Err(Error::Deserted { ranks: vec![0] }));
        let late = post(&mut world, 0, PARTICLE, &mut [0; 8]).unwrap_err();
        assert!(matches!(late, Error::PeerFailed { rank: Some(0), cause: Cause::Left, .. }), "{late:?}");
    }
}

#[test]
fn a_collective_on_a_board_ends_with_a_members_farewell() {
    use archipelago_engine::collective::{Call, Case, Collective, Operands, Price, choose};
    for seed in 1..20 {
        let mut world = World::new(2, seed, Config::default());
        // They have met.
        for rank in 0..2 {
            let (members, data) =
                (world.ranks[rank].world.clone(), Data::Small { bytes: [3; 32], length: 8 });
            assert!(
                world.ranks[rank].lane.send(&members, 1 - rank, 0, PARTICLE, data, Mode::Standard).is_ok()
            );
        }
        settle(&mut world);
        let case = Case { board: world.board(), ..Case::new(Collective::Barrier, 2, 0, 1) };
        let algorithm = choose(&case, &Price::SHARED_MEMORY);
        assert!(algorithm.uses_board());
        let barrier = world.start(&Call::new(case, 0, 0), algorithm, Operands::NONE).unwrap();
        settle(&mut world);
        assert!(!world.ranks[0].lane.is_complete(barrier));
        world.ranks[1].lane.bid_farewell();
        let outcome = world.wait_all(&[(0, barrier)], "a barrier that a member does not come to").remove(0);
        assert!(
            matches!(outcome, Err(Error::PeerFailed { rank: Some(1), cause: Cause::Left, .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_member_that_comes_late_to_many_failed_collectives_waits_in_none() {
    use archipelago_engine::collective::{Call, Case, Collective, Operands, named};
    const COUNT: usize = 200;
    for seed in 1..10 {
        let mut world = World::simulated(3, seed, Config::default());
        let process = world.ranks[0].world.group.process(2).unwrap();
        world.network.as_ref().unwrap().strike(Fault::Kill { process, how: HOW.to_owned() });
        let algorithm = named(Collective::Broadcast, "binomial").expect("a broadcast by messages");
        let mut bytes = [[7u64; 1]; 2];
        for (rank, bytes) in bytes.iter_mut().enumerate() {
            // Rank 1 receives from rank 0 alone, and knows nothing of rank 2.
            for _ in 0..COUNT {
                let case = Case::new(Collective::Broadcast, 3, 8, 1);
                let output = Pointer::new(bytes.as_mut_ptr().cast());
                let operands = Operands { input: output, output, operator: None };
                let call = Call::new(case, rank as u32, 0);
                match world.start(&call, algorithm, operands) {
                    Ok(request) => {
                        // The first ones of rank 0 may be through before the death is known.
                        let outcome = world.wait_all(&[(rank, request)], "a failed collective").remove(0);
                        let fine = matches!(&outcome, Ok(_) | Err(Error::PeerFailed { rank: Some(2), .. }));
                        assert!(fine, "seed {seed}: {outcome:?}");
                    }
                    Err(error) => panic!("{error}"),
                }
                assert!(world.ranks[rank].lane.control_waiting() <= 1, "told once");
            }
        }
    }
}

/// A collective that nobody waits for, and one behind it that waits for its turn on the board: both end with everything.
#[test]
fn what_nobody_waits_for_holds_nobody_up_when_all_ends() {
    use archipelago_engine::collective::{Call, Case, Collective, Operands, named};
    for seed in 1..20 {
        let mut world = World::new(2, seed, Config::default());
        let barrier = named(Collective::Barrier, "board").expect("a barrier on a board");
        let start = |world: &mut World| {
            let case = Case { board: world.board(), ..Case::new(Collective::Barrier, 2, 0, 1) };
            let call = Call::new(case, 0, 0);
            world.start(&call, barrier, Operands::NONE).unwrap()
        };
        let dropped = start(&mut world);
        world.ranks[0].lane.detach(dropped, None);
        let behind = start(&mut world);
        for _ in 0..seed % 2 * 50 {
            world.step();
        }
        world.ranks[0].lane.poison("the test is over");
        let outcome = world.wait_all(&[(0, behind)], "what is behind").remove(0);
        assert_eq!(outcome, Err(Error::Revoked("the test is over".into())));
        assert_eq!(world.ranks[0].lane.pending(), 0);
    }
}

/// A pool of four grants, of which a flood takes some: they come back with the end of who had them, and what is still stored of it.
#[test]
fn what_the_dead_were_granted_is_there_for_others() {
    for seed in 1..10 {
        let config = Config { pool_bytes: 512 << 10, ..Config::default() };
        let mut world = World::simulated(3, seed, config);
        let members = world.ranks[0].world.clone();
        let bytes = [7u8; 2000];
        let data = Data::Memory { from: Pointer::reading(bytes.as_ptr()), bytes: bytes.len() };
        for _ in 0..200 {
            let sent = world.ranks[0].lane.send(&members, 1, 0, PARTICLE, data, Mode::Standard).unwrap();
            if let Sent::Work(work) = sent {
                // SAFETY: the bytes are there.
                assert!(unsafe { work.run(|_| {}) }.is_none());
            }
            for _ in 0..seed % 3 * 10 {
                world.step();
            }
        }
        let mut idle = 0;
        while idle < 1000 {
            idle = if world.step() { 0 } else { idle + 1 };
        }
        assert!(world.ranks[1].lane.holdings().granted > 0, "seed {seed}");
        kill_sender(&mut world);
        let mut buffer = [0; 2000];
        while world.ranks[1].lane.holdings().unexpected > 0 {
            drop(post(&mut world, 0, PARTICLE, &mut buffer));
        }
        assert_eq!(world.ranks[1].lane.holdings().granted, 0, "seed {seed}");
    }
}

/// A collective whose caller dropped it, and which its process took back when it left: who comes to it later is told.
#[test]
fn a_collective_ends_that_comes_to_what_its_sender_took_back_on_leaving() {
    use archipelago_engine::collective::{Call, Case, Collective, Operands, named};
    const BYTES: usize = 1 << 20;
    for seed in 1..20 {
        let mut world = World::simulated(2, seed, Config::default());
        let mut buffers = [vec![1u8; BYTES], vec![0u8; BYTES]];
        let algorithm = named(Collective::Broadcast, "binomial").expect("a broadcast by messages");
        let mut start = |world: &mut World, rank: usize| {
            let case = Case::new(Collective::Broadcast, 2, BYTES as u64, 1);
            let output = Pointer::new(buffers[rank].as_mut_ptr());
            let call = Call::new(case, rank as u32, 0);
            world.start(&call, algorithm, Operands { output, ..Operands::NONE }).unwrap()
        };
        let dropped = start(&mut world, 0);
        world.ranks[0].lane.detach(dropped, None);
        settle(&mut world);
        world.ranks[0].lane.close("it leaves");
        world.ranks[0].lane.cancel_sends();
        settle(&mut world);
        assert!(!world.ranks[0].lane.is_sending());
        // The other one comes to it before or after it hears that nothing follows.
        let comes_first = seed % 2 == 0;
        let early = comes_first.then(|| start(&mut world, 1));
        world.ranks[0].lane.bid_farewell();
        settle(&mut world);
        let waits = early.unwrap_or_else(|| start(&mut world, 1));
        let outcome = world.wait_all(&[(1, waits)], "what was taken back").remove(0);
        assert!(
            matches!(outcome, Err(Error::PeerFailed { rank: Some(0), cause: Cause::Left, .. })),
            "seed {seed}: {outcome:?}"
        );
        assert_eq!(world.ranks[1].lane.unexpected_bytes(), 0);
        assert_eq!(world.ranks[1].lane.holdings().requests, 0);
    }
}

/// A collective that fails in its first round, of which a part is under way that can't be called back: it ends only when that has
/// ended, since until then its buffers are written.
#[test]
fn a_collective_that_fails_at_once_still_waits_for_what_it_has_begun() {
    use archipelago_engine::collective::{Call, Case, Collective, Operands, named};
    const BYTES: usize = 1 << 20;
    for seed in 1..20 {
        let mut world = World::simulated(3, seed, Config::default());
        let algorithm = named(Collective::Gather, "linear").expect("a gather by messages");
        let blocks = [vec![1u8; BYTES], vec![2u8; BYTES]];
        let mut gathered = vec![0u8; 3 * BYTES];
        let output = Pointer::new(gathered.as_mut_ptr());
        let start = |world: &mut World, rank: usize| {
            let call = Call::new(Case::new(Collective::Gather, 3, BYTES as u64, 1), rank as u32, 0);
            let input = Pointer::reading(blocks[rank].as_ptr());
            world.start(&call, algorithm, Operands { input, output, operator: None }).unwrap()
        };
        // Rank 0 knows that rank 2 is gone, and that rank 1 has announced its block.
        let process = world.ranks[0].world.group.process(2).unwrap();
        world.network.as_ref().unwrap().strike(Fault::Kill { process, how: HOW.to_owned() });
        assert!(!world.ranks[0].lane.knows_gone(process));
        settle(&mut world);
        assert!(world.ranks[0].lane.knows_gone(process));
        start(&mut world, 1);
        settle(&mut world);
        let root = start(&mut world, 0);
        let outcome = world.wait_all(&[(0, root)], "a gather with the dead").remove(0);
        assert!(matches!(outcome, Err(Error::PeerFailed { rank: Some(2), .. })), "seed {seed}: {outcome:?}");
        assert_eq!(world.ranks[0].lane.holdings().requests, 0, "seed {seed}: what was begun is over");
        gathered.fill(0xee);
        settle(&mut world);
        assert!(gathered.iter().all(|byte| *byte == 0xee), "seed {seed}: written after the end");
    }
}

/// What a dropped communicator's ranks have never received takes no credit from the communicators after it: each send here finds some.
#[test]
fn what_nobody_received_on_a_dropped_communicator_is_forgotten() {
    for seed in 1..10 {
        let mut world = World::simulated(2, seed, Config::default());
        let group = world.ranks[0].world.group.clone();
        let (bytes, mut stored) = ([7u8; 8], 0);
        let data = Data::Memory { from: Pointer::reading(bytes.as_ptr()), bytes: bytes.len() };
        for context in 1..200 {
            let made = [0, 1].map(|rank| {
                let one = Communicator::new(ContextId::new(0, context), group.clone(), rank, "one".into());
                let one = std::sync::Arc::new(one);
                world.ranks[rank].lane.register(&one);
                one
            });
            for _ in 0..20 {
                match world.ranks[0].lane.send(&made[0], 1, 0, PARTICLE, data, Mode::Standard).unwrap() {
                    Sent::Done => {}
                    Sent::Work(work) => world.run_work(0, work),
                    Sent::Pending(_) => panic!("seed {seed}, communicator {context}: no credit"),
                }
            }
            // Some come while their communicator is there, and some later.
            settle(&mut world);
            stored = world.ranks[1].lane.holdings().unexpected;
            assert!(stored < 100, "seed {seed}: {stored} are kept");
        }
        assert!(stored > 0, "the last communicator's are there");
    }
}
