//! Broadcast by sending a part straight to each member, which sends it to all others.
//!
//! (1 + ⌈(n - 1)/32⌉)·L + 5/2·(n - 1)·(o + m/n·β); n - 1 + (n - 1)² messages.

use super::all_to_all_scattered::windows;
use super::scattered::{exchange_cost, share, window};
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(1 + windows(case.size)).parts(case.size)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let part = |of: u32| Buffer::Output.block(of);
    let Some(k) = k.checked_sub(1) else {
        match role.rank {
            0 => out.extend((1..role.size).map(|to| Step::Send { to, blocks: part(to) })),
            me => out.push(Step::Receive { from: 0, blocks: part(me) }),
        }
        return;
    };
    for distance in window(role, k) {
        // The root has all.
        let (to, from) = (role.up(distance), role.down(distance));
        if to != 0 {
            out.push(Step::Send { to, blocks: part(role.rank) });
        }
        if role.rank != 0 {
            out.push(Step::Receive { from, blocks: part(from) });
        }
    }
}

/// Who is served last begins last, and keeps the others waiting for half of what they get. What comes before it is expected is
/// copied once more.
pub fn cost(case: &Case) -> Cost {
    let (one, share) = (exchange_cost(case), share(case));
    let messages = one.messages * 5 / 2;
    Cost {
        latencies: one.latencies + one.latencies.min(1),
        messages,
        bytes: messages * (case.bytes() - share),
        copied: share,
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    // The root's part goes n - 1 times, that of any other once and n - 2 times.
    Traffic::new(n - 1 + (n - 1) * (n - 1), (n - 1) * case.bytes())
}
