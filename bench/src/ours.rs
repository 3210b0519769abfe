//! Ours: the programs that `archi run` starts.

/// Runs the program of this name on every rank; rank 0 prints its figure.
pub fn run(name: &str) -> Result<(), String> {
    Err(format!("no program `{name}`"))
}
