//! Collectives with random counts and roots, beside what each must give.

use archipelago::prelude::*;
use archipelago::{Comm, Result};

use crate::random::{Random, value, values};

pub fn blocking(comm: &Comm, random: &mut Random) -> Result<()> {
    for _ in 0..1 + random.below(12) {
        one(comm, random)?;
    }
    Ok(())
}

fn one(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    let (key, root) = (random.next(), random.below(n as u64) as usize);
    let what = random.below(9);
    let count = random.count() / if matches!(what, 0 | 1) { 1 } else { n };
    let counts: Vec<usize> = (0..n).map(|_| if random.chance(3) { 0 } else { random.count() / n }).collect();
    let ragged = || (0..n).flat_map(|rank| values(key, rank, counts[rank])).collect::<Vec<_>>();
    let even = || (0..n).flat_map(|rank| values(key, rank, count)).collect::<Vec<_>>();
    let to = |from: usize, to: usize| (0..count).map(move |at| value(key, from, at * n + to));
    match what {
        0 => comm.barrier()?,
        1 => {
            let mut buffer = if me == root { values(key, root, count) } else { vec![0; count] };
            comm.root(root).broadcast(&mut buffer)?;
            assert!(buffer == values(key, root, count), "broadcast of {count} from {root}");
        }
        2 => {
            let all = comm.root(root).gather(&values(key, me, count))?;
            assert!(all == (me == root).then(even), "gather of {count} to {root}");
        }
        3 => {
            let all = comm.root(root).gather_v(&values(key, me, counts[me]))?;
            assert!(all.map(|parts| parts.into_values()) == (me == root).then(ragged), "gather_v {counts:?}");
        }
        4 => {
            let all = (me == root).then(even);
            let mine = comm.root(root).scatter(all.as_deref())?;
            assert!(mine == values(key, me, count), "scatter of {count} from {root}");
        }
        5 => {
            let all = (me == root).then(ragged);
            let mine = comm.root(root).scatter_v(all.as_deref().map(|all| (all, &counts[..])))?;
            assert!(mine == values(key, me, counts[me]), "scatter_v {counts:?} from {root}");
        }
        6 => assert!(comm.all_gather(&values(key, me, count))? == even(), "all_gather of {count}"),
        7 => {
            let all = comm.all_gather_v(&values(key, me, counts[me]))?;
            assert!(all.into_values() == ragged(), "all_gather_v {counts:?}");
        }
        _ => {
            let mine: Vec<u64> = (0..n).flat_map(|rank| to(me, rank)).collect();
            let expected: Vec<u64> = (0..n).flat_map(|rank| to(rank, me)).collect();
            assert!(comm.all_to_all(&mine)? == expected, "all_to_all of {count}");
            let sent: Vec<usize> = (0..n).map(|rank| counts[(me + rank) % n] % 100).collect();
            let parts: Vec<u64> = (0..n).flat_map(|rank| values(key ^ rank as u64, me, sent[rank])).collect();
            let got = comm.all_to_all_v(&parts).counts(&sent).run()?;
            for rank in 0..n {
                let expected = values(key ^ me as u64, rank, counts[(rank + me) % n] % 100);
                assert!(got[rank] == expected, "all_to_all_v from {rank}");
            }
        }
    }
    Ok(())
}

/// An affine map: composing them is associative and not commutative.
pub type Map = (u32, u32);

pub fn compose(f: &Map, g: &Map) -> Map {
    (f.0.wrapping_mul(g.0), f.1.wrapping_mul(g.0).wrapping_add(g.1))
}

fn map(key: u64, rank: usize, at: usize) -> Map {
    let value = value(key, rank, at) as u32;
    (value | 1, value >> 3)
}

pub fn reductions(comm: &Comm, random: &mut Random) -> Result<()> {
    let (me, n) = (comm.rank(), comm.size());
    for _ in 0..1 + random.below(12) {
        let (key, root) = (random.next(), random.below(n as u64) as usize);
        let (what, count) = (random.below(6), random.count());
        let counts: Vec<usize> =
            (0..n).map(|_| if random.chance(3) { 0 } else { random.count() / n }).collect();
        if random.chance(2) {
            let sums = |ranks: std::ops::Range<usize>, from: usize, count: usize| -> Vec<u64> {
                (from..from + count).map(|at| ranks.clone().map(|rank| value(key, rank, at)).sum()).collect()
            };
            let mine = values(key, me, count);
            match what {
                0 => assert!(comm.all_reduce(mine, Sum)? == sums(0..n, 0, count), "all_reduce of {count}"),
                1 => {
                    let sum = comm.root(root).reduce(mine, Sum)?;
                    assert!(sum == (me == root).then(|| sums(0..n, 0, count)), "reduce of {count}");
                }
                2 => assert!(comm.scan(mine, Sum)? == sums(0..me + 1, 0, count), "scan of {count}"),
                3 => {
                    let before = comm.exclusive_scan(mine, Sum)?;
                    assert!(before == (me > 0).then(|| sums(0..me, 0, count)), "exclusive_scan of {count}");
                }
                4 => {
                    let count = count / n;
                    let part = comm.reduce_scatter(&values(key, me, count * n), Sum)?;
                    assert!(part == sums(0..n, me * count, count), "reduce_scatter of {count}");
                }
                _ => {
                    let all = values(key, me, counts.iter().sum());
                    let part = comm.reduce_scatter_v(&all, &counts, Sum)?;
                    let from = counts[..me].iter().sum();
                    assert!(part == sums(0..n, from, counts[me]), "reduce_scatter_v {counts:?}");
                }
            }
        } else {
            let composed = |ranks: std::ops::Range<usize>, from: usize, count: usize| -> Vec<Map> {
                let maps = |at| ranks.clone().map(move |rank| map(key, rank, at));
                (from..from + count).filter_map(|at| maps(at).reduce(|f, g| compose(&f, &g))).collect()
            };
            let maps = |count: usize| (0..count).map(|at| map(key, me, at)).collect::<Vec<_>>();
            match what {
                0 => {
                    let all = comm.all_reduce(maps(count), ordered(compose))?;
                    assert!(all == composed(0..n, 0, count), "ordered all_reduce of {count}");
                }
                1 => {
                    let all = comm.root(root).reduce(maps(count), ordered(compose))?;
                    assert!(
                        all == (me == root).then(|| composed(0..n, 0, count)),
                        "ordered reduce of {count}"
                    );
                }
                2 => {
                    let all = comm.scan(maps(count), ordered(compose))?;
                    assert!(all == composed(0..me + 1, 0, count), "ordered scan of {count}");
                }
                3 => {
                    let before = comm.exclusive_scan(maps(count), ordered(compose))?;
                    assert!(before == (me > 0).then(|| composed(0..me, 0, count)), "ordered exclusive_scan");
                }
                4 => {
                    let count = count / n;
                    let part = comm.reduce_scatter(&maps(count * n), ordered(compose))?;
                    assert!(part == composed(0..n, me * count, count), "ordered reduce_scatter of {count}");
                }
                _ => {
                    let all = maps(counts.iter().sum());
                    let part = comm.reduce_scatter_v(&all, &counts, ordered(compose))?;
                    let from = counts[..me].iter().sum();
                    assert!(part == composed(0..n, from, counts[me]), "ordered reduce_scatter_v {counts:?}");
                }
            }
        }
    }
    Ok(())
}

pub fn neighbours(comm: &Comm, random: &mut Random) -> Result<()> {
    let dimensions: Vec<(usize, bool)> = (0..1 + random.below(3)).map(|_| (0, random.chance(2))).collect();
    let Some(grid) = comm.cartesian(&dimensions)? else { return Ok(()) };
    let me = grid.rank();
    for _ in 0..1 + random.below(5) {
        let (key, count) = (random.next(), random.count() / grid.size());
        let around = grid.neighbours();
        let ranks = around.ranks();
        let all = around.all_gather(&values(key, me, count))?;
        for (part, rank) in all.iter().zip(&ranks) {
            let expected = rank.map_or(vec![], |rank| values(key, rank, count));
            assert!(part == expected, "neighbour {rank:?} of {me}: {count}");
        }
        // What goes up in a dimension comes from below there.
        let sent: Vec<u64> = (0..ranks.len()).flat_map(|at| values(key ^ at as u64, me, count)).collect();
        let got = around.all_to_all(&sent)?;
        for (at, rank) in ranks.iter().enumerate() {
            let expected = rank.map_or(vec![], |rank| values(key ^ (at as u64 ^ 1), rank, count));
            assert!(got[at] == expected, "from neighbour {at} ({rank:?}) of {me}: {count}");
        }
    }
    Ok(())
}
