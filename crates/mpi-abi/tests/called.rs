//! Every function that is implemented is called by a program that also runs under another library (`cargo xtask conformance mpi`), or
//! `tests/c/same/uncalled.tsv` says why not.

#[path = "../build/table.rs"]
#[allow(dead_code, reason = "the names are all that is read of it")]
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use table::Table;

#[test]
fn every_function_is_called_under_two_libraries() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = Table::read(folder);
    let names = table.functions.iter().map(|function| &function.name);
    let implemented: BTreeSet<String> = names.filter(|name| !table.later.contains(*name)).cloned().collect();
    let same = folder.join("tests/c/same");
    let excused = std::fs::read_to_string(same.join("uncalled.tsv")).unwrap();
    let excused = excused.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, reason) = line.split_once('\t').unwrap_or_else(|| panic!("`{line}` has not two columns"));
        assert!(!reason.is_empty(), "{name} has no reason");
        name.to_owned()
    });
    let excused: BTreeSet<String> = excused.collect();
    let called: BTreeSet<String> =
        sources(&same).iter().flat_map(|path| words(&std::fs::read_to_string(path).unwrap())).collect();
    let list = |names: BTreeSet<&String>| names.into_iter().cloned().collect::<Vec<_>>();
    let missing: BTreeSet<&String> =
        implemented.iter().filter(|name| !called.contains(*name) && !excused.contains(*name)).collect();
    assert_eq!(list(missing), [""; 0], "no program in tests/c/same calls these");
    let idle: BTreeSet<&String> =
        excused.iter().filter(|name| called.contains(*name) || !implemented.contains(*name)).collect();
    assert_eq!(list(idle), [""; 0], "uncalled.tsv names these, which are called, or are no functions");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "c" || extension == "h"))
        .collect()
}

/// The words of C, without what is in comments and strings.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let behind = |end: &str| rest[2..].find(end).map_or(rest.len(), |at| 2 + at + end.len());
        let bytes = match first {
            '/' if rest.starts_with("/*") => behind("*/"),
            '/' if rest.starts_with("//") => behind("\n"),
            '"' | '\'' => literal(rest, first),
            _ if first.is_ascii_alphanumeric() || first == '_' => {
                let is_over = |letter: char| !letter.is_ascii_alphanumeric() && letter != '_';
                let bytes = rest.find(is_over).unwrap_or(rest.len());
                words.push(rest[..bytes].to_owned());
                bytes
            }
            other => other.len_utf8(),
        };
        rest = &rest[bytes..];
    }
    words
}

/// How many bytes a literal has with both its marks.
fn literal(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_and_strings_are_no_calls() {
    let found = words("MPI_A(x); /* MPI_B */ say(\"MPI_C \\\" mpi://D\", '\"'); // MPI_E\n#define F MPI_G");
    assert_eq!(found, ["MPI_A", "x", "say", "define", "F", "MPI_G"]);
}
