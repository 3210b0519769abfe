//! Collects what the rules find, and prints it.

use super::{layering, sources};
use crate::shell::{Failure, Outcome, only, root};
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that a rule objects to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Relative to the root of the repository.
    pub path: String,
    /// 1-based; 0 means the file as a whole.
    pub line: usize,
    pub rule: &'static str,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, line, rule, message } = self;
        match line {
            0 => write!(f, "{path}: {message} [{rule}]"),
            line => write!(f, "{path}:{line}: {message} [{rule}]"),
        }
    }
}

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    let mut findings = layering::check(&layering::workspace()?);
    let files = rust_files(&root());
    for path in &files {
        let text = std::fs::read_to_string(root().join(path))
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        findings.extend(sources::check(&path.to_string_lossy(), &text));
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files, {} findings", files.len(), findings.len());
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::new("tidy has one finding")),
        count => Err(Failure::new(format!("tidy has {count} findings"))),
    }
}

/// Every Rust source of the repository, relative to its root, without what cargo builds.
fn rust_files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(path.strip_prefix(root).ok().map(Path::to_path_buf));
            }
        }
    }
    found.sort();
    found
}
