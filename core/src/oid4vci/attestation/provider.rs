//! What a wallet and its provider say to each other before there are attestations. No standard covers it; both sides are
//! ours.
//!
//! Every key is proved by a signature for the provider alone. Neither message names the issuer: the provider need not
//! learn where the wallet is going (draft 7 §11.1). A proof that is copied gives a copier nothing but another
//! attestation of a key it does not have, so the provider keeps no list of them.

use serde_json::{Map, Value};

use super::{AttestationError, Attesters};
use crate::crypto::{PublicKey, SignError, Signer};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::{self, Object};
use crate::encoding::jws::{self, UnverifiedJws};
use crate::encoding::record::{ToJson as _, put};
use crate::env::Timestamp;
use crate::http::{HttpRequest, HttpResponse};
use crate::oid4vci::{AnswerError, answer};
use crate::profile::{CLOCK_LEEWAY, Profile};
use crate::record;

/// The `typ` of a proof for the provider.
pub const TYP: &str = "assent-provider-proof+jwt";
/// Longest time between making and using it, in seconds.
const MAX_AGE: i64 = 300;
const MAX_PROOF: usize = 4 << 10;
/// Largest answer, in bytes: attestations have the provider's chain in them.
const MAX_ANSWER: usize = 64 << 10;

/// Below the provider's address: where wallet attestations are asked for.
pub const WALLET_PATH: &str = "/v1/wallet-provider/wallet-attestation";
/// Where key attestations are asked for.
pub const KEYS_PATH: &str = "/v1/wallet-provider/key-attestation";

/// Asks for a wallet attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletAttestationRequest {
    /// Under which name the wallet goes to issuers.
    pub client_id: String,
    /// A proof of the instance key.
    pub proof: String,
}

/// Asks for a key attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttestationRequest {
    /// A proof of each key, all with the issuer's nonce, or none with one.
    pub proofs: Vec<String>,
}

/// A key that was proved to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedKey {
    /// The key.
    pub key: PublicKey,
    /// The issuer's nonce, to be put into the attestation.
    pub nonce: Option<String>,
}

/// Signs a proof of `key` for the provider at `provider` (its address, without a last `/`).
///
/// # Errors
/// [`SignError`] from the key.
pub fn prove(
    key: &dyn Signer,
    provider: &str,
    nonce: Option<&str>,
    now: Timestamp,
) -> Result<String, SignError> {
    let mut header = Map::new();
    TYP.put_json(&mut header, "typ");
    put(&mut header, "jwk", Value::Object(key.public_key().to_jwk()));
    let mut claims = Map::new();
    provider.put_json(&mut claims, "aud");
    now.0.put_json(&mut claims, "iat");
    if let Some(nonce) = nonce {
        nonce.put_json(&mut claims, "nonce");
    }
    jws::sign(header, Value::Object(claims).to_string().as_bytes(), key)
}

impl ProvedKey {
    /// Verifies a proof for us, the provider at `provider`.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn verify(proof: &str, provider: &str, attesters: &Attesters<'_>) -> Result<Self, AttestationError> {
        if proof.len() > MAX_PROOF {
            return Err(AttestationError::Jws(jws::JwsError::Malformed));
        }
        let jws = UnverifiedJws::parse(proof)?;
        let header = jws.header();
        if !header.is_type(TYP) {
            return Err(AttestationError::Type);
        }
        if !attesters.profile.allows(header.alg) {
            return Err(AttestationError::Algorithm);
        }
        let jwk = header.all.get("jwk").and_then(Value::as_object);
        let key = PublicKey::from_jwk(jwk.ok_or(AttestationError::Key)?)?;
        let claims = jws.verify(&key, attesters.crypto)?.claims()?;
        let fields = Fields::new(&claims, "");
        if fields.text("aud", 2048)? != provider {
            return Err(AttestationError::Audience);
        }
        let age = attesters.now.since(fields.timestamp("iat")?);
        if !(-CLOCK_LEEWAY..=MAX_AGE).contains(&age) {
            return Err(AttestationError::Time);
        }
        Ok(Self {
            key,
            nonce: fields.opt_text("nonce", 1024)?.map(str::to_owned),
        })
    }
}

impl WalletAttestationRequest {
    /// The request to the provider.
    #[must_use]
    pub fn to_http(&self, provider: &str) -> HttpRequest {
        let body = record!({ "client_id": self.client_id, "proof": self.proof });
        post(provider, WALLET_PATH, &body)
    }

    /// Reads the body.
    ///
    /// # Errors
    /// [`AttestationError::Claim`].
    pub fn parse(body: &[u8]) -> Result<Self, AttestationError> {
        let object = read(body)?;
        let fields = Fields::new(&object, "");
        Ok(Self {
            client_id: fields.text("client_id", 512)?.to_owned(),
            proof: fields.text("proof", MAX_PROOF)?.to_owned(),
        })
    }

    /// Reads the answer: the attestation.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn answer(response: &HttpResponse, profile: &Profile) -> Result<String, AnswerError> {
        text(response, "wallet_attestation", profile)
    }
}

impl KeyAttestationRequest {
    /// The request to the provider.
    #[must_use]
    pub fn to_http(&self, provider: &str) -> HttpRequest {
        post(provider, KEYS_PATH, &record!({ "proofs": self.proofs }))
    }

    /// Reads the body.
    ///
    /// # Errors
    /// [`AttestationError::Claim`].
    pub fn parse(body: &[u8], profile: &Profile) -> Result<Self, AttestationError> {
        let object = read(body)?;
        let fields = Fields::new(&object, "");
        let proofs = fields.opt_texts("proofs", profile.limits.batch, MAX_PROOF)?;
        Ok(Self {
            proofs: proofs.ok_or_else(|| missing("proofs"))?,
        })
    }

    /// Reads the answer: the attestation.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn answer(response: &HttpResponse, profile: &Profile) -> Result<String, AnswerError> {
        text(response, "key_attestation", profile)
    }
}

fn missing(name: &str) -> FieldError {
    FieldError {
        field: name.to_owned(),
        problem: Problem::Missing,
    }
}

fn post(provider: &str, path: &str, body: &Value) -> HttpRequest {
    let url = [provider, path].concat();
    HttpRequest::post(url, "application/json", body.to_string(), MAX_ANSWER)
        .header("accept", "application/json")
}

fn read(body: &[u8]) -> Result<Object, AttestationError> {
    json::parse_object(body, json::Limits::MESSAGE).map_err(|_| AttestationError::Claim(missing("body")))
}

fn text(response: &HttpResponse, name: &str, profile: &Profile) -> Result<String, AnswerError> {
    let object = answer::read(response, 200, MAX_ANSWER, profile)?;
    let fields = Fields::new(&object, "");
    let text = fields.text(name, MAX_ANSWER)?;
    // It goes on to somebody else, in a header: three parts in base64url, and nothing that would end a line.
    let mut parts = text.split('.');
    let is_part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let three = [parts.next(), parts.next(), parts.next()]
        .iter()
        .all(|part| part.is_some_and(is_part));
    if three && parts.next().is_none() {
        Ok(text.to_owned())
    } else {
        Err(fields.error(name, Problem::WrongType).into())
    }
}
