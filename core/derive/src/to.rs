//! `ToJson`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Result};

use crate::attributes::{Container, Member, members, variant_name};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::read(&input.attrs)?;
    let body = match &input.data {
        Data::Struct(data) => of_struct(input, data, &container)?,
        Data::Enum(data) => of_enum(data, &container)?,
        Data::Union(_) => return Err(Error::new_spanned(input, "no unions")),
    };
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::assent_core::encoding::record::ToJson for #name #arguments #bounds {
            fn write_json(&self) -> ::assent_core::encoding::record::Value {
                use ::assent_core::encoding::record as __record;
                #body
            }
        }
    })
}

fn of_struct(input: &DeriveInput, data: &DataStruct, container: &Container) -> Result<TokenStream> {
    match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            Ok(quote! { __record::ToJson::write_json(&self.0) })
        }
        Fields::Named(_) => {
            let members = members(&data.fields, container, false)?;
            if container.transparent {
                let [only] = members.as_slice() else {
                    return Err(Error::new_spanned(input, "transparent wants one field"));
                };
                let ident = only.ident;
                return Ok(quote! { __record::ToJson::write_json(&self.#ident) });
            }
            let puts = members.iter().map(|member| {
                let ident = member.ident;
                put(member, &quote! { &self.#ident })
            });
            Ok(quote! {
                let mut object = __record::Object::new();
                #(#puts)*
                __record::Value::Object(object)
            })
        }
        _ => Err(Error::new_spanned(input, "named fields, or one without a name")),
    }
}

fn of_enum(data: &DataEnum, container: &Container) -> Result<TokenStream> {
    let mut arms = Vec::new();
    for variant in &data.variants {
        let ident = &variant.ident;
        let name = variant_name(variant, container)?;
        arms.push(match (&variant.fields, &container.tag) {
            (Fields::Unit, None) => quote! { Self::#ident => __record::text(#name), },
            (Fields::Unit, Some(tag)) => quote! {
                Self::#ident => {
                    let mut object = __record::Object::new();
                    __record::put(&mut object, #tag, __record::text(#name));
                    __record::Value::Object(object)
                }
            },
            (Fields::Named(_), Some(tag)) => {
                let members = members(&variant.fields, container, true)?;
                let idents = members.iter().map(|member| member.ident);
                let puts = members.iter().map(|member| {
                    let ident = member.ident;
                    put(member, &quote! { #ident })
                });
                quote! {
                    Self::#ident { #(#idents,)* } => {
                        let mut object = __record::Object::new();
                        __record::put(&mut object, #tag, __record::text(#name));
                        #(#puts)*
                        __record::Value::Object(object)
                    }
                }
            }
            _ => return Err(Error::new_spanned(variant, "fields need names and a tag")),
        });
    }
    Ok(quote! { match self { #(#arms)* } })
}

fn put(member: &Member<'_>, value: &TokenStream) -> TokenStream {
    let name = &member.name;
    let put = quote! { __record::put(&mut object, #name, __record::ToJson::write_json(#value)); };
    match &member.skip_if {
        Some(skip) => quote! { if !#skip(#value) { #put } },
        None => put,
    }
}
