//! One document.

use serde_json::Value;

use super::resolve::TypeReference;
use super::{MAX_TYPE_CLAIMS, MAX_TYPE_METADATA, TypeMetadataError};
use crate::claims::ClaimsPath;
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::{self, Limits};
use crate::sorted::SortedSet;

/// Longest type name and longest text accepted, in bytes.
const MAX_VCT: usize = 2048;
const MAX_TEXT: usize = 1024;
/// Most languages of one text.
const MAX_LOCALES: usize = 64;

/// A document as it is, not merged with what it extends. Unknown members are ignored, as the text demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeMetadata {
    /// The type it describes.
    pub vct: String,
    /// The type that one extends.
    pub extends: Option<TypeReference>,
    /// What people call it.
    pub display: Vec<TypeDisplay>,
    /// Its claims.
    pub claims: Vec<ClaimMetadata>,
}

/// Name of a type in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeDisplay {
    /// Language tag (RFC 5646).
    pub locale: String,
    /// Name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
}

/// What the type says about one claim, or about several with one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMetadata {
    /// Where.
    pub path: ClaimsPath,
    /// Names for people.
    pub display: Vec<ClaimDisplay>,
    /// The issuer always puts it in; `None` when the document does not say, which means no.
    pub mandatory: Option<bool>,
    /// Whether it can be kept back; `None` when the document does not say, which means both ways.
    pub disclosable: Option<Disclosability>,
}

/// Name of a claim in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimDisplay {
    /// Language tag (RFC 5646).
    pub locale: String,
    /// Name.
    pub label: String,
}

/// Whether a claim is selectively disclosable (`sd`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosability {
    /// It must be.
    Always,
    /// It may be.
    Allowed,
    /// It must not be.
    Never,
}

impl TypeMetadata {
    /// Reads a document.
    ///
    /// # Errors
    /// [`TypeMetadataError::Json`], [`TypeMetadataError::Field`].
    pub fn parse(document: &[u8]) -> Result<Self, TypeMetadataError> {
        let limits = Limits {
            bytes: MAX_TYPE_METADATA,
            depth: 16,
        };
        let object = json::parse_object(document, limits)?;
        let fields = Fields::new(&object, "");
        let extends = match fields.opt_text("extends", MAX_VCT)? {
            None => None,
            Some(vct) => Some(TypeReference {
                vct: vct.to_owned(),
                integrity: fields.opt_text("extends#integrity", MAX_TEXT)?.map(str::to_owned),
            }),
        };
        Ok(Self {
            vct: fields.text("vct", MAX_VCT)?.to_owned(),
            extends,
            display: read_display(&fields)?,
            claims: read_claims(&fields)?,
        })
    }
}

/// A list whose objects each have a language; one text per language.
fn by_locale<'a>(fields: &Fields<'a>) -> Result<Vec<(Fields<'a>, String)>, FieldError> {
    let list = fields.opt_list("display", MAX_LOCALES)?.unwrap_or_default();
    let mut seen = SortedSet::new();
    list.iter()
        .map(|entry| {
            let entry = Fields::of(entry, "display")?;
            let locale = entry.text("locale", 64)?;
            if !seen.insert(locale.to_ascii_lowercase()) {
                return Err(entry.error("locale", Problem::NotAllowed));
            }
            Ok((entry, locale.to_owned()))
        })
        .collect()
}

fn read_display(fields: &Fields<'_>) -> Result<Vec<TypeDisplay>, FieldError> {
    by_locale(fields)?
        .into_iter()
        .map(|(entry, locale)| {
            Ok(TypeDisplay {
                locale,
                name: plain(&entry, "name")?.ok_or_else(|| entry.error("name", Problem::Missing))?,
                description: plain(&entry, "description")?,
            })
        })
        .collect()
}

fn read_claims(fields: &Fields<'_>) -> Result<Vec<ClaimMetadata>, FieldError> {
    let list = fields.opt_list("claims", MAX_TYPE_CLAIMS)?.unwrap_or_default();
    let (mut paths, mut ids) = (SortedSet::new(), SortedSet::new());
    list.iter()
        .map(|entry| {
            let entry = Fields::of(entry, "claims")?;
            let path = ClaimsPath::from_json(entry.required("path")?)
                .map_err(|_| entry.error("path", Problem::NotAllowed))?;
            // Two rules for one place could say two things.
            if !paths.insert(path.clone()) {
                return Err(entry.error("path", Problem::NotAllowed));
            }
            let svg_id = entry.opt_text("svg_id", 128)?;
            if svg_id.is_some_and(|id| !is_svg_id(id) || !ids.insert(id)) {
                return Err(entry.error("svg_id", Problem::NotAllowed));
            }
            Ok(ClaimMetadata {
                path,
                display: read_labels(&entry)?,
                mandatory: entry.opt_bool("mandatory")?,
                disclosable: read_disclosability(&entry)?,
            })
        })
        .collect()
}

fn read_labels(fields: &Fields<'_>) -> Result<Vec<ClaimDisplay>, FieldError> {
    by_locale(fields)?
        .into_iter()
        .map(|(entry, locale)| {
            Ok(ClaimDisplay {
                locale,
                label: plain(&entry, "label")?.ok_or_else(|| entry.error("label", Problem::Missing))?,
            })
        })
        .collect()
}

fn read_disclosability(fields: &Fields<'_>) -> Result<Option<Disclosability>, FieldError> {
    match fields.get("sd") {
        None => Ok(None),
        Some(Value::String(sd)) => match sd.as_str() {
            "always" => Ok(Some(Disclosability::Always)),
            "allowed" => Ok(Some(Disclosability::Allowed)),
            "never" => Ok(Some(Disclosability::Never)),
            _ => Err(fields.error("sd", Problem::NotAllowed)),
        },
        Some(_) => Err(fields.error("sd", Problem::WrongType)),
    }
}

/// A text for people, without what could steer a screen.
fn plain(fields: &Fields<'_>, name: &str) -> Result<Option<String>, FieldError> {
    let text = fields.opt_text(name, MAX_TEXT)?;
    Ok(text.map(|text| text.chars().filter(|c| !c.is_control()).collect()))
}

/// Letters, digits and underscores, not beginning with a digit.
fn is_svg_id(id: &str) -> bool {
    id.chars().all(|c| c.is_alphanumeric() || c == '_') && !id.starts_with(|c: char| c.is_ascii_digit())
}
