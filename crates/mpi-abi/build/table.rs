//! The tables, read.

use std::collections::BTreeSet;
use std::path::Path;

/// All that the tables say.
pub struct Table {
    /// A row for each function.
    pub functions: Vec<Function>,
    /// A row for each constant.
    pub constants: Vec<Constant>,
    /// A row for each type.
    pub types: Vec<Type>,
    /// Functions that are not implemented yet.
    pub later: BTreeSet<String>,
}

/// A function.
pub struct Function {
    /// `MPI_Send`.
    pub name: String,
    /// Its type in C.
    pub returns: String,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
    /// `p2p`, `coll`, ...
    pub group: String,
}

/// A parameter of a function.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its type in C, with `[]` for a list.
    pub of: String,
    /// Its name; `...` for what follows.
    pub name: String,
    /// As in the standard's own tables: `COMMUNICATOR`, `RANK`, ...
    pub kind: String,
}

/// A constant.
pub struct Constant {
    /// `MPI_ANY_SOURCE`.
    pub name: String,
    /// Its type in C.
    pub of: String,
    /// Its value.
    pub value: i64,
    /// What it belongs to.
    pub group: String,
}

/// A type.
pub struct Type {
    /// `integer`, `handle`, `callback`, ...
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub definition: String,
}

impl Table {
    /// Reads the tables of the crate in this folder.
    ///
    /// # Panics
    /// When one is not there, or makes no sense.
    pub fn read(folder: &Path) -> Table {
        let folder = folder.join("table");
        let rows = |name: &str| -> Vec<Vec<String>> {
            let text = std::fs::read_to_string(folder.join(name)).expect("the table is there");
            text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
        };
        let functions: Vec<Function> = rows("functions.tsv").iter().map(|row| function(row)).collect();
        let constants = rows("constants.tsv").into_iter().map(|row| {
            let value = row[2].parse().expect("constants are integers");
            Constant { name: row[0].clone(), of: row[1].clone(), value, group: row[4].clone() }
        });
        let types = rows("types.tsv").into_iter().map(|row| Type {
            kind: row[0].clone(),
            name: row[1].clone(),
            definition: row[2].clone(),
        });
        let mut later = BTreeSet::new();
        for entry in std::fs::read_dir(folder.join("later")).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            let text = std::fs::read_to_string(&path).expect("the list can be read");
            later.extend(text.lines().map(str::to_owned).filter(|line| !line.is_empty()));
        }
        for name in &later {
            assert!(
                functions.iter().any(|function| function.name == *name),
                "table/later: there is no {name}"
            );
        }
        let (constants, types) = (constants.collect(), types.collect());
        Table { functions, constants, types, later }
    }
}

fn function(row: &[String]) -> Function {
    let kinds: Vec<&str> = row[8].split("; ").collect();
    let parameters = match row[2].as_str() {
        "void" | "" => Vec::new(),
        text => text.split("; ").enumerate().map(|(at, text)| parameter(text, kinds.get(at))).collect(),
    };
    Function { name: row[0].clone(), returns: row[1].clone(), parameters, group: row[3].clone() }
}

/// `const int ranks[]`, `void *buf`, `MPI_Comm comm`, `...`.
fn parameter(text: &str, kind: Option<&&str>) -> Parameter {
    let kind = kind.map_or("", |kind| kind.split(':').next().unwrap_or(kind)).to_owned();
    let (text, brackets) = match text.find('[') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let at = text.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    let (of, name) = text.split_at(at);
    match name.is_empty() {
        true => Parameter { of: String::new(), name: text.to_owned(), kind },
        false => Parameter { of: format!("{}{brackets}", of.trim_end()), name: name.to_owned(), kind },
    }
}
