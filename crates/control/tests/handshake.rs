//! The handshake: both prove themselves, nobody else does, and no bytes upset it.

use archipelago_control as control;
use control::handshake::{
    Handshake, HandshakeError, MESSAGE_BYTES_MAX, NONCE_BYTES, Progress, Standing, Verdict,
};
use control::secret::Secret;
use wire::{JobId, ProcessId};

const LANE: u16 = 3;

/// Where the initiator stands, and the responder.
const HERE: Standing = Standing { attempt: 1, received: u64::MAX - 1 };
const THERE: Standing = Standing { attempt: 0x0102_0304_0506_0708, received: 77 };

fn process(number: u32) -> ProcessId {
    ProcessId { job: JobId(0x1234_5678_9abc_def0), number, incarnation: number + 1 }
}

fn initiate(secret: u8, to: ProcessId, lane: u16) -> Handshake {
    Handshake::initiate(&Secret([secret; 32]), process(1), to, lane, [7; NONCE_BYTES], HERE)
}

fn pair_of(secrets: [u8; 2]) -> (Handshake, Handshake) {
    let initiator = initiate(secrets[0], process(2), LANE);
    let responder = Handshake::respond(&Secret([secrets[1]; 32]), process(2), LANE, [9; NONCE_BYTES]);
    (initiator, responder)
}

/// Moves what `from` has to say to `to`, in pieces of at most `piece` bytes.
fn move_bytes(from: &mut Handshake, to: &mut Handshake, piece: usize) -> Result<(), HandshakeError> {
    while !from.output().is_empty() {
        let count = from.output().len().min(piece);
        let taken = to.receive(&from.output()[..count])?;
        assert_eq!(taken, count);
        from.sent(count);
    }
    Ok(())
}

#[test]
fn both_find_out_who_the_other_is() {
    for verdict in [Verdict::Accepted, Verdict::Busy, Verdict::Refused, Verdict::Left] {
        for piece in 1..=MESSAGE_BYTES_MAX {
            let (mut a, mut b) = pair_of([5, 5]);
            move_bytes(&mut a, &mut b, piece).unwrap();
            move_bytes(&mut b, &mut a, piece).unwrap();
            assert_eq!(b.progress(), Progress::Going);
            move_bytes(&mut a, &mut b, piece).unwrap();
            assert_eq!(b.progress(), Progress::Proved(process(1)));
            assert_eq!((a.proved(), b.proved()), (None, Some(process(1))));
            assert_eq!(b.their_standing(), HERE);
            b.decide(verdict, THERE);
            assert_eq!(b.progress(), Progress::Done(verdict));
            move_bytes(&mut b, &mut a, piece).unwrap();
            assert_eq!(a.progress(), Progress::Done(verdict));
            assert_eq!(a.their_standing(), THERE);
            assert_eq!((a.wanted(), b.wanted()), (0, 0));
            // What follows is not the handshake's.
            assert_eq!(a.receive(b"frames"), Ok(0));
            assert_eq!(b.receive(b"frames"), Ok(0));
        }
    }
}

#[test]
fn frames_right_behind_the_verdict_are_left_alone() {
    let (mut a, mut b) = pair_of([5, 5]);
    move_bytes(&mut a, &mut b, 99).unwrap();
    move_bytes(&mut b, &mut a, 99).unwrap();
    move_bytes(&mut a, &mut b, 99).unwrap();
    b.decide(Verdict::Accepted, THERE);
    let mut bytes = b.output().to_vec();
    let verdict_bytes = bytes.len();
    bytes.extend_from_slice(&[42; 50]);
    assert_eq!(a.receive(&bytes), Ok(verdict_bytes));
}

#[test]
fn without_the_secret_neither_side_gets_anywhere() {
    // The initiator sees through a false responder before it proves anything itself.
    let (mut a, mut b) = pair_of([5, 6]);
    move_bytes(&mut a, &mut b, 99).unwrap();
    assert_eq!(move_bytes(&mut b, &mut a, 99), Err(HandshakeError::Unproved));
    assert!(a.output().is_empty());
    // A false initiator goes on regardless: the responder sees through it.
    let (mut a, mut b) = pair_of([5, 5]);
    move_bytes(&mut a, &mut b, 99).unwrap();
    assert_eq!(b.receive(&[0; 48]), Err(HandshakeError::Unproved));
}

#[test]
fn codes_are_worth_nothing_elsewhere() {
    // Reflected: the responder's own code back at it.
    let (mut a, mut b) = pair_of([5, 5]);
    move_bytes(&mut a, &mut b, 99).unwrap();
    // (Behind whatever standing.)
    let own = b.output()[NONCE_BYTES - 16..].to_vec();
    assert_eq!(b.receive(&own), Err(HandshakeError::Unproved));

    // Replayed: a proof that was good for another nonce.
    let (mut a, mut b) = pair_of([5, 5]);
    move_bytes(&mut a, &mut b, 99).unwrap();
    move_bytes(&mut b, &mut a, 99).unwrap();
    let proof = a.output().to_vec();
    let mut later = Handshake::respond(&Secret([5; 32]), process(2), LANE, [10; NONCE_BYTES]);
    let mut hello = initiate(5, process(2), LANE);
    move_bytes(&mut hello, &mut later, 99).unwrap();
    assert_eq!(later.receive(&proof), Err(HandshakeError::Unproved));
    assert_eq!(b.receive(&proof), Ok(proof.len()), "and it is good where it belongs");
}

#[test]
fn the_wrong_address_is_noticed() {
    let secret = Secret([5; 32]);
    for (target, lane) in [(process(4), LANE), (process(2), LANE + 1)] {
        let mut a = initiate(5, target, lane);
        let mut b = Handshake::respond(&secret, process(2), LANE, [9; NONCE_BYTES]);
        assert_eq!(move_bytes(&mut a, &mut b, 99), Err(HandshakeError::WrongNumber));
    }
}

#[test]
fn strangers_are_known_by_their_first_byte() {
    let (_, mut b) = pair_of([5, 5]);
    assert_eq!(b.receive(b"G"), Err(HandshakeError::Stranger));
    let (a, mut b) = pair_of([5, 5]);
    let mut hello = a.output().to_vec();
    hello[8] = 77;
    assert_eq!(b.receive(&hello), Err(HandshakeError::Version(77)));
}

#[test]
fn every_flipped_bit_is_noticed() {
    // Of the four messages, one bit of one is changed; nobody may end up believing anything.
    for message in 0..4 {
        let mut bit = 0;
        loop {
            let (mut a, mut b) = pair_of([5, 5]);
            let mut failed = false;
            let mut bits = 0;
            for turn in 0..4 {
                let (from, to) = if turn % 2 == 0 { (&mut a, &mut b) } else { (&mut b, &mut a) };
                let mut bytes = from.output().to_vec();
                from.sent(bytes.len());
                if turn == message {
                    bits = bytes.len() * 8;
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
                if to.receive(&bytes).is_err() {
                    failed = true;
                    break;
                }
                if let Progress::Proved(_) = b.progress() {
                    b.decide(Verdict::Accepted, THERE);
                }
            }
            assert!(failed, "message {message}, bit {bit}");
            assert_ne!(a.progress(), Progress::Done(Verdict::Accepted));
            bit += 1;
            if bit == bits {
                break;
            }
        }
    }
}

#[test]
fn no_bytes_upset_it() {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for _ in 0..20_000 {
        let (mut a, mut b) = pair_of([5, 5]);
        // Right up to some message, then anything.
        for turn in 0..random() % 4 {
            let (from, to) = if turn % 2 == 0 { (&mut a, &mut b) } else { (&mut b, &mut a) };
            move_bytes(from, to, 1 + random() % 99).unwrap();
            if let Progress::Proved(_) = b.progress() {
                b.decide(Verdict::Accepted, THERE);
            }
        }
        let bytes: Vec<u8> = (0..random() % 200).map(|_| random() as u8).collect();
        for side in [&mut a, &mut b] {
            if let Ok(taken) = side.receive(&bytes) {
                assert!(taken <= bytes.len());
            }
        }
    }
}
