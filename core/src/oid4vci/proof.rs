//! Key proofs of type `jwt` (OpenID4VCI 1.0 Appendix F.1 and F.4; CI-23, CI-30).

use serde_json::{Map, Value};

use super::attestation::{AttestationError, Attesters, KeyAttestationUse, VerifiedKeyAttestation};
use crate::crypto::{KeyError, PublicKey, SignError, Signer};
use crate::encoding::fields::{FieldError, Fields};
use crate::encoding::jws::{self, JwsError, UnverifiedJws};
use crate::encoding::record::{ToJson as _, put};
use crate::env::Timestamp;
use crate::error::ErrorCode;
use crate::profile::{CLOCK_LEEWAY, Endpoint};

/// The `typ` of a key proof.
pub const TYP: &str = "openid4vci-proof+jwt";

/// Longest time between making and using a proof, in seconds.
pub const MAX_AGE: i64 = 300;

/// What a key proof says.
#[derive(Debug, Clone, Copy)]
pub struct KeyProof<'a> {
    /// The credential issuer identifier: `aud`.
    pub issuer: &'a Endpoint,
    /// From the nonce endpoint, when there is one.
    pub c_nonce: Option<&'a str>,
    /// `iss`; `None` for the anonymous pre-authorised code flow.
    pub client_id: Option<&'a str>,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `key_attestation`: what the wallet's provider says about the signing key, and perhaps about more keys.
    pub key_attestation: Option<&'a str>,
}

/// A key the wallet proved to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedKeyProof {
    /// The key to bind the credential to.
    pub key: PublicKey,
    /// The nonce in the proof. The caller must find it among the ones it gave out, and use it up.
    pub nonce: Option<String>,
    /// The attestation beside it; `key` is one of its keys. Its nonce and status are still to be checked.
    pub attestation: Option<VerifiedKeyAttestation>,
}

/// Why a key proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a JWS, or its signature is wrong.
    #[error("the key proof is not acceptable: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is not `openid4vci-proof+jwt`.
    #[error("the key proof has the wrong typ")]
    Type,
    /// Not exactly one of `jwk`, `kid`, `x5c`.
    #[error("the key proof must name exactly one key")]
    NotOneKey,
    /// `kid` or `x5c`: only `jwk` is announced in the metadata.
    #[error("only keys given as jwk are supported")]
    KeyForm,
    /// The key is malformed or private.
    #[error("the key in the proof is not acceptable: {0}")]
    Key(#[from] KeyError),
    /// The algorithm is not among the ones in the metadata.
    #[error("the algorithm of the key proof is not accepted")]
    Algorithm,
    /// A claim is missing or of the wrong type.
    #[error("the key proof is malformed: {0}")]
    Claim(#[from] FieldError),
    /// `aud` is not this issuer.
    #[error("the key proof is for another issuer")]
    Audience,
    /// `iss` is there in an anonymous flow, or is another client.
    #[error("the key proof is from another client")]
    Client,
    /// `iat` is too long ago or in the future.
    #[error("the key proof is too old or from the future")]
    Time,
    /// A nonce is demanded and missing.
    #[error("the key proof has no nonce")]
    NoNonce,
    /// The key attestation beside it is not good.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// The proof is signed with a key that the attestation beside it does not have.
    #[error("the key of the proof is not one of the attested keys")]
    NotAttested,
}

impl ErrorCode for ProofError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoNonce => "key-proof-no-nonce",
            Self::Jws(JwsError::Signature) => "key-proof-signature",
            Self::Time => "key-proof-time",
            Self::Audience => "key-proof-audience",
            Self::Attestation(inner) => inner.code(),
            Self::NotAttested => "key-proof-not-attested",
            _ => "key-proof-invalid",
        }
    }
}

/// What a proof is checked against.
#[derive(Debug, Clone, Copy)]
pub struct ProofExpectation<'a> {
    /// The credential issuer identifier.
    pub issuer: &'a Endpoint,
    /// The client of the access token; `None` when anonymous.
    pub client_id: Option<&'a str>,
    /// The issuer has a nonce endpoint.
    pub nonce_required: bool,
}

impl KeyProof<'_> {
    /// Signs the proof with the key the credential shall be bound to.
    ///
    /// # Errors
    /// [`SignError`] from the key.
    pub fn sign(&self, key: &dyn Signer) -> Result<String, SignError> {
        let mut header = Map::new();
        TYP.put_json(&mut header, "typ");
        put(&mut header, "jwk", Value::Object(key.public_key().to_jwk()));
        if let Some(attestation) = self.key_attestation {
            attestation.put_json(&mut header, "key_attestation");
        }
        let mut claims = Map::new();
        self.issuer.as_str().put_json(&mut claims, "aud");
        self.issued_at.0.put_json(&mut claims, "iat");
        if let Some(nonce) = self.c_nonce {
            nonce.put_json(&mut claims, "nonce");
        }
        if let Some(client) = self.client_id {
            client.put_json(&mut claims, "iss");
        }
        jws::sign(header, Value::Object(claims).to_string().as_bytes(), key)
    }
}

impl VerifiedKeyProof {
    /// Verifies one proof, in the order of Appendix F.4, with the key attestation in its header when there is one.
    /// Whether the nonces are ones we gave out is the caller's check.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(
        proof: &str,
        expected: &ProofExpectation<'_>,
        attesters: &Attesters<'_>,
    ) -> Result<Self, ProofError> {
        let jws = UnverifiedJws::parse(proof)?;
        let header = jws.header();
        if !header.is_type(TYP) {
            return Err(ProofError::Type);
        }
        // F.4: an asymmetric algorithm from the metadata; `none` and HMAC already stopped at parsing.
        if !attesters.profile.allows(header.alg) {
            return Err(ProofError::Algorithm);
        }
        let forms = ["jwk", "kid", "x5c"].map(|name| header.all.contains_key(name));
        if forms.iter().filter(|there| **there).count() != 1 {
            return Err(ProofError::NotOneKey);
        }
        let attestation = match header.all.get("key_attestation") {
            None => None,
            Some(Value::String(compact)) => Some(VerifiedKeyAttestation::verify(
                compact,
                KeyAttestationUse::BesideProof,
                attesters,
            )?),
            Some(_) => return Err(ProofError::Jws(JwsError::Header)),
        };
        let key = match (header.all.get("jwk"), &header.kid, &attestation) {
            // F.4: no private key in the header; `from_jwk` refuses one.
            (Some(Value::Object(jwk)), ..) => PublicKey::from_jwk(jwk)?,
            // F.1, second example: one of the attested keys.
            (None, Some(kid), Some(attestation)) => {
                attestation.key(kid).ok_or(ProofError::NotAttested)?.clone()
            }
            _ => return Err(ProofError::KeyForm),
        };
        // Appendix D: the proof shows that the attested keys are in these hands.
        if attestation
            .as_ref()
            .is_some_and(|attestation| !attestation.keys.contains(&key))
        {
            return Err(ProofError::NotAttested);
        }
        let verified = jws.verify(&key, attesters.crypto)?;
        let claims = verified.claims()?;
        let fields = Fields::new(&claims, "");
        // F.1: a single string, not an array.
        if fields.text("aud", 2048)? != expected.issuer.as_str() {
            return Err(ProofError::Audience);
        }
        // F.1: `iss` may be left out; where it is, it is the client, so never when the token is anonymous.
        let iss = fields.opt_text("iss", 2048)?;
        if iss.is_some() && iss != expected.client_id {
            return Err(ProofError::Client);
        }
        let age = attesters.now.since(fields.timestamp("iat")?);
        if !(-CLOCK_LEEWAY..=MAX_AGE).contains(&age) {
            return Err(ProofError::Time);
        }
        let nonce = fields.opt_text("nonce", 1024)?.map(str::to_owned);
        if expected.nonce_required && nonce.is_none() {
            return Err(ProofError::NoNonce);
        }
        Ok(Self {
            key,
            nonce,
            attestation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{RustCrypto, SoftwareKey};
    use crate::profile::Profile;
    use crate::trust::TrustAnchors;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_790_000_000);

    fn key() -> SoftwareKey {
        SoftwareKey::from_bytes(&[7; 32]).unwrap()
    }

    fn issuer() -> Endpoint {
        Endpoint::parse("https://issuer.example/a", &Profile::BASELINE).unwrap()
    }

    fn verify(proof: &str) -> Result<VerifiedKeyProof, ProofError> {
        verify_of(None, proof)
    }

    fn verify_of(client_id: Option<&str>, proof: &str) -> Result<VerifiedKeyProof, ProofError> {
        let issuer = issuer();
        let expected = ProofExpectation {
            issuer: &issuer,
            client_id,
            nonce_required: true,
        };
        let attesters = Attesters {
            anchors: &TrustAnchors::new(),
            now: NOW,
            profile: &Profile::BASELINE,
            crypto: &RustCrypto,
        };
        VerifiedKeyProof::verify(proof, &expected, &attesters)
    }

    fn signed(header: Value, claims: &Value) -> String {
        let Value::Object(header) = header else { panic!() };
        jws::sign(header, claims.to_string().as_bytes(), &key()).unwrap()
    }

    #[test]
    fn a_proof_verifies() {
        let issuer = issuer();
        let proof = KeyProof {
            issuer: &issuer,
            c_nonce: Some("n"),
            client_id: None,
            issued_at: NOW,
            key_attestation: None,
        };
        let verified = verify(&proof.sign(&key()).unwrap()).unwrap();
        assert_eq!(verified.key, key().public_key());
        assert_eq!(verified.nonce.as_deref(), Some("n"));
    }

    /// CI-23: `iss` is the client or nothing; and nothing where there is no client.
    #[test]
    fn proofs_name_their_client_or_nobody() {
        let issuer = issuer();
        let made_by = |client_id| {
            let proof = KeyProof {
                issuer: &issuer,
                c_nonce: Some("n"),
                client_id,
                key_attestation: None,
                issued_at: NOW,
            };
            proof.sign(&key()).unwrap()
        };
        for (client, iss, good) in [
            (None, None, true),
            (None, Some("w"), false),
            (Some("w"), Some("w"), true),
            (Some("w"), None, true),
            (Some("w"), Some("W"), false),
        ] {
            let verified = verify_of(client, &made_by(iss));
            match good {
                true => assert!(verified.is_ok(), "{client:?} {iss:?}"),
                false => assert_eq!(verified, Err(ProofError::Client), "{client:?} {iss:?}"),
            }
        }
    }

    /// CI-30: the list of Appendix F.4, each broken alone.
    #[test]
    fn appendix_f_4_refusals() {
        let jwk = Value::Object(key().public_key().to_jwk());
        let header = json!({ "typ": TYP, "jwk": jwk });
        let claims = json!({ "aud": "https://issuer.example/a", "iat": NOW.0, "nonce": "n" });
        assert!(verify(&signed(header.clone(), &claims)).is_ok());
        let with = |base: &Value, name: &str, value: Value| {
            let mut out = base.clone();
            out[name] = value;
            out
        };
        let bad_header = |name, value| verify(&signed(with(&header, name, value), &claims)).unwrap_err();
        assert_eq!(bad_header("typ", json!("JWT")), ProofError::Type);
        assert_eq!(bad_header("kid", json!("did:example:1#2")), ProofError::NotOneKey);
        let mut private = jwk.clone();
        private["d"] = json!("AA");
        assert_eq!(bad_header("jwk", private), ProofError::Key(KeyError::Private));
        let other = SoftwareKey::from_bytes(&[8; 32]).unwrap().public_key().to_jwk();
        assert_eq!(
            bad_header("jwk", Value::Object(other)),
            ProofError::Jws(JwsError::Signature)
        );
        let by_kid = json!({ "typ": TYP, "kid": "did:example:1#2" });
        assert_eq!(verify(&signed(by_kid, &claims)).unwrap_err(), ProofError::KeyForm);

        let bad_claim =
            |name, value| verify(&signed(header.clone(), &with(&claims, name, value))).unwrap_err();
        assert_eq!(
            bad_claim("aud", json!("https://issuer.example")),
            ProofError::Audience
        );
        assert!(matches!(
            bad_claim("aud", json!(["https://issuer.example/a"])),
            ProofError::Claim(_)
        ));
        assert_eq!(bad_claim("iat", json!(NOW.0 - MAX_AGE - 1)), ProofError::Time);
        assert_eq!(
            bad_claim("iat", json!(NOW.0 + CLOCK_LEEWAY + 1)),
            ProofError::Time
        );
        assert!(matches!(
            bad_claim("iat", json!("2018-09-14T21:19:10Z")),
            ProofError::Claim(_)
        ));
        assert_eq!(bad_claim("iss", json!("client")), ProofError::Client);
        let mut no_nonce = claims.clone();
        no_nonce.as_object_mut().unwrap().remove("nonce");
        assert_eq!(
            verify(&signed(header, &no_nonce)).unwrap_err(),
            ProofError::NoNonce
        );
    }

    #[test]
    fn unsigned_proofs_stop_at_parsing() {
        let header = crate::encoding::base64url::encode(
            json!({ "typ": TYP, "alg": "none", "jwk": {} })
                .to_string()
                .as_bytes(),
        );
        assert_eq!(
            verify(&format!("{header}.e30.")),
            Err(ProofError::Jws(JwsError::Algorithm))
        );
    }
}
