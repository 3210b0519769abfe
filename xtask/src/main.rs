//! Every chore of the project is a verb here.
fn main() {}
