//! What an issuer sent, verified.

use assent_core::claims::ClaimsPath;
use assent_core::crypto::{CryptoProvider, Signer as _, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::env::Env;
use assent_core::profile::Endpoint;
use assent_core::sd_jwt::{HolderSdJwt, VcCheck};
use assent_core::sorted::SortedSet;
use assent_core::trust::{TrustAnchors, verify_credential};
use serde_json::Value;

use super::ReceiveError;
use super::origin::Offering;
use crate::holdings::{Card, CardStatus, CopyRecord, CopyState};
use crate::labels;

/// A card with its copies, verified.
pub(crate) struct ReceivedCard {
    pub(crate) card: Card,
    pub(crate) copies: Vec<CopyRecord>,
    /// `vct#integrity`, for a card whose details have no names.
    pub(super) type_integrity: Option<String>,
}

/// Verifies the copies of one card: chain to an anchor for its type, issuer signature, validity, type, and that each is
/// bound to one of our keys, every key once.
pub(super) fn verified(
    credentials: &[String],
    mut keys: Vec<SoftwareKey>,
    offering: &Offering,
    issuer: &Endpoint,
    anchors: &TrustAnchors,
    crypto: &dyn CryptoProvider,
    env: &mut Env<'_>,
) -> Result<ReceivedCard, ReceiveError> {
    if credentials.len() > keys.len() {
        return Err(ReceiveError::Count);
    }
    let configuration = &offering.configuration;
    let id = env.random_token().map_err(|_| ReceiveError::Keys)?;
    let mut card: Option<Card> = None;
    let mut content = None;
    let mut copies = Vec::new();
    let mut type_integrity = None;
    for (number, compact) in credentials.iter().enumerate() {
        let check = VcCheck {
            require_holder_key: true,
            ..VcCheck::issuance(env.now)
        };
        let verified =
            verify_credential(compact, anchors, &check, crypto).map_err(ReceiveError::Credential)?;
        if verified.vc.vct != offering.vct {
            return Err(ReceiveError::OtherType);
        }
        let key = keys
            .iter()
            .position(|key| verified.vc.holder_key == Some(key.public_key()))
            .map(|index| keys.swap_remove(index))
            .ok_or(ReceiveError::NotBound)?;
        // The person sees the details of one copy: the others must say the same and open up in the same way.
        let this = content_of(compact)?;
        if *content.get_or_insert_with(|| this.clone()) != this {
            return Err(ReceiveError::CopiesDiffer);
        }
        let copy = CopyState {
            id: format!("{number:03}"),
            used_at: None,
            status: verified
                .vc
                .status
                .as_ref()
                .map(|status| (status.uri.clone(), status.idx)),
        };
        copies.push(CopyRecord::new(&id, &copy.id, compact, &key));
        let expires_at = verified.vc.expires_at.map(|end| end.0);
        match &mut card {
            None => {
                if configuration.claims.is_empty() {
                    let integrity = verified.vc.claims.get("vct#integrity");
                    type_integrity = integrity.and_then(Value::as_str).map(str::to_owned);
                }
                let chain = &verified.chain;
                card = Some(Card {
                    id: id.clone(),
                    issuer_id: issuer.as_str().to_owned(),
                    issuer_name: chain
                        .subject
                        .organization
                        .clone()
                        .or_else(|| chain.subject.common_name.clone())
                        .unwrap_or_else(|| chain.anchor_name.clone()),
                    configuration_id: offering.id.clone(),
                    vct: offering.vct.clone(),
                    display: configuration.display.clone(),
                    claims: configuration.claims.clone(),
                    received_at: env.now.0,
                    expires_at,
                    copies: vec![copy],
                    status: CardStatus::Valid,
                    akis: chain.akis.iter().map(|aki| base64url::encode(aki)).collect(),
                    anchor: base64url::encode(&chain.anchor_sha256),
                });
            }
            Some(card) => {
                card.expires_at = [card.expires_at, expires_at].into_iter().flatten().min();
                card.copies.push(copy);
            }
        }
    }
    Ok(ReceivedCard {
        card: card.ok_or(ReceiveError::Count)?,
        copies,
        type_integrity,
    })
}

/// The details of a credential and the paths that can be kept back, without what makes each copy another.
fn content_of(compact: &str) -> Result<(Object, SortedSet<ClaimsPath>), ReceiveError> {
    let holder = HolderSdJwt::open(compact).map_err(|_| ReceiveError::CopiesDiffer)?;
    let mut claims = holder.claims().as_object().cloned().unwrap_or_default();
    claims.retain(|name, _| !labels::is_technical(name));
    Ok((claims, holder.disclosable().cloned().collect()))
}
