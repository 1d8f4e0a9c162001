//! Nonces for key proofs: given out to anyone, each good for one credential request (CI-20).

use super::settings::IssuerSettings;
use crate::env::{Env, RandomUnavailable, Timestamp};
use crate::oid4vci::{NonceResponse, SecretText};

/// What the server keeps of a nonce it gave out. It must be deleted in the same moment as it is found: that is what
/// makes it single use.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NonceRecord {
    /// Fingerprint of the nonce ([`SecretText::fingerprint`]).
    pub fingerprint: String,
    /// From when it is no longer good.
    pub expires_at: Timestamp,
}

impl NonceRecord {
    /// A fresh nonce, and what to keep of it.
    ///
    /// # Errors
    /// [`RandomUnavailable`].
    pub fn issue(
        settings: &IssuerSettings,
        env: &mut Env<'_>,
    ) -> Result<(NonceResponse, Self), RandomUnavailable> {
        let c_nonce = env.random_token()?;
        let record = Self {
            fingerprint: SecretText::new(c_nonce.as_str()).fingerprint(),
            expires_at: env.now.plus(settings.nonce_life),
        };
        Ok((NonceResponse { c_nonce }, record))
    }
}
