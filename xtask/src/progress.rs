//! One line that says how far a long chore is, where a person looks on.

use std::io::{IsTerminal, Write};

/// Replaces the line on the error output, if that is a terminal; an empty text takes the line away.
pub fn progress(text: &str) {
    let mut errors = std::io::stderr();
    if errors.is_terminal() {
        let _ = write!(errors, "\r\x1b[K{text}");
        let _ = errors.flush();
    }
}
