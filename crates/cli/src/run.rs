//! `archi run` and `mpiexec`.

use crate::foreign::{self, Mapping};
use crate::mpi_words::{normalise, split_parts};
use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, ValueHint};
use control::Transport;
use control::agent::{App, Input};
use control::process::INITIAL_HANDLER_VARIABLE;
use launch::hosts::{self, Host};
use launch::job::LOCAL_PROCESSES_MAX;
use launch::{Job, Part};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

/// What follows the options in the help; `{name}` is how the user called the launcher.
const AFTER_HELP: &str = "\
Examples:
  {name} -n 4 ./app input                   4 processes of one program
  {name} -n 1 ./master : -n 7 ./worker      several programs in one world
  {name} -n 2 --label --bind-to core ./app
  {name} -n 2 --cpus-per-rank 4 ./app        4 cores for the threads of each process

Long options may be typed with one dash, and other MPIs' spellings are understood:
  -np N, -c N                      as -n N
  -env NAME VALUE, -genv NAME VALUE, -x NAME[=VALUE]
  -wdir DIRECTORY, -wd DIRECTORY
  -host localhost:4, -hostfile FILE, -machinefile FILE, -f FILE, -ppn N, -npernode N, -pernode
  -prepend-rank, -tag-output       as --label
  -outfile-pattern out.%r, -errfile-pattern err.%r, -s all
  -map-by slot:PE=4                as --cpus-per-rank 4; -map-by ppr:2:node as -ppn 2
  Nothing changes by -allow-run-as-root, -use-hwthread-cpus, -nooversubscribe; what -mca, -rank-by and other words of -map-by
  ask for isn't done, which is said.

Variables that the launcher reads: PATH, to find programs; ARCHIPELAGO_WATCHDOG, as --watchdog.

Exit status:
  0          every process ended well
  1 to 255   that of the first process that failed; 128 + N if signal N killed it; the code of an abort
  1          the launcher itself failed, or a process exited with 0 without finalising
  2          the command line makes no sense
  124        the time of --timeout was over
  126, 127   a program cannot be executed, or does not exist
  128 + N    you ended the job by signal N (130: Ctrl-C)";

/// The handlers that can be the initial one (MPI 5.0 §11.8.4).
const INITIAL_HANDLERS: [&str; 3] = ["mpi_errors_are_fatal", "mpi_errors_abort", "mpi_errors_return"];

/// Starts processes that compute together, and ends them together.
#[derive(Parser, Debug)]
pub struct RunArguments {
    #[command(flatten)]
    part: PartArguments,
    #[command(flatten)]
    whole: WholeArguments,
}

/// What may be given for each program.
#[derive(Args, Debug)]
struct PartArguments {
    /// How many processes [default: 1, or what the host list says]
    #[arg(short = 'n', long = "np", visible_short_alias = 'c', visible_alias = "n", aliases = ["processes", "num-proc"], value_name = "N", value_parser = parse_count, allow_hyphen_values = true)]
    np: Option<usize>,
    /// The working directory
    #[arg(long = "wdir", visible_alias = "wd", alias = "chdir", value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    wdir: Option<PathBuf>,
    /// Set a variable for this program (also as two words: -env NAME VALUE)
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<OsString>,
    /// Set a variable for this program, or pass on the launcher's own
    #[arg(short = 'x', value_name = "NAME[=VALUE]")]
    export: Vec<OsString>,
    /// This program inherits none of the launcher's variables
    #[arg(long = "envnone")]
    envnone: bool,
    /// This program inherits all of the launcher's variables (the default)
    #[arg(long = "envall", conflicts_with = "envnone")]
    envall: bool,
    /// This program inherits these variables only
    #[arg(long = "envlist", value_name = "NAME,...", value_delimiter = ',', conflicts_with = "envall")]
    envlist: Vec<OsString>,
    /// Who sees errors of MPI that no communicator sees, and the first handler of those that there are at the beginning
    #[arg(long = "initial-errhandler", value_name = "NAME", ignore_case = true, value_parser = PossibleValuesParser::new(INITIAL_HANDLERS))]
    initial_errhandler: Option<String>,
    /// Where to run: only this host in this version (localhost, or its name; HOST:N for N processes)
    #[arg(long = "host", short = 'H', visible_alias = "hosts", value_name = "HOST[:N],...")]
    host: Vec<String>,
    /// The program and its arguments
    #[arg(value_name = "PROGRAM", value_hint = ValueHint::CommandWithArguments, trailing_var_arg = true)]
    command: Vec<OsString>,
}

/// What is given once for the whole job.
#[derive(Args, Debug)]
struct WholeArguments {
    /// Set a variable for all programs (also as two words: -genv NAME VALUE)
    #[arg(long = "genv", value_name = "NAME=VALUE")]
    genv: Vec<OsString>,
    /// No program inherits the launcher's variables
    #[arg(long = "genvnone")]
    genvnone: bool,
    /// All programs inherit all of the launcher's variables (the default)
    #[arg(long = "genvall", conflicts_with = "genvnone")]
    genvall: bool,
    /// All programs inherit these variables only
    #[arg(long = "genvlist", value_name = "NAME,...", value_delimiter = ',', conflicts_with = "genvall")]
    genvlist: Vec<OsString>,
    /// A file of hosts, one a line: "host slots=4" or "host:4"
    #[arg(
        long = "hostfile",
        short = 'f',
        visible_alias = "machinefile",
        alias = "machine-file",
        value_name = "FILE",
        value_hint = ValueHint::FilePath
    )]
    hostfile: Option<PathBuf>,
    /// How many processes at most on each host, and so in all: there is one host in this version
    #[arg(long = "ppn", short = 'N', visible_alias = "npernode", alias = "perhost", value_name = "N", value_parser = parse_count)]
    ppn: Option<usize>,
    // Open MPI's word for -ppn 1.
    #[arg(long = "pernode", hide = true, conflicts_with = "ppn")]
    pernode: bool,
    /// Bind each process: to a core or hardware thread of its own, to those that share a cache, a NUMA node, a socket; or to nothing
    #[arg(long = "bind-to", value_name = "WHAT", value_parser = foreign::bindings())]
    bind_to: Option<String>,
    /// Bind each process to so many cores (or hardware threads) of its own
    #[arg(long = "cpus-per-rank", visible_alias = "cpus-per-proc", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    cpus_per_rank: Option<u32>,
    /// Say what each process is bound to
    #[arg(long = "report-bindings")]
    report_bindings: bool,
    /// How messages travel: auto takes shared memory where it works
    #[arg(long = "transport", value_name = "WAY", default_value = "auto", value_parser = PossibleValuesParser::new(["auto", "shm", "tcp"]))]
    transport: String,
    /// Begin each line of output with its process's rank
    #[arg(short = 'l', long = "label", visible_alias = "tag-output", alias = "prepend-rank")]
    label: bool,
    /// Begin each line of output with the time (UTC)
    #[arg(long = "timestamp", alias = "timestamp-output")]
    timestamp: bool,
    /// Write standard output to files: in the path, %r is the rank and %h the host
    #[arg(long = "output-file", visible_alias = "outfile-pattern", alias = "outfile", value_name = "PATH")]
    output_file: Option<OsString>,
    /// Write standard error to files: in the path, %r is the rank and %h the host
    #[arg(long = "error-file", visible_alias = "errfile-pattern", alias = "errfile", value_name = "PATH")]
    error_file: Option<OsString>,
    /// Who gets standard input: a rank, all, or none
    #[arg(long = "stdin", short = 's', value_name = "WHO", default_value = "0", value_parser = parse_input)]
    stdin: Input,
    /// End the job after this time (seconds, or 500ms, 10s, 5m, 2h)
    #[arg(long = "timeout", alias = "maxtime", value_name = "TIME", value_parser = parse_limit)]
    timeout: Option<Duration>,
    /// Look for faults: collectives that don't agree, shared buffers, leaks, possible races (slower)
    #[arg(long = "check")]
    check: bool,
    /// When a process has waited so long (seconds, or 500ms, 5m), say who waits for whom; or off [default: 60]
    #[arg(long = "watchdog", value_name = "SECONDS", value_parser = parse_watchdog)]
    watchdog: Option<String>,
    /// Add each report of the watchdog to this file as a line of JSON
    #[arg(long = "watchdog-json", value_name = "FILE")]
    watchdog_json: Option<PathBuf>,
    /// After Ctrl-C, processes have this time before they are killed
    #[arg(long = "grace", value_name = "TIME", default_value = "5", value_parser = parse_time)]
    grace: Duration,
    /// A process that dies leaves the others running
    #[arg(long = "keep-going", visible_alias = "continue", aliases = ["continuous", "enable-recovery", "disable-auto-cleanup"])]
    keep_going: bool,
    /// As --keep-going, and processes that a signal kills don't make the exit status, if others end well
    #[arg(long = "accept-losses")]
    accept_losses: bool,
    // Open MPI's word for it. Failure mitigation itself is always there.
    #[arg(long = "with-ft", hide = true, value_name = "WHAT", value_parser = PossibleValuesParser::new(["ulfm", "mpi", "yes", "no", "none"]))]
    with_ft: Option<String>,
    /// Say at the end how each process has ended
    #[arg(long = "print-all-exitcodes")]
    print_all_exitcodes: bool,
    /// Print messages, bytes, waits and copies of each process at the end
    #[arg(long = "stats")]
    stats: bool,
    /// A setting for the processes, as `archi info` lists them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    set: Vec<(String, String)>,
    /// Say what is started
    #[arg(short = 'v', long = "verbose")]
    verbose: bool,

    /// More processes than a host list has room for are meant so
    #[arg(long = "oversubscribe")]
    oversubscribe: bool,

    #[command(flatten)]
    accepted: foreign::Accepted,
    /// Say nothing of options that change nothing here
    #[arg(long = "quiet", short = 'q')]
    quiet: bool,
    // Those that may ask for something else: see `foreign`.
    #[arg(long = "map-by", hide = true, value_name = "WHAT")]
    map_by: Vec<String>,
    #[arg(long = "rank-by", hide = true, value_name = "WHAT")]
    rank_by: Vec<String>,
    #[arg(long = "mca", aliases = ["gmca", "prtemca", "pmixmca"], hide = true, value_name = "NAME=VALUE")]
    mca: Vec<OsString>,
}

/// The later parts of a command line: the options of a part only.
#[derive(Parser, Debug)]
struct LaterPart {
    #[command(flatten)]
    part: PartArguments,
}

/// Runs what the words after `archi run` (or `mpiexec`) say; `name` is how the launcher calls itself.
///
/// # Errors
/// What is wrong with the command line, or a request for help.
pub fn run(name: &'static str, words: Vec<OsString>) -> Result<u8, clap::Error> {
    let (job, remarks) = job(name, words)?;
    for remark in remarks {
        // Nobody who could be told of it, if that fails.
        let _ = writeln!(io::stderr(), "{}: {remark}", job.name);
    }
    Ok(launch::run(&job))
}

/// The command as clap reads it and explains it, under the name that the user typed.
pub fn command(name: &'static str) -> Command {
    let command = RunArguments::command().name(name).bin_name(name);
    let command = match name {
        "archi run" => command.version(env!("CARGO_PKG_VERSION")),
        // Who asks wants to know whose it is.
        _ => command.version(concat!(env!("CARGO_PKG_VERSION"), " (Archipelago)")).about(format!(
            "Starts processes that compute together, and ends them together ({name} is Archipelago's archi run)."
        )),
    };
    let usage = format!("{name} [OPTIONS] PROGRAM [ARGUMENTS]... [: [OPTIONS] PROGRAM [ARGUMENTS]...]...");
    command.override_usage(usage).after_help(AFTER_HELP.replace("{name}", name))
}

/// Whether this, without dashes, is an option of `archi run`.
pub fn is_option(typed: &str) -> bool {
    let is_it = |arg: &clap::Arg| {
        let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
        let hidden = arg.get_all_aliases().unwrap_or_default();
        let shorts = arg.get_short_and_visible_aliases().unwrap_or_default();
        let mut letters = typed.chars();
        let short = letters.next().filter(|_| letters.next().is_none());
        longs.contains(&typed)
            || hidden.contains(&typed)
            || short.is_some_and(|short| shorts.contains(&short))
    };
    RunArguments::command().get_arguments().any(is_it)
}

/// What is wrong with a later part: most likely an option that stands there but is for all.
fn wrong_in_later_part(error: clap::Error) -> clap::Error {
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(word)))
            if is_option(word.trim_start_matches('-')) =>
        {
            wrong(format!("{word} is for the whole job: give it before the first program, not after a ':'"))
        }
        _ => error,
    }
}

fn wrong(text: String) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, text)
}

/// The job, and what is to be said of the options.
fn job(name: &'static str, words: Vec<OsString>) -> Result<(Job, Vec<String>), clap::Error> {
    let command = command(name);
    let later = LaterPart::command().bin_name(name);
    let mut parts = split_parts(words).into_iter();
    let first = normalise(parts.next().unwrap_or_default(), &command);
    let mut matches = command.clone().no_binary_name(true).try_get_matches_from(first)?;
    let RunArguments { part, whole } = RunArguments::from_arg_matches_mut(&mut matches)?;
    let mut arguments = vec![part];
    for words in parts {
        // By the rules for all options, so that one that stands in the wrong place takes its value with it.
        let words = normalise(words, &command);
        let matches = later.clone().no_binary_name(true).try_get_matches_from(words);
        arguments.push(LaterPart::from_arg_matches_mut(&mut matches.map_err(wrong_in_later_part)?)?.part);
    }

    let listed = match &whole.hostfile {
        Some(path) => read_hosts(path).map_err(wrong)?,
        None => Vec::new(),
    };
    let mapping = Mapping::read(&whole.map_by, &whole.rank_by, &whole.mca).map_err(wrong)?;
    let bind = foreign::bind(whole.bind_to.as_deref(), whole.cpus_per_rank.or(mapping.cpus_per_rank))
        .map_err(wrong)?;
    let mut remarks = mapping.remarks;
    let ppn = whole.ppn.or(whole.pernode.then_some(1)).or(mapping.processes_on_host);
    let mut job_parts = Vec::new();
    let mut in_file = 0usize;
    for part in arguments {
        let mut named = Vec::new();
        for list in &part.host {
            named.extend(hosts::parse_list(list).map_err(|error| wrong(format!("-host {list}: {error}")))?);
        }
        hosts::check_local(&named).map_err(|error| wrong(error.to_string()))?;
        let slots = hosts::slots(if named.is_empty() { &listed } else { &named });
        let processes = part.np.or(slots).or(ppn).unwrap_or(1);
        in_file = in_file.saturating_add(if named.is_empty() { processes } else { 0 });
        if let Some(slots) =
            slots.filter(|slots| !named.is_empty() && *slots < processes && !whole.oversubscribe)
        {
            return Err(wrong(too_many(&format!("-host {}", part.host.join(",")), slots, processes)));
        }
        job_parts.push(Part { processes, app: app(part, &whole, &mut remarks).map_err(wrong)? });
    }
    if job_parts[0].app.command.is_empty() {
        return Err(wrong(format!("no program is named: what should run? (see {name} --help)")));
    }
    if let (Some(slots), Some(file)) = (hosts::slots(&listed), &whole.hostfile)
        && slots < in_file
        && !whole.oversubscribe
    {
        return Err(wrong(too_many(&format!("the host file {}", file.display()), slots, in_file)));
    }
    let all = job_parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.processes));
    if let Some(each) = ppn.filter(|&each| each < all) {
        let needed = all.div_ceil(each);
        return Err(wrong(format!(
            "{each} on each host (-ppn, -pernode) spreads {all} processes over {needed} hosts, and this version runs on one \
             host only: start at most {each}, or leave that out"
        )));
    }
    let own_name = name.split(' ').next().unwrap_or(name);
    let mut job = Job::new(own_name, job_parts);
    job.bind = bind;
    job.tells_bindings = whole.report_bindings;
    job.transport = match whole.transport.as_str() {
        "shm" => Transport::Shm,
        "tcp" => Transport::Tcp,
        _ => Transport::Auto,
    };
    job.input = whole.stdin;
    let is_wanted = whole.with_ft.as_deref().is_some_and(|what| !matches!(what, "no" | "none"));
    job.keep_going = whole.keep_going || whole.accept_losses || is_wanted;
    job.accept_losses = whole.accept_losses;
    job.tells_endings = whole.print_all_exitcodes;
    job.statistics = whole.stats;
    job.timeout = whole.timeout;
    job.grace = whole.grace;
    job.label = whole.label;
    job.timestamp = whole.timestamp;
    job.output_pattern = whole.output_file;
    job.error_pattern = whole.error_file;
    job.watchdog_json = whole.watchdog_json;
    job.options = whole.set;
    job.options.extend(watchdog(whole.watchdog).map_err(wrong)?);
    job.options.extend(whole.check.then(|| ("check".to_owned(), "on".to_owned())));
    job.verbose = whole.verbose;
    if whole.quiet {
        remarks.clear();
    }
    Ok((job, remarks))
}

/// More processes than a host list is meant for.
fn too_many(list: &str, slots: usize, processes: usize) -> String {
    format!(
        "{list} has room for {slots} process{}, and {processes} were asked for: start fewer, raise the number there, or add \
         --oversubscribe",
        if slots == 1 { "" } else { "es" }
    )
}

/// The watchdog's setting: as the option says, else as the environment does.
fn watchdog(option: Option<String>) -> Result<Option<(String, String)>, String> {
    let set = match (option, std::env::var(WATCHDOG_VARIABLE)) {
        (Some(text), _) => Some(text),
        (None, Ok(text)) => {
            Some(parse_watchdog(&text).map_err(|why| format!("{WATCHDOG_VARIABLE}={text}: {why}"))?)
        }
        (None, Err(_)) => None,
    };
    Ok(set.map(|text| ("watchdog".to_owned(), text)))
}

/// The variable that says it where no option does.
const WATCHDOG_VARIABLE: &str = "ARCHIPELAGO_WATCHDOG";

/// A time, as seconds; or "off".
fn parse_watchdog(text: &str) -> Result<String, String> {
    match text {
        "off" => Ok("off".to_owned()),
        text => match parse_time(text)? {
            Duration::ZERO => Ok("off".to_owned()),
            time => Ok(time.as_secs_f64().to_string()),
        },
    }
}

fn read_hosts(path: &PathBuf) -> Result<Vec<Host>, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("the host file {name}: {error}"))?;
    let hosts = hosts::parse_file(&text).map_err(|error| format!("the host file {name}: {error}"))?;
    hosts::check_local(&hosts).map_err(|error| format!("the host file {name}: {error}"))?;
    Ok(hosts)
}

/// A part's program and environment. The part's own wishes come after the job's, so that they win.
fn app(part: PartArguments, whole: &WholeArguments, remarks: &mut Vec<String>) -> Result<App, String> {
    let narrowed = whole.genvnone || !whole.genvlist.is_empty();
    let own = part.envnone || part.envall || !part.envlist.is_empty();
    let inherit = if own { part.envall } else { !narrowed };
    let lists = if own { &part.envlist } else { &whole.genvlist };
    let mut environment = Vec::new();
    for name in lists {
        environment.extend(std::env::var_os(name).map(|value| (name.clone(), value)));
    }
    for (option, variable) in
        whole.genv.iter().map(|pair| ("-genv", pair)).chain(part.env.iter().map(|pair| ("-env", pair)))
    {
        environment.push(split(variable).ok_or_else(|| {
            let text = variable.to_string_lossy();
            format!("{option} {text}: a name and a value are needed, as {option} NAME VALUE or NAME=VALUE")
        })?);
    }
    if let Some(name) = &part.initial_errhandler {
        environment.push((INITIAL_HANDLER_VARIABLE.into(), name.to_lowercase().into()));
    }
    for variable in &part.export {
        match split(variable) {
            Some(pair) => environment.push(pair),
            None if variable.as_bytes().contains(&b'=') || variable.is_empty() => {
                return Err(format!(
                    "-x {}: the name of the variable is missing",
                    variable.to_string_lossy()
                ));
            }
            None => match std::env::var_os(variable) {
                Some(value) => environment.push((variable.clone(), value)),
                None => remarks.push(format!(
                    "-x {0}: {0} is not set here, so nothing is passed on",
                    variable.display()
                )),
            },
        }
    }
    let bytes = |word: OsString| word.into_vec();
    Ok(App {
        command: part.command.into_iter().map(bytes).collect(),
        directory: part.wdir.map(|path| bytes(path.into_os_string())),
        inherit_environment: inherit,
        environment: environment.into_iter().map(|(name, value)| (bytes(name), bytes(value))).collect(),
    })
}

/// NAME=VALUE; `None` without a name or an equals sign.
fn split(pair: &OsStr) -> Option<(OsString, OsString)> {
    let at = pair.as_bytes().iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    let (name, value) = (&pair.as_bytes()[..at], &pair.as_bytes()[at + 1..]);
    Some((OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(value).to_owned()))
}

fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!(
            "a number of processes is a whole number, at least 1 and at most {LOCAL_PROCESSES_MAX} on one host"
        )),
        Ok(count) => Ok(count),
    }
}

fn parse_input(text: &str) -> Result<Input, String> {
    match text {
        "all" => Ok(Input::All),
        "none" => Ok(Input::None),
        "0" => Ok(Input::First),
        rank => rank.parse().map(Input::One).map_err(|_| "it is a rank, all, or none".into()),
    }
}

pub(crate) fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("it is NAME=VALUE")?;
    runtime::settings::set(&mut engine::Config::default(), name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A limit of no time is no limit that anybody wants, and to some launchers it means none at all.
fn parse_limit(text: &str) -> Result<Duration, String> {
    match parse_time(text)? {
        Duration::ZERO => Err("a limit is more than 0; without --timeout there is none".into()),
        time => Ok(time),
    }
}

pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let wrong = "a time is a number of seconds that is not negative, such as 10 or 0.5, or has a unit: 500ms, 10s, 5m, 2h";
    let value: f64 = digits.parse().map_err(|_| wrong)?;
    Duration::try_from_secs_f64(value * unit).map_err(|_| wrong.into())
}

#[cfg(test)]
mod tests;
