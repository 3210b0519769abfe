//! Options of other launchers: what they mean here, and what is said where they ask for something that isn't done.

use clap::builder::{PossibleValue, PossibleValuesParser};
use control::agent::Bind;
use std::ffi::OsString;

/// What processes can be bound to. What Open MPI's words say behind a colon happens here anyway.
pub fn bindings() -> PossibleValuesParser {
    let value = |name: &'static str, ways: [&'static str; 2]| PossibleValue::new(name).aliases(ways);
    PossibleValuesParser::new([
        PossibleValue::new("none"),
        value("core", ["core:overload-allowed", "core:if-supported"]),
        value("hwthread", ["hwthread:overload-allowed", "hwthread:if-supported"]),
        PossibleValue::new("l3cache").alias("l3"),
        PossibleValue::new("numa"),
        PossibleValue::new("socket").alias("package"),
    ])
}

/// What processes are bound to; where only a number of cores is given, to cores.
///
/// # Errors
/// In words: the number fits nothing that several share.
pub fn bind(what: Option<&str>, each: Option<u32>) -> Result<Bind, String> {
    let alone = |bind| match each {
        None => Ok(bind),
        Some(each) => Err(format!("{each} cores for each process go with --bind-to core or hwthread only")),
    };
    match what.map(|what| what.split(':').next().unwrap_or(what)) {
        Some("core") => Ok(Bind::Cores(each.unwrap_or(1))),
        Some("hwthread") => Ok(Bind::Threads(each.unwrap_or(1))),
        Some("l3cache" | "l3") => alone(Bind::Cache),
        Some("numa") => alone(Bind::Node),
        Some("socket" | "package") => alone(Bind::Socket),
        Some(_) => alone(Bind::None),
        None => Ok(each.map_or(Bind::None, Bind::Cores)),
    }
}

/// What options of Open MPI's ask for that says how processes lie on the machine.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Cores for each process.
    pub cpus_per_rank: Option<u32>,
    /// Processes on each host.
    pub processes_on_host: Option<usize>,
    /// A line for each option that asks for something that isn't done.
    pub remarks: Vec<String>,
}

impl Mapping {
    /// Reads the values of `--map-by`, `--rank-by` and `--mca`.
    ///
    /// # Errors
    /// In words: a number that is none.
    pub fn read(map_by: &[String], rank_by: &[String], mca: &[OsString]) -> Result<Mapping, String> {
        let mut mapping = Mapping::default();
        map_by.iter().try_for_each(|text| mapping.read_map(text))?;
        for text in rank_by {
            let kind = text.split(':').next().unwrap_or_default().to_lowercase();
            if !["", "slot", "fill", "core", "node", "hwthread"].contains(&kind.as_str()) {
                mapping.remarks.push(format!("--rank-by {text} is not done: ranks are numbered in order"));
            }
        }
        let mca: Vec<String> = mca.iter().map(|pair| pair.to_string_lossy().into_owned()).collect();
        let named = |pair: &String| pair.split('=').next().unwrap_or_default().to_owned();
        let wants_tcp = mca.iter().any(|pair| pair.contains("tcp"));
        if !mca.is_empty() {
            let names: Vec<String> = mca.iter().map(named).collect();
            mapping.remarks.push(format!(
                "--mca {} changes nothing here: {}",
                names.join(", "),
                if wants_tcp {
                    "TCP is forced by --transport tcp"
                } else {
                    "archi info lists what --set takes"
                }
            ));
        }
        Ok(mapping)
    }

    fn read_map(&mut self, text: &str) -> Result<(), String> {
        let mut words = text.split(':');
        let kind = words.next().unwrap_or_default().to_lowercase();
        let is_done = match kind.as_str() {
            "ppr" => {
                let (count, of) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let count: usize = count.parse().ok().filter(|count| *count > 0).ok_or_else(|| {
                    format!("--map-by {text}: a number of processes is missing, as in ppr:2:node")
                })?;
                let is_node = of.eq_ignore_ascii_case("node");
                self.processes_on_host = is_node.then_some(count).or(self.processes_on_host);
                is_node
            }
            kind => ["", "slot", "fill", "core", "node", "hwthread"].contains(&kind),
        };
        for word in words {
            let Some((name, value)) = word.split_once('=') else { continue };
            if name.eq_ignore_ascii_case("pe") {
                let each = value.parse().ok().filter(|each| *each > 0);
                self.cpus_per_rank =
                    Some(each.ok_or_else(|| format!("--map-by {text}: {word} is no number of cores"))?);
            }
        }
        if !is_done {
            self.remarks.push(format!(
                "--map-by {text} is not done: processes take cores in order; --bind-to socket, numa or l3cache puts neighbours \
                 together"
            ));
        }
        Ok(())
    }
}

/// Options of other launchers that there aren't here: their names, and what to do instead.
const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["configfile", "app", "appfile"],
        "it isn't read: write the programs on the command line, as -n 1 A : -n 2 B",
    ),
    (
        &["iface", "interface", "disable-hostname-propagation", "localhost"],
        "this version runs on one host, and needs no network",
    ),
    (
        &["launcher", "launcher-exec", "bootstrap", "bootstrap-exec", "rmk", "prefix", "noprefix", "nolocal"],
        "this version runs on one host, and starts processes itself",
    ),
    (&["info", "version-info"], "archi info says what this version is and does"),
    (
        &["cpu-set", "cpu-list", "rankfile", "rf", "binding", "map-by-user"],
        "cores are chosen by --bind-to and --cpus-per-rank, among those that the launcher may use (taskset narrows these)",
    ),
    (
        &["display-map", "display-allocation", "display-devel-map", "display", "display-topo"],
        "--report-bindings says where processes run, --verbose what is started",
    ),
    (&["output-directory", "output"], "--output-file DIRECTORY/%r.out gives each rank a file of its own"),
    (&["merge-stderr-to-stdout"], "redirect the launcher's own: 2>&1"),
    (
        &["gdb", "tv", "debug", "xterm", "debugger", "valgrind", "gtool", "gtoolfile"],
        "start the tool in the program's place (mpiexec -n 2 TOOL ./app): docs/tools.md",
    ),
    (&["trace", "profile", "verbose-stats"], "--stats prints what each process has sent and received"),
    (&["usize", "dvm", "tune", "am", "personality"], "there is nothing of the kind here"),
    (&["preload-binary", "preload-files"], "this version runs on one host: nothing needs to be copied"),
    (&["exitinfo", "exitcode-info"], "--print-all-exitcodes says at the end how each process has ended"),
    (&["report-pid", "print-rank-map", "do-not-launch"], "--verbose says which process each rank is"),
    (&["prepend-pattern"], "--label begins each line with the rank"),
    (
        &["path"],
        "programs are searched for in PATH: -x PATH=FOLDER:$PATH, or name the program with its folder",
    ),
    (
        &["soft", "arch", "file", "host-list"],
        "-n says how many processes there are, and they run on this host",
    ),
    (&["order-nodes", "skip-launch-node", "set-sid", "hybrid-hosts"], "this version runs on one host"),
    (&["membind"], "start the program by numactl: mpiexec -n 4 numactl --membind=0 ./app"),
    (
        &["gpus-per-proc"],
        "give each rank its device by ARCHIPELAGO_LOCAL_RANK, as CUDA_VISIBLE_DEVICES in a script",
    ),
    (
        &["npersocket", "num-per-socket", "npersock", "bysocket", "bind-to-socket"],
        "-n says how many there are, --bind-to socket puts neighbours together",
    ),
    (&["nameserver", "report-uri", "pmi-port", "runtime-options"], "the launcher starts no service"),
    (
        &["max-restarts"],
        "a process that has ended is not started again; --keep-going leaves the others running",
    ),
    (
        &["get-stack-traces", "stop-on-exec"],
        "--timeout and --watchdog say who waits for whom, and where; for stacks: gdb -p PID -batch -ex backtrace (-v says the \
         process ids)",
    ),
    (&["show-version"], "--version says it"),
];

/// Options of other launchers that ask for what happens here anyway, or for what has no meaning on one host.
#[derive(clap::Args, Debug)]
pub struct Accepted {
    #[arg(long = "nooversubscribe", hide = true)]
    nooversubscribe: bool,
    #[arg(long = "allow-run-as-root", hide = true)]
    allow_run_as_root: bool,
    #[arg(long = "use-hwthread-cpus", hide = true)]
    use_hwthread_cpus: bool,
    #[arg(long = "report-state-on-timeout", hide = true)]
    report_state_on_timeout: bool,
    #[arg(long = "show-progress", hide = true)]
    show_progress: bool,
    #[arg(long = "leave-session-attached", hide = true)]
    leave_session_attached: bool,
    #[arg(long = "novm", aliases = ["hetero-nodes", "nocache", "enable-x", "disable-x"], hide = true)]
    novm: bool,
    #[arg(long = "byslot", aliases = ["bycore", "bynode", "rr"], hide = true)]
    byslot: bool,
    #[arg(long = "topolib", alias = "demux", hide = true, value_name = "WHAT")]
    topolib: Option<String>,
}

/// What to do instead of an option of other launchers.
pub fn advice(option: &str) -> Option<&'static str> {
    INSTEAD.iter().find(|(names, _)| names.contains(&option)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_option_of_ours_is_called_foreign() {
        for (names, advice) in INSTEAD {
            assert!(!advice.contains('\n'));
            for name in *names {
                assert!(!crate::run::is_option(name), "{name}");
            }
        }
        assert!(advice("iface").is_some() && advice("np").is_none());
    }

    #[test]
    fn maps() {
        let check = |text: &str, cpus, processes, remarks| {
            let mapping = Mapping::read(&[text.to_owned()], &[], &[]).unwrap();
            let found = (mapping.cpus_per_rank, mapping.processes_on_host, mapping.remarks.len());
            assert_eq!(found, (cpus, processes, remarks), "{text}");
        };
        check("core", None, None, 0);
        check("slot:PE=4", Some(4), None, 0);
        check(":pe=4", Some(4), None, 0);
        check("ppr:2:node:PE=4:OVERSUBSCRIBE", Some(4), Some(2), 0);
        check("ppr:2:socket", None, None, 1);
        check("numa:SPAN", None, None, 1);
        assert!(Mapping::read(&["ppr:x:node".into()], &[], &[]).is_err());
        assert!(Mapping::read(&["core:PE=0".into()], &[], &[]).is_err());
    }
}
