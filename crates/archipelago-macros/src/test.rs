//! `#[archipelago::test]`: a module of tests beside the function, one for each number of ranks.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, ItemFn, LitBool, LitInt, Token, bracketed, token};

type Result<T, E = Error> = std::result::Result<T, E>;

/// Without `ranks = [..]`: alone, a pair, a power of two, an odd number.
const RANKS: [usize; 4] = [1, 2, 4, 7];

const USAGE: &str = "the arguments are `ranks = [1, 2, 4]` and `processes = true`";

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
            let name: Ident = input.parse().map_err(|error| Error::new(error.span(), USAGE))?;
            if !input.peek(Token![=]) {
                return Err(Error::new(name.span(), USAGE));
            }
            input.parse::<Token![=]>()?;
            if name == "ranks" {
                if !input.peek(token::Bracket) {
                    // One number is most likely the only size that is meant.
                    let ranks =
                        input.parse::<LitInt>().ok().and_then(|number| number.base10_parse::<usize>().ok());
                    let list = ranks.map_or("[1, 2, 4]".to_owned(), |ranks| format!("[{ranks}]"));
                    let text = format!("a list of world sizes, one test for each: write `ranks = {list}`");
                    return Err(Error::new(name.span(), text));
                }
                let list;
                bracketed!(list in input);
                let numbers = Punctuated::<LitInt, Token![,]>::parse_terminated(&list)?;
                let ranks = numbers.iter().map(|number| match number.base10_parse()? {
                    0 => Err(Error::new(number.span(), "a world has at least one rank")),
                    ranks => Ok(ranks),
                });
                arguments.ranks = Some(ranks.collect::<Result<_>>()?);
            } else if name == "processes" {
                let value = input.parse::<LitBool>();
                arguments.processes =
                    value.map_err(|error| Error::new(error.span(), "write `processes = true`"))?.value;
            } else {
                return Err(Error::new(name.span(), USAGE));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|error| Error::new(error.span(), USAGE))?;
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: TokenStream, expected: Result<&[usize], &str>) {
        let parsed = syn::parse2::<Arguments>(arguments);
        let found =
            parsed.map(|arguments| arguments.ranks.unwrap_or_default()).map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn what_is_written_wrong_is_shown_right() {
        check(quote!(ranks = [1, 4], processes = true), Ok(&[1, 4]));
        check(quote!(), Ok(&[]));
        check(quote!(ranks = 2), Err("a list of world sizes, one test for each: write `ranks = [2]`"));
        check(
            quote!(ranks = many),
            Err("a list of world sizes, one test for each: write `ranks = [1, 2, 4]`"),
        );
        check(quote!(ranks = [0]), Err("a world has at least one rank"));
        check(quote!(processes = 2), Err("write `processes = true`"));
        for wrong in [quote!(ranks(2)), quote!(rank = [2]), quote!(2), quote!(ranks = [2]; processes = true)]
        {
            check(wrong, Err(USAGE));
        }
    }
}
