//! Exchanging the code of an offer, the code of a sign-in or a refresh token for an access token (RFC 6749 §4.1.3, §6;
//! OpenID4VCI 1.0 §6; CI-6, CI-12, CI-14, CI-15).

use hmac::{Hmac, KeyInit as _, Mac as _};

use super::client::{Asking, ClientId};
use super::issuance::{Authorized, ClosedBecause, Issuance, Refresh, Wanted};
use super::settings::IssuerSettings;
use crate::crypto::constant_time_eq;
use crate::encoding::base64url;
use crate::env::{Env, RandomUnavailable, Timestamp};
use crate::oid4vci::pkce::challenge_matches;
use crate::oid4vci::token::AuthorizedCredential;
use crate::oid4vci::{Grant, Rejection, RejectionCode, SecretText, TokenRequest, TokenResponse, TokenType};

/// Digits in a transaction code.
pub(super) const TX_CODE_LENGTH: u8 = 6;

/// What to store and what to answer.
#[derive(Debug)]
pub struct Redeemed {
    /// Store this, also when the answer is an error: a wrong code costs an attempt.
    pub issuance: Issuance,
    /// Send this.
    pub answer: Result<TokenResponse, Rejection>,
}

/// What a grant leads to.
enum Grounds {
    /// Give tokens for this.
    Good(Box<Authorized>),
    /// Say no, and keep this.
    Bad(Box<Issuance>, RejectionCode, &'static str),
}

impl Issuance {
    /// Answers a token request. The caller found this record by the fingerprint of the code or refresh token, and must keep
    /// two requests for one record from running at the same time.
    ///
    /// # Errors
    /// [`RandomUnavailable`]; nothing has changed then.
    pub fn redeem(
        self,
        request: &TokenRequest,
        asking: &Asking<'_>,
        settings: &IssuerSettings,
        env: &mut Env<'_>,
    ) -> Result<Redeemed, RandomUnavailable> {
        let grounds = match &request.grant {
            Grant::PreAuthorized { code, tx_code } => self.by_offer(code, tx_code.as_ref(), request, env.now),
            Grant::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => self.by_code(code, redirect_uri, code_verifier, asking, env.now),
            Grant::Refresh { refresh_token } => self.by_refresh_token(refresh_token, asking, env.now),
        };
        let mut authorized = match grounds {
            Grounds::Good(authorized) => authorized,
            Grounds::Bad(issuance, code, why) => {
                return Ok(Redeemed {
                    issuance: *issuance,
                    answer: Err(Rejection::new(code, why)),
                });
            }
        };
        let token = SecretText::new(env.random_token()? + &env.random_token()?);
        // CI-15, §13.10: whoever has a bearer token can use it, so not for long.
        let (token_type, life) = match asking.dpop_jkt {
            None => (TokenType::Bearer, settings.token_life.clamp(1, 300)),
            Some(_) => (TokenType::Dpop, settings.bound_token_life.max(1)),
        };
        authorized.token_fingerprint = token.fingerprint();
        authorized.dpop_jkt = asking.dpop_jkt.map(str::to_owned);
        authorized.expires_at = env.now.plus(life);
        // RFC 9700 §4.14.2: only for who proves possession of a key, and then the same one until the end. FAPI 2.0 Security
        // Profile §5.3.2.1: a new one each time would be lost with the answer, and awaited cards with it.
        let refresh_token = match (asking.dpop_jkt, &authorized.refresh) {
            (Some(_), None) => {
                let secret = SecretText::new(env.random_token()? + &env.random_token()?);
                authorized.refresh = Some(Refresh {
                    fingerprint: secret.fingerprint(),
                    expires_at: env.now.plus(settings.refresh_life.max(1)),
                    instance_jkt: asking.instance_jkt.map(str::to_owned),
                });
                Some(secret)
            }
            _ => None,
        };
        // CI-13, §6.2: what was asked for by details is named, and requested by that name.
        let named = |id: &String| AuthorizedCredential {
            credential_configuration_id: id.clone(),
            credential_identifiers: vec![id.clone()],
        };
        let authorization_details = authorized.wanted.by_details.iter().map(named).collect();
        let scope = authorized.wanted.scope.clone().filter(|scope| !scope.is_empty());
        Ok(Redeemed {
            issuance: Self::Authorized(*authorized),
            answer: Ok(TokenResponse {
                access_token: token,
                token_type,
                expires_in: u64::try_from(life).ok(),
                refresh_token,
                scope,
                authorization_details,
            }),
        })
    }

    fn by_offer(
        self,
        code: &SecretText,
        tx_code: Option<&SecretText>,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Grounds {
        let grant = RejectionCode::InvalidGrant;
        let Self::Offered(mut offered) = self else {
            // CI-4: a code is good once. A second use must not disturb the first.
            return bad(self, grant, "the code is not good any more");
        };
        if !same(&code.fingerprint(), &offered.code_fingerprint) {
            return bad(Self::Offered(offered), grant, "the code is not known");
        }
        if now >= offered.expires_at {
            let closed = Self::Offered(offered).close(ClosedBecause::Expired);
            return bad(closed, grant, "the code is not good any more");
        }
        // §6.1.1: among those that are offered.
        let by_details = request.configuration_ids.clone();
        if !by_details.iter().all(|id| offered.configuration_ids.contains(id)) {
            let code = RejectionCode::InvalidAuthorizationDetails;
            return bad(Self::Offered(offered), code, "the offer was for something else");
        }
        match (&offered.tx_code_mac, tx_code) {
            (None, None) => {}
            // §6.3: `invalid_request` for a transaction code that is missing or not expected. Not a guess.
            (None, Some(_)) => {
                let code = RejectionCode::InvalidRequest;
                return bad(Self::Offered(offered), code, "no transaction code was expected");
            }
            (Some(_), None) => {
                let code = RejectionCode::InvalidRequest;
                return bad(Self::Offered(offered), code, "the transaction code is missing");
            }
            (Some(mac), Some(typed)) => {
                if !same(mac, &tx_code_mac(code, typed)) {
                    // CI-6, §13.6.2: limit the attempts, then the code is void.
                    offered.attempts_left = offered.attempts_left.saturating_sub(1);
                    let issuance = if offered.attempts_left == 0 {
                        Self::Offered(offered).close(ClosedBecause::TooManyAttempts)
                    } else {
                        Self::Offered(offered)
                    };
                    return bad(issuance, grant, "the transaction code is wrong");
                }
            }
        }
        let wanted = Wanted {
            configuration_ids: if by_details.is_empty() {
                offered.configuration_ids
            } else {
                by_details.clone()
            },
            by_details,
            scope: None,
        };
        Grounds::Good(Box::new(Authorized {
            named: request.client.client_id.clone(),
            later: offered.later,
            ..Authorized::new(offered.id, wanted, now)
        }))
    }

    fn by_code(
        self,
        code: &SecretText,
        redirect_uri: &str,
        verifier: &SecretText,
        asking: &Asking<'_>,
        now: Timestamp,
    ) -> Grounds {
        let grant = RejectionCode::InvalidGrant;
        let approved = match self {
            Self::Approved(approved) if same(&code.fingerprint(), &approved.code_fingerprint) => approved,
            // RFC 6749 §4.1.2: a code that comes twice may be in two hands; what it gave ends.
            Self::Authorized(authorized)
                if authorized
                    .code_fingerprint
                    .as_ref()
                    .is_some_and(|known| same(&code.fingerprint(), known)) =>
            {
                let closed = Self::Authorized(authorized).close(ClosedBecause::CodeReused);
                return bad(closed, grant, "the code is not good any more");
            }
            other => return bad(other, grant, "the code is not known"),
        };
        if now >= approved.expires_at {
            let over = Self::Approved(approved).give_up(ClosedBecause::Expired, now);
            return bad(over, grant, "the code is not good any more");
        }
        // RFC 6749 §4.1.3: the client and the address it was sent to; RFC 7636 §4.6; RFC 9449 §10.
        let asked = &approved.request;
        let client = asking
            .client
            .is_some_and(|client| client.as_str() == asked.client_id);
        // Attestation-Based Client Authentication, "Binding of OAuth protocol artifacts": all wallets of a kind have one client
        // id, so a code is for the one that asked for it, and not for who leaves the attestation out.
        let bound_to = |key: &Option<String>, proved| key.is_none() || key.as_deref() == proved;
        let bound =
            bound_to(&asked.dpop_jkt, asking.dpop_jkt) && bound_to(&asked.instance_jkt, asking.instance_jkt);
        if !client || redirect_uri != asked.redirect_uri || !bound {
            return bad(Self::Approved(approved), grant, "the code is for another client");
        }
        if !challenge_matches(&asked.code_challenge, verifier) {
            return bad(Self::Approved(approved), grant, "the code_verifier is wrong");
        }
        let asked = approved.request;
        Grounds::Good(Box::new(Authorized {
            client_id: Some(asked.client_id),
            code_fingerprint: Some(approved.code_fingerprint),
            later: asked.offer.and_then(|offer| offer.later),
            ..Authorized::new(asked.id, asked.wanted, now)
        }))
    }

    fn by_refresh_token(self, token: &SecretText, asking: &Asking<'_>, now: Timestamp) -> Grounds {
        let grant = RejectionCode::InvalidGrant;
        let why = "the refresh token is not good";
        let Self::Authorized(authorized) = self else {
            return bad(self, grant, why);
        };
        let good = authorized.refresh.as_ref().is_some_and(|refresh| {
            // Attestation-Based Client Authentication §11.2: with the attested key it was given to.
            let instance =
                refresh.instance_jkt.is_none() || refresh.instance_jkt.as_deref() == asking.instance_jkt;
            same(&token.fingerprint(), &refresh.fingerprint) && now < refresh.expires_at && instance
        });
        // RFC 6749 §6, RFC 9449 §5: only the client it was given to, with the key it is bound to.
        let client = authorized.client_id.as_deref() == asking.client.map(ClientId::as_str)
            // A pre-authorised code asks for no client; the key says who it is.
            || authorized.client_id.is_none();
        if !good || !client || asking.dpop_jkt.is_none() || authorized.dpop_jkt.as_deref() != asking.dpop_jkt
        {
            return bad(Self::Authorized(authorized), grant, why);
        }
        Grounds::Good(Box::new(authorized))
    }
}

fn bad(issuance: Issuance, code: RejectionCode, why: &'static str) -> Grounds {
    Grounds::Bad(Box::new(issuance), code, why)
}

fn same(one: &str, other: &str) -> bool {
    constant_time_eq(one.as_bytes(), other.as_bytes())
}

/// Six random digits.
pub(super) fn new_tx_code(env: &mut Env<'_>) -> Result<SecretText, RandomUnavailable> {
    let mut digits = String::new();
    while digits.len() < usize::from(TX_CODE_LENGTH) {
        let [byte] = env.random::<1>()?;
        // 250 is the largest multiple of ten: every digit is equally likely.
        if byte < 250 {
            digits.push(char::from(b'0' + byte % 10));
        }
    }
    Ok(SecretText::new(digits))
}

/// HMAC-SHA-256 of a transaction code under the pre-authorised code, in base64url.
pub(super) fn tx_code_mac(code: &SecretText, typed: &SecretText) -> String {
    // HMAC takes keys of any length, so this cannot fail; an empty text would match nothing.
    Hmac::<sha2::Sha256>::new_from_slice(code.expose().as_bytes())
        .map(|mut mac| {
            mac.update(typed.expose().as_bytes());
            base64url::encode(&mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}
