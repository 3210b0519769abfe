//! One suite that every transport passes: shared memory, TCP (over the loop), the simulated world.
//!
//! A *check* drives a few ports of one transport through the verbs of [`fabric::Port`] and says what went wrong, if
//! anything did. The suite proves itself: with planted faults (a frame lost, doubled, overtaken, changed; an event
//! forgotten) each fault is found by some check.

use archipelago_fabric as fabric;

mod checks;
mod endings;
mod faulty;
mod sleeping;
mod stage;

use checks::CHECKS;
use faulty::{Faulty, Plan};
use stage::Stage;

/// Runs all checks on fresh stages.
fn conforms(stage: impl Fn(u32) -> Stage) {
    for (name, ports, check) in CHECKS {
        if let Err(what) = check(&mut stage(*ports)) {
            panic!("{}: {name}: {what}", stage(1).name);
        }
    }
}

#[test]
fn shared_memory_conforms() {
    conforms(stage::shm);
}

#[test]
fn tcp_conforms() {
    conforms(stage::tcp);
}

#[test]
fn the_simulated_world_conforms() {
    for seed in 0..12 {
        conforms(|ports| stage::sim(ports, seed));
    }
}

#[test]
fn every_lane_conforms() {
    conforms(|ports| stage::beside(stage::shm(ports)));
    conforms(|ports| stage::beside(stage::tcp(ports)));
    for seed in 0..6 {
        conforms(|ports| stage::beside(stage::sim(ports, seed)));
    }
}

#[test]
fn planted_faults_are_found() {
    for plan in Plan::ALL {
        let found = CHECKS.iter().filter(|(_, ports, check)| {
            let mut stage = stage::sim(*ports, 1);
            stage.wrap(|window| Box::new(Faulty::new(window, *plan)));
            check(&mut stage).is_err()
        });
        let found: Vec<_> = found.map(|(name, _, _)| *name).collect();
        assert!(!found.is_empty(), "{plan:?} was not found by any check");
    }
}
