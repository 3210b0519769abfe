//! `archi bench`: reads the arguments; starts the ranks, or is one of them; tells the figures.
//!
//! The ranks are this program again with the same words, so that `archi run -n 4 archi bench ...` is the same thing with the
//! launcher's options in the user's hand.

mod compared;
mod words;

use control::Transport;
use control::agent::{App, Bind};
use launch::binding::Binding;
use launch::job::{STATUS_FAILURE, STATUS_USAGE};
use launch::{Job, Part};
use measure::progress::Progress;
use measure::results::LAUNCHERS;
use measure::session::{self, Event};
use measure::{Benchmark, Results, Row, benchmark, csv, json, plot, table};
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

pub use words::BenchArguments;

/// The exit status of a comparison in which something became worse.
pub const STATUS_WORSE: u8 = 3;

/// Tells the ranks that this program has started them, and by it the options of the launch that they report.
const LAUNCHED: &str = "ARCHIPELAGO_BENCH";

/// Runs the command; the exit status. `words` are the words after `bench`, for the ranks.
pub fn bench(arguments: &BenchArguments, words: Vec<OsString>) -> u8 {
    if arguments.list {
        return print(&listing());
    }
    if let Some(files) = &arguments.compare {
        return compared::compare(arguments, &files[0], &files[1]);
    }
    match std::env::var_os(control::process::FD_VARIABLE) {
        Some(_) => be_rank(arguments),
        None => lead(arguments, words),
    }
}

/// All benchmarks, by group.
fn listing() -> String {
    let mut text = String::from(
        "Benchmarks, for archi bench NAME...; sizes are those of a message, of the vector, or of a rank's block\n\n",
    );
    let all = Benchmark::all();
    let width = all.iter().map(|one| one.name().len()).max().unwrap_or(0);
    for one in &all {
        text.push_str(&format!("  {:width$}  {:4}  {}\n", one.name(), one.unit(), one.summary()));
    }
    text.push_str("\nGroups\n\n");
    for (name, what) in benchmark::GROUPS {
        text.push_str(&format!("  {name:width$}        {what}\n"));
    }
    text.push_str(
        "\nForms of collectives: blocking, scope, owned, persistent; of overlaps: scope, future; of message-rate and thread-rate: blocking, scope.\n\
         Algorithms: archi info --collectives.\n",
    );
    text
}

/// Starts the ranks and waits for them.
fn lead(arguments: &BenchArguments, words: Vec<OsString>) -> u8 {
    let ranks = arguments.ranks_wanted();
    if let Err(complaint) = arguments.check(ranks) {
        return complain(&complaint, STATUS_USAGE);
    }
    if let Err(complaint) = writable(arguments) {
        return complain(&complaint, STATUS_FAILURE);
    }
    let program = match std::env::current_exe() {
        Ok(program) => program.into_os_string(),
        Err(error) => return complain(&format!("cannot find this program: {error}"), STATUS_FAILURE),
    };
    let bind = if arguments.bind_to == "core" { Bind::Cores(1) } else { Bind::None };
    // Where there are too few cores the keeper says so, and binds none.
    let bound = if Binding::new(bind, ranks).is_bound() { &arguments.bind_to } else { "none" };
    let command = [program, "bench".into()].into_iter().chain(words).map(OsString::into_vec).collect();
    let app = App {
        command,
        directory: None,
        inherit_environment: true,
        environment: vec![(LAUNCHED.into(), bound.as_bytes().to_vec())],
    };
    let mut job = Job::new("archi", vec![Part { processes: ranks, app }]);
    job.bind = bind;
    job.transport = match arguments.transport.as_str() {
        "shm" => Transport::Shm,
        "tcp" => Transport::Tcp,
        _ => Transport::Auto,
    };
    job.options = arguments.set.clone();
    launch::run(&job)
}

/// Whether the files can be written: better now than when all is measured.
fn writable(arguments: &BenchArguments) -> Result<(), String> {
    arguments.files().try_for_each(|path| {
        let opened = std::fs::OpenOptions::new().create(true).append(true).open(path);
        opened.map(drop).map_err(|error| format!("cannot write {}: {error}", path.display()))
    })
}

/// Is one of the ranks.
fn be_rank(arguments: &BenchArguments) -> u8 {
    let world = match archipelago::init() {
        Ok(world) => world,
        Err(error) => return complain(&error.to_string(), STATUS_FAILURE),
    };
    let launched = std::env::var(LAUNCHED).ok();
    let first = world.rank() == 0;
    // All ranks have the same words: one complains for all.
    let complaint = match launched {
        Some(_) => Ok(()),
        None => arguments.check_under_launcher(world.size()).and_then(|()| match first {
            true => writable(arguments),
            false => Ok(()),
        }),
    };
    let complaint = complaint.err().filter(|_| first).unwrap_or_default();
    let refused = world.root(0).broadcast_vec(first.then(|| complaint.as_bytes().to_vec()));
    match refused {
        Ok(refused) if refused.is_empty() => {}
        Ok(_) => {
            let status = if first { complain(&complaint, STATUS_USAGE) } else { STATUS_USAGE };
            let _ = world.finalize();
            return status;
        }
        Err(error) => return complain(&error.to_string(), STATUS_FAILURE),
    }
    let mut results = Results::new(world.size());
    if let Some(bound) = launched {
        (results.transport, results.bind_to) = (arguments.transport.clone(), bound);
        results.settings = arguments.set.iter().map(|(name, value)| format!("{name}={value}")).collect();
    } else {
        (results.transport, results.bind_to) = (LAUNCHERS.into(), LAUNCHERS.into());
    }
    let mut teller = Teller { progress: Progress::new(), told: Vec::new(), skipped: Vec::new() };
    if first && !teller.progress.is_shown() {
        print(&(results.circumstances() + "\n"));
    }
    match session::run(&world, &arguments.plan(), &mut |event| teller.hear(event)) {
        Ok(rows) => results.rows = rows,
        Err(error) => {
            complain(&error.to_string(), STATUS_FAILURE);
            world.abort(i32::from(STATUS_FAILURE));
        }
    }
    let told = if first { tell(arguments, &results, teller) } else { Ok(()) };
    let left = world.finalize().map_err(|error| error.to_string());
    match told.and(left) {
        Ok(()) => 0,
        Err(error) => complain(&error, STATUS_FAILURE),
    }
}

/// Tables as they come, or a line of progress and all tables at the end.
struct Teller {
    progress: Progress,
    told: Vec<Row>,
    skipped: Vec<String>,
}

impl Teller {
    fn hear(&mut self, event: Event) {
        match event {
            Event::Begun { task, done, of } => {
                let goes_on = self.told.last().is_none_or(|row| row.benchmark == task.benchmark.name());
                if !goes_on {
                    self.tell_last();
                }
                self.progress.show(done, of, &task.spelled());
            }
            Event::Done(row) => self.told.push(row),
            Event::Skipped { what, why } => self.skipped.push(format!("{what} was left out: {why}")),
        }
    }

    /// Prints the table of a benchmark that is done, unless the terminal shows how far it is.
    fn tell_last(&mut self) {
        if !self.progress.is_shown() && !self.told.is_empty() {
            print(&format!("\n{}", table::benchmark(&self.told)));
        }
        self.told.clear();
    }
}

/// How long the launcher may take to read the last line of progress: it comes by another pipe than the tables.
const SEEN: Duration = Duration::from_millis(50);

/// At the end: what is not told yet, and the files.
fn tell(arguments: &BenchArguments, results: &Results, mut teller: Teller) -> Result<(), String> {
    if teller.progress.is_shown() {
        let rows = results.rows.len();
        teller.progress.show(rows, rows, "done");
        std::thread::sleep(SEEN);
        print(&table::write(results));
    } else {
        teller.tell_last();
    }
    if !teller.skipped.is_empty() {
        print(&format!("\n{}\n", teller.skipped.join("\n")));
    }
    if let Some(warning) = results.warning() {
        print(&format!("\n{warning}\n"));
    }
    let write = |path: &Option<std::path::PathBuf>, text: &dyn Fn() -> String| match path {
        None => Ok(()),
        Some(path) => save(path, &text()),
    };
    write(&arguments.csv, &|| csv::write(results))?;
    write(&arguments.json, &|| json::write(results))?;
    write(&arguments.svg, &|| plot::write(&[("", results)]))
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Prints; the exit status. Who reads only the beginning has what they want.
fn print(text: &str) -> u8 {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output cannot be written: {error}"), STATUS_FAILURE)
        }
        _ => 0,
    }
}

fn complain(what: &str, status: u8) -> u8 {
    let _ = writeln!(io::stderr(), "archi: bench: {what}");
    status
}
