//! How members agree on new communicators: each states its wish and a context that it could give; one all-gather of
//! these on the parent lets every member compute the same parts without another message.

use std::sync::Arc;

use mapped::board::Place;
use wire::ContextId;

use crate::Group;

/// What one member states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Those with the same colour get a communicator together; `None`: none.
    pub colour: Option<u32>,
    /// Ranks in the new communicator follow the keys, and where they are equal the ranks in the parent.
    pub key: i64,
    /// A context that this member made, if it has any left; that of the first member of a part that has one is taken.
    pub context: Option<ContextId>,
    /// An entry that this member took for the new communicator's board, if it could.
    pub place: Option<Place>,
}

/// What a member gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The context of the new communicator; `None`: no member had any left.
    pub context: Option<ContextId>,
    /// Its members.
    pub group: Group,
    /// This member's rank.
    pub rank: usize,
    /// The members' places on its board, if all of them have one.
    pub places: Option<Arc<[Place]>>,
}

impl Wish {
    /// Bytes of an encoded wish.
    pub const BYTES: usize = 32;

    /// As it travels.
    pub fn encode(&self) -> [u8; Wish::BYTES] {
        let colour = self.colour.map_or(u64::MAX, u64::from);
        let mut out = [0; Wish::BYTES];
        out[..8].copy_from_slice(&colour.to_le_bytes());
        out[8..16].copy_from_slice(&self.key.to_le_bytes());
        // No created context is the world's.
        let context = self.context.unwrap_or(ContextId::WORLD);
        out[16..24].copy_from_slice(&context.0.to_le_bytes());
        let place = self.place.map_or(NO_PLACE, Place::word);
        out[24..].copy_from_slice(&place.to_le_bytes());
        out
    }

    /// From a member's bytes; a colour that no member can state counts as none.
    pub fn decode(bytes: &[u8; Wish::BYTES]) -> Wish {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        Wish {
            colour: u32::try_from(word(0)).ok(),
            key: word(8) as i64,
            context: Some(ContextId(word(16))).filter(|context| *context != ContextId::WORLD),
            place: (word(24) != NO_PLACE).then(|| Place::from_word(word(24))),
        }
    }
}

/// Stands for no place: no pool has that many entries.
const NO_PLACE: u64 = u64::MAX;

/// What member `me` of `parent` gets; `None` if it wished for nothing. Every member comes to the same from the same
/// wishes.
pub fn part_of(parent: &Group, wishes: &[Wish], me: usize) -> Option<Part> {
    let colour = wishes.get(me)?.colour?;
    part_with(parent, wishes, me, |rank| wishes[rank].colour == Some(colour))
}

/// What member `me` of `parent` gets if its part is made of those for whom `is_with_me` holds.
pub fn part_with(
    parent: &Group,
    wishes: &[Wish],
    me: usize,
    is_with_me: impl Fn(usize) -> bool,
) -> Option<Part> {
    let mut members: Vec<usize> = (0..wishes.len()).filter(|rank| is_with_me(*rank)).collect();
    // Stable: equal keys stay in order of rank.
    members.sort_by_key(|rank| wishes[*rank].key);
    let rank = members.iter().position(|member| *member == me)?;
    let context = members.iter().find_map(|rank| wishes[*rank].context);
    let processes = members.iter().map(|rank| parent.process(*rank)).collect::<Option<Vec<_>>>()?;
    let places = members.iter().map(|rank| wishes[*rank].place).collect();
    Some(Part { context, group: Group::of(processes), rank, places })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::JobId;

    fn wish(rank: u32, colour: Option<u32>, key: i64) -> Wish {
        Wish {
            colour,
            key,
            context: Some(ContextId::new(rank, 1)),
            place: Some(Place::of_world(rank as u16)),
        }
    }

    #[test]
    fn wishes_survive_their_bytes() {
        let nowhere = Wish { place: None, context: None, ..wish(1, Some(1), 1) };
        for wish in [wish(3, Some(0), -1), wish(0, Some(u32::MAX), i64::MIN), wish(7, None, 5), nowhere] {
            assert_eq!(Wish::decode(&wish.encode()), wish);
        }
    }

    #[test]
    fn parts_are_disjoint_complete_and_agreed() {
        let parent = Group::world(JobId(1), 7);
        let wishes = [
            wish(0, Some(5), 9),
            wish(1, Some(2), 0),
            wish(2, Some(5), -3),
            wish(3, None, 0),
            wish(4, Some(2), 0),
            wish(5, Some(5), 9),
            wish(6, Some(2), -1),
        ];
        let numbers = |me: usize| {
            let part = part_of(&parent, &wishes, me)?;
            assert_eq!(part.group.process(part.rank), parent.process(me));
            let all: Vec<u32> =
                (0..part.group.size()).map(|r| part.group.process(r).unwrap().number).collect();
            let slots: Vec<u32> = part.places.unwrap().iter().map(|place| place.slot as u32).collect();
            assert_eq!(slots, all);
            Some((part.context.unwrap(), all))
        };
        let five = Some((ContextId::new(2, 1), vec![2, 0, 5]));
        let two = Some((ContextId::new(6, 1), vec![6, 1, 4]));
        assert_eq!([numbers(0), numbers(2), numbers(5)], [five.clone(), five.clone(), five]);
        assert_eq!([numbers(1), numbers(4), numbers(6)], [two.clone(), two.clone(), two]);
        assert_eq!(numbers(3), None);
        assert_eq!(part_of(&parent, &wishes, 7), None);
        // One without a place leaves all without a board.
        let mut wishes = wishes;
        wishes[4].place = None;
        assert_eq!(part_of(&parent, &wishes, 6).unwrap().places, None);
        assert!(part_of(&parent, &wishes, 0).unwrap().places.is_some());
        // Who has no context left takes another's; only a part of such gets none.
        wishes[6].context = None;
        assert_eq!(part_of(&parent, &wishes, 1).unwrap().context, Some(ContextId::new(1, 1)));
        (wishes[1].context, wishes[4].context) = (None, None);
        assert_eq!(part_of(&parent, &wishes, 1).unwrap().context, None);
    }
}
