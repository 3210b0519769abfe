//! archi and mpiexec.
fn main() {}
