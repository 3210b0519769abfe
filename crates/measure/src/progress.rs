//! How far it is, in one line of the terminal.

use std::io::{self, IsTerminal, Write};

/// A line at the bottom of the terminal that shows standard error, if one does.
#[derive(Debug)]
pub struct Progress {
    columns: Option<usize>,
}

/// How wide the bar itself is.
const BAR_COLUMNS: usize = 24;

impl Progress {
    /// Finds out whether there is a terminal: ours, or our launcher's, which says so in `ARCHIPELAGO_TERMINAL`.
    pub fn new() -> Progress {
        let own =
            io::stderr().is_terminal().then(|| os::descriptor::terminal_columns(io::stderr()).unwrap_or(80));
        let launchers = || std::env::var("ARCHIPELAGO_TERMINAL").ok()?.parse().ok();
        Progress { columns: own.or_else(launchers).map(usize::from) }
    }

    /// Whether there is a line to be seen.
    pub fn is_shown(&self) -> bool {
        self.columns.is_some()
    }

    /// So much of all is done, and now comes this.
    pub fn show(&self, done: usize, of: usize, what: &str) {
        if let Some(columns) = self.columns {
            self.put(&format!("\r\x1b[2K{}", line(done, of, what, columns)));
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        if self.is_shown() {
            self.put("\r\x1b[2K");
        }
    }

    /// A terminal that is gone has nobody who looks at it.
    fn put(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

fn line(done: usize, of: usize, what: &str, columns: usize) -> String {
    let full = BAR_COLUMNS * done / of.max(1);
    let text = format!("[{}{}] {done}/{of} {what}", "#".repeat(full), "-".repeat(BAR_COLUMNS - full));
    // A line that is wrapped could not be taken away.
    text.chars().take(columns.saturating_sub(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn the_line_fits_its_terminal() {
        assert_eq!(line(1, 2, "latency 8", 80), "[############------------] 1/2 latency 8");
        assert_eq!(line(2, 2, "latency 8", 10), "[########");
        assert_eq!(line(0, 0, "", 0), "");
    }
}
