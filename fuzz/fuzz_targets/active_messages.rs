//! Any frame of active messages is read as what it says and no more, or refused; any payload ends in values or an error.
//! Seeds of the same stand in `crates/engine/tests/active_frames.rs`.
#![no_main]

use wire::{Wire, slice};

/// The frames' kinds: with the payload, and announced.
const KINDS: [u8; 2] = [40, 41];

libfuzzer_sys::fuzz_target!(|input: (bool, [u64; 3], Vec<u8>)| {
    let (is_announced, header, payload) = input;
    let kind = KINDS[usize::from(is_announced)];
    if let Some(again) = engine::active::rewritten(kind, header, &payload) {
        // The two uppermost bits of the label say nothing.
        let label = header[1] & (1 << 62) - 1;
        assert_eq!(again, (kind, [header[0], label, header[2]], payload.clone()));
    }
    values::<u64>(&payload);
    values::<(u64, bool)>(&payload);
    values::<(char, [u16; 3])>(&payload);
});

/// What is taken for values is what these are written as.
fn values<T: Wire>(payload: &[u8]) {
    let whole = &payload[..payload.len() - payload.len() % T::BYTES];
    if let Ok(values) = slice::unpack_to_vec::<T>(whole) {
        assert_eq!(&slice::encoding(&values)[..], whole);
    }
}
