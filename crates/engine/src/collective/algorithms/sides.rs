//! What collectives between two groups share (MPI 5.0 §6.2.3): one communicator of both, in which the ranks of one side come
//! before those of the other, and schedules on one side whose ranks are numbered anew.

use super::accumulate::Accumulator;
use super::tree::{Edge, ceil_log2, edge};
use crate::collective::{Case, Order, Range, Role, Step};

/// One of the two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// Its first rank.
    pub first: u32,
    /// How many members it has.
    pub size: u32,
}

impl Side {
    /// The sides of a rank: its own, and the other. `low` ranks are on the first.
    pub fn of(rank: u32, size: u32, low: u32) -> (Side, Side) {
        let (first, second) = (Side { first: 0, size: low }, Side { first: low, size: size - low });
        if rank < low { (first, second) } else { (second, first) }
    }

    /// The sides as a member sees them: its own, and the other.
    pub fn seen(role: &Role) -> (Side, Side) {
        Side::of(role.rank, role.size, role.sides)
    }

    /// The ranks of its members.
    pub fn ranks(self) -> std::ops::Range<u32> {
        self.first..self.first + self.size
    }

    /// The number of a member on its side.
    pub fn number(self, rank: u32) -> u32 {
        rank - self.first
    }
}

/// The members of the larger side.
pub fn larger(case: &Case) -> u32 {
    case.sides.max(case.size - case.sides)
}

/// The same as a member sees it.
pub fn larger_of(role: &Role) -> u32 {
    role.sides.max(role.size - role.sides)
}

/// Rounds in which a side combines what its members have loaded: two for each level.
pub fn climbing(members: u32) -> u32 {
    2 * ceil_log2(members)
}

/// Round `k` of the combination on this side, on a binomial tree that ends at its first member. The order is kept.
pub fn climb(role: &Role, sum: &Accumulator, k: u32, out: &mut Vec<Step>) {
    let (own, _) = Side::seen(role);
    match (edge(own.number(role.rank), own.size, k / 2), k.is_multiple_of(2)) {
        (Edge::Parent(to), true) => {
            out.push(Step::Send { to: own.first + to, blocks: sum.partial(true, 0, role.parts) });
        }
        (Edge::Child(from), true) => {
            out.push(Step::Receive { from: own.first + from, blocks: sum.arrival(true, 0, role.parts) });
        }
        (Edge::Child(_), false) => out.push(sum.combine(true, 0, role.parts, Order::After)),
        _ => {}
    }
}

/// Round `k` of a broadcast on a binomial tree among `size` members, of whom this one is number `index`.
pub fn descend(index: u32, size: u32, k: u32, rank: impl Fn(u32) -> u32, blocks: Range, out: &mut Vec<Step>) {
    let Some(level) = ceil_log2(size).checked_sub(1 + k) else { return };
    match edge(index, size, level) {
        Edge::None => {}
        Edge::Parent(from) => out.push(Step::Receive { from: rank(from), blocks }),
        Edge::Child(to) => out.push(Step::Send { to: rank(to), blocks }),
    }
}
