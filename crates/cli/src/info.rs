//! `archi info`.

/// Arguments of `archi info`.
#[derive(clap::Args, Debug)]
pub struct InfoArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// The algorithms of collectives, and which is chosen where for RANKS ranks
    #[arg(long, value_name = "RANKS", num_args = 0..=1, default_missing_value = "8", value_parser = clap::value_parser!(u32).range(1..))]
    collectives: Option<u32>,
}

/// Prints; the exit status.
pub fn info(arguments: &InfoArguments) -> u8 {
    if let Some(ranks) = arguments.collectives {
        print!("{}", engine::collective::listing(ranks, engine::collective::CELL_BYTES));
        return 0;
    }
    println!("archipelago {}", env!("CARGO_PKG_VERSION"));
    0
}
