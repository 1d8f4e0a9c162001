//! With a token: nonce, batch request with fresh keys, verification.

use assent_core::crypto::{CryptoProvider, SoftwareKey};
use assent_core::env::Env;
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vci::dpop::Which;
use assent_core::oid4vci::encryption::Exchange;
use assent_core::oid4vci::{
    Access, CredentialAnswer, CredentialRequest, KeyProof, NonceResponse, Notification, NotificationEvent,
    SecretText,
};
use assent_core::profile::Profile;
use assent_core::trust::TrustAnchors;

use super::attested::{Form, proofs};
use super::origin::{Offering, Origin};
use super::verify::{ReceivedCard, verified};
use super::{Awaited, ReceiveError, Tokens};
use crate::app::WalletError;

/// Copies to ask for, where the issuer gives that many.
const BATCH: usize = 10;

/// With an access token; cards are fetched one after the other.
pub(crate) struct Authorised {
    pub(crate) origin: Origin,
    cards: Vec<Offering>,
    /// `None` for the anonymous one.
    client_id: Option<String>,
    pub(crate) tokens: Tokens,
    /// The `state` of the sign-in that led here, where there was one.
    pub(crate) left: Option<SecretText>,
    /// Names what is awaited of it.
    id: String,
    /// What tells that a link is of the same offer.
    pub(super) offer: Option<String>,
    at: usize,
    pub(crate) received: Vec<ReceivedCard>,
    pub(crate) awaited: Vec<Awaited>,
    /// Those that do not come, and why.
    pub(crate) missing: Vec<Missing>,
    /// How to tell the issuer of those that were received, and of those that are no good.
    accepted: Vec<String>,
    refused: Vec<String>,
}

/// A card of an offer that does not come.
pub(crate) struct Missing {
    pub(crate) card: Offering,
    pub(crate) error: WalletError,
    /// It can be asked for again, with what was given so far.
    pub(crate) again: bool,
}

/// A credential request, with the keys it proves. Made once, and sent again when the issuer wants another DPoP nonce.
pub(crate) struct Asking {
    keys: Vec<SoftwareKey>,
    request: CredentialRequest,
    encryption: Option<Exchange>,
}

impl Authorised {
    /// Begins to fetch.
    pub(crate) fn new(
        origin: Origin,
        cards: Vec<Offering>,
        client_id: Option<&str>,
        tokens: Tokens,
        left: Option<SecretText>,
        offer: Option<String>,
        env: &mut Env<'_>,
    ) -> Result<Self, ReceiveError> {
        let id = env.random_token().map_err(|_| ReceiveError::Keys)?;
        let mut authorised = Self::with(origin, cards, tokens, id);
        authorised.client_id = client_id.map(str::to_owned);
        (authorised.left, authorised.offer) = (left, offer);
        Ok(authorised)
    }

    /// Goes on with a card that did not come.
    pub(crate) fn again(rest: &Awaited) -> Self {
        let cards = vec![rest.offering.clone()];
        let mut authorised = Self::with(
            rest.origin.clone(),
            cards,
            rest.tokens.clone(),
            rest.issuance.clone(),
        );
        authorised.client_id.clone_from(&rest.client_id);
        authorised.offer.clone_from(&rest.offer);
        authorised
    }

    fn with(origin: Origin, cards: Vec<Offering>, tokens: Tokens, id: String) -> Self {
        Self {
            origin,
            cards,
            client_id: None,
            tokens,
            left: None,
            id,
            offer: None,
            at: 0,
            received: Vec::new(),
            awaited: Vec::new(),
            missing: Vec::new(),
            accepted: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// True when every card was asked for.
    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.cards.len()
    }

    /// The nonce request, when the issuer has a nonce endpoint (§7).
    pub(crate) fn nonce_request(&self, profile: &Profile) -> Option<HttpRequest> {
        let endpoint = self.origin.metadata.nonce_endpoint.as_ref()?;
        Some(NonceResponse::request(endpoint, profile))
    }

    /// Takes the nonce, and one for DPoP that may be beside it (§7.2).
    pub(crate) fn nonce(
        &mut self,
        response: &HttpResponse,
        profile: &Profile,
    ) -> Result<String, ReceiveError> {
        if let Some(session) = &mut self.tokens.access.dpop {
            session.note(response, Which::Resource);
        }
        Ok(NonceResponse::from_response(response, profile)?.c_nonce)
    }

    /// One fresh key for each copy of the card that is next.
    pub(crate) fn keys(&self, env: &mut Env<'_>) -> Result<Vec<SoftwareKey>, ReceiveError> {
        let count = self.origin.metadata.batch_size.unwrap_or(1).clamp(1, BATCH);
        let keys = (0..count).map(|_| SoftwareKey::generate(env.rng));
        keys.collect::<Result<_, _>>().map_err(|_| ReceiveError::Keys)
    }

    /// Whether the operator must vouch for them.
    pub(crate) fn wants_attested_keys(&self) -> bool {
        let card = self.cards.get(self.at);
        card.is_some_and(|card| Form::of(&card.configuration) != Some(Form::Proofs))
    }

    /// What to ask for the card that is next (§8.2), with the operator's word about the keys where it is wanted.
    pub(crate) fn asking(
        &self,
        keys: Vec<SoftwareKey>,
        c_nonce: Option<&str>,
        attestation: Option<&str>,
        env: &mut Env<'_>,
    ) -> Result<Asking, ReceiveError> {
        let card = self.cards.get(self.at).ok_or(ReceiveError::NothingSupported)?;
        let metadata = &self.origin.metadata;
        let proof = KeyProof {
            issuer: &metadata.credential_issuer,
            c_nonce,
            // CI-23: absent for an anonymous client.
            client_id: self.client_id.as_deref(),
            issued_at: env.now,
            key_attestation: None,
        };
        let prove = |key: &SoftwareKey, key_attestation: Option<&str>| {
            let proof = KeyProof {
                key_attestation,
                ..proof
            };
            proof.sign(key).map_err(|_| ReceiveError::Keys)
        };
        let form = Form::of(&card.configuration).ok_or(ReceiveError::NothingSupported)?;
        let proofs = proofs(form, &keys, attestation, prove)?;
        let target = self.tokens.target(&card.id);
        Ok(Asking {
            keys,
            request: CredentialRequest { target, proofs },
            encryption: Exchange::with(metadata, env)?,
        })
    }

    /// Takes the answer: cards, each verified, or the word that they come later.
    pub(crate) fn receive(
        &mut self,
        asking: &Asking,
        response: HttpResponse,
        anchors: &TrustAnchors,
        crypto: &dyn CryptoProvider,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<(), ReceiveError> {
        let card = self.cards.get(self.at).ok_or(ReceiveError::NothingSupported)?;
        let response = opened(asking.encryption.as_ref(), response)?;
        match CredentialAnswer::from_response(&response, asking.keys.len(), profile)? {
            CredentialAnswer::Issued(answer) => {
                let issuer = &self.origin.metadata.credential_issuer;
                let keys = asking.keys.clone();
                let received = verified(&answer.credentials, keys, card, issuer, anchors, crypto, env);
                let told = match received {
                    Ok(_) => &mut self.accepted,
                    Err(_) => &mut self.refused,
                };
                told.extend(answer.notification_id);
                self.received.push(received?);
            }
            CredentialAnswer::Later {
                transaction_id,
                interval,
            } => {
                let awaited = Awaited::new(self, card.clone(), &asking.keys, transaction_id, interval, env)?;
                self.awaited.push(awaited);
            }
        }
        self.at += 1;
        Ok(())
    }

    /// The card that is next does not come. Where nobody answers, or the token is worth nothing, none after it does.
    pub(crate) fn miss(&mut self, error: ReceiveError) {
        let is_last = error.is_network() || error.is_token_refused();
        let (again, error) = (error.leaves_what_was_given(), WalletError::from_code(&error));
        let until = if is_last { self.cards.len() } else { self.at + 1 };
        let missed = self.cards.get(self.at..until).unwrap_or_default();
        let missed = missed.iter().map(|card| Missing {
            card: card.clone(),
            error: error.clone(),
            again,
        });
        self.missing.extend(missed);
        self.at = until;
    }

    /// What is left to ask for, with the same tokens: the cards that their issuer did not refuse.
    pub(crate) fn rest(&mut self, env: &mut Env<'_>) -> Vec<Awaited> {
        let mut missing = std::mem::take(&mut self.missing);
        let mut rest = Vec::new();
        for one in missing.iter_mut().filter(|one| one.again) {
            match Awaited::rest(self, one.card.clone(), env) {
                Ok(awaited) => rest.push(awaited),
                Err(_) => one.again = false,
            }
        }
        self.missing = missing;
        rest
    }

    /// For what is awaited of it.
    pub(super) fn kept(&self) -> (Origin, Option<String>, Tokens, String) {
        (
            self.origin.clone(),
            self.client_id.clone(),
            self.tokens.clone(),
            self.id.clone(),
        )
    }

    /// Tells the issuer what became of its cards (§11); its answer does not matter.
    pub(crate) fn notifications(&self, profile: &Profile, env: &mut Env<'_>) -> Vec<HttpRequest> {
        let (origin, access) = (&self.origin, &self.tokens.access);
        let mut requests = notifications(&self.accepted, true, origin, access, profile, env);
        requests.extend(notifications(&self.refused, false, origin, access, profile, env));
        requests
    }
}

impl Asking {
    /// The request. The access token and, where it is bound to a key, the proof are made each time.
    pub(crate) fn request(
        &self,
        origin: &Origin,
        access: &Access,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, ReceiveError> {
        let endpoint = &origin.metadata.credential_endpoint;
        let request = self.request.to_http(endpoint, access, profile, env);
        sealed(
            self.encryption.as_ref(),
            request.map_err(|_| ReceiveError::Keys)?,
            env,
        )
    }
}

/// The request as it goes out: encrypted where the issuer takes that (CI-29).
pub(super) fn sealed(
    encryption: Option<&Exchange>,
    request: HttpRequest,
    env: &mut Env<'_>,
) -> Result<HttpRequest, ReceiveError> {
    match encryption {
        Some(exchange) => exchange.seal(request, env).map_err(|_| ReceiveError::Keys),
        None => Ok(request),
    }
}

/// The answer as it would be without encryption.
pub(super) fn opened(
    encryption: Option<&Exchange>,
    response: HttpResponse,
) -> Result<HttpResponse, ReceiveError> {
    match encryption {
        Some(exchange) => Ok(exchange.open(response)?),
        None => Ok(response),
    }
}

/// Tells an issuer what became of the cards with these notification ids.
pub(super) fn notifications(
    ids: &[String],
    accepted: bool,
    origin: &Origin,
    access: &Access,
    profile: &Profile,
    env: &mut Env<'_>,
) -> Vec<HttpRequest> {
    let Some(endpoint) = &origin.metadata.notification_endpoint else {
        return Vec::new();
    };
    let event = if accepted {
        NotificationEvent::CredentialAccepted
    } else {
        NotificationEvent::CredentialFailure
    };
    ids.iter()
        .filter_map(|id| {
            let notification = Notification {
                notification_id: id.clone(),
                event,
                event_description: None,
            };
            notification.to_http(endpoint, access, profile, env).ok()
        })
        .collect()
}
