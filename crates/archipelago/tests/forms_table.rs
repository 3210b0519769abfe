//! The table of forms in docs/collectives.md says what there is: it is compared with the methods in the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A public method: of which type, its name, and what follows that up to its body.
struct Method {
    of: String,
    name: String,
    signature: String,
}

/// The public methods of all types in the sources of the collectives.
fn methods() -> Vec<Method> {
    let source = root().join("crates/archipelago/src");
    let folder = fs::read_dir(source.join("collective")).expect("a folder");
    let files = folder.map(|entry| entry.expect("an entry").path()).chain([source.join("inter.rs")]);
    let mut methods = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).expect("a source");
        let mut of = None;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(head) = line.strip_prefix("impl") {
                // A trait's methods are not the type's own.
                let head = head.trim_start_matches("<'c>").trim_start_matches("<'a>").trim();
                let name = head.split([' ', '<']).next().unwrap_or_default();
                of = (!head.contains(" for ") && head.ends_with('{')).then(|| name.to_owned());
            }
            let (Some(of), Some(rest)) = (&of, line.strip_prefix("    pub fn ")) else { continue };
            let name = rest.split(['(', '<']).next().unwrap_or_default().to_owned();
            let mut signature = rest.to_owned();
            while !signature.ends_with('{') {
                signature += lines.next().expect("a body follows");
            }
            methods.push(Method { of: of.clone(), name, signature });
        }
    }
    methods
}

/// The names in each column of the table whose first head is "verbs".
fn columns() -> Vec<(String, BTreeSet<String>)> {
    let page = fs::read_to_string(root().join("docs/collectives.md")).expect("the page");
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| verbs |"))
        .take_while(|line| line.starts_with('|'));
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let mut rows = rows.map(cells);
    let heads = rows.next().expect("a table");
    let mut columns: Vec<_> = heads.into_iter().map(|head| (head, BTreeSet::new())).collect();
    for row in rows.skip(1) {
        for (cell, (_, names)) in row.iter().zip(&mut columns) {
            // Every second piece is between backticks.
            names.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    columns.split_off(1)
}

#[test]
fn the_table_of_forms_says_what_there_is() {
    let methods = methods();
    let names = |types: &[&str], is: &dyn Fn(&Method) -> bool| -> BTreeSet<String> {
        let of_types = methods.iter().filter(|method| types.contains(&method.of.as_str()) && is(method));
        of_types.map(|method| method.name.clone()).collect()
    };
    // What is no collective.
    let other = [
        "prepare",
        "inter_communicator",
        "len",
        "is_empty",
        "sources",
        "ranks",
        "rank",
        "size",
        "remote_size",
        "group",
        "remote_group",
        "name",
        "set_name",
        "to",
        "from",
        "from_any",
        "duplicate",
        "split",
        "merge",
    ];
    let verb = |method: &Method| !other.contains(&method.name.as_str());
    let in_place = |method: &Method| method.signature.contains("InPlace<O>");
    for (head, told) in columns() {
        let there_are = match head.as_str() {
            "blocking" => names(&["Comm", "Root"], &verb),
            "`prepare()`" => {
                names(&["Prepare", "PrepareRooted"], &|method| verb(method) && !in_place(method))
            }
            "in place" => names(&["Prepare", "PrepareRooted"], &in_place),
            "neighbours" => names(&["Neighbours"], &verb),
            "neighbours, `prepare()`" => names(&["PrepareNeighbours"], &verb),
            "inter" => names(&["InterComm"], &verb),
            "inter, `prepare()`" => names(&["PrepareInter"], &verb),
            other => panic!("a column of which nothing is known: {other}"),
        };
        assert!(!there_are.is_empty(), "{head}: the sources have become others");
        assert_eq!(told, there_are, "{head}");
    }
}
