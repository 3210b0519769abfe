//! Failures as a program sees and mends them: interrupted receives, revoked communicators.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use std::sync::Arc;

use archipelago_engine::collective::{Call, Case, Collective, Operands, Price, choose, named};
use archipelago_engine::{
    Communicator, Config, Data, Error, Mode, Pointer, Received, RequestId, Sent, Source, Status, TagPattern,
    TypeTag,
};
use fabric::Cause;
use fabric::sim::Fault;
use wire::{ContextId, ProcessId};
use world::World;

const OF: TypeTag =
    TypeTag { signature: 64, name: archipelago_engine::TypeName::Made(|| "u64".into()), ..TypeTag::BYTES };

fn small(byte: u8) -> Data {
    Data::Small { bytes: [byte; 32], length: 8 }
}

fn world(size: u32, seed: u64) -> World {
    let mut world = World::simulated(size, seed, Config::default());
    for rank in &mut world.ranks {
        rank.lane.register(&rank.world);
    }
    world
}

fn process(world: &World, rank: usize) -> ProcessId {
    world.ranks[0].world.group.process(rank).unwrap()
}

fn kill(world: &World, rank: usize) {
    let how = "killed by signal 9 (SIGKILL)".to_owned();
    world.network.as_ref().unwrap().strike(Fault::Kill { process: process(world, rank), how });
}

fn post(world: &mut World, rank: usize, source: Source, buffer: &mut [u8]) -> RequestId {
    post_tagged(world, rank, source, TagPattern::Any, buffer)
}

fn post_tagged(
    world: &mut World,
    rank: usize,
    source: Source,
    tag: TagPattern,
    buffer: &mut [u8],
) -> RequestId {
    let members = world.ranks[rank].world.clone();
    let to = Pointer::new(buffer.as_mut_ptr());
    match world.ranks[rank].lane.receive(&members, source, tag, OF, to, buffer.len()) {
        Ok(Received::Pending(request)) => request,
        Ok(Received::Work(..)) => panic!("nothing was sent"),
        Err(error) => panic!("{error}"),
    }
}

fn send(world: &mut World, from: usize, to: usize, data: Data) -> Option<RequestId> {
    let members = world.ranks[from].world.clone();
    match world.ranks[from].lane.send(&members, to, 0, OF, data, Mode::Standard) {
        Ok(Sent::Done) => None,
        Ok(Sent::Pending(request)) => Some(request),
        Ok(Sent::Work(work)) => {
            // SAFETY: the buffer is the test's.
            assert!(unsafe { work.run(|_| {}) }.is_none());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Lets all that is planned happen.
fn settle(world: &mut World) {
    let mut idle = 0;
    while idle < 1_000 {
        idle = if world.step() { 0 } else { idle + 1 };
    }
}

fn wait(world: &mut World, rank: usize, request: RequestId) -> Result<Status, Error> {
    world.wait_all(&[(rank, request)], "a request").remove(0)
}

#[test]
fn a_wildcard_stays_posted_until_the_failure_is_acknowledged() {
    for seed in 1..40 {
        let mut world = world(4, seed);
        let mut buffer = [0; 8];
        // Before or after the death, of a process that was met or not.
        if seed % 2 == 0 {
            send(&mut world, 1, 2, small(1));
            let mut first = [0; 8];
            let first = post(&mut world, 2, Source::Any, &mut first);
            assert!(wait(&mut world, 2, first).is_ok());
        }
        let early = (seed % 3 == 0).then(|| post(&mut world, 2, Source::Any, &mut buffer));
        kill(&world, 1);
        let request = early.unwrap_or_else(|| post(&mut world, 2, Source::Any, &mut buffer));
        settle(&mut world);
        let lane = &mut world.ranks[2].lane;
        for _ in 0..3 {
            let told = lane.take_unless_interrupted(request);
            assert!(
                matches!(told, Some(Err(Error::FailurePending { rank: 1, cause: Cause::Died(_), .. }))),
                "{told:?}"
            );
        }
        // A look is no wait.
        let members = world.ranks[2].world.clone();
        let lane = &mut world.ranks[2].lane;
        let looked = lane.try_probe(&members, Source::Any, TagPattern::Any);
        assert!(matches!(looked, Err(Error::PeerFailed { rank: Some(1), .. })), "{looked:?}");
        let failed = lane.failed(&members);
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].0, members.group.process(1).unwrap());
        assert_eq!((lane.acknowledge(&members, 0), lane.acknowledge(&members, 7)), (0, 1));
        assert_eq!(lane.acknowledge(&members, 0), 1, "what is acknowledged stays so");
        assert_eq!(lane.take_unless_interrupted(request), None);
        assert_eq!(lane.try_probe(&members, Source::Any, TagPattern::Any), Ok(None));
        // Another communicator of the same members knows nothing of that.
        let copy = Communicator::new(ContextId::new(3, 3), members.group.clone(), 2, "copy".into());
        let looked = lane.try_probe(&copy, Source::Any, TagPattern::Any);
        assert!(matches!(looked, Err(Error::PeerFailed { rank: Some(1), .. })), "{looked:?}");
        // A second death interrupts it again.
        if seed % 4 == 0 {
            kill(&world, 0);
            settle(&mut world);
            let told = world.ranks[2].lane.take_unless_interrupted(request);
            assert!(matches!(told, Some(Err(Error::FailurePending { rank: 0, .. }))), "{told:?}");
            assert_eq!(world.ranks[2].lane.acknowledge(&members, 2), 2);
        }
        send(&mut world, 3, 2, small(9));
        assert_eq!(wait(&mut world, 2, request).map(|status| status.source), Ok(3));
        assert_eq!(buffer, [9; 8]);
        assert_eq!(world.ranks[2].lane.pending(), 0);
    }
}

#[test]
fn a_wildcard_that_nobody_is_left_for_ends_though_all_is_acknowledged() {
    for seed in 1..20 {
        let mut world = world(3, seed);
        kill(&world, 0);
        kill(&world, 2);
        let mut buffer = [0; 8];
        let request = post(&mut world, 1, Source::Any, &mut buffer);
        settle(&mut world);
        let members = world.ranks[1].world.clone();
        assert_eq!(world.ranks[1].lane.acknowledge(&members, 2), 2);
        world.ranks[1].lane.watch(request, Some(archipelago_engine::Waiter(1)));
        assert_eq!(wait(&mut world, 1, request), Err(Error::Deserted { ranks: vec![0, 2] }));
    }
}

#[test]
fn who_does_not_wait_again_ends_the_receive() {
    for seed in 1..20 {
        let mut world = world(3, seed);
        let mut buffer = [0; 8];
        let request = post(&mut world, 1, Source::Any, &mut buffer);
        kill(&world, 0);
        let outcome = wait(&mut world, 1, request);
        assert!(matches!(outcome, Err(Error::PeerFailed { rank: Some(0), .. })), "{outcome:?}");
        assert_eq!(world.ranks[1].lane.holdings().posted, 0);
        assert_eq!(world.ranks[1].lane.take(request), Some(Err(Error::StaleRequest)));
    }
}

/// Every kind of operation under way at every member; one revokes and may die at once, at any of its steps.
#[test]
fn a_revocation_ends_everything_at_every_member() {
    for seed in 1..400 {
        let size = 2 + seed as usize % 4;
        let mut world = world(size as u32, seed);
        let large = vec![1u8; 1 << 20];
        let mut buffers = vec![[0u8; 8]; size];
        let mut into = vec![vec![0u8; 1 << 20]; size];
        let mut requests = Vec::new();
        let revoker = seed as usize / 4 % size;
        for rank in 0..size {
            // A receive that nobody sends for, a large send that somebody may take, one that nobody does.
            let next = Source::Rank((rank + 1) % size);
            let posted = post_tagged(&mut world, rank, next, TagPattern::Tag(99), &mut buffers[rank]);
            requests.push((rank, posted));
            let data = || Data::Memory { from: Pointer::reading(large.as_ptr()), bytes: large.len() };
            let members = world.ranks[rank].world.clone();
            let lane = &mut world.ranks[rank].lane;
            match lane.send(&members, (rank + 1) % size, 5, OF, data(), Mode::Standard) {
                Ok(Sent::Pending(request)) => requests.push((rank, request)),
                _ => panic!("a large message is announced"),
            }
            if rank % 2 == 0 {
                let (to, from) =
                    (Pointer::new(into[rank].as_mut_ptr()), Source::Rank((rank + size - 1) % size));
                match lane.receive(&members, from, TagPattern::Tag(5), OF, to, 1 << 20) {
                    Ok(Received::Pending(request)) => requests.push((rank, request)),
                    _ => panic!("nothing has come"),
                }
            }
            // A collective that the revoker doesn't come to.
            if rank != revoker {
                let case = Case::new(Collective::Barrier, size as u32, 0, 1);
                let algorithm = choose(&case, &Price::SOCKET);
                let call = Call::new(case, rank as u32, 0);
                requests.push((rank, world.start(&call, algorithm, Operands::NONE).unwrap()));
            }
        }
        for _ in 0..seed % 50 {
            world.step();
        }
        let members = world.ranks[revoker].world.clone();
        world.ranks[revoker].lane.revoke(&members);
        let dies = seed % 3 == 0;
        if dies {
            kill(&world, revoker);
            requests.retain(|(rank, _)| *rank != revoker);
        }
        let outcomes = world.wait_all(&requests, "what was revoked");
        let by = process(&world, revoker);
        for ((rank, _), outcome) in requests.iter().zip(outcomes) {
            let is_right = match &outcome {
                Err(Error::CommunicatorRevoked { by: who }) => *who == by,
                Err(Error::PeerFailed { process, .. }) => dies && *process == by,
                // It was under way.
                Ok(_) => true,
                _ => false,
            };
            assert!(is_right, "seed {seed}: rank {rank}: {outcome:?}");
        }
        settle(&mut world);
        for rank in (0..size).filter(|rank| !dies || *rank != revoker) {
            let (members, lane) = (world.ranks[rank].world.clone(), &mut world.ranks[rank].lane);
            // Of what the dead has told nobody, nobody knows.
            let Some(who) = members.revoked_by() else {
                assert!(dies);
                continue;
            };
            assert_eq!(who, by);
            let revoked = Err(Error::CommunicatorRevoked { by });
            let sent = lane.send(&members, 0, 0, OF, small(1), Mode::Standard).map(drop);
            assert_eq!(sent, revoked);
            assert!(!lane.send_directly(&members, 0, 0, OF, &[1; 8]));
            let received = lane.try_probe(&members, Source::Any, TagPattern::Any).map(drop);
            assert_eq!(received, revoked);
            let holdings = lane.holdings();
            assert_eq!((lane.pending(), holdings.posted, holdings.unexpected), (0, 0, 0), "rank {rank}");
            assert_eq!(lane.unexpected_bytes(), 0);
        }
        // If one that lives knows, all do.
        let living = (0..size).filter(|rank| !dies || *rank != revoker);
        let known = living.map(|rank| world.ranks[rank].world.revoked_by().is_some()).collect::<Vec<_>>();
        assert!(known.iter().all(|know| *know == known[0]), "seed {seed}: {known:?}");
    }
}

#[test]
fn a_communicator_that_is_made_after_its_revocation_is_found_to_be_revoked() {
    for seed in 1..20 {
        let mut world = world(3, seed);
        let made: Vec<_> = (0..3)
            .map(|rank| {
                let group = world.ranks[rank].world.group.clone();
                Arc::new(Communicator::new(ContextId::new(7, 7), group, rank, "late".into()))
            })
            .collect();
        world.ranks[0].lane.register(&made[0]);
        world.ranks[1].lane.register(&made[1]);
        world.ranks[0].lane.revoke(&made[0]);
        settle(&mut world);
        assert_eq!(made[1].revoked_by(), Some(process(&world, 0)));
        assert_eq!(made[2].revoked_by(), None);
        world.ranks[2].lane.register(&made[2]);
        assert_eq!(made[2].revoked_by(), Some(process(&world, 0)));
        // Others of the same members are as they were.
        assert!(world.ranks.iter().all(|rank| rank.world.revoked_by().is_none()));
        settle(&mut world);
        assert!(world.ranks.iter().all(|rank| rank.lane.counters().frames_refused == 0));
    }
}

/// Partitioned messages and the passing communicators of those who create have contexts that follow from another's.
#[test]
fn what_is_derived_from_a_communicator_is_revoked_with_it() {
    for seed in 1..30 {
        let mut world = world(4, seed);
        let parents: Vec<_> = world.ranks.iter().map(|rank| rank.world.clone()).collect();
        let beside = |rank: usize| Arc::new(parents[rank].beside(ContextId::derived([1])));
        let some = |rank: usize| {
            let group = archipelago_engine::Group::of([0, 2, 3].map(|rank| process(&world, rank)).to_vec());
            let rank = group.rank(process(&world, rank)).expect("a member");
            Arc::new(parents[3].derive(ContextId::derived([2]), group, rank, "some".into()))
        };
        // Rank 3 waits in one of two that have a context in common, of which the later is gone; and in one of some members,
        // which is derived from a derived one. Rank 1 has none, and none waits for the revoker.
        let twins = [beside(3), beside(3)];
        let deep = some(3);
        let deeper = Arc::new(deep.beside(ContextId::derived([3])));
        for one in twins.iter().chain([&deep, &deeper]) {
            world.ranks[3].lane.register(one);
        }
        let [twin, gone] = twins;
        drop(gone);
        let mut buffers = [[0u8; 8]; 2];
        let mut requests = Vec::new();
        for (members, buffer) in [&twin, &deeper].into_iter().zip(&mut buffers) {
            let to = Pointer::new(buffer.as_mut_ptr());
            let posted = world.ranks[3].lane.receive(members, Source::Rank(2), TagPattern::Any, OF, to, 8);
            let Ok(Received::Pending(request)) = posted else { panic!("nothing was sent") };
            requests.push((3, request));
        }
        // Another of the same members is no part of it.
        let other = Communicator::new(ContextId::new(7, 7), parents[3].group.clone(), 3, "other".into());
        let other = Arc::new(other);
        world.ranks[3].lane.register(&other);
        world.ranks[0].lane.revoke(&parents[0]);
        let by = process(&world, 0);
        for outcome in world.wait_all(&requests, "what was derived") {
            assert_eq!(outcome, Err(Error::CommunicatorRevoked { by }));
        }
        settle(&mut world);
        // Who makes one afterwards finds it revoked; and the lane of the parent is that of all.
        let late = beside(1);
        world.ranks[1].lane.register(&late);
        for members in [&late, &twin, &deep, &deeper] {
            assert_eq!((members.revoked_by(), members.lane()), (Some(by), parents[3].lane()));
        }
        assert_eq!(other.revoked_by(), None);
        assert!(world.ranks.iter().all(|rank| rank.lane.counters().frames_refused == 0));
    }
}

#[test]
fn who_revokes_what_is_not_its_own_is_dropped() {
    let mut world = world(3, 1);
    let pair: Vec<ProcessId> = [0, 1].map(|rank| process(&world, rank)).to_vec();
    let group = archipelago_engine::Group::of(pair);
    let own = Arc::new(Communicator::new(ContextId::new(7, 7), group, 0, "pair".into()));
    world.ranks[0].lane.register(&own);
    // Rank 2 makes a communicator of that context up.
    let all = world.ranks[2].world.group.clone();
    let invented = Arc::new(Communicator::new(ContextId::new(7, 7), all, 2, "invented".into()));
    world.ranks[2].lane.revoke(&invented);
    settle(&mut world);
    assert_eq!(own.revoked_by(), None);
    assert_eq!(world.ranks[0].lane.counters().frames_refused, 1);
}

/// What members of a failed collective had sent keeps nobody's credit.
#[test]
fn messages_of_failed_collectives_are_forgotten() {
    for seed in 1..30 {
        let mut world = world(3, seed);
        kill(&world, 2);
        let algorithm = named(Collective::AllGather, "ring").expect("an all-gather by messages");
        for round in 0..40 {
            let mut requests = Vec::new();
            let (input, mut output) = ([7u8; 3000], vec![[0u8; 9000]; 2]);
            for (rank, output) in output.iter_mut().enumerate() {
                let case = Case::new(Collective::AllGather, 3, 3000, 1);
                let operands = Operands {
                    input: Pointer::reading(input.as_ptr()),
                    output: Pointer::new(output.as_mut_ptr()),
                    operator: None,
                };
                let call = Call::new(case, rank as u32, 0);
                requests.push((rank, world.start(&call, algorithm, operands).unwrap()));
                if (seed + round) % 2 == 0 {
                    settle(&mut world);
                }
            }
            for outcome in world.wait_all(&requests, "a failed collective") {
                assert!(matches!(outcome, Err(Error::PeerFailed { rank: Some(2), .. })), "{outcome:?}");
            }
        }
        settle(&mut world);
        for rank in 0..2 {
            let holdings = world.ranks[rank].lane.holdings();
            assert_eq!((holdings.unexpected, holdings.requests), (0, 0), "seed {seed}, rank {rank}");
            assert_eq!(world.ranks[rank].lane.unexpected_bytes(), 0);
        }
    }
}

/// Lets all events of the network happen up to the `until`-th, one at a time; each rank then does all that it can. Returns whether
/// there were as many.
fn run_network(world: &mut World, until: usize, dead: &[usize]) -> bool {
    let network = world.network.clone().expect("a simulated world");
    for _ in 0..until {
        let Some(process) = network.step() else { return false };
        // The dead do nothing more.
        if !dead.contains(&(process.number as usize)) {
            poll(world, process.number as usize);
        }
    }
    true
}

fn poll(world: &mut World, rank: usize) {
    let network = world.network.clone().expect("a simulated world");
    while !matches!(world.ranks[rank].lane.poll(network.now(), None), archipelago_engine::Polled::Idle) {}
}

/// Agreements of lanes on the simulated network. `deaths`: who dies after how many events of the network. Returns how many events
/// there were.
fn agree_with_deaths(size: usize, seed: u64, deaths: &[(usize, usize)]) -> usize {
    let mut world = world(size as u32, seed);
    let mut requests = Vec::new();
    for rank in 0..size {
        let (members, lane) = (world.ranks[rank].world.clone(), &mut world.ranks[rank].lane);
        requests.push(lane.agree(&members, !(1 << rank), Some(ContextId::new(rank as u32, 1))).unwrap());
    }
    let (mut events, mut deaths) = (0, deaths.to_vec());
    deaths.sort_by_key(|(_, at)| *at);
    let mut dead = Vec::new();
    for (victim, at) in deaths {
        let more = at - events;
        if run_network(&mut world, more, &dead) {
            events = at;
        }
        kill(&world, victim);
        dead.push(victim);
    }
    while run_network(&mut world, 1, &dead) {
        events += 1;
    }
    let mut decided: Option<archipelago_engine::Agreed> = None;
    for (rank, request) in requests.into_iter().enumerate() {
        let lane = &mut world.ranks[rank].lane;
        if dead.contains(&rank) && !lane.is_complete(request) {
            continue;
        }
        match lane.take(request) {
            Some(Ok(_)) => {}
            outcome => panic!("{size} ranks, seed {seed}, dead {dead:?}: rank {rank} has {outcome:?}"),
        }
        let agreed = lane.agreed(request).expect("it is complete");
        assert_eq!(agreed.failed.size() > 0, !agreed.is_acknowledged);
        if !dead.contains(&rank) {
            assert_eq!(agreed.flags & 1 << rank, 0);
            assert!(agreed.failed.processes().all(|process| dead.contains(&(process.number as usize))));
            assert_eq!((lane.pending(), lane.holdings().agreements), (0, 0));
        }
        // Also that of those who died after it.
        assert_eq!(
            *decided.get_or_insert(agreed.clone()),
            agreed,
            "{size} ranks, seed {seed}, dead {dead:?}"
        );
    }
    events
}

/// Every set of kill points for two to four ranks, and all single victims and pairs for five; of three and four victims of five
/// one vector of kill points in so many, or with `ARCHIPELAGO_SOAK` each. A kill point is an event of the network.
#[test]
fn lanes_agree_whenever_members_die() {
    let is_long = std::env::var_os("ARCHIPELAGO_SOAK").is_some();
    for size in 2..=5 {
        let events = agree_with_deaths(size, 1, &[]);
        assert!(events >= 4 * (size - 1), "{events}");
        let mut runs = 0u64;
        for victims in 1u32..1 << size {
            let victims: Vec<usize> = (0..size).filter(|rank| victims & 1 << rank != 0).collect();
            if victims.len() == size {
                continue;
            }
            let points = events + 2;
            // Primes, so that the vectors that are looked at differ in all places.
            let stride = match (size, victims.len()) {
                (5, 3) if !is_long => 31,
                (5, 4) if !is_long => 499,
                _ => 1,
            };
            for vector in (0..points.pow(victims.len() as u32)).step_by(stride) {
                let point = |place: usize| vector / points.pow(place as u32) % points;
                let deaths: Vec<(usize, usize)> =
                    victims.iter().enumerate().map(|(place, rank)| (*rank, point(place))).collect();
                agree_with_deaths(size, 1 + vector as u64 % 5, &deaths);
                runs += 1;
            }
        }
        println!("{size} ranks, {events} events: {runs} sets of kill points");
    }
}

#[test]
fn many_lanes_agree_under_many_seeds() {
    for seed in 1..200usize {
        let size = 6 + seed % 12;
        let deaths: Vec<(usize, usize)> =
            (0..seed % 6).map(|at| ((at * 5 + seed) % size, (seed * 7 + at * 13) % (6 * size))).collect();
        let mut distinct = deaths.clone();
        distinct.sort_unstable();
        distinct.dedup_by_key(|(rank, _)| *rank);
        agree_with_deaths(size, seed as u64, &distinct);
    }
}

#[test]
fn agreements_come_one_after_the_other_on_a_revoked_communicator() {
    for seed in 1..30 {
        let mut world = world(3, seed);
        let members = world.ranks[0].world.clone();
        world.ranks[0].lane.revoke(&members);
        // Rank 2 comes late to both.
        let mut requests: Vec<Vec<RequestId>> = vec![Vec::new(); 3];
        for (rank, requests) in requests.iter_mut().enumerate() {
            for round in 0..2 {
                let members = world.ranks[rank].world.clone();
                let request = world.ranks[rank].lane.agree(&members, (4 << round) | 1 << rank, None).unwrap();
                requests.push(request);
            }
            settle(&mut world);
        }
        for (rank, requests) in requests.into_iter().enumerate() {
            for (round, request) in requests.into_iter().enumerate() {
                assert!(wait(&mut world, rank, request).is_ok());
                let agreed = world.ranks[rank].lane.agreed(request).unwrap();
                assert_eq!(agreed.flags & !3, 4 << round);
                assert!(agreed.is_acknowledged && agreed.failed.is_empty() && agreed.context.is_none());
            }
        }
    }
}

#[test]
fn what_was_agreed_on_is_forgotten_with_its_request() {
    for seed in 1..10 {
        let mut world = world(3, seed);
        for round in 0..6 {
            let mut requests = Vec::new();
            for rank in 0..3 {
                let members = world.ranks[rank].world.clone();
                requests.push(world.ranks[rank].lane.agree(&members, 7, None).unwrap());
            }
            if round % 2 == 0 {
                settle(&mut world);
            }
            for (rank, request) in requests.into_iter().enumerate() {
                world.ranks[rank].lane.detach(request, None);
            }
            settle(&mut world);
        }
        assert!(world.ranks.iter().all(|rank| rank.lane.holdings().agreements == 0));
    }
}
