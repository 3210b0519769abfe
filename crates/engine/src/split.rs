//! How members agree on new communicators: each states its wish and a context that it could give; one all-gather of
//! these on the parent lets every member compute the same parts without another message.

use wire::ContextId;

use crate::Group;

/// What one member states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Those with the same colour get a communicator together; `None`: none.
    pub colour: Option<u32>,
    /// Ranks in the new communicator follow the keys, and where they are equal the ranks in the parent.
    pub key: i64,
    /// A context that this member made and gives if it becomes rank 0.
    pub context: ContextId,
}

impl Wish {
    /// Bytes of an encoded wish.
    pub const BYTES: usize = 24;

    /// As it travels.
    pub fn encode(&self) -> [u8; Wish::BYTES] {
        let colour = self.colour.map_or(u64::MAX, u64::from);
        let mut out = [0; Wish::BYTES];
        out[..8].copy_from_slice(&colour.to_le_bytes());
        out[8..16].copy_from_slice(&self.key.to_le_bytes());
        out[16..].copy_from_slice(&self.context.0.to_le_bytes());
        out
    }

    /// From a member's bytes; a colour that no member can state counts as none.
    pub fn decode(bytes: &[u8; Wish::BYTES]) -> Wish {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        Wish { colour: u32::try_from(word(0)).ok(), key: word(8) as i64, context: ContextId(word(16)) }
    }
}

/// The communicator that member `me` of `parent` gets: context, members and its rank; `None` if it wished for none.
/// Every member comes to the same from the same wishes.
pub fn part_of(parent: &Group, wishes: &[Wish], me: usize) -> Option<(ContextId, Group, usize)> {
    let colour = wishes.get(me)?.colour?;
    let mut members: Vec<usize> =
        (0..wishes.len()).filter(|rank| wishes[*rank].colour == Some(colour)).collect();
    // Stable: equal keys stay in order of rank.
    members.sort_by_key(|rank| wishes[*rank].key);
    let rank = members.iter().position(|member| *member == me)?;
    let context = wishes[*members.first()?].context;
    let processes = members.iter().map(|rank| parent.process(*rank)).collect::<Option<Vec<_>>>()?;
    Some((context, Group::of(processes), rank))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::JobId;

    fn wish(rank: u32, colour: Option<u32>, key: i64) -> Wish {
        Wish { colour, key, context: ContextId::new(rank, 1) }
    }

    #[test]
    fn wishes_survive_their_bytes() {
        for wish in [wish(3, Some(0), -1), wish(0, Some(u32::MAX), i64::MIN), wish(7, None, 5)] {
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
            let (context, group, rank) = part_of(&parent, &wishes, me)?;
            assert_eq!(group.process(rank), parent.process(me));
            let all: Vec<u32> = (0..group.size()).map(|r| group.process(r).unwrap().number).collect();
            Some((context, all))
        };
        let five = Some((ContextId::new(2, 1), vec![2, 0, 5]));
        let two = Some((ContextId::new(6, 1), vec![6, 1, 4]));
        assert_eq!([numbers(0), numbers(2), numbers(5)], [five.clone(), five.clone(), five]);
        assert_eq!([numbers(1), numbers(4), numbers(6)], [two.clone(), two.clone(), two]);
        assert_eq!(numbers(3), None);
        assert_eq!(part_of(&parent, &wishes, 7), None);
    }
}
