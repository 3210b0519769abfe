//! Storms: seeded rounds of everything at once, over both transports, also with a rank that is killed in the midst of them.
//! `ARCHIPELAGO_SOAK` is a factor on the number of seeds.

use std::process::Command;

use system_tests::{Ran, archi};

const STORM: &str = env!("CARGO_BIN_EXE_storm");

fn seeds(count: u64) -> std::ops::Range<u64> {
    let factor =
        std::env::var("ARCHIPELAGO_SOAK").ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
    1..1 + count * factor.max(1)
}

/// A storm of this seed, on 1 to 7 ranks; every third over TCP.
fn storm(seed: u64, ranks: u64, arguments: &[&str]) -> Ran {
    let transport = if seed.is_multiple_of(3) { "tcp" } else { "auto" };
    let mut command = Command::new(archi());
    command.args(["run", "-n", &ranks.to_string(), "--transport", transport]);
    if seed.is_multiple_of(2) || arguments.contains(&"recover") {
        command.arg("--keep-going");
    }
    command.args([STORM, &seed.to_string()]).args(arguments);
    Ran::of(command)
}

#[test]
fn all_at_once_is_right() {
    for seed in seeds(14) {
        let ran = storm(seed, 1 + seed % 7, &["12"]).expect_status(0);
        assert_eq!(ran.output, [format!("seed {seed} is right")]);
    }
}

/// Each thread on a lane of its own, or several on one.
#[test]
fn threads_that_make_communicators_come_to_an_end() {
    for seed in seeds(6) {
        let lanes = ["lanes=16", "lanes=2", "lanes=1"][seed as usize % 3];
        let mut command = Command::new(archi());
        let transport = if seed.is_multiple_of(2) { "tcp" } else { "auto" };
        command.args(["run", "-n", "3", "--transport", transport, "--set", lanes]);
        command.args([STORM, &seed.to_string(), "8", "threads that make communicators"]);
        let ran = Ran::of(command).expect_status(0);
        assert_eq!(ran.output, [format!("seed {seed} is right")]);
    }
}

/// Connections are cut all the time, by every rank: nobody notices.
#[test]
fn cut_connections_are_made_again_and_nothing_is_lost() {
    let mut total = 0;
    for seed in seeds(6) {
        let ranks = 2 + seed % 4;
        let mut command = Command::new(archi());
        let lanes = ["lanes=4", "lanes=1"][seed as usize % 2];
        command.args(["run", "-n", &ranks.to_string(), "--transport", "tcp", "--set", lanes]);
        command.args(["--set", "link_timeout=60", STORM, &seed.to_string(), "15"]).env("STORM_CUTS", "10");
        let ran = Ran::of(command).expect_status(0);
        assert!(ran.output.contains(&format!("seed {seed} is right")), "{:?}: {}", ran.output, ran.error);
        let cuts = ran.output.iter().find_map(|line| line.strip_suffix(" cuts"));
        let cuts: u64 = cuts.and_then(|count| count.parse().ok()).unwrap();
        total += cuts;
        assert!(ran.error.is_empty(), "seed {seed}, {cuts} cuts: {}", ran.error);
    }
    assert!(total > 0, "nothing was cut");
}

#[test]
fn who_loses_a_rank_gets_errors_and_never_wrong_values() {
    for seed in seeds(12) {
        let ranks = 2 + seed % 6;
        let victim = (seed / 2 % ranks).to_string();
        // Much of what is sent is announced and not yet received in these parts.
        let parts = ["one way of all pairs", "probes and wildcards", "threads with communicators", "any"];
        let part = parts[seed as usize % parts.len()];
        let ran = storm(seed, ranks, &["1000000", part, &victim]).expect_status(137);
        assert!(ran.output.is_empty() && !ran.error.contains("panicked"), "seed {seed}: {}", ran.error);
        assert!(ran.error.contains(&format!("rank {victim} ")), "seed {seed}: {}", ran.error);
    }
}

#[test]
fn who_loses_ranks_goes_on_with_the_others() {
    for seed in seeds(12) {
        let ran = storm(seed, 2 + seed % 6, &["12", "recover"]).expect_status(137);
        assert_eq!(ran.output, [format!("seed {seed} is right")], "{}", ran.error);
        assert!(!ran.error.contains("panicked"), "seed {seed}: {}", ran.error);
    }
}
