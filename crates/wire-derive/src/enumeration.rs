//! Enums without fields: the encoding is the discriminant.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{DataEnum, DeriveInput, Error, Fields, Ident, Path, Result};

const INTEGERS: [&str; 12] =
    ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];

pub(crate) fn body(wire: &Path, input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    if data.variants.is_empty() {
        return Err(Error::new_spanned(
            &input.ident,
            "an enum without variants has no value that could travel",
        ));
    }
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(
                variant,
                "an enum with fields cannot travel, its values differ in what they hold: use a struct of a fieldless enum and \
                 the fields, or an `Option`",
            ));
        }
    }

    let name = &input.ident;
    let variants: Vec<&Ident> = data.variants.iter().map(|variant| &variant.ident).collect();
    let labels = variants.iter().map(|variant| variant.to_string());
    let text = name.to_string();
    // With a representation of a stated integer the memory is the discriminant (unless an alignment makes it longer);
    // otherwise the compiler is free.
    let (dense, bytes) = match representation(input)? {
        Some(integer) => {
            let bytes = quote!(::core::mem::size_of::<#integer>());
            (quote!(::core::mem::size_of::<Self>() == #bytes), bytes)
        }
        None => (quote!(false), quote!(#wire::enumeration::bytes(&[#(Self::#variants as i128),*]))),
    };
    Ok(quote! {
        const FORM: #wire::Form = if #dense { #wire::Form::Dense } else { #wire::Form::Packed };
        const SHAPE: &'static #wire::Shape = &#wire::Shape::Enumeration {
            name: #text,
            code: #wire::enumeration::code(#text, &[#((#labels, Self::#variants as i128)),*]),
            bytes: #bytes,
        };

        #[inline]
        fn pack(&self, into: &mut [u8]) {
            #wire::enumeration::pack(*self as i128, into);
        }

        #[inline]
        fn unpack(from: &[u8]) -> ::core::result::Result<Self, #wire::Invalid> {
            let found = #wire::enumeration::unpack(from);
            #(if found == const { #wire::enumeration::low(#name::#variants as i128, <#name as #wire::Wire>::BYTES) } {
                return ::core::result::Result::Ok(Self::#variants);
            })*
            ::core::result::Result::Err(#wire::Invalid::new::<Self>(found, from.len()))
        }
    })
}

/// The integer of `#[repr(integer)]`.
fn representation(input: &DeriveInput) -> Result<Option<Ident>> {
    let mut found = None;
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            if let Some(word) = meta.path.get_ident()
                && INTEGERS.iter().any(|integer| word == integer)
            {
                found = Some(word.clone());
            } else if meta.input.peek(syn::token::Paren) {
                // align(N) and its like are the compiler's to judge.
                meta.input.parse::<proc_macro2::TokenTree>()?.to_token_stream();
            }
            Ok(())
        })?;
    }
    Ok(found)
}
