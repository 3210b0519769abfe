//! The whole program on one process: what the root reads, what all do, what the root reports.

use crate::error::Error;
use crate::meter::{Account, Meter};
use crate::options::{Algorithm, Options};
use crate::plan::{Factors, Plan};
use crate::report::Report;
use crate::{Matrix, file, rows, summa, verify};
use archipelago::Comm;
use clap::Parser;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// As it should.
    Done = 0,
    /// Something was wrong, and was said.
    Failed = 1,
    /// The command line was wrong, and was said.
    Usage = 2,
}

/// Runs this process's part; the report goes to rank 0's `output`. Whatever is wrong with the input is said once, by rank 0,
/// whose status tells; the others end well.
pub fn run(world: &Comm, arguments: impl IntoIterator<Item = OsString>, output: &mut impl Write) -> Status {
    // All are here before one may fail: who comes to a job that ends already would complain about that.
    let outcome = world.barrier().map_err(Error::from);
    if world.rank() == 0 {
        return outcome.and_then(|()| lead(world, arguments, output)).unwrap_or_else(complain);
    }
    match outcome.and_then(|()| follow(world)) {
        Ok(()) => Status::Done,
        // Somebody else ended the job, and has said why.
        Err(Error::Runtime(archipelago::Error::Ended { .. })) => Status::Failed,
        Err(error) => complain(error),
    }
}

fn complain(error: Error) -> Status {
    eprintln!("matmul: {error}");
    Status::Failed
}

/// Rank 0: reads, multiplies with the others, checks, writes, reports.
fn lead(
    world: &Comm,
    arguments: impl IntoIterator<Item = OsString>,
    output: &mut impl Write,
) -> Result<Status, Error> {
    let options = match Options::try_parse_from(arguments) {
        Ok(options) => options,
        Err(answer) => {
            Plan::STOP.agree(world)?;
            if answer.use_stderr() {
                eprintln!("matmul: {}", in_one_line(&answer.to_string()));
                return Ok(Status::Usage);
            }
            say(output, &answer.to_string())?; // help or version
            return Ok(Status::Done);
        }
    };
    let (a, b) = match options.factors() {
        Ok(factors) => factors,
        Err(error) => {
            Plan::STOP.agree(world)?;
            return Err(error);
        }
    };
    let plan = Plan::new(&options, &a, &b).agree(world)?;
    let kept = options.verify.then(|| (a.clone(), b.clone()));
    let (product, accounts) = multiply(world, &plan, Some((a, b)))?;
    let (Some(product), Some(accounts)) = (product, accounts) else {
        return Err(Error::Wrong("rank 0 got no product".into()));
    };
    let check = kept.map(|(a, b)| verify::verify(&a, &b, &product, options.seed)).transpose()?;
    if let Some(path) = &options.out {
        file::write(path, &product)?;
    }
    let out = options.out.as_ref().map(|path| path.display().to_string());
    let report = Report { plan: &plan, accounts: &accounts, check, out };
    let text = if options.json { report.json() + "\n" } else { report.text() };
    say(output, &text)?;
    Ok(Status::Done)
}

fn say(output: &mut impl Write, text: &str) -> Result<(), Error> {
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(|cause| Error::system("write", Path::new("standard output"), cause))
}

/// What clap objects to and the tip that it gives, without its pages of usage.
fn in_one_line(answer: &str) -> String {
    let lines = answer.lines().map(str::trim);
    let ends = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let facts = lines.take_while(|line| !ends(line)).filter(|line| !line.is_empty());
    let text = facts.collect::<Vec<_>>().join("; ").replace(":; ", ": ");
    format!("{}; --help lists all options", text.trim_start_matches("error: "))
}

/// The other ranks: do what rank 0 plans.
fn follow(world: &Comm) -> Result<(), Error> {
    let plan = Plan::STOP.agree(world)?;
    if plan.go {
        multiply(world, &plan, None)?;
    }
    Ok(())
}

/// The product and everybody's account, both at rank 0.
fn multiply(
    world: &Comm,
    plan: &Plan,
    factors: Factors,
) -> Result<(Option<Matrix>, Option<Vec<Account>>), Error> {
    world.barrier()?;
    let mut meter = Meter::start(world);
    let product = match plan.algorithm {
        Algorithm::Rows => rows::multiply(plan, factors, &mut meter)?,
        Algorithm::Summa => summa::multiply(plan, factors, &mut meter)?,
    };
    let accounts = world.root(0).gather(&[meter.account()])?;
    Ok((product, accounts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_command_line_is_one_line_that_names_the_nearest_option() {
        let check = |words: &[&str], expected: &str| {
            let answer = Options::try_parse_from([&["matmul"], words].concat()).unwrap_err();
            assert_eq!(in_one_line(&answer.to_string()), format!("{expected}; --help lists all options"));
        };
        check(
            &["--verifi"],
            "unexpected argument '--verifi' found; tip: a similar argument exists: '--verify'",
        );
        for wrong in ["x", "-1", "0", "16385", "1e3"] {
            check(
                &["--n", wrong],
                &format!("invalid value '{wrong}' for '--n <N>': a matrix has 1 to 16384 rows"),
            );
        }
        check(
            &["--n", "8", "--seed", "-1"],
            "invalid value '-1' for '--seed <SEED>': a seed is a whole number from 0 to 18446744073709551615",
        );
        check(&["--a", "x"], "the following required arguments were not provided: --b <FILE>");
    }
}
