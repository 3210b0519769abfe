//! All-to-all between two groups: straight, up to 32 members at a time, each starting with another.
//!
//! ⌈c/32⌉·L + c·(o + m·β) with c members on the larger side; 2·a·b messages between sides of a and b.

use super::all_to_all_scattered::WINDOW;
use super::sides::{Side, larger, larger_of};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Traffic};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(larger(case).div_ceil(WINDOW))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    exchange(role, k, |number| Buffer::Input.block(number), out);
}

/// One window: everybody gives each of the other side what `given` says and gets a block from each.
pub(super) fn exchange(role: &Role, k: u32, given: impl Fn(u32) -> Range, out: &mut Vec<Step>) {
    let (own, other) = Side::seen(role);
    let (me, circle) = (own.number(role.rank), larger_of(role));
    for distance in k * WINDOW..((k + 1) * WINDOW).min(circle) {
        let (to, from) = ((me + distance) % circle, (me + circle - distance) % circle);
        if to < other.size {
            out.push(Step::Send { to: other.first + to, blocks: given(to) });
        }
        if from < other.size {
            out.push(Step::Receive { from: other.first + from, blocks: Buffer::Output.block(from) });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let messages = larger(case) as u64;
    let latencies = messages.div_ceil(WINDOW as u64);
    Cost { latencies, messages, bytes: messages * case.bytes(), ..Cost::default() }
}

pub fn traffic(case: &Case) -> Traffic {
    let messages = 2 * case.sides as u64 * (case.size - case.sides) as u64;
    Traffic::new(messages, messages * case.bytes())
}
