//! Exchanges, buffered sends, and waiting for any, some or all of many operations.

use std::collections::BTreeSet;

use archipelago::{Comm, Error, Key, Requests, SendBuffer};

type Outcome = Result<(), Error>;

#[archipelago::test(ranks = [1, 2, 3, 4, 7])]
fn everybody_exchanges_with_both_neighbours(world: Comm) -> Outcome {
    let (me, n) = (world.rank(), world.size());
    for elements in [0, 1, 5, 3000, 100_000] {
        let (right, left) = ((me + 1) % n, (me + n - 1) % n);
        let (mine, mut theirs) = (vec![me as u64; elements], vec![u64::MAX; elements]);
        let status = world.to(right).send_receive(&mine, &world.from(left), &mut theirs)?;
        assert_eq!((status.source, status.count::<u64>()), (left, elements));
        assert!(theirs.iter().all(|value| *value == left as u64));
        let mut both = mine;
        world.to(left).tag(3).send_receive_replace(&mut both, &world.from(right).tag(3))?;
        assert!(both.iter().all(|value| *value == right as u64));
    }
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn an_exchange_that_cannot_be_leaves_nothing_behind(world: Comm) -> Outcome {
    let other = 1 - world.rank();
    let mut buffer = [0u8; 4];
    // The send can't be: the receive that was started is taken back.
    let error = world.to(9).send_receive(&[1u8], &world.from(other), &mut buffer).unwrap_err();
    assert!(matches!(error, Error::NoSuchRank { rank: 9, .. }), "{error}");
    world.to(other).send_receive(&[7u8, 7], &world.from(other), &mut buffer[..])?;
    assert_eq!(buffer, [7, 7, 0, 0]);
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn buffered_sends_never_exceed_their_buffer(world: Comm) -> Outcome {
    const MESSAGE: usize = 100_000;
    if world.rank() == 0 {
        const ENTRY: usize = MESSAGE + SendBuffer::MESSAGE_OVERHEAD;
        let mut buffer = SendBuffer::new(3 * ENTRY + 10);
        for round in 0..3u8 {
            world.to(1).send_buffered(&mut buffer, &vec![round; MESSAGE])?;
        }
        assert_eq!(buffer.used(), 3 * ENTRY);
        let error = world.to(1).send_buffered(&mut buffer, &()).unwrap_err();
        assert!(
            matches!(error, Error::NoRoom { have: 10, need: SendBuffer::MESSAGE_OVERHEAD, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("room for 10"), "{error}");
        world.to(1).tag(1).send(&())?;
        buffer.flush()?;
        assert_eq!(buffer.used(), 0);
        // Room again; and dropped while it is under way the message arrives all the same.
        world.to(1).send_buffered(&mut buffer, &vec![3u8; 3 * MESSAGE])?;
        let error = world.to(7).send_buffered(&mut buffer, &[0u8]).unwrap_err();
        assert!(matches!(error, Error::NoSuchRank { rank: 7, .. }), "{error}");
    } else {
        world.from(0).tag(1).receive::<()>()?;
        for round in 0..3u8 {
            assert_eq!(world.from(0).receive::<Vec<u8>>()?, vec![round; MESSAGE]);
        }
        assert_eq!(world.from(0).receive::<Vec<u8>>()?, vec![3; 3 * MESSAGE]);
    }
    Ok(())
}

#[archipelago::test(ranks = [2, 4])]
fn thousands_of_requests_complete_in_any_order(world: Comm) -> Outcome {
    const EACH: usize = 3000;
    let (me, n) = (world.rank(), world.size());
    if me > 0 {
        // From the last tag to the first.
        for tag in (0..EACH as i32).rev() {
            world.to(0).tag(tag).send(&(me, tag))?;
        }
        return Ok(());
    }
    let mut set = Requests::new();
    for rank in 1..n {
        for tag in 0..EACH as i32 {
            let key = set.insert(world.from(rank).tag(tag).receive_owned((0usize, 0i32)));
            assert_eq!(key, Key((rank - 1) * EACH + tag as usize));
        }
    }
    assert_eq!(set.len(), (n - 1) * EACH);
    let mut seen = BTreeSet::new();
    let mut take = |key: Key, outcome: Result<((usize, i32), _), _>| {
        let ((rank, tag), _) = outcome.map_err(|failed: archipelago::Failed<_>| failed.error)?;
        assert_eq!(key, Key((rank - 1) * EACH + tag as usize));
        assert!(seen.insert((rank, tag)));
        Ok::<(), Error>(())
    };
    for _ in 0..EACH / 2 {
        let (key, outcome) = set.wait_any().expect("there are more");
        take(key, outcome)?;
    }
    let some = set.wait_some();
    assert!(!some.is_empty());
    some.into_iter().try_for_each(|(key, outcome)| take(key, outcome))?;
    while !set.test_all() {
        set.test_some().into_iter().try_for_each(|(key, outcome)| take(key, outcome))?;
    }
    set.wait_all().into_iter().try_for_each(|(key, outcome)| take(key, outcome))?;
    assert!(set.is_empty() && set.wait_any().is_none() && set.test_any().is_none());
    assert_eq!(seen.len(), (n - 1) * EACH);
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn a_key_that_is_used_again_hears_nothing_of_its_first_use(world: Comm) -> Outcome {
    let other = 1 - world.rank();
    let mut set = Requests::new();
    let first = set.insert(world.from(other).tag(1).receive_owned(0u32));
    let taken = set.remove(first).expect("it is there");
    assert!(set.remove(first).is_none());
    let second = set.insert(world.from(other).tag(2).receive_owned(0u32));
    assert_eq!(first, second);
    world.to(other).tag(1).send(&1u32)?;
    let (value, _) = taken.wait().map_err(|failed| failed.error)?;
    assert_eq!(value, 1);
    assert!(set.test_any().is_none(), "what is complete is the operation that was taken out");
    world.barrier()?;
    world.to(other).tag(2).send(&2u32)?;
    let (key, outcome) = set.wait_any().expect("the second");
    assert_eq!((key, outcome.map_err(|failed| failed.error)?.0), (second, 2));
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn a_set_waits_beside_threads_that_move_its_operations_on(world: Comm) -> Outcome {
    let other = 1 - world.rank();
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| {
            let mut set: Requests<_> =
                (0..50).map(|tag| world.from(other).tag(tag).receive_owned(0usize)).collect();
            let mut sum = 0;
            while let Some((_, outcome)) = set.wait_any() {
                sum += outcome.map_err(|failed| failed.error)?.0;
            }
            Ok::<usize, Error>(sum)
        });
        // This thread owns progress while it waits for its own messages.
        for tag in 0..50 {
            world.to(other).tag(tag).send(&(tag as usize))?;
            world.to(other).tag(1000).send(&tag)?;
            assert_eq!(world.from(other).tag(1000).receive::<i32>()?, tag);
        }
        assert_eq!(waiting.join().unwrap()?, 49 * 50 / 2);
        Ok(())
    })
}

#[archipelago::test(ranks = [2])]
fn operations_that_cannot_be_are_complete_with_their_error(world: Comm) -> Outcome {
    let mut set: Requests<_> = [5, 6].map(|rank| world.to(rank).send_owned(vec![1u8])).into_iter().collect();
    for _ in 0..2 {
        let (key, outcome) = set.wait_any().expect("two");
        let failed = outcome.unwrap_err();
        assert!(matches!(failed.error, Error::NoSuchRank { rank, .. } if rank == key.0 + 5));
        assert_eq!(failed.buffer, [1]);
    }
    assert!(set.wait_any().is_none());
    Ok(())
}

#[archipelago::test(ranks = [2])]
fn sends_of_every_mode_have_every_form(world: Comm) -> Outcome {
    let other = 1 - world.rank();
    for elements in [0, 1, 50_000] {
        let values = vec![world.rank() as u64; elements];
        let to = world.to(other);
        let check = |received: &[u64]| assert_eq!(received, vec![other as u64; elements]);
        for (tag, to) in [to, to.synchronous(), to.ready()].into_iter().enumerate() {
            let (to, from) = (to.tag(tag as i32), world.from(other).tag(tag as i32));
            // In a scope; at once; owned; persistent.
            let mut room = vec![9; elements];
            let again = from.receive_owned(vec![9; elements]);
            let owned = from.receive_owned(vec![9; elements]);
            let mut incoming = from.persistent_receive(vec![9; elements]);
            world.scope(|s| {
                // What is received by whom follows the order in which they were posted.
                let last = from.start_receive(s, &mut room)?;
                incoming.start()?;
                world.barrier()?;
                let first = to.start_send(s, &values)?;
                let second = to.send_owned(values.clone());
                let mut outgoing = to.persistent_send(values.clone());
                outgoing.start()?;
                to.send(&values)?;
                check(&again.wait()?.0);
                check(&owned.wait()?.0);
                check(last.wait()?);
                check(incoming.wait()?);
                first.wait()?;
                assert_eq!(second.wait()?, values);
                assert_eq!(outgoing.into_buffer()?, values);
                Ok(())
            })?;
        }
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2])]
fn receives_of_every_form_can_be_cancelled(world: Comm) -> Outcome {
    let nobody = world.from_any().tag(77);
    let mut room = [7u8; 3];
    world.scope(|s| {
        let mut incoming = nobody.start_receive(s, &mut room)?;
        incoming.cancel();
        assert!(matches!(incoming.wait(), Err(Error::Cancelled { .. })));
        Ok(())
    })?;
    let mut incoming = nobody.persistent_receive(vec![1u8]);
    for _ in 0..2 {
        incoming.start()?;
        incoming.cancel();
        assert!(matches!(incoming.wait(), Err(Error::Cancelled { .. })));
    }
    // It is as good as new.
    incoming.start()?;
    let sent = world.to(world.rank()).tag(77).synchronous().send_owned(8u8);
    assert_eq!(incoming.wait()?, [8]);
    sent.wait()?;
    assert_eq!(room, [7; 3]);
    Ok(())
}
