//! The figures of a run, with all that is needed to judge them.

use serde::{Deserialize, Serialize};

use crate::benchmark::Better;
use crate::overlap::hidden;
use crate::plan::Task;
use crate::point::window;
use crate::rate::STREAM_MESSAGES;
use crate::repeat::Repetitions;
use crate::sample::Sample;
use crate::{Benchmark, Form, machine};

/// What the transport and the binding are called where a launcher has chosen them, which tells neither.
pub const LAUNCHERS: &str = "the launcher's";

/// All that was measured, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// When, in UTC.
    pub taken: String,
    /// On which host.
    pub host: String,
    /// What machine that is.
    pub machine: String,
    /// How many processes wanted to run there before, on average of a minute.
    pub load: String,
    /// The version that was measured.
    pub archipelago: String,
    /// How many ranks.
    pub ranks: usize,
    /// How messages travelled, as it was asked for.
    pub transport: String,
    /// Whether each rank had a core of its own.
    pub bind_to: String,
    /// Settings, each NAME=VALUE.
    pub settings: Vec<String>,
    /// The figures.
    pub rows: Vec<Row>,
}

/// The figures of one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The benchmark's name.
    pub benchmark: String,
    /// In which form, where there are several.
    pub form: Option<String>,
    /// The algorithm of a collective.
    pub algorithm: Option<String>,
    /// Whether that one was named; otherwise it was chosen.
    #[serde(default)]
    pub forced: bool,
    /// How many threads, where there are several.
    pub threads: Option<usize>,
    /// Whether threads have communicators of their "own" or one that is "shared".
    pub communicators: Option<String>,
    /// The size.
    pub bytes: u64,
    /// The unit of the figures.
    pub unit: String,
    /// Whether a smaller figure is the better one.
    pub less_is_better: bool,
    /// Operations in each repetition.
    pub operations: u64,
    /// One for each repetition.
    pub figures: Vec<f64>,
    /// Of overlap: microseconds of the operation alone, of the computation alone, of both; the median each.
    pub microseconds: Option<[f64; 3]>,
}

impl Results {
    /// Nothing yet, here and now.
    pub fn new(ranks: usize) -> Results {
        Results {
            taken: os::calendar::utc_text(),
            host: os::host::name(),
            machine: machine::description(os::cores::Cores::of_this_process().usable()),
            load: machine::load(),
            archipelago: env!("CARGO_PKG_VERSION").to_owned(),
            ranks,
            transport: "auto".to_owned(),
            bind_to: "none".to_owned(),
            settings: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// One line on the circumstances.
    pub fn circumstances(&self) -> String {
        let settings = self.settings.iter().map(|setting| format!(", {setting}")).collect::<String>();
        let way = match (self.transport.as_str(), self.bind_to.as_str()) {
            (LAUNCHERS, LAUNCHERS) => "transport and binding as the launcher was told".to_owned(),
            (transport, bound) => format!("transport {transport}, bound to {bound}"),
        };
        format!(
            "{} ranks on {} ({}), load {}, {way}{settings}, archipelago {}, {}",
            self.ranks, self.host, self.machine, self.load, self.archipelago, self.taken
        )
    }

    /// What a reader must know before believing the figures: the machine was busy with other things.
    pub fn warning(&self) -> Option<String> {
        let cores = os::cores::Cores::of_this_process().usable();
        let busy = self.load.parse::<f64>().is_ok_and(|load| load > cores as f64);
        busy.then(|| {
            format!(
                "The load was {} before, on {cores} cores: others were computing, and these figures are not the machine's.",
                self.load
            )
        })
    }
}

impl Row {
    /// What was taken of a task. `algorithm` is the one that was used.
    pub fn of(task: &Task, algorithm: Option<&str>, ranks: usize, taken: &Repetitions) -> Row {
        let (benchmark, bytes) = (task.benchmark, task.bytes as usize);
        let threads = task.threads.map_or(1, |(threads, _)| threads);
        let messages = match (benchmark, task.form) {
            (Benchmark::MessageRate, Some(Form::Blocking)) => ranks / 2 * STREAM_MESSAGES,
            (Benchmark::MessageRate, _) => ranks / 2 * window(bytes),
            (Benchmark::ThreadRate, Some(Form::Blocking)) => threads * STREAM_MESSAGES,
            (Benchmark::ThreadRate, _) => threads * window(bytes),
            (Benchmark::Bidirectional, _) => 2 * window(bytes),
            _ => window(bytes),
        } as f64;
        let figure = |times: &[f64; 3]| match benchmark {
            Benchmark::Latency | Benchmark::ThreadLatency => times[0] / 2.0 * 1e6,
            Benchmark::Bandwidth | Benchmark::Bidirectional => messages * bytes as f64 / times[0] / 1e6,
            Benchmark::MessageRate | Benchmark::ThreadRate => messages / times[0] / 1e6,
            Benchmark::Collective(_) => times[0] * 1e6,
            Benchmark::Overlap | Benchmark::CollectiveOverlap(_) => hidden(*times),
        };
        let median = |kind: usize| {
            let sample: Sample = taken.times.iter().map(|times| times[kind] * 1e6).collect();
            sample.median().unwrap_or(0.0)
        };
        Row {
            benchmark: benchmark.name(),
            form: task.form.map(|form| form.name().to_owned()),
            algorithm: algorithm.map(str::to_owned),
            forced: task.algorithm.is_some(),
            threads: task.threads.map(|(threads, _)| threads),
            communicators: task.threads.map(|(_, apart)| if apart { "own" } else { "shared" }.to_owned()),
            bytes: task.bytes,
            unit: benchmark.unit().to_owned(),
            less_is_better: benchmark.better() == Better::Less,
            operations: taken.operations,
            figures: taken.times.iter().map(figure).filter(|figure| figure.is_finite()).collect(),
            microseconds: benchmark.is_overlap().then(|| [0, 1, 2].map(median)),
        }
    }

    /// The figures as a sample.
    pub fn sample(&self) -> Sample {
        self.figures.iter().copied().collect()
    }

    /// What tells its line in a plot and its row in a comparison from others: all but the size.
    pub fn line(&self) -> String {
        let mut words = vec![self.benchmark.clone()];
        words.extend(self.form.clone().filter(|form| form != Form::Blocking.name()));
        words.extend(self.algorithm.clone().filter(|_| self.forced));
        words.extend(self.communicators.as_ref().map(|which| format!("{which} communicators")));
        words.join(", ")
    }
}
