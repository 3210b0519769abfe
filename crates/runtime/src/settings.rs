//! What `archi run --set name=value` takes: one list for the launcher, which refuses, and for the processes, which obey.

use engine::Config;

/// The least memory for unexpected messages: below it, programs that send before they receive would wait for each other.
pub(crate) const POOL_BYTES_MIN: u64 = 64 << 10;

/// The most lanes that a process has.
const LANES_MAX: u16 = 16;

/// Connections that the lanes of a process have with its peers, if it meets them all on each: half of what a process may open
/// where nobody has changed that.
const CONNECTIONS_MAX: u32 = 512;

/// How many lanes the processes of a job of this size have at most, where each has connections of its own: the same for all.
pub(crate) fn lanes_over_sockets(config: &Config, size: u32) -> u16 {
    match config.lanes {
        0 => (CONNECTIONS_MAX / size.max(1)).clamp(1, u32::from(LANES_MAX)) as u16,
        lanes => lanes,
    }
}

/// The same where memory is shared, which has room for so many.
pub(crate) fn lanes_in_memory(config: &Config, room: u16) -> u16 {
    if config.lanes == 0 { room } else { config.lanes.min(room) }
}

/// What is said of a setting that there is none of.
const UNKNOWN: &str = "there are pool_bytes, eager_bytes, link_timeout, lanes, hosts, and each collective's name (archi info --collectives), which \
                       takes an algorithm's";

/// Options of `archi run` that are no settings, though people look for them here.
const OPTIONS: &[&str] = &["transport", "check", "watchdog", "timeout", "keep-going", "accept-losses"];

/// Takes a setting over.
///
/// # Errors
/// What is wrong with it.
///
/// ```
/// let mut config = engine::Config::default();
/// archipelago_runtime::settings::set(&mut config, "all-reduce", "ring")?;
/// assert!(archipelago_runtime::settings::set(&mut config, "all-reduce", "magic").is_err());
/// assert!(archipelago_runtime::settings::set(&mut config, "lanes", "17").is_err());
/// assert!(archipelago_runtime::settings::set(&mut config, "nonsense", "1").unwrap_err().contains("pool_bytes"));
/// assert!(archipelago_runtime::settings::set(&mut config, "transport", "tcp").unwrap_err().contains("--transport"));
/// # Ok::<(), String>(())
/// ```
pub fn set(config: &mut Config, name: &str, value: &str) -> Result<(), String> {
    let number = || bytes_of(value).ok_or("it takes a number of bytes, such as 65536 or 64K");
    match name {
        "pool_bytes" => match number()? {
            bytes if bytes < POOL_BYTES_MIN => {
                return Err(format!("it takes at least {POOL_BYTES_MIN} bytes"));
            }
            bytes => config.pool_bytes = bytes,
        },
        "eager_bytes" => config.eager_bytes = Some(number()? as usize),
        "link_timeout" => match value.parse::<f64>() {
            Ok(seconds) if (0.1..=1e6).contains(&seconds) => config.link_timeout_ns = (seconds * 1e9) as u64,
            _ => return Err("it takes a number of seconds, 0.1 at least".to_owned()),
        },
        "lanes" => match value.parse() {
            Ok(lanes @ 1..=LANES_MAX) => config.lanes = lanes,
            _ => return Err(format!("it takes a number of lanes, 1 to {LANES_MAX}")),
        },
        "hosts" => match value.parse() {
            Ok(hosts) if hosts > 0 => config.hosts = hosts,
            _ => return Err("it takes a number of hosts".to_owned()),
        },
        _ => match config.forced.set(name, value) {
            Some(chosen) => chosen.map_err(|unknown| unknown.to_string())?,
            None if OPTIONS.contains(&name.replace('_', "-").as_str()) => {
                return Err(format!("it is an option of its own: --{}", name.replace('_', "-")));
            }
            None => return Err(UNKNOWN.to_owned()),
        },
    }
    Ok(())
}

/// A number of bytes, also in units of 1024: "64K", "4M", "1G".
fn bytes_of(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}
