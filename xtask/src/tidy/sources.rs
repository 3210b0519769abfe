//! What a source file may contain, by where it stands. Files are read as tokens, so that words in comments and
//! strings don't count.

use super::report::Finding;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::path::Path;

/// A file is one idea; past this look for the second.
const LINES_MAX: usize = 600;

/// Lines of functions that lib.rs and mod.rs may hold: a constant that has to be computed, a small method of their data.
const LOGIC_LINES_MAX: usize = 16;

/// Crates and modules that may contain `unsafe`, each with its reason. Everything else is safe code.
const UNSAFE_ALLOWED: &[(&str, &str)] = &[
    ("crates/os/src/", "system calls"),
    ("crates/mapped/src/", "memory that several processes write"),
    ("crates/layout/src/", "copies to and from users' buffers"),
    ("crates/wire/src/", "the promise of a plain type"),
    ("crates/wire-derive/src/", "writes that promise"),
    ("crates/fabric/src/frame.rs", "a payload in the transport's memory changes threads"),
    ("crates/fabric/src/room.rs", "a vector's bytes become cells, and bytes again"),
    ("crates/fabric/src/shm/", "a peer's memory, read by the kernel or in place"),
    ("crates/engine/src/work.rs", "hands users' buffers to layout"),
    ("crates/engine/src/pointer.rs", "the same"),
    ("crates/engine/src/active/turn.rs", "the same, of the memory that handlers give"),
    ("crates/runtime/src/cell.rs", "runs that work"),
    ("crates/runtime/src/comm.rs", "verbs on buffers whose type is known above"),
    ("crates/runtime/src/collective.rs", "the same"),
    ("crates/runtime/src/active.rs", "the same"),
    ("crates/runtime/src/bytes.rs", "the same, of borrowed bytes"),
    ("crates/runtime/src/inter/collective.rs", "the same, between two sides"),
    ("crates/archipelago/src/raw.rs", "borrows of bytes become verbs on addresses"),
    ("crates/archipelago/src/operation.rs", "the same, for operations that outlast the call"),
    ("crates/archipelago/src/lending.rs", "memory that operations read and write, by its address"),
    ("crates/archipelago/src/scope.rs", "buffers borrowed until their scope ends"),
    ("crates/archipelago/src/active/handler.rs", "memory in which messages land for their handlers"),
    ("crates/archipelago/src/kept.rs", "buffers that their operation owns"),
    ("crates/archipelago/src/partitioned/", "parts of a buffer that threads and operations share out"),
    ("crates/archipelago/src/collective/job.rs", "lengths of buffers agree with the call"),
    ("crates/mpi/src/pointer.rs", "what C passes"),
    ("crates/mpi/src/message.rs", "buffers that C promises"),
    ("crates/mpi/src/collective/", "the same, of collectives"),
    ("crates/mpi/src/table.rs", "a lock-free table of objects"),
    ("crates/mpi/src/table/looked.rs", "looks at its objects"),
    ("crates/mpi/src/comm.rs", "the predefined ones are leaked"),
    ("crates/mpi/src/request/generalised.rs", "calls the program's request functions"),
    ("crates/mpi/src/attribute.rs", "calls the program's attribute functions"),
    ("crates/mpi/src/op.rs", "calls the program's operators"),
    ("crates/mpi/src/handler.rs", "calls the program's error handlers"),
    ("bench/src/limits.rs", "bare programs without us"),
    ("bench/src/usage.rs", "getrusage"),
];

/// Names that say nothing.
const NAMELESS: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc", "manager"];

/// Marks of unfinished work.
const UNFINISHED: &[&str] = &["todo", "unimplemented", "dbg"];

/// All that is wrong with the file `path` (relative to the root) that contains `text`.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        findings.push(whole(
            path,
            "length",
            format!("{lines} lines; past {LINES_MAX} look for the second idea"),
        ));
    }
    let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if NAMELESS.contains(&stem) {
        findings.push(whole(path, "name", format!("`{stem}` says nothing; name the idea")));
    }
    match text.parse::<TokenStream>() {
        Ok(tokens) => Walk { path, findings: &mut findings, in_tests: is_test(path) }.stream(tokens),
        Err(error) => findings.push(whole(path, "syntax", error.to_string())),
    }
    if (path.ends_with("/lib.rs") || path.ends_with("/mod.rs")) && !is_test(path) {
        findings.extend(logic(path, text));
    }
    findings
}

fn whole(path: &str, rule: &'static str, message: String) -> Finding {
    Finding { path: path.to_owned(), line: 0, rule, message }
}

/// Code that is only ever compiled for tests may do what the thing under test may not.
fn is_test(path: &str) -> bool {
    path.starts_with("tests/")
        || ["/tests/", "/benches/", "/examples/", "/fuzz_targets/"].iter().any(|part| path.contains(part))
}

struct Walk<'a> {
    path: &'a str,
    findings: &'a mut Vec<Finding>,
    in_tests: bool,
}

impl Walk<'_> {
    fn stream(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for at in 0..tokens.len() {
            let rest = &tokens[at..];
            match &tokens[at] {
                TokenTree::Ident(word) => self.word(&word.to_string(), rest),
                TokenTree::Punct(mark) if mark.as_char() == '*' => self.pointer(rest),
                TokenTree::Punct(mark) if mark.as_char() == '#' => self.attribute(rest),
                _ => {}
            }
            if let TokenTree::Group(group) = &tokens[at] {
                let outside = self.in_tests;
                self.in_tests |= group.delimiter() == Delimiter::Brace && for_tests(&tokens[..at]);
                self.stream(group.stream());
                self.in_tests = outside;
            }
        }
    }

    fn word(&mut self, word: &str, rest: &[TokenTree]) {
        if UNFINISHED.contains(&word) && is_mark(rest.get(1), '!') {
            self.object(rest, "unfinished", format!("`{word}!` is unfinished work"));
        }
        if word == "unsafe"
            && !self.in_tests
            && !UNSAFE_ALLOWED.iter().any(|(place, _)| self.path.starts_with(place))
        {
            self.object(rest, "unsafe", "unsafe code outside the modules that may have it".into());
        }
        let raw =
            ["libc", "rustix"].contains(&word) && is_mark(rest.get(1), ':') && is_mark(rest.get(2), ':');
        let foreign = word == "extern" && is_block_of_foreign_functions(rest);
        let own_room =
            self.path.starts_with("crates/os/") || self.path.starts_with("bench/") || self.in_tests;
        if (raw || foreign) && !own_room {
            self.object(rest, "system", "system calls and C functions are called in os only".into());
        }
        let from_pointer = word.starts_with("Atomic")
            && is_mark(rest.get(1), ':')
            && is_mark(rest.get(2), ':')
            && is_word(rest.get(3), "from_ptr");
        if from_pointer {
            self.shared_atomic(rest);
        }
    }

    /// `*const AtomicU64`: an atomic at an address that came from somewhere else.
    fn pointer(&mut self, rest: &[TokenTree]) {
        let qualified = is_word(rest.get(1), "const") || is_word(rest.get(1), "mut");
        let atomic =
            matches!(rest.get(2), Some(TokenTree::Ident(name)) if name.to_string().starts_with("Atomic"));
        if qualified && atomic {
            self.shared_atomic(rest);
        }
    }

    fn shared_atomic(&mut self, rest: &[TokenTree]) {
        let own_room =
            ["crates/mapped/", "crates/os/", "bench/"].iter().any(|place| self.path.starts_with(place));
        if !own_room && !self.in_tests {
            self.object(rest, "atomics", "atomics on shared memory are touched in mapped only".into());
        }
    }

    fn attribute(&mut self, rest: &[TokenTree]) {
        let Some(TokenTree::Group(group)) = rest.get(1) else { return };
        if is_word(group.stream().into_iter().next().as_ref(), "ignore") {
            self.object(rest, "ignored", "a test that is ignored tests nothing".into());
        }
    }

    fn object(&mut self, rest: &[TokenTree], rule: &'static str, message: String) {
        let line = rest.first().map_or(0, |token| token.span().start().line);
        self.findings.push(Finding { path: self.path.to_owned(), line, rule, message });
    }
}

fn is_word(token: Option<&TokenTree>, expected: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if word == expected)
}

fn is_mark(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == expected)
}

/// `extern "C" { ... }`, as opposed to a function or a type of that kind.
fn is_block_of_foreign_functions(rest: &[TokenTree]) -> bool {
    matches!(rest.get(1), Some(TokenTree::Literal(_)))
        && matches!(rest.get(2), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
}

/// True if the tokens before a `{` are those of an item under `#[cfg(test)]` or `#[test]`.
fn for_tests(before: &[TokenTree]) -> bool {
    let mut saw_item = false;
    for token in before.iter().rev() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return false,
            TokenTree::Punct(mark) if mark.as_char() == ';' => return false,
            TokenTree::Ident(word) if word == "mod" || word == "fn" => saw_item = true,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket && saw_item => {
                let attribute: String = group.stream().to_string().split_whitespace().collect();
                if attribute == "test" || (attribute.starts_with("cfg(") && attribute.contains("test")) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// Functions in a file that should only say what the module is, name its data, and re-export.
fn logic(path: &str, text: &str) -> Vec<Finding> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let lines_of = |start: Span, end: Span| end.end().line + 1 - start.start().line;
    let mut lines = 0;
    for item in &file.items {
        match item {
            // The compiler wants the entry points of a procedural macro in lib.rs.
            syn::Item::Fn(function) if !function.attrs.iter().any(is_macro_entry) => {
                lines += lines_of(function.sig.fn_token.span, function.block.brace_token.span.close());
            }
            syn::Item::Impl(block) => {
                lines += lines_of(block.impl_token.span, block.brace_token.span.close())
            }
            _ => {}
        }
    }
    if lines <= LOGIC_LINES_MAX {
        return Vec::new();
    }
    let message = format!(
        "{lines} lines of functions; lib.rs and mod.rs say what the module is, logic has a file of its own"
    );
    vec![whole(path, "logic", message)]
}

fn is_macro_entry(attribute: &syn::Attribute) -> bool {
    attribute.path().get_ident().is_some_and(|word| word.to_string().starts_with("proc_macro"))
}
