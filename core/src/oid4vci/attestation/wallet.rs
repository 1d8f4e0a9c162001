//! Wallet attestations (OpenID4VCI 1.0 Appendix E; OAuth 2.0 Attestation-Based Client Authentication, draft 7, §5.1).

use serde_json::{Map, Value};

use super::{AttestationError, Attesters, read_status};
use crate::crypto::{PublicKey, SignError, Signer};
use crate::encoding::fields::{Fields, Problem};
use crate::encoding::jws::{self, UnverifiedJws};
use crate::encoding::record::{ToJson as _, put};
use crate::env::Timestamp;
use crate::profile::CLOCK_LEEWAY;
use crate::status::StatusReference;
use crate::trust::VerifiedChain;

/// The `typ` of a wallet attestation.
pub(super) const TYP: &str = "oauth-client-attestation+jwt";
/// Longest attestation read, in bytes.
const MAX_LENGTH: usize = 16 << 10;

/// What a wallet provider says about a wallet.
#[derive(Debug, Clone, Copy)]
pub struct WalletAttestation<'a> {
    /// Who says it: the address of the provider.
    pub provider: &'a str,
    /// `sub`: the client identifier that all wallets of this provider share (Appendix E, §15.4.4).
    pub client_id: &'a str,
    /// The key of this wallet for this issuer: `cnf`.
    pub instance_key: &'a PublicKey,
    /// Name of the wallet.
    pub wallet_name: &'a str,
    /// Its version.
    pub wallet_version: &'a str,
    /// Where more is said about it.
    pub wallet_link: &'a str,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// A wallet attestation of a trusted wallet provider. Its status must still be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedWalletAttestation {
    /// `sub`.
    pub client_id: String,
    /// `cnf`: the key that proves must be made with.
    pub instance_key: PublicKey,
    /// What the wallet is called, in its provider's words.
    pub wallet_name: Option<String>,
    /// Where its status is.
    pub status: Option<StatusReference>,
    /// From when it is no longer good.
    pub expires_at: Timestamp,
    /// Who signed it.
    pub chain: VerifiedChain,
}

impl WalletAttestation<'_> {
    /// Signs the attestation; `x5c` is the wallet provider's chain, leaf first, without the anchor.
    ///
    /// # Errors
    /// [`SignError`] from the signer.
    pub fn sign(&self, x5c: &[Vec<u8>], signer: &dyn Signer) -> Result<String, SignError> {
        let mut claims = Map::new();
        for (name, text) in [
            ("iss", self.provider),
            ("sub", self.client_id),
            ("wallet_name", self.wallet_name),
            ("wallet_version", self.wallet_version),
            ("wallet_link", self.wallet_link),
        ] {
            text.put_json(&mut claims, name);
        }
        self.issued_at.0.put_json(&mut claims, "iat");
        self.expires_at.0.put_json(&mut claims, "exp");
        let mut cnf = Map::new();
        put(&mut cnf, "jwk", Value::Object(self.instance_key.to_jwk()));
        put(&mut claims, "cnf", Value::Object(cnf));
        jws::sign_jwt(TYP, x5c, &claims, signer)
    }
}

impl VerifiedWalletAttestation {
    /// Verifies a wallet attestation. It authenticates nobody without the proof that goes with it.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn verify(compact: &str, attesters: &Attesters<'_>) -> Result<Self, AttestationError> {
        if compact.len() > MAX_LENGTH {
            return Err(AttestationError::Jws(jws::JwsError::Malformed));
        }
        let jws = UnverifiedJws::parse(compact)?;
        if !jws.header().is_type(TYP) {
            return Err(AttestationError::Type);
        }
        let (claims, chain) = attesters.verify(&jws)?;
        let fields = Fields::new(&claims, "");
        let expires_at = fields.timestamp("exp")?;
        if attesters.now.since(expires_at) >= CLOCK_LEEWAY {
            return Err(AttestationError::Time);
        }
        for name in ["nbf", "iat"] {
            let there = claims.contains_key(name);
            if there && fields.timestamp(name)?.since(attesters.now) > CLOCK_LEEWAY {
                return Err(AttestationError::Time);
            }
        }
        let cnf = fields
            .opt_object("cnf")?
            .ok_or_else(|| fields.error("cnf", Problem::Missing))?;
        // Draft 7 §5.1: the key is given as `jwk`.
        let jwk = cnf
            .get("jwk")
            .and_then(Value::as_object)
            .ok_or(AttestationError::Key)?;
        Ok(Self {
            client_id: fields.text("sub", 512)?.to_owned(),
            instance_key: PublicKey::from_jwk(jwk)?,
            wallet_name: fields.opt_text("wallet_name", 512)?.map(str::to_owned),
            status: match claims.get("client_status") {
                // TS3: `client_status` has the `status` inside.
                Some(Value::Object(status)) => Some(read_status(status)?.ok_or(AttestationError::Status)?),
                Some(_) => return Err(AttestationError::Status),
                None => read_status(&claims)?,
            },
            expires_at,
            chain,
        })
    }
}
