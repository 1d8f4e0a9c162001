//! Legal bases, and which countries need a word about transfer.

use crate::encoding::record::{self, FromJson, Malformed, ToJson, Value};
use std::fmt;

/// A legal basis of GDPR Article 6 or 9, written as in the Data Privacy Vocabulary (`eu-gdpr:A6-1-a`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalBasis {
    /// Article 6(1)(a): consent.
    Consent,
    /// Article 9(2)(a): explicit consent, for special categories.
    ExplicitConsent,
    /// Article 6(1)(b): contract.
    Contract,
    /// Article 6(1)(c): legal obligation.
    LegalObligation,
    /// Article 6(1)(d): vital interests.
    VitalInterests,
    /// Article 6(1)(e): public task.
    PublicTask,
    /// Article 6(1)(f): legitimate interests.
    LegitimateInterests,
}

/// What kind of record a request leads to. Approval of a disclosure is not consent: only a legal basis that *is*
/// consent gives a consent record; every other basis gives a notice record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// The person agreed and can withdraw.
    Consent,
    /// The person was told; the processing rests on something else.
    Notice,
}

impl LegalBasis {
    const NAMES: [(&'static str, Self); 7] = [
        ("eu-gdpr:A6-1-a", Self::Consent),
        ("eu-gdpr:A9-2-a", Self::ExplicitConsent),
        ("eu-gdpr:A6-1-b", Self::Contract),
        ("eu-gdpr:A6-1-c", Self::LegalObligation),
        ("eu-gdpr:A6-1-d", Self::VitalInterests),
        ("eu-gdpr:A6-1-e", Self::PublicTask),
        ("eu-gdpr:A6-1-f", Self::LegitimateInterests),
    ];

    /// The DPV name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, basis)| *basis == self)
            .map_or("", |(name, _)| name)
    }

    /// Reads a DPV name; `None` for one we do not know.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, basis)| basis)
    }

    /// Consent or notice.
    #[must_use]
    pub fn record_kind(self) -> RecordKind {
        match self {
            Self::Consent | Self::ExplicitConsent => RecordKind::Consent,
            _ => RecordKind::Notice,
        }
    }
}

impl fmt::Display for LegalBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for LegalBasis {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for LegalBasis {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::from_name(&text).ok_or_else(|| serde::de::Error::custom("unknown legal basis"))
    }
}

impl ToJson for LegalBasis {
    fn write_json(&self) -> Value {
        record::text(self.as_str())
    }
}

impl FromJson for LegalBasis {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Self::from_name(&String::read_json(value)?).ok_or(Malformed("a legal basis"))
    }
}

/// Member states of the EEA, ISO 3166-1 alpha-2.
const EEA: [&str; 30] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT",
    "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// True for two upper-case letters, the form of ISO 3166-1 alpha-2.
pub(super) fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// True when data in `country` has left the EEA (GDPR Articles 44–49 then ask for more).
pub(super) fn outside_eea(country: &str) -> bool {
    !EEA.contains(&country)
}
