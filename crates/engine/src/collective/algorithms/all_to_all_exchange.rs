//! All-to-all in place: in round k the members whose ranks add up to k (mod n) swap their blocks.
//!
//! n·(L + m·β), of which a member sits out one round or two; n·(n - 1) messages.

use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2 * case.size).scratch(Scratch::OutputBlock)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let peer = (k / 2 + role.size - role.rank) % role.size;
    if peer == role.rank {
        return;
    }
    if k.is_multiple_of(2) {
        out.push(Step::Send { to: peer, blocks: Buffer::Output.block(peer) });
        out.push(Step::Receive { from: peer, blocks: Buffer::Scratch.block(peer) });
    } else {
        out.push(Step::Copy { from: Buffer::Scratch.block(peer), into: Buffer::Output.block(peer) });
    }
}

pub fn cost(case: &Case) -> Cost {
    let rounds = if case.size == 1 { 0 } else { case.size };
    let bytes = rounds as u64 * case.bytes();
    Cost::steps(rounds, bytes).copying(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    super::all_to_all_pairwise::traffic(case)
}
