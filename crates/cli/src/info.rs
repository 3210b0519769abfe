//! `archi info`.

/// Arguments of `archi info`.
#[derive(clap::Args, Debug)]
pub struct InfoArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Prints; the exit status.
pub fn info(_arguments: &InfoArguments) -> u8 {
    println!("archipelago {}", env!("CARGO_PKG_VERSION"));
    0
}
