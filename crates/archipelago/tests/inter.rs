//! Inter-communicators: who hears whom, and what each side gets.

use archipelago::prelude::*;
use archipelago::{Error, InterComm, InterRoot, Result};

/// The lowest `low` ranks on one side, the others on the other. Leaders are not the first of their sides where they can be.
fn sides(world: &Comm, low: usize) -> Result<(bool, InterComm)> {
    let is_low = world.rank() < low;
    let side = world.split(Some(is_low as u32), 0)?.expect("it gave a colour");
    let leader = side.size() - 1;
    let other = if is_low { world.size() - 1 } else { low - 1 };
    let bridge = (side.rank() == leader).then_some((world, other));
    Ok((is_low, side.inter_communicator(leader, bridge, 5)?))
}

fn check_messages(inter: &InterComm, first_here: usize, first_there: usize) -> Result<()> {
    let (me, here, there) = (inter.rank(), inter.size(), inter.remote_size());
    for by_name in [true, false] {
        let tag = 3 + by_name as i32;
        for to in 0..there {
            drop(inter.to(to).tag(tag).send_owned(vec![first_here + me; 1 + 20_000 * (to % 2)]));
        }
        for from in 0..there {
            let source = if by_name { inter.from(from) } else { inter.from_any() };
            let (values, status) = source.tag(tag).receive_with_status::<Vec<usize>>()?;
            assert_eq!(values, vec![first_there + status.source; 1 + 20_000 * (me % 2)]);
            assert!(!by_name || status.source == from);
        }
    }
    assert!(matches!(inter.to(there).send(&1), Err(Error::NoSuchRank { .. })));
    let error = inter.from(there).receive::<u8>().unwrap_err().to_string();
    assert!(error.contains(&format!("there is no rank {there}")), "{error}");
    assert_eq!((inter.group().size(), inter.remote_group().size()), (here, there));
    inter.barrier()
}

/// Every collective once, against what it means.
fn check_collectives(inter: &InterComm, first_here: usize, first_there: usize) -> Result<()> {
    let (me, here, there) = (inter.rank(), inter.size(), inter.remote_size());
    let theirs: Vec<usize> = (0..there).map(|rank| first_there + rank).collect();
    let mine = first_here + me;

    for length in [0, 1, 3, 5000] {
        let mut all = vec![0; there * length];
        inter.all_gather_into(&vec![mine; length], &mut all)?;
        assert!(all.iter().enumerate().all(|(i, value)| *value == theirs[i / length.max(1)]));

        let parts: Vec<usize> = (0..there).flat_map(|to| vec![mine * 1000 + to; length]).collect();
        inter.all_to_all_into(&parts, &mut all)?;
        assert!(all.iter().enumerate().all(|(i, value)| *value == theirs[i / length.max(1)] * 1000 + me));

        let sum = inter.all_reduce(&vec![mine; length], Sum)?;
        assert_eq!(sum, vec![theirs.iter().sum::<usize>(); length]);
        // Strings of digits don't commute.
        let joined = inter.all_reduce(
            &vec![(1u32, mine as u64 % 10); length],
            ordered(|a: &(u32, u64), b: &(u32, u64)| {
                (a.0 + b.0, a.1.wrapping_mul(10u64.wrapping_pow(b.0)).wrapping_add(b.1))
            }),
        )?;
        let digits =
            theirs.iter().fold(0u64, |digits, one| digits.wrapping_mul(10).wrapping_add(*one as u64 % 10));
        assert_eq!(joined, vec![(there as u32, digits); length]);

        let given: Vec<usize> = (0..here * there * length).map(|i| i + mine).collect();
        let mut part = vec![0; there * length];
        inter.reduce_scatter_into(&given, &mut part, Sum)?;
        let expected = |i: usize| there * (me * there * length + i) + theirs.iter().sum::<usize>();
        assert!(part.iter().enumerate().all(|(i, value)| *value == expected(i)));

        // Both sides have the root once, each of them in turn. Its number is known to all.
        for is_here in [first_here < first_there, first_here > first_there] {
            let roots = if is_here { here } else { there };
            for number in 0..roots {
                let root = match is_here {
                    true if me == number => InterRoot::Here,
                    true => InterRoot::Beside,
                    false => InterRoot::There(number),
                };
                check_rooted(inter, root, mine, &theirs, length)?;
            }
        }
    }
    Ok(())
}

fn check_rooted(
    inter: &InterComm,
    root: InterRoot,
    mine: usize,
    theirs: &[usize],
    length: usize,
) -> Result<()> {
    let there = theirs.len();
    let is_root = root == InterRoot::Here;
    let from = if let InterRoot::There(rank) = root { Some(theirs[rank]) } else { None };
    let value = |who: usize, i: usize| (who.is_multiple_of(2), (who * 100_000 + i) as u32);
    let of = |who: usize| (0..length).map(|i| value(who, i)).collect::<Vec<_>>();

    let mut values = of(mine);
    inter.broadcast(root, &mut values)?;
    assert_eq!(values, of(from.unwrap_or(mine)));

    let mut all = vec![(false, 0); if is_root { there * length } else { 0 }];
    inter.gather_into(root, &of(mine), &mut all)?;
    let gathered: Vec<_> = theirs.iter().flat_map(|who| of(*who)).collect();
    assert_eq!(all, if is_root { gathered } else { vec![] });

    let parts: Vec<usize> = (0..there).flat_map(|to| vec![mine * 1000 + to; length]).collect();
    let mut part = vec![0; length];
    inter.scatter_into(root, if is_root { &parts[..] } else { &[] }, &mut part)?;
    assert_eq!(part, vec![from.map_or(0, |from| from * 1000 + inter.rank()); length]);

    let mut sum = vec![0; if is_root { length } else { 0 }];
    inter.reduce_into(root, &vec![mine; length], &mut sum, Sum)?;
    assert_eq!(sum, vec![theirs.iter().sum::<usize>(); sum.len()]);
    Ok(())
}

#[archipelago::test(ranks = [2, 3, 4, 7, 16])]
fn two_sides_talk(world: Comm) -> Result<()> {
    for low in [1, world.size() / 2] {
        let (is_low, inter) = sides(&world, low)?;
        let (here, there) = if is_low { (0, low) } else { (low, 0) };
        check_messages(&inter, here, there)?;
        check_collectives(&inter, here, there)?;
        let copy = inter.duplicate()?;
        // What is sent in one is not received in the other.
        drop(inter.to(0).tag(3).send_owned(1u8));
        check_messages(&copy, here, there)?;
        if inter.rank() == 0 {
            (0..inter.remote_size()).try_for_each(|_| inter.from_any().tag(3).receive::<u8>().map(drop))?;
        }
        check_collectives(&copy, here, there)?;
    }
    Ok(())
}

#[archipelago::test(ranks = [2, 3, 4, 7, 16])]
fn sides_merge_in_the_order_that_they_say(world: Comm) -> Result<()> {
    let low = world.size() / 2;
    let (is_low, inter) = sides(&world, low)?;
    let ascending: Vec<usize> = (0..world.size()).collect();
    let turned: Vec<usize> = (low..world.size()).chain(0..low).collect();
    assert_eq!(inter.merge(!is_low)?.all_gather(&[world.rank()])?, ascending);
    assert_eq!(inter.merge(is_low)?.all_gather(&[world.rank()])?, turned);
    for high in [false, true] {
        let any = inter.merge(high)?.all_gather(&[world.rank()])?;
        assert!(any == ascending || any == turned, "{any:?}");
        assert_eq!(world.root(0).broadcast_vec(Some(any.clone()).filter(|_| world.rank() == 0))?, any);
    }
    // Members of one side that say different things are told, and so is the other side.
    if inter.size() > 1 || inter.remote_size() > 1 {
        let error = inter.merge(inter.rank() == 0).map(drop);
        if inter.size() > 1 {
            assert!(error.unwrap_err().to_string().contains("`high`"));
        }
    }
    inter.barrier()
}

#[archipelago::test(ranks = [2, 3, 4, 7, 16])]
fn parts_have_both_sides_or_none(world: Comm) -> Result<()> {
    let low = world.size() / 2;
    let (is_low, inter) = sides(&world, low)?;
    let me = inter.rank();
    // Colours by parity, in falling order; ranks past the fifth have none.
    let colour = (me < 5).then_some(me as u32 % 2);
    let of = |size: usize| (0..size.min(5)).rev().filter(|rank| rank % 2 == me % 2).collect::<Vec<_>>();
    let (here, there) = (of(inter.size()), of(inter.remote_size()));
    let part = inter.split(colour, -(me as i64))?;
    assert_eq!(part.is_some(), colour.is_some() && !there.is_empty());
    if let Some(part) = part {
        assert_eq!((part.size(), part.remote_size()), (here.len(), there.len()));
        assert_eq!(here[part.rank()], me);
        let mut ranks = vec![0; there.len()];
        part.all_gather_into(&[me], &mut ranks)?;
        assert_eq!(ranks, there);
        assert_eq!(part.merge(is_low)?.size(), here.len() + there.len());
    }
    inter.barrier()
}

#[archipelago::test(ranks = [2, 3, 5])]
fn sides_that_cannot_be_are_refused(world: Comm) -> Result<()> {
    let low = world.size() / 2;
    let is_low = world.rank() < low;
    let side = world.split(Some(is_low as u32), 0)?.expect("it gave a colour");
    let refused = side.inter_communicator(side.size(), None, 0).unwrap_err().to_string();
    assert!(refused.contains("`leader`"), "{refused}");
    // The leader has no bridge: it is told so, and the others that it has failed.
    let refused = side.inter_communicator(0, None, 0).unwrap_err().to_string();
    assert!(refused.contains(if side.rank() == 0 { "`bridge`" } else { "leaders" }), "{refused}");
    let stranger = (side.rank() == 0).then_some((&world, world.size()));
    assert!(side.inter_communicator(0, stranger, 0).is_err());
    let (_, inter) = sides(&world, low)?;
    let there = inter.remote_size();
    assert!(matches!(inter.broadcast(InterRoot::There(there), &mut [0]), Err(Error::NoSuchRank { .. })));
    if there > 1 {
        let refused = inter.all_to_all_into(&[1], &mut [0; 4]).unwrap_err().to_string();
        assert!(refused.contains("`mine`"), "{refused}");
    }
    inter.barrier()
}

/// Roots of both sides in turn, as each rank sees them.
fn roots(inter: &InterComm, first_here: usize, first_there: usize) -> Vec<InterRoot> {
    let seen = |is_here: bool| {
        let ranks = if is_here { inter.size() } else { inter.remote_size() };
        (0..ranks).map(move |number| match is_here {
            true if inter.rank() == number => InterRoot::Here,
            true => InterRoot::Beside,
            false => InterRoot::There(number),
        })
    };
    let first = first_here < first_there;
    seen(first).chain(seen(!first)).collect()
}

#[archipelago::test(ranks = [2, 3, 4, 7, 16])]
fn collectives_between_sides_have_all_forms(world: Comm) -> Result<()> {
    let low = (world.size() / 3).max(1);
    let (is_low, inter) = sides(&world, low)?;
    let (first_here, first_there) = if is_low { (0, low) } else { (low, 0) };
    let (me, there) = (inter.rank(), inter.remote_size());
    let mine = first_here + me;
    let theirs: Vec<usize> = (0..there).map(|rank| first_there + rank).collect();
    let p = inter.prepare();

    // Several at once in a scope.
    let (given, mut all) = (vec![mine; 3], vec![0; 3 * there]);
    let (addends, mut sum) = (vec![mine; 5000], vec![0; 5000]);
    world.scope(|s| {
        let gathered = p.all_gather(&given, &mut all).start(s)?;
        let summed = p.all_reduce(&addends, &mut sum, Sum).start(s)?;
        p.barrier().start(s)?;
        assert!(summed.wait()?.iter().all(|sum| *sum == theirs.iter().sum::<usize>()));
        gathered.wait().map(drop)
    })?;
    assert!(all.iter().enumerate().all(|(i, value)| *value == theirs[i / 3]));

    // Parts of any lengths, owned: as many as the sender's rank, and one more to odd ones.
    let count = |from: usize, to: usize| from % 4 + to % 2;
    let part = |from: usize, to: usize| vec![from * 1000 + to; count(from, to)];
    let counts: Vec<usize> = theirs.iter().map(|to| count(mine, *to)).collect();
    let receive_counts: Vec<usize> = theirs.iter().map(|from| count(*from, mine)).collect();
    let given: Vec<usize> = theirs.iter().flat_map(|to| part(mine, *to)).collect();
    let expected: Vec<usize> = theirs.iter().flat_map(|from| part(*from, mine)).collect();
    let room = vec![0; expected.len()];
    let exchanged = p.all_to_all_v(given, &counts, room, &receive_counts).owned();
    let lengths: Vec<usize> = theirs.iter().map(|from| from % 4).collect();
    let everyones = vec![0; lengths.iter().sum()];
    let gathered = p.all_gather_v(vec![mine; mine % 4], everyones, &lengths).owned();
    assert_eq!(exchanged.wait()?.1, expected);
    let everyones: Vec<usize> = theirs.iter().flat_map(|from| vec![*from; from % 4]).collect();
    assert_eq!(gathered.wait()?.1, everyones);

    // Persistent, from and to every root.
    for root in roots(&inter, first_here, first_there) {
        let here = root == InterRoot::Here;
        let room = vec![0; if here { everyones.len() } else { 0 }];
        let of_root = if here { &lengths[..] } else { &[] };
        let mut gather = p.gather_v(root, vec![mine; mine % 4], room, of_root).persistent()?;
        let values = if here { everyones.clone() } else { vec![] };
        let own = if let InterRoot::There(_) = root { mine % 4 } else { 0 };
        let mut scatter = p.scatter_v(root, values, of_root, vec![0; own]).persistent()?;
        for _ in 0..2 {
            gather.start()?;
            scatter.start()?;
            assert_eq!(gather.wait()?.1, if here { &everyones[..] } else { &[] });
            assert_eq!(scatter.wait()?.1, vec![mine; own]);
        }
    }

    // Parts of any types.
    let mut words = vec![[0u8; 3]; there];
    let sent: Vec<[u8; 3]> = theirs.iter().map(|to| [mine as u8, *to as u8, 7]).collect();
    let mut exchange = inter.all_to_all_w();
    for (rank, (word, sent)) in words.iter_mut().zip(&sent).enumerate() {
        exchange = exchange.to(rank, sent).from(rank, word);
    }
    exchange.run()?;
    assert!(words.iter().zip(&theirs).all(|(word, from)| *word == [*from as u8, mine as u8, 7]));
    let refused = inter.all_to_all_w().to(there, &1u8).run().unwrap_err().to_string();
    assert!(refused.contains(&format!("there is no rank {there}")), "{refused}");
    inter.barrier()
}

/// Who has it may revoke it at once, when others are still being told of it: to them it is made all the same.
#[test]
fn a_revoked_one_is_made_everywhere() {
    // Anew each time, for ranks that have never met are told later than others.
    for _ in 0..300 {
        archipelago::testing::run(4, |world| {
            let side = world.split(Some(world.rank() as u32 % 2), 0)?.expect("it gave a colour");
            let bridge = (side.rank() == 0).then_some((&world, 1 - world.rank() % 2));
            let inter = side.inter_communicator(0, bridge, 0)?;
            if world.rank() == 3 {
                inter.revoke();
            }
            inter.barrier().expect_err("it is revoked");
            side.barrier()
        });
    }
}

/// Ranks of partitioned messages name members of the other side.
#[archipelago::test(ranks = [2, 3, 4, 7])]
fn parts_go_to_the_other_side(world: Comm) -> Result<()> {
    let low = world.size() / 2;
    let (is_low, inter) = sides(&world, low)?;
    let (first_here, first_there) = if is_low { (0, low) } else { (low, 0) };
    let me = first_here + inter.rank();
    let mut outgoing = Vec::new();
    let mut incoming = Vec::new();
    for other in 0..inter.remote_size() {
        let mut send = inter.to(other).partitioned_send(vec![me * 100 + first_there + other; 60], 3)?;
        drop(send.start()?);
        outgoing.push(send);
        let mut receive = inter.from(other).partitioned_receive(vec![0; 60], 5)?;
        receive.start()?;
        incoming.push(receive);
    }
    for (other, mut receive) in incoming.into_iter().enumerate() {
        assert_eq!(receive.wait()?, vec![(first_there + other) * 100 + me; 60]);
    }
    for mut send in outgoing {
        send.wait()?;
    }
    inter.barrier()
}

/// A leader that doesn't come is no wait for ever: neither in the bridge, nor in what follows from both sides.
#[archipelago::test(ranks = [2, 3, 4])]
fn revocation_ends_the_making_of_one(world: Comm) -> Result<()> {
    let bridge = world.duplicate()?;
    let is_low = world.rank() == 0;
    let side = world.split(Some(is_low as u32), 0)?.expect("it gave a colour");
    if is_low {
        // The other leader meets nobody.
        world.from(1).receive::<()>()?;
        bridge.revoke();
    } else {
        if world.rank() == 1 {
            world.to(0).send(&())?;
        }
        let made = side.inter_communicator(0, (side.rank() == 0).then_some((&bridge, 0)), 5);
        assert!(made.is_err());
    }
    let inter = sides(&world, 1)?.1;
    if is_low {
        world.from(1).receive::<()>()?;
        inter.revoke();
    } else {
        if world.rank() == 1 {
            world.to(0).send(&())?;
        }
        let merged = inter.merge(true);
        assert!(matches!(merged, Err(Error::Revoked { .. })), "{merged:?}");
    }
    world.barrier()
}
