//! Whatever a stranger says, in whatever pieces, no side of the handshake panics or believes it.
#![no_main]

use control::Secret;
use control::handshake::{Handshake, NONCE_BYTES, Progress, Standing};
use wire::{JobId, ProcessId};

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, u8, bool, u64, u64)| {
    let (bytes, piece, initiate, attempt, received) = input;
    let process = |number| ProcessId { job: JobId(1), number, incarnation: 0 };
    let secret = Secret([7; 32]);
    let mut side = if initiate {
        let standing = Standing { attempt, received };
        Handshake::initiate(&secret, process(0), process(1), 0, [1; NONCE_BYTES], standing)
    } else {
        Handshake::respond(&secret, process(1), 0, [2; NONCE_BYTES])
    };
    for piece in bytes.chunks(piece.max(1) as usize) {
        let said = side.output().len();
        side.sent(said);
        match side.receive(piece) {
            Ok(taken) => assert!(taken <= piece.len()),
            Err(_) => return,
        }
        assert_eq!(side.progress(), Progress::Going, "nobody but who knows the secret gets further");
    }
});
