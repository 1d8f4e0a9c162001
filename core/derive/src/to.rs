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
                let mut __object = __record::Object::new();
                #(#puts)*
                __record::Value::Object(__object)
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
            (Fields::Unit, _) => quote! { Self::#ident => #name, },
            (Fields::Named(_), Some(_)) => {
                let members = members(&variant.fields, container, true)?;
                let idents = members.iter().map(|member| member.ident);
                let puts = members.iter().map(|member| {
                    let ident = member.ident;
                    put(member, &quote! { #ident })
                });
                quote! {
                    Self::#ident { #(#idents,)* } => {
                        #(#puts)*
                        #name
                    }
                }
            }
            _ => return Err(Error::new_spanned(variant, "fields need names and a tag")),
        });
    }
    Ok(match &container.tag {
        None => quote! { __record::text(match self { #(#arms)* }) },
        Some(tag) => quote! {
            let mut __object = __record::Object::new();
            let __name = match self { #(#arms)* };
            __record::put_text(&mut __object, #tag, __name);
            __record::Value::Object(__object)
        },
    })
}

fn put(member: &Member<'_>, value: &TokenStream) -> TokenStream {
    let name = &member.name;
    let put = quote! { __record::ToJson::put_json(#value, &mut __object, #name); };
    match &member.skip_if {
        Some(skip) => quote! { if !#skip(#value) { #put } },
        None => put,
    }
}
