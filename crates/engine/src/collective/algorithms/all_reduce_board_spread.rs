//! All-reduce on the board with the work spread: of each piece every member combines its n-th part from all cells, in
//! order of rank, and publishes that; all fetch the parts of all.
//!
//! No message; for each of s pieces every member waits twice, writes two cells, reads 2n and combines (n - 1)/n of a
//! piece instead of n - 1.

use crate::collective::{Buffer, Case, Cost, Plan, Range, Role, Step, Within};

pub use super::board::traffic;

/// Pieces of n parts each: parts differ by an element, so a piece may have n elements more than its share.
fn pieces(case: &Case) -> u32 {
    let room = case.cell_elements();
    match case.elements <= room {
        true => 1,
        false => {
            let share = room.saturating_sub(case.size as u64).max(1);
            case.elements.div_ceil(share).min(u32::MAX as u64 / case.size as u64 / 8) as u32
        }
    }
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    let pieces = pieces(case);
    Plan::rounds(5 * pieces + 1).parts(pieces * case.size).turns(2 * pieces)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (n, pieces) = (role.size, role.parts / role.size);
    let (piece, phase) = (k / 5, k % 5);
    let whole = |piece| Range { first: piece * n, count: n, ..role.own().block(0) };
    let part = |piece, of| Buffer::Output.block(piece * n + of);
    match phase {
        0 => {
            if let Some(done) = piece.checked_sub(1) {
                let others = (0..n).filter(|of| *of != role.rank);
                out.extend(others.map(|of| {
                    let into = part(done, of);
                    let at = Within::Packed { skip: 0, whole: role.bytes(into) };
                    Step::Fetch { turn: 2 * done + 1, of, count: 1, at, into }
                }));
            }
            if piece < pieces {
                out.push(Step::publish(2 * piece, whole(piece)));
            }
        }
        1 => out.push(Step::Await { turn: 2 * piece, of: 0, count: n }),
        2 => {
            let before = Range { count: role.rank, ..whole(piece) };
            let at = Within::Packed { skip: role.bytes(before), whole: role.bytes(whole(piece)) };
            out.push(Step::Fetch { turn: 2 * piece, of: 0, count: n, at, into: part(piece, role.rank) });
        }
        3 => out.push(Step::publish(2 * piece + 1, part(piece, role.rank))),
        _ => out.push(Step::Await { turn: 2 * piece + 1, of: 0, count: n }),
    }
}

pub fn cost(case: &Case) -> Cost {
    let (n, pieces, m) = (case.size as u64, pieces(case) as u64, case.bytes());
    Cost {
        cells: 2 * (1 + n) * pieces,
        copied: 2 * m + 2 * m / n,
        reduced: m - m / n,
        turns: 2 * pieces - 1,
        ..Cost::default()
    }
}
