//! Broadcast by scattering n parts on a binomial tree and gathering them by recursive doubling, for powers of two.
//!
//! 2·log2 n·L + 2·m·(n - 1)/n·β; n - 1 + n·log2 n messages. R. van de Geijn, M. Barnett et al.: Interprocessor
//! collective communication library (InterCom), 1994.

use super::broadcast_scatter_ring::scatter;
use super::tree::{bytes_by_set_bits, floor_log2};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2 * floor_log2(case.size)).parts(case.size)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let levels = floor_log2(role.size);
    if k < levels {
        return scatter(role, levels - 1 - k, out);
    }
    let distance = 1 << (k - levels);
    let peer = role.rank ^ distance;
    let group = |rank: u32| Buffer::Output.blocks(rank & !(distance - 1), distance);
    out.push(Step::Send { to: peer, blocks: group(role.rank) });
    out.push(Step::Receive { from: peer, blocks: group(peer) });
}

pub fn cost(case: &Case) -> Cost {
    let share = case.bytes() - case.bytes() / case.size as u64;
    Cost::steps(2 * floor_log2(case.size), 2 * share)
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let scattered = bytes_by_set_bits(case.elements, case.element_bytes, case.size);
    Traffic::new(n - 1 + n * floor_log2(case.size) as u64, scattered + (n - 1) * case.bytes())
}
