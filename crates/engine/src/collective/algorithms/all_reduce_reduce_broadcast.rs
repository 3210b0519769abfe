//! All-reduce by a reduction to rank 0 and a broadcast, both on the binomial tree: the fewest messages. The order of
//! operands is kept.
//!
//! 2·⌈log2 n⌉·(L + m·β) + ⌈log2 n⌉·m·γ; 2·(n - 1) messages of m bytes.

use super::{broadcast_binomial, reduce_binomial};
use crate::collective::{Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(case: &Case, rank: u32) -> Plan {
    let reduce = reduce_binomial::plan(case, rank);
    Plan { rounds: reduce.rounds + broadcast_binomial::plan(case, rank).rounds, ..reduce }
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let reducing = 2 * super::tree::ceil_log2(role.size) + 1;
    match k.checked_sub(reducing) {
        None => reduce_binomial::round(role, k, out),
        Some(k) => broadcast_binomial::round(role, k, out),
    }
}

pub fn cost(case: &Case) -> Cost {
    let half = broadcast_binomial::cost(case);
    Cost::steps(2 * half.latencies as u32, 2 * half.bytes).reducing(half.bytes)
}

pub fn traffic(case: &Case) -> Traffic {
    let half = broadcast_binomial::traffic(case);
    Traffic::new(2 * half.messages, 2 * half.bytes)
}
