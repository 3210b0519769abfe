//! A storm in which ranks are killed at any moment, and whose others revoke, agree, shrink and go on.

use std::time::Duration;

use archipelago::{Comm, Error, Result};

use crate::random::{Random, mix};
use crate::{A_RANK_DIES, LASTING, PARTS};

/// Does `rounds` parts of the storm to their end, with those who are left of the world. Which ranks are killed, and when, follows
/// from the seed; each round is done again, with other draws, until it went well for all. Returns the last team.
pub fn run(world: &Comm, seed: u64, rounds: u64) -> Result<Comm> {
    A_RANK_DIES.store(true, std::sync::atomic::Ordering::Relaxed);
    let (me, n) = (world.rank(), world.size());
    let victims = 1 + mix(seed) as usize % (n - 1);
    let mut ranks: Vec<usize> = (0..n).collect();
    ranks.sort_by_key(|rank| mix(seed << 8 ^ *rank as u64));
    if ranks[..victims].contains(&me) {
        let after = Duration::from_micros(mix(seed << 20 ^ me as u64) % 200_000);
        std::thread::spawn(move || {
            std::thread::sleep(after);
            os::signal::send(std::process::id(), os::signal::SIGKILL)
        });
    }
    let (mut team, mut round, mut attempt) = (world.clone(), 0, 0);
    // A victim goes on until its end.
    while round < rounds || team.size() > n - victims {
        let mut random = Random::new(mix(seed ^ attempt << 32));
        attempt += 1;
        let (name, part) = PARTS[random.below(LASTING as u64) as usize];
        let outcome = part(&team, &mut random);
        if let Err(error) = &outcome {
            let is_right = matches!(
                error,
                Error::PeerFailed { .. } | Error::FailurePending { .. } | Error::Revoked { .. }
            );
            assert!(is_right, "seed {seed}, attempt {attempt}, {name}: {error}");
            team.revoke();
        }
        // It may have gone well here and not elsewhere.
        match team.agree(u64::from(outcome.is_ok()))?.flags & 1 {
            1 => round += 1,
            _ => team = team.shrink()?,
        }
    }
    assert_eq!(team.size(), n - victims);
    Ok(team)
}
