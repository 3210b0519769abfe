//! The cost simulator: walks the schedules of all members without data, counts messages and bytes, and times them on
//! a network of full-duplex ports.
//!
//! A message needs its sender's outgoing and its receiver's incoming port for `message + bytes·byte`, starts when
//! both ends have entered the round, and is there a latency later. This is what the table's `cost` states in
//! closed form.

use super::check::Subject;
use super::cost::{Price, Traffic};
use super::schedule::Schedule;
use super::step::Step;
use super::table::Algorithm;

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// All messages.
    pub traffic: Traffic,
    /// When the last member was done.
    pub time_ps: u64,
    /// Rounds in which a message was sent.
    pub rounds: u32,
}

/// Runs an algorithm of messages (no board) on a subject of any size.
pub fn simulate(algorithm: &'static Algorithm, subject: &Subject, price: &Price) -> Outcome {
    simulate_hosts(algorithm, subject, price, price)
}

/// The same where messages within a host have a price of their own.
pub fn simulate_hosts(
    algorithm: &'static Algorithm,
    subject: &Subject,
    price: &Price,
    near: &Price,
) -> Outcome {
    let size = subject.case.size;
    let schedules: Vec<Schedule> = (0..size).map(|rank| subject.schedule(algorithm, rank)).collect();
    let mut clocks = vec![0u64; size as usize];
    let mut outcome = Outcome::default();
    let mut steps = Vec::new();
    let mut messages: Vec<(usize, u32, u32, u64)> = Vec::new();
    for round in 0..schedules.iter().map(Schedule::rounds).max().unwrap_or(0) {
        messages.clear();
        let mut local = vec![0u64; size as usize];
        for schedule in &schedules {
            schedule.round(round, &mut steps);
            let me = schedule.member(schedule.rank());
            for (number, step) in steps.iter().enumerate() {
                let bytes = |blocks| schedule.span(blocks).map_or(0, |span| span.bytes);
                match *step {
                    Step::Send { to, blocks } => {
                        messages.push((number, me, schedule.member(to), bytes(blocks)));
                    }
                    Step::Reduce { into, .. } => local[me as usize] += bytes(into) * price.reduced_byte_ps,
                    _ => {}
                }
            }
        }
        // Every member starts its messages in the order of its steps.
        messages.sort_by_key(|message| message.0);
        outcome.rounds += !messages.is_empty() as u32;
        outcome.traffic.messages += messages.len() as u64;
        outcome.traffic.bytes += messages.iter().map(|message| message.3).sum::<u64>();
        time_round(&messages, &mut clocks, |from, to| match &subject.hosts {
            Some(hosts) if hosts.of(from) == hosts.of(to) => near,
            _ => price,
        });
        clocks.iter_mut().zip(local).for_each(|(clock, work)| *clock += work);
    }
    outcome.time_ps = clocks.into_iter().max().unwrap_or(0);
    outcome
}

/// Lets one round's messages pass, in the order of the list, and moves the clocks of those who take part.
fn time_round<'p>(
    messages: &[(usize, u32, u32, u64)],
    clocks: &mut [u64],
    price: impl Fn(u32, u32) -> &'p Price,
) {
    let mut out = clocks.to_vec();
    let mut into = clocks.to_vec();
    let start = clocks.to_vec();
    for &(_, from, to, bytes) in messages {
        let price = price(from, to);
        let begin =
            out[from as usize].max(into[to as usize]).max(start[from as usize]).max(start[to as usize]);
        let end = begin + price.message_ps + bytes * price.byte_ps;
        out[from as usize] = end;
        into[to as usize] = end;
        for rank in [from, to] {
            let clock = &mut clocks[rank as usize];
            *clock = (*clock).max(end + price.latency_ps);
        }
    }
}
