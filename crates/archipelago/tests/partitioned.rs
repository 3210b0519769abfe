//! Partitioned messages: any number of parts on either side, in any order, from any thread, round after round.

use std::sync::atomic::{AtomicUsize, Ordering};

use archipelago::{Comm, Error};

type Outcome = Result<(), Error>;

fn value(round: usize, index: usize) -> u64 {
    (round * 1_000_003 + index * 7) as u64
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn all_numbers_of_parts_on_both_sides(world: Comm) -> Outcome {
    let (me, n) = (world.rank(), world.size());
    let (right, left) = (world.to((me + 1) % n), world.from((me + n - 1) % n));
    for (tag, (count, sending, receiving)) in
        [(0, 1, 1), (12, 3, 4), (12, 12, 1), (60_000, 6, 5), (60_000, 60_000, 8), (60_000, 1, 60_000)]
            .into_iter()
            .enumerate()
    {
        let tag = tag as i32;
        let mut incoming = left.tag(tag).partitioned_receive(vec![0u64; count], receiving)?;
        let mut outgoing = right.tag(tag).partitioned_send(vec![0u64; count], sending)?;
        for round in 0..3 {
            incoming.start()?;
            // From the last to the first, each filled just before it is given away.
            for mut part in outgoing.start()?.into_iter().rev() {
                let first = part.index() * part.len();
                part.iter_mut().enumerate().for_each(|(i, item)| *item = value(round, first + i));
                part.ready()?;
            }
            let received = incoming.wait()?;
            assert!(received.iter().enumerate().all(|(i, item)| *item == value(round, i)), "{count} {round}");
            outgoing.wait()?;
        }
        assert_eq!(outgoing.into_buffer()?.len(), count);
        assert_eq!(incoming.into_buffer()?.len(), count);
    }
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn a_part_arrives_before_the_others_are_ready(world: Comm) -> Outcome {
    const EACH: usize = 10_000;
    if world.rank() == 0 {
        let mut outgoing = world.to(1).partitioned_send(vec![0u32; 4 * EACH], 4)?;
        let mut parts = outgoing.start()?;
        let mut last = parts.pop().expect("four parts");
        last.fill(3);
        last.ready()?;
        // The other side has it, and the rest is not ready.
        world.from(1).receive::<()>()?;
        for mut part in parts {
            let index = part.index() as u32;
            part.fill(index);
            // Dropped, it is ready.
        }
        outgoing.wait()?;
    } else {
        let mut incoming = world.from(0).partitioned_receive(vec![9u32; 4 * EACH], 4)?;
        incoming.start()?;
        while incoming.arrived(3)?.is_none() {
            std::thread::yield_now();
        }
        assert_eq!(incoming.arrived(3)?, Some(&[3; EACH][..]));
        assert_eq!(incoming.arrived(0)?, None);
        world.to(0).send(&())?;
        let received = incoming.wait()?;
        assert!(received.chunks(EACH).enumerate().all(|(part, items)| items == [part as u32; EACH]));
        assert!(matches!(incoming.arrived(4), Err(Error::BadArgument { .. })));
    }
    Ok(())
}

#[archipelago::test(ranks = [2, 4])]
fn threads_give_parts_away_in_any_order(world: Comm) -> Outcome {
    const PARTS: usize = 64;
    const THREADS: usize = 4;
    let (me, n) = (world.rank(), world.size());
    // Small parts: several travel together, filled by different threads.
    let mut outgoing = world.to((me + 1) % n).partitioned_send(vec![0u64; PARTS * 500], PARTS)?;
    let mut incoming =
        world.from((me + n - 1) % n).partitioned_receive(vec![0u64; PARTS * 500], PARTS / 2)?;
    for round in 0..5 {
        incoming.start()?;
        let given = AtomicUsize::new(0);
        let mut heaps: [Vec<_>; THREADS] = Default::default();
        for part in outgoing.start()? {
            heaps[(part.index() * 7 + round) % THREADS].push(part);
        }
        std::thread::scope(|threads| {
            for heap in heaps {
                threads.spawn(|| {
                    for mut part in heap {
                        let first = part.index() * 500;
                        part.iter_mut().enumerate().for_each(|(i, item)| *item = value(round, first + i));
                        part.ready().unwrap();
                        given.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(given.into_inner(), PARTS);
        let received = incoming.wait()?;
        assert!(received.iter().enumerate().all(|(i, item)| *item == value(round, i)));
    }
    outgoing.wait()?;
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn small_parts_travel_together(world: Comm) -> Outcome {
    // 4,096 parts of 16 bytes: 64 KiB are four messages.
    let before = world.counters().peers.messages_sent;
    if world.rank() == 0 {
        let mut outgoing = world.to(1).partitioned_send(vec![1u64; 8192], 4096)?;
        outgoing.start()?.into_iter().try_for_each(archipelago::Partition::ready)?;
        outgoing.wait()?;
        assert_eq!(world.counters().peers.messages_sent - before, 1 + 4);
    } else {
        let mut incoming = world.from(0).partitioned_receive(vec![0u64; 8192], 1)?;
        incoming.start()?;
        assert!(incoming.wait()?.iter().all(|item| *item == 1));
    }
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn requests_meet_in_the_order_in_which_they_are_made(world: Comm) -> Outcome {
    let other = 1 - world.rank();
    let mut outgoing = (0..3u16)
        .map(|number| world.to(other).tag(5).partitioned_send(vec![number; 10], 2))
        .collect::<Result<Vec<_>, _>>()?;
    let mut incoming = (0..3)
        .map(|_| world.from(other).tag(5).partitioned_receive(vec![9u16; 10], 5))
        .collect::<Result<Vec<_>, _>>()?;
    incoming.iter_mut().rev().try_for_each(|one| one.start())?;
    for one in outgoing.iter_mut().rev() {
        drop(one.start()?);
    }
    for (number, one) in incoming.iter_mut().enumerate() {
        assert_eq!(one.wait()?, [number as u16; 10]);
    }
    // Ordinary messages, also to any tag, meet none of this.
    world.to(other).tag(0).send(&1u8)?;
    let (_, status) = world.from_any().any_tag().receive_with_status::<u8>()?;
    assert_eq!((status.source, status.tag), (other, 0));
    outgoing.iter_mut().try_for_each(|one| one.wait().map(drop))
}

#[archipelago::test(ranks = [2])]
fn what_cannot_be_is_said(world: Comm) -> Outcome {
    let other = 1 - world.rank();
    for (count, partitions) in [(10, 3), (10, 0), (10, 11)] {
        let error = world.to(other).partitioned_send(vec![0u8; count], partitions).err().unwrap();
        assert!(error.to_string().contains("equal parts"), "{error}");
        assert!(world.from(other).partitioned_receive(vec![0u8; count], partitions).is_err());
    }
    assert!(matches!(world.to(2).partitioned_send(vec![0u8], 1), Err(Error::NoSuchRank { rank: 2, .. })));
    assert!(matches!(
        world.to(other).tag(-1).partitioned_send(vec![0u8], 1),
        Err(Error::BadTag { tag: -1, .. })
    ));
    let error = world.from_any().partitioned_receive(vec![0u8], 1).err().unwrap();
    assert!(error.to_string().contains("names its source"), "{error}");
    // Sides that disagree about the length, and about the type.
    let mut incoming = world.from(other).partitioned_receive(vec![0u32; 6], 2)?;
    let outgoing = world.to(other).partitioned_send(vec![0u32; 5], 1)?;
    // Whichever call is the first that knows of the sender.
    let error = incoming.start().and_then(|()| incoming.wait().map(drop)).unwrap_err().to_string();
    assert!(error.contains("20 bytes") && error.contains("24"), "{error}");
    drop(outgoing);
    let mut incoming = world.from(other).partitioned_receive(vec![0u32; 6], 2)?;
    let mut outgoing = world.to(other).partitioned_send(vec![0f32; 6], 2)?;
    outgoing.start()?.into_iter().try_for_each(archipelago::Partition::ready)?;
    let error = incoming.start().and_then(|()| incoming.wait().map(drop)).unwrap_err();
    assert!(matches!(&error, Error::WrongType { .. }), "{error}");
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn dropped_in_the_middle_nothing_is_written_and_nobody_hangs(world: Comm) -> Outcome {
    let other = 1 - world.rank();
    for _ in 0..20 {
        let mut incoming = world.from(other).tag(1).partitioned_receive(vec![0u64; 30_000], 3)?;
        let mut outgoing = world.to(other).tag(1).partitioned_send(vec![7u64; 30_000], 3)?;
        incoming.start()?;
        if world.rank() == 0 {
            let mut parts = outgoing.start()?;
            // One of three is on its way, to a receive that may be gone; the others are forgotten for good.
            parts.remove(1).ready()?;
            parts.into_iter().for_each(std::mem::forget);
        }
        drop((incoming, outgoing));
        world.barrier()?;
    }
    Ok(())
}

#[archipelago::test(ranks = [1])]
fn a_round_that_lacks_a_part_is_no_wait_for_ever(world: Comm) -> Outcome {
    let mut outgoing = world.to(0).partitioned_send(vec![7u64; 300], 3)?;
    let mut parts = outgoing.start()?;
    std::mem::forget(parts.remove(1));
    drop(parts);
    let error = outgoing.wait().err().unwrap();
    assert!(error.to_string().contains("never ready"), "{error}");
    Ok(())
}

#[archipelago::test(ranks = [2, 3])]
fn revocation_ends_a_wait_for_parts(world: Comm) -> Outcome {
    let comm = world.duplicate()?;
    if world.rank() == 0 {
        let mut never_met = comm.from(1).tag(1).partitioned_receive(vec![0u8; 40], 4)?;
        let mut never_ready = comm.from(1).tag(2).partitioned_receive(vec![0u8; 40], 4)?;
        never_ready.start()?;
        never_met.start()?;
        world.to(1).send(&())?;
        assert!(matches!(never_met.wait(), Err(Error::Revoked { .. })));
        assert!(matches!(never_ready.wait(), Err(Error::Revoked { .. })));
    } else if world.rank() == 1 {
        let mut outgoing = comm.to(0).tag(2).partitioned_send(vec![0u8; 40], 4)?;
        let parts = outgoing.start()?;
        world.from(0).receive::<()>()?;
        comm.revoke();
        let told: Vec<_> = parts.into_iter().map(|part| part.ready()).collect();
        assert!(matches!(told.last(), Some(Err(Error::Revoked { .. }))), "{told:?}");
        assert!(matches!(outgoing.wait(), Err(Error::Revoked { .. })));
    }
    world.barrier()
}
