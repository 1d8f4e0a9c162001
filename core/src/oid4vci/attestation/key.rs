//! Key attestations (OpenID4VCI 1.0 Appendix D; CI-23, CI-24).

use serde_json::{Map, Value};

use super::{AttestationError, Attesters, read_status};
use crate::crypto::{PublicKey, SignError, Signer};
use crate::encoding::fields::{Fields, Problem};
use crate::encoding::jws::{self, UnverifiedJws};
use crate::encoding::record::{ToJson as _, put};
use crate::env::Timestamp;
use crate::oid4vci::metadata::KeyAttestationsRequired;
use crate::profile::CLOCK_LEEWAY;
use crate::status::StatusReference;
use crate::trust::VerifiedChain;

/// The `typ` of a key attestation.
pub(super) const TYP: &str = "key-attestation+jwt";
/// What examples of others have shown for it.
const MISSPELT: &str = "keyattestation+jwt";
/// Longest key attestation read, in bytes.
const MAX_LENGTH: usize = 64 << 10;

/// Values for `key_storage` and `user_authentication` (Appendix D.2), the strongest first.
pub mod level {
    /// Resists attackers of high potential.
    pub const HIGH: &str = "iso_18045_high";
    /// Resists attackers of moderate potential.
    pub const MODERATE: &str = "iso_18045_moderate";
    /// Resists attackers of basic potential.
    pub const BASIC: &str = "iso_18045_basic";
}

/// What a wallet provider says about keys.
#[derive(Debug, Clone, Copy)]
pub struct KeyAttestation<'a> {
    /// The keys, the one that signs a proof first.
    pub keys: &'a [PublicKey],
    /// How well they are kept, e.g. [`level::BASIC`].
    pub key_storage: &'a [&'a str],
    /// How well their use depends on the person.
    pub user_authentication: &'a [&'a str],
    /// The issuer's nonce.
    pub nonce: Option<&'a str>,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`; must be there beside a `jwt` proof.
    pub expires_at: Option<Timestamp>,
    /// Where its status is.
    pub status: Option<&'a StatusReference>,
}

/// A key attestation of a trusted wallet provider. Its nonce must still be found among ours, and its status be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedKeyAttestation {
    /// The keys, in the order given; never empty, no key twice.
    pub keys: Vec<PublicKey>,
    /// `kid` of each key, where it has one.
    pub kids: Vec<Option<String>>,
    /// How well they are kept.
    pub key_storage: Vec<String>,
    /// How well their use depends on the person.
    pub user_authentication: Vec<String>,
    /// The issuer's nonce.
    pub nonce: Option<String>,
    /// Where its status is.
    pub status: Option<StatusReference>,
    /// Who signed it.
    pub chain: VerifiedChain,
}

/// Where a key attestation stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAttestationUse {
    /// Header `key_attestation` of a `jwt` proof: `exp` is required (Appendix D.1).
    BesideProof,
    /// Member `attestation` of `proofs`: the nonce is required, as it is all that shows the attestation is fresh
    /// (Appendix F.3).
    Alone,
}

impl KeyAttestation<'_> {
    /// Signs the attestation; `x5c` is the wallet provider's chain, leaf first, without the anchor.
    ///
    /// # Errors
    /// [`SignError`] from the signer.
    pub fn sign(&self, x5c: &[Vec<u8>], signer: &dyn Signer) -> Result<String, SignError> {
        let mut claims = Map::new();
        self.issued_at.0.put_json(&mut claims, "iat");
        if let Some(end) = self.expires_at {
            end.0.put_json(&mut claims, "exp");
        }
        let keys = self.keys.iter().map(|key| Value::Object(key.to_jwk()));
        put(&mut claims, "attested_keys", keys.collect());
        for (name, values) in [
            ("key_storage", self.key_storage),
            ("user_authentication", self.user_authentication),
        ] {
            if !values.is_empty() {
                let values = values.iter().map(|value| Value::from(*value));
                put(&mut claims, name, values.collect());
            }
        }
        if let Some(nonce) = self.nonce {
            nonce.put_json(&mut claims, "nonce");
        }
        if let Some(status) = self.status {
            put(&mut claims, "status", status.to_status());
        }
        jws::sign_jwt(TYP, x5c, &claims, signer)
    }
}

impl VerifiedKeyAttestation {
    /// Verifies a key attestation. Whether the nonce is one we gave out is the caller's check, and so is its status.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn verify(
        compact: &str,
        usage: KeyAttestationUse,
        attesters: &Attesters<'_>,
    ) -> Result<Self, AttestationError> {
        if compact.len() > MAX_LENGTH {
            return Err(AttestationError::Jws(jws::JwsError::Malformed));
        }
        let jws = UnverifiedJws::parse(compact)?;
        let header = jws.header();
        // §4.6 of the profile: the misspelt type is read where no high assurance is claimed, and never written.
        if !(header.is_type(TYP) || (header.is_type(MISSPELT) && !attesters.profile.haip)) {
            return Err(AttestationError::Type);
        }
        let (claims, chain) = attesters.verify(&jws)?;
        let fields = Fields::new(&claims, "");
        if fields.timestamp("iat")?.since(attesters.now) > CLOCK_LEEWAY {
            return Err(AttestationError::Time);
        }
        let expires_at = claims.get("exp").map(|_| fields.timestamp("exp")).transpose()?;
        match expires_at {
            Some(end) if attesters.now.since(end) >= CLOCK_LEEWAY => return Err(AttestationError::Time),
            // Appendix D.1: with a `jwt` proof it must say when it ends.
            None if usage == KeyAttestationUse::BesideProof => return Err(AttestationError::Time),
            _ => {}
        }
        let nonce = fields.opt_text("nonce", 1024)?.map(str::to_owned);
        // Appendix F.3. Beside a proof, which has the nonce too, the final text and its errata differ: HAIP wants both.
        if nonce.is_none() && (usage == KeyAttestationUse::Alone || attesters.profile.haip) {
            return Err(AttestationError::NoNonce);
        }
        let list = fields
            .opt_list("attested_keys", attesters.profile.limits.batch)?
            .filter(|list| !list.is_empty())
            .ok_or_else(|| fields.error("attested_keys", Problem::Missing))?;
        let (mut keys, mut kids) = (Vec::with_capacity(list.len()), Vec::with_capacity(list.len()));
        for jwk in list {
            let jwk = jwk.as_object().ok_or(AttestationError::Key)?;
            let key = PublicKey::from_jwk(jwk)?;
            if keys.contains(&key) {
                return Err(AttestationError::Key);
            }
            keys.push(key);
            kids.push(jwk.get("kid").and_then(Value::as_str).map(str::to_owned));
        }
        let levels = |name| Ok::<_, AttestationError>(fields.opt_texts(name, 16, 256)?.unwrap_or_default());
        Ok(Self {
            keys,
            kids,
            key_storage: levels("key_storage")?,
            user_authentication: levels("user_authentication")?,
            nonce,
            status: read_status(&claims)?,
            chain,
        })
    }

    /// The key that a `kid` beside this attestation names: by its own `kid`, or by its place (the example of Appendix F.1).
    #[must_use]
    pub fn key(&self, kid: &str) -> Option<&PublicKey> {
        let named = self.kids.iter().position(|own| own.as_deref() == Some(kid));
        let index = named.or_else(|| kid.parse().ok())?;
        self.keys.get(index)
    }

    /// Checks it against what the issuer's metadata demands (§12.2.4): of each list that is given, one value.
    ///
    /// # Errors
    /// [`AttestationError::Level`].
    pub fn meets(&self, required: &KeyAttestationsRequired) -> Result<(), AttestationError> {
        let one_of = |accepted: &[String], said: &[String]| {
            accepted.is_empty() || said.iter().any(|value| accepted.contains(value))
        };
        if one_of(&required.key_storage, &self.key_storage)
            && one_of(&required.user_authentication, &self.user_authentication)
        {
            Ok(())
        } else {
            Err(AttestationError::Level)
        }
    }
}
