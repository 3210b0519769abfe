//! Exchange of neighbours straight, all at once; several edges between the same two members one after the other.
//!
//! L + d·(o + m·β) with d neighbours; one message for each edge.

use super::neighbours::{of, receive, send};
use crate::collective::{Case, Cost, Plan, Role, Step, Traffic};

pub fn plan(_case: &Case, _rank: u32) -> Plan {
    Plan::rounds(1)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some((neighbours, addressed)) = of(role) else { return };
    neighbours.leaving(k).for_each(|(place, to)| send(role, addressed, place, to, out));
    neighbours.coming(k).for_each(|(block, source)| receive(role, addressed, block, source, out));
}

pub fn cost(case: &Case) -> Cost {
    let d = case.degree as u64;
    Cost { latencies: d.min(1), messages: d, bytes: d * case.bytes(), ..Cost::default() }
}

/// If every member has as many neighbours as the one with the most, none of them itself.
pub fn traffic(case: &Case) -> Traffic {
    let messages = case.size as u64 * case.degree as u64;
    Traffic::new(messages, messages * case.bytes())
}
