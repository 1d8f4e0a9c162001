//! The service's signature over a receipt: it says that the service holds the same bytes.

use super::digest::Digest;
use super::event::{from_object, to_object};
use super::receipt::VerifiedReceipt;
use crate::crypto::{CryptoProvider, PublicKey, SignError, Signer};
use crate::encoding::jws::{self, JwsError, UnverifiedJws};
use crate::encoding::record::{FromJson, ToJson};
use crate::env::Timestamp;
use crate::error::ErrorCode;

/// The `typ` of a countersignature.
pub const TYP: &str = "consent-receipt-countersignature+jwt";

/// The payload of a countersignature.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct Countersignature {
    /// The full client identifier of the service.
    pub iss: String,
    /// When.
    pub iat: Timestamp,
    /// The receipt, by hash.
    pub receipt_sha256: Digest,
    /// The receipt, by id, for people.
    pub receipt_id: String,
    /// The consent request it answers, by hash.
    pub consent_request_sha256: Digest,
}

/// Why a countersignature was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CountersignatureError {
    /// Not a JWS, or its signature is wrong.
    #[error("the countersignature is not acceptable: {0}")]
    Jws(#[from] JwsError),
    /// `typ` is another one.
    #[error("this is not a countersignature")]
    Type,
    /// A claim is missing or of the wrong type.
    #[error("the countersignature is malformed: {0}")]
    Malformed(String),
    /// It is for another receipt or by another service.
    #[error("the countersignature is for something else: {0}")]
    Other(&'static str),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl ErrorCode for CountersignatureError {
    fn code(&self) -> &'static str {
        match self {
            Self::Jws(JwsError::Signature) => "countersignature-wrong",
            Self::Jws(_) | Self::Type | Self::Malformed(_) => "countersignature-malformed",
            Self::Other(_) => "countersignature-other-receipt",
            Self::Sign(_) => "countersignature-not-made",
        }
    }
}

impl Countersignature {
    /// Countersigns a receipt that was checked against the service's own request
    /// ([`VerifiedReceipt::check_answers`]). `x5c` is the access certificate chain, leaf first.
    ///
    /// # Errors
    /// [`CountersignatureError::Sign`].
    pub fn sign(
        receipt: &VerifiedReceipt,
        x5c: &[Vec<u8>],
        issued_at: Timestamp,
        signer: &dyn Signer,
    ) -> Result<String, CountersignatureError> {
        let evidence = &receipt.receipt().evidence;
        let payload = Self {
            iss: evidence.client_id.clone(),
            iat: issued_at,
            receipt_sha256: receipt.sha256(),
            receipt_id: receipt.receipt().receipt_id.clone(),
            consent_request_sha256: evidence.consent_request_sha256,
        };
        let claims =
            to_object(&payload).map_err(|error| CountersignatureError::Malformed(error.to_string()))?;
        Ok(jws::sign_jwt(TYP, x5c, &claims, signer)?)
    }

    /// Verifies a countersignature of `receipt` with the key of the service's access certificate.
    ///
    /// # Errors
    /// [`CountersignatureError`].
    pub fn verify(
        jwt: &str,
        receipt: &VerifiedReceipt,
        key: &PublicKey,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, CountersignatureError> {
        let jws = UnverifiedJws::parse(jwt)?;
        if !jws.header().is_type(TYP) {
            return Err(CountersignatureError::Type);
        }
        let claims = jws.verify(key, crypto)?.claims()?;
        let payload: Self =
            from_object(claims).map_err(|error| CountersignatureError::Malformed(error.to_string()))?;
        let evidence = &receipt.receipt().evidence;
        for (equal, what) in [
            (payload.receipt_sha256 == receipt.sha256(), "receipt"),
            (payload.receipt_id == receipt.receipt().receipt_id, "receipt_id"),
            (payload.iss == evidence.client_id, "service"),
            (
                payload.consent_request_sha256 == evidence.consent_request_sha256,
                "consent request",
            ),
        ] {
            if !equal {
                return Err(CountersignatureError::Other(what));
            }
        }
        Ok(payload)
    }
}
