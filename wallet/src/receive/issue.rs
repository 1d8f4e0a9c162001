//! From an accepted offer to verified cards: token, nonce, batch request with fresh keys, verification.

use std::sync::Arc;

use assent_core::claims::ClaimsPath;
use assent_core::crypto::{CryptoProvider, Signer as _, SoftwareKey};
use assent_core::encoding::base64url;
use assent_core::encoding::json::Object;
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::{
    Access, AnswerError, ClientAuth, CredentialAnswer, CredentialRequest, CredentialTarget, Grant, KeyProof,
    NonceResponse, Notification, NotificationEvent, Proofs, SecretText, TokenRequest, TokenResponse,
};
use assent_core::profile::Profile;
use assent_core::sd_jwt::{HolderSdJwt, VcCheck};
use assent_core::sorted::SortedSet;
use assent_core::trust::{TrustAnchors, verify_credential};
use serde_json::Value;

use super::{OpenOffer, ReceiveError};
use crate::holdings::{Card, CardStatus, CopyRecord, CopyState};
use crate::labels;

/// Copies to ask for, where the issuer gives that many.
const BATCH: usize = 10;

impl OpenOffer {
    /// The token request (§6.1). The transaction code goes only to the issuer that was shown.
    pub(crate) fn token_request(
        &self,
        tx_code: Option<&str>,
        profile: &Profile,
    ) -> Result<HttpRequest, ReceiveError> {
        let tx_code = tx_code.map(str::trim).filter(|code| !code.is_empty());
        if self.grant.tx_code.is_some() != tx_code.is_some() {
            return Err(ReceiveError::TxCode);
        }
        let request = TokenRequest {
            grant: Grant::PreAuthorized {
                code: self.grant.pre_authorized_code.clone(),
                tx_code: tx_code.map(SecretText::new),
            },
            client: ClientAuth::default(),
        };
        Ok(request.to_http(self.server.pre_authorized_token_endpoint()?, profile))
    }
}

/// An offer with an access token; cards are fetched one configuration after the other.
pub(crate) struct Authorised {
    offer: Arc<OpenOffer>,
    token: TokenResponse,
    at: usize,
    pub(super) received: Vec<ReceivedCard>,
    notifications: Vec<String>,
}

/// A credential request that was made, with the keys it proves.
pub(crate) struct Asking {
    keys: Vec<SoftwareKey>,
}

/// A card with its copies, verified.
pub(crate) struct ReceivedCard {
    pub(crate) card: Card,
    pub(crate) copies: Vec<CopyRecord>,
    /// `vct#integrity`, for a card whose details have no names.
    pub(super) type_integrity: Option<String>,
}

impl Authorised {
    /// Takes the token.
    pub(crate) fn new(
        offer: Arc<OpenOffer>,
        response: &HttpResponse,
        profile: &Profile,
    ) -> Result<Self, ReceiveError> {
        let token = TokenResponse::from_response(response, false, profile)?;
        Ok(Self {
            offer,
            token,
            at: 0,
            received: Vec::new(),
            notifications: Vec::new(),
        })
    }

    /// True when every card was fetched.
    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.offer.cards.len()
    }

    /// The nonce request, when the issuer has a nonce endpoint (§7).
    pub(crate) fn nonce_request(&self, profile: &Profile) -> Option<HttpRequest> {
        let endpoint = self.offer.metadata.nonce_endpoint.as_ref()?;
        Some(NonceResponse::request(endpoint, profile))
    }

    /// Takes the nonce.
    pub(crate) fn nonce(response: &HttpResponse, profile: &Profile) -> Result<String, ReceiveError> {
        Ok(NonceResponse::from_response(response, profile)?.c_nonce)
    }

    /// The credential request for the card that is next, with one fresh key per copy (§8.2).
    pub(crate) fn credential_request(
        &self,
        c_nonce: Option<&str>,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<(Asking, HttpRequest), ReceiveError> {
        let (id, _, _) = self
            .offer
            .cards
            .get(self.at)
            .ok_or(ReceiveError::NothingSupported)?;
        let metadata = &self.offer.metadata;
        let proof = KeyProof {
            issuer: &metadata.credential_issuer,
            c_nonce,
            client_id: None,
            issued_at: env.now,
            key_attestation: None,
        };
        let count = metadata.batch_size.unwrap_or(1).clamp(1, BATCH);
        let mut keys = Vec::with_capacity(count);
        let mut proofs = Vec::with_capacity(count);
        for _ in 0..count {
            let key = SoftwareKey::generate(env.rng).map_err(|_| ReceiveError::Keys)?;
            proofs.push(proof.sign(&key).map_err(|_| ReceiveError::Keys)?);
            keys.push(key);
        }
        // CI-13: once the issuer named a dataset, only that name may be used.
        let target = match self.token.credential_identifier(id) {
            Some(identifier) => CredentialTarget::Identifier(identifier.to_owned()),
            None => CredentialTarget::Configuration(id.clone()),
        };
        let request = CredentialRequest {
            target,
            proofs: Proofs::Jwt(proofs),
        }
        .to_http(&metadata.credential_endpoint, &self.access(), profile, env)
        .map_err(|_| ReceiveError::Keys)?;
        Ok((Asking { keys }, request))
    }

    /// Takes the credentials and verifies each: chain to an anchor for its type, issuer signature, validity, type,
    /// and that it is bound to one of our keys, every key once.
    pub(crate) fn receive(
        &mut self,
        asking: Asking,
        response: &HttpResponse,
        anchors: &TrustAnchors,
        crypto: &dyn CryptoProvider,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<(), ReceiveError> {
        let answer = match CredentialAnswer::from_response(response, asking.keys.len(), profile)? {
            CredentialAnswer::Issued(answer) => answer,
            CredentialAnswer::Later { .. } => return Err(AnswerError::Deferred.into()),
        };
        self.notifications.extend(answer.notification_id.clone());
        if answer.credentials.len() > asking.keys.len() {
            return Err(ReceiveError::Count);
        }
        let offer = Arc::clone(&self.offer);
        let (configuration_id, vct, configuration) =
            offer.cards.get(self.at).ok_or(ReceiveError::NothingSupported)?;
        let id = env.random_token().map_err(|_| ReceiveError::Keys)?;
        let mut keys = asking.keys;
        let mut card: Option<Card> = None;
        let mut content = None;
        let mut copies = Vec::new();
        let mut type_integrity = None;
        for (number, compact) in answer.credentials.iter().enumerate() {
            let check = VcCheck {
                require_holder_key: true,
                ..VcCheck::issuance(env.now)
            };
            let verified =
                verify_credential(compact, anchors, &check, crypto).map_err(ReceiveError::Credential)?;
            if verified.vc.vct != *vct {
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
                        issuer_id: offer.metadata.credential_issuer.as_str().to_owned(),
                        issuer_name: chain
                            .subject
                            .organization
                            .clone()
                            .or_else(|| chain.subject.common_name.clone())
                            .unwrap_or_else(|| chain.anchor_name.clone()),
                        configuration_id: configuration_id.clone(),
                        vct: vct.clone(),
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
        let card = card.ok_or(ReceiveError::Count)?;
        self.received.push(ReceivedCard {
            card,
            copies,
            type_integrity,
        });
        self.at += 1;
        Ok(())
    }

    /// The cards, once every one was fetched.
    pub(crate) fn received(&self) -> &[ReceivedCard] {
        &self.received
    }

    /// Tells the issuer what became of its cards (§11); its answer does not matter.
    pub(crate) fn notifications(
        &self,
        accepted: bool,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Vec<HttpRequest> {
        let Some(endpoint) = &self.offer.metadata.notification_endpoint else {
            return Vec::new();
        };
        let event = if accepted {
            NotificationEvent::CredentialAccepted
        } else {
            NotificationEvent::CredentialFailure
        };
        self.notifications
            .iter()
            .filter_map(|id| {
                let notification = Notification {
                    notification_id: id.clone(),
                    event,
                    event_description: None,
                };
                notification.to_http(endpoint, &self.access(), profile, env).ok()
            })
            .collect()
    }

    fn access(&self) -> Access {
        Access {
            token: self.token.access_token.clone(),
            dpop: None,
        }
    }
}

/// The details of a credential and the paths that can be kept back, without what makes each copy another.
fn content_of(compact: &str) -> Result<(Object, SortedSet<ClaimsPath>), ReceiveError> {
    let holder = HolderSdJwt::open(compact).map_err(|_| ReceiveError::CopiesDiffer)?;
    let mut claims = holder.claims().as_object().cloned().unwrap_or_default();
    claims.retain(|name, _| !labels::is_technical(name));
    Ok((claims, holder.disclosable().cloned().collect()))
}
