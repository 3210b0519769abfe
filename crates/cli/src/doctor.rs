//! `archi doctor`: what on this machine would slow or break a job, and what to do about it.

use serde_json::json;

use crate::findings::{Gravity, findings};

/// Arguments of `archi doctor`.
#[derive(clap::Args, Debug)]
pub struct DoctorArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Prints what is wrong; the exit status: 0 when jobs run here, 1 when something breaks them.
pub fn doctor(arguments: &DoctorArguments) -> u8 {
    let findings = findings();
    let broken = findings.iter().any(|finding| finding.gravity == Gravity::Broken);
    if arguments.json {
        let rows: Vec<_> = findings
            .iter()
            .map(|f| {
                let gravity = format!("{:?}", f.gravity).to_lowercase();
                json!({ "name": f.name, "found": f.found, "gravity": gravity, "remedy": f.remedy })
            })
            .collect();
        println!("{:#}", json!({ "healthy": !broken, "findings": rows }));
        return broken as u8;
    }
    let (mut noted, width) = (0, findings.iter().map(|f| f.name.len()).max().unwrap_or(0));
    for finding in findings.iter().filter(|finding| finding.gravity != Gravity::Fine) {
        noted += 1;
        let mark = if finding.gravity == Gravity::Broken { "breaks" } else { "slows" };
        println!("{:<width$}  {mark}: {}", finding.name, finding.found);
        println!("{:<width$}  remedy: {}", "", finding.remedy);
    }
    match noted {
        0 => println!("nothing on this machine slows or breaks a job ({} things looked at)", findings.len()),
        _ => println!("{noted} of {} things that were looked at", findings.len()),
    }
    broken as u8
}
