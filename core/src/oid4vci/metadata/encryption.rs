//! `credential_request_encryption` and `credential_response_encryption` (OpenID4VCI 1.0 §12.2.4, CI-29).
//!
//! What is done with it is in [`super::super::encryption`].

use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::Object;
use crate::encoding::record::{FromJson, ToJson};

/// `credential_request_encryption`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct RequestEncryption {
    /// The issuer's keys as JWK, each with a `kid`.
    pub keys: Vec<Object>,
    /// Content encryption algorithms.
    pub enc_values_supported: Vec<String>,
    /// Unencrypted requests are refused.
    pub encryption_required: bool,
}

/// `credential_response_encryption`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct ResponseEncryption {
    /// Key agreement algorithms.
    pub alg_values_supported: Vec<String>,
    /// Content encryption algorithms.
    pub enc_values_supported: Vec<String>,
    /// The wallet must ask for an encrypted response.
    pub encryption_required: bool,
}

impl RequestEncryption {
    pub(super) fn read(object: &Object) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "credential_request_encryption");
        let jwks = fields
            .opt_object("jwks")?
            .ok_or_else(|| fields.error("jwks", Problem::Missing))?;
        let jwks = Fields::new(jwks, "credential_request_encryption.jwks");
        let keys = jwks
            .opt_list("keys", 32)?
            .filter(|keys| !keys.is_empty())
            .ok_or_else(|| jwks.error("keys", Problem::Missing))?;
        let keys = keys
            .iter()
            .map(|key| {
                let key = Fields::of(key, "credential_request_encryption.jwks.keys")?;
                // §12.2.4: each key has a `kid`.
                key.text("kid", 256)?;
                Ok(key.object().clone())
            })
            .collect::<Result<_, FieldError>>()?;
        Ok(Self {
            keys,
            enc_values_supported: texts(&fields, "enc_values_supported")?,
            encryption_required: required_bool(&fields, "encryption_required")?,
        })
    }
}

impl ResponseEncryption {
    pub(super) fn read(object: &Object) -> Result<Self, FieldError> {
        let fields = Fields::new(object, "credential_response_encryption");
        Ok(Self {
            alg_values_supported: texts(&fields, "alg_values_supported")?,
            enc_values_supported: texts(&fields, "enc_values_supported")?,
            encryption_required: required_bool(&fields, "encryption_required")?,
        })
    }
}

fn texts(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, FieldError> {
    fields
        .opt_texts(name, 32, 64)?
        .ok_or_else(|| fields.error(name, Problem::Missing))
}

fn required_bool(fields: &Fields<'_>, name: &str) -> Result<bool, FieldError> {
    fields
        .opt_bool(name)?
        .ok_or_else(|| fields.error(name, Problem::Missing))
}
