//! `archi info`: version, transports, thresholds, and why each is what it is.

use engine::credit;
use fabric::Limits;
use runtime::patience::{Patience, SLEEP_NS_MAX, WAKE_NS};
use serde_json::{Value, json};
use std::io::{self, Write};
use wire::{JobId, ProcessId};

use crate::findings::findings;
use crate::machine;

/// Arguments of `archi info`.
#[derive(clap::Args, Debug)]
pub struct InfoArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// The algorithms of collectives, and which is chosen where for RANKS ranks
    #[arg(long, value_name = "RANKS", num_args = 0..=1, default_missing_value = "8", value_parser = parse_ranks, allow_negative_numbers = true, conflicts_with = "json")]
    collectives: Option<u32>,
}

fn parse_ranks(text: &str) -> Result<u32, String> {
    let ranks = text.parse().ok().filter(|ranks| *ranks > 0);
    ranks.ok_or_else(|| "a number of ranks is a whole number, at least 1".into())
}

/// A value with its reason.
struct Threshold {
    name: String,
    value: Value,
    why: String,
}

/// What `archi run --set` takes, and what it does. The launcher refuses what there isn't (`runtime::settings`).
const SETTINGS: [(&str, &str); 6] = [
    ("pool_bytes=BYTES", "memory for messages that nobody has asked for (at least 65536)"),
    ("eager_bytes=BYTES", "longer messages are announced first, on every transport"),
    ("lanes=N", "threads that use so many duplicates of a communicator don't meet (1 to 16)"),
    ("link_timeout=SECONDS", "a host that stays silent for so long is unreachable (10)"),
    ("hosts=N", "collectives take the ranks to be on so many hosts, for trying what that changes"),
    (
        "COLLECTIVE=ALGORITHM",
        "this algorithm wherever it fits, such as all-reduce=ring (archi info --collectives)",
    ),
];

/// Writes; the exit status.
///
/// # Errors
/// When it can't be written.
pub fn info(arguments: &InfoArguments, out: &mut impl Write) -> io::Result<u8> {
    if let Some(ranks) = arguments.collectives {
        write!(out, "{}", engine::collective::listing(ranks, engine::collective::CELL_BYTES))?;
        return Ok(0);
    }
    let (version, host, kernel) = (env!("CARGO_PKG_VERSION"), os::host::name(), os::host::kernel());
    let (findings, thresholds) =
        (findings(os::cores::Cores::of_this_process().usable() as u32), thresholds());
    if arguments.json {
        let found: serde_json::Map<String, Value> =
            findings.iter().map(|f| (f.name.to_owned(), json!(f.found))).collect();
        let limits: serde_json::Map<String, Value> =
            thresholds.iter().map(|t| (t.name.clone(), json!({ "value": t.value, "why": t.why }))).collect();
        let all = json!({
            "version": version, "host": host, "kernel": kernel, "transports": ["shm", "tcp", "sim"],
            "machine": found, "thresholds": limits,
        });
        writeln!(out, "{all:#}")?;
        return Ok(0);
    }
    writeln!(out, "archipelago {version} on {host}, Linux {kernel}")?;
    writeln!(
        out,
        "\nTransports: shm (between processes of a host), tcp (--transport tcp), sim (tests, in virtual time)"
    )?;
    writeln!(out, "\nThis machine")?;
    let width = findings.iter().map(|f| f.name.len()).max().unwrap_or(0);
    for finding in &findings {
        writeln!(out, "  {:<width$}  {}", finding.name, finding.found)?;
    }
    writeln!(out, "\nThresholds")?;
    let (names, values): (Vec<usize>, Vec<usize>) =
        thresholds.iter().map(|t| (t.name.len(), t.value.to_string().len())).unzip();
    let (names, values) = (names.into_iter().max().unwrap_or(0), values.into_iter().max().unwrap_or(0));
    for threshold in &thresholds {
        writeln!(
            out,
            "  {:<names$}  {:>values$}  {}",
            threshold.name,
            threshold.value.to_string(),
            threshold.why
        )?;
    }
    writeln!(out, "\nSettings, for archi run --set NAME=VALUE")?;
    let width = SETTINGS.iter().map(|(setting, _)| setting.len()).max().unwrap_or(0);
    for (setting, effect) in SETTINGS {
        writeln!(out, "  {setting:<width$}  {effect}")?;
    }
    writeln!(
        out,
        "\n`archi doctor` says what to mend, `archi info --collectives` which algorithm runs where."
    )?;
    Ok(0)
}

fn thresholds() -> Vec<Threshold> {
    let mut all = Vec::new();
    let mut add = |name: String, value: Value, why: String| all.push(Threshold { name, value, why });
    add(
        "inline_bytes".into(),
        json!(fabric::INLINE_BYTES),
        "travel in the cache line of their envelope".into(),
    );
    for (transport, limits) in limits() {
        let name = |what: &str| format!("{transport}.{what}");
        match limits {
            Err(why) => add(name("available"), json!(false), why),
            Ok(limits) => {
                add(
                    name("eager_bytes"),
                    json!(limits.eager_bytes),
                    "longer messages are announced first".into(),
                );
                add(
                    name("piece_bytes"),
                    json!(limits.piece_bytes),
                    "a large message streams in such pieces".into(),
                );
                let why = match (limits.reads, limits.read_is_cheaper) {
                    (true, true) => "large messages are read in one copy: measured cheaper than streaming",
                    (true, false) => "large messages stream: one copy by the kernel was measured slower",
                    (false, _) => {
                        "large messages stream: the peer's memory can't be read over this transport"
                    }
                };
                add(name("reads_directly"), json!(limits.reads && limits.read_is_cheaper), why.into());
            }
        }
    }
    add(
        "pool_bytes".into(),
        json!(credit::POOL_BYTES),
        "bounds what messages nobody has asked for may occupy".into(),
    );
    for ranks in [2u32, 64, 1024] {
        let why = "credit of a pair from the start: half the pool over all ranks, at most 64 KiB";
        add(
            format!("initial_credit_bytes({ranks} ranks)"),
            json!(credit::initial(credit::POOL_BYTES, ranks)),
            why.into(),
        );
    }
    let cores = os::cores::Cores::of_this_process().usable();
    for (ranks, what) in [(cores, "a core for each rank"), (cores + 1, "more ranks than cores")] {
        let patience = Patience::for_host(ranks, cores, WAKE_NS);
        let why = format!("{what}: waiting polls until then, ");
        add(
            format!("poll_ns({ranks} ranks)"),
            json!(patience.poll_ns),
            why + "then yields the core between polls",
        );
        let why = "then sleeps: twice what a wake-up costs bounds the loss by two";
        add(format!("yield_ns({ranks} ranks)"), json!(patience.yield_ns), why.into());
    }
    add("sleep_ns_max".into(), json!(SLEEP_NS_MAX), "no sleep is longer without a look at failures".into());
    all
}

/// What each transport tells of itself: shared memory between two processes, TCP of a real port.
fn limits() -> [(&'static str, Result<Limits, String>); 2] {
    let me = ProcessId { job: JobId(u64::MAX), number: 0, incarnation: 0 };
    let tcp = control::Secret::random()
        .and_then(|secret| fabric::tcp::Port::new(fabric::tcp::Settings::new(me, secret)))
        .map_err(|error| error.to_string())
        .map(|port| port.limits());
    [("shm", machine::between_processes()), ("tcp", tcp)]
}
