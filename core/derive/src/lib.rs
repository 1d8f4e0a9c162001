//! `#[derive(ToJson, FromJson)]`: the two directions between a type and a JSON value.
//!
//! The generated code is what one would write by hand: take each member out of the object by name. It is not generic
//! over data formats, which is why it is several times smaller than serde's
//! (`specs/decisions/0017-json-without-format-generics.md`). It reads the `serde` attributes, so that a type that
//! derives both has one description, and refuses those it does not know.

mod attributes;
mod from;
mod to;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `assent_core::encoding::record::FromJson`.
#[proc_macro_derive(FromJson, attributes(serde))]
pub fn derive_from_json(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    from::derive(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Derives `assent_core::encoding::record::ToJson`.
#[proc_macro_derive(ToJson, attributes(serde))]
pub fn derive_to_json(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    to::derive(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
