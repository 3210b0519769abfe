//! All-to-all by Bruck's algorithm: the block for the i-th member further on travels by the set bits of i, together
//! with all blocks that have the same bit set.
//!
//! ⌈log2 n⌉·L + ⌈log2 n⌉·(n/2)·m·β; n·⌈log2 n⌉ messages. J. Bruck, C.-T. Ho et al., 1997 (see the all-gather).
//!
//! A block lies where it was last received: block i, before it moves by bit k, in the caller's input if no lower
//! bit of i is set, else among the arrivals of the highest lower one. So each move costs one copy, into the
//! message. The scratch memory holds one message to send, then the arrivals of each bit.

use super::tree::{ceil_log2, set_bits_below, with_bit_below};
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Scratch, Step, Traffic};

/// Blocks that travel by bit k.
fn travelling(size: u32, k: u32) -> u32 {
    with_bit_below(size, k) as u32
}

/// The most blocks in one message.
fn message(size: u32) -> u32 {
    (0..ceil_log2(size)).map(|k| travelling(size, k)).max().unwrap_or(0)
}

/// Where the arrivals by bit k start.
fn arrivals(size: u32, k: u32) -> u32 {
    message(size) + (0..k).map(|j| travelling(size, j)).sum::<u32>()
}

/// The place of block i, which has bit k set, among those that have: i without that bit.
fn place(i: u32, k: u32) -> u32 {
    (i >> (k + 1)) << k | (i & ((1 << k) - 1))
}

/// Where block i, moved by the bits of `moved`, lies now.
fn lies(role: &Role, i: u32, moved: u32) -> Range {
    match moved.checked_ilog2() {
        None => Buffer::Input.block(role.up(i)),
        Some(k) => Buffer::Scratch.block(arrivals(role.size, k) + place(i, k)),
    }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let levels = ceil_log2(case.size);
    let blocks = arrivals(case.size, levels);
    Plan::rounds(2 * levels + 1).scratch(Scratch::Ranks { blocks, rotation: 0 })
}

pub fn round(role: &Role, round: u32, out: &mut Vec<Step>) {
    let levels = ceil_log2(role.size);
    if round == 2 * levels {
        for i in 0..role.size {
            out.push(Step::Copy { from: lies(role, i, i), into: Buffer::Output.block(role.down(i)) });
        }
        return;
    }
    let k = round / 2;
    let bit = 1 << k;
    if round.is_multiple_of(2) {
        for i in (bit..role.size).filter(|i| i & bit != 0) {
            out.push(Step::Copy {
                from: lies(role, i, i & (bit - 1)),
                into: Buffer::Scratch.block(place(i, k)),
            });
        }
    } else {
        let count = travelling(role.size, k);
        out.push(Step::Send { to: role.up(bit), blocks: Buffer::Scratch.blocks(0, count) });
        let blocks = Buffer::Scratch.blocks(arrivals(role.size, k), count);
        out.push(Step::Receive { from: role.down(bit), blocks });
    }
}

pub fn cost(case: &Case) -> Cost {
    let moved = set_bits_below(case.size) * case.bytes();
    Cost::steps(ceil_log2(case.size), moved).copying(moved + case.size as u64 * case.bytes())
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(n * ceil_log2(case.size) as u64, n * set_bits_below(case.size) * case.bytes())
}
