//! Any bytes end in a matrix or an error, and a matrix that was read is written and read again.
#![no_main]

use matmul::market::{self, Form};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(matrix) = market::read(bytes, 1 << 16) {
        let mut out = Vec::new();
        market::write(&matrix, Form::DENSE, &mut out).expect("a dense file holds every matrix");
        let again = market::read(&out, 1 << 16).expect("what we write is read");
        let same = |a: &f64, b: &f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        assert!(matrix.values().iter().zip(again.values()).all(|(a, b)| same(a, b)));
    }
});
