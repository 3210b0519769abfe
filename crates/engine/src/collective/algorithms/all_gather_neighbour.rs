//! All-gather by exchanging with the two neighbours in turn, for an even number of members: after the first round two
//! blocks at a time.
//!
//! n/2·L + (n - 1)·m·β; n²/2 messages. J. Chen, L. Zhang, Y. Zhang, W. Yuan: Performance evaluation of allgather
//! algorithms on terascale Linux cluster with fast Ethernet, 2005.

use super::all_gather_ring::contribution;
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(case.size / 2)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let forward = role.rank.is_multiple_of(2) == k.is_multiple_of(2);
    let peer = if forward { role.up(1) } else { role.down(1) };
    let (leaving, coming) = match k {
        0 => (contribution(role), Buffer::Output.block(peer)),
        k => (pair(role, k - 1), pair(role, k)),
    };
    if k == 0 && !role.in_place {
        out.push(Step::Copy { from: leaving, into: Buffer::Output.block(role.rank) });
    }
    out.push(Step::Send { to: peer, blocks: leaving });
    out.push(Step::Receive { from: peer, blocks: coming });
}

/// The two blocks that came in round `k`; at first the member's own and its neighbour's.
fn pair(role: &Role, k: u32) -> Range {
    let own = role.rank & !1;
    let even = role.rank.is_multiple_of(2);
    let n = role.size;
    // Blocks come from further behind in odd rounds and from further on in even ones, or the other way round.
    let first = match (k, even == k.is_multiple_of(2)) {
        (0, _) => own,
        (k, true) => (own + if k.is_multiple_of(2) { k } else { k + 1 }) % n,
        (k, false) => (own + n - if k.is_multiple_of(2) { k } else { k + 1 } % n) % n,
    };
    Buffer::Output.blocks(first, 2)
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(case.size / 2, (case.size as u64 - 1) * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(n * n / 2, n * (n - 1) * case.bytes())
}
