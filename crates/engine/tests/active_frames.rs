//! Frames of active messages: whatever a peer sends is read as what it says and no more, or refused. The fuzz target
//! `active_messages` looks for what these seeds don't have.

#[allow(dead_code, reason = "the tests of collectives use the rest")]
mod world;

use archipelago_engine::active::rewritten;
use world::Chance;

const ACTIVE: u8 = 40;
const ACTIVE_RENDEZVOUS: u8 = 41;

/// Bits of a label that say nothing.
const LABEL_MASK: u64 = (1 << 62) - 1;

#[test]
fn what_is_read_of_a_frame_is_all_that_it_says() {
    let mut chance = Chance::new(7);
    let (mut taken, mut refused) = ([0u32; 2], [0u32; 2]);
    for _ in 0..200_000 {
        let is_announced = chance.below(2) == 1;
        let frame_kind = if is_announced { ACTIVE_RENDEZVOUS } else { ACTIVE };
        let kind = chance.below(8) as u64;
        let label = (kind << 59 | chance.below(1 << 30) as u64) ^ (chance.below(4) as u64) << 62;
        let header = [chance.below(1 << 40) as u64, label, chance.below(1 << 40) as u64];
        // Mostly such lengths as heads and announcements have.
        let lengths = [0, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 39, 40, 41, 100];
        let length = lengths[chance.below(lengths.len())];
        let mut payload: Vec<u8> = (0..length).map(|_| chance.below(256) as u8).collect();
        // The last two bytes of a forwarded request's head are zero, and so are those of lengths that there are.
        if chance.below(4) > 0 {
            let head = if is_announced { 24 } else { 0 };
            payload.iter_mut().skip(head + 14).take(2).for_each(|byte| *byte = 0);
            payload.iter_mut().skip(6).take(if is_announced { 2 } else { 0 }).for_each(|byte| *byte = 0);
        }
        let at = usize::from(is_announced);
        match rewritten(frame_kind, header, &payload) {
            Some(again) => {
                taken[at] += 1;
                assert_eq!(again, (frame_kind, [header[0], label & LABEL_MASK, header[2]], payload));
            }
            None => refused[at] += 1,
        }
    }
    assert!(taken.iter().chain(&refused).all(|count| *count > 1_000), "{taken:?} taken, {refused:?} refused");
    // Other kinds of frames are none of these.
    assert_eq!(rewritten(1, [0, 1 << 59, 0], &[]), None);
}
