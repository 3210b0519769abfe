//! `cargo xtask generate`: writes what is checked in and made of the tables of the C door.

use crate::shell::{Failure, Outcome, only, root};
use crate::{header, table};

pub fn run(arguments: &[String]) -> Outcome {
    only(arguments, &[])?;
    let folder = root().join("crates/mpi-abi");
    let table = table::Table::read(&folder);
    for (path, text) in [
        (folder.join("include/mpi.h"), header::header(&table)),
        (root().join("docs/mpi-functions.md"), header::states(&table)),
    ] {
        std::fs::write(&path, text)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
