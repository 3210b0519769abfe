//! Any bytes end in a matrix or an error, and a matrix that was read is written and read again.
#![no_main]

use matmul::npy::{self, Form};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(matrix) = npy::read(bytes, 1 << 16) {
        let mut out = Vec::new();
        npy::write(&matrix, Form::DOUBLES, &mut out).expect("doubles hold every matrix");
        let again = npy::read(&out, 1 << 16).expect("what we write is read");
        assert!(matrix.values().iter().zip(again.values()).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
});
