//! The terms of a request: who asks, for what, why, on which basis, for how long, and how to stop it.
//!
//! Field names follow ISO/IEC TS 27560 where the service writes them; a record or receipt is made from these. A
//! request that leaves out anything the ISO or the GDPR column makes mandatory is refused with the full list of
//! what is wrong (P-01).

mod attribute;
mod party;
mod read;
mod write;

pub use attribute::{Attribute, OptionalAttribute};
pub use party::{Authority, Controller, Recipient};
pub use read::{TermsError, TermsProblem};

use super::duration::Duration;
use super::legal::{LegalBasis, RecordKind};
use super::texts::Texts;
use crate::profile::Endpoint;

/// Most attributes in one request, required and optional together.
pub const MAX_ATTRIBUTES: usize = 64;

/// Complete terms. Built only by [`ConsentTerms::parse`], so a value of this type leaves nothing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentTerms {
    /// `purpose`: why, in the service's words.
    pub purpose: Texts,
    /// `purpose_type`: a DPV purpose, e.g. `dpv:ServiceProvision`.
    pub purpose_type: Option<String>,
    /// `lawful_basis`.
    pub legal_basis: LegalBasis,
    /// What must be shared, as one block.
    pub required: Vec<Attribute>,
    /// What may be shared; each (or each `group`) is one switch.
    pub optional: Vec<OptionalAttribute>,
    /// `retention_period`.
    pub retention: Duration,
    /// `validity_duration`: how long the consent lasts.
    pub validity: Duration,
    /// `recipient_third_parties`; an empty list says "nobody else".
    pub recipients: Vec<Recipient>,
    /// `storage_locations`, ISO 3166-1 alpha-2.
    pub storage_locations: Vec<String>,
    /// `processing_locations`, ISO 3166-1 alpha-2.
    pub processing_locations: Vec<String>,
    /// `geographic_restrictions`: safeguards for data outside the EEA.
    pub geographic_restrictions: Vec<String>,
    /// `processing_method`, DPV processing categories.
    pub processing_methods: Vec<String>,
    /// Decisions are made without a human (GDPR Article 22).
    pub automated_decisions: bool,
    /// `jurisdiction`, ISO 3166-1 alpha-2.
    pub jurisdiction: String,
    /// `pii_controllers`: who is responsible.
    pub controller: Controller,
    /// `services`: what the service is called, when it has a name of its own.
    pub service: Option<String>,
    /// `privacy_notice`: where the policy is.
    pub privacy_policy: Endpoint,
    /// The version of the policy; a new one needs a new request.
    pub privacy_policy_version: Option<String>,
    /// `privacy_rights`: where to exercise them, an address or a URL.
    pub rights_contact: String,
    /// `authority_party`: where to complain.
    pub authority: Authority,
    /// `withdrawal_method`: where the wallet sends a withdrawal.
    pub withdrawal_endpoint: Endpoint,
    /// `language`: the language of the notice, BCP 47.
    pub language: String,
    /// `codes_of_conduct`.
    pub codes_of_conduct: Vec<String>,
    /// `impact_assessment`.
    pub impact_assessment: Option<String>,
}

impl ConsentTerms {
    /// Whether agreeing gives a consent record or only a notice record.
    #[must_use]
    pub fn record_kind(&self) -> RecordKind {
        self.legal_basis.record_kind()
    }

    /// All attributes, required ones first.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.required
            .iter()
            .chain(self.optional.iter().map(|optional| &optional.attribute))
    }
}
