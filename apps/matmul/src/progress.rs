//! A bar on the terminal while a long product is computed. It follows rank 0's own work, which is like everybody's.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::{self, IsTerminal, Write};

/// Work below this takes no time that anybody notices.
const OPERATIONS_MIN: f64 = 2e10;

/// Work between two steps of the bar.
const OPERATIONS_STEP: f64 = 2e9;

/// Nothing, or a bar.
pub struct Progress {
    bar: Option<ProgressBar>,
    operations: f64,
}

impl Progress {
    /// A bar, if this is rank 0, the work is long, and the output is a terminal: ours, or our launcher's, which says so.
    pub fn start(rank: usize, operations: f64) -> Progress {
        let is_long = rank == 0 && operations >= OPERATIONS_MIN;
        let bar = is_long.then(terminal).flatten().map(|target| {
            let template = "{wide_bar} {percent:>3}%  {elapsed} elapsed, {eta} to go";
            let style =
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(Some((operations / 1e6) as u64), target).with_style(style)
        });
        Progress { bar, operations }
    }

    /// How many of `rows` to compute between two steps: all of them if nobody watches.
    pub fn piece(&self, rows: usize) -> usize {
        let pieces = if self.bar.is_some() { (self.operations / OPERATIONS_STEP).ceil() as usize } else { 1 };
        rows.div_ceil(pieces.max(1)).max(1)
    }

    /// This much more is done.
    pub fn advance(&self, operations: f64) {
        if let Some(bar) = &self.bar {
            bar.inc((operations / 1e6) as u64);
        }
    }

    /// All is done; the bar goes.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The terminal that shows our standard error, if one does.
fn terminal() -> Option<ProgressDrawTarget> {
    if io::stderr().is_terminal() {
        return Some(ProgressDrawTarget::stderr());
    }
    let columns = std::env::var("ARCHIPELAGO_TERMINAL").ok()?.parse().ok()?;
    Some(ProgressDrawTarget::term_like_with_hz(Box::new(ThroughLauncher { columns }), 5))
}

/// The launcher's terminal, as it is reached through its pipe.
#[derive(Debug)]
struct ThroughLauncher {
    columns: u16,
}

impl ThroughLauncher {
    fn put(&self, text: &str) -> io::Result<()> {
        io::stderr().write_all(text.as_bytes())
    }
}

impl TermLike for ThroughLauncher {
    fn width(&self) -> u16 {
        self.columns
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        if lines == 0 { Ok(()) } else { self.put(&format!("\x1b[{lines}A")) }
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        if lines == 0 { Ok(()) } else { self.put(&format!("\x1b[{lines}B")) }
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        if columns == 0 { Ok(()) } else { self.put(&format!("\x1b[{columns}C")) }
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        if columns == 0 { Ok(()) } else { self.put(&format!("\x1b[{columns}D")) }
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.put(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
