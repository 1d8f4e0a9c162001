//! Reads published test vectors.
//!
//! They are kept outside the project, in the folder named by `ASSENT_VECTORS` or in `shared/vectors` beside the
//! checkout. A missing file fails the test: vectors that are not there prove nothing.

use std::path::{Path, PathBuf};

use assent_core::crypto::{PublicKey, SoftwareKey};
use assent_core::encoding::base64url;
use serde_json::Value;

/// The text of a vector file, e.g. `sd-jwt/rfc9901-examples.json`.
pub fn text(name: &str) -> String {
    let path = find(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "test vector {} cannot be read ({error}): set ASSENT_VECTORS to the folder of published vectors",
            path.display()
        )
    })
}

/// A vector file as JSON.
pub fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name} is not JSON: {error}"))
}

/// Bytes from hexadecimal digits.
pub fn hex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2), "odd number of hexadecimal digits");
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits"))
        .collect()
}

/// The public half of a JWK, which may hold the private half too.
pub fn public_key(jwk: &Value) -> PublicKey {
    let mut jwk = jwk.as_object().expect("a JWK").clone();
    jwk.remove("d");
    PublicKey::from_jwk(&jwk).expect("a public JWK")
}

/// The private half of a P-256 JWK.
pub fn private_key(jwk: &Value) -> SoftwareKey {
    let d = base64url::decode(jwk["d"].as_str().expect("a private JWK")).expect("base64url");
    SoftwareKey::from_bytes(&d).expect("a P-256 key")
}

fn find(name: &str) -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find their vectors through the environment"
    )]
    let folder = std::env::var("ASSENT_VECTORS").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        PathBuf::from,
    );
    folder.join(name)
}
