//! Broadcast on two levels, in segments that follow one another: a chain of leaders, each of whom also begins the chain of its
//! host.
//!
//! (h - 2 + s)·(L + m/s·β) between h hosts with s segments, and g - 1 messages of a segment on a host of g; s·(n - 1)
//! messages.

use super::two_level::{Place, spread};
use crate::collective::cost::segments;
use crate::collective::{Buffer, Case, Cost, Plan, Role, Step, Traffic};

fn hops(case: &Case) -> u32 {
    let spread = spread(case);
    spread.hosts - 1 + spread.largest - 1
}

fn cut(case: &Case) -> u32 {
    segments(case.bytes(), hops(case))
}

pub fn plan(case: &Case, _rank: u32) -> Plan {
    Plan::rounds((hops(case) + cut(case)).saturating_sub(1)).parts(cut(case))
}

pub fn round(role: &Role, k: u32, out: &mut Vec<Step>) {
    let Some(place) = Place::of(role) else { return };
    // Segment s leaves a member that is d hops from the root in round d + s.
    let (host, index) = (place.host_number(), place.near.index);
    let segment = |number: Option<u32>| {
        number.filter(|number| *number < role.parts).map(|number| Buffer::Output.block(number))
    };
    if let Some(blocks) = segment(k.checked_sub(host + index)) {
        if index == 0 && host + 1 < place.hosts() {
            out.push(Step::Send { to: place.leader(host + 1), blocks });
        }
        if index + 1 < place.near.size {
            out.push(Step::Send { to: place.mate(index + 1), blocks });
        }
    }
    if role.rank > 0
        && let Some(blocks) = segment((k + 1).checked_sub(host + index))
    {
        let from = if index == 0 { place.leader(host - 1) } else { place.mate(index - 1) };
        out.push(Step::Receive { from, blocks });
    }
}

pub fn cost(case: &Case) -> Cost {
    let (spread, segments) = (spread(case), cut(case));
    let segment = case.bytes().div_ceil(segments as u64);
    let far = spread.hosts - 2 + segments;
    // A leader sends each segment twice; then the last one passes its host.
    let near = spread.largest - 1 + if spread.largest > 1 { segments } else { 0 };
    Cost::steps(far, far as u64 * segment).near(near, near as u64 * segment)
}

pub fn traffic(case: &Case) -> Traffic {
    let hops = case.size as u64 - 1;
    Traffic::new(hops * cut(case) as u64, hops * case.bytes())
}
