//! Tests of the whole module, on SD-JWTs made here. The published examples are in `core/tests/published`.

mod holder;
mod issue;
mod key_binding;
mod properties;
mod rejections;
mod structure;
mod vc;

use serde_json::{Value, json};

use super::{SdAlg, SdJwtError, UnverifiedSdJwt, VerifiedSdJwt};
use crate::claims::ClaimsPath;
use crate::crypto::{RustCrypto, Signer as _, SoftwareKey};
use crate::encoding::json::Object;
use crate::encoding::{base64url, jws};
pub(super) use crate::env::testing::Counter as Counting;
use crate::env::{Env, Timestamp};

pub(super) const NOW: Timestamp = Timestamp(1_800_000_000);

pub(super) fn issuer() -> SoftwareKey {
    SoftwareKey::from_bytes(&[1; 32]).unwrap()
}

pub(super) fn holder() -> SoftwareKey {
    SoftwareKey::from_bytes(&[2; 32]).unwrap()
}

pub(super) fn env(rng: &mut Counting) -> Env<'_> {
    Env { now: NOW, rng }
}

pub(super) fn object(value: Value) -> Object {
    value.as_object().unwrap().clone()
}

pub(super) fn path(value: Value) -> ClaimsPath {
    ClaimsPath::from_json(&value).unwrap()
}

pub(super) fn paths(value: Value) -> Vec<ClaimsPath> {
    serde_json::from_value(value).unwrap()
}

/// The base64url text of a disclosure.
pub(super) fn encode(parts: Value) -> String {
    base64url::encode(parts.to_string().as_bytes())
}

pub(super) fn digest(disclosure: &str) -> String {
    SdAlg::Sha256.digest(disclosure)
}

/// Signs any payload and appends any disclosures.
pub(super) fn compact(payload: Value, disclosures: &[&str]) -> String {
    let mut out = jws::sign_jwt("dc+sd-jwt", &[], &object(payload), &issuer()).unwrap();
    out.push('~');
    for disclosure in disclosures {
        out.push_str(disclosure);
        out.push('~');
    }
    out
}

pub(super) fn verify(compact: &str) -> Result<VerifiedSdJwt, SdJwtError> {
    UnverifiedSdJwt::parse(compact)?.verify_issuer(&issuer().public_key(), &RustCrypto)
}

/// The processed claims of a payload with disclosures.
pub(super) fn processed(payload: Value, disclosures: &[&str]) -> Result<Value, SdJwtError> {
    let verified = verify(&compact(payload, disclosures))?;
    Ok(Value::Object(verified.claims().clone()))
}

/// A disclosure of claim `name` and its digest.
pub(super) fn member(name: &str, value: Value) -> (String, String) {
    let disclosure = encode(json!(["salt", name, value]));
    let digest = digest(&disclosure);
    (disclosure, digest)
}

/// A disclosure of an array element and its digest.
pub(super) fn element(value: Value) -> (String, String) {
    let disclosure = encode(json!(["salt", value]));
    let digest = digest(&disclosure);
    (disclosure, digest)
}
