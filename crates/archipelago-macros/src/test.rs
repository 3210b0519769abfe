//! `#[archipelago::test]`: a module of tests beside the function, one for each number of ranks.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, ItemFn, LitBool, LitInt, Result, Token, bracketed};

/// Without `ranks = [..]`: alone, a pair, a power of two, an odd number.
const RANKS: [usize; 4] = [1, 2, 4, 7];

#[derive(Default)]
struct Arguments {
    ranks: Option<Vec<usize>>,
    processes: bool,
}

pub(crate) fn expand(arguments: TokenStream, function: ItemFn) -> Result<TokenStream> {
    let Arguments { ranks, processes } = syn::parse2(arguments)?;
    if let Some(word) = function.sig.asyncness {
        return Err(Error::new(word.span, "a rank's body is not async: block on futures in it"));
    }
    if function.sig.inputs.len() != 1 {
        return Err(Error::new_spanned(
            &function.sig,
            "the function takes the world: fn name(world: archipelago::Comm)",
        ));
    }
    let name = &function.sig.ident;
    let runner = match processes {
        true => quote!(::archipelago::testing::run_as_processes),
        false => quote!(::archipelago::testing::run),
    };
    let mut body = function.clone();
    let attributes: Vec<_> = body.attrs.drain(..).collect();
    let tests = ranks.unwrap_or(RANKS.to_vec()).into_iter().map(|ranks| {
        let test = format_ident!("ranks_{ranks}");
        let call = match processes {
            true => quote!(#runner(#ranks, ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#test)), super::#name)),
            false => quote!(#runner(#ranks, super::#name)),
        };
        quote! {
            #(#attributes)*
            #[::core::prelude::v1::test]
            fn #test() {
                #call
            }
        }
    });
    Ok(quote! {
        #[cfg(test)]
        #body

        #[cfg(test)]
        mod #name {
            #(#tests)*
        }
    })
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Arguments> {
        let mut arguments = Arguments::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            if name == "ranks" {
                let list;
                bracketed!(list in input);
                let numbers = Punctuated::<LitInt, Token![,]>::parse_terminated(&list)?;
                let ranks = numbers.iter().map(|number| match number.base10_parse()? {
                    0 => Err(Error::new(number.span(), "a world has at least one rank")),
                    ranks => Ok(ranks),
                });
                arguments.ranks = Some(ranks.collect::<Result<_>>()?);
            } else if name == "processes" {
                arguments.processes = input.parse::<LitBool>()?.value;
            } else {
                return Err(Error::new(
                    name.span(),
                    "the arguments are `ranks = [1, 2, 4]` and `processes = true`",
                ));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}
