//! All-to-all by Bruck's algorithm to base 4: the block for the i-th member further on travels by the digits of i, three
//! messages in each of half as many rounds, and at most once for each digit.
//!
//! ⌈log4 n⌉·L + 3·⌈log4 n⌉·o + 3/4·⌈log4 n⌉·n·m·β. J. Bruck, C.-T. Ho et al., 1997, for k = 3 ports.
//!
//! Blocks lie as in the algorithm to base 2: where they were last received. The scratch memory holds the messages of a
//! round, then the arrivals of each digit of each place, in the order of i.

use super::all_gather_k_bruck::RADIX;
use super::tree::levels;
use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Scratch, Step, Traffic};

/// The digit of `i` at place `k`.
fn digit(i: u32, k: u32) -> u32 {
    i / RADIX.pow(k) % RADIX
}

/// How many of the numbers below `n` have `digit` (not 0) at place `k`.
fn with_digit_below(n: u32, k: u32, digit: u32) -> u32 {
    let (unit, whole) = (RADIX.pow(k), RADIX.pow(k) * RADIX);
    n / whole * unit + (n % whole).saturating_sub(digit * unit).min(unit)
}

/// Blocks in the messages of round k.
fn travelling(size: u32, k: u32) -> u32 {
    (1..RADIX).map(|digit| with_digit_below(size, k, digit)).sum()
}

/// The most blocks in the messages of a round.
fn messages(size: u32) -> u32 {
    (0..levels(size, RADIX)).map(|k| travelling(size, k)).max().unwrap_or(0)
}

/// Where block i, which has a digit at place k, stands among those of the round.
fn place(size: u32, i: u32, k: u32) -> u32 {
    let before: u32 = (1..digit(i, k)).map(|digit| with_digit_below(size, k, digit)).sum();
    before + with_digit_below(i, k, digit(i, k))
}

/// Where block i lies before it moves by the places from `k` on.
fn lies(role: &Role, i: u32, k: u32) -> Range {
    match (0..k).rev().find(|earlier| digit(i, *earlier) != 0) {
        None => Buffer::Input.block(role.up(i)),
        Some(last) => {
            let arrivals: u32 = (0..last).map(|j| travelling(role.size, j)).sum();
            Buffer::Scratch.block(messages(role.size) + arrivals + place(role.size, i, last))
        }
    }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let levels = levels(case.size, RADIX);
    let blocks = messages(case.size) + (0..levels).map(|k| travelling(case.size, k)).sum::<u32>();
    Plan::rounds(2 * levels + 1).scratch(Scratch::Ranks { blocks, rotation: 0 })
}

pub fn round(role: &Role, round: u32, out: &mut Vec<Step>) {
    let (n, levels) = (role.size, levels(role.size, RADIX));
    let k = round / 2;
    if k == levels {
        let home = |i| Step::Copy { from: lies(role, i, levels), into: Buffer::Output.block(role.down(i)) };
        return out.extend((0..n).map(home));
    }
    if round.is_multiple_of(2) {
        let moving = (1..n).filter(|i| digit(*i, k) != 0);
        let gather = |i| Step::Copy { from: lies(role, i, k), into: Buffer::Scratch.block(place(n, i, k)) };
        return out.extend(moving.map(gather));
    }
    let mut first = 0;
    let arrivals = messages(n) + (0..k).map(|j| travelling(n, j)).sum::<u32>();
    for digit in 1..RADIX {
        let count = with_digit_below(n, k, digit);
        if count > 0 {
            let distance = digit * RADIX.pow(k);
            let blocks = Buffer::Scratch.blocks(first, count);
            out.push(Step::Send { to: role.up(distance), blocks });
            let blocks = Buffer::Scratch.blocks(arrivals + first, count);
            out.push(Step::Receive { from: role.down(distance), blocks });
        }
        first += count;
    }
}

pub fn cost(case: &Case) -> Cost {
    let n = case.size;
    let levels = levels(n, RADIX);
    let moved = (0..levels).map(|k| travelling(n, k) as u64).sum::<u64>() * case.bytes();
    let nonempty = |k| (1..RADIX).filter(|digit| with_digit_below(n, k, *digit) > 0).count() as u64;
    Cost {
        latencies: levels as u64,
        messages: (0..levels).map(nonempty).sum(),
        bytes: moved,
        copied: moved + n as u64 * case.bytes(),
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let cost = cost(case);
    Traffic::new(case.size as u64 * cost.messages, case.size as u64 * cost.bytes)
}
