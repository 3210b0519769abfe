//! Reduce straight at the root: it takes all vectors at once and combines them outwards from its own, so the order of
//! operands is kept.
//!
//! L + (n - 1)·(o + m·β + m·γ); n - 1 messages of m bytes.

use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step};

pub use super::broadcast_binomial::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(case.size).scratch(Scratch::Vectors(case.size))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let root = role.root;
    if role.rank != root {
        if k == 0 {
            out.push(Step::Send { to: root, blocks: role.own().block(0) });
        }
        return;
    }
    let into = Buffer::Output.block(0);
    if k == 0 {
        let others = (0..role.size).filter(|from| *from != root);
        out.extend(others.map(|from| Step::Receive { from, blocks: Buffer::Scratch.block(from) }));
        if !role.in_place {
            out.push(Step::Copy { from: role.own().block(0), into });
        }
        return;
    }
    let (from, order) = match root.checked_sub(k) {
        Some(before) => (before, Order::Before),
        None => (k, Order::After),
    };
    out.push(Step::Reduce { from: Buffer::Scratch.block(from), into, order });
}

pub fn cost(case: &Case) -> Cost {
    let bytes = (case.size as u64 - 1) * case.bytes();
    super::scatter_linear::cost(case).reducing(bytes)
}
