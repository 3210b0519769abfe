//! Performance guidelines (Träff, Gropp, Thakur: Self-consistent MPI performance guidelines, 2010): by the table's own prices no
//! collective is chosen in a way that costs more than others that do the same, and a longer vector never costs less.

use std::collections::BTreeMap;

use archipelago_engine::collective::{CELL_BYTES, Case, Collective, Hosts, Price, choose};

/// Where the ranks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// On one host, with a board.
    OneHost,
    /// Behind sockets, nobody knows how.
    Sockets,
    /// In rows of about one length on so many hosts.
    Hosts(u32),
}

/// What a collective is expected to cost, as it would be chosen.
#[derive(Clone, Copy)]
struct Expected {
    ps: u64,
    on_board: bool,
}

impl Place {
    /// Of a vector, or blocks, of so many bytes.
    fn price(self, collective: Collective, size: u32, bytes: u64) -> Expected {
        let case = Case::new(collective, size, bytes.div_ceil(8), 8);
        let (case, prices) = match self {
            Place::OneHost => (Case { board: Some(CELL_BYTES), ..case }, &Price::SHARED_MEMORY),
            Place::Sockets => (case, &Price::SOCKET),
            Place::Hosts(hosts) => {
                let spread = Hosts::new((0..size).map(|rank| rank * hosts.min(size) / size));
                (Case { spread: spread.map(|hosts| hosts.spread()), ..case }, &Price::SOCKET)
            }
        };
        let algorithm = choose(&case, prices);
        Expected { ps: prices.of(&(algorithm.cost)(&case)), on_board: algorithm.uses_board() }
    }

    /// One after the other: for what comes second on a board everybody has to come by once more.
    fn both(self, first: Expected, second: Expected) -> Expected {
        let further = if second.on_board { Price::SHARED_MEMORY.turn_ps } else { 0 };
        Expected { ps: first.ps + second.ps + further, on_board: first.on_board || second.on_board }
    }
}

/// How much dearer something may be: prices are no better known than that.
const TOLERANCE: f64 = 1.25;

/// Ranks, bytes, and how much dearer it is.
type Finding = (u32, u64, f64);

/// Says where something is dearer than what does the same.
#[derive(Default)]
struct Findings(BTreeMap<(&'static str, Place), Vec<Finding>>);

impl Findings {
    fn compare(&mut self, rule: &'static str, place: Place, of: (u32, u64), one: Expected, other: Expected) {
        let ratio = one.ps as f64 / other.ps as f64;
        if ratio > TOLERANCE {
            self.0.entry((rule, place)).or_default().push((of.0, of.1, ratio));
        }
    }
}

#[test]
fn nothing_costs_more_than_what_does_the_same() {
    use Collective::*;
    let mut findings = Findings::default();
    for place in [Place::OneHost, Place::Sockets, Place::Hosts(2), Place::Hosts(4), Place::Hosts(33)] {
        for size in 2..=33u32 {
            for bytes in (3..=24).map(|power| 1u64 << power) {
                let n = u64::from(size);
                let p = |collective, bytes| place.price(collective, size, bytes);
                let both = |first, second| place.both(first, second);
                // What cuts a vector of its own accord needn't round up.
                let whole = bytes.next_multiple_of(8 * n);
                let part = whole / n;
                let mut at_most = |rule, one, other| findings.compare(rule, place, (size, bytes), one, other);
                at_most(
                    "broadcast <= scatter + all-gather",
                    p(Broadcast, whole),
                    both(p(Scatter, part), p(AllGather, part)),
                );
                at_most("broadcast <= all-gather", p(Broadcast, bytes), p(AllGather, bytes));
                at_most("gather <= all-gather", p(Gather, bytes), p(AllGather, bytes));
                at_most("scatter <= broadcast", p(Scatter, bytes), p(Broadcast, n * bytes));
                at_most("scatter <= all-to-all", p(Scatter, bytes), p(AllToAll, bytes));
                at_most(
                    "all-gather <= gather + broadcast",
                    p(AllGather, bytes),
                    both(p(Gather, bytes), p(Broadcast, n * bytes)),
                );
                at_most("all-gather <= all-to-all", p(AllGather, bytes), p(AllToAll, bytes));
                at_most("all-to-all <= all-gather", p(AllToAll, bytes), p(AllGather, n * bytes));
                at_most("reduce <= all-reduce", p(Reduce, bytes), p(AllReduce, bytes));
                at_most(
                    "reduce <= reduce-scatter + gather",
                    p(Reduce, whole),
                    both(p(ReduceScatter, part), p(Gather, part)),
                );
                at_most(
                    "all-reduce <= reduce + broadcast",
                    p(AllReduce, bytes),
                    both(p(Reduce, bytes), p(Broadcast, bytes)),
                );
                at_most(
                    "all-reduce <= reduce-scatter + all-gather",
                    p(AllReduce, whole),
                    both(p(ReduceScatter, part), p(AllGather, part)),
                );
                at_most(
                    "reduce-scatter <= reduce + scatter",
                    p(ReduceScatter, bytes),
                    both(p(Reduce, n * bytes), p(Scatter, bytes)),
                );
                at_most("reduce-scatter <= all-reduce", p(ReduceScatter, bytes), p(AllReduce, n * bytes));
                at_most("exclusive scan <= scan", p(ExclusiveScan, bytes), p(Scan, bytes));
                at_most("barrier <= all-reduce", p(Barrier, 0), p(AllReduce, 8));
                for collective in [
                    Broadcast,
                    Gather,
                    Scatter,
                    AllGather,
                    AllToAll,
                    Reduce,
                    AllReduce,
                    ReduceScatter,
                    Scan,
                    ExclusiveScan,
                ] {
                    let one = p(collective, bytes);
                    at_most("a vector <= a longer one", one, p(collective, bytes + 8));
                    at_most("a vector <= one of twice the length", one, p(collective, 2 * bytes));
                    at_most("a vector <= its halves", p(collective, 2 * bytes), both(one, one));
                }
            }
        }
    }
    let mut text = String::new();
    for ((rule, place), cases) in &findings.0 {
        let worst = cases.iter().max_by(|a, b| a.2.total_cmp(&b.2)).unwrap();
        text +=
            &format!("{rule}, {place:?}: {} cases, the worst (ranks, bytes, ratio) {worst:?}\n", cases.len());
    }
    assert!(text.is_empty(), "{text}");
}
