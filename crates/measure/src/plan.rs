//! What is to be measured, as data.

use std::time::Duration;

use crate::Benchmark;

/// How an operation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// It returns when it is done.
    Blocking,
    /// Started in a scope, then waited for.
    Scope,
    /// Started with buffers of its own, then waited for.
    Owned,
    /// Described once, started and waited for again and again.
    Persistent,
    /// Owned, and polled once before it is waited for: that starts the thread that makes progress. Overlap only.
    Future,
}

impl Form {
    /// The forms of a collective.
    pub const OF_COLLECTIVES: [Form; 4] = [Form::Blocking, Form::Scope, Form::Owned, Form::Persistent];

    /// The forms that can hide behind computation.
    pub const OF_OVERLAP: [Form; 2] = [Form::Scope, Form::Future];

    /// The forms of message rates.
    pub const OF_RATES: [Form; 2] = [Form::Blocking, Form::Scope];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Form::Blocking => "blocking",
            Form::Scope => "scope",
            Form::Owned => "owned",
            Form::Persistent => "persistent",
            Form::Future => "future",
        }
    }
}

/// Which algorithms of collectives are measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Algorithms {
    /// The one that is chosen.
    #[default]
    Chosen,
    /// The one that is chosen, and each of the table that fits.
    All,
    /// Those with these names, where they fit.
    Named(Vec<String>),
}

/// What is to be measured. What is left open is chosen for each benchmark.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The benchmarks; all of the overview, if there are none.
    pub benchmarks: Vec<Benchmark>,
    /// Sizes in bytes.
    pub sizes: Option<Vec<u64>>,
    /// Forms; each benchmark is measured in those that it has.
    pub forms: Option<Vec<Form>>,
    /// Algorithms of collectives.
    pub algorithms: Algorithms,
    /// Numbers of threads, for the rate of threads.
    pub threads: Option<Vec<usize>>,
    /// For all of it; a fifth of a second for each row, if there is none.
    pub time: Option<Duration>,
}

/// One row that is to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What.
    pub benchmark: Benchmark,
    /// In which form, where there are several.
    pub form: Option<Form>,
    /// By which algorithm, where one is named.
    pub algorithm: Option<String>,
    /// How many threads, and whether each has a communicator of its own.
    pub threads: Option<(usize, bool)>,
    /// The size.
    pub bytes: u64,
}

impl Task {
    /// In words.
    pub fn spelled(&self) -> String {
        let mut words = vec![self.benchmark.name()];
        words.extend(self.form.map(|form| form.name().to_owned()));
        words.extend(self.algorithm.clone());
        words.extend(self.threads.map(|(threads, apart)| {
            format!("{threads} threads, {} communicators", if apart { "own" } else { "shared" })
        }));
        if self.bytes > 0 {
            words.push(crate::sizes::spelled(self.bytes));
        }
        words.join(" ")
    }
}

/// The time of a row, unless the whole has one.
const ROW: Duration = Duration::from_millis(200);

impl Plan {
    /// Whether it names nothing, so that an overview is wanted.
    fn is_overview(&self) -> bool {
        self.benchmarks.is_empty()
    }

    /// The benchmarks that it means.
    fn chosen(&self) -> Vec<Benchmark> {
        if !self.is_overview() {
            return self.benchmarks.clone();
        }
        // Not the overlap of each collective: that would double the time.
        Benchmark::all().into_iter().filter(|one| !matches!(one, Benchmark::CollectiveOverlap(_))).collect()
    }

    /// The rows in the order in which they are measured. What needs more ranks than there are is left out of an overview or a
    /// group; see [`lacking`](Plan::lacking). What starts a thread that makes progress comes last: it goes on running.
    pub fn tasks(&self, ranks: usize) -> Vec<Task> {
        let mut tasks = Vec::new();
        for benchmark in self.chosen().into_iter().filter(|one| one.ranks_min() <= ranks) {
            for form in self.forms_of(benchmark) {
                for algorithm in self.algorithms_of(benchmark) {
                    for threads in self.threads_of(benchmark) {
                        for bytes in self.sizes_of(benchmark) {
                            let algorithm = algorithm.clone();
                            tasks.push(Task { benchmark, form, algorithm, threads, bytes });
                        }
                    }
                }
            }
        }
        tasks.sort_by_key(|task| task.form == Some(Form::Future));
        tasks
    }

    /// The benchmarks that have none of the forms that are wanted.
    pub fn without_form(&self) -> Vec<Benchmark> {
        self.chosen().into_iter().filter(|one| self.forms_of(*one).is_empty()).collect()
    }

    /// The benchmarks that need more ranks than there are.
    pub fn lacking(&self, ranks: usize) -> Vec<Benchmark> {
        self.chosen().into_iter().filter(|one| one.ranks_min() > ranks).collect()
    }

    /// The time of each of so many rows.
    pub fn time_of_row(&self, rows: usize) -> Duration {
        self.time.map_or(ROW, |time| time / rows.max(1) as u32)
    }

    fn forms_of(&self, benchmark: Benchmark) -> Vec<Option<Form>> {
        let (has, usual): (&[Form], &[Form]) = match benchmark {
            Benchmark::Collective(_) => (&Form::OF_COLLECTIVES, &[Form::Blocking]),
            Benchmark::Overlap | Benchmark::CollectiveOverlap(_) => (&Form::OF_OVERLAP, &Form::OF_OVERLAP),
            Benchmark::MessageRate | Benchmark::ThreadRate => (&Form::OF_RATES, &Form::OF_RATES),
            // What has one form only is blocking.
            _ => {
                let is_wanted = self.forms.as_ref().is_none_or(|forms| forms.contains(&Form::Blocking));
                return if is_wanted { vec![None] } else { Vec::new() };
            }
        };
        let usual =
            if self.is_overview() && benchmark == Benchmark::ThreadRate { &[Form::Blocking] } else { usual };
        let wanted = self.forms.as_deref().unwrap_or(usual);
        has.iter().filter(|form| wanted.contains(form)).map(|form| Some(*form)).collect()
    }

    fn algorithms_of(&self, benchmark: Benchmark) -> Vec<Option<String>> {
        let Some(collective) = benchmark.collective() else { return vec![None] };
        let of_table = engine::collective::TABLE.iter().filter(|row| row.collective == collective);
        match &self.algorithms {
            Algorithms::Chosen => vec![None],
            Algorithms::All => {
                std::iter::once(None).chain(of_table.map(|row| Some(row.name.to_owned()))).collect()
            }
            Algorithms::Named(names) => {
                let known = of_table.filter(|row| names.iter().any(|name| name == row.name));
                known.map(|row| Some(row.name.to_owned())).collect()
            }
        }
    }

    fn threads_of(&self, benchmark: Benchmark) -> Vec<Option<(usize, bool)>> {
        if !matches!(benchmark, Benchmark::ThreadRate | Benchmark::ThreadLatency) {
            return vec![None];
        }
        let counts = self
            .threads
            .clone()
            .unwrap_or_else(|| if self.is_overview() { vec![1, 4] } else { vec![1, 2, 4] });
        let both = |apart| counts.iter().map(move |count| Some((*count, apart)));
        both(true).chain(both(false)).collect()
    }

    fn sizes_of(&self, benchmark: Benchmark) -> Vec<u64> {
        if benchmark.collective() == Some(engine::collective::Collective::Barrier) {
            return vec![0];
        }
        let powers = |last: u64| {
            std::iter::successors(Some(1u64), |size| Some(size * 2)).take_while(move |size| *size <= last)
        };
        let mut sizes: Vec<u64> = match (&self.sizes, self.is_overview()) {
            (Some(sizes), _) => sizes.clone(),
            (None, true) => match benchmark {
                Benchmark::ThreadRate | Benchmark::ThreadLatency => vec![8],
                Benchmark::MessageRate => vec![8, 1 << 10],
                Benchmark::Overlap => vec![8 << 10, 1 << 20],
                Benchmark::Collective(_) => vec![8, 16 << 10, 1 << 20],
                _ => vec![8, 1 << 10, 64 << 10, 4 << 20],
            },
            (None, false) => match benchmark {
                Benchmark::ThreadRate | Benchmark::ThreadLatency => vec![8, 1 << 10],
                Benchmark::MessageRate => powers(4 << 10).collect(),
                Benchmark::Overlap | Benchmark::CollectiveOverlap(_) => {
                    powers(4 << 20).filter(|size| size.ilog2() % 3 == 0).collect()
                }
                Benchmark::Collective(_) => powers(1 << 20).collect(),
                _ => powers(4 << 20).collect(),
            },
        };
        if benchmark.collective().is_some_and(|collective| collective.reduces()) {
            sizes.iter_mut().for_each(|size| *size = size.next_multiple_of(8));
            sizes.dedup();
        }
        sizes
    }
}
