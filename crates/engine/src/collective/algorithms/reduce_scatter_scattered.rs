//! Reduce-scatter straight, up to 32 members at a time; everybody combines what it gets in order of rank.
//!
//! ⌈(n - 1)/32⌉·L + (n - 1)·(o + m·β + m·γ) with blocks of m bytes; n·(n - 1) messages; memory for n blocks.

use super::all_to_all_scattered::{self, WINDOW, windows};
use super::reduce_scatter_ring::alone;
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::all_to_all_pairwise::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(windows(case.size) + case.size).scratch(Scratch::Own(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let windows = windows(role.size);
    let (own, n) = (role.own(), role.size);
    if n == 1 {
        if k == 0 {
            alone(role, out);
        }
        return;
    }
    if k < windows {
        if k == 0 {
            out.push(Step::Copy { from: own.block(role.rank), into: Buffer::Scratch.block(role.rank) });
        }
        let first = 1 + k * WINDOW;
        for distance in first..(first + WINDOW).min(n) {
            let (to, from) = (role.up(distance), role.down(distance));
            out.push(Step::Send { to, blocks: own.block(to) });
            out.push(Step::Receive { from, blocks: Buffer::Scratch.block(from) });
        }
        return;
    }
    let number = k - windows + 1;
    let sum = Buffer::Scratch.block(0);
    out.push(match number == n {
        true => Step::Copy { from: sum, into: role.result() },
        false => Step::Reduce { from: Buffer::Scratch.block(number), into: sum, order: Order::After },
    });
}

pub fn cost(case: &Case) -> Cost {
    let cost = all_to_all_scattered::cost(case);
    cost.reducing(cost.bytes).copying(2 * case.bytes())
}
