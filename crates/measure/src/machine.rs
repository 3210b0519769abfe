//! What machine a figure was taken on.

use std::fs;

/// One line: processor, cores in use, kernel, memory.
pub fn description(cores: usize) -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let virtual_machine = fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains(" hypervisor"));
    let nature = if virtual_machine { ", in a virtual machine" } else { "" };
    let memory: f64 = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").trim().parse::<f64>().ok())
        .unwrap_or_default();
    let gibibytes = memory / (1 << 20) as f64;
    format!("{processor}, {cores} cores used{nature}, {gibibytes:.0} GiB, Linux {}", kernel.trim())
}

/// How many processes wanted to run in the last minute, on average: a machine that is not quiet gives other figures.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
