//! What the kernel says of this machine.

/// The machine's name; "localhost" if it has none.
pub fn name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".into() } else { name }
}

/// What tells this start of this machine from all others; empty where the kernel doesn't say.
pub fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// The kernel's release, such as "6.1.0".
pub fn kernel() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}
