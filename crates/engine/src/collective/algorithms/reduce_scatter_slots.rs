//! Reduce-scatter on the board with blocks of any lengths: everybody publishes its contributions that fit an n-th of a
//! cell, and sends the others. Everybody combines those for itself in order of rank.
//!
//! No message for what fits; each member writes one cell, reads n and combines n - 1 blocks.

use super::reduce_scatter_ring::alone;
use super::slots::{self, equal_fit, in_slots};
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step, Traffic, Within};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan { rounds: 2 + case.size, scratch: Scratch::Own(case.size), ..slots::plan(case.size) }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (n, me, own) = (role.size, role.rank, role.own());
    let mine = own.block(me);
    let small = role.fits_slot(mine);
    match k {
        _ if n == 1 => {
            if k == 0 {
                alone(role, out);
            }
        }
        0 => {
            out.push(in_slots(own.blocks(0, n)));
            let others = || (0..n).filter(|other| *other != me);
            let large = others().filter(|to| !role.fits_slot(own.block(*to)));
            out.extend(large.map(|to| Step::Send { to, blocks: own.block(to) }));
            if !small {
                out.push(Step::Copy { from: mine, into: Buffer::Scratch.block(me) });
                out.extend(others().map(|from| Step::Receive { from, blocks: Buffer::Scratch.block(from) }));
            }
        }
        1 => out.push(Step::Await { turn: 0, of: 0, count: n }),
        2 if small => {
            let at = Within::Slot(me);
            out.push(Step::Fetch { turn: 0, of: 0, count: n, at, into: role.result() });
        }
        _ if small => {}
        _ => {
            let (number, sum) = (k - 1, Buffer::Scratch.block(0));
            out.push(match number == n {
                true => Step::Copy { from: sum, into: role.result() },
                false => Step::Reduce { from: Buffer::Scratch.block(number), into: sum, order: Order::After },
            });
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let n = case.size as u64;
    slots::cost(case, case.size, n - 1, n + 1).reducing((n - 1) * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    let messages = if equal_fit(case, case.size) { 0 } else { n * (n - 1) };
    Traffic::new(messages, messages * case.bytes())
}
