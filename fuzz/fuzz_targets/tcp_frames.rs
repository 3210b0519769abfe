//! Any stream is frames or an error, the same ones however it is cut into pieces.
#![no_main]

use fabric::tcp::parse_stream;

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, piece) = input;
    let whole = parse_stream([&bytes[..]]);
    let pieces = parse_stream(bytes.chunks(piece.max(1) as usize));
    assert_eq!(whole, pieces);
});
