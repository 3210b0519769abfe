//! Vector forms on the board: a cell is cut into slots, and a block that fits its slot goes there; what doesn't goes by
//! a message. Both ends know the block's length, so nobody need tell.
//!
//! No message for what fits; one for each block that doesn't.

use crate::collective::{Buffer, Case, Cost, Plan, Publication, Range, Role, SLOT_WORD_BYTES, Step, Within};

/// One member's part.
pub struct Exchange<P, L, C> {
    /// Which blocks it publishes, if any: number i of them is in slot i.
    pub publish: P,
    /// To whom which block goes.
    pub leaving: L,
    /// From whom, and in which of that member's slots, which block comes.
    pub coming: C,
    /// Whose publications it awaits: the first and how many.
    pub awaiting: (u32, u32),
}

/// The plan with so many slots.
pub fn plan(slots: u32) -> Plan {
    Plan::rounds(3).turns(1).slots(slots)
}

/// Round `k` of three.
pub fn round<P, L, C>(role: &Role, k: u32, exchange: Exchange<P, L, C>, out: &mut Vec<Step>)
where
    P: Into<Option<Range>>,
    L: Iterator<Item = (u32, Range)>,
    C: Iterator<Item = (u32, u32, Range)>,
{
    let Exchange { publish, leaving, coming, awaiting: (of, count) } = exchange;
    match k {
        0 => {
            out.extend(publish.into().map(in_slots));
            let large = leaving.filter(|(_, block)| !role.fits_slot(*block));
            out.extend(large.map(|(to, blocks)| Step::Send { to, blocks }));
            let large = coming.filter(|(.., block)| !role.fits_slot(*block));
            out.extend(large.map(|(from, _, blocks)| Step::Receive { from, blocks }));
        }
        1 if count > 0 => out.push(Step::Await { turn: 0, of, count }),
        1 => {}
        _ => {
            let small = coming.filter(|(.., block)| role.fits_slot(*block));
            out.extend(small.map(|(of, slot, into)| fetch(of, slot, into)));
        }
    }
}

/// Publishes blocks, each in a slot of its own.
pub fn in_slots(blocks: Range) -> Step {
    Step::Publish(Publication { turn: 0, blocks, stride: 1, slots: true })
}

/// Fetches the block that a member has put into a slot.
pub fn fetch(of: u32, slot: u32, into: Range) -> Step {
    Step::Fetch { turn: 0, of, count: 1, at: Within::Slot(slot), into }
}

/// Whether equal blocks fit.
pub fn equal_fit(case: &Case, slots: u32) -> bool {
    case.bytes() + SLOT_WORD_BYTES <= case.slot_bytes(slots)
}

/// Blocks of which a member sends or gets so many at most.
pub fn cost(case: &Case, slots: u32, messages: u64, copies: u64) -> Cost {
    // Beside those of the blocks, that of the words which name them.
    let cells = messages + 3;
    match equal_fit(case, slots) {
        true => Cost { cells, copied: copies * case.bytes(), ..Cost::default() },
        false => {
            let bytes = messages * case.bytes();
            Cost { cells, latencies: messages.min(1), messages, bytes, ..Cost::default() }
        }
    }
}

/// A block of the output from each of the others, all in their first slots or in this member's.
pub fn from_others(role: &Role, mine: bool) -> impl Iterator<Item = (u32, u32, Range)> {
    let (rank, slot) = (role.rank, if mine { role.rank } else { 0 });
    let others = (0..role.size).filter(move |from| *from != rank);
    others.map(move |from| (from, slot, Buffer::Output.block(from)))
}
