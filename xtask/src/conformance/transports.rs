//! `cargo xtask conformance transports`: the suite that every transport must pass.

use crate::shell::{Failure, Outcome, announce, cargo, only};
use crate::tally::tally;

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    let filter = arguments.first().map_or("conformance", String::as_str);
    announce(&format!("conformance of the transports: tests named like `{filter}`"));
    let mut command =
        cargo(&["test", "--quiet", "--package", "archipelago-fabric", filter, "--", "--format=pretty"]);
    let counted = tally(&mut command);
    println!("{} passed, {} failed", counted.passed, counted.failed);
    match counted.passed + counted.failed {
        0 => Err(Failure::new(format!("no test is named like `{filter}`"))),
        _ if counted.green() => Ok(()),
        _ => Err(Failure::new("a transport does not conform")),
    }
}
