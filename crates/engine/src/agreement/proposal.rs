//! What is agreed on, and how it travels.

/// Ranks of a group. Up to 64 ranks need no memory besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RankSet {
    /// Ranks 0 to 63.
    first: u64,
    /// The others, without trailing zeros.
    rest: Vec<u64>,
}

impl RankSet {
    /// Takes a rank in; false if it was there.
    pub fn insert(&mut self, rank: usize) -> bool {
        let (word, bit) = (rank / 64, 1 << (rank % 64));
        let word = match word.checked_sub(1) {
            None => &mut self.first,
            Some(place) => {
                if self.rest.len() <= place {
                    self.rest.resize(place + 1, 0);
                }
                &mut self.rest[place]
            }
        };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Whether a rank is in it.
    pub fn contains(&self, rank: usize) -> bool {
        self.word(rank / 64) & 1 << (rank % 64) != 0
    }

    /// How many.
    pub fn len(&self) -> usize {
        (0..=self.rest.len()).map(|place| self.word(place).count_ones() as usize).sum()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ranks, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..64 * (self.rest.len() + 1)).filter(|rank| self.contains(*rank))
    }

    /// Takes all ranks of another in.
    pub fn add(&mut self, other: &RankSet) {
        self.first |= other.first;
        if self.rest.len() < other.rest.len() {
            self.rest.resize(other.rest.len(), 0);
        }
        self.rest.iter_mut().zip(&other.rest).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Keeps the ranks that are in another as well.
    pub fn keep(&mut self, other: &RankSet) {
        self.first &= other.first;
        for place in 0..self.rest.len() {
            self.rest[place] &= other.word(place + 1);
        }
        self.trim();
    }

    /// Whether all of its ranks are in another.
    pub fn is_subset(&self, other: &RankSet) -> bool {
        (0..=self.rest.len()).all(|place| self.word(place) & !other.word(place) == 0)
    }

    fn word(&self, place: usize) -> u64 {
        if place == 0 { self.first } else { self.rest.get(place - 1).copied().unwrap_or(0) }
    }

    fn trim(&mut self) {
        while self.rest.last() == Some(&0) {
            self.rest.pop();
        }
    }
}

impl FromIterator<usize> for RankSet {
    fn from_iter<I: IntoIterator<Item = usize>>(ranks: I) -> RankSet {
        let mut set = RankSet::default();
        ranks.into_iter().for_each(|rank| {
            set.insert(rank);
        });
        set
    }
}

/// What a member contributes, and what all agree on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// Combined by a bitwise and.
    pub flags: u64,
    /// A context that nobody else uses: agreed on is one of those contributed; 0 for none.
    pub context: u64,
    /// Who is gone. Agreed on are all that one of the members knew of.
    pub failed: RankSet,
    /// Whom of these the program has acknowledged. Agreed on are those that all have.
    pub acknowledged: RankSet,
}

impl Proposal {
    /// Takes another member's contribution in.
    pub fn combine(&mut self, other: &Proposal) {
        self.flags &= other.flags;
        if self.context == 0 {
            self.context = other.context;
        }
        self.failed.add(&other.failed);
        self.acknowledged.keep(&other.acknowledged);
    }

    /// Whether every member had acknowledged all who are gone.
    pub fn is_acknowledged(&self) -> bool {
        self.failed.is_subset(&self.acknowledged)
    }

    /// How long it is in a frame, for a group of so many: 32 bytes up to 64 ranks, and 16 more for every 64.
    pub fn bytes(size: usize) -> usize {
        8 * (2 + 2 * size.div_ceil(64))
    }

    /// As it stands in a frame, for a group of so many.
    pub fn encode(&self, size: usize) -> Vec<u8> {
        let words = size.div_ceil(64);
        let set = |set: &RankSet| (0..words).map(|place| set.word(place)).collect::<Vec<_>>();
        let all = [vec![self.flags, self.context], set(&self.failed), set(&self.acknowledged)].concat();
        all.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// `None` when the bytes are none for a group of so many (a broken peer).
    pub fn decode(bytes: &[u8], size: usize) -> Option<Proposal> {
        let (words, _) = bytes.as_chunks::<8>();
        let sets = size.div_ceil(64);
        if bytes.len() != Proposal::bytes(size) {
            return None;
        }
        let word = |place: usize| u64::from_le_bytes(words[place]);
        let set = |from: usize| {
            let mut set = RankSet { first: word(from), rest: (1..sets).map(|i| word(from + i)).collect() };
            set.trim();
            set.iter().last().is_none_or(|last| last < size).then_some(set)
        };
        Some(Proposal { flags: word(0), context: word(1), failed: set(2)?, acknowledged: set(2 + sets)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        let ranks = [0, 3, 63, 64, 127, 128, 500];
        let set: RankSet = ranks.into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), ranks);
        assert_eq!(set.len(), ranks.len());
        assert!((0..600).all(|rank| set.contains(rank) == ranks.contains(&rank)));
        let mut other: RankSet = [3, 64, 65].into_iter().collect();
        assert!(!other.is_subset(&set) && !set.is_subset(&other));
        other.keep(&set);
        assert_eq!(other.iter().collect::<Vec<_>>(), [3, 64]);
        assert!(other.is_subset(&set));
        let mut all = other.clone();
        all.add(&set);
        assert_eq!(all, set);
        all.keep(&RankSet::default());
        assert_eq!(all, RankSet::default());
    }

    #[test]
    fn proposals_survive_and_others_are_refused() {
        for size in [1, 5, 64, 65, 128, 4096] {
            let failed: RankSet = [0, size / 2, size - 1].into_iter().collect();
            let acknowledged = [size - 1].into_iter().collect();
            let proposal = Proposal { flags: 6, context: 7, failed, acknowledged };
            let bytes = proposal.encode(size);
            assert_eq!(bytes.len(), 16 + 16 * size.div_ceil(64));
            assert_eq!(Proposal::decode(&bytes, size), Some(proposal));
            assert_eq!(Proposal::decode(&bytes[1..], size), None);
            assert_eq!(Proposal::decode(&[&bytes[..], &[0; 8]].concat(), size), None);
            if size % 64 != 0 {
                let beyond = Proposal {
                    flags: 0,
                    context: 0,
                    failed: [size].into_iter().collect(),
                    acknowledged: RankSet::default(),
                };
                assert_eq!(Proposal::decode(&beyond.encode(size), size), None);
            }
        }
    }

    #[test]
    fn what_all_have_acknowledged_is_acknowledged() {
        let contribution = |failed: &[usize], acknowledged: &[usize]| Proposal {
            flags: !0,
            context: 1,
            failed: failed.iter().copied().collect(),
            acknowledged: acknowledged.iter().copied().collect(),
        };
        let check = |contributions: &[Proposal], expected| {
            let (first, others) = contributions.split_first().unwrap();
            let mut agreed = first.clone();
            others.iter().for_each(|other| agreed.combine(other));
            assert_eq!(agreed.is_acknowledged(), expected, "{contributions:?}");
        };
        check(&[contribution(&[], &[]), contribution(&[], &[])], true);
        check(&[contribution(&[1], &[]), contribution(&[], &[])], false);
        check(&[contribution(&[1], &[1]), contribution(&[], &[])], false);
        check(&[contribution(&[1], &[1]), contribution(&[1], &[1])], true);
        check(&[contribution(&[1, 2], &[1]), contribution(&[1], &[1])], false);
    }
}
