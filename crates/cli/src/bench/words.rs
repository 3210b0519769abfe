//! The arguments of `archi bench`, and the plan that they mean.

use crate::nearest::nearest;
use crate::run::{parse_setting, parse_time};
use clap::ValueHint;
use clap::builder::PossibleValuesParser;
use launch::job::LOCAL_PROCESSES_MAX;
use measure::plan::Algorithms;
use measure::{Benchmark, Form, Plan, benchmark, sizes};
use std::path::{Path, PathBuf};
use std::time::Duration;

const AFTER_HELP: &str = "\
Examples:
  archi bench                                     an overview of this machine in about 20 s
  archi bench latency bandwidth --sizes 1..4M --transport tcp
  archi bench all-reduce --ranks 4 --form all --svg all-reduce.svg
  archi bench all-reduce --ranks 8 --algorithm all --sizes 8,64K
  archi bench --json before.json; ...; archi bench --json after.json
  archi bench --compare before.json after.json
  archi run -n 4 --bind-to core archi bench barrier

A figure is the median of repetitions; the table has their quartiles. Data are checked in every repetition.

Exit status:
  0          measured, or compared and nothing is worse
  1          a file, a rank or the data failed
  2          the command line makes no sense
  3          compared, and a row is worse beyond the noise
  others     as of archi run";

/// Arguments of `archi bench`.
#[derive(clap::Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub struct BenchArguments {
    /// What to measure: names and groups as --list shows them; an overview if none is given
    #[arg(value_name = "BENCHMARK", value_parser = parse_benchmarks)]
    benchmarks: Vec<Named>,
    /// Show all benchmarks
    #[arg(long)]
    pub list: bool,
    /// How many ranks [default: one for each core, from 2 to 8]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=LOCAL_PROCESSES_MAX as i64), allow_negative_numbers = true)]
    ranks: Option<u32>,
    /// Sizes in bytes: 8,1K,64K or 1..4M, which goes by powers of two
    #[arg(short, long, value_name = "SIZES", value_parser = parse_sizes, allow_hyphen_values = true)]
    sizes: Option<Sizes>,
    /// How operations are called: blocking, scope, owned, persistent, future, or all
    #[arg(short, long, value_name = "FORM,...", value_delimiter = ',', value_parser = PossibleValuesParser::new(FORMS))]
    form: Vec<String>,
    /// Algorithms of collectives, by name, where they fit; or all
    #[arg(short, long, value_name = "NAME,...", value_delimiter = ',')]
    algorithm: Vec<String>,
    /// How many threads, for thread-rate and thread-latency
    #[arg(short, long, value_name = "N,...", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: Vec<u32>,
    /// The time for all of it (seconds, or 500ms, 10s, 2m) [default: 0.2 s a row]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    /// How messages travel: auto takes shared memory where it works
    #[arg(long, value_name = "WAY", default_value = "auto", value_parser = PossibleValuesParser::new(["auto", "shm", "tcp"]))]
    pub transport: String,
    /// Bind each rank to a core of its own, or to none
    #[arg(long = "bind-to", value_name = "WHAT", default_value = "none", value_parser = PossibleValuesParser::new(["core", "none"]))]
    pub bind_to: String,
    /// A setting for the ranks, as archi info lists them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub set: Vec<(String, String)>,
    /// Write the figures as comma-separated values
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub csv: Option<PathBuf>,
    /// Write the figures as JSON, which can be compared
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub json: Option<PathBuf>,
    /// Draw the figures as an SVG picture
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub svg: Option<PathBuf>,
    /// Compare two files of --json instead of measuring
    #[arg(long, value_names = ["BEFORE", "AFTER"], num_args = 2, value_hint = ValueHint::FilePath, conflicts_with_all = ["benchmarks", "list", "csv", "json"])]
    pub compare: Option<Vec<PathBuf>>,
    /// Medians closer than this, in per cent, are the same
    #[arg(long, value_name = "PERCENT", default_value_t = measure::compare::TOLERANCE * 100.0, value_parser = parse_tolerance, allow_negative_numbers = true)]
    tolerance: f64,
}

const FORMS: [&str; 6] = ["blocking", "scope", "owned", "persistent", "future", "all"];

/// What a word of the command line names.
#[derive(Clone, Debug)]
struct Named(Vec<Benchmark>);

#[derive(Clone, Debug)]
struct Sizes(Vec<u64>);

impl BenchArguments {
    /// How many ranks are to be started.
    pub fn ranks_wanted(&self) -> usize {
        let cores = os::cores::Cores::of_this_process().usable();
        self.ranks.map_or(cores.clamp(2, 8), |ranks| ranks as usize)
    }

    /// The files that are to be written.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.csv, &self.json, &self.svg].into_iter().flatten().map(PathBuf::as_path)
    }

    /// The tolerance as a part of one.
    pub fn tolerance_part(&self) -> f64 {
        self.tolerance / 100.0
    }

    /// What to measure.
    pub fn plan(&self) -> Plan {
        let mut benchmarks: Vec<Benchmark> = Vec::new();
        for one in self.benchmarks.iter().flat_map(|named| &named.0) {
            if !benchmarks.contains(one) {
                benchmarks.push(*one);
            }
        }
        let all = [Form::Blocking, Form::Scope, Form::Owned, Form::Persistent, Form::Future];
        let wants = |form: &Form| self.form.iter().any(|name| name == "all" || name == form.name());
        Plan {
            benchmarks,
            sizes: self.sizes.as_ref().map(|sizes| sizes.0.clone()),
            forms: (!self.form.is_empty()).then(|| all.into_iter().filter(wants).collect()),
            algorithms: match self.algorithm.iter().any(|name| name == "all") {
                true => Algorithms::All,
                false if self.algorithm.is_empty() => Algorithms::Chosen,
                false => Algorithms::Named(self.algorithm.clone()),
            },
            threads: (!self.threads.is_empty())
                .then(|| self.threads.iter().map(|count| *count as usize).collect()),
            time: self.time,
        }
    }

    /// What is wrong with the plan on so many ranks.
    ///
    /// # Errors
    /// It, in words.
    pub fn check(&self, ranks: usize) -> Result<(), String> {
        let plan = self.plan();
        let known =
            |name: &String| name == "all" || engine::collective::TABLE.iter().any(|row| row.name == name);
        if let Some(name) = self.algorithm.iter().find(|name| !known(name)) {
            return Err(format!(
                "no collective has an algorithm `{name}`: archi info --collectives lists them"
            ));
        }
        if let Some(named) =
            self.benchmarks.iter().find(|named| named.0.len() == 1 && named.0[0].ranks_min() > ranks)
        {
            let one = named.0[0];
            return Err(format!(
                "{} needs {} ranks: --ranks {}",
                one.name(),
                one.ranks_min(),
                one.ranks_min()
            ));
        }
        // Of a group those that have the form are measured; what is named by itself is meant.
        let is_named = |one: &Benchmark| self.benchmarks.iter().any(|named| named.0 == [*one]);
        if let Some(one) = plan.without_form().into_iter().find(is_named) {
            return Err(format!(
                "{} has no form `{}`: archi bench --list shows what has which forms",
                one.name(),
                self.form.join(", ")
            ));
        }
        match plan.tasks(ranks).is_empty() {
            true => {
                Err("these options leave nothing to measure: archi bench --list shows what has which forms"
                    .into())
            }
            false => Ok(()),
        }
    }

    /// The same for ranks that somebody else has started.
    ///
    /// # Errors
    /// It, in words.
    pub fn check_under_launcher(&self, ranks: usize) -> Result<(), String> {
        if self.ranks.is_some_and(|wanted| wanted as usize != ranks) {
            return Err(format!("archi run has started {ranks} ranks: leave --ranks out"));
        }
        if self.transport != "auto" || self.bind_to != "none" || !self.set.is_empty() {
            return Err(
                "the ranks were started by archi run: give --transport, --bind-to and --set to it".into()
            );
        }
        self.check(ranks)
    }
}

fn parse_benchmarks(word: &str) -> Result<Named, String> {
    Benchmark::named(word).map(Named).ok_or_else(|| {
        let names: Vec<String> = Benchmark::all().iter().map(|one| one.name()).collect();
        let groups = benchmark::GROUPS.iter().map(|(name, _)| *name);
        match nearest(word, names.iter().map(String::as_str).chain(groups)) {
            Some((meant, true)) => format!("there is no such benchmark: did you mean {meant}?"),
            _ => "there is no such benchmark: archi bench --list shows all".into(),
        }
    })
}

fn parse_sizes(text: &str) -> Result<Sizes, String> {
    sizes::parse(text).map(Sizes)
}

fn parse_tolerance(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| (0.0..=1000.0).contains(value));
    value.ok_or_else(|| "it is a number of per cent, from 0 to 1000".into())
}
