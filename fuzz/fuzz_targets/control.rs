//! Whatever another process writes to a control socket is a message or an error, and a stream of it is cut the same way
//! wherever it is interrupted.
#![no_main]

use control::agent::{FromAgent, ToAgent};
use control::codec::{Assembler, decode, encode};
use control::hosted::{Hosting, Ready};
use control::pmi::Line;
use control::{FromKeeper, ToKeeper};
use serde::{Serialize, de::DeserializeOwned};

/// What decodes, encodes to something that decodes to the same.
fn check<M: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(message) = decode::<M>(bytes) {
        assert_eq!(decode::<M>(&encode(&message)).as_ref(), Ok(&message));
    }
}

fn cut<M: DeserializeOwned + std::fmt::Debug>(bytes: &[u8], piece: usize) -> Vec<String> {
    let (mut assembler, mut messages) = (Assembler::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        assembler.feed(piece);
        loop {
            match assembler.next_message::<M>() {
                Ok(Some(message)) => messages.push(format!("{message:?}")),
                Ok(None) => break,
                Err(_) => return messages,
            }
        }
    }
    messages
}

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, piece) = input;
    check::<ToKeeper>(&bytes);
    check::<FromKeeper>(&bytes);
    check::<ToAgent>(&bytes);
    check::<FromAgent>(&bytes);
    check::<Hosting>(&bytes);
    check::<Ready>(&bytes);
    let _ = Line::parse(&bytes);
    let piece = piece.max(1) as usize;
    assert_eq!(cut::<ToAgent>(&bytes, piece), cut::<ToAgent>(&bytes, usize::MAX));
    assert_eq!(cut::<FromAgent>(&bytes, piece), cut::<FromAgent>(&bytes, usize::MAX));
});
