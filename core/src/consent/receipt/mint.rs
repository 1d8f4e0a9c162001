//! Making a receipt, in the wallet, when the person has decided.

use crate::encoding::record::put;
use crate::encoding::record::{ToJson as _, object};
use crate::record;
use serde_json::Map;

use super::super::compile::{Purpose, RECEIPT_VCT};
use super::super::digest::Digest;
use super::super::event::EventState;
use super::super::legal::RecordKind;
use super::super::linkability::LinkabilityReport;
use super::super::request::ConsentRequest;
use super::build;
use super::record::{ConsentRecord, Evidence, PrivacyNotice, Receipt, RecordedEvent};
use super::verify::VerifiedReceipt;
use super::{RECEIPT_SCHEMA, RECORD_SCHEMA, ReceiptError};
use crate::crypto::Signer;
use crate::encoding::json::Object;
use crate::env::{Env, RandomUnavailable};
use crate::sd_jwt::{DisclosurePolicy, SdJwtBuilder};

/// What the person decided.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// The verified request.
    pub request: &'a ConsentRequest,
    /// The purposes agreed to, by id; the required one among them when there is one. A purpose that is not named
    /// leaves no trace: refused and not available look the same.
    pub granted: &'a [String],
    /// What is really sent makes the person this recognisable.
    pub linkability: &'a LinkabilityReport,
    /// The language the request was shown in, BCP 47.
    pub language: &'a str,
}

impl Decision<'_> {
    /// Makes and signs the receipt.
    ///
    /// `key` must be used for this service only; a fresh key for each receipt is the least recognisable.
    ///
    /// # Errors
    /// [`ReceiptError::Purpose`] for an unknown purpose or a missing required one; [`ReceiptError::Issue`] and
    /// [`ReceiptError::Random`] when it cannot be made.
    pub fn mint(&self, key: &dyn Signer, env: &mut Env<'_>) -> Result<VerifiedReceipt, ReceiptError> {
        let granted = granted(self.request, self.granted)?;
        let receipt = self.receipt(&granted, Digest::from_bytes(key.public_key().thumbprint()), env)?;
        let mut claims = object(receipt.write_json())?;
        claims.extend(registered(key, env));
        let compact = SdJwtBuilder::new(Map::new(), DisclosurePolicy::TopLevel)
            .always(claims)
            .sign(key, env)?;
        Ok(VerifiedReceipt {
            receipt,
            key: key.public_key(),
            issued_at: env.now,
            sha256: Digest::of(&compact),
            compact,
        })
    }

    fn receipt(
        &self,
        granted: &[Purpose],
        principal: Digest,
        env: &mut Env<'_>,
    ) -> Result<Receipt, ReceiptError> {
        let request = self.request;
        let terms = &request.terms;
        let created = env.now.to_rfc3339().ok_or(ReceiptError::Clock)?;
        let kind = terms.record_kind();
        let record = ConsentRecord {
            schema_version: RECORD_SCHEMA.to_owned(),
            record_id: uuid_v4(env)?,
            record_kind: kind,
            pii_principal_id: principal,
            privacy_notice: PrivacyNotice {
                uri: terms.privacy_policy.clone(),
                version: terms.privacy_policy_version.clone(),
                sha256: request.sha256,
                shown_at: created.clone(),
            },
            language: self.language.to_owned(),
            processing: build::processing(request, granted, self.language, self.linkability.level),
            party_identification: build::parties(request),
            events: vec![RecordedEvent {
                event_id: uuid_v4(env)?,
                seq: 0,
                event_state: match kind {
                    RecordKind::Consent => EventState::ConsentGiven,
                    RecordKind::Notice => EventState::NoticeShown,
                },
                event_type: build::event_type(terms.legal_basis).to_owned(),
                event_time: created.clone(),
                validity_duration: terms.validity.clone(),
                entity_id: principal,
                indication_method: "ui:button".to_owned(),
            }],
        };
        Ok(Receipt {
            schema_version: RECEIPT_SCHEMA.to_owned(),
            receipt_id: uuid_v4(env)?,
            created,
            record,
            evidence: Evidence {
                client_id: request.client_id.clone(),
                consent_request_sha256: request.sha256,
                dcql_query_sha256: request.dcql_sha256,
                nonce_sha256: request.nonce_sha256,
                credentials: build::shared(granted),
            },
            linkability: self.linkability.clone(),
        })
    }
}

/// The purposes named in `ids`, in the order of the request.
pub(super) fn granted(request: &ConsentRequest, ids: &[String]) -> Result<Vec<Purpose>, ReceiptError> {
    let purposes = request.terms.purposes();
    if let Some(unknown) = ids
        .iter()
        .find(|id| !purposes.iter().any(|purpose| purpose.id == **id))
    {
        return Err(ReceiptError::Purpose(unknown.clone()));
    }
    // All or nothing: the required block cannot be left out.
    if let Some(missing) = purposes
        .iter()
        .find(|purpose| purpose.required && !ids.contains(&purpose.id))
    {
        return Err(ReceiptError::Purpose(missing.id.clone()));
    }
    let granted: Vec<Purpose> = purposes
        .into_iter()
        .filter(|purpose| ids.contains(&purpose.id))
        .collect();
    if granted.is_empty() {
        return Err(ReceiptError::Purpose("none".into()));
    }
    Ok(granted)
}

fn registered(key: &dyn Signer, env: &Env<'_>) -> Object {
    let public = key.public_key();
    let mut out = Map::new();
    super::verify::thumbprint_uri(&public).put_json(&mut out, "iss");
    env.now.put_json(&mut out, "iat");
    RECEIPT_VCT.put_json(&mut out, "vct");
    put(&mut out, "cnf", record!({ "jwk": public.to_jwk() }));
    out
}

/// A random UUID (RFC 9562 §5.4).
pub(in crate::consent) fn uuid_v4(env: &mut Env<'_>) -> Result<String, RandomUnavailable> {
    let mut bytes = env.random::<16>()?;
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().concat();
    Ok(format!(
        "{}-{}-{}-{}-{}",
        part(0..4),
        part(4..6),
        part(6..8),
        part(8..10),
        part(10..16)
    ))
}
