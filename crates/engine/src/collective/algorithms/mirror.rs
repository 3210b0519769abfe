//! A gather is a scatter backwards: its last round first, sends and receives exchanged, input and output exchanged.

use crate::collective::{Buffer, Case, Plan, Range, Role, Step};

/// Round `k` of the mirror of a schedule of `rounds` rounds.
pub fn round(
    role: &Role,
    k: u32,
    rounds: u32,
    original: fn(&Role, u32, &mut Vec<Step>),
    out: &mut Vec<Step>,
) {
    let before = out.len();
    original(role, rounds - 1 - k, out);
    out[before..].iter_mut().for_each(|step| *step = mirrored(*step));
}

fn mirrored(step: Step) -> Step {
    let turned = |blocks: Range| {
        let buffer = match blocks.buffer {
            Buffer::Input => Buffer::Output,
            Buffer::Output => Buffer::Input,
            Buffer::Scratch => Buffer::Scratch,
        };
        Range { buffer, ..blocks }
    };
    match step {
        Step::Send { to, blocks } => Step::Receive { from: to, blocks: turned(blocks) },
        Step::Receive { from, blocks } => Step::Send { to: from, blocks: turned(blocks) },
        Step::Copy { from, into } => Step::Copy { from: turned(into), into: turned(from) },
        other => other,
    }
}

/// A schedule that depends on nothing but the number of members.
pub fn rounds(plan: fn(&Case, u32) -> Plan, role: &Role) -> u32 {
    let case = Case::new(crate::collective::Collective::Scatter, role.size, 0, 1);
    plan(&case, role.rank).rounds
}
