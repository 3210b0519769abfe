//! What reductions of very large vectors on one host share: a part for each member, of which it gets every other's by a message, and
//! which lies on the board when it is combined, piece by piece.

use crate::collective::{Buffer, Case, Cost, Order, Plan, Range, Role, Scratch, Step, Traffic};

/// Into how many pieces a part is cut for the cells of the board.
fn pieces(case: &Case) -> u32 {
    let part = case.elements.div_ceil(case.size as u64);
    part.div_ceil(case.cell_elements().max(1)).clamp(1, (u32::MAX / case.size / 8) as u64) as u32
}

/// The same as a member sees it.
pub fn pieces_of(role: &Role) -> u32 {
    role.parts / role.size
}

/// In the scratch memory are two vectors, of which a member uses its own part: what arrives, and what it combines if that has no
/// place in its output.
pub fn plan(case: &Case, _rank: u32) -> Plan {
    let pieces = pieces(case);
    let plan = Plan::rounds(combining(case.size) + 2 * pieces + 1);
    plan.parts(case.size * pieces).turns(pieces).scratch(Scratch::Vectors(2))
}

/// Rounds in which parts are combined: two for each of the other members.
fn combining(size: u32) -> u32 {
    1 + 2 * (size - 1)
}

/// Round `k` of the combination, which leaves this member's part in a buffer; or which round after it this is.
pub fn combine(role: &Role, k: u32, into: Buffer, out: &mut Vec<Step>) -> Option<u32> {
    let pieces = pieces_of(role);
    let part = |buffer: Buffer, of: u32| buffer.blocks(of * pieces, pieces);
    let (sum, arriving) =
        (part(into, role.rank), Buffer::Scratch.blocks(role.parts + role.rank * pieces, pieces));
    if k >= combining(role.size) {
        return Some(k - combining(role.size));
    }
    let own = role.own();
    let distance = k.div_ceil(2);
    if k == 0 {
        if own != into {
            out.push(Step::Copy { from: part(own, role.rank), into: sum });
        }
    } else if k % 2 == 1 {
        let (to, from) = (role.up(distance), role.down(distance));
        out.push(Step::Send { to, blocks: part(own, to) });
        out.push(Step::Receive { from, blocks: arriving });
    } else {
        out.push(Step::Reduce { from: arriving, into: sum, order: Order::Before });
    }
    None
}

/// A piece of a member's part.
pub fn piece(role: &Role, of: u32, piece: u32, buffer: Buffer) -> Range {
    buffer.block(of * pieces_of(role) + piece)
}

/// Publishes a piece of this member's part.
pub fn publish(role: &Role, turn: u32, from: Buffer) -> Step {
    Step::publish(turn, piece(role, role.rank, turn, from))
}

/// With so many cells written and read for each piece. Also for the first turn everybody has to come by once more.
pub fn cost(case: &Case, cells: u64) -> Cost {
    let (n, pieces) = (case.size as u64, pieces(case) as u64);
    let part = case.bytes() / n;
    let share = case.bytes() - part;
    Cost {
        latencies: n - 1,
        messages: n - 1,
        bytes: share,
        reduced: share,
        copied: case.bytes() + 2 * part,
        cells: cells * pieces,
        turns: pieces,
        ..Cost::default()
    }
}

pub fn traffic(case: &Case) -> Traffic {
    let n = case.size as u64;
    Traffic::new(n * (n - 1), (n - 1) * case.bytes())
}
