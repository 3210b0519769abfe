//! Every algorithm of the table under the checker: sizes, roots, block sizes down to none, operators that don't
//! commute, calls in place, vector forms.

use archipelago_engine::collective::check::{Subject, check};
use archipelago_engine::collective::{Algorithm, Case, Collective, Need, table};

/// Elements of the vector or block: none, fewer than there are members, odd, more than there are members.
fn element_counts(collective: Collective, size: u32) -> Vec<u64> {
    match collective {
        Collective::Barrier => vec![0],
        _ if collective.by_rank() => vec![0, 1, 3],
        _ => vec![0, 1, size as u64 / 2 + 1, 2 * size as u64 + 3],
    }
}

/// All forms that a collective has for a size: (case, whether the root is in place).
fn forms(collective: Collective, size: u32) -> Vec<(Case, bool)> {
    let mut forms = Vec::new();
    for elements in element_counts(collective, size) {
        let plain = Case::new(collective, size, elements, 4);
        // The board's cells hold whatever is asked of them here.
        let plain = Case { board: Some(1 << 20), reads: true, ..plain };
        for commutative in [true, false] {
            if !commutative && !collective.reduces() {
                continue;
            }
            let case = Case { commutative, ..plain };
            forms.push((case, false));
            match collective {
                Collective::Barrier | Collective::Broadcast => {}
                _ if collective.has_root() => forms.push((case, true)),
                _ => forms.push((Case { in_place: true, ..case }, false)),
            }
        }
    }
    if collective.by_rank() {
        let listed = Case { listed: true, ..Case::new(collective, size, 0, 4) };
        forms.push((listed, false));
        match collective.has_root() {
            true => forms.push((listed, true)),
            false => forms.push((Case { in_place: true, ..listed }, false)),
        }
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
    for (case, root_in_place) in forms(algorithm.collective, size) {
        if !algorithm.fits(&case) {
            continue;
        }
        let last_root = if case.collective.has_root() { size } else { 1 };
        for root in (0..last_root).filter(|root| roots(*root)) {
            let subject = Subject { root_in_place, counts: uneven, ..Subject::new(case, root) };
            if let Err(fault) = check(algorithm, &subject) {
                panic!(
                    "{} {}: {fault}\n{case:?} root {root} in place {root_in_place}",
                    algorithm.collective.name(),
                    algorithm.name
                );
            }
            executions += 1;
        }
    }
    executions
}

/// Whether the long form was asked for, as `cargo xtask soak` does.
fn soaking() -> bool {
    std::env::var_os("ARCHIPELAGO_SOAK").is_some()
}

#[test]
fn every_algorithm_is_right_for_every_size_and_root() {
    let mut executions = 0;
    for algorithm in table::TABLE {
        for size in 1..=64 {
            // Schedules don't know the root (but for operators that don't commute): what changes with it is the
            // places of blocks, for which the small sizes and one root of each large one do.
            let sample = |root: u32| soaking() || size <= 9 || root == size / 3;
            executions += check_size(algorithm, size, &sample);
        }
    }
    assert!(executions > 5_000, "{executions}");
}

#[test]
fn every_need_is_exercised() {
    // An algorithm that never fits any form here would never be checked.
    for algorithm in table::TABLE {
        assert!(check_size(algorithm, 4, &|_| true) > 0, "{}", algorithm.name);
        if !algorithm.needs.contains(&Need::PowerOfTwo) {
            assert!(check_size(algorithm, 7, &|_| true) > 0, "{}", algorithm.name);
        }
    }
}

#[test]
fn every_collective_has_two_message_algorithms_for_every_case() {
    for collective in Collective::ALL {
        for size in [1, 2, 3, 8, 13] {
            for (case, _) in forms(collective, size) {
                let case = Case { board: None, ..case };
                let fitting = table::of(collective).filter(|a| a.fits(&case)).count();
                // In place, an all-to-all has one.
                let least = if collective == Collective::AllToAll && case.in_place { 1 } else { 2 };
                assert!(fitting >= least, "{case:?}");
            }
        }
    }
}
