//! Structs: the encoding is that of the fields, one after the other.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DataStruct, Ident, Index, Member, Path, Result};

use crate::input::refuse_type;

pub(crate) fn body(wire: &Path, data: &DataStruct) -> Result<TokenStream> {
    let (mut places, mut shapes, mut packs, mut unpacks) = (vec![], vec![], vec![], vec![]);
    for (i, field) in data.fields.iter().enumerate() {
        refuse_type(&field.ty)?;
        let ty = &field.ty;
        let member = match &field.ident {
            Some(name) => Member::Named(name.clone()),
            None => Member::Unnamed(Index { index: i as u32, span: field.span() }),
        };
        // The span of the type, so that a type that is not `Wire` is what the error points at.
        let value = quote_spanned!(ty.span() => <#ty as #wire::Wire>);
        // By value: fields of a packed struct cannot be borrowed.
        let local = Ident::new("field", Span::mixed_site());
        places.push(
            quote!((::core::mem::offset_of!(Self, #member), ::core::mem::size_of::<#ty>(), #value::FORM)),
        );
        shapes.push(quote!(#value::SHAPE));
        packs.push(quote! {
            let (room, rest) = rest.split_at_mut(#value::BYTES);
            let #local = self.#member;
            #value::pack(&#local, room);
        });
        unpacks.push(quote! {
            #member: {
                let (bytes, tail) = rest.split_at(#value::BYTES);
                rest = tail;
                #value::unpack(bytes)?
            }
        });
    }

    Ok(quote! {
        const FORM: #wire::Form = #wire::Form::of_fields(::core::mem::size_of::<Self>(), &[#(#places),*]);
        const SHAPE: &'static #wire::Shape = &#wire::Shape::Fields { of: &[#(#shapes),*] };

        #[inline]
        fn pack(&self, into: &mut [u8]) {
            let rest = into;
            #(#packs)*
            ::core::debug_assert!(rest.is_empty());
        }

        #[inline]
        fn unpack(from: &[u8]) -> ::core::result::Result<Self, #wire::Invalid> {
            #[allow(unused_mut)]
            let mut rest = from;
            let value = Self { #(#unpacks),* };
            ::core::debug_assert!(rest.is_empty());
            ::core::result::Result::Ok(value)
        }
    })
}
