//! What is made of the tables is what the tables say: the header, the names that the library exports, the values that C sees.

#[path = "../build/header.rs"]
mod header;
mod prefix;
#[path = "../build/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use table::Table;

fn the_table() -> Table {
    Table::read(Path::new(env!("CARGO_MANIFEST_DIR")))
}

#[test]
fn what_is_checked_in_is_current() {
    let (table, folder) = (the_table(), Path::new(env!("CARGO_MANIFEST_DIR")));
    let check = |path: &str, expected: String| {
        let found = std::fs::read_to_string(folder.join(path)).unwrap();
        assert!(found == expected, "{path} is not current: cargo xtask generate");
    };
    check("include/mpi.h", header::header(&table));
    check("../../docs/mpi-functions.md", header::states(&table));
}

#[test]
fn the_tables_are_whole() {
    let table = the_table();
    assert_eq!((table.functions.len(), table.constants.len(), table.types.len()), (664, 365, 54));
}

#[test]
fn the_library_exports_every_function_under_both_names_and_its_soname() {
    let library = prefix::prefix().join("lib/libmpi_abi.so.1");
    let text = |program: &str, option: &str| {
        let output = Command::new(program).arg(option).arg(&library).output().expect("binutils are there");
        String::from_utf8(output.stdout).unwrap()
    };
    let symbols = text("nm", "-D");
    let found: BTreeSet<&str> = symbols
        .lines()
        .filter_map(|line| line.split_once(" T ").map(|(_, name)| name))
        .filter(|name| name.starts_with("MPI_") || name.starts_with("PMPI_"))
        .collect();
    let table = the_table();
    let expected: BTreeSet<String> = table
        .functions
        .iter()
        .flat_map(|function| [function.name.clone(), format!("P{}", function.name)])
        .collect();
    assert_eq!(found, expected.iter().map(String::as_str).collect());
    let dynamic = text("readelf", "-d");
    assert!(dynamic.contains("soname: [libmpi_abi.so.1]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

/// A file that compiles only if the header says what the table says.
fn assertions(table: &Table, is_cxx: bool) -> String {
    let assert = if is_cxx { "static_assert" } else { "_Static_assert" };
    let mut text = String::from("#include <mpi.h>\n#include <stddef.h>\n");
    let mut at_run_time = String::new();
    for constant in &table.constants {
        let table::Constant { name, value, of, .. } = constant;
        // A pointer's value is no constant: it is compared when the program runs.
        if ["int", "MPI_Offset", "MPI_T_cb_safety", "MPI_T_source_order"].contains(&of.as_str()) {
            writeln!(text, "{assert}({name} == {value}, \"{name}\");").unwrap();
        } else {
            writeln!(at_run_time, "    if ((intptr_t) {name} != {value}) return 1;").unwrap();
        }
    }
    for row in std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("table/types.tsv"))
        .unwrap()
        .lines()
    {
        let row: Vec<&str> = row.split('\t').collect();
        let [kind, name, _, size, alignment, offset, ..] = row[..] else { continue };
        let align = if is_cxx { "alignof" } else { "_Alignof" };
        match kind {
            "field" => {
                let (of, field) = name.split_once('.').unwrap();
                writeln!(text, "{assert}(offsetof({of}, {field}) == {offset}, \"{name}\");").unwrap();
            }
            "integer" | "struct" | "handle" | "tool-handle" | "enum" => {
                writeln!(
                    text,
                    "{assert}(sizeof({name}) == {size} && {align}({name}) == {alignment}, \"{name}\");"
                )
                .unwrap();
            }
            _ => {}
        }
    }
    // A function of another type than the header's doesn't compile.
    for function in &table.functions {
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|parameter| match (parameter.name.as_str(), parameter.of.split_once('[')) {
                ("...", _) => "...".to_owned(),
                (_, Some((of, "]"))) => format!("{of} *"),
                (_, Some((of, _))) => format!("{of} (*)[3]"),
                (_, None) => parameter.of.clone(),
            })
            .collect();
        let parameters = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
        for name in [function.name.clone(), format!("P{}", function.name)] {
            writeln!(text, "{} (*type_{name})({parameters}) = {name};", function.returns).unwrap();
        }
    }
    write!(text, "int main(void)\n{{\n{at_run_time}    return 0;\n}}\n").unwrap();
    text
}

#[test]
fn the_header_is_what_the_table_says_in_c_and_in_cxx() {
    let folder = prefix::prefix();
    for (wrapper, standard, file, is_cxx) in
        [("mpicc", "-std=c11", "table.c", false), ("mpicxx", "-std=c++11", "table.cc", true)]
    {
        let source = folder.join(file);
        std::fs::write(&source, assertions(&the_table(), is_cxx)).unwrap();
        let mut compiler = Command::new(folder.join("bin").join(wrapper));
        compiler.args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic"]).arg(&source);
        let output = compiler.arg("-o").arg(folder.join("table")).output().unwrap();
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(Command::new(folder.join("table")).status().unwrap().success());
    }
}
