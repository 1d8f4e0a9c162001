//! From an authorization request to a code (RFC 6749 §4.1.1, §4.1.2; RFC 9126; OpenID4VCI 1.0 §5; CI-3, CI-10, CI-11).
//!
//! The caller has checked the client and its `redirect_uri` before, and knows the person after.

use super::client::ClientId;
use super::issuance::{Approved, ClosedBecause, Invited, Issuance, Pushed, Requested, Wanted};
use super::settings::IssuerSettings;
use crate::crypto::constant_time_eq;
use crate::env::{Env, RandomUnavailable, Timestamp};
use crate::oid4vci::{AuthorizationRequest, PushedAnswer, Rejection, RejectionCode, SecretText};

/// Begins each `request_uri` (RFC 9126 §2.2).
const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

/// Thumbprints of the keys that were proved with a pushed request. Whoever redeems its code must prove them again.
#[derive(Debug, Clone, Copy, Default)]
pub struct PushedKeys<'a> {
    /// Of the DPoP proof.
    pub dpop_jkt: Option<&'a str>,
    /// Of the client's attestation.
    pub instance_jkt: Option<&'a str>,
}

/// A request that waits for a person.
#[derive(Debug)]
pub struct Pushing {
    /// Store this before answering, with the `request_uri` as a handle.
    pub issuance: Issuance,
    /// Send this.
    pub answer: PushedAnswer,
}

/// A code.
#[derive(Debug)]
pub struct Approving {
    /// Store this before answering, with the code as a handle.
    pub issuance: Issuance,
    /// For the wallet, by way of the browser.
    pub code: SecretText,
}

impl Issuance {
    /// Takes an authorization request. `offered` is the record that `issuer_state` led to. Until a code was redeemed the
    /// wallet may push again: answers of browsers get lost. The request or code before is then no longer good.
    ///
    /// # Errors
    /// [`RandomUnavailable`]; inside, [`Rejection`] to answer with. Nothing has changed then.
    pub fn push(
        offered: Option<Self>,
        request: &AuthorizationRequest,
        client: &ClientId,
        keys: &PushedKeys<'_>,
        settings: &IssuerSettings,
        env: &mut Env<'_>,
    ) -> Result<Result<Pushing, Rejection>, RandomUnavailable> {
        let offer = match offered {
            None => None,
            Some(Self::Invited(invited)) => Some(invited),
            Some(Self::Pushed(Pushed { request, .. }) | Self::Approved(Approved { request, .. }))
                if request.offer.is_some() =>
            {
                request.offer
            }
            Some(_) => return Ok(Err(used_up())),
        };
        // CI-3: the state of an offer may have been slipped in; it opens no more than the offer.
        if offer.as_ref().is_some_and(|offer| env.now >= offer.expires_at) {
            return Ok(Err(used_up()));
        }
        let wanted = match wanted(request, offer.as_ref(), settings) {
            Ok(wanted) => wanted,
            Err(rejection) => return Ok(Err(rejection)),
        };
        // RFC 9449 §10.1: the proof and the parameter name the same key.
        if let (Some(proved), Some(named)) = (keys.dpop_jkt, request.dpop_jkt.as_deref())
            && proved != named
        {
            let why = "dpop_jkt is not the key of the proof";
            return Ok(Err(Rejection::new(RejectionCode::InvalidDpopProof, why)));
        }
        let request_uri = [REQUEST_URI, &env.random_token()?].concat();
        let id = match &offer {
            Some(offer) => offer.id.clone(),
            None => env.random_token()?,
        };
        // FAPI 2.0 Security Profile §5.3.2.2: less than ten minutes.
        let life = settings.request_life.clamp(1, 599);
        let issuance = Self::Pushed(Pushed {
            request: Requested {
                id,
                wanted,
                offer,
                client_id: client.as_str().to_owned(),
                redirect_uri: request.redirect_uri.clone(),
                code_challenge: request.code_challenge.clone(),
                dpop_jkt: keys.dpop_jkt.or(request.dpop_jkt.as_deref()).map(str::to_owned),
                instance_jkt: keys.instance_jkt.map(str::to_owned),
            },
            request_fingerprint: SecretText::new(request_uri.as_str()).fingerprint(),
            client_state: request.state.clone(),
            expires_at: env.now.plus(life),
        });
        Ok(Ok(Pushing {
            issuance,
            answer: PushedAnswer {
                request_uri,
                expires_in: u64::try_from(life).unwrap_or(1),
            },
        }))
    }

    /// The request that `client_id` comes with, while it waits for an answer. The caller found this record by
    /// `request_uri`. RFC 9126 §4: bound to the client that pushed it.
    #[must_use]
    pub fn pushed(&self, request_uri: &str, client_id: &str, now: Timestamp) -> Option<&Pushed> {
        let Self::Pushed(pushed) = self else {
            return None;
        };
        let fingerprint = SecretText::new(request_uri).fingerprint();
        let known = constant_time_eq(fingerprint.as_bytes(), pushed.request_fingerprint.as_bytes());
        (known && pushed.request.client_id == client_id && now < pushed.expires_at).then_some(pushed)
    }

    /// The person agreed to what [`Issuance::pushed`] gave. `None` when nothing waits for that; only one agreement can be
    /// stored.
    ///
    /// # Errors
    /// [`RandomUnavailable`]; nothing has changed then.
    pub fn approve(
        self,
        settings: &IssuerSettings,
        env: &mut Env<'_>,
    ) -> Result<Option<Approving>, RandomUnavailable> {
        let Self::Pushed(pushed) = self else {
            return Ok(None);
        };
        if env.now >= pushed.expires_at {
            return Ok(None);
        }
        let code = SecretText::new(env.random_token()?);
        let issuance = Self::Approved(Approved {
            request: pushed.request,
            code_fingerprint: code.fingerprint(),
            // HAIP 1.0 §4, FAPI 2.0 Security Profile §5.3.2.1: a minute at most.
            expires_at: env.now.plus(settings.code_life.clamp(1, 60)),
        });
        Ok(Some(Approving { issuance, code }))
    }

    /// The person said no. An offer can be taken up again as long as it lives.
    #[must_use]
    pub fn decline(self, now: Timestamp) -> Self {
        self.give_up(ClosedBecause::Declined, now)
    }

    /// Ends a request or its code; what is left is the offer it answers.
    pub(super) fn give_up(self, because: ClosedBecause, now: Timestamp) -> Self {
        match &self {
            Self::Pushed(Pushed { request, .. }) | Self::Approved(Approved { request, .. }) => {
                let offer = request.offer.clone();
                let alive = offer.filter(|offer| now < offer.expires_at);
                alive.map_or_else(|| self.close(because), Self::Invited)
            }
            _ => self.close(because),
        }
    }
}

fn used_up() -> Rejection {
    Rejection::new(
        RejectionCode::InvalidRequest,
        "the issuer_state is not good any more",
    )
}

/// The configurations a request names (CI-10): by id, and by scope.
fn wanted(
    request: &AuthorizationRequest,
    offer: Option<&Invited>,
    settings: &IssuerSettings,
) -> Result<Wanted, Rejection> {
    let refuse = |code, why: &str| Err(Rejection::new(code, why));
    // RFC 8707 §2, OpenID4VCI 1.0 §5.1.2.
    if request
        .resource
        .as_deref()
        .is_some_and(|resource| resource != settings.identifier.as_str())
    {
        return refuse(RejectionCode::InvalidTarget, "resource is another issuer");
    }
    let mut ids: Vec<String> = Vec::new();
    for id in &request.configuration_ids {
        if !settings.configurations.contains_key(id) {
            let why = "not a configuration of ours";
            return refuse(RejectionCode::InvalidAuthorizationDetails, why);
        }
        ids.push(id.clone());
    }
    let mut taken: Vec<&str> = Vec::new();
    for scope in &request.scope {
        let mut named = settings.configurations.iter();
        // OpenID4VCI 1.0 §5.1.2: what we do not know, such as `openid` or `offline_access`, is ignored.
        if let Some((id, _)) = named.find(|(_, configuration)| configuration.scope.as_ref() == Some(scope)) {
            ids.push(id.clone());
            taken.push(scope);
        }
    }
    // RFC 6749 §5.1: said in the token answer where it is not what was asked for.
    let scope = (taken.len() < request.scope.len()).then(|| taken.join(" "));
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return refuse(RejectionCode::InvalidScope, "no card is named");
    }
    if offer.is_some_and(|offer| !ids.iter().all(|id| offer.configuration_ids.contains(id))) {
        return refuse(RejectionCode::InvalidScope, "the offer was for something else");
    }
    Ok(Wanted {
        configuration_ids: ids,
        by_details: request.configuration_ids.clone(),
        scope,
    })
}
