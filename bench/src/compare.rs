//! Takes all figures, ours and the limits in turn, several times.

use crate::limits::{self, LIMITS};
use crate::measures::{MEASURES, Measure, Way};
use crate::page::{self, Report};
use measure::sample::Sample;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Cores that everything runs on, so that "4 ranks on 2 cores" means the same on every machine.
const CORES: usize = 2;

struct Options<'a> {
    archi: PathBuf,
    page: Option<&'a Path>,
    json: Option<&'a Path>,
    runs: usize,
    limits_only: bool,
}

/// Reads the options, measures, prints the table, writes page and figures.
pub fn run(words: &[&str]) -> Result<(), String> {
    let options = parse(words)?;
    let own = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let cores = limits::confine(CORES);
    let mut report = Report::new(cores, options.runs);
    for round in 1..=options.runs {
        for limit in LIMITS {
            progress(round, options.runs, limit.what);
            let figure = figure_of(Command::new(&own).args(["limit", limit.name]));
            report.limits.entry(limit.name).or_default().push(figure.unwrap_or(f64::NAN));
        }
        if options.limits_only {
            continue;
        }
        for (index, measure) in MEASURES.iter().enumerate() {
            progress(round, options.runs, measure.what);
            match take(measure, &options.archi, &own) {
                Ok(figure) => {
                    report.ours[index].push(figure);
                    // Of the same round, so that what disturbs the machine disturbs both.
                    let limit = best_limit(&report, measure);
                    report.ratios[index].push(limit.map_or(f64::NAN, |limit| figure / limit));
                }
                Err(line) => report.failures.push(format!("{}: {line}", measure.what)),
            }
        }
    }
    if std::io::stdout().is_terminal() {
        print!("\r\x1b[K"); // where the progress stood
    }
    println!("{}", page::table(&report, options.limits_only));
    report.failures.iter().for_each(|line| eprintln!("bench: {line}"));
    let write = |path: &Path, text: String| {
        std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    if let (Some(path), false) = (options.page, options.limits_only) {
        write(path, page::markdown(&report))?;
    }
    if let Some(path) = options.json {
        write(path, page::json(&report))?;
    }
    if report.failures.is_empty() { Ok(()) } else { Err(format!("{} runs failed", report.failures.len())) }
}

fn parse<'a>(words: &[&'a str]) -> Result<Options<'a>, String> {
    let mut options =
        Options { archi: PathBuf::from("archi"), page: None, json: None, runs: 5, limits_only: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match *word {
            "--archi" => options.archi = PathBuf::from(value()?),
            "--page" => options.page = Some(Path::new(*value()?)),
            "--json" => options.json = Some(Path::new(*value()?)),
            "--runs" => {
                let text = value()?;
                let runs = text.parse().ok().filter(|runs| *runs > 0);
                options.runs = runs.ok_or_else(|| format!("--runs: `{text}` is not a count"))?;
            }
            "--limits" => options.limits_only = true,
            other => return Err(format!("no option `{other}`")),
        }
    }
    Ok(options)
}

fn progress(round: usize, runs: usize, what: &str) {
    if std::io::stdout().is_terminal() {
        print!("\r\x1b[Krun {round} of {runs}: {what}");
        let _ = std::io::stdout().flush();
    }
}

/// The latest figure of the best limit of a measure.
fn best_limit(report: &Report, measure: &Measure) -> Option<f64> {
    let latest = measure.limits.iter().filter_map(|name| report.limits.get(name)?.figures().last().copied());
    if measure.promise.wants_less() { latest.min_by(f64::total_cmp) } else { latest.max_by(f64::total_cmp) }
}

fn take(measure: &Measure, archi: &Path, own: &Path) -> Result<f64, String> {
    let command = |name, options: &[&str]| {
        let mut command = Command::new(archi);
        // A run that hangs is a failure that is reported, not the end of the comparison.
        command.args(["run", "--timeout", "60s"]).args(options).arg(own).args(["ours", name]);
        command
    };
    match measure.ours {
        Way::Printed { name, options } => figure_of(&mut command(name, options)),
        Way::WallClock { name, options } => {
            let start = Instant::now();
            let status =
                command(name, options).stdin(Stdio::null()).status().map_err(|error| error.to_string())?;
            let seconds = start.elapsed().as_secs_f64();
            if status.success() { Ok(seconds) } else { Err(status.to_string()) }
        }
    }
}

/// The number that a program prints as its last line.
fn figure_of(command: &mut Command) -> Result<f64, String> {
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(output.status.to_string());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    line.trim().parse().map_err(|_| format!("printed `{line}`, which is no figure"))
}

/// Samples per limit, filled as they come.
pub type Samples = std::collections::BTreeMap<&'static str, Sample>;
