//! Communicators made of communicators and of groups.

use archipelago::prelude::*;
use archipelago::{Error, Likeness, Result};

/// Every rank of `comm` hears from every other, by messages and by a collective.
fn check_alive(comm: &Comm, world: &Comm, members: &[usize]) -> Result<()> {
    assert_eq!(comm.size(), members.len());
    assert_eq!(members[comm.rank()], world.rank());
    assert_eq!(comm.all_gather(&[world.rank()])?, members);
    let (me, n) = (comm.rank(), comm.size());
    comm.to((me + 1) % n).send(&world.rank())?;
    let left: usize = comm.from((me + n - 1) % n).receive()?;
    assert_eq!(left, members[(me + n - 1) % n]);
    comm.barrier()
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn a_group_becomes_a_communicator_of_its_members(world: Comm) -> Result<()> {
    let n = world.size();
    let turned: Vec<usize> = (0..n).rev().collect();
    let odd: Vec<usize> = (0..n).filter(|rank| rank % 2 == 1).collect();
    let irregular: Vec<usize> =
        (0..n).map(|i| i * i % n).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    for ranks in [turned, odd, irregular, vec![n - 1], vec![]] {
        let group = world.group().include(&ranks)?;
        let created = world.create(&group)?;
        assert_eq!(created.is_some(), group.rank().is_some());
        if let Some(created) = created {
            assert_eq!(created.group(), group);
            check_alive(&created, &world, &ranks)?;
        }
        // The members alone, twice with the same tag and once without a parent.
        if group.rank().is_some() {
            for _ in 0..2 {
                check_alive(&world.create_from(&group, "tag")?, &world, &ranks)?;
            }
            check_alive(&group.communicator("tag")?, &world, &ranks)?;
        }
    }
    Ok(())
}

#[archipelago::test(ranks = [2, 3, 4, 7, 16])]
fn disjoint_groups_are_created_in_one_call(world: Comm) -> Result<()> {
    let half = world.size() / 2;
    let (low, high): (Vec<usize>, Vec<usize>) = (0..world.size()).partition(|rank| *rank < half);
    let mine = if world.rank() < half { low } else { high };
    let created = world.create(&world.group().include(&mine)?)?.expect("every rank is in its group");
    check_alive(&created, &world, &mine)
}

#[archipelago::test(ranks = [3, 7])]
fn groups_that_cannot_be_are_refused(world: Comm) -> Result<()> {
    let n = world.size();
    let inner = world.split((world.rank() > 0).then_some(0), 0)?;
    let is_refused = |error: Error, argument: &str| {
        assert!(matches!(&error, Error::BadArgument { what, .. } if what.starts_with(argument)), "{error}");
    };
    if let Some(inner) = inner {
        // Rank 0 of the world is none of theirs. Nothing is sent: the ranks needn't agree.
        is_refused(inner.create(&world.group()).unwrap_err(), "`group`: process 0 of it");
        is_refused(inner.create_from(&world.group(), "tag").unwrap_err(), "`group`: process 0 of it");
        inner.barrier()?;
    } else {
        let others = world.group().exclude(&[0])?;
        is_refused(world.create_from(&others, "tag").unwrap_err(), "`group`: this process is not in it");
        is_refused(others.communicator("tag").unwrap_err(), "`group`: this process is not in it");
    }
    // Ranks that give different groups are told, all of them, and their world goes on.
    let mine = match world.rank() {
        0 => world.group().include(&[0, 1])?,
        _ => world.group(),
    };
    let outcome = world.create(&mine);
    is_refused(outcome.unwrap_err(), "`group`: the members");
    assert_eq!(world.all_reduce(1, Sum)?, n);
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn parts_by_any_key(world: Comm) -> Result<()> {
    let key = |rank: usize| [rank as u32 * 5 % 3, 7];
    let mine: Vec<usize> = (0..world.size()).filter(|rank| key(*rank) == key(world.rank())).collect();
    check_alive(&world.split_by(&key(world.rank()))?, &world, &mine)?;
    check_alive(&world.split_by(&())?, &world, &(0..world.size()).collect::<Vec<_>>())?;
    check_alive(&world.split_by(&world.rank())?, &world, &[world.rank()])?;
    assert_eq!(world.compare(&world.split_by_host()?), Likeness::Congruent);
    if let Some(node) = world.split_by_numa_node()? {
        node.barrier()?;
    }
    Ok(())
}

/// A key whose equality is coarser than its bytes.
#[derive(Wire, Clone, Copy, Debug)]
struct Name([u8; 3]);

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

#[archipelago::test(ranks = [4, 7])]
fn keys_are_compared_as_values(world: Comm) -> Result<()> {
    let name = Name([*b"red", *b"Red", *b"RED", *b"sea"][world.rank() % 4]);
    let is_sea = |rank: &usize| rank % 4 == 3;
    let members: Vec<usize> =
        (0..world.size()).filter(|rank| is_sea(rank) == is_sea(&world.rank())).collect();
    check_alive(&world.split_by(&name)?, &world, &members)
}

#[archipelago::test(ranks = [2, 4])]
fn threads_create_at_once_under_their_own_tags(world: Comm) -> Result<()> {
    let group = world.group();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|thread| {
                let (world, group) = (world.clone(), group.clone());
                scope.spawn(move || {
                    for round in 0..20 {
                        let comm = world.create_from(&group, &format!("thread {thread}"))?;
                        assert_eq!(comm.all_reduce(thread * 100 + round, Max)?, thread * 100 + round);
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
    })
}

#[archipelago::test(ranks = [2])]
fn one_tag_is_for_one_thread_at_a_time(world: Comm) -> Result<()> {
    let group = world.group();
    if world.rank() == 1 {
        world.from(0).receive::<()>()?;
        return world.create_from(&group, "tag").map(drop);
    }
    // Neither is done before the other rank comes, and it comes when one is refused.
    let create = || {
        let created = world.create_from(&group, "tag").map(drop);
        if created.is_err() {
            world.to(1).send(&())?;
        }
        created
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(create);
        let second = create();
        (first.join().expect("it doesn't panic"), second)
    });
    let refused = first.err().or(second.err()).expect("one is refused").to_string();
    assert!(refused.contains("`tag`: another thread"), "{refused}");
    Ok(())
}

/// Rank 2 lives and doesn't come: only its word ends what the others wait in.
#[archipelago::test(ranks = [3, 4, 7])]
fn revocation_ends_the_creation_of_those_who_come(world: Comm) -> Result<()> {
    let parent = world.duplicate()?;
    let outcome = if world.rank() == 2 {
        // One of the others may be in it by now, or not.
        world.from(0).receive::<()>()?;
        parent.revoke();
        parent.create_from(&parent.group(), "late")
    } else {
        if world.rank() == 0 {
            world.to(2).send(&())?;
        }
        parent.create_from(&parent.group(), "late")
    };
    assert!(matches!(outcome, Err(Error::Revoked { .. })), "{outcome:?}");
    // Those who live go on.
    let next = parent.shrink()?;
    assert_eq!(next.all_reduce(1, Sum)?, world.size());
    Ok(())
}
