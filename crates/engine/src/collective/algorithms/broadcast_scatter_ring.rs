//! Broadcast by scattering n parts on a binomial tree and gathering them on a ring.
//!
//! (⌈log2 n⌉ + n - 1)·L + 2·m·(n - 1)/n·β; n - 1 + n·(n - 1) messages. R. van de Geijn, M. Barnett et al.:
//! Interprocessor collective communication library (InterCom), 1994.

use super::tree::{Edge, bytes_by_set_bits, ceil_log2, edge, subtree};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(ceil_log2(case.size) + case.size - 1).parts(case.size)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    if k < levels {
        scatter(role, levels - 1 - k, out);
    } else {
        let k = k - levels;
        out.push(Step::Send { to: role.up(1), blocks: Buffer::Output.block(role.down(k)) });
        out.push(Step::Receive { from: role.down(1), blocks: Buffer::Output.block(role.down(k + 1)) });
    }
}

/// One level of the binomial scatter: each member gets the parts of its subtree.
pub(super) fn scatter(role: &Role, level: u32, out: &mut Vec<Step>) {
    let parts = |rank| Buffer::Output.blocks(rank, subtree(rank, role.size));
    match edge(role.rank, role.size, level) {
        Edge::None => {}
        Edge::Parent(from) => out.push(Step::Receive { from, blocks: parts(role.rank) }),
        Edge::Child(to) => out.push(Step::Send { to, blocks: parts(to) }),
    }
}

pub fn cost(case: &Case) -> Cost {
    let n = case.size as u64;
    let share = case.bytes() - case.bytes() / n;
    Cost::steps(ceil_log2(case.size) + case.size - 1, 2 * share)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let scattered = bytes_by_set_bits(case.elements, case.element_bytes, case.size);
    Traffic::new((n - 1) * (n + 1), scattered + (n - 1) * case.bytes())
}
