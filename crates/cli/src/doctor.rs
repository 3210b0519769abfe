//! `archi doctor`.

/// Arguments of `archi doctor`.
#[derive(clap::Args, Debug)]
pub struct DoctorArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Prints; the exit status.
pub fn doctor(_arguments: &DoctorArguments) -> u8 {
    0
}
