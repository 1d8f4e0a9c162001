//! Metadata both sides exchange: the verifier's `client_metadata` (OpenID4VP 1.0 §5.1, §11) and the wallet's
//! `wallet_metadata` (§5.10, §10).

use serde_json::{Value, json};

use super::ClientIdPrefix;
use crate::crypto::{Algorithm, PublicKey};
use crate::encoding::json::Object;
use crate::encoding::jwe::ContentEncryption;
use crate::encoding::record::{ToJson as _, put};
use crate::profile::Profile;

/// Most keys looked at in `jwks`.
const MAX_KEYS: usize = 16;
/// Longest `kid` accepted, in bytes.
const MAX_KID: usize = 256;

/// What to encrypt the response with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseEncryption {
    /// The verifier's key for this request, on P-256.
    pub key: PublicKey,
    /// Its id, to be echoed.
    pub kid: Option<String>,
    /// Content encryption both sides support, the stronger one where both are.
    pub enc: ContentEncryption,
}

/// The part of `client_metadata` that has a meaning here. Every other member is ignored (§5.1): names and logos
/// come from certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientMetadata {
    /// The response can be encrypted with this; `None` when no key is usable.
    pub encryption: Option<ResponseEncryption>,
    /// `vp_formats_supported`, as sent; `None` when absent.
    pub vp_formats: Option<Object>,
}

/// `client_metadata` with a member of the wrong type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client metadata is malformed")]
pub struct BadClientMetadata;

impl ClientMetadata {
    /// Reads `client_metadata`. Keys that cannot be used are skipped (§8.3): another type, curve, algorithm or
    /// use.
    ///
    /// # Errors
    /// [`BadClientMetadata`].
    pub fn parse(metadata: &Object) -> Result<Self, BadClientMetadata> {
        let vp_formats = match metadata.get("vp_formats_supported") {
            None => None,
            Some(Value::Object(formats)) => Some(formats.clone()),
            Some(_) => return Err(BadClientMetadata),
        };
        let keys = match metadata.get("jwks").map(|jwks| jwks.get("keys")) {
            None => &[][..],
            Some(Some(Value::Array(keys))) if keys.len() <= MAX_KEYS => keys,
            Some(_) => return Err(BadClientMetadata),
        };
        let enc = content_encryption(metadata)?;
        let encryption = match (enc, keys.iter().find_map(usable_key)) {
            (Some(enc), Some((key, kid))) => Some(ResponseEncryption { key, kid, enc }),
            _ => None,
        };
        Ok(Self {
            encryption,
            vp_formats,
        })
    }

    /// True when the verifier can read credentials of `format`; also when it did not say.
    #[must_use]
    pub fn accepts_format(&self, format: &str) -> bool {
        self.vp_formats
            .as_ref()
            .is_none_or(|formats| formats.contains_key(format))
    }
}

/// `client_metadata` to send: what this implementation verifies, and the key for the response where it is to be
/// encrypted. `alg`, `use` and `kid` are always there, and both content encryptions (HAIP 1.0 §5).
#[must_use]
pub fn client_metadata(response_key: Option<(&PublicKey, &str)>, profile: &Profile) -> Object {
    let mut out = Object::new();
    put(&mut out, "vp_formats_supported", vp_formats(profile));
    if let Some((key, kid)) = response_key {
        let mut jwk = key.to_jwk();
        kid.put_json(&mut jwk, "kid");
        "enc".put_json(&mut jwk, "use");
        "ECDH-ES".put_json(&mut jwk, "alg");
        put(&mut out, "jwks", json!({ "keys": [jwk] }));
        put(
            &mut out,
            "encrypted_response_enc_values_supported",
            json!(["A128GCM", "A256GCM"]),
        );
    }
    out
}

/// `wallet_metadata` to send with a POST to `request_uri`: what this implementation can present.
#[must_use]
pub fn wallet_metadata(profile: &Profile) -> Object {
    let prefixes: Vec<&str> = ClientIdPrefix::SUPPORTED
        .into_iter()
        .filter(|prefix| super::is_allowed(*prefix, profile))
        .map(ClientIdPrefix::as_str)
        .collect();
    let modes: &[&str] = if profile.haip {
        &["direct_post.jwt"]
    } else {
        &["direct_post.jwt", "direct_post"]
    };
    let mut out = Object::new();
    put(&mut out, "vp_formats_supported", vp_formats(profile));
    prefixes.put_json(&mut out, "client_id_prefixes_supported");
    put(&mut out, "response_types_supported", json!(["vp_token"]));
    modes.put_json(&mut out, "response_modes_supported");
    algorithms(profile).put_json(&mut out, "request_object_signing_alg_values_supported");
    put(
        &mut out,
        "authorization_encryption_alg_values_supported",
        json!(["ECDH-ES"]),
    );
    put(
        &mut out,
        "authorization_encryption_enc_values_supported",
        json!(["A256GCM", "A128GCM"]),
    );
    out
}

/// Appendix B.3.4: the algorithms for `dc+sd-jwt`.
fn vp_formats(profile: &Profile) -> Value {
    json!({ "dc+sd-jwt": {
        "sd-jwt_alg_values": algorithms(profile),
        "kb-jwt_alg_values": algorithms(profile),
    } })
}

/// Appendix B.3.4 wants fully specified names (RFC 9864); many still know Ed25519 as `EdDSA` only.
fn algorithms(profile: &Profile) -> Vec<&'static str> {
    let names = |algorithm: &Algorithm| match algorithm {
        Algorithm::Ed25519 => vec!["Ed25519", "EdDSA"],
        other => vec![other.as_jose()],
    };
    profile.signature_algorithms.iter().flat_map(names).collect()
}

fn content_encryption(metadata: &Object) -> Result<Option<ContentEncryption>, BadClientMetadata> {
    let offered = match metadata.get("encrypted_response_enc_values_supported") {
        // §5.1: the default.
        None => return Ok(Some(ContentEncryption::A128Gcm)),
        Some(Value::Array(offered)) if !offered.is_empty() => offered,
        Some(_) => return Err(BadClientMetadata),
    };
    // HAIP 1.0 §5: A256GCM where the verifier has it.
    let supported = [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm];
    Ok(supported
        .into_iter()
        .find(|enc| offered.iter().any(|name| name.as_str() == Some(enc.as_jose()))))
}

/// §8.3, HAIP 1.0 §5: ECDH-ES on P-256. A key without `alg` counts as ECDH-ES: some verifiers leave it out.
fn usable_key(jwk: &Value) -> Option<(PublicKey, Option<String>)> {
    let jwk = jwk.as_object()?;
    let is = |name: &str, wanted: &str| jwk.get(name).is_none_or(|value| value.as_str() == Some(wanted));
    if !is("use", "enc") || !is("alg", "ECDH-ES") {
        return None;
    }
    let kid = match jwk.get("kid") {
        None => None,
        Some(Value::String(kid)) if kid.len() <= MAX_KID => Some(kid.clone()),
        Some(_) => return None,
    };
    // `alg` names what to do with the key here, not a signature algorithm.
    let mut bare = jwk.clone();
    bare.remove("alg");
    match PublicKey::from_jwk(&bare) {
        Ok(key @ PublicKey::P256(_)) => Some((key, kid)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Signer as _, SoftwareKey};

    fn key() -> PublicKey {
        SoftwareKey::from_bytes(&[9; 32]).unwrap().public_key()
    }

    #[test]
    fn what_we_send_can_be_read_back() {
        let sent = client_metadata(Some((&key(), "k1")), &Profile::HAIP);
        let read = ClientMetadata::parse(&sent).unwrap();
        let encryption = read.encryption.clone().unwrap();
        assert_eq!(encryption.key, key());
        assert_eq!(encryption.kid.as_deref(), Some("k1"));
        assert_eq!(encryption.enc, ContentEncryption::A256Gcm);
        assert!(read.accepts_format("dc+sd-jwt") && !read.accepts_format("mso_mdoc"));
        assert_eq!(sent["jwks"]["keys"][0]["alg"], "ECDH-ES");
        assert_eq!(sent["jwks"]["keys"][0]["use"], "enc");
    }

    #[test]
    fn unusable_keys_are_skipped_and_the_default_is_a128gcm() {
        let good = json!({ "kty": "EC", "crv": "P-256", "x": key().to_jwk()["x"], "y": key().to_jwk()["y"] });
        let mut signing = good.clone();
        signing["use"] = json!("sig");
        let mut wrapped = good.clone();
        wrapped["alg"] = json!("ECDH-ES+A256KW");
        let keys = json!([
            { "kty": "RSA", "n": "AQAB", "e": "AQAB" },
            { "kty": "OKP", "crv": "X25519", "x": "AAAA" },
            signing, wrapped, "not a key", good,
        ]);
        let metadata = json!({ "jwks": { "keys": keys } });
        let read = ClientMetadata::parse(metadata.as_object().unwrap()).unwrap();
        let encryption = read.encryption.unwrap();
        assert_eq!(encryption.key, key());
        assert_eq!(encryption.enc, ContentEncryption::A128Gcm);
        let metadata = json!({ "jwks": { "keys": [good] }, "encrypted_response_enc_values_supported": ["A128CBC-HS256"] });
        let read = ClientMetadata::parse(metadata.as_object().unwrap()).unwrap();
        assert_eq!(read.encryption, None);
    }
}
