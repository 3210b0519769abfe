//! `archi doctor`: what on this machine would slow or break a job, and what to do about it.

use crate::findings::{Finding, Gravity, findings};
use os::cores::Cores;
use serde_json::json;
use std::io::{self, Write};

/// Arguments of `archi doctor`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Exit status: 0 when such a job would run, if perhaps slowly; 1 when it would not.")]
pub struct DoctorArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// For a job of so many processes [default: one a core]
    #[arg(short = 'n', long = "np", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096), allow_negative_numbers = true)]
    np: Option<u32>,
}

/// Writes; the exit status.
///
/// # Errors
/// When it can't be written.
pub fn doctor(arguments: &DoctorArguments, out: &mut impl Write) -> io::Result<u8> {
    let ranks = arguments.np.unwrap_or_else(|| Cores::of_this_process().usable() as u32);
    let findings = findings(ranks);
    let is_broken = findings.iter().any(|finding| finding.gravity == Gravity::Broken);
    if arguments.json {
        let rows = findings.iter().map(|finding| {
            let gravity = format!("{:?}", finding.gravity).to_lowercase();
            json!({ "name": finding.name, "gravity": gravity, "found": finding.found, "remedy": finding.remedy })
        });
        writeln!(
            out,
            "{:#}",
            json!({ "processes": ranks, "healthy": !is_broken, "findings": rows.collect::<Vec<_>>() })
        )?;
        return Ok(is_broken.into());
    }
    writeln!(out, "for a job of {ranks} process{}", if ranks == 1 { "" } else { "es" })?;
    for Finding { name, gravity, found, remedy } in &findings {
        let mark = match gravity {
            Gravity::Fine => "fine",
            Gravity::Slow => "slow",
            Gravity::Broken => "BROKEN",
        };
        writeln!(out, "{mark:<7} {name:<18} {found}")?;
        if !remedy.is_empty() {
            writeln!(out, "{:26} remedy: {remedy}", "")?;
        }
    }
    Ok(is_broken.into())
}
