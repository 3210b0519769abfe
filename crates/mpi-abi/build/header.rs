//! `mpi.h`, from the tables: C and C++.

use std::fmt::Write;

use crate::table::{Constant, Function, Parameter, Table, Type};

/// The header.
pub fn header(table: &Table) -> String {
    let mut text = String::from(HEAD);
    types(&mut text, table).expect("a string takes text");
    constants(&mut text, table).expect("a string takes text");
    functions(&mut text, table).expect("a string takes text");
    text.push_str(TAIL);
    text
}

const HEAD: &str = "\
/* The MPI 5.0 standard ABI. Made of tables by `cargo xtask generate`: change those, not this. */
#ifndef MPI_H_ABI
#define MPI_H_ABI

#include <stdint.h>

#if defined(__cplusplus)
extern \"C\" {
#endif

";

const TAIL: &str = "
#if defined(__cplusplus)
}
#endif

#endif
";

fn types(text: &mut String, table: &Table) -> std::fmt::Result {
    let of = |kind: &'static str| table.types.iter().filter(move |of| of.kind == kind);
    for Type { name, definition, .. } in of("integer") {
        writeln!(text, "typedef {definition} {name};")?;
    }
    writeln!(text)?;
    for Type { name, definition, .. } in of("struct") {
        let fields = definition.trim_start_matches("struct {").trim_end_matches('}').trim();
        let fields: Vec<String> =
            fields.split_terminator(';').map(|field| format!("    {};", field.trim())).collect();
        writeln!(text, "typedef struct {name} {{\n{}\n}} {name};\n", fields.join("\n"))?;
    }
    for Type { name, definition, .. } in of("handle").chain(of("tool-handle")) {
        writeln!(text, "typedef {} *{name};", definition.trim_end_matches('*').trim_end())?;
    }
    writeln!(text)?;
    for Type { name, .. } in of("enum") {
        let values: Vec<String> = table
            .constants
            .iter()
            .filter(|constant| constant.of == *name)
            .map(|constant| format!("    {} = {}", constant.name, constant.value))
            .collect();
        writeln!(text, "typedef enum {name} {{\n{}\n}} {name};\n", values.join(",\n"))?;
    }
    for Type { name, definition, .. } in of("callback") {
        let (returned, parameters) = definition.split_once(' ').unwrap_or((definition, "()"));
        let parameters = parameters.trim_start_matches('(').trim_end_matches(')').replace("; ", ", ");
        writeln!(text, "typedef {returned} {name}({parameters});")?;
    }
    for Type { name, definition, .. } in of("callback-alias") {
        writeln!(text, "typedef {definition} {name};")?;
    }
    writeln!(text)
}

fn constants(text: &mut String, table: &Table) -> std::fmt::Result {
    let is_enum =
        |constant: &Constant| table.types.iter().any(|of| of.kind == "enum" && of.name == constant.of);
    let mut group = "";
    for constant in table.constants.iter().filter(|constant| !is_enum(constant)) {
        if constant.group != group {
            group = &constant.group;
            writeln!(text, "\n/* {group} */")?;
        }
        let Constant { name, of, value, .. } = constant;
        match of.as_str() {
            // Also for the preprocessor.
            "int" if *value < 0 => writeln!(text, "#define {name} ({value})")?,
            "int" => writeln!(text, "#define {name} {value}")?,
            of if of.ends_with('*') || of.starts_with("MPI_") && *of != *"MPI_Offset" => {
                writeln!(text, "#define {name} (({of}) {value:#010x})")?
            }
            of => writeln!(text, "#define {name} (({of}) {value})")?,
        }
    }
    writeln!(text)
}

fn functions(text: &mut String, table: &Table) -> std::fmt::Result {
    for prefix in ["", "P"] {
        writeln!(text)?;
        for Function { name, returns, parameters, .. } in &table.functions {
            let parameters: Vec<String> = parameters.iter().map(parameter).collect();
            let parameters = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
            writeln!(text, "{returns} {prefix}{name}({parameters});")?;
        }
    }
    Ok(())
}

fn parameter(parameter: &Parameter) -> String {
    let Parameter { of, name, .. } = parameter;
    let (of, brackets) =
        of.split_once('[').map_or((of.as_str(), String::new()), |(of, rest)| (of, format!("[{rest}")));
    match of {
        "" => name.clone(),
        of if of.ends_with('*') => format!("{of}{name}{brackets}"),
        of => format!("{of} {name}{brackets}"),
    }
}

/// The page that says which functions are implemented.
pub fn states(table: &Table) -> String {
    let (all, later) = (table.functions.len(), table.later.len());
    let mut text = format!(
        "# MPI functions and their state\n\nMade of the tables by `cargo xtask generate`. {} of {all} functions are implemented; the \
         others return `MPI_ERR_UNSUPPORTED_OPERATION` through the error handler.\n\n| group | implemented | left for later |\n|---|---|---|\n",
        all - later
    );
    let mut groups: Vec<&str> = table.functions.iter().map(|function| function.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        let of = |missing: bool| {
            let names = table.functions.iter().filter(|function| function.group == group);
            let names = names.filter(|function| table.later.contains(&function.name) == missing);
            names.map(|function| format!("`{}`", function.name)).collect::<Vec<_>>().join(" ")
        };
        text.push_str(&format!("| {group} | {} | {} |\n", of(false), of(true)));
    }
    text
}
