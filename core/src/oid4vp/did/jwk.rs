//! `did:jwk`: the identifier is the base64url of a JWK.

use super::DidError;
use crate::crypto::PublicKey;
use crate::encoding::base64url;
use crate::encoding::json::{self, Limits};

pub(super) fn write(key: &PublicKey) -> String {
    base64url::encode(serde_json::Value::Object(key.to_jwk()).to_string().as_bytes())
}

pub(super) fn read(id: &str) -> Result<PublicKey, DidError> {
    let limits = Limits {
        bytes: 2048,
        depth: 3,
    };
    let bytes = base64url::decode(id).map_err(|_| DidError::Malformed)?;
    let jwk = json::parse_object(&bytes, limits).map_err(|_| DidError::Malformed)?;
    PublicKey::from_jwk(&jwk).map_err(|_| DidError::Key)
}
