//! Client authentication with a wallet attestation (OAuth 2.0 Attestation-Based Client Authentication, draft 7, §5.2, §6).

use serde_json::{Map, Value};

use super::{AttestationError, Attesters, VerifiedWalletAttestation};
use crate::crypto::{PublicKey, SignError, Signer};
use crate::encoding::fields::{Fields, Problem};
use crate::encoding::jws::{self, UnverifiedJws};
use crate::encoding::record::ToJson as _;
use crate::env::Env;
use crate::profile::{CLOCK_LEEWAY, Endpoint};
use crate::status::StatusReference;
use crate::trust::VerifiedChain;

/// The `typ` of a proof.
pub(super) const TYP: &str = "oauth-client-attestation-pop+jwt";
/// Longest time between making and using a proof, in seconds.
pub(super) const MAX_AGE: i64 = 300;
/// Longest proof read, in bytes.
const MAX_LENGTH: usize = 8 << 10;

/// A proof that a wallet holds the key of its attestation.
#[derive(Debug, Clone, Copy)]
pub struct ClientProof<'a> {
    /// The client identifier: `iss`.
    pub client_id: &'a str,
    /// The issuer identifier of the authorization server: `aud`.
    pub server: &'a Endpoint,
    /// From the server's challenge endpoint, when it has one.
    pub challenge: Option<&'a str>,
}

/// What client authentication is checked against.
#[derive(Debug, Clone, Copy)]
pub struct ClientExpectation<'a> {
    /// The issuer identifier of the authorization server.
    pub server: &'a Endpoint,
    /// `client_id` of the request, when it has one.
    pub client_id: Option<&'a str>,
}

/// A wallet that authenticated itself. What is left to the caller: that `jti` was not seen before `good_until`, that the
/// challenge is one of ours, and the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedClient {
    /// The client identifier.
    pub client_id: String,
    /// The key of this wallet: refresh tokens are bound to it (§11.2).
    pub instance_key: PublicKey,
    /// The proof's own name.
    pub jti: String,
    /// Until when the same `jti` would be believed again, in seconds since 1970, also by another process of the server whose
    /// clock goes behind; keep it at least that long.
    pub good_until: crate::env::Timestamp,
    /// The challenge in the proof.
    pub challenge: Option<String>,
    /// Where the attestation's status is.
    pub status: Option<StatusReference>,
    /// Who signed the attestation.
    pub chain: VerifiedChain,
}

impl ClientProof<'_> {
    /// Signs a proof with the key of the attestation.
    ///
    /// # Errors
    /// [`SignError`] from the key, or when there is no randomness.
    pub fn sign(&self, key: &dyn Signer, env: &mut Env<'_>) -> Result<String, SignError> {
        let jti = env.random_token().map_err(|_| SignError)?;
        let mut claims = Map::new();
        self.client_id.put_json(&mut claims, "iss");
        self.server.as_str().put_json(&mut claims, "aud");
        jti.as_str().put_json(&mut claims, "jti");
        env.now.0.put_json(&mut claims, "iat");
        if let Some(challenge) = self.challenge {
            challenge.put_json(&mut claims, "challenge");
        }
        jws::sign_jwt(TYP, &[], &claims, key)
    }
}

impl VerifiedClient {
    /// Verifies the two headers of one request (§6.2, §6.3, §6.4).
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn verify(
        attestation: &str,
        proof: &str,
        expected: &ClientExpectation<'_>,
        attesters: &Attesters<'_>,
    ) -> Result<Self, AttestationError> {
        let attestation = VerifiedWalletAttestation::verify(attestation, attesters)?;
        if proof.len() > MAX_LENGTH {
            return Err(AttestationError::Jws(jws::JwsError::Malformed));
        }
        let jws = UnverifiedJws::parse(proof)?;
        if !jws.header().is_type(TYP) {
            return Err(AttestationError::Type);
        }
        if !attesters.profile.allows(jws.header().alg) {
            return Err(AttestationError::Algorithm);
        }
        // §5.2, rule 3: the key is the one of the attestation, whatever the proof's header says.
        let verified = jws.verify(&attestation.instance_key, attesters.crypto)?;
        let claims = verified.claims()?;
        let fields = Fields::new(&claims, "");
        let for_us = match fields.required("aud")? {
            Value::String(audience) => audience == expected.server.as_str(),
            Value::Array(audiences) => {
                matches!(audiences.as_slice(), [Value::String(only)] if only == expected.server.as_str())
            }
            _ => return Err(fields.error("aud", Problem::WrongType).into()),
        };
        if !for_us {
            return Err(AttestationError::Audience);
        }
        // §5.2, rule 4; later drafts have no `iss`. §6.3, §6.4: `client_id` in the request is the same.
        let named = [fields.opt_text("iss", 512)?, expected.client_id];
        if named.into_iter().flatten().any(|id| id != attestation.client_id) {
            return Err(AttestationError::Client);
        }
        let issued_at = fields.timestamp("iat")?;
        let age = attesters.now.since(issued_at);
        if !(-CLOCK_LEEWAY..=MAX_AGE).contains(&age) {
            return Err(AttestationError::Time);
        }
        for (name, early) in [("nbf", true), ("exp", false)] {
            if claims.contains_key(name) {
                let since = attesters.now.since(fields.timestamp(name)?);
                let wrong = if early {
                    since < -CLOCK_LEEWAY
                } else {
                    since >= CLOCK_LEEWAY
                };
                if wrong {
                    return Err(AttestationError::Time);
                }
            }
        }
        Ok(Self {
            jti: fields.text("jti", 256)?.to_owned(),
            good_until: issued_at.plus(MAX_AGE + CLOCK_LEEWAY + 1),
            challenge: fields.opt_text("challenge", 1024)?.map(str::to_owned),
            client_id: attestation.client_id,
            instance_key: attestation.instance_key,
            status: attestation.status,
            chain: attestation.chain,
        })
    }
}
