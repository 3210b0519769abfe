//! Distributed dense matrix multiplication.
fn main() {}
