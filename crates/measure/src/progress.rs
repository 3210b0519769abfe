//! How far it is, in one line of the terminal.

use std::io::{self, IsTerminal, Write};

/// A line on the terminal that shows standard error, if one does.
#[derive(Debug)]
pub struct Progress {
    columns: Option<usize>,
    /// Whether there is a line to be replaced.
    has_begun: bool,
}

/// How wide the bar itself is.
const BAR_COLUMNS: usize = 24;

impl Progress {
    /// Finds out whether there is a terminal: ours, or our launcher's, which says so in `ARCHIPELAGO_TERMINAL`.
    pub fn new() -> Progress {
        let own =
            io::stderr().is_terminal().then(|| os::descriptor::terminal_columns(io::stderr()).unwrap_or(80));
        let launchers = || std::env::var("ARCHIPELAGO_TERMINAL").ok()?.parse().ok();
        Progress { columns: own.or_else(launchers).map(usize::from), has_begun: false }
    }

    /// Whether there is somebody to see it.
    pub fn is_shown(&self) -> bool {
        self.columns.is_some()
    }

    /// So much of all is done, and now comes this.
    pub fn show(&mut self, done: usize, of: usize, what: &str) {
        let Some(columns) = self.columns else { return };
        // A launcher passes whole lines on at once and waits for the ends of others, so the line ends, and the next goes back to it.
        let back = if self.has_begun { "\x1b[1A\r\x1b[2K" } else { "" };
        self.has_begun = true;
        // A terminal that is gone has nobody who looks at it.
        let _ = io::stderr().write_all(format!("{back}{}\n", line(done, of, what, columns)).as_bytes());
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
