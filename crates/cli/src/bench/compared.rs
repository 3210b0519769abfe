//! `archi bench --compare A B`.

use super::{BenchArguments, STATUS_FAILURE, STATUS_WORSE, complain, print, save};
use measure::compare::compare as compare_results;
use measure::{Results, json, plot};
use std::io::Read;
use std::path::Path;

/// Reads both, prints what became of each row; the exit status.
pub fn compare(arguments: &BenchArguments, before: &Path, after: &Path) -> u8 {
    let (before, after) = match (read(before), read(after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => return complain(&error, STATUS_FAILURE),
    };
    let comparison = compare_results(&before, &after, arguments.tolerance_part());
    if comparison.pairs.is_empty() {
        return complain("the two files have no row in common", STATUS_FAILURE);
    }
    let worse = comparison.worse();
    let printed = print(&comparison.table());
    let drawn = match &arguments.svg {
        None => Ok(()),
        Some(path) => save(path, &plot::write(&[("A", &before), ("B", &after)])),
    };
    match (printed, drawn, worse) {
        (_, Err(error), _) => complain(&error, STATUS_FAILURE),
        (0, Ok(()), 0) => 0,
        (0, Ok(()), _) => STATUS_WORSE,
        (status, ..) => status,
    }
}

fn read(path: &Path) -> Result<Results, String> {
    let name = path.display();
    let mut text = Vec::new();
    // One byte more than may be: a file of /proc or a pipe tells no length.
    let read =
        std::fs::File::open(path).and_then(|file| file.take(json::BYTES_MAX + 1).read_to_end(&mut text));
    read.map_err(|error| format!("cannot read {name}: {error}"))?;
    if text.len() as u64 > json::BYTES_MAX {
        return Err(format!("{name} is longer than {} MiB", json::BYTES_MAX >> 20));
    }
    json::read(&text).map_err(|error| format!("{name} can't be compared: {error}"))
}
