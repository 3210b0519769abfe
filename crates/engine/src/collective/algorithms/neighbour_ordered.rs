//! Exchange of neighbours edge by edge: in round k everybody sends to its k-th destination. At most one message leaves a
//! member at a time.
//!
//! d·(L + m·β) with d neighbours; one message for each edge.

pub use super::neighbour_direct::traffic;
use super::neighbours::{of, receive, send};
use crate::collective::{Case, Cost, Plan, Role, Step};

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds(case.degree)
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some((neighbours, addressed)) = of(role) else { return };
    if let Some(&Some(to)) = neighbours.destinations().get(k as usize) {
        send(role, addressed, k, to, out);
    }
    for (block, source) in neighbours.sources().iter().enumerate() {
        if let Some(source) = source.filter(|source| source.place == k) {
            receive(role, addressed, block as u32, source, out);
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    Cost::steps(case.degree, case.degree as u64 * case.bytes())
}
