//! Barrier on a binomial tree: signals go up to rank 0, and down again.
//!
//! 2·⌈log2 n⌉ rounds, 2·(n - 1) empty messages: fewer messages than dissemination, hence better where members
//! share cores.

use super::tree::{Edge, ceil_log2, edge};
use crate::collective::{Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2 * ceil_log2(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    let up = k < levels;
    let level = if up { k } else { 2 * levels - 1 - k };
    let (peer, sends) = match edge(role.rank, role.size, level) {
        Edge::None => return,
        Edge::Parent(peer) => (peer, up),
        Edge::Child(peer) => (peer, !up),
    };
    out.push(match sends {
        true => Step::Send { to: peer, blocks: Range::NOTHING },
        false => Step::Receive { from: peer, blocks: Range::NOTHING },
    });
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(2 * ceil_log2(case.size), 0)
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(2 * (case.size as u64 - 1), 0)
}
