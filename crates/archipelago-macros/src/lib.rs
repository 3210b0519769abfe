//! The attribute macros of archipelago.

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

mod test;

/// Makes tests of a function that is run on every rank of a world: one test for each number of ranks.
///
/// `#[archipelago::test(ranks = [1, 2, 4, 7])]`: ranks are threads of the test's process.
/// `#[archipelago::test(ranks = [4], processes = true)]`: ranks are processes, started as `archi run` does.
///
/// The function takes the world (`archipelago::Comm`) and returns nothing or a `Result`. It fails if any rank panics or returns
/// an error; the others' waits then end with an error that names that rank. Other attributes (`#[should_panic]`,
/// `#[cfg(..)]`) go to each test.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let function = parse_macro_input!(function as ItemFn);
    test::expand(arguments.into(), function).unwrap_or_else(|error| error.to_compile_error()).into()
}
