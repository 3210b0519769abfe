//! Reduce on a 4-nomial tree: every member takes up to three vectors at once in each of half as many levels as a
//! binomial tree has. The order of operands is kept.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·(o + m·β + m·γ); n - 1 messages of m bytes (n if handed over).

use super::all_gather_k_bruck::RADIX;
use super::broadcast_k_nomial::{Family, family, messages};
use super::reduce_binomial::{hand_over, hand_over_cost};
use super::tree::levels;
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::broadcast_binomial::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let plan = Plan::rounds(RADIX * levels(case.size, RADIX) + 1);
    plan.scratch(Scratch::Vectors(1 + RADIX))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (level, phase) = (k / RADIX, k % RADIX);
    if level == levels(role.size, RADIX) {
        return hand_over(role, out);
    }
    let at_output = role.rank == 0 && role.root == 0;
    let sum = if at_output { Buffer::Output.block(0) } else { Buffer::Scratch.block(0) };
    if k == 0 && !(at_output && role.in_place) && takes_part(role) {
        out.push(Step::Copy { from: role.own().block(0), into: sum });
    }
    let spare = |number: u32| Buffer::Scratch.block(1 + number);
    match family(role.rank, role.size, level) {
        Family::None => {}
        Family::Parent(to) if phase == 0 => {
            let blocks = if takes_part(role) { sum } else { role.own().block(0) };
            out.push(Step::Send { to, blocks });
        }
        Family::Parent(_) => {}
        Family::Children(children) if phase == 0 => {
            let receive = |(i, from)| Step::Receive { from, blocks: spare(i as u32) };
            out.extend(children.enumerate().map(receive));
        }
        Family::Children(mut children) => {
            if children.nth(phase as usize - 1).is_some() {
                out.push(Step::Reduce { from: spare(phase - 1), into: sum, order: Order::After });
            }
        }
    }
}

/// Whether it takes anything: a leaf sends its own vector from where it is.
fn takes_part(role: &Role) -> bool {
    let next = role.rank + 1;
    role.rank.is_multiple_of(RADIX) && next < role.size
}

pub fn cost(case: &Case) -> Cost {
    let (levels, messages) = (levels(case.size, RADIX) as u64, messages(case.size));
    let bytes = messages * case.bytes();
    let last = hand_over_cost(case);
    Cost {
        latencies: levels + last.latencies,
        messages: messages + last.messages,
        bytes: bytes + last.bytes,
        reduced: bytes,
        ..Cost::default()
    }
}
