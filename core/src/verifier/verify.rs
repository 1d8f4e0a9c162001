//! One presentation: format, issuer, trust, validity, holder binding, then what was asked (OpenID4VP 1.0 §8.6,
//! RFC 9901 §7.3).

use serde_json::Value;

use super::error::{PresentationError, SelfIssuedError};
use super::receive::VerificationContext;
use super::restrict::restrict;
use super::transaction::Open;
use super::transaction_data;
use super::verdict::{PresentationIssuer, VerifiedPresentation};
use crate::crypto::PublicKey;
use crate::dcql::{Authorities, Candidate, CredentialQuery, CredentialType, Meta, check_presentation};
use crate::encoding::base64url;
use crate::env::Timestamp;
use crate::sd_jwt::{KeyBinding, KeyBindingCheck, UnverifiedSdJwt, VcCheck, VerifiedSdJwtVc};
use crate::status::StatusReference;
use crate::trust::{CredentialError, IssuerKeys, VerifiedCredential, WebIssuer, verify_credential};

/// Oldest proof of possession accepted, in seconds.
const MAX_KEY_BINDING_AGE: i64 = 300;
/// How far clocks may differ, in seconds.
const LEEWAY: i64 = crate::profile::CLOCK_LEEWAY;

/// A presentation that passed everything but its status.
pub(super) struct Checked {
    pub(super) presentation: VerifiedPresentation,
    pub(super) status: Option<StatusReference>,
    /// Whose status list is believed; `None` for self-issued credentials.
    pub(super) status_trust: Option<StatusTrust>,
    /// The transactions its holder authorised with it, by their place in the request.
    pub(super) transactions: Vec<usize>,
}

/// Whose status list is believed.
pub(super) enum StatusTrust {
    /// One under this anchor, or of an authority for status lists.
    Anchor([u8; 32]),
    /// One signed with these keys, or of an authority for status lists.
    Keys(IssuerKeys),
}

pub(super) fn check(
    open: &Open,
    query: &CredentialQuery,
    presentation: &Value,
    with: &VerificationContext<'_>,
    now: Timestamp,
) -> Result<Checked, PresentationError> {
    if !matches!(query.meta(), Meta::SdJwtVc { .. }) {
        return Err(PresentationError::FormatNotSupported);
    }
    let compact = presentation.as_str().ok_or(PresentationError::NotAString)?;
    // A proof made before the request existed cannot know its nonce; one from long ago is a replay.
    let since_request = now.since(open.created_at).max(0).saturating_add(LEEWAY);
    let key_binding = KeyBinding {
        nonce: &open.nonce,
        // §8.6, §14.1.2: the whole client identifier, prefix included.
        audience: open.client_id.as_str(),
        now,
        max_age: since_request.min(MAX_KEY_BINDING_AGE),
        leeway: LEEWAY,
    };
    let binding = if query.requires_holder_binding() {
        KeyBindingCheck::Required(key_binding)
    } else {
        KeyBindingCheck::NotRequired
    };
    let check = VcCheck {
        leeway: LEEWAY,
        ..VcCheck::presentation(now, binding)
    };
    if open.self_issued.iter().any(|id| id == query.id()) {
        let (vc, key) = self_issued(compact, &check, with).map_err(PresentationError::SelfIssued)?;
        let issuer = PresentationIssuer::SelfIssued {
            thumbprint: base64url::encode(&key.thumbprint()),
        };
        let sd_jwt = Some(vc.sd_jwt().to_owned());
        return accept(query, vc, &[], issuer, sd_jwt, (&[], None));
    }
    let transactions = transaction_data::authorised(&open.transaction_data, query.id(), compact)?;
    let mut checked = if let Some((issuer, unverified)) = of_a_web_issuer(compact, with)? {
        let vc = issuer
            .verify(unverified, &check, with.crypto)
            .map_err(PresentationError::WebIssuer)?;
        let extends = rules_of_type(&vc, with)?;
        let trust = StatusTrust::Keys(issuer.keys.clone());
        let issuer = PresentationIssuer::Web {
            name: issuer.name.clone(),
            iss: issuer.iss.as_str().to_owned(),
        };
        accept(query, vc, &[], issuer, None, (extends, Some(trust)))?
    } else {
        let VerifiedCredential { vc, chain } = verify_credential(compact, with.anchors, &check, with.crypto)?;
        let extends = rules_of_type(&vc, with)?;
        let issuer = PresentationIssuer::Trusted {
            anchor: chain.anchor_name,
            subject: chain.subject,
            iss: vc.issuer.clone(),
        };
        let trust = StatusTrust::Anchor(chain.anchor_sha256);
        accept(query, vc, &chain.akis, issuer, None, (extends, Some(trust)))?
    };
    checked.presentation.transaction_data.clone_from(&transactions);
    checked.transactions = transactions;
    Ok(checked)
}

/// The issuer a credential says it is from, when the operator lists it by its address.
fn of_a_web_issuer<'a>(
    compact: &str,
    with: &VerificationContext<'a>,
) -> Result<Option<(&'a WebIssuer, UnverifiedSdJwt)>, PresentationError> {
    let issuers = with.published.map_or(&[][..], |published| &published.issuers);
    if issuers.is_empty() {
        return Ok(None);
    }
    let unverified = UnverifiedSdJwt::parse(compact).map_err(CredentialError::from)?;
    Ok(WebIssuer::of(&unverified, issuers).map(|issuer| (issuer, unverified)))
}

/// SV-7: the rules of the type, where it is known; and what it extends.
fn rules_of_type<'a>(
    vc: &VerifiedSdJwtVc,
    with: &VerificationContext<'a>,
) -> Result<&'a [String], PresentationError> {
    let Some(published) = with.published else {
        return Ok(&[]);
    };
    let known = published.check(vc).map_err(PresentationError::TypeRule)?;
    Ok(known.map_or(&[][..], |known| known.extends()))
}

/// A credential signed with the very key it is bound to: it proves only that the presenter says so.
fn self_issued(
    compact: &str,
    check: &VcCheck<'_>,
    with: &VerificationContext<'_>,
) -> Result<(VerifiedSdJwtVc, PublicKey), SelfIssuedError> {
    let unverified = UnverifiedSdJwt::parse(compact)?;
    let claims = unverified.unverified_claims()?;
    let jwk = claims
        .get("cnf")
        .and_then(|cnf| cnf.get("jwk"))
        .and_then(Value::as_object)
        .ok_or(SelfIssuedError::Key)?;
    let key = PublicKey::from_jwk(jwk).map_err(|_| SelfIssuedError::Key)?;
    let vc = unverified
        .verify_issuer(&key, with.crypto)?
        .into_vc(check, with.crypto)?;
    Ok((vc, key))
}

fn accept(
    query: &CredentialQuery,
    vc: VerifiedSdJwtVc,
    akis: &[Vec<u8>],
    issuer: PresentationIssuer,
    sd_jwt: Option<String>,
    (extends, status_trust): (&[String], Option<StatusTrust>),
) -> Result<Checked, PresentationError> {
    // The wallet is not relied on: type, claims and values are matched again.
    let matched = check_presentation(
        query,
        &Candidate {
            id: query.id(),
            credential_type: CredentialType::SdJwtVc {
                vct: &vc.vct,
                extends,
            },
            claims: &vc.claims,
            holder_bound: vc.possession_proven,
            authorities: Authorities {
                key_identifiers: akis,
                ..Authorities::default()
            },
        },
    )?;
    Ok(Checked {
        presentation: VerifiedPresentation {
            query_id: query.id().to_owned(),
            claims: restrict(&vc.claims, &matched.paths),
            vct: vc.vct,
            issuer,
            holder_bound: vc.possession_proven,
            expires_at: vc.expires_at,
            status_checked: false,
            sd_jwt,
            transaction_data: Vec::new(),
        },
        status: vc.status,
        status_trust,
        transactions: Vec::new(),
    })
}
