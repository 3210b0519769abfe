//! What both kinds of types have in common: the crate's path, generics, refusals.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, GenericParam, Generics, Path, Result, Token, Type, parse_quote};

use crate::{enumeration, structure};

/// The implementation for a type.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    refuse_lifetimes(&input.generics)?;
    let wire = wire_path(input)?;
    let body = match &input.data {
        Data::Struct(data) => structure::body(&wire, data)?,
        Data::Enum(data) => enumeration::body(&wire, input, data)?,
        Data::Union(data) => {
            let message = "a union cannot travel: nothing says which of its fields is the value";
            return Err(Error::new(data.union_token.span, message));
        }
    };

    let name = &input.ident;
    let generics = bounded(&wire, &input.generics);
    let (parameters, arguments, conditions) = generics.split_for_impl();
    Ok(quote! {
        // SAFETY: FORM follows from the offsets that the compiler gave the fields, and `pack` writes every byte.
        #[automatically_derived]
        unsafe impl #parameters #wire::Wire for #name #arguments #conditions {
            #body
        }
    })
}

/// The crate that has the trait: from `#[wire(crate = path)]`, or the facade's.
fn wire_path(input: &DeriveInput) -> Result<Path> {
    let mut path = parse_quote!(::archipelago::wire);
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("wire")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("the only argument is `crate = path`"));
            }
            meta.input.parse::<Token![=]>()?;
            path = meta.input.call(Path::parse_mod_style)?;
            Ok(())
        })?;
    }
    Ok(path)
}

fn refuse_lifetimes(generics: &Generics) -> Result<()> {
    match generics.lifetimes().next() {
        Some(lifetime) => Err(Error::new_spanned(
            lifetime,
            "a type that borrows cannot travel: another process has other memory; own the values instead",
        )),
        None => Ok(()),
    }
}

/// The generics with every type parameter bounded by `Wire`.
fn bounded(wire: &Path, generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(parse_quote!(#wire::Wire));
        }
    }
    generics
}

/// Refuses types of fields that can be seen to be no values; the trait's own message covers the others.
pub(crate) fn refuse_type(ty: &Type) -> Result<()> {
    let message = match ty {
        Type::Reference(_) => {
            "a reference cannot travel: another process has other memory; hold the value itself"
        }
        Type::Ptr(_) => "a pointer cannot travel: another process has other memory; hold the value itself",
        Type::BareFn(_) => "a function cannot travel: send what tells the receiver which function to call",
        Type::Slice(_) => "a value has a fixed size: hold an array, or send the slice itself",
        Type::Array(array) => return refuse_type(&array.elem),
        Type::Tuple(tuple) => return tuple.elems.iter().try_for_each(refuse_type),
        Type::Paren(inner) => return refuse_type(&inner.elem),
        Type::Group(inner) => return refuse_type(&inner.elem),
        _ => return Ok(()),
    };
    Err(Error::new_spanned(ty, message))
}
