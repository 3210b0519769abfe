//! Broadcast on a 4-nomial tree, the largest subtrees first: three messages in each round, half as many rounds as on a
//! binomial tree.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·(o + m·β); n - 1 messages of m bytes.

use super::all_gather_k_bruck::RADIX;
use super::tree::levels;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step};

pub use super::broadcast_binomial::traffic;

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(levels(case.size, RADIX))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let level = levels(role.size, RADIX) - 1 - k;
    let blocks = Buffer::Output.block(0);
    match family(role.rank, role.size, level) {
        Family::Parent(from) => out.push(Step::Receive { from, blocks }),
        Family::Children(children) => out.extend(children.map(|to| Step::Send { to, blocks })),
        Family::None => {}
    }
}

/// With whom a member has to do at one level of the tree.
pub(super) enum Family<I> {
    None,
    Parent(u32),
    Children(I),
}

/// The family of `rank` at the level whose parents and nearest children are 4^`level` apart.
pub(super) fn family(rank: u32, size: u32, level: u32) -> Family<impl Iterator<Item = u32>> {
    let distance = RADIX.pow(level);
    let within = rank as u64 % (distance as u64 * RADIX as u64);
    if within == 0 {
        Family::Children((1..RADIX).map(move |i| rank + i * distance).filter(move |child| *child < size))
    } else if within.is_multiple_of(distance as u64) {
        Family::Parent(rank - within as u32)
    } else {
        Family::None
    }
}

/// Messages that rank 0 has to send or take one after the other.
pub(super) fn messages(size: u32) -> u64 {
    let children = |level| match family(0, size, level) {
        Family::Children(children) => children.count() as u64,
        _ => 0,
    };
    (0..levels(size, RADIX)).map(children).sum()
}

/// The most that any member may have to: three in each round.
pub fn cost(case: &Case) -> Cost {
    let levels = levels(case.size, RADIX) as u64;
    let messages = messages(case.size);
    Cost { latencies: levels, messages, bytes: messages * case.bytes(), ..Cost::default() }
}
