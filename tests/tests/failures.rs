//! Programs that lose ranks and go on, under the launcher, over both transports.

use std::process::Command;

use system_tests::{Ran, archi};

const RECOVER: &str = env!("CARGO_BIN_EXE_recover");

fn run(ranks: usize, transport: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(archi());
    let option = if ranks.is_multiple_of(2) { &["--keep-going"][..] } else { &["--with-ft", "ulfm"] };
    command.args(["run", "-n", &ranks.to_string(), "--transport", transport]).args(option);
    command.arg(RECOVER).args(arguments);
    Ran::of(command)
}

fn each(ranks: &[usize], check: impl Fn(usize, &str)) {
    for ranks in ranks {
        ["shm", "tcp"].into_iter().for_each(|transport| check(*ranks, transport));
    }
}

#[test]
fn those_who_live_shrink_and_go_on() {
    each(&[2, 3, 4, 7], |ranks, transport| {
        for seed in 1..6 {
            let ran = run(ranks, transport, &["shrink", &seed.to_string()]).expect_status(137);
            let what = format!("{ranks} ranks over {transport}, seed {seed}");
            let [line] = &ran.output[..] else { panic!("{what}: {:?}\n{}", ran.output, ran.error) };
            assert!(line.ends_with(&format!("of {ranks} ranks went on")), "{what}: {line}\n{}", ran.error);
            assert!(!ran.error.contains("panicked"), "{what}: {}", ran.error);
        }
    });
}

#[test]
fn who_is_stopped_is_not_dead() {
    each(&[2, 3], |ranks, transport| {
        let ran = run(ranks, transport, &["stop"]).expect_status(0);
        assert_eq!(ran.output, ["nobody is dead"]);
    });
}

#[test]
fn a_receive_from_any_rank_waits_until_the_failure_is_acknowledged() {
    each(&[3, 4, 7], |ranks, transport| {
        let ran = run(ranks, transport, &["wildcard"]).expect_status(137);
        assert_eq!(ran.output, ["the others went on"], "{}", ran.error);
    });
}

#[test]
fn a_revocation_outlives_its_revoker() {
    each(&[2, 3, 4, 7], |ranks, transport| {
        let ran = run(ranks, transport, &["revoke"]).expect_status(137);
        assert_eq!(ran.output, ["all were told"], "{}", ran.error);
    });
}

#[test]
fn a_revocation_ends_what_is_derived() {
    each(&[2, 3, 4, 7], |ranks, transport| {
        let ran = run(ranks, transport, &["derived"]).expect_status(0);
        assert_eq!(ran.output, ["all went on"], "{}", ran.error);
    });
}

#[test]
fn both_sides_of_an_inter_communicator_shrink_and_go_on() {
    each(&[4, 5, 7], |ranks, transport| {
        let ran = run(ranks, transport, &["sides"]).expect_status(137);
        assert_eq!(ran.output, ["both sides went on"], "{}", ran.error);
        assert!(!ran.error.contains("panicked"), "{}", ran.error);
    });
}
