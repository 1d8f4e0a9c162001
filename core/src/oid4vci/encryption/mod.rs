//! Encrypted credential requests and responses (OpenID4VCI 1.0 §8.2, §10, §12.2.4; CI-29).
//!
//! Encryption is an envelope around finished messages: what is in a credential or deferred credential request does not
//! depend on it. The wallet's side is an [`Exchange`], one for each request; the issuer's side is [`open_request`] with
//! its [`RequestKey`]s, and the [`ReplyKey`] of the request for the answer. `ECDH-ES` on P-256 with AES-GCM, never
//! compressed: a compressed text shows by its length what is in it, and grows without bound when it is read.

mod exchange;
mod opened;

pub use exchange::Exchange;
pub use opened::{EncryptionRule, Opened, ReplyKey, RequestKey, announcement, open_request};

use serde_json::Value;

use crate::encoding::json::Object;
use crate::encoding::jwe::ContentEncryption;

/// The only key agreement (RFC 7518 §4.6).
const ALG: &str = "ECDH-ES";
/// The media type of an encrypted message (§10).
pub const MEDIA_TYPE: &str = "application/jwt";
/// The member of a request that asks for an encrypted response.
const MEMBER: &str = "credential_response_encryption";

/// The content encryption to use of those listed: the longer key where there is a choice.
fn preferred(listed: &[String]) -> Option<ContentEncryption> {
    [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm]
        .into_iter()
        .find(|enc| listed.iter().any(|name| name == enc.as_jose()))
}

/// §10: a key is for one algorithm, named in it, and not for signatures.
fn is_for_us(jwk: &Object) -> bool {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    text("alg") == Some(ALG) && text("use").is_none_or(|purpose| purpose == "enc")
}

/// A JWK as it is announced: the public key, with what it is for.
fn describe(mut jwk: Object, kid: &str) -> Object {
    use crate::encoding::record::put_text;
    put_text(&mut jwk, "kid", kid);
    put_text(&mut jwk, "use", "enc");
    put_text(&mut jwk, "alg", ALG);
    jwk
}

#[cfg(test)]
mod tests;
