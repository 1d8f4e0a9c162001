//! `FromJson`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Result};

use crate::attributes::{Container, Member, members, variant_name};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::read(&input.attrs)?;
    let body = match &input.data {
        Data::Struct(data) => of_struct(input, data, &container)?,
        Data::Enum(data) => of_enum(input, data, &container)?,
        Data::Union(_) => return Err(Error::new_spanned(input, "no unions")),
    };
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::assent_core::encoding::record::FromJson for #name #arguments #bounds {
            fn read_json(
                value: ::assent_core::encoding::record::Value,
            ) -> ::core::result::Result<Self, ::assent_core::encoding::record::Malformed> {
                use ::assent_core::encoding::record as __record;
                #body
            }
        }
    })
}

fn of_struct(input: &DeriveInput, data: &DataStruct, container: &Container) -> Result<TokenStream> {
    match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            Ok(quote! { ::core::result::Result::Ok(Self(__record::FromJson::read_json(value)?)) })
        }
        Fields::Named(_) => {
            let members = members(&data.fields, container, false)?;
            if container.transparent {
                let [only] = members.as_slice() else {
                    return Err(Error::new_spanned(input, "transparent wants one field"));
                };
                let ident = only.ident;
                return Ok(quote! {
                    ::core::result::Result::Ok(Self { #ident: __record::FromJson::read_json(value)? })
                });
            }
            let construct = construct(&quote! { Self }, &members, container.deny_unknown);
            Ok(quote! {
                let mut __members = __record::Members::of(value);
                #construct
            })
        }
        _ => Err(Error::new_spanned(input, "named fields, or one without a name")),
    }
}

fn of_enum(input: &DeriveInput, data: &DataEnum, container: &Container) -> Result<TokenStream> {
    let mut names = Vec::new();
    let mut arms = Vec::new();
    for (at, variant) in data.variants.iter().enumerate() {
        let ident = &variant.ident;
        names.push(variant_name(variant, container)?);
        let read = match (&variant.fields, &container.tag) {
            (Fields::Unit, _) => quote! { ::core::result::Result::Ok(Self::#ident) },
            (Fields::Named(_), Some(_)) => {
                let members = members(&variant.fields, container, true)?;
                construct(&quote! { Self::#ident }, &members, container.deny_unknown)
            }
            _ => return Err(Error::new_spanned(variant, "fields need names and a tag")),
        };
        arms.push(quote! { #at => { #read } });
    }
    let unknown = format!("{}: unknown name", input.ident);
    let start = match &container.tag {
        Some(tag) => quote! {
            let mut __members = __record::Members::of(value);
            let __at = __members.variant(#tag, &[#(#names,)*])?;
        },
        None => quote! { let __at = __record::variant(value, &[#(#names,)*])?; },
    };
    Ok(quote! {
        #start
        match __at {
            #(#arms)*
            _ => ::core::result::Result::Err(__record::Malformed(#unknown)),
        }
    })
}

/// Every member is read into an `Option` and looked at once, at the end: a way out after each would have to drop what
/// was read before it, and these ways out would be most of the code.
fn construct(what: &TokenStream, members: &[Member<'_>], deny_unknown: bool) -> TokenStream {
    let idents: Vec<_> = members.iter().map(|member| member.ident).collect();
    let reads = members.iter().map(|member| {
        let (ident, name) = (member.ident, &member.name);
        if member.default {
            quote! { let #ident = __members.member_or_default(#name); }
        } else {
            quote! { let #ident = __members.member(#name); }
        }
    });
    let end = deny_unknown.then(|| quote! { __members.nothing_left(); });
    quote! {
        #(#reads)*
        #end
        match (__members.problem(), #(#idents,)*) {
            (::core::option::Option::None, #(::core::option::Option::Some(#idents),)*) => {
                ::core::result::Result::Ok(#what { #(#idents,)* })
            }
            (problem, ..) => ::core::result::Result::Err(__record::Malformed(problem.unwrap_or_default())),
        }
    }
}
