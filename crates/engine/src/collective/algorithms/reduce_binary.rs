//! Reduce on a binary tree, in segments that follow one another: every member combines its own with those of the ranks right
//! behind it, and of those behind them. The order of operands is kept.
//!
//! (d + s - 1)·(L + 2·(o + m/s·β + m/s·γ)) with a tree of depth d and s segments; s·(n - 1) messages.

use super::accumulate::Accumulator;
use super::reduce_binomial::{hand_over, hand_over_cost};
use crate::collective::cost::segments;
use crate::collective::{Buffer, Case, Cost, Order, Plan, Role, Scratch, Step, Traffic};

/// A member's place in the tree.
struct Place {
    depth: u32,
    parent: Option<u32>,
    children: [Option<u32>; 2],
}

impl Place {
    /// A subtree is a run of ranks: its root, then the two subtrees below, the larger one first.
    fn of(rank: u32, size: u32) -> Place {
        let (mut first, mut end, mut depth, mut parent) = (0, size, 0, None);
        loop {
            let left_end = first + 1 + (end - first - 1).div_ceil(2);
            if rank == first {
                let child = |from: u32, to: u32| (from < to).then_some(from);
                return Place { depth, parent, children: [child(first + 1, left_end), child(left_end, end)] };
            }
            (parent, depth) = (Some(first), depth + 1);
            (first, end) = if rank < left_end { (first + 1, left_end) } else { (left_end, end) };
        }
    }
}

/// The depth of the tree: that of the last of its first branch.
fn depth(size: u32) -> u32 {
    std::iter::successors(Some(size), |members| Some((members - 1).div_ceil(2)))
        .take_while(|n| *n > 1)
        .count() as u32
}

fn cut(case: &Case) -> u32 {
    segments(case.bytes(), depth(case.size) + 1)
}

fn steps(case: &Case) -> u32 {
    if case.size == 1 { 0 } else { depth(case.size) - 1 + cut(case) }
}

pub fn plan(case: &Case, rank: u32) -> Plan {
    let plan = Plan::rounds(3 * steps(case) + 1).parts(cut(case));
    let leaf = Place::of(rank, case.size).children[0].is_none();
    if leaf { plan } else { plan.scratch(Scratch::Vectors(3)) }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let sum = Accumulator::to_zero(role);
    let depth = depth(role.size);
    if role.size == 1 || k == 3 * (depth - 1 + role.parts) {
        return hand_over(role, out);
    }
    let place = Place::of(role.rank, role.size);
    // Segment s leaves the members at depth d in step depth - d + s.
    let step = k / 3 + place.depth;
    let segment = |number: Option<u32>| number.filter(|s| *s < role.parts);
    let second = |s: u32| Buffer::Scratch.block(2 * role.parts + s);
    let coming = segment((step + 1).checked_sub(depth));
    match k % 3 {
        0 => {
            if let (Some(to), Some(s)) = (place.parent, segment(step.checked_sub(depth))) {
                out.push(Step::Send { to, blocks: sum.partial(place.children[0].is_some(), s, 1) });
            }
            let [left, right] = place.children;
            if let (Some(from), Some(s)) = (left, coming) {
                out.push(Step::Receive { from, blocks: sum.arrival(false, s, 1) });
            }
            if let (Some(from), Some(s)) = (right, coming) {
                out.push(Step::Receive { from, blocks: second(s) });
            }
        }
        1 if place.children[0].is_some() => {
            out.extend(coming.map(|s| sum.combine(false, s, 1, Order::After)))
        }
        2 if place.children[1].is_some() => out.extend(coming.map(|s| Step::Reduce {
            from: second(s),
            into: sum.partial(true, s, 1),
            order: Order::After,
        })),
        _ => {}
    }
}

pub fn cost(case: &Case) -> Cost {
    let steps = steps(case) as u64;
    let messages = steps * (case.size as u64 - 1).min(2);
    let bytes = messages * case.bytes().div_ceil(cut(case) as u64);
    let last = hand_over_cost(case);
    let whole =
        Cost { latencies: steps + last.latencies, messages: messages + last.messages, ..Cost::default() };
    Cost { bytes: bytes + last.bytes, ..whole }.reducing(bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * cut(case) as u64, hops * case.bytes())
}
