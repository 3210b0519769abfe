//! Receives from any rank for which several senders' messages fit, and such for which one alone does.

use std::time::Duration;

use archipelago::prelude::*;

use crate::program::Expect::{Missed, Right, Wrong};
use crate::program::Outcome;
use crate::programs;

const POSSIBLE: &str = "check: possible race: a receive from any rank (at tests/src/bin/scored/races.rs:";

/// So many values from anybody, whoever they are from.
fn take(w: &Comm, tag: i32, count: usize) -> Result<u64, archipelago::Error> {
    let mut last = 0;
    for _ in 0..count {
        last = w.from_any().tag(tag).receive()?;
    }
    Ok(last)
}

/// All others send rank 0 a value.
fn all_to_one(w: &Comm, tag: i32) -> Outcome {
    match w.rank() {
        0 => take(w, tag, w.size() - 1).map(drop),
        me => w.to(0).tag(tag).send(&(me as u64)),
    }
}

fn pause() {
    std::thread::sleep(Duration::from_millis(150));
}

programs! { Race Typed:
    3 shm "the last of two" Wrong(&[POSSIBLE, "from rank 1", "from rank 2", "is not determined"]) => |w| all_to_one(w, 0);
    3 tcp "the last of two over sockets" Wrong(&[POSSIBLE, "from rank 1", "from rank 2"]) => |w| all_to_one(w, 5);
    4 shm "three senders" Wrong(&[POSSIBLE]) => |w| all_to_one(w, 1);
    7 tcp "six senders" Wrong(&[POSSIBLE]) => |w| all_to_one(w, 2);
    16 shm "fifteen senders" Wrong(&[POSSIBLE]) => |w| all_to_one(w, 3);
    3 shm "one sender comes late" Wrong(&[POSSIBLE]) => |w| {
        if w.rank() == 2 {
            pause();
        }
        all_to_one(w, 0)
    };
    3 tcp "the receiver comes late" Wrong(&[POSSIBLE]) => |w| {
        if w.rank() == 0 {
            pause();
        }
        all_to_one(w, 0)
    };
    3 shm "any tag of anybody" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => {
            let first: u64 = w.from_any().any_tag().receive()?;
            let second: u64 = w.from_any().any_tag().receive()?;
            assert!(first + second == 3);
            Ok(())
        }
        me => w.to(0).tag(me as i32).send(&(me as u64)),
    };
    3 shm "one from anybody, then one by name" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => {
            let first: u64 = w.from_any().receive()?;
            // Right only if the other was first.
            let second: u64 = w.from(if first == 1 { 2 } else { 1 }).receive()?;
            assert!(first != second);
            Ok(())
        }
        me => w.to(0).send(&(me as u64)),
    };
    3 tcp "vectors of anybody" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => {
            w.from_any().receive::<Vec<u32>>()?;
            w.from_any().receive::<Vec<u32>>().map(drop)
        }
        me => w.to(0).send(&vec![me as u32; me * 10]),
    };
    4 shm "within a part of the world" Wrong(&[POSSIBLE, "part 0 of world"]) => |w| {
        let part = w.split(Some((w.rank() == 3).into()), 0)?;
        part.iter().try_for_each(|part| if part.size() == 3 { all_to_one(part, 0) } else { Ok(()) })
    };
    3 shm "in a duplicate" Wrong(&[POSSIBLE, "copy of world"]) => |w| all_to_one(&w.duplicate()?, 4);
    3 shm "rounds that overtake each other" Wrong(&[POSSIBLE]) => |w| {
        for _ in 0..3 {
            all_to_one(w, 0)?;
        }
        Ok(())
    };
    4 tcp "a sum of what is not associative" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => {
            let mut sum = 0.0f64;
            for _ in 1..w.size() {
                sum = (sum + w.from_any().receive::<f64>()?) / 2.0;
            }
            Ok(())
        }
        me => w.to(0).send(&(me as f64)),
    };
    3 shm "the middle one receives" Wrong(&[POSSIBLE, "from rank 0", "from rank 2"]) => |w| match w.rank() {
        1 => take(w, 0, 2).map(drop),
        me => w.to(1).send(&(me as u64)),
    };
    3 shm "two messages of each" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => take(w, 0, 4).map(drop),
        me => {
            w.to(0).send(&(me as u64))?;
            w.to(0).send(&(me as u64 + 10))
        }
    };
    3 tcp "threads that send" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => take(w, 0, 4).map(drop),
        me => std::thread::scope(|threads| {
            let other = threads.spawn(|| w.to(0).send(&(me as u64)));
            w.to(0).send(&(me as u64))?;
            other.join().unwrap_or(Ok(()))
        }),
    };
    3 shm "large messages that are both announced" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => {
            w.from(1).probe()?;
            w.from(2).probe()?;
            w.from_any().receive::<Vec<u64>>()?;
            w.from_any().receive::<Vec<u64>>().map(drop)
        }
        _ => w.to(0).send(&vec![1u64; 1 << 17]),
    };
    3 tcp "owned sends of two" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 => take(w, 8, 2).map(drop),
        _ => w.to(0).tag(8).send_owned(vec![1u64]).wait().map(drop).map_err(|failed| failed.error),
    };
    5 shm "two receivers, two senders each" Wrong(&[POSSIBLE]) => |w| match w.rank() {
        0 | 1 => take(w, 0, 2).map(drop),
        2 | 3 => {
            w.to(0).send(&1u64)?;
            w.to(1).send(&1u64)
        }
        _ => Ok(()),
    };
    3 shm "the order matters though the rank is known" Missed => |w| match w.rank() {
        0 => {
            let mut log = Vec::new();
            for _ in 0..2 {
                log.push(w.from_any().receive_with_status::<u64>()?.1.source);
            }
            Ok(())
        }
        _ => w.to(0).send(&1u64),
    };
    4 shm "the receiver has told somebody in between" Missed => |w| match w.rank() {
        0 => {
            take(w, 0, 1)?;
            w.to(3).send(&1u64)?;
            take(w, 0, 1).map(drop)
        }
        3 => take(w, 0, 1).map(drop),
        1 => w.to(0).send(&1u64),
        _ => {
            pause();
            pause();
            w.to(0).send(&2u64)
        }
    };
    2 shm "from anybody, of whom there is one" Right => |w| all_to_one(w, 0);
    3 tcp "from all by name" Right => |w| match w.rank() {
        0 => (1..3).try_for_each(|from| w.from(from).receive::<u64>().map(drop)),
        me => w.to(0).send(&(me as u64)),
    };
    4 shm "by the status" Right => |w| match w.rank() {
        0 => {
            let mut all = [0; 4];
            for _ in 1..4 {
                let (value, status) = w.from_any().receive_with_status::<u64>()?;
                all[status.source] = value;
            }
            assert_eq!(all, [0, 1, 2, 3]);
            Ok(())
        }
        me => w.to(0).send(&(me as u64)),
    };
    7 tcp "by the status, into a buffer" Right => |w| match w.rank() {
        0 => (1..7).try_for_each(|_| w.from_any().receive_into(&mut [0u32; 4][..]).map(drop)),
        _ => w.to(0).send(&[1u32; 4]),
    };
    3 shm "a tag for each sender" Right => |w| match w.rank() {
        0 => {
            let first: u64 = w.from_any().tag(1).receive()?;
            let second: u64 = w.from_any().tag(2).receive()?;
            assert_eq!((first, second), (1, 2));
            Ok(())
        }
        me => w.to(0).tag(me as i32).send(&(me as u64)),
    };
    3 tcp "one after the other, by leave" Right => |w| match w.rank() {
        0 => {
            take(w, 0, 1)?;
            w.to(2).send(&0u64)?;
            take(w, 0, 1).map(drop)
        }
        2 => {
            w.from(0).receive::<u64>()?;
            w.to(0).send(&2u64)
        }
        _ => w.to(0).send(&1u64),
    };
    4 shm "one in each round, with barriers" Right => |w| {
        for round in 1..4 {
            if w.rank() == round {
                w.to(0).send(&(round as u64))?;
            }
            if w.rank() == 0 {
                assert_eq!(take(w, 0, 1)?, round as u64);
            }
            w.barrier()?;
        }
        Ok(())
    };
    4 tcp "one in each round, with all-reduces" Right => |w| {
        for round in 1..4 {
            match w.rank() {
                0 => drop(take(w, 0, 1)?),
                me if me == round => w.to(0).send(&1u64)?,
                _ => {}
            }
            w.all_reduce(1u32, Sum)?;
        }
        Ok(())
    };
    3 shm "a token that goes round" Right => |w| {
        for _ in 0..3 {
            if w.rank() == 0 {
                w.to(1).send(&0u64)?;
                take(w, 0, 1)?;
            } else {
                take(w, 0, 1)?;
                w.to((w.rank() + 1) % 3).send(&0u64)?;
            }
        }
        Ok(())
    };
    3 shm "a communicator for each sender" Right => |w| {
        let copies = [w.duplicate()?, w.duplicate()?];
        match w.rank() {
            0 => copies.iter().try_for_each(|copy| take(copy, 0, 1).map(drop)),
            me => copies[me - 1].to(0).send(&1u64),
        }
    };
    4 shm "pairs of a split world" Right => |w| {
        let pair = w.split(Some(w.rank() as u32 / 2), 0)?;
        pair.iter().try_for_each(|pair| all_to_one(pair, 0))
    };
    2 tcp "many messages of one sender" Right => |w| match w.rank() {
        0 => take(w, 0, 50).map(drop),
        _ => (0..50).try_for_each(|i| w.to(0).send(&(i as u64))),
    };
    2 shm "any tag of one sender" Right => |w| match w.rank() {
        0 => (0..5).try_for_each(|_| w.from_any().any_tag().receive::<u64>().map(drop)),
        _ => (0..5).try_for_each(|tag| w.to(0).tag(tag).send(&1u64)),
    };
    3 tcp "a gather instead" Right => |w| w.root(0).gather(&[w.rank() as u64]).map(drop);
    3 shm "a probe tells the rank first" Right => |w| match w.rank() {
        0 => {
            for _ in 0..2 {
                let status = w.from_any().probe()?;
                w.from(status.source).receive::<u64>()?;
            }
            Ok(())
        }
        me => w.to(0).send(&(me as u64)),
    };
    3 shm "a matched probe tells the rank" Right => |w| match w.rank() {
        0 => (0..2).try_for_each(|_| w.from_any().matched_probe()?.receive::<Vec<u64>>().map(drop)),
        me => w.to(0).send(&vec![1u64; me * 3]),
    };
    4 tcp "workers that are asked by name" Right => |w| match w.rank() {
        0 => {
            for worker in 1..4 {
                w.to(worker).send(&(worker as u64))?;
                w.from(worker).receive::<u64>()?;
            }
            Ok(())
        }
        _ => {
            let work: u64 = w.from_any().receive()?;
            w.to(0).send(&(work * 2))
        }
    };
    4 shm "a master who answers by the status" Right => |w| match w.rank() {
        0 => {
            for _ in 0..9 {
                let (done, status) = w.from_any().receive_with_status::<u64>()?;
                w.to(status.source).send(&(done + 1))?;
            }
            Ok(())
        }
        _ => (0..3u64).try_for_each(|i| {
            w.to(0).send(&i)?;
            w.from(0).receive::<u64>().map(drop)
        }),
    };
    3 shm "synchronous sends, one after the other" Right => |w| match w.rank() {
        0 => take(w, 0, 2).map(drop),
        1 => {
            w.to(0).send_synchronous(&1u64)?;
            // Only now may the other one send.
            w.to(2).send(&0u64)
        }
        _ => {
            w.from(1).receive::<u64>()?;
            w.to(0).send(&2u64)
        }
    };
    5 tcp "a ring, each from anybody" Right => |w| {
        w.to((w.rank() + 1) % 5).send(&1u64)?;
        take(w, 0, 1).map(drop)
    };
    3 shm "an owned receive, which tells the rank" Right => |w| match w.rank() {
        0 => (0..2).try_for_each(|_| {
            let outcome = w.from_any().receive_owned(vec![0u64; 1]).wait();
            outcome.map(drop).map_err(|failed| failed.error)
        }),
        me => w.to(0).send(&(me as u64)),
    };
    16 shm "a tree of messages by name" Right => |w| {
        let me = w.rank();
        if me > 0 {
            w.from_any().receive::<u64>()?;
        }
        [2 * me + 1, 2 * me + 2].into_iter().filter(|to| *to < 16).try_for_each(|to| w.to(to).send(&1u64))
    };
    3 tcp "two senders, asked by their names, in any order" Right => |w| match w.rank() {
        0 => {
            w.from(2).receive::<u64>()?;
            w.from_any().receive::<u64>().map(drop)
        }
        1 => {
            w.from(2).receive::<u64>()?;
            w.to(0).send(&1u64)
        }
        _ => {
            w.to(0).send(&2u64)?;
            w.to(1).send(&2u64)
        }
    };
}
