//! Parts that are tests of cargo's: the suite that every transport must pass, and the manners of a library in another's process.

use crate::shell::{Failure, Outcome, announce, cargo, only};
use crate::tally::tally;

/// `cargo xtask conformance transports`.
pub fn transports(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    let filter = arguments.first().map_or("conformance", String::as_str);
    suite(&["--package", "archipelago-fabric", filter], "a transport does not conform")
}

/// `cargo xtask conformance manners`.
pub fn manners(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    let filter = arguments.first().map_or("", String::as_str);
    let words = ["--package", "archipelago-mpi-abi", "--test", "manners", filter];
    suite(&words, "the library lacks manners")
}

fn suite(words: &[&str], broken: &str) -> Outcome {
    announce(&format!("tests: {}", words.join(" ")));
    let counted = tally(&mut cargo(&[&["test", "--quiet"][..], words, &["--", "--format=pretty"]].concat()));
    println!("{} passed, {} failed", counted.passed, counted.failed);
    match counted.passed + counted.failed {
        0 => Err(Failure::new("no test has such a name")),
        _ if counted.green() => Ok(()),
        _ => Err(Failure::new(broken)),
    }
}
