//! Scatter on a 4-nomial tree: every member gets its subtree's blocks in one message and hands them on, to three at once, in
//! half as many levels as a binomial tree has.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·o + (n - 1)·m·β with blocks of m bytes; n - 1 messages.

use super::all_gather_k_bruck::RADIX;
use super::broadcast_k_nomial::{Family, family, messages};
use super::scatter_binomial::start_root;
use super::tree::levels;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

/// How many ranks the subtree of `rank` has: those from `rank` on.
pub(super) fn subtree(rank: u32, size: u32) -> u32 {
    let level = rank.trailing_zeros() / 2;
    if rank == 0 { size } else { RADIX.saturating_pow(level).min(size - rank) }
}

pub fn plan(case: &Case, rank: u32) -> Plan {
    let blocks = subtree(rank, case.size);
    let plan = Plan::rounds(levels(case.size, RADIX) + 2);
    if blocks > 1 { plan.scratch(Scratch::Ranks { blocks, rotation: 0 }) } else { plan }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = levels(role.size, RADIX);
    let mine = subtree(role.rank, role.size);
    if k == 0 {
        if role.rank == 0 {
            start_root(role, out);
        }
    } else if k <= levels {
        match family(role.rank, role.size, levels - k) {
            Family::None => {}
            Family::Parent(from) => {
                let blocks = if mine > 1 { Buffer::Scratch.blocks(0, mine) } else { Buffer::Output.block(0) };
                out.push(Step::Receive { from, blocks });
            }
            Family::Children(children) => out.extend(children.map(|to| Step::Send {
                to,
                blocks: Buffer::Scratch.blocks(to - role.rank, subtree(to, role.size)),
            })),
        }
    } else if role.rank > 0 && mine > 1 {
        out.push(Step::Copy { from: Buffer::Scratch.block(0), into: Buffer::Output.block(0) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let bytes = (case.size as u64 - 1) * case.bytes();
    let (latencies, messages) = (levels(case.size, RADIX) as u64, messages(case.size));
    Cost { latencies, messages, bytes, copied: bytes, ..Cost::default() }
}

pub fn traffic(case: &Case) -> Traffic {
    Traffic::new(case.size as u64 - 1, hops_below(case.size) * case.bytes())
}

/// Through how many messages the blocks of the ranks below `n` go: each as many as its number has digits other than 0.
pub(super) fn hops_below(n: u32) -> u64 {
    let digits = |rank: u32| (0..16).filter(|digit| rank >> (2 * digit) & 3 != 0).count() as u64;
    (0..n).map(digits).sum()
}
