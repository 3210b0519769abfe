//! Exclusive scan along the chain of ranks, in segments that follow one another. The order of operands is kept.
//!
//! (n - 2 + s)·(L + m/s·β) + (n - 3 + s)·m/s·γ with s segments; s·(n - 1) messages.

use super::scan_chain::{cut, steps};
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::scan_chain::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(2 * steps(case) + 1).parts(cut(case)).scratch(Scratch::Vectors(1))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (first, last) = (role.rank == 0, role.rank + 1 == role.size);
    let Some(k) = k.checked_sub(1) else {
        // What goes on from here is combined with a copy: the output keeps what came.
        if !first && !last {
            let own = role.own().blocks(0, role.parts);
            out.push(Step::Copy { from: own, into: Buffer::Scratch.blocks(0, role.parts) });
        }
        return;
    };
    // Segment s leaves rank r in step r + s.
    let segment = |number: Option<u32>| number.filter(|s| *s < role.parts);
    let leaving = segment((k / 2).checked_sub(role.rank)).filter(|_| !last);
    let coming = segment((k / 2 + 1).checked_sub(role.rank)).filter(|_| !first);
    if k % 2 == 1 {
        out.extend(coming.filter(|_| !last).map(|s| Step::Reduce {
            from: Buffer::Output.block(s),
            into: Buffer::Scratch.block(s),
            order: Order::Before,
        }));
        return;
    }
    let partial = if first { role.own() } else { Buffer::Scratch };
    out.extend(leaving.map(|s| Step::Send { to: role.rank + 1, blocks: partial.block(s) }));
    out.extend(coming.map(|s| Step::Receive { from: role.rank - 1, blocks: Buffer::Output.block(s) }));
}

pub fn cost(case: &Case) -> Cost {
    let segment = case.bytes().div_ceil(cut(case) as u64);
    let steps = steps(case);
    let combined = if case.size > 2 { steps as u64 - 1 } else { 0 };
    Cost::steps(steps, steps as u64 * segment).reducing(combined * segment)
}
