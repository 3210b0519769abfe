//! `cargo xtask soak`: the long forms of what `test` runs in short form. Hours, not minutes, if asked for.

use crate::loom;
use crate::shell::{Failure, Outcome, announce, cargo, only, option};
use crate::tally::{Tally, tally};

/// Runs the tests `--rounds` times (3 unless told) with many more cases and seeds, then the long loom models.
///
/// Randomised tests read `PROPTEST_CASES` (proptest itself) and `ARCHIPELAGO_SOAK` (a factor on seeds and rounds).
pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &["--rounds"])?;
    let rounds: u32 = match option(arguments, "--rounds")? {
        None => 3,
        Some(text) => text.parse().map_err(|_| Failure::new(format!("--rounds: `{text}` is not a count")))?,
    };
    let mut total = Tally::default();
    for round in 1..=rounds {
        announce(&format!("soak: round {round} of {rounds}"));
        let mut command =
            cargo(&["test", "--quiet", "--workspace", "--no-fail-fast", "--", "--format=pretty"]);
        total += tally(command.env("PROPTEST_CASES", "5000").env("ARCHIPELAGO_SOAK", "20"));
    }
    total += loom::check(loom::Form::Long);
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.green() { Ok(()) } else { Err(Failure::new("soak found a failure")) }
}
