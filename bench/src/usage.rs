//! What this process uses, as the kernel counts it.

use std::fs;

/// Seconds of processor time, of all threads, in the program and in the kernel.
pub fn processor_seconds() -> f64 {
    // SAFETY: a rusage is integers, for which zeros are valid; the call writes just that.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Bytes of memory that is not a file's: private pages, and this process's part of shared ones (Pss).
///
/// Pages of files are the program's own text; how they are divided among ranks depends on how many have started.
pub fn memory_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    ["Pss_Anon:", "Pss_Shmem:"].iter().filter_map(|name| kibibytes(&text, name)).sum::<u64>() << 10
}

/// Bytes that the kernel holds for TCP sockets, of the whole machine.
pub fn socket_bytes() -> u64 {
    let text = fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let pages = text.lines().find(|line| line.starts_with("TCP:")).and_then(|line| line.split_once(" mem "));
    pages.and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() * 4096
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_is_counted() {
        let before = memory_bytes();
        let block = std::hint::black_box(vec![1u8; 32 << 20]);
        assert!(memory_bytes() >= before + (30 << 20));
        drop(block);
        assert!(processor_seconds() > 0.0);
    }
}
