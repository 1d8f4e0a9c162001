//! Exchanging the code of an offer for a token (OpenID4VCI 1.0 §6; CI-6, CI-12, CI-14).

use hmac::{Hmac, KeyInit as _, Mac as _};

use super::issuance::{Authorized, ClosedBecause, Issuance};
use super::settings::IssuerSettings;
use crate::crypto::constant_time_eq;
use crate::encoding::base64url;
use crate::env::{Env, RandomUnavailable};
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

impl Issuance {
    /// Answers a token request. The caller found this record by the fingerprint of the code, and must keep two
    /// requests for one record from running at the same time.
    ///
    /// # Errors
    /// [`RandomUnavailable`]; nothing has changed then.
    pub fn redeem(
        self,
        request: &TokenRequest,
        settings: &IssuerSettings,
        env: &mut Env<'_>,
    ) -> Result<Redeemed, RandomUnavailable> {
        let refuse = |issuance, code, why: &str| {
            Ok(Redeemed {
                issuance,
                answer: Err(Rejection::new(code, why)),
            })
        };
        let grant = RejectionCode::InvalidGrant;
        let Grant::PreAuthorized { code, tx_code } = &request.grant else {
            return refuse(self, grant, "the code is not known");
        };
        let Self::Offered(mut offered) = self else {
            // CI-4: a code is good once. A second use must not disturb the first.
            return refuse(self, grant, "the code is not good any more");
        };
        let fingerprint = code.fingerprint();
        if !constant_time_eq(fingerprint.as_bytes(), offered.code_fingerprint.as_bytes()) {
            return refuse(Self::Offered(offered), grant, "the code is not known");
        }
        if env.now >= offered.expires_at {
            let closed = Self::Offered(offered).close(ClosedBecause::Expired);
            return refuse(closed, grant, "the code is not good any more");
        }
        match (&offered.tx_code_mac, tx_code) {
            (None, None) => {}
            // §6.3: `invalid_request` for a transaction code that is missing or not expected. Not a guess.
            (None, Some(_)) => {
                let code = RejectionCode::InvalidRequest;
                return refuse(Self::Offered(offered), code, "no transaction code was expected");
            }
            (Some(_), None) => {
                let code = RejectionCode::InvalidRequest;
                return refuse(Self::Offered(offered), code, "the transaction code is missing");
            }
            (Some(mac), Some(typed)) => {
                let typed = tx_code_mac(code, typed);
                if !constant_time_eq(mac.as_bytes(), typed.as_bytes()) {
                    // CI-6, §13.6.2: limit the attempts, then the code is void.
                    offered.attempts_left = offered.attempts_left.saturating_sub(1);
                    let issuance = if offered.attempts_left == 0 {
                        Self::Offered(offered).close(ClosedBecause::TooManyAttempts)
                    } else {
                        Self::Offered(offered)
                    };
                    return refuse(issuance, grant, "the transaction code is wrong");
                }
            }
        }
        let token = SecretText::new(env.random_token()? + &env.random_token()?);
        let life = settings.token_life.clamp(1, 300);
        let issuance = Self::Authorized(Authorized {
            id: offered.id,
            configuration_ids: offered.configuration_ids,
            token_fingerprint: token.fingerprint(),
            expires_at: env.now.plus(life),
            pickups: Vec::new(),
        });
        Ok(Redeemed {
            issuance,
            answer: Ok(TokenResponse {
                access_token: token,
                token_type: TokenType::Bearer,
                refresh_token: None,
                expires_in: u64::try_from(life).ok(),
                authorization_details: Vec::new(),
            }),
        })
    }
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
