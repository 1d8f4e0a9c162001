//! DID documents (DID Core 1.0 §5.2): finding a key, and writing one.

use serde_json::{Value, json};

use super::{DidError, key};
use crate::crypto::PublicKey;
use crate::encoding::json::Object;

/// Most verification methods looked at.
const MAX_METHODS: usize = 64;

pub(super) fn key(did: &str, fragment: &str, document: &Object) -> Result<PublicKey, DidError> {
    // DID Core §5.1.1: the document's `id` is the DID. Else a host could speak for another.
    if document.get("id").and_then(Value::as_str) != Some(did) {
        return Err(DidError::Document);
    }
    let methods = document
        .get("verificationMethod")
        .and_then(Value::as_array)
        .ok_or(DidError::Document)?;
    let method = methods
        .iter()
        .take(MAX_METHODS)
        .find(|method| {
            let id = method.get("id").and_then(Value::as_str).unwrap_or_default();
            id.strip_prefix(did).unwrap_or(id).strip_prefix('#') == Some(fragment)
        })
        .ok_or(DidError::NoSuchKey)?;
    // A key under another controller is not this DID's to speak with.
    if method
        .get("controller")
        .is_some_and(|controller| controller.as_str() != Some(did))
    {
        return Err(DidError::Document);
    }
    if let Some(jwk) = method.get("publicKeyJwk").and_then(Value::as_object) {
        return PublicKey::from_jwk(jwk).map_err(|_| DidError::Key);
    }
    match method.get("publicKeyMultibase").and_then(Value::as_str) {
        Some(multibase) => key::read(multibase),
        None => Err(DidError::Key),
    }
}

/// A document with one key, which authenticates and asserts.
pub(super) fn write(did: &str, kid: &str, key: &PublicKey) -> Object {
    let mut jwk = key.to_jwk();
    jwk.insert("kid".into(), Value::from(kid));
    jwk.insert("alg".into(), Value::from(key.algorithm().as_jose()));
    let mut out = Object::new();
    let mut add = |name: &str, value: Value| out.insert(name.into(), value);
    add(
        "@context",
        json!([
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/suites/jws-2020/v1"
        ]),
    );
    add("id", did.into());
    add(
        "verificationMethod",
        json!([{ "id": kid, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk }]),
    );
    add("authentication", json!([kid]));
    add("assertionMethod", json!([kid]));
    out
}
