//! Claiming a rank, with a keeper played by the test.

use archipelago_control as control;
use control::claim::{ClaimError, claim_on};
use control::codec::{decode, encode};
use control::link::LinkError;
use control::{FromKeeper, Key, Refusal, Secret, ToKeeper, Transport, Welcome};
use os::unix::{Received, SeqPacket};
use std::os::fd::AsFd;

fn welcome() -> FromKeeper {
    FromKeeper::Welcome(Box::new(Welcome {
        job: 1,
        number: 2,
        incarnation: 0,
        size: 4,
        first_local: 2,
        local_size: 2,
        hosts: vec![0, 2],
        slots: 2,
        cores: 2,
        app: 0,
        host: "here".into(),
        transport: Transport::Auto,
        secret: Secret([0; 32]),
        statistics: false,
        options: vec![],
    }))
}

/// Takes one claim: the private end, and what the claimant says of itself.
fn take_claim(keeper: &SeqPacket) -> (SeqPacket, u32) {
    let mut buffer = [0; 4096];
    let Received::Message(length, mut fds) = keeper.receive(&mut buffer, true).unwrap() else { panic!() };
    let ToKeeper::Claim { pid, .. } = decode(&buffer[..length]).unwrap() else { panic!() };
    (SeqPacket::adopt(fds.pop().unwrap()).unwrap(), pid)
}

#[test]
fn a_claim_is_answered_on_a_private_socket() {
    let (process, keeper) = SeqPacket::pair().unwrap();
    let (segment, _other) = SeqPacket::pair().unwrap();
    let keeping = std::thread::spawn(move || {
        let (private, pid) = take_claim(&keeper);
        assert_eq!(pid, std::process::id());
        private.send(&encode(&welcome()), &[segment.as_fd()], true).unwrap();
        let mut buffer = [0; 4096];
        let Received::Message(length, _) = private.receive(&mut buffer, true).unwrap() else { panic!() };
        let ToKeeper::Get(key) = decode(&buffer[..length]).unwrap() else { panic!() };
        private.send(&encode(&FromKeeper::Value { key, value: None }), &[], true).unwrap();
    });
    let mut claimed = claim_on(process).unwrap();
    assert_eq!(claimed.welcome.me().number, 2);
    assert!(claimed.welcome.is_local(3) && !claimed.welcome.is_local(1) && !claimed.welcome.is_local(4));
    assert!(claimed.segment.is_some());
    let key = Key { number: 0, name: "card".into() };
    claimed.link.send(&ToKeeper::Get(key.clone())).unwrap();
    assert_eq!(claimed.link.receive().unwrap(), FromKeeper::Value { key, value: None });
    keeping.join().unwrap();
    assert!(matches!(claimed.link.try_receive(), Err(LinkError::Closed)));
}

#[test]
fn a_refusal_names_the_first_claimant() {
    let (process, keeper) = SeqPacket::pair().unwrap();
    let keeping = std::thread::spawn(move || {
        let (private, _) = take_claim(&keeper);
        let refusal = Refusal::Claimed { number: 3, pid: 77, program: "./app".into() };
        private.send(&encode(&FromKeeper::Refused(refusal)), &[], true).unwrap();
    });
    let error = claim_on(process).unwrap_err().to_string();
    assert!(error.contains("rank 3") && error.contains("77 (./app)") && !error.contains('\n'), "{error}");
    keeping.join().unwrap();
}

#[test]
fn a_keeper_that_is_gone_or_goes_ends_the_claim() {
    let (process, keeper) = SeqPacket::pair().unwrap();
    drop(keeper);
    assert!(matches!(claim_on(process), Err(ClaimError::Link(LinkError::Closed))));
    let (process, keeper) = SeqPacket::pair().unwrap();
    let keeping = std::thread::spawn(move || drop(take_claim(&keeper)));
    assert!(matches!(claim_on(process), Err(ClaimError::Link(LinkError::Closed))));
    keeping.join().unwrap();
}

#[test]
fn nonsense_from_the_keeper_is_an_error() {
    let (process, keeper) = SeqPacket::pair().unwrap();
    let keeping = std::thread::spawn(move || take_claim(&keeper).0.send(b"hello", &[], true).unwrap());
    assert!(matches!(claim_on(process), Err(ClaimError::Link(LinkError::Protocol(_)))));
    keeping.join().unwrap();
}
