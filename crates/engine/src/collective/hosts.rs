//! Which members of a communicator share a host, and the part of a member in a form of two levels: within its host, and
//! between hosts.

/// On which host each member of a communicator is; of one that spans several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// The host of each rank. Hosts are numbered in the order of their first members.
    of: Box<[u32]>,
    /// The ranks by host, and of one host in order.
    members: Box<[u32]>,
    /// Where each host's members begin, and the end.
    starts: Box<[u32]>,
    spread: Spread,
}

/// What all members know of [`Hosts`] when they choose an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spread {
    /// How many hosts.
    pub hosts: u32,
    /// The most members on one of them.
    pub largest: u32,
    /// Whether the ranks of each host follow one another.
    pub in_rows: bool,
}

impl Hosts {
    /// From a name of each rank's host; `None` if all are on one.
    ///
    /// ```
    /// use archipelago_engine::collective::Hosts;
    /// let hosts = Hosts::new(["b", "a", "b"]).unwrap();
    /// assert_eq!((hosts.members(0), hosts.members(1)), (&[0, 2][..], &[1][..]));
    /// assert!(!hosts.spread().in_rows);
    /// assert_eq!(Hosts::new(["a", "a"]), None);
    /// ```
    pub fn new<H: Eq + std::hash::Hash>(names: impl IntoIterator<Item = H>) -> Option<Hosts> {
        let mut known = std::collections::HashMap::new();
        let number = |name| {
            let next = known.len() as u32;
            *known.entry(name).or_insert(next)
        };
        let of: Box<[u32]> = names.into_iter().map(number).collect();
        let hosts = known.len() as u32;
        if hosts < 2 {
            return None;
        }
        let mut members: Box<[u32]> = (0..of.len() as u32).collect();
        // Stable: ranks of one host stay in order.
        members.sort_by_key(|rank| of[*rank as usize]);
        let starts = (0..=hosts).map(|host| members.partition_point(|rank| of[*rank as usize] < host) as u32);
        let starts: Box<[u32]> = starts.collect();
        let largest = starts.windows(2).map(|host| host[1] - host[0]).max().unwrap_or(0);
        let spread = Spread { hosts, largest, in_rows: members.is_sorted() };
        Some(Hosts { of, members, starts, spread })
    }

    /// How many hosts.
    pub fn len(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    /// Whether there are none: never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The host of a rank.
    pub fn of(&self, rank: u32) -> u32 {
        self.of[rank as usize]
    }

    /// The ranks on a host, in order.
    pub fn members(&self, host: u32) -> &[u32] {
        let range = self.starts[host as usize] as usize..self.starts[host as usize + 1] as usize;
        &self.members[range]
    }

    /// What an algorithm is chosen by.
    #[inline]
    pub fn spread(&self) -> Spread {
        self.spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_hosts_are_in_order() {
        let check = |names: &[u8], hosts: &[&[u32]], in_rows: bool| {
            let found = Hosts::new(names).unwrap();
            let members: Vec<&[u32]> = (0..found.len()).map(|host| found.members(host)).collect();
            assert_eq!(members, hosts);
            for (rank, name) in names.iter().enumerate() {
                assert_eq!(names[found.members(found.of(rank as u32))[0] as usize], *name);
            }
            let largest = hosts.iter().map(|host| host.len() as u32).max().unwrap();
            assert_eq!(found.spread(), Spread { hosts: hosts.len() as u32, largest, in_rows });
        };
        check(&[7, 7, 3], &[&[0, 1], &[2]], true);
        check(&[1, 2, 1, 2], &[&[0, 2], &[1, 3]], false);
        check(&[1, 2, 3], &[&[0], &[1], &[2]], true);
        check(&[1, 2, 2, 1], &[&[0, 3], &[1, 2]], false);
    }
}
