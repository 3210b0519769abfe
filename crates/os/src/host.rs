//! What the kernel says of this machine.

/// The machine's name; "localhost" if it has none.
pub fn name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".into() } else { name }
}

/// The kernel's release, such as "6.1.0".
pub fn kernel() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}
