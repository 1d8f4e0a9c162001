//! The content of a receipt, with the field names of ISO/IEC TS 27560.

use super::super::digest::Digest;
use super::super::duration::Duration;
use super::super::legal::{LegalBasis, RecordKind};
use super::super::linkability::LinkabilityReport;
use crate::claims::ClaimsPath;
use crate::encoding::record::{FromJson, ToJson};
use crate::profile::Endpoint;

/// What the receipt says, next to the registered claims `iss`, `iat`, `vct` and `cnf`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Receipt {
    /// [`super::RECEIPT_SCHEMA`].
    pub schema_version: String,
    /// UUID version 4.
    pub receipt_id: String,
    /// RFC 3339 in UTC; the same moment as `iat`.
    pub created: String,
    /// The record the receipt is about.
    pub record: ConsentRecord,
    /// What ties it to the exchange.
    pub evidence: Evidence,
    /// How recognisable the disclosure made the person, as achieved.
    pub linkability: LinkabilityReport,
}

/// A consent record, or a notice record where the legal basis is another one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct ConsentRecord {
    /// [`super::RECORD_SCHEMA`].
    pub schema_version: String,
    /// UUID version 4.
    pub record_id: String,
    /// Consent or notice.
    pub record_kind: RecordKind,
    /// A handle for this relationship only: the thumbprint of the receipt's key. Never an identifier from a card.
    pub pii_principal_id: Digest,
    /// The notice that was shown.
    pub privacy_notice: PrivacyNotice,
    /// The language it was shown in, BCP 47.
    pub language: String,
    /// One entry per purpose that was agreed to; never empty.
    pub processing: Vec<Processing>,
    /// The controller, then the authority, then other recipients.
    pub party_identification: Vec<Party>,
    /// The first event; later ones are separate, signed, and linked to the receipt by hash.
    pub events: Vec<RecordedEvent>,
}

/// `privacy_notice`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct PrivacyNotice {
    /// Where the policy is.
    pub uri: Endpoint,
    /// Its version, when the service says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The hash of the consent request: exactly what was shown.
    pub sha256: Digest,
    /// RFC 3339 in UTC.
    pub shown_at: String,
}

/// What happens to the data, for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Processing {
    /// `required`, `optional-1` …: the name used in events and withdrawals.
    pub processing_id: String,
    /// Why, in the language of the record.
    pub purpose: String,
    /// DPV purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose_type: Option<String>,
    /// The legal basis.
    pub lawful_basis: LegalBasis,
    /// What data; paths, never values.
    pub pii_information: Vec<PiiInformation>,
    /// `party_id` of the controllers.
    pub pii_controllers: Vec<String>,
    /// `party_id` of others who get the data; may be empty.
    pub recipient_third_parties: Vec<String>,
    /// What the service is called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// How the data was collected: `openid4vp`.
    pub collection_method: String,
    /// DPV processing categories.
    pub processing_method: Vec<String>,
    /// Decisions are made without a human.
    pub automated_decisions: bool,
    /// ISO 3166-1 alpha-2.
    pub storage_locations: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub processing_locations: Vec<String>,
    /// Safeguards for data outside the EEA; may be empty.
    pub geographic_restrictions: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub jurisdiction: String,
    /// How long the data is kept, as the service states.
    pub retention_period: Duration,
    /// How to withdraw.
    pub withdrawal_method: RightsExercise,
    /// Which rights there are and where to exercise them.
    pub privacy_rights: Vec<RightsExercise>,
    /// Codes of conduct, when named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes_of_conduct: Vec<String>,
    /// Impact assessment, when named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_assessment: Option<String>,
    /// `party_id` of the authority.
    pub authority_party: String,
    /// `anonymous`, `pseudonymous` or `identified`: what the linkability report means in MIM4 terms.
    pub disclosure_mode: String,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct PiiInformation {
    /// DPV category.
    pub pii_type: String,
    /// Which attribute.
    pub pii_attribute_id: PiiAttribute,
    /// `dpv:Required` or `dpv:Optional`.
    pub pii_optional: String,
    /// Set for data that deserves special care though no special category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitive_pii_category: Option<String>,
    /// The special category of GDPR Article 9, as the service states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special_pii_category: Option<String>,
}

/// Where an attribute is. There is deliberately no place for its value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(deny_unknown_fields)]
pub struct PiiAttribute {
    /// Credential format.
    pub format: String,
    /// Credential type.
    pub credential_type: String,
    /// Claims path.
    pub path: ClaimsPath,
}

/// A right or control, and where it is exercised.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct RightsExercise {
    /// `dpv:WithdrawConsent`, or a right such as `eu-gdpr:A17`.
    pub right: String,
    /// Address or URL.
    pub is_exercised_at: String,
}

/// A party.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Party {
    /// Identifier within the record.
    pub party_id: String,
    /// Name.
    pub party_name: String,
    /// `dpv:DataController`, `dpv:Authority` or `dpv:ThirdParty`.
    pub party_role: String,
    /// DPV type of organisation.
    pub party_type: String,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_address: Option<String>,
    /// Address or URL to write to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_contact: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_country: Option<String>,
}

/// The first event of the record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct RecordedEvent {
    /// UUID version 4.
    pub event_id: String,
    /// Always 0: the receipt is the start of the chain.
    pub seq: u64,
    /// `ConsentGiven`; `NoticeShown` in a notice record.
    pub event_state: super::super::EventState,
    /// `dpv:ExpressedConsent`, `dpv:ExplicitlyExpressedConsent`, or `dpv:Notice`.
    pub event_type: String,
    /// RFC 3339 in UTC.
    pub event_time: String,
    /// How long it is valid.
    pub validity_duration: Duration,
    /// Who did it: the handle of the person.
    pub entity_id: Digest,
    /// How it was indicated: `ui:button`.
    pub indication_method: String,
}

/// What ties the receipt to one OpenID4VP exchange.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Evidence {
    /// The full client identifier of the service.
    pub client_id: String,
    /// SHA-256 of the compact consent request.
    pub consent_request_sha256: Digest,
    /// SHA-256 of the canonical DCQL query.
    pub dcql_query_sha256: Digest,
    /// SHA-256 of the nonce of the request.
    pub nonce_sha256: Digest,
    /// What was shared, by credential query.
    pub credentials: Vec<SharedCredential>,
}

/// What was shared in answer to one credential query.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(deny_unknown_fields)]
pub struct SharedCredential {
    /// The id of the credential query.
    pub query_id: String,
    /// The credential type.
    pub vct: String,
    /// The claims paths; never values.
    pub paths: Vec<ClaimsPath>,
}
