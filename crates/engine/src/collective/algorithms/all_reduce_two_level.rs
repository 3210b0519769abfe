//! All-reduce on two levels: each host reduces to its leader, the leaders combine what they have by recursive multiplying, and
//! each gives the result to its host. The order of operands is kept if the ranks of each host follow one another.
//!
//! ⌈log4 h⌉·L + 3·⌈log4 h⌉·(o + m·β + m·γ) between h hosts, 2·⌈log2 g⌉ messages of m bytes on a host of g.

use super::accumulate::Accumulator;
use super::all_reduce_multiplying;
use super::broadcast_two_level::tree_nearby;
use super::reduce_two_level::climb;
use super::two_level::{Place, levels, levels_of, of_leaders};
use crate::collective::{Buffer, Case, Cost, Near, Plan, Role, Scratch, Step, Traffic};

/// How the leaders combine what they have: one of the rows for one level.
pub(super) struct Between {
    pub plan: fn(&Case, u32) -> Plan,
    pub round: fn(&Role, u32, &mut Vec<Step>),
    pub cost: fn(&Case) -> Cost,
    pub traffic: fn(&Case) -> Traffic,
}

const MULTIPLYING: Between = Between {
    plan: all_reduce_multiplying::plan,
    round: all_reduce_multiplying::round,
    cost: all_reduce_multiplying::cost,
    traffic: all_reduce_multiplying::traffic,
};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    plan_by(&MULTIPLYING, case)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let hosts = role.hosts.as_ref().map_or(1, |hosts| hosts.len());
    let case = Case::new(role.collective, hosts, 0, 1);
    round_by(&MULTIPLYING, all_reduce_multiplying::plan(&case, 0).rounds, role, k, out);
}

pub fn cost(case: &Case) -> Cost {
    cost_by(&MULTIPLYING, case)
}

pub fn traffic(case: &Case) -> Traffic {
    traffic_by(&MULTIPLYING, case)
}

pub(super) fn plan_by(by: &Between, case: &Case) -> Plan {
    let (_, near) = levels(case);
    let between = (by.plan)(&of_leaders(case), 0);
    let scratch = if between.scratch == Scratch::Nothing { Scratch::Vectors(1) } else { between.scratch };
    Plan { rounds: 1 + 2 * near + between.rounds + near, scratch, ..between }
}

/// `rounds`: of the row that is taken between hosts.
pub(super) fn round_by(by: &Between, rounds: u32, role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    let (_, near) = levels_of(role);
    let sum = Accumulator::everywhere(role);
    let begin = 1 + 2 * near;
    match k {
        0 => sum.alone(role.parts, out),
        k if k < begin => {
            let loaded = Accumulator::everywhere(&Role { in_place: true, ..role.clone() });
            climb(&place, &loaded, near, k - 1, out);
        }
        k if k < begin + rounds => place.between(|role, out| (by.round)(role, k - begin, out), out),
        k => tree_nearby(&place, k - begin - rounds, Buffer::Output.blocks(0, role.parts), out),
    }
}

pub(super) fn cost_by(by: &Between, case: &Case) -> Cost {
    let (_, near) = levels(case);
    let (between, m) = ((by.cost)(&of_leaders(case)), case.bytes());
    let reduced = between.reduced + near as u64 * m;
    let whole = Cost { near: Near::default(), ..between };
    whole.near(2 * near, 2 * near as u64 * m).reducing(reduced).copying(m)
}

pub(super) fn traffic_by(by: &Between, case: &Case) -> Traffic {
    let leaders = of_leaders(case);
    let (between, others) = ((by.traffic)(&leaders), 2 * (case.size - leaders.size) as u64);
    Traffic::new(between.messages + others, between.bytes + others * case.bytes())
}
