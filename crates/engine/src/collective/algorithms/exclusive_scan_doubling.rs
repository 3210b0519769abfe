//! Exclusive scan by recursive doubling: every vector moves up one rank, and the ranks from 1 on scan. The order of
//! operands is kept.
//!
//! L + m·β + ⌈log2 (n - 1)⌉·(L + m·β + m·γ).

use super::scan_doubling;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Scratch, Step, Traffic};

/// The scan of the ranks from 1 on.
fn inner(case: &Case) -> Option<Case> {
    (case.size > 1).then(|| Case { size: case.size - 1, ..*case })
}

pub fn plan(case: &Case, rank: u32) -> Plan {
    let scan = inner(case).map_or(0, |case| scan_doubling::plan(&case, rank.saturating_sub(1)).rounds);
    Plan::rounds(2 + scan).scratch(Scratch::Vectors(1))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let (result, spare) = (Buffer::Output.block(0), Buffer::Scratch.block(0));
    if k == 0 {
        if role.rank + 1 < role.size {
            out.push(Step::Send { to: role.rank + 1, blocks: role.own().block(0) });
        }
        if role.rank > 0 {
            let blocks = if role.in_place { spare } else { result };
            out.push(Step::Receive { from: role.rank - 1, blocks });
        }
    } else if role.rank > 0 && k == 1 {
        if role.in_place {
            out.push(Step::Copy { from: spare, into: result });
        }
    } else if role.rank > 0 {
        let scanner = Role { rank: role.rank - 1, size: role.size - 1, in_place: true, ..role.clone() };
        let before = out.len();
        scan_doubling::round(&scanner, k - 2, out);
        for step in &mut out[before..] {
            match step {
                Step::Send { to: peer, .. } | Step::Receive { from: peer, .. } => *peer += 1,
                _ => {}
            }
        }
    }
}

pub fn cost(case: &Case) -> Cost {
    let Some(case) = inner(case) else { return Cost::default() };
    let scan = scan_doubling::cost(&case);
    Cost::steps(scan.latencies as u32 + 1, scan.bytes + case.bytes()).reducing(scan.reduced)
}

pub fn traffic(case: &Case) -> Traffic {
    let Some(case) = inner(case) else { return Traffic::default() };
    let (scan, n) = (scan_doubling::traffic(&case), case.size as u64);
    Traffic::new(scan.messages + n, scan.bytes + n * case.bytes())
}
