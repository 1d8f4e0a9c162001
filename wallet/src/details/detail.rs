//! What one version of a detail says.

use assent_core::claims::ClaimsPath;
use assent_core::encoding::json::{self, Limits, Object};
use assent_core::encoding::record::{FromJson, ToJson};
use zeroize::Zeroizing;

/// First part of the record's name; the content is a history (`vault::Versions`).
pub(crate) const RECORD: &str = "detail";

/// The content of a detail.
#[derive(Clone, PartialEq, Eq, ToJson, FromJson)]
pub(crate) struct Detail {
    /// See [`super::KINDS`]. One that a newer app wrote may be unknown here; it is kept and shown as it is.
    pub(crate) kind: String,
    /// What the person calls it, or nothing.
    pub(crate) own_name: String,
    /// Texts by part.
    pub(crate) parts: Object,
    /// The card it was taken from; typed by the person when there is none.
    pub(crate) origin: Option<Origin>,
}

/// The card that a detail was taken from, as it was then.
#[derive(Clone, PartialEq, Eq, ToJson, FromJson)]
pub(crate) struct Origin {
    /// Its id. It may be gone.
    pub(crate) card: String,
    /// Type of the card.
    pub(crate) vct: String,
    /// Name of the issuer, as its certificate said it.
    pub(crate) issuer: String,
    /// The claim.
    pub(crate) path: ClaimsPath,
}

impl Detail {
    /// As content of a version.
    pub(crate) fn to_content(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.write_json().to_string().into_bytes())
    }

    /// From the content of a version; `None` when it is not one.
    pub(crate) fn from_content(content: &[u8]) -> Option<Self> {
        let limits = Limits {
            bytes: 1 << 20,
            depth: 8,
        };
        Self::read_json(json::parse(content, limits).ok()?).ok()
    }
}
