//! The checked answer.

use std::fmt;

use serde_json::Value;

use crate::env::Timestamp;
use crate::trust::CertificateSubject;

/// The checked answer to a request.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Verdict {
    /// The presentations that passed every check, in the order of the query.
    pub credentials: Vec<VerifiedPresentation>,
    /// Those that were thrown away although the rest is good.
    pub discarded: Vec<DiscardedPresentation>,
    /// When the answer was checked.
    pub verified_at: Timestamp,
}

impl Verdict {
    /// The presentations for one credential query.
    pub fn of<'a>(&'a self, query_id: &'a str) -> impl Iterator<Item = &'a VerifiedPresentation> {
        self.credentials
            .iter()
            .filter(move |presentation| presentation.query_id == query_id)
    }
}

/// A presentation that passed every check.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct VerifiedPresentation {
    /// The credential query it answers.
    pub query_id: String,
    /// The credential's type.
    pub vct: String,
    /// Who issued it.
    pub issuer: PresentationIssuer,
    /// The claims that were asked for, in their place; nothing else. Personal data.
    pub claims: Value,
    /// True when the holder proved possession of the key the credential is bound to.
    pub holder_bound: bool,
    /// When the credential ends.
    pub expires_at: Option<Timestamp>,
    /// True when a status list said it is valid; false when the credential has no status.
    pub status_checked: bool,
    /// The SD-JWT as it was presented, without key binding; only for self-issued ones, which both sides keep as
    /// identical bytes. Those of issuers are not kept.
    pub sd_jwt: Option<String>,
    /// The transactions that its holder authorised with it: their places in what was asked.
    #[serde(default)]
    pub transaction_data: Vec<usize>,
}

/// Who issued a credential, as far as it was verified.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresentationIssuer {
    /// An issuer under a configured anchor.
    Trusted {
        /// What the operator calls the anchor.
        anchor: String,
        /// The subject of the issuer's certificate.
        subject: CertificateSubject,
        /// `iss`, when the credential has it: only what it says of itself.
        iss: Option<String>,
    },
    /// An issuer that is known by its web address.
    Web {
        /// What the operator calls it.
        name: String,
        /// Its address.
        iss: String,
    },
    /// The presenter: the credential is signed with the very key it is bound to.
    SelfIssued {
        /// RFC 7638 thumbprint of that key, base64url.
        thumbprint: String,
    },
}

/// A presentation that was thrown away.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DiscardedPresentation {
    /// The credential query it was for.
    pub query_id: String,
    /// Stable code of the reason.
    pub code: String,
}

// Claims are personal data.
impl fmt::Debug for VerifiedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPresentation")
            .field("query_id", &self.query_id)
            .field("vct", &self.vct)
            .finish_non_exhaustive()
    }
}
