//! One attribute that is asked for.

use super::super::category::{Category, category};
use super::super::texts::Texts;
use crate::claims::ClaimsPath;

/// `pii_information`: one detail of one type of card. A path, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The credential type.
    pub vct: String,
    /// Where the claim is in it.
    pub path: ClaimsPath,
    /// `special_pii_category`: a special category of GDPR Article 9 the service says this reveals, e.g.
    /// `dpv:HealthData`.
    pub special_category: Option<String>,
}

/// An attribute the person may keep back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalAttribute {
    /// Which.
    pub attribute: Attribute,
    /// Why, when it is another reason than the main one.
    pub purpose: Option<Texts>,
    /// Attributes with the same group are one switch.
    pub group: Option<String>,
}

impl Attribute {
    /// What kind of data it is.
    #[must_use]
    pub fn category(&self) -> Category {
        category(&self.path)
    }
}
