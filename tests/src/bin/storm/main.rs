//! A storm: seeded rounds of everything that ranks can do with one another, each result compared with a plain computation.
//!
//! `storm SEED ROUNDS [PART|any [VICTIM]]`: all ranks draw the same parts from the seed, so that what was drawn for one rank is
//! known to the others. The last rank prints the seed when all was right; a failure names seed, round and part. The victim, if
//! any, is killed in the midst of it: the others must end with errors, and never with wrong values. `storm SEED ROUNDS recover`
//! kills any number of ranks, and the others go on ([`recovery`]). With `STORM_CUTS` set to a number of milliseconds, each rank cuts
//! one of its connections that often ([`cuts`]).

mod collectives;
mod cuts;
mod layouts;
mod messages;
mod random;
mod recovery;
mod together;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use archipelago::Comm;
use random::{Random, mix};

/// A part of the storm: all ranks of the communicator do it with copies of the same generator.
type Part = fn(&Comm, &mut Random) -> archipelago::Result<()>;

const PARTS: &[(&str, Part)] = &[
    ("one way of all pairs", messages::all_pairs),
    ("blocking exchanges", messages::exchanges),
    ("unexpected ones", messages::unexpected),
    ("probes and wildcards", messages::wildcards),
    ("layouts", layouts::between_layouts),
    ("blocking collectives", collectives::blocking),
    ("reductions", collectives::reductions),
    ("many collectives at once", together::at_once),
    ("neighbours", collectives::neighbours),
    ("threads with communicators", together::threads),
    ("splits", together::splits),
    ("threads that make communicators", together::makers),
];

/// So many of the parts, from the first on, make no communicators of their own: to revoke the one that they are given ends them.
const LASTING: usize = 8;

/// Whether a rank is killed in this storm.
static A_RANK_DIES: AtomicBool = AtomicBool::new(false);

fn main() -> archipelago::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse().ok());
    let (Some(seed), Some(rounds)) = (number(0), number(1)) else { panic!("storm SEED ROUNDS [PART]") };
    let world = archipelago::init()?;
    if arguments.get(2).is_some_and(|part| part == "recover") {
        let team = recovery::run(&world, seed, rounds)?;
        if team.rank() + 1 == team.size() {
            println!("seed {seed} is right");
        }
        drop(team);
        return world.finalize();
    }
    if let Some(pause_ms) = std::env::var("STORM_CUTS").ok().and_then(|text| text.parse().ok()) {
        cuts::begin(seed << 8 | world.rank() as u64, pause_ms);
    }
    let mut random = Random::new(seed);
    A_RANK_DIES.store(number(3).is_some(), Ordering::Relaxed);
    if number(3) == Some(world.rank() as u64) {
        let after = Duration::from_millis(mix(seed) % 400);
        std::thread::spawn(move || {
            std::thread::sleep(after);
            os::signal::send(std::process::id(), os::signal::SIGKILL)
        });
    }
    for round in 0..rounds {
        let draw = random.below(PARTS.len() as u64) as usize;
        let mut of_round = random.fork();
        let (name, part) = match arguments.get(2).map(String::as_str) {
            None | Some("any") => PARTS[draw],
            Some(text) => *PARTS.iter().find(|(name, _)| *name == text).expect("a part of this name"),
        };
        part(&world, &mut of_round).inspect_err(|_| eprintln!("seed {seed}, round {round}: {name}"))?;
    }
    world.barrier()?;
    if world.rank() + 1 == world.size() {
        println!("seed {seed} is right");
    }
    cuts::end(&world)?;
    world.finalize()
}
