//! Grids and graphs: who is whose neighbour, and what neighbours exchange.

use archipelago::prelude::*;
use archipelago::{Error, Neighbour, Result};

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn parts_of_grids_keep_their_dimensions(world: Comm) -> Result<()> {
    for reorder in [false, true] {
        let dimensions = [(0, true), (0, false), (0, true)];
        let grid = match reorder {
            false => world.cartesian(&dimensions)?,
            true => world.cartesian_reordered(&dimensions)?,
        };
        let grid = grid.expect("balanced dimensions take every rank");
        assert_eq!(grid.dimensions().iter().product::<usize>(), world.size());
        for bits in 0..8 {
            let kept = [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0];
            let part = grid.part(&kept)?;
            let of = |all: &[usize]| -> Vec<usize> {
                all.iter().zip(kept).filter(|(_, kept)| *kept).map(|(one, _)| *one).collect()
            };
            assert_eq!(part.dimensions(), of(grid.dimensions()));
            assert_eq!(part.coordinates(), of(&grid.coordinates()));
            // All of it differ in the kept dimensions alone.
            let others: Vec<Vec<usize>> = part
                .all_gather(&[grid.rank()])?
                .into_iter()
                .map(|rank| grid.coordinates_of(rank))
                .collect::<Result<_>>()?;
            let mine = grid.coordinates();
            assert!(others.iter().all(|theirs| (0..3).all(|i| kept[i] || theirs[i] == mine[i])));
            // Its neighbours are those of the part.
            let copy = part.duplicate()?;
            let around = copy.neighbours().all_gather(&[copy.rank()])?;
            let expected: Vec<usize> = copy.neighbours().ranks().into_iter().flatten().collect();
            assert_eq!(around.values(), expected);
        }
        assert!(matches!(grid.part(&[true]), Err(Error::BadArgument { .. })));
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn graphs_exchange_along_their_edges(world: Comm) -> Result<()> {
    let n = world.size();
    // Symmetric, irregular, with double edges and edges to itself.
    let mut lists = vec![Vec::new(); n];
    for a in 0..n {
        for b in (0..=a).filter(|b| (a * 7 + b * 3) % 4 == 0) {
            lists[a].push(b);
            if a != b {
                lists[b].push(a);
            }
            if (a + b) % 3 == 0 && a != b {
                lists[a].push(b);
                lists[b].push(a);
            }
        }
    }
    for reorder in [false, true] {
        let graph = world.graph(&lists, reorder)?.expect("every rank is a vertex");
        let me = graph.rank();
        assert_eq!(graph.neighbours_of(me)?.as_ref(), Some(&lists[me]));
        assert_eq!(graph.neighbours_of((me + 1) % n)?.as_ref(), Some(&lists[(me + 1) % n]));
        assert_eq!(graph.neighbours().ranks(), lists[me].iter().map(|rank| Some(*rank)).collect::<Vec<_>>());
        for graph in [graph.clone(), graph.duplicate()?] {
            let around = graph.neighbours().all_gather(&[me, me + 100])?;
            assert!(around.iter().zip(&lists[me]).all(|(theirs, rank)| theirs == [*rank, rank + 100]));
            let values: Vec<[usize; 2]> = lists[me].iter().map(|to| [me, *to]).collect();
            let received = graph.neighbours().all_to_all(&values)?;
            assert!(received.iter().zip(&lists[me]).all(|(theirs, from)| theirs == [[*from, me]]));
        }
        assert!(graph.neighbours_of(n).is_err());
    }
    Ok(())
}

/// The edges of a directed graph of n vertices, some of them double.
fn edges(n: usize) -> Vec<(usize, usize, u64)> {
    let all = (0..n).flat_map(|from| (0..n).map(move |to| (from, to, (from * n + to) as u64)));
    let chosen = all.filter(|(from, to, _)| (from * 5 + to * 2) % 3 == 0);
    chosen.flat_map(|edge| std::iter::repeat_n(edge, 1 + (edge.0 + edge.1) % 2)).collect()
}

fn check_directed(graph: &archipelago::Graph, n: usize) -> Result<()> {
    let me = graph.rank();
    let sorted = |mut list: Vec<(usize, u64)>| {
        list.sort_unstable();
        list
    };
    let pairs = |list: &[Neighbour]| sorted(list.iter().map(|n| (n.rank, n.weight)).collect());
    let coming = edges(n).into_iter().filter(|(_, to, _)| *to == me).map(|(from, _, weight)| (from, weight));
    let leaving = edges(n).into_iter().filter(|(from, ..)| *from == me).map(|(_, to, weight)| (to, weight));
    assert_eq!(pairs(graph.sources()), sorted(coming.collect()));
    assert_eq!(pairs(graph.destinations()), sorted(leaving.collect()));
    assert_eq!(graph.neighbours_of(me)?, None);
    let heard = graph.neighbours().all_gather(&[me])?;
    let expected: Vec<usize> = graph.sources().iter().map(|source| source.rank).collect();
    assert_eq!(heard.values(), expected);
    // Every edge carries its own block.
    let values: Vec<[usize; 2]> = graph.destinations().iter().map(|to| [me, to.rank]).collect();
    let received = graph.neighbours().all_to_all(&values)?;
    assert!(received.iter().zip(graph.sources()).all(|(theirs, from)| theirs == [[from.rank, me]]));
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 4, 7, 16])]
fn distributed_graphs_are_stated_by_their_ends_or_by_anybody(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let neighbour = |rank, weight| Neighbour { rank, weight };
    let sources: Vec<Neighbour> =
        edges(n).into_iter().rev().filter(|e| e.1 == me).map(|e| neighbour(e.0, e.2)).collect();
    let destinations: Vec<Neighbour> =
        edges(n).into_iter().filter(|e| e.0 == me).map(|e| neighbour(e.1, e.2)).collect();
    for reorder in [false, true] {
        let graph = world.graph_adjacent(&sources, &destinations, reorder)?;
        if !reorder {
            assert_eq!((graph.sources(), graph.destinations()), (&sources[..], &destinations[..]));
        }
        check_directed(&graph, n)?;
        check_directed(&graph.duplicate()?, n)?;
        // Dealt out to whoever.
        let mine: Vec<_> =
            edges(n).into_iter().enumerate().filter(|(i, _)| i % n == me).map(|(_, e)| e).collect();
        check_directed(&world.graph_of_edges(&mine, reorder)?, n)?;
    }
    Ok(())
}

#[archipelago::test(ranks = [1, 2, 3, 5])]
fn edges_that_one_end_alone_states_carry_nothing(world: Comm) -> Result<()> {
    let (me, n) = (world.rank(), world.size());
    let at = |rank| Neighbour { rank, weight: 1 };
    let (before, behind) = (at((me + n - 1) % n), at((me + 1) % n));
    for reorder in [false, true] {
        // Rank 0 states each of its edges once more than the other end does, before the real one.
        let twice = |neighbour| vec![neighbour; if me == 0 { 2 } else { 1 }];
        let graph = world.graph_adjacent(&twice(before), &twice(behind), reorder)?;
        let (sources, destinations) = (graph.sources().to_vec(), graph.destinations().to_vec());
        if !reorder {
            assert_eq!((sources.clone(), destinations.clone()), (twice(before), twice(behind)));
        }
        let blocks: Vec<[usize; 2]> = destinations.iter().map(|to| [graph.rank(), to.rank]).collect();
        let received = graph.neighbours().all_to_all(&blocks)?;
        let mut came = received.iter().zip(&sources).filter(|(block, _)| !block.is_empty());
        let (block, from) = came.next().unwrap();
        assert_eq!(block, [[from.rank, graph.rank()]]);
        // With one rank both ends are rank 0, who states both edges twice.
        assert_eq!(came.count(), if n == 1 { 1 } else { 0 });
        // Nobody states the other end of any.
        let sources_only = world.graph_adjacent(&[before], &[], reorder)?;
        assert_eq!((sources_only.sources().len(), sources_only.destinations().len()), (1, 0));
        assert!(sources_only.neighbours().all_gather(&[me])?.values().is_empty());
        let none_known = world.graph_adjacent(&[], &[behind], reorder)?;
        assert_eq!(none_known.neighbours().all_gather(&[me])?.len(), 0);
    }
    Ok(())
}

#[archipelago::test(ranks = [2, 5])]
fn edges_that_cannot_be_are_refused(world: Comm) -> Result<()> {
    let n = world.size();
    let check = |error: Error, expected: &str| {
        assert!(matches!(&error, Error::BadArgument { what, .. } if what.starts_with(expected)), "{error}");
    };
    let stranger = [Neighbour { rank: n, weight: 1 }];
    check(world.graph_adjacent(&stranger, &[], false).unwrap_err(), "`sources`: there is no rank");
    check(world.graph_adjacent(&[], &stranger, false).unwrap_err(), "`destinations`: there is no rank");
    check(world.graph_of_edges(&[(0, n, 1)], false).unwrap_err(), "`edges`: there is no rank");
    check(world.graph(&vec![vec![]; n + 1], false).unwrap_err(), "`neighbours`: the graph has");
    check(world.graph(&[vec![5]], false).unwrap_err(), "`neighbours`: rank 0 has rank 5");
    world.barrier()
}
