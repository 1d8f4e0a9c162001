//! The `serde` attributes that are understood, with serde's meaning.

use syn::ext::IdentExt as _;
use syn::{Attribute, Error, Expr, ExprLit, Field, Fields, Ident, Lit, Path, Result, Variant};

/// How names are written.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    AsIs,
    Camel,
    Snake,
    Lower,
}

impl Case {
    fn parse(text: &str, at: &Attribute) -> Result<Self> {
        match text {
            "camelCase" => Ok(Self::Camel),
            "snake_case" => Ok(Self::Snake),
            "lowercase" => Ok(Self::Lower),
            _ => Err(Error::new_spanned(at, "unknown case")),
        }
    }

    /// A field name, given in `snake_case`.
    fn field(self, name: &str) -> String {
        match self {
            Self::Camel => {
                let mut upper = false;
                let mut out = String::new();
                for c in name.chars() {
                    if c == '_' {
                        upper = true;
                    } else if std::mem::take(&mut upper) {
                        out.extend(c.to_uppercase());
                    } else {
                        out.push(c);
                    }
                }
                out
            }
            Self::AsIs | Self::Snake | Self::Lower => name.to_owned(),
        }
    }

    /// A variant name, given in `PascalCase`.
    fn variant(self, name: &str) -> String {
        match self {
            Self::AsIs => name.to_owned(),
            Self::Lower => name.to_lowercase(),
            Self::Camel => {
                let mut chars = name.chars();
                chars
                    .next()
                    .map(|first| first.to_lowercase().chain(chars).collect())
                    .unwrap_or_default()
            }
            Self::Snake => {
                let mut out = String::new();
                for (at, c) in name.chars().enumerate() {
                    if c.is_uppercase() && at > 0 {
                        out.push('_');
                    }
                    out.extend(c.to_lowercase());
                }
                out
            }
        }
    }
}

/// Attributes of a type.
pub(crate) struct Container {
    names: Case,
    variant_fields: Case,
    pub(crate) tag: Option<String>,
    pub(crate) deny_unknown: bool,
    pub(crate) transparent: bool,
}

impl Container {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self {
            names: Case::AsIs,
            variant_fields: Case::AsIs,
            tag: None,
            deny_unknown: false,
            transparent: false,
        };
        each(attributes, |name, value, at| {
            match (name, value) {
                ("rename_all", Some(case)) => found.names = Case::parse(case, at)?,
                ("rename_all_fields", Some(case)) => found.variant_fields = Case::parse(case, at)?,
                ("tag", Some(tag)) => found.tag = Some(tag.to_owned()),
                ("deny_unknown_fields", None) => found.deny_unknown = true,
                ("transparent", None) => found.transparent = true,
                _ => return Err(Error::new_spanned(at, "this attribute is not understood here")),
            }
            Ok(())
        })?;
        Ok(found)
    }
}

/// A named field.
pub(crate) struct Member<'a> {
    pub(crate) ident: &'a Ident,
    /// Its name in JSON.
    pub(crate) name: String,
    pub(crate) default: bool,
    /// When to leave it out.
    pub(crate) skip_if: Option<Path>,
}

/// The named fields of a struct (`variant` false) or of an enum variant.
pub(crate) fn members<'a>(fields: &'a Fields, of: &Container, variant: bool) -> Result<Vec<Member<'a>>> {
    let case = if variant { of.variant_fields } else { of.names };
    fields.iter().map(|field| member(field, case)).collect()
}

fn member(field: &Field, case: Case) -> Result<Member<'_>> {
    let ident = field
        .ident
        .as_ref()
        .ok_or_else(|| Error::new_spanned(field, "only named fields"))?;
    let mut found = Member {
        ident,
        name: case.field(&ident.unraw().to_string()),
        default: false,
        skip_if: None,
    };
    each(&field.attrs, |name, value, at| {
        match (name, value) {
            ("default", None) => found.default = true,
            ("rename", Some(text)) => found.name = text.to_owned(),
            ("skip_serializing_if", Some(path)) => found.skip_if = Some(syn::parse_str(path)?),
            _ => return Err(Error::new_spanned(at, "this attribute is not understood here")),
        }
        Ok(())
    })?;
    Ok(found)
}

/// The name of a variant in JSON.
pub(crate) fn variant_name(variant: &Variant, of: &Container) -> Result<String> {
    let mut found = of.names.variant(&variant.ident.to_string());
    each(&variant.attrs, |name, value, at| match (name, value) {
        ("rename", Some(text)) => {
            text.clone_into(&mut found);
            Ok(())
        }
        _ => Err(Error::new_spanned(at, "this attribute is not understood here")),
    })?;
    Ok(found)
}

fn each(
    attributes: &[Attribute],
    mut read: impl FnMut(&str, Option<&str>, &Attribute) -> Result<()>,
) -> Result<()> {
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            let value = if meta.input.peek(syn::Token![=]) {
                match meta.value()?.parse()? {
                    Expr::Lit(ExprLit {
                        lit: Lit::Str(text), ..
                    }) => Some(text.value()),
                    other => return Err(Error::new_spanned(other, "a text is expected")),
                }
            } else {
                None
            };
            read(&name, value.as_deref(), attribute)
        })?;
    }
    Ok(())
}
