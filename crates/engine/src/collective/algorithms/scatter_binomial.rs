//! Scatter on a binomial tree: every member gets its subtree's blocks in one message and hands them on.
//!
//! ⌈log2 n⌉·L + (n - 1)·m·β with blocks of m bytes; n - 1 messages.

use super::tree::{Edge, ceil_log2, edge, set_bits_below, subtree};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let blocks = subtree(rank, case.size);
    let plan = Plan::rounds(ceil_log2(case.size) + 2);
    if blocks > 1 { plan.scratch(Scratch::Ranks { blocks, rotation: 0 }) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    if k == 0 {
        if role.rank == 0 {
            start_root(role, out);
        }
    } else if k <= levels {
        descend(role, levels - k, out);
    } else if role.rank > 0 && subtree(role.rank, role.size) > 1 {
        out.push(Step::Copy { from: Buffer::Scratch.block(0), into: Buffer::Output.block(0) });
    }
}

/// The blocks are put behind one another in the order of relative ranks: in the caller's they may wrap around.
pub(super) fn start_root(role: &Role, out: &mut Vec<Step>) {
    if !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    if role.size > 1 {
        let others = role.size - 1;
        out.push(Step::Copy {
            from: Buffer::Input.blocks(1, others),
            into: Buffer::Scratch.blocks(1, others),
        });
    }
}

fn descend(role: &Role, level: u32, out: &mut Vec<Step>) {
    match edge(role.rank, role.size, level) {
        Edge::None => {}
        Edge::Parent(from) => {
            let mine = subtree(role.rank, role.size);
            let blocks = if mine > 1 { Buffer::Scratch.blocks(0, mine) } else { Buffer::Output.block(0) };
            out.push(Step::Receive { from, blocks });
        }
        Edge::Child(to) => {
            let blocks = Buffer::Scratch.blocks(to - role.rank, subtree(to, role.size));
            out.push(Step::Send { to, blocks });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    Cost::steps(ceil_log2(case.size), others * case.bytes()).copying(others * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(case.size as u64 - 1, set_bits_below(case.size) * case.bytes())
}
