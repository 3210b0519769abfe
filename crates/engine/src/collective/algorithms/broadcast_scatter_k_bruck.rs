//! Broadcast by scattering n parts on a 4-nomial tree and gathering them by Bruck's algorithm with three messages in each round.
//!
//! 2·⌈log4 n⌉·L + 6·⌈log4 n⌉·o + 2·m·(n - 1)/n·β.

use super::all_gather_bruck::{cost_radix, distances};
use super::all_gather_k_bruck::RADIX;
use super::broadcast_k_nomial::{Family, family, messages};
use super::circulant::store;
use super::scatter_k_nomial::{hops_below, subtree};
use super::tree::levels;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(2 * levels(case.size, RADIX) + 1).parts(case.size);
    plan.scratch(Scratch::Turned { copies: 1, first: rank })
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = levels(role.size, RADIX);
    match k {
        k if k < levels => scatter(role, k, levels - 1 - k, out),
        k if k < 2 * levels => {
            for (distance, count) in distances(role.size, RADIX, k - levels) {
                let (sent, got) = (Buffer::Scratch.blocks(0, count), Buffer::Scratch.blocks(distance, count));
                out.push(Step::Send { to: role.down(distance), blocks: sent });
                out.push(Step::Receive { from: role.up(distance), blocks: got });
            }
        }
        _ if role.rank > 0 => store(role, out),
        _ => {}
    }
}

/// One level of the scatter. In the scratch memory a member's part comes first and those of its subtree follow.
fn scatter(role: &Role, k: u32, level: u32, out: &mut Vec<Step>) {
    if role.rank == 0 && k == 0 {
        out.push(Step::Copy { from: Buffer::Output.block(0), into: Buffer::Scratch.block(0) });
    }
    match family(role.rank, role.size, level) {
        Family::None => {}
        Family::Parent(from) => {
            let blocks = Buffer::Scratch.blocks(0, subtree(role.rank, role.size));
            out.push(Step::Receive { from, blocks });
        }
        Family::Children(children) => {
            let from = if role.rank == 0 { Buffer::Output } else { Buffer::Scratch };
            let blocks = |to: u32| from.blocks(to - role.rank, subtree(to, role.size));
            out.extend(children.map(|to| Step::Send { to, blocks: blocks(to) }));
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let share = case.bytes() - case.bytes() / case.size as u64;
    let gathered = cost_radix(case, RADIX);
    Cost {
        latencies: 2 * gathered.latencies,
        messages: messages(case.size) + gathered.messages,
        bytes: 2 * share,
        copied: case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let (short, longer) = (case.elements / n, case.elements % n);
    let scattered = short * hops_below(case.size) + hops_below(longer as u32);
    let messages = n - 1 + n * cost_radix(case, RADIX).messages;
    Traffic::new(messages, scattered * case.element_bytes + (n - 1) * case.bytes())
}
