//! Passing communicators: one context for use after use, kept apart by the order of messages alone.

#[expect(dead_code, reason = "other tests use the rest")]
mod world;

use std::sync::Arc;

use archipelago_engine::collective::{Call, Case, Collective, Operands, Price, choose};
use archipelago_engine::{Communicator, Config, Group, Pointer, RequestId};
use wire::ContextId;
use world::World;

const USES: u64 = 12;

/// A member: its next use, the request that is under way, and its buffers.
struct Member {
    rank: usize,
    uses: u64,
    request: Option<RequestId>,
    mine: Box<[u64; 4]>,
    all: Vec<u64>,
}

/// All members of a group of a world gather again and again, each use on a communicator made anew in the same context, and as
/// far ahead of one another as the messages let them.
fn check(world: &mut World, numbers: &[usize], elements: u64, seed: u64) {
    let whole = world.ranks[0].world.group.clone();
    let group = whole.include(numbers).unwrap();
    let n = numbers.len();
    let context = ContextId::derived(numbers.iter().map(|number| *number as u64));
    let case = Case::new(Collective::AllGather, n as u32, elements, 8);
    let algorithm = choose(&case, &Price::SOCKET);
    let member = |rank| Member { rank, uses: 0, request: None, mine: Box::default(), all: vec![0; 4 * n] };
    let mut members: Vec<Member> = (0..n).map(member).collect();
    let mut idle = 0;
    while members.iter().any(|member| member.uses < USES) {
        let chosen = world.chance.below(n);
        let member = &mut members[chosen];
        let lane = &mut world.ranks[numbers[member.rank]].lane;
        match member.request {
            Some(request) if lane.is_complete(request) => {
                lane.take(request).unwrap().unwrap();
                for (rank, theirs) in member.all.chunks(elements as usize).take(n).enumerate() {
                    let expected = (rank as u64) << 32 | member.uses;
                    assert!(
                        theirs.iter().all(|word| *word == expected),
                        "seed {seed}: {theirs:x?} in {}",
                        member.uses
                    );
                }
                (member.request, member.uses) = (None, member.uses + 1);
            }
            None if member.uses < USES => {
                member.mine.fill((member.rank as u64) << 32 | member.uses);
                let communicator = Communicator::new(context, group.clone(), member.rank, "passing".into());
                let operands = Operands {
                    input: Pointer::reading(member.mine.as_ptr().cast()),
                    output: Pointer::new(member.all.as_mut_ptr().cast()),
                    operator: None,
                };
                let call = Call::new(case, member.rank as u32, 0);
                let request =
                    lane.start_collective(&Arc::new(communicator), &call, algorithm, &operands).unwrap();
                member.request = Some(request);
            }
            _ => {}
        }
        idle = if world.step() { 0 } else { idle + 1 };
        assert!(idle < 200_000, "seed {seed}: nothing moves any more");
    }
    assert!(members.iter().all(|member| member.request.is_none()));
}

#[test]
fn uses_of_one_context_are_kept_apart_by_order() {
    for seed in 1..=40 {
        for n in [1, 2, 3, 4, 7, 16] {
            let numbers: Vec<usize> = (0..n).rev().collect();
            let config = Config { eager_bytes: [None, Some(0)][seed as usize % 2], ..Config::default() };
            check(&mut World::simulated(n as u32 + 1, seed, config), &numbers, 4, seed);
        }
        check(&mut World::new(5, seed, Config::default()), &[4, 1, 2], 4, seed);
    }
}

#[test]
fn who_knows_other_things_has_another_context() {
    let group = |numbers: &[usize]| Group::world(wire::JobId(3), 9).include(numbers).unwrap();
    let words = |group: Group, tag: u64| {
        ContextId::derived([tag].into_iter().chain(group.processes().map(|process| process.number as u64)))
    };
    let mut contexts: Vec<ContextId> =
        [(&[0, 1][..], 0), (&[1, 0], 0), (&[0, 1], 1), (&[0, 1, 2], 0), (&[0], 1), (&[0], 0)]
            .map(|(numbers, tag)| words(group(numbers), tag))
            .into();
    contexts.sort_unstable();
    contexts.dedup();
    assert_eq!(contexts.len(), 6);
    for context in contexts {
        assert_eq!(context.0 >> 62, 0b10);
        assert_ne!(context, ContextId::SELF);
    }
}
