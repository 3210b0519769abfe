//! What C calls: for each function two names over one body, which calls its implementation through the door.

use std::fmt::Write;

use crate::table::{Function, Parameter, Table};

/// All shims, as Rust.
pub fn shims(table: &Table) -> String {
    let mut text = String::new();
    for function in &table.functions {
        shim(&mut text, table, function).expect("a string takes text");
    }
    text
}

/// Assertions that the numbers of the room `mpi` are those of the table.
pub fn numbers(table: &Table) -> String {
    let mut text = String::new();
    for constant in &table.constants {
        let name = constant.name.strip_prefix("MPI_").unwrap_or(&constant.name);
        // No name of Rust begins with a digit.
        let name =
            if name.starts_with(|c: char| c.is_ascii_digit()) { format!("N{name}") } else { name.to_owned() };
        if constant.group.starts_with("tool") || name.starts_with("T_") {
            continue;
        }
        writeln!(text, "const _: () = assert!(mpi::number::{name} as i64 == {});", constant.value)
            .expect("a string takes text");
    }
    text
}

fn shim(text: &mut String, table: &Table, function: &Function) -> std::fmt::Result {
    let Function { name, parameters, group, .. } = function;
    let twin = table.twin(function);
    let body = name.to_lowercase();
    let named: Vec<&Parameter> = parameters.iter().filter(|parameter| parameter.name != "...").collect();
    let declared: Vec<String> =
        named.iter().map(|p| format!("{}: {}", argument(&p.name), of(&p.of, &p.kind))).collect();
    let declared = declared.join(", ");
    let passed: Vec<String> = named.iter().map(|p| argument(&p.name)).collect();
    let passed = passed.join(", ");
    let returned = match function.is_plain() {
        true => of(&function.returns, ""),
        false => "c_int".to_owned(),
    };
    let implementation = match twin {
        Some(_) => function.base(),
        None => name,
    };
    let implementation = implementation.strip_prefix("MPI_").unwrap_or(implementation).to_lowercase();
    let mut widened: Vec<String> = named
        .iter()
        .enumerate()
        .map(|(at, p)| match twin.map(|twin| &twin.parameters[at].of) {
            Some(other) if *other != p.of => wide(&argument(&p.name), &p.of),
            _ => argument(&p.name),
        })
        .collect();
    // What constructs a datatype remembers which form it was.
    if twin.is_some() && named.last().is_some_and(|last| last.name == "newtype") {
        widened.push(format!("Form::{}", if name.ends_with("_c") { "Large" } else { "Int" }));
    }
    let module = group.replace('-', "_");
    let call = format!("mpi::functions::{module}::{implementation}({})", widened.join(", "));
    let call = match (table.later.contains(name), function.is_plain()) {
        (true, true) => panic!("{name} can't say that it is unsupported"),
        (true, false) => {
            format!(
                "door::call(\"{name}\", {}, {}, || Err(mpi::Error::unsupported(\"{name}\")))",
                on(name, &named),
                said(name, &named)
            )
        }
        (false, true) => call,
        (false, false) => {
            format!("door::call(\"{name}\", {}, {}, || {call})", on(name, &named), said(name, &named))
        }
    };
    // Inlined, so that a stack has the frame of the function that was called, by which it is found (`mpi::caller`).
    writeln!(text, "#[inline(always)]")?;
    writeln!(text, "fn {body}({declared}) -> {returned} {{ {call} }}")?;
    for name in [name.clone(), format!("P{name}")] {
        writeln!(text, "#[unsafe(no_mangle)]")?;
        writeln!(
            text,
            "pub unsafe extern \"C-unwind\" fn {name}({declared}) -> {returned} {{ {body}({passed}) }}"
        )?;
    }
    Ok(())
}

/// On which object an error is raised: the first that has handlers, or the handler of one that is being made.
fn on(name: &str, parameters: &[&Parameter]) -> String {
    // MPI 5.0 §15.3: the tool interface calls no error handler.
    if name.starts_with("MPI_T_") {
        return "On::Handler(Errhandler(mpi::number::ERRORS_RETURN))".to_owned();
    }
    // MPI 5.0 §14.7: what concerns no open file is raised on the null one.
    if name.starts_with("MPI_File_") && !parameters.iter().any(|parameter| parameter.of == "MPI_File") {
        return "On::File(File(mpi::number::FILE_NULL))".to_owned();
    }
    for parameter in parameters {
        if let kind @ ("Comm" | "Win" | "File" | "Session") =
            parameter.of.strip_prefix("MPI_").unwrap_or_default()
        {
            return format!("On::{kind}({})", argument(&parameter.name));
        }
    }
    match parameters.iter().find(|parameter| parameter.of == "MPI_Errhandler") {
        Some(handler) => format!("On::Handler({})", argument(&handler.name)),
        None => "On::Nothing".to_owned(),
    }
}

/// The call in words: its parameters that are plain values.
fn said(name: &str, parameters: &[&Parameter]) -> String {
    let given = parameters.iter().filter_map(|parameter| {
        let name = argument(&parameter.name);
        let kind = parameter.kind.split(':').next().unwrap_or_default();
        let given = match of(&parameter.of, &parameter.kind).as_str() {
            "c_int" if kind.starts_with("RANK") => format!("Rank({name})"),
            "c_int" if kind.starts_with("TAG") => format!("Tag({name})"),
            "c_int" => format!("Number({name} as i64)"),
            "i64" => format!("Number({name})"),
            "Address" => format!("Buffer({name})"),
            handle @ ("Comm" | "Datatype" | "Op") => format!("{handle}({name})"),
            "Group" | "Request" | "Message" | "Info" | "Win" | "File" | "Session" | "Errhandler" => {
                format!("Handle({name}.0)")
            }
            _ => return None,
        };
        Some(format!("(\"{}\", Given::{given})", parameter.name))
    });
    let given: Vec<String> = given.collect();
    format!("|| mpi::said::call(\"{name}\", &[{}])", given.join(", "))
}

/// A name that is none of Rust's words.
fn argument(name: &str) -> String {
    match name {
        "type" | "fn" | "ref" | "in" | "move" => format!("{name}_"),
        _ => name.to_lowercase(),
    }
}

/// The type in Rust of a type in C.
fn of(of: &str, kind: &str) -> String {
    let constant = of.starts_with("const ");
    let plain = of.trim_start_matches("const ").replace(' ', "");
    let (base, shape) = match plain.find(['*', '[']) {
        Some(at) => plain.split_at(at),
        None => (plain.as_str(), ""),
    };
    let value = match base {
        "int" | "MPI_T_cb_safety" | "MPI_T_source_order" => "c_int",
        "double" => "f64",
        "MPI_Aint" | "MPI_Count" | "MPI_Offset" => "i64",
        "void" => "void",
        "char" => "c_char",
        _ if base.contains("_function") => "Callback",
        _ if base.starts_with("MPI_T_") => "usize",
        _ => base.strip_prefix("MPI_").unwrap_or(base),
    };
    let list = |of: &str| match constant {
        true => format!("List<{of}>"),
        false => format!("ListMut<{of}>"),
    };
    match (value, shape) {
        ("Callback", _) => "Callback".to_owned(),
        ("void", "*") => "Address".to_owned(),
        ("void", _) => "Out<Address>".to_owned(),
        ("c_char", "*" | "[]") if constant => "Text".to_owned(),
        ("c_char", "*") => "TextOut".to_owned(),
        ("c_char", "*[]") => list("*mut c_char"),
        ("c_char", "**[]") => list("*mut *mut c_char"),
        ("c_char", "***") => "Out<*mut *mut c_char>".to_owned(),
        ("Status", "*") if constant => "StatusIn".to_owned(),
        ("Status", _) => "Statuses".to_owned(),
        (value, "") => value.to_owned(),
        (value, "*") => format!("Out<{value}>"),
        (value, "[]") => list(value),
        (value, "[][3]") => list(&format!("[{value}; 3]")),
        (value, shape) => panic!("{value}{shape}, {kind}: a type without a translation"),
    }
}

/// What is passed on of a parameter that is wider in the other form.
fn wide(name: &str, of: &str) -> String {
    let plain = of.trim_start_matches("const ").replace(' ', "");
    match plain.as_str() {
        "int" => format!("{name} as i64"),
        "MPI_Aint" | "MPI_Count" | "MPI_Offset" => name.to_owned(),
        "int*" => format!("IntegerOut::Int({name})"),
        "MPI_Aint*" | "MPI_Count*" | "MPI_Offset*" => format!("IntegerOut::Long({name})"),
        "int[]" => format!("Integers::Int({name})"),
        "MPI_Aint[]" | "MPI_Count[]" => format!("Integers::Long({name})"),
        _ => panic!("{of}: a type without a wide form"),
    }
}

impl Table {
    /// The function of this name.
    fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The form of a function for large counts that has the same number of parameters, and the other way round.
    fn twin(&self, function: &Function) -> Option<&Function> {
        let base = function.base();
        let twin = match base == function.name {
            true => self.function(&format!("{base}_c")),
            false => self.function(base),
        };
        twin.filter(|twin| twin.parameters.len() == function.parameters.len())
            // What the program is called with can't be widened.
            .filter(|twin| callbacks(twin) == callbacks(function))
    }
}

fn callbacks(function: &Function) -> Vec<&str> {
    let types = function.parameters.iter().map(|parameter| parameter.of.as_str());
    types.filter(|of| of.contains("_function")).collect()
}

impl Function {
    /// Its name without `_c` or `_x`.
    fn base(&self) -> &str {
        self.name.strip_suffix("_c").or_else(|| self.name.strip_suffix("_x")).unwrap_or(&self.name)
    }

    /// Whether what it returns is no error code.
    fn is_plain(&self) -> bool {
        self.returns != "int" || self.name.ends_with("_toint")
    }
}
