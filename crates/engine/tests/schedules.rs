//! Every algorithm of the table under the checker: sizes, roots, block sizes down to none, operators that don't
//! commute, calls in place, vector forms.

use archipelago_engine::cartesian::{self, Dimension, Grid};
use archipelago_engine::collective::check::{Subject, check};
use archipelago_engine::collective::{
    Algorithm, Case, Collective, Hosts, Need, Neighbourhood, Source, table,
};
use std::sync::Arc;

/// Elements of the vector or block: none, fewer than there are members, odd, more than there are members.
fn element_counts(collective: Collective, size: u32) -> Vec<u64> {
    match collective {
        Collective::Barrier => vec![0],
        _ if collective.by_rank() => vec![0, 1, 3],
        _ => vec![0, 1, size as u64 / 2 + 1, 2 * size as u64 + 3],
    }
}

/// Bytes of a board's cell: what holds whatever is asked of it here, and what holds a few elements.
const BOARDS: [u64; 2] = [1 << 20, 280];

/// Graphs for the collectives of neighbours: grids, some with rings of one or two, and one with edges that are double,
/// go nowhere or back to where they come from.
fn graphs(size: u32) -> Vec<Vec<Arc<Neighbourhood>>> {
    let mut points = [0, 0];
    cartesian::balance(size as usize, &mut points).unwrap();
    let grids = [
        vec![(size as usize, true)],
        vec![(points[0], false), (points[1], true)],
        vec![(points[1], true), (points[0], true)],
    ];
    let of_grid = |dimensions: &Vec<(usize, bool)>| {
        let dimensions: Vec<Dimension> =
            dimensions.iter().map(|&(points, periodic)| Dimension { points, periodic }).collect();
        let grid = Grid::new(size as usize, &dimensions).unwrap();
        (0..size).map(|rank| Arc::new(Neighbourhood::of_grid(&grid, rank as usize))).collect()
    };
    let mut graphs: Vec<Vec<_>> = grids.iter().map(of_grid).collect();
    let destinations = |rank: u32| match rank % 4 {
        3 => vec![],
        _ => vec![Some((3 * rank + 1) % size), Some(rank / 2), None, Some(rank), Some((3 * rank + 1) % size)],
    };
    let sources = |rank: u32| {
        let edges = (0..size).rev().flat_map(|from| {
            let to_me = move |(place, to): (usize, Option<u32>)| {
                (to == Some(rank)).then_some(Some(Source { rank: from, place: place as u32 }))
            };
            destinations(from).into_iter().enumerate().filter_map(to_me)
        });
        edges.chain([None]).collect::<Vec<_>>()
    };
    graphs.push(
        (0..size).map(|rank| Arc::new(Neighbourhood::new(sources(rank), destinations(rank)))).collect(),
    );
    graphs
}

/// All forms that a collective has for a size.
fn forms(collective: Collective, size: u32) -> Vec<Subject> {
    let mut forms = Vec::new();
    for board in BOARDS {
        for elements in element_counts(collective, size) {
            // The small cells are for those elements of which there is more than fits.
            if board == BOARDS[1] && elements < 3 {
                continue;
            }
            let plain = Case::new(collective, size, elements, 4);
            let plain = Case { board: Some(board), ..plain };
            for commutative in [true, false] {
                if !commutative && !collective.reduces() {
                    continue;
                }
                let case = Case { commutative, ..plain };
                forms.push(Subject::new(case, 0));
                match collective {
                    Collective::Barrier | Collective::Broadcast => {}
                    _ if collective.has_neighbours() => {}
                    _ if collective.has_root() => {
                        forms.push(Subject { root_in_place: true, ..Subject::new(case, 0) });
                    }
                    _ => forms.push(Subject::new(Case { in_place: true, ..case }, 0)),
                }
            }
        }
        if collective.by_rank() {
            let listed = Case { listed: true, board: Some(board), ..Case::new(collective, size, 0, 4) };
            for commutative in [true, false] {
                if !commutative && !collective.reduces() {
                    continue;
                }
                let listed = Case { commutative, ..listed };
                forms.push(Subject::new(listed, 0));
                if collective.has_root() {
                    forms.push(Subject { root_in_place: true, ..Subject::new(listed, 0) });
                } else if !collective.has_neighbours() {
                    forms.push(Subject::new(Case { in_place: true, ..listed }, 0));
                }
            }
        }
    }
    if collective.has_neighbours() {
        let with = |form: &Subject, neighbours: Vec<Arc<Neighbourhood>>| {
            let degree = neighbours.iter().map(|n| n.sources().len().max(n.destinations().len())).max();
            let case = Case { degree: degree.unwrap_or(0) as u32, ..form.case };
            Subject { case, neighbours, ..form.clone() }
        };
        let graphs = graphs(size);
        forms = forms.iter().flat_map(|form| graphs.iter().map(|g| with(form, g.clone()))).collect();
    }
    forms
}

/// Sizes of the blocks of a vector form: many are empty. Symmetric, as an all-to-all in place demands.
fn uneven(from: u32, to: u32) -> u64 {
    ((from ^ to) % 4).saturating_sub(1) as u64
}

/// Checks one algorithm for one size and the given roots; returns how many executions that took.
fn check_size(algorithm: &'static Algorithm, size: u32, roots: &dyn Fn(u32) -> bool) -> usize {
    let mut executions = 0;
    let mut faults = Vec::new();
    for (number, form) in forms(algorithm.collective, size).into_iter().enumerate() {
        // Of many members every form has its turn at another size.
        let turn = soaking() || size <= 17 || number as u32 % 7 == size % 7;
        if !turn || !algorithm.fits(&form.case) {
            continue;
        }
        let case = form.case;
        let last_root = if case.collective.has_root() { size } else { 1 };
        for root in (0..last_root).filter(|root| roots(*root)) {
            let subject = Subject { root, counts: uneven, ..form.clone() };
            if let Err(fault) = check(algorithm, &subject) {
                let place = if subject.root_in_place { ", in place" } else { "" };
                faults.push(format!("{algorithm:?}: {fault}\n{case:?} root {root}{place}"));
            }
            executions += 1;
        }
    }
    assert!(faults.is_empty(), "{} faults, the first:\n{}", faults.len(), faults[0]);
    executions
}

/// Whether it is for members on several hosts, or for two groups.
fn spans(algorithm: &Algorithm) -> bool {
    algorithm.needs.iter().any(|need| matches!(need, Need::Hosts | Need::Rows | Need::Sides))
}

/// Ways to spread so many ranks over hosts: in rows of one size and of others, dealt out, one on each, and all but the
/// last on one.
fn spreads(size: u32) -> Vec<Hosts> {
    let of = |host: &dyn Fn(u32) -> u32| Hosts::new((0..size).map(host));
    let mixed = |rank: u32| rank.wrapping_mul(0x9e37_79b9) >> 13 & 3;
    let ways: [&dyn Fn(u32) -> u32; 8] = [
        &|rank| rank / 4,
        &|rank| rank.isqrt(),
        &|rank| 31 - (rank + 1).leading_zeros(),
        &|rank| rank % 3,
        &|rank| rank % 2,
        &|rank| rank,
        &|rank| (rank + 1 == size) as u32,
        &mixed,
    ];
    ways.into_iter().filter_map(of).collect()
}

#[test]
fn every_form_of_two_levels_is_right_for_every_spread() {
    let mut executions = 0;
    for algorithm in table::TABLE.iter().filter(|algorithm| spans(algorithm)) {
        for size in 2..=64 {
            let forms = forms(algorithm.collective, size);
            let spreads = spreads(size);
            for (number, form) in forms.iter().enumerate() {
                for (way, hosts) in spreads.iter().enumerate() {
                    let turn = soaking() || size <= 9 || (number + way) as u32 % 5 == size % 5;
                    let subject = form.clone().across(hosts.clone());
                    if !turn || !algorithm.fits(&subject.case) {
                        continue;
                    }
                    let roots = if algorithm.collective.has_root() { size } else { 1 };
                    for root in (0..roots).filter(|root| size <= 7 || *root == size / 3 || *root + 1 == size)
                    {
                        let subject = Subject { root, counts: uneven, ..subject.clone() };
                        if let Err(fault) = check(algorithm, &subject) {
                            panic!("{algorithm:?}: {fault}\n{:?} root {root}\n{hosts:?}", subject.case);
                        }
                        executions += 1;
                    }
                }
            }
        }
    }
    assert!(executions > 5_000, "{executions}");
}

/// Whether the long form was asked for, as `cargo xtask soak` does.
fn soaking() -> bool {
    std::env::var_os("ARCHIPELAGO_SOAK").is_some()
}

#[test]
fn every_algorithm_is_right_for_every_size_and_root() {
    let check_all = |algorithm: &'static Algorithm| {
        let check = |size| {
            // Schedules don't know the root (but for operators that don't commute): what changes with it is the
            // places of blocks, for which the small sizes and one root of each large one do.
            let rootless = !algorithm.collective.has_root();
            let sample = |root: u32| soaking() || rootless || size <= 9 || root == size / 3;
            check_size(algorithm, size, &sample)
        };
        (1..=64).map(check).sum::<usize>()
    };
    let halves = [0, 1].map(|half| table::TABLE.iter().skip(half).step_by(2));
    let executions: usize = std::thread::scope(|scope| {
        let threads = halves.map(|half| scope.spawn(|| half.map(check_all).sum::<usize>()));
        threads
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .iter()
            .sum()
    });
    assert!(executions > 5_000, "{executions}");
}

#[test]
fn every_form_between_two_groups_is_right_for_all_their_sizes() {
    let mut executions = 0;
    for algorithm in table::TABLE.iter().filter(|algorithm| algorithm.needs.contains(&Need::Sides)) {
        for size in 2..=64 {
            let lows = (1..size).filter(|low| size <= 9 || [1, size / 3, size / 2, size - 1].contains(low));
            for low in lows {
                for form in forms(algorithm.collective, size) {
                    let subject = Subject { case: Case { sides: low, board: None, ..form.case }, ..form };
                    // In place there is nothing, and a list of parts not for all of them.
                    let case = &subject.case;
                    let listed = case.listed && case.collective == Collective::ReduceScatter;
                    if case.in_place || subject.root_in_place || listed || !algorithm.fits(case) {
                        continue;
                    }
                    let roots = if algorithm.collective.has_root() { size } else { 1 };
                    for root in (0..roots).filter(|root| size <= 7 || *root == size / 3 || *root + 1 == size)
                    {
                        let subject = Subject { root, counts: uneven, ..subject.clone() };
                        if let Err(fault) = check(algorithm, &subject) {
                            panic!("{algorithm:?}: {fault}\n{:?} root {root}", subject.case);
                        }
                        executions += 1;
                    }
                }
            }
        }
    }
    assert!(executions > 5_000, "{executions}");
}

#[test]
fn every_need_is_exercised() {
    // An algorithm that never fits any form here would never be checked.
    for algorithm in table::TABLE.iter().filter(|algorithm| !spans(algorithm)) {
        assert!(check_size(algorithm, 4, &|_| true) > 0, "{}", algorithm.name);
        if !algorithm.needs.iter().any(|need| matches!(need, Need::PowerOfTwo | Need::Even)) {
            assert!(check_size(algorithm, 7, &|_| true) > 0, "{}", algorithm.name);
        }
    }
}

#[test]
fn every_collective_has_two_message_algorithms_for_every_case() {
    for collective in Collective::ALL {
        for size in [1, 2, 3, 8, 13] {
            for form in forms(collective, size) {
                let case = Case { board: None, ..form.case };
                let fitting = table::of(collective).filter(|a| a.fits(&case)).count();
                // In place, an all-to-all has one.
                let least = if collective == Collective::AllToAll && case.in_place { 1 } else { 2 };
                assert!(fitting >= least, "{case:?}");
            }
        }
    }
}
