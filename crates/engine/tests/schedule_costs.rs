//! Counts at scale: what 1,024 simulated members send is what the textbook's formula says, and the critical path is
//! what the table states.

use archipelago_engine::cartesian::{Dimension, Grid, balance};
use archipelago_engine::collective::check::Subject;
use archipelago_engine::collective::simulate::{simulate, simulate_hosts};
use archipelago_engine::collective::{
    Case, Collective, Hosts, Need, Neighbourhood, Price, Traffic, choose, named, table,
};
use std::sync::Arc;

const FREE: Price = Price {
    latency_ps: 0,
    message_ps: 0,
    byte_ps: 0,
    reduced_byte_ps: 0,
    copied_byte_ps: 0,
    cell_ps: 0,
    turn_ps: 0,
};

/// The neighbours in a torus of two dimensions, where the collective has them.
fn torus(case: Case) -> Subject {
    if !case.collective.has_neighbours() {
        return Subject::new(case, 0);
    }
    let mut points = [0, 0];
    balance(case.size as usize, &mut points).unwrap();
    let dimensions = points.map(|points| Dimension { points, periodic: true });
    let grid = Grid::new(case.size as usize, &dimensions).unwrap();
    let neighbours = |rank| Arc::new(Neighbourhood::of_grid(&grid, rank as usize));
    let neighbours = (0..case.size).map(neighbours).collect();
    Subject { neighbours, ..Subject::new(Case { degree: 4, ..case }, 0) }
}

fn message_algorithms() -> impl Iterator<Item = &'static table::Algorithm> {
    table::TABLE.iter().filter(|algorithm| !algorithm.uses_board())
}

#[test]
fn counts_at_1024_members_are_the_textbooks() {
    const N: u64 = 1024;
    const LOG: u64 = 10;
    // Elements of 8 bytes: 2 to each member's part of a vector, or a block of 2.
    let vector = 2 * N;
    let m = 8 * vector;
    let b = 16;
    let check = |collective: Collective, name: &str, messages: u64, bytes: u64| {
        let elements = if collective.by_rank() { 2 } else { vector };
        let elements = if collective == Collective::Barrier { 0 } else { elements };
        let in_place = name == "exchange";
        let case = Case { in_place, ..Case::new(collective, N as u32, elements, 8) };
        let algorithm = named(collective, name).unwrap();
        let subject = torus(case);
        let case = subject.case;
        let outcome = simulate(algorithm, &subject, &FREE);
        assert_eq!(outcome.traffic, Traffic::new(messages, bytes), "{} {name}", collective.name());
        assert_eq!((algorithm.traffic)(&case), outcome.traffic, "{} {name}", collective.name());
    };
    check(Collective::Barrier, "dissemination", N * LOG, 0);
    check(Collective::Barrier, "tree", 2 * (N - 1), 0);
    check(Collective::Broadcast, "binomial", N - 1, (N - 1) * m);
    // Half of the vector crosses each of the tree's levels; then each part goes to everybody else.
    check(Collective::Broadcast, "scatter-ring", (N - 1) + N * (N - 1), LOG * m / 2 + (N - 1) * m);
    check(Collective::Broadcast, "scatter-doubling", (N - 1) + N * LOG, LOG * m / 2 + (N - 1) * m);
    check(Collective::Gather, "binomial", N - 1, N / 2 * LOG * b);
    check(Collective::Gather, "linear", N - 1, (N - 1) * b);
    check(Collective::Gather, "paced", 2 * (N - 1), (N - 1) * b);
    check(Collective::Scatter, "binomial", N - 1, N / 2 * LOG * b);
    check(Collective::Scatter, "linear", N - 1, (N - 1) * b);
    check(Collective::Scatter, "paced", 2 * (N - 1), (N - 1) * b);
    check(Collective::AllGather, "ring", N * (N - 1), N * (N - 1) * b);
    check(Collective::AllGather, "bruck", N * LOG, N * (N - 1) * b);
    check(Collective::AllGather, "doubling", N * LOG, N * (N - 1) * b);
    check(Collective::AllToAll, "pairwise", N * (N - 1), N * (N - 1) * b);
    check(Collective::AllToAll, "scattered", N * (N - 1), N * (N - 1) * b);
    check(Collective::AllToAll, "exchange", N * (N - 1), N * (N - 1) * b);
    check(Collective::AllToAll, "bruck", N * LOG, N * LOG * (N / 2) * b);
    check(Collective::AllToAll, "k-bruck", 3 * N * LOG / 2, N * (LOG / 2) * (3 * N / 4) * b);
    check(Collective::Reduce, "binomial", N - 1, (N - 1) * m);
    check(Collective::Reduce, "rabenseifner", N * LOG + N - 1, (N - 1) * m + LOG * m / 2);
    check(Collective::AllReduce, "doubling", N * LOG, N * LOG * m);
    check(Collective::AllReduce, "ring", 2 * N * (N - 1), 2 * (N - 1) * m);
    check(Collective::AllReduce, "rabenseifner", 2 * N * LOG, 2 * (N - 1) * m);
    // Every member but those within 2^k of the end sends in round k.
    check(Collective::Scan, "doubling", N * LOG - (N - 1), (N * LOG - (N - 1)) * m);
    check(Collective::Barrier, "k-dissemination", 3 * N * LOG / 2, 0);
    check(Collective::Barrier, "doubling", N * LOG, 0);
    check(Collective::Barrier, "linear", 2 * (N - 1), 0);
    check(Collective::Barrier, "direct", N * (N - 1), 0);
    check(Collective::ExclusiveScan, "doubling-pair", N * LOG - (N - 1), (N * LOG - (N - 1)) * m);
    check(Collective::Broadcast, "scatter-circulant", (N - 1) + N * LOG, LOG * m / 2 + (N - 1) * m);
    check(Collective::Broadcast, "scattered", (N - 1) + (N - 1) * (N - 1), (N - 1) * m);
    check(Collective::Reduce, "scattered", N * (N - 1) + N - 1, (N - 1) * m + (N - 1) * m / N);
    check(Collective::Reduce, "scatter-gather", N * LOG + N - 1, (N - 1) * m + LOG * m / 2);
    check(Collective::AllReduce, "scattered", 2 * N * (N - 1), 2 * (N - 1) * m);
    // A block crosses an edge for each of its 5 quarters of a number that is not 0.
    check(Collective::Gather, "k-nomial", N - 1, 3 * N / 4 * (LOG / 2) * b);
    check(Collective::Scatter, "k-nomial", N - 1, 3 * N / 4 * (LOG / 2) * b);
    check(Collective::Barrier, "double-ring", 2 * N - 1, 0);
    check(Collective::Broadcast, "k-nomial", N - 1, (N - 1) * m);
    check(Collective::Broadcast, "linear", N - 1, (N - 1) * m);
    check(Collective::Reduce, "k-nomial", N - 1, (N - 1) * m);
    check(Collective::Reduce, "linear", N - 1, (N - 1) * m);
    check(Collective::AllGather, "k-bruck", 3 * N * LOG / 2, N * (N - 1) * b);
    check(Collective::AllGather, "neighbour", N * N / 2, N * (N - 1) * b);
    check(Collective::AllGather, "linear", N * (N - 1), N * (N - 1) * b);
    check(Collective::AllReduce, "circulant", 2 * N * LOG, 2 * (N - 1) * m);
    check(Collective::AllReduce, "ring-pair", 4 * N * (N - 1), 2 * (N - 1) * m);
    check(Collective::AllReduce, "reduce-broadcast", 2 * (N - 1), 2 * (N - 1) * m);
    check(Collective::ReduceScatter, "halving", N * LOG, N * (N - 1) * b);
    // 32 of 1,024 numbers read the same in reversed bits.
    check(Collective::ReduceScatter, "butterfly", N * LOG + N - 32, N * (N - 1) * b + (N - 32) * b);
    check(Collective::ReduceScatter, "circulant", N * LOG, N * (N - 1) * b);
    check(Collective::ReduceScatter, "pairwise", N * (N - 1), N * (N - 1) * b);
    check(Collective::ReduceScatter, "ring", N * (N - 1), N * (N - 1) * b);
    check(Collective::ReduceScatter, "scattered", N * (N - 1), N * (N - 1) * b);
    // One more than a scan of N - 1, which sends Σ (N - 1 - 2^k).
    let scan = LOG * (N - 1) - (N - 1);
    check(Collective::ExclusiveScan, "doubling", scan + N - 1, (scan + N - 1) * m);
    check(Collective::ExclusiveScan, "chain", 2 * (N - 1), (N - 1) * m);
    check(Collective::NeighbourAllGather, "direct", 4 * N, 4 * N * b);
    check(Collective::NeighbourAllGather, "ordered", 4 * N, 4 * N * b);
    check(Collective::NeighbourAllToAll, "direct", 4 * N, 4 * N * b);
    check(Collective::NeighbourAllToAll, "ordered", 4 * N, 4 * N * b);
    check(Collective::Barrier, "multiplying", 3 * N * LOG / 2, 0);
    check(Collective::AllReduce, "multiplying", 3 * N * LOG / 2, 3 * N * LOG / 2 * m);
    check(Collective::AllReduce, "linear", N * (N - 1), N * (N - 1) * m);
    check(Collective::AllReduce, "k-rabenseifner", 3 * N * LOG, 2 * (N - 1) * m);
    check(Collective::AllGather, "multiplying", 3 * N * LOG / 2, N * (N - 1) * b);
    check(Collective::AllGather, "sparbit", N * LOG, N * (N - 1) * b);
    check(Collective::AllGather, "circulant", N * LOG, N * (N - 1) * b);
    check(Collective::Broadcast, "split-binary", 2 * (N - 1), (N - 1) * m);
    check(Collective::Broadcast, "circulant", 2 * (N - 1), (N - 1) * m);
    check(Collective::Reduce, "circulant", 2 * (N - 1), (N - 1) * m);
    check(Collective::Reduce, "binary", 2 * (N - 1), (N - 1) * m);
    // Two levels of segments' worth at most.
    check(Collective::Broadcast, "binary", 2 * (N - 1), (N - 1) * m);
    // 16 KiB are two segments' worth at most.
    check(Collective::Scan, "chain", 2 * (N - 1), (N - 1) * m);
    check(Collective::Reduce, "chain", 2 * (N - 1), (N - 1) * m);
    check(Collective::Broadcast, "chain", 2 * (N - 1), (N - 1) * m);
}

#[test]
fn every_message_algorithm_sends_what_its_row_states_at_large_odd_sizes() {
    for algorithm in message_algorithms() {
        for size in [100, 127, 128, 1000] {
            let in_place = algorithm.needs.contains(&Need::InPlace);
            let elements = if algorithm.collective.by_rank() { 3 } else { 1_000_003 };
            let case = Case { in_place, ..Case::new(algorithm.collective, size, elements, 1) };
            let case =
                if case.collective == Collective::Barrier { Case { elements: 0, ..case } } else { case };
            if algorithm.fits(&case) {
                let subject = torus(case);
                let outcome = simulate(algorithm, &subject, &FREE);
                let what = format!("{} {} {size}", algorithm.collective.name(), algorithm.name);
                // Of a ring of one, the member itself is the neighbour.
                let stated = (algorithm.traffic)(&subject.case);
                if !case.collective.has_neighbours() || size != 127 {
                    assert_eq!(outcome.traffic, stated, "{what}");
                }
            }
        }
    }
}

#[test]
fn the_critical_path_is_what_the_row_states() {
    for algorithm in message_algorithms() {
        for size in [1u32, 2, 3, 4, 6, 7, 8, 16, 33, 64] {
            let in_place = algorithm.needs.contains(&Need::InPlace);
            // Divisible by every number of parts that occurs here.
            let elements = if algorithm.collective.by_rank() { 12 } else { 64 * 33 * 7 * 5 * 9 * 16 };
            let case = Case { in_place, ..Case::new(algorithm.collective, size, elements, 1) };
            let case =
                if case.collective == Collective::Barrier { Case { elements: 0, ..case } } else { case };
            // Small grids have neighbours twice, which takes a round for each, and themselves.
            if !algorithm.fits(&case) || (case.collective.has_neighbours() && size < 9) {
                continue;
            }
            let subject = torus(case);
            let case = subject.case;
            let time = |price: Price| simulate(algorithm, &subject, &price).time_ps;
            let cost = (algorithm.cost)(&case);
            let what = format!("{} {} of {size}", algorithm.collective.name(), algorithm.name);
            let latencies = time(Price { latency_ps: 1, ..FREE });
            let messages = time(Price { message_ps: 1, ..FREE });
            let bytes = time(Price { byte_ps: 1, ..FREE });
            let reduced = time(Price { reduced_byte_ps: 1, ..FREE });
            // In the exchange in place some sit out a round while others don't.
            // The quarters of a tree have powers of four.
            let quarters = ["k-nomial", "k-bruck", "k-dissemination"].contains(&algorithm.name);
            let regular = match () {
                () if quarters => size.is_power_of_two() && size.trailing_zeros() % 2 == 0,
                () if case.collective.has_neighbours() => size != 33,
                () if case.collective == Collective::Broadcast && algorithm.name == "scattered" => false,
                () if ["binary", "split-binary", "circulant"].contains(&algorithm.name) => false,
                () => size.is_power_of_two() && algorithm.name != "exchange",
            };
            let check = |what: String, simulated: u64, stated: u64, slack: u64| {
                assert!(simulated <= stated + slack, "{what}: simulated {simulated}, stated {stated}");
                assert!(
                    simulated + slack >= stated || !regular,
                    "{what}: simulated {simulated}, stated {stated}"
                );
            };
            // A pipeline's last segments may be one element shorter than its first.
            let pipelines = ["chain", "binary", "split-binary", "circulant"];
            let segments = if pipelines.contains(&algorithm.name) { size as u64 + 4096 } else { 0 };
            check(format!("latencies of {what}"), latencies, cost.latencies, 0);
            check(format!("messages of {what}"), messages, cost.messages, 0);
            check(format!("bytes of {what}"), bytes, cost.bytes, segments);
            check(format!("reduced bytes of {what}"), reduced, cost.reduced, segments);
        }
    }
}

#[test]
fn the_choice_changes_with_size_as_the_literature_says() {
    let mut other = Vec::new();
    let mut check = |collective: Collective, size, bytes: u64, expected: &str| {
        let chosen = choose(&Case::new(collective, size, bytes, 1), &Price::SOCKET).name;
        if chosen != expected {
            other.push(format!("{} of {size} with {bytes} bytes: {chosen}", collective.name()));
        }
    };
    check(Collective::Broadcast, 16, 8, "k-nomial");
    check(Collective::Broadcast, 16, 32 << 10, "scatter-k-bruck");
    check(Collective::AllReduce, 3, 8, "multiplying");
    check(Collective::AllReduce, 16, 8, "multiplying");
    check(Collective::AllReduce, 16, 1 << 20, "k-rabenseifner");
    check(Collective::AllReduce, 12, 1 << 24, "k-rabenseifner");
    check(Collective::AllReduce, 14, 1 << 24, "ring");
    check(Collective::AllGather, 12, 8, "multiplying");
    check(Collective::AllGather, 13, 8, "k-bruck");
    check(Collective::AllGather, 14, 1 << 20, "neighbour");
    check(Collective::AllGather, 13, 1 << 20, "ring");
    check(Collective::AllToAll, 64, 8, "k-bruck");
    check(Collective::AllToAll, 16, 1 << 20, "scattered");
    check(Collective::Barrier, 16, 0, "k-dissemination");
    check(Collective::ReduceScatter, 64, 8, "multiplying");
    check(Collective::ReduceScatter, 48, 8, "multiplying");
    check(Collective::ReduceScatter, 64, 64 << 10, "halving");
    check(Collective::ExclusiveScan, 16, 8, "doubling-pair");
    check(Collective::ExclusiveScan, 16, 1 << 24, "chain");
    assert!(other.is_empty(), "{other:#?}");
    let board = Case { board: Some(4096), ..Case::new(Collective::AllReduce, 4, 1, 8) };
    assert_eq!(choose(&board, &Price::SHARED_MEMORY).name, "board");
    let large = Case { elements: 1 << 20, ..board };
    assert_ne!(choose(&large, &Price::SHARED_MEMORY).name, "board");
}

#[test]
fn the_critical_path_between_and_within_hosts_is_what_the_row_states() {
    let rows =
        table::TABLE.iter().filter(|row| row.needs.iter().any(|n| matches!(n, Need::Hosts | Need::Rows)));
    for algorithm in rows {
        for (hosts, members) in [(2, 1), (2, 4), (4, 4), (16, 2), (4, 16), (3, 5), (7, 3)] {
            let size = hosts * members;
            let elements = if algorithm.collective.by_rank() { 12 } else { 64 * 33 * 7 * 5 * 9 * 16 };
            let elements = if algorithm.collective == Collective::Barrier { 0 } else { elements };
            let case = Case::new(algorithm.collective, size, elements, 1);
            let spread = Hosts::new((0..size).map(|rank| rank / members)).unwrap();
            let subject = Subject::new(case, 0).across(spread);
            let cost = (algorithm.cost)(&subject.case);
            let what =
                format!("{} {} on {hosts} hosts of {members}", algorithm.collective.name(), algorithm.name);
            let far = |price: Price| simulate_hosts(algorithm, &subject, &price, &FREE).time_ps;
            let near = |price: Price| simulate_hosts(algorithm, &subject, &FREE, &price).time_ps;
            let (latency, message, byte) = (
                Price { latency_ps: 1, ..FREE },
                Price { message_ps: 1, ..FREE },
                Price { byte_ps: 1, ..FREE },
            );
            let segments = if algorithm.name == "two-level-chain" { size as u64 + 4096 } else { 0 };
            let check = |what: String, simulated: u64, stated: u64, slack: u64| {
                assert!(simulated <= stated + slack, "{what}: simulated {simulated}, stated {stated}");
            };
            check(format!("latencies of {what}"), far(latency), cost.latencies, 0);
            check(format!("messages of {what}"), far(message), cost.messages, 0);
            check(format!("bytes of {what}"), far(byte), cost.bytes, segments);
            check(format!("near latencies of {what}"), near(latency), cost.near.latencies, 0);
            check(format!("near messages of {what}"), near(message), cost.near.messages, 0);
            check(format!("near bytes of {what}"), near(byte), cost.near.bytes, segments);
        }
    }
}

#[test]
fn several_hosts_are_crossed_by_few() {
    // 4 hosts of 16: one member of each speaks for the others.
    let hosts = Hosts::new((0..64).map(|rank| rank / 16)).unwrap();
    for collective in [
        Collective::Barrier,
        Collective::Broadcast,
        Collective::Reduce,
        Collective::AllReduce,
        Collective::AllGather,
        Collective::Gather,
        Collective::Scatter,
        Collective::Scan,
    ] {
        let elements = if collective == Collective::Barrier { 0 } else { 8 };
        let case = Case { spread: Some(hosts.spread()), ..Case::new(collective, 64, elements, 1) };
        assert_eq!(choose(&case, &Price::SOCKET).name, "two-level", "{case:?}");
    }
    let large = Case { spread: Some(hosts.spread()), ..Case::new(Collective::AllReduce, 64, 1 << 24, 1) };
    assert_ne!(choose(&large, &Price::SOCKET).name, "two-level");
}

#[test]
fn names_are_unique_and_an_unknown_one_is_answered_with_the_known() {
    for algorithm in table::TABLE {
        let same = table::of(algorithm.collective).filter(|other| other.name == algorithm.name);
        assert_eq!(same.count(), 1, "{}", algorithm.name);
        assert!(std::ptr::eq(named(algorithm.collective, algorithm.name).unwrap(), algorithm));
    }
    let error = named(Collective::Barrier, "magic").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no algorithm \"magic\" for barrier; there are: board dissemination \
         k-dissemination doubling multiplying tree linear direct double-ring two-level"
    );
}
