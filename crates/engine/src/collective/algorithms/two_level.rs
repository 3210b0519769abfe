//! What forms of two levels share: a *leader* on each host, and schedules among the members of a host or among the
//! leaders, whose ranks are numbered anew.
//!
//! The leader is the lowest rank of a host, and of the root's host the root. Hosts are numbered from the root's on. So the
//! first leader is rank 0 of the schedule.

use super::tree::ceil_log2;
use crate::collective::{Case, Hosts, Role, Spread, Step};

/// Some members, numbered from their leader on, as one of them sees it.
#[derive(Clone, Copy, Debug)]
pub struct Team {
    /// This member's number.
    pub index: u32,
    /// How many.
    pub size: u32,
}

/// A member's place on both levels.
pub struct Place<'a> {
    role: &'a Role,
    hosts: &'a Hosts,
    /// The first host: that of rank 0 of the schedule.
    first: u32,
    /// This member's host.
    host: u32,
    /// The members of this host.
    pub near: Team,
    /// The leaders, if this is one.
    pub far: Option<Team>,
}

impl<'a> Place<'a> {
    /// None of a communicator on one host: no such row fits that.
    pub fn of(role: &'a Role) -> Option<Place<'a>> {
        let hosts = role.hosts.as_deref()?;
        let me = real(role, role.rank);
        let (first, host) = (hosts.of(real(role, 0)), hosts.of(me));
        let mut place = Place { role, hosts, first, host, near: Team { index: 0, size: 0 }, far: None };
        let members = hosts.members(host);
        let size = members.len() as u32;
        let at = members.iter().position(|rank| *rank == me).unwrap_or(0) as u32;
        place.near = Team { index: (at + size - place.leads(host)) % size, size };
        let far = Team { index: place.host_number(), size: hosts.len() };
        place.far = (place.near.index == 0).then_some(far);
        Some(place)
    }

    /// The number of this member's host, from the first on.
    pub fn host_number(&self) -> u32 {
        (self.host + self.hosts.len() - self.first) % self.hosts.len()
    }

    /// How many hosts.
    pub fn hosts(&self) -> u32 {
        self.hosts.len()
    }

    /// Where the leader stands among the members of a host.
    fn leads(&self, host: u32) -> u32 {
        if host != self.first {
            return 0;
        }
        let first = real(self.role, 0);
        self.hosts.members(host).iter().position(|rank| *rank == first).unwrap_or(0) as u32
    }

    /// Into how many parts the vector is cut.
    pub fn parts(&self) -> u32 {
        self.role.parts
    }

    /// How many members the host of this number has.
    pub fn members(&self, number: u32) -> u32 {
        self.hosts.members((self.first + number) % self.hosts.len()).len() as u32
    }

    /// The rank in the schedule of a member of a host.
    pub fn rank(&self, number: u32, index: u32) -> u32 {
        let host = (self.first + number) % self.hosts.len();
        let members = self.hosts.members(host);
        let rank = members[((index + self.leads(host)) % members.len() as u32) as usize];
        (rank + self.role.size - self.role.shift) % self.role.size
    }

    /// The rank in the schedule of a member of this host.
    pub fn mate(&self, index: u32) -> u32 {
        self.rank(self.host_number(), index)
    }

    /// The rank in the schedule of a leader.
    pub fn leader(&self, number: u32) -> u32 {
        self.rank(number, 0)
    }

    /// Members of the hosts from number `from` on, `count` of them, going round.
    pub fn members_of(&self, from: u32, count: u32) -> u32 {
        (from..from + count).map(|number| self.members(number % self.hosts())).sum()
    }

    /// Appends what `round` does among the members of this host.
    pub fn nearby(&self, round: impl FnOnce(&Role, &mut Vec<Step>), out: &mut Vec<Step>) {
        self.within(self.near, |index| self.mate(index), round, out);
    }

    /// Appends what `round` does among the leaders, if this is one.
    pub fn between(&self, round: impl FnOnce(&Role, &mut Vec<Step>), out: &mut Vec<Step>) {
        if let Some(far) = self.far {
            self.within(far, |number| self.leader(number), round, out);
        }
    }

    fn within(
        &self,
        team: Team,
        rank: impl Fn(u32) -> u32,
        round: impl FnOnce(&Role, &mut Vec<Step>),
        out: &mut Vec<Step>,
    ) {
        // Partial results lie in the output already.
        let role = Role { rank: team.index, size: team.size, root: 0, in_place: true, ..self.role.clone() };
        let before = out.len();
        round(&role, out);
        for step in &mut out[before..] {
            if let Step::Send { to: peer, .. } | Step::Receive { from: peer, .. } = step {
                *peer = rank(*peer);
            }
        }
    }
}

/// The communicator's rank of a rank of the schedule.
fn real(role: &Role, rank: u32) -> u32 {
    ((rank as u64 + role.shift as u64) % role.size as u64) as u32
}

/// How the members are spread: a row that needs hosts is asked of no other case.
pub fn spread(case: &Case) -> Spread {
    case.spread.unwrap_or(Spread { hosts: 1, largest: case.size, in_rows: true })
}

/// Rounds of a binomial tree between hosts, and within the largest of them.
pub fn levels(case: &Case) -> (u32, u32) {
    let Spread { hosts, largest, .. } = spread(case);
    (ceil_log2(hosts), ceil_log2(largest))
}

/// The same as a member sees it.
pub fn levels_of(role: &Role) -> (u32, u32) {
    let spread = role.hosts.as_ref().map(|hosts| hosts.spread());
    spread.map_or((0, ceil_log2(role.size)), |spread| (ceil_log2(spread.hosts), ceil_log2(spread.largest)))
}

/// The same case among the leaders alone.
pub fn of_leaders(case: &Case) -> Case {
    Case { size: spread(case).hosts, spread: None, in_place: true, ..*case }
}
