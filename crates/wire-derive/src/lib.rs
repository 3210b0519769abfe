//! The derive macro of `Wire`.
//!
//! It writes the offsets and forms of the fields down and lets the compiler judge, when the type is complete, whether its
//! memory is its encoding. It refuses what cannot travel with a sentence that says what to do instead.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod enumeration;
mod input;
mod structure;

/// Makes values of a struct, or of an enum without fields, travel.
///
/// The fields must be `Wire` themselves, and the type `Copy`. Type parameters are bounded by `Wire`.
///
/// `#[wire(crate = path::to::wire)]` on the type names the crate that has the trait, if it is not
/// `::archipelago::wire`.
#[proc_macro_derive(Wire, attributes(wire))]
pub fn derive_wire(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    input::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
