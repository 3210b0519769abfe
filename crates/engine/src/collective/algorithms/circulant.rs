//! Reduce-scatter and all-gather on a circulant graph, for any number of members: what a member holds is halved,
//! rounded up, in each round, and the part that goes is sent as far as there are parts that stay.
//!
//! J. L. Träff: Optimal, non-pipelined reduce-scatter and allreduce algorithms, 2024.
//!
//! Part i of the scratch memory is that of the i-th member from this one on; as many spare parts follow.

use super::tree::ceil_log2;
use crate::collective::{Buffer, Order, Range, Role, Step};

/// How many parts are held before round k and after it.
fn held(size: u32, k: u32) -> (u32, u32) {
    let before = (0..k).fold(size, |held, _| held.div_ceil(2));
    (before, before.div_ceil(2))
}

/// Copies the contribution, part by part, to the scratch memory.
pub fn load(role: &Role, own: Buffer, out: &mut Vec<Step>) {
    turned(role, |own_first, first, count| Step::Copy {
        from: own.blocks(own_first, count),
        into: Buffer::Scratch.blocks(first, count),
    })
    .for_each(|step| out.push(step));
}

/// Copies all parts from the scratch memory to the output.
pub fn store(role: &Role, out: &mut Vec<Step>) {
    turned(role, |own_first, first, count| Step::Copy {
        from: Buffer::Scratch.blocks(first, count),
        into: Buffer::Output.blocks(own_first, count),
    })
    .for_each(|step| out.push(step));
}

fn turned(role: &Role, step: impl Fn(u32, u32, u32) -> Step) -> impl Iterator<Item = Step> {
    let behind = role.size - role.rank;
    let runs = [(role.rank, 0, behind), (0, behind, role.rank)];
    runs.into_iter().filter(|run| run.2 > 0).map(move |(own, first, count)| step(own, first, count))
}

/// Round `k` of 2·⌈log2 n⌉ of the reduce-scatter: an exchange, then a combination.
pub fn scatter(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (before, after) = held(role.size, k / 2);
    let (spare, kept) =
        (Buffer::Scratch.blocks(role.size, before - after), Buffer::Scratch.blocks(0, before - after));
    if k.is_multiple_of(2) {
        out.push(Step::Send { to: role.up(after), blocks: given(before, after) });
        out.push(Step::Receive { from: role.down(after), blocks: spare });
    } else {
        out.push(Step::Reduce { from: spare, into: kept, order: Order::Before });
    }
}

/// Round `k` of ⌈log2 n⌉ of the all-gather, which takes the rounds back.
pub fn gather(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (before, after) = held(role.size, ceil_log2(role.size) - 1 - k);
    out.push(Step::Send { to: role.down(after), blocks: Buffer::Scratch.blocks(0, before - after) });
    out.push(Step::Receive { from: role.up(after), blocks: given(before, after) });
}

/// The parts that go in a round.
fn given(before: u32, after: u32) -> Range {
    Buffer::Scratch.blocks(after, before - after)
}
