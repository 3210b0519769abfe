//! What algorithms share that cut a vector into a part for each member and send each part straight to its owner: few latencies, where a
//! latency costs as much as many bytes.

use super::all_to_all_scattered::{WINDOW, windows};
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step};

/// Rounds of the reduce-scatter, of more than one member: windows of messages, combinations, a copy.
fn scatter_rounds(size: u32) -> u32 {
    windows(size) + size
}

/// A plan of a reduce-scatter and so many rounds after it.
pub fn plan(case: &Case, rounds: u32) -> Plan {
    Plan::rounds(scatter_rounds(case.size) + rounds).parts(case.size).scratch(Scratch::Own(case.size))
}

/// Round `k` of the reduce-scatter, which leaves everybody's part in order of rank in the scratch memory's first block; or
/// which round after it this is.
pub fn reduce(role: &Role, k: u32, out: &mut Vec<Step>) -> Option<u32> {
    let (own, windows) = (role.own(), windows(role.size));
    if k < windows {
        if k == 0 {
            out.push(Step::Copy { from: own.block(role.rank), into: Buffer::Scratch.block(role.rank) });
        }
        for distance in window(role, k) {
            let (to, from) = (role.up(distance), role.down(distance));
            out.push(Step::Send { to, blocks: own.block(to) });
            out.push(Step::Receive { from, blocks: Buffer::Scratch.block(from) });
        }
        return None;
    }
    let number = k - windows + 1;
    if number < role.size {
        let (from, into) = (Buffer::Scratch.block(number), Buffer::Scratch.block(0));
        out.push(Step::Reduce { from, into, order: Order::After });
    }
    k.checked_sub(scatter_rounds(role.size) - 1)
}

/// How far away those are with whom a member exchanges in a window.
pub fn window(role: &Role, k: u32) -> std::ops::Range<u32> {
    let first = 1 + k * WINDOW;
    first..(first + WINDOW).min(role.size)
}

/// What the exchange of parts costs.
pub fn exchange_cost(case: &Case) -> Cost {
    let others = case.size as u64 - 1;
    let latencies = others.div_ceil(WINDOW as u64);
    Cost { latencies, messages: others, bytes: share(case), ..Cost::default() }
}

/// The bytes of all parts but one.
pub fn share(case: &Case) -> u64 {
    case.bytes() - case.bytes() / case.size as u64
}
