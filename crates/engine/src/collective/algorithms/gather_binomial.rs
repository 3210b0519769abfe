//! Gather on a binomial tree: every member collects its subtree's blocks and hands them up in one message.
//!
//! ⌈log2 n⌉·L + (n - 1)·m·β with blocks of m bytes; n - 1 messages.

use super::tree::{Edge, ceil_log2, edge, set_bits_below, subtree};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let blocks = subtree(rank, case.size);
    let plan = Plan::rounds(ceil_log2(case.size) + 1);
    if blocks > 1 { plan.scratch(Scratch::Ranks { blocks, rotation: 0 }) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let mine = subtree(role.rank, role.size);
    if k == ceil_log2(role.size) {
        if role.rank == 0 {
            finish_root(role, out);
        }
        return;
    }
    if k == 0 && role.rank > 0 && mine > 1 {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Scratch.block(0) });
    }
    match edge(role.rank, role.size, k) {
        Edge::None => {}
        Edge::Parent(to) => {
            let blocks = if mine > 1 { Buffer::Scratch.blocks(0, mine) } else { Buffer::Input.block(0) };
            out.push(Step::Send { to, blocks });
        }
        Edge::Child(from) => {
            let blocks = Buffer::Scratch.blocks(from - role.rank, subtree(from, role.size));
            out.push(Step::Receive { from, blocks });
        }
    }
}

fn finish_root(role: &Role, out: &mut Vec<Step>) {
    if !role.in_place {
        out.push(Step::Copy { from: Buffer::Input.block(0), into: Buffer::Output.block(0) });
    }
    if role.size > 1 {
        let others = role.size - 1;
        out.push(Step::Copy {
            from: Buffer::Scratch.blocks(1, others),
            into: Buffer::Output.blocks(1, others),
        });
    }
}

pub fn cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    Cost::steps(ceil_log2(case.size), others * case.bytes()).copying(others * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    // A block goes up one edge for each set bit of its rank.
    Traffic::new(case.size as u64 - 1, set_bits_below(case.size) * case.bytes())
}
