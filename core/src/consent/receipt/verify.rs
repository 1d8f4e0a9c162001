//! Verifying a receipt: by itself, and against the request it answers.

use serde_json::Value;

use super::super::compile::RECEIPT_VCT;
use super::super::digest::Digest;
use super::super::event::EventState;
use super::super::fold::{Author, Event};
use super::super::legal::RecordKind;
use super::super::request::ConsentRequest;
use super::super::texts::is_language_tag;
use super::record::{Processing, Receipt};
use super::{RECEIPT_SCHEMA, RECORD_SCHEMA, ReceiptError, build, mint};
use crate::crypto::{CryptoProvider, PublicKey};
use crate::encoding::base64url;
use crate::encoding::json::Object;
use crate::encoding::record::put;
use crate::encoding::record::{FromJson as _, ToJson as _, object};
use crate::env::Timestamp;
use crate::profile::CLOCK_LEEWAY;
use crate::record;
use crate::sd_jwt::{KeyBindingCheck, UnverifiedSdJwt, VcCheck};

/// A receipt whose signature was verified with its own key. Whether it answers one's own request is
/// [`VerifiedReceipt::check_answers`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    pub(super) receipt: Receipt,
    pub(super) key: PublicKey,
    pub(super) issued_at: Timestamp,
    pub(super) sha256: Digest,
    pub(super) compact: String,
}

impl VerifiedReceipt {
    /// Verifies a receipt, with the key binding the caller demands: `Required` when it arrives in a presentation,
    /// `NotRequired` when it comes from an archive.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(
        text: &str,
        key_binding: KeyBindingCheck<'_>,
        now: Timestamp,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, ReceiptError> {
        let unverified = UnverifiedSdJwt::parse(text)?;
        let claims = unverified.unverified_claims()?;
        // Self-issued: the key is the one it is bound to, and `iss` must be that key's thumbprint.
        let key = claims
            .get("cnf")
            .and_then(|cnf| cnf.get("jwk"))
            .and_then(Value::as_object)
            .and_then(|jwk| PublicKey::from_jwk(jwk).ok())
            .ok_or(ReceiptError::Key)?;
        let vc = unverified
            .verify_issuer(&key, crypto)?
            .into_vc(&VcCheck::presentation(now, key_binding), crypto)?;
        if vc.vct != RECEIPT_VCT {
            return Err(ReceiptError::Type);
        }
        if vc.issuer.as_deref() != Some(thumbprint_uri(&key).as_str()) {
            return Err(ReceiptError::Key);
        }
        // Both sides must hold the same bytes with the same meaning: nothing may be hidden in it.
        if !vc.disclosed.is_empty() {
            return Err(ReceiptError::Malformed("it has disclosures".into()));
        }
        let issued_at = vc
            .issued_at
            .ok_or_else(|| ReceiptError::Malformed("iat is missing".into()))?;
        let receipt = Receipt::read_json(vc.claims.clone())?;
        check_whole(&receipt, &claims)?;
        check_consistent(&receipt, &key, issued_at)?;
        Ok(Self {
            receipt,
            key,
            issued_at,
            sha256: Digest::of(vc.sd_jwt()),
            compact: vc.sd_jwt().to_owned(),
        })
    }

    /// Checks that this receipt answers `request` and says exactly what its terms say.
    ///
    /// # Errors
    /// [`ReceiptError::OtherRequest`], [`ReceiptError::Purpose`].
    pub fn check_answers(&self, request: &ConsentRequest) -> Result<(), ReceiptError> {
        let evidence = &self.receipt.evidence;
        for (equal, what) in [
            (
                evidence.consent_request_sha256 == request.sha256,
                "consent request",
            ),
            (evidence.client_id == request.client_id, "client_id"),
            (evidence.dcql_query_sha256 == request.dcql_sha256, "dcql_query"),
            (evidence.nonce_sha256 == request.nonce_sha256, "nonce"),
        ] {
            if !equal {
                return Err(ReceiptError::OtherRequest(what));
            }
        }
        let record = &self.receipt.record;
        let ids: Vec<String> = record
            .processing
            .iter()
            .map(|p| p.processing_id.clone())
            .collect();
        let granted = mint::granted(request, &ids)?;
        let notice = &record.privacy_notice;
        let level = self.receipt.linkability.level;
        // A receipt from before the request would end the consent early, one from after it would answer late.
        let in_time = self.issued_at >= request.issued_at.plus(-CLOCK_LEEWAY)
            && self.issued_at <= request.expires_at.plus(CLOCK_LEEWAY);
        for (equal, what) in [
            (in_time, "time"),
            (record.record_kind == request.terms.record_kind(), "record_kind"),
            (
                record.processing == build::processing(request, &granted, &record.language, level),
                "processing",
            ),
            (
                record.party_identification == build::parties(request),
                "party_identification",
            ),
            (evidence.credentials == build::shared(&granted), "credentials"),
            (notice.sha256 == request.sha256, "privacy_notice"),
            (notice.uri == request.terms.privacy_policy, "privacy_notice"),
            (
                notice.version == request.terms.privacy_policy_version,
                "privacy_notice",
            ),
            (
                record.events.first().map(|event| &event.validity_duration) == Some(&request.terms.validity),
                "validity_duration",
            ),
            (
                record.events.first().map(|event| event.event_type.as_str())
                    == Some(build::event_type(request.terms.legal_basis)),
                "event_type",
            ),
        ] {
            if !equal {
                return Err(ReceiptError::OtherRequest(what));
            }
        }
        Ok(())
    }

    /// What it says.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The key that signed it, and must sign a withdrawal.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// When it was made.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// SHA-256 over [`VerifiedReceipt::compact`]: its name in countersignatures, events and withdrawals.
    #[must_use]
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// The bytes both sides keep: the SD-JWT ending in `~`, without key binding.
    #[must_use]
    pub fn compact(&self) -> &str {
        &self.compact
    }

    /// The entry for one purpose.
    #[must_use]
    pub fn processing(&self, purpose: &str) -> Option<&Processing> {
        self.receipt
            .record
            .processing
            .iter()
            .find(|processing| processing.processing_id == purpose)
    }

    /// When the consent ends by itself, unless it is renewed.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        let event = self.receipt.record.events.first();
        event.map_or(self.issued_at, |event| {
            event.validity_duration.after(self.issued_at)
        })
    }

    /// The start of the event chain: what [`super::super::fold`] begins with.
    #[must_use]
    pub fn first_event(&self) -> Event {
        let record = &self.receipt.record;
        Event {
            hash: self.sha256,
            prev_hash: None,
            seq: 0,
            author: Author::Principal,
            purposes: Some(
                record
                    .processing
                    .iter()
                    .map(|p| p.processing_id.clone())
                    .collect(),
            ),
            state: match record.record_kind {
                RecordKind::Consent => EventState::ConsentGiven,
                RecordKind::Notice => EventState::NoticeShown,
            },
            time: self.issued_at,
            valid_until: Some(self.valid_until()),
            max_uses: None,
        }
    }
}

/// That the signed payload is the receipt and nothing more. The countersignature is over all of it, so there must be
/// no member that nobody reads, and no digest (`_sd`) of something to be shown later.
fn check_whole(receipt: &Receipt, payload: &Object) -> Result<(), ReceiptError> {
    let malformed = |what: &str| ReceiptError::Malformed(what.to_owned());
    let mut known = object(receipt.write_json())?;
    for name in ["iss", "iat", "vct"] {
        known.extend(payload.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let jwk = payload.get("cnf").and_then(|cnf| cnf.get("jwk"));
    put(&mut known, "cnf", record!({ "jwk": jwk }));
    if known == *payload {
        Ok(())
    } else {
        Err(malformed("it has members that do not belong in a receipt"))
    }
}

/// What must hold inside any receipt, whatever the request was.
fn check_consistent(receipt: &Receipt, key: &PublicKey, issued_at: Timestamp) -> Result<(), ReceiptError> {
    let malformed = |what: &str| Err(ReceiptError::Malformed(what.to_owned()));
    let record = &receipt.record;
    let principal = Digest::from_bytes(key.thumbprint());
    if receipt.schema_version != RECEIPT_SCHEMA || record.schema_version != RECORD_SCHEMA {
        return malformed("schema_version is not one we know");
    }
    // The handle must be the key's own: anything else could be an identifier that follows the person around.
    if record.pii_principal_id != principal {
        return malformed("pii_principal_id is not the thumbprint of the key");
    }
    if issued_at.to_rfc3339().as_deref() != Some(receipt.created.as_str()) {
        return malformed("created is not iat");
    }
    if record.privacy_notice.shown_at != receipt.created || !is_language_tag(&record.language) {
        return malformed("the notice was not shown then, or in no language");
    }
    let [event] = record.events.as_slice() else {
        return malformed("events must have exactly one entry");
    };
    let state = match record.record_kind {
        RecordKind::Consent => EventState::ConsentGiven,
        RecordKind::Notice => EventState::NoticeShown,
    };
    if event.seq != 0
        || event.event_state != state
        || event.entity_id != principal
        || event.event_time != receipt.created
    {
        return malformed("the first event does not fit the record");
    }
    if ![&receipt.receipt_id, &record.record_id, &event.event_id]
        .into_iter()
        .all(|id| is_uuid(id))
    {
        return malformed("an id is not a UUID");
    }
    let ids: Vec<&str> = record
        .processing
        .iter()
        .map(|p| p.processing_id.as_str())
        .collect();
    let repeated = ids
        .iter()
        .enumerate()
        .any(|(index, id)| ids[..index].contains(id));
    if ids.is_empty() || repeated {
        return malformed("processing is empty or repeats an id");
    }
    if record
        .processing
        .iter()
        .any(|p| p.lawful_basis.record_kind() != record.record_kind)
    {
        return malformed("lawful_basis does not fit record_kind");
    }
    Ok(())
}

/// RFC 9562 §4, in lower case.
fn is_uuid(text: &str) -> bool {
    let fits = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// The JWK thumbprint URI of `key` (RFC 9278 §3).
pub(in crate::consent) fn thumbprint_uri(key: &PublicKey) -> String {
    format!(
        "urn:ietf:params:oauth:jwk-thumbprint:sha-256:{}",
        base64url::encode(&key.thumbprint())
    )
}
