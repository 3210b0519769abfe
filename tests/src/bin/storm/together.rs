//! Several collectives, threads and communicators at once.

use archipelago::prelude::*;
use archipelago::{Comm, Result};

use crate::collectives;
use crate::random::{Random, value, values};

/// Collectives that are all under way before the first is waited for, with messages beside them.
pub fn at_once(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    let drawn: Vec<(u64, usize, u64)> =
        (0..1 + random.below(9)).map(|_| (random.below(4), random.count() / 4, random.next())).collect();
    let mut sums = Vec::new();
    let mut others = Vec::new();
    for (what, count, key) in &drawn {
        let mine = values(*key, me, *count);
        match what {
            0 => sums.push((comm.prepare().all_reduce(mine, Sum).owned(), *count, *key)),
            1 => others.push((comm.prepare().all_gather(mine, vec![0; count * n]).owned(), *count, *key)),
            2 => drop(comm.prepare().barrier().owned()),
            _ => {
                // A blocking one among them.
                let most = comm.all_reduce(value(*key, me, 0), Max)?;
                assert_eq!(Some(most), (0..n).map(|rank| value(*key, rank, 0)).max());
            }
        }
    }
    let right = comm.to((me + 1) % n).send_owned(values(1, me, 3000));
    let left: Vec<u64> = comm.from((me + n - 1) % n).receive()?;
    assert!(left == values(1, (me + n - 1) % n, 3000));
    right.wait()?;
    // In another order at every rank.
    if me % 2 == 0 {
        sums.reverse();
    }
    for (sum, count, key) in sums {
        let expected: Vec<u64> = (0..count).map(|at| (0..n).map(|rank| value(key, rank, at)).sum()).collect();
        assert!(sum.wait()? == expected, "all_reduce of {count}");
    }
    for (all, count, key) in others {
        let expected: Vec<u64> = (0..n).flat_map(|rank| values(key, rank, count)).collect();
        assert!(all.wait()?.1 == expected, "all_gather of {count}");
    }
    Ok(())
}

/// Threads, each with a communicator of its own.
pub fn threads(comm: &Comm, random: &mut Random) -> Result<()> {
    let mut works = Vec::new();
    for _ in 0..1 + random.below(4) {
        works.push((comm.duplicate()?, random.fork(), random.below(4)));
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = works
            .into_iter()
            .map(|(comm, mut random, what)| {
                scope.spawn(move || match what {
                    0 => collectives::blocking(&comm, &mut random),
                    1 => collectives::reductions(&comm, &mut random),
                    2 => crate::messages::exchanges(&comm, &mut random),
                    _ => (0..200).try_for_each(|_| comm.barrier()),
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// Threads that make communicators of all kinds, each of a parent of its own, use them or not, and drop them.
pub fn makers(comm: &Comm, random: &mut Random) -> Result<()> {
    let mut parents = Vec::new();
    for _ in 0..1 + random.below(4) {
        parents.push((comm.duplicate()?, random.fork()));
    }
    std::thread::scope(|scope| {
        let make = |(parent, mut random): (Comm, Random)| {
            (0..1 + random.below(12)).try_for_each(|_| copy_split_and_merge(&parent, &mut random))
        };
        let threads: Vec<_> = parents.into_iter().map(|parent| scope.spawn(move || make(parent))).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// A duplicate, its two parts, an inter-communicator between them, and what that is merged to.
fn copy_split_and_merge(parent: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (parent.rank(), parent.size());
    let copy = parent.duplicate()?;
    let (low, uses) = (1 + random.below(n.max(2) as u64 - 1) as usize, random.below(8));
    let part = copy.split(Some((me < low) as u32), 0)?.expect("a colour was given");
    if uses & 1 != 0 {
        copy.barrier()?;
    }
    if n < 2 {
        return Ok(());
    }
    let leaders = [0, low];
    let bridge = (part.rank() == 0).then_some((&copy, leaders[(me < low) as usize]));
    let inter = part.inter_communicator(0, bridge, 5)?;
    if uses & 2 != 0 {
        inter.barrier()?;
    }
    // The parts are dropped before what was made of them, or after it.
    let part = (uses & 4 == 0).then_some(part);
    let merged = inter.merge(me >= low)?;
    let all = merged.all_gather(&[me])?;
    assert!(all == (0..n).collect::<Vec<_>>());
    drop(part);
    Ok(())
}

/// Communicators that are made, used once or not at all, and dropped.
pub fn splits(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    for _ in 0..1 + random.below(10) {
        let drawn: Vec<Option<u32>> =
            (0..n).map(|_| random.below(4).checked_sub(1).map(|colour| colour as u32)).collect();
        let keys: Vec<i64> = (0..n).map(|_| random.below(3) as i64).collect();
        let (used, of_part) = (random.below(3), random.fork());
        let Some(part) = comm.split(drawn[me], keys[me])? else {
            assert_eq!(drawn[me], None);
            continue;
        };
        let mut members: Vec<usize> = (0..n).filter(|rank| drawn[*rank] == drawn[me]).collect();
        members.sort_by_key(|rank| keys[*rank]);
        assert_eq!((part.size(), members[part.rank()]), (members.len(), me));
        let mut of_part = of_part;
        match used {
            0 => {}
            1 => collectives::reductions(&part, &mut of_part)?,
            _ => {
                let all = part.all_gather(&[me])?;
                assert_eq!(all, members);
            }
        }
    }
    Ok(())
}
