//! All-reduce on two levels for large vectors: as the other, but the leaders combine by Rabenseifner's algorithm in groups of
//! four, so that each vector crosses between hosts twice at most.
//!
//! 2·⌈log4 h⌉·L + 2·m·(h - 1)/h·β + m·(h - 1)/h·γ between h hosts, 2·⌈log2 g⌉ messages of m bytes on a host of g.

use super::all_reduce_k_rabenseifner;
use super::all_reduce_two_level::{Between, cost_by, plan_by, round_by, traffic_by};
use crate::collective::{Case, Cost, Plan, Role, Step, Traffic};

const RABENSEIFNER: Between = Between {
    plan: all_reduce_k_rabenseifner::plan,
    round: all_reduce_k_rabenseifner::round,
    cost: all_reduce_k_rabenseifner::cost,
    traffic: all_reduce_k_rabenseifner::traffic,
};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    plan_by(&RABENSEIFNER, case)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let hosts = role.hosts.as_ref().map_or(1, |hosts| hosts.len());
    let case = Case::new(role.collective, hosts, 0, 1);
    round_by(&RABENSEIFNER, all_reduce_k_rabenseifner::plan(&case, 0).rounds, role, k, out);
}

pub fn cost(case: &Case) -> Cost {
    cost_by(&RABENSEIFNER, case)
}

pub fn traffic(case: &Case) -> Traffic {
    traffic_by(&RABENSEIFNER, case)
}
