//! The issuer's side.

use serde_json::Value;
use zeroize::Zeroizing;

use super::super::metadata::{RequestEncryption, ResponseEncryption};
use super::super::{Rejection, RejectionCode};
use super::{ALG, MEDIA_TYPE, MEMBER, describe, is_for_us};
use crate::crypto::{PublicKey, Signer as _, SoftwareKey};
use crate::encoding::base64url;
use crate::encoding::fields::Fields;
use crate::encoding::json::{self, Object};
use crate::encoding::jwe::{self, ContentEncryption, EncryptedJwe, JweError};
use crate::env::Env;
use crate::profile::Profile;

/// Whether credential messages are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncryptionRule {
    /// Never, and nothing about it is announced.
    Off,
    /// When the wallet does it.
    #[default]
    Offered,
    /// Requests and responses, always.
    Required,
}

/// A key that wallets may encrypt requests to. Its id is its thumbprint.
#[derive(Debug, Clone)]
pub struct RequestKey {
    key: SoftwareKey,
    kid: String,
}

/// A request without its envelope.
#[derive(Debug)]
pub struct Opened {
    /// The JSON of the request; what it says about the encryption of the response is taken out.
    pub body: Zeroizing<Vec<u8>>,
    /// What the response must be encrypted to, when the wallet asked for it.
    pub reply: Option<ReplyKey>,
}

/// The key of the wallet for one response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyKey {
    key: PublicKey,
    kid: Option<String>,
    enc: ContentEncryption,
}

impl RequestKey {
    /// From the private key.
    #[must_use]
    pub fn new(key: SoftwareKey) -> Self {
        let kid = base64url::encode(&key.public_key().thumbprint());
        Self { key, kid }
    }

    /// Its id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl ReplyKey {
    /// The body of an encrypted response; its media type is [`MEDIA_TYPE`].
    ///
    /// # Errors
    /// [`JweError::Random`].
    pub fn seal(&self, response: &Value, env: &mut Env<'_>) -> Result<String, JweError> {
        let plain = Zeroizing::new(response.to_string());
        jwe::encrypt(&self.key, self.kid.as_deref(), self.enc, plain.as_bytes(), env)
    }

    /// The member `credential_response_encryption` of a request (§8.2).
    fn read(asked: &Object) -> Result<Self, Rejection> {
        let fields = Fields::new(asked, MEMBER);
        let jwk = fields
            .opt_object("jwk")
            .map_err(|error| refuse(&error.to_string()))?;
        let jwk = jwk.filter(|jwk| is_for_us(jwk));
        let key = jwk.and_then(|jwk| PublicKey::from_jwk(jwk).ok());
        let Some(key @ PublicKey::P256(_)) = key else {
            return Err(refuse("jwk must be a P-256 key with the alg ECDH-ES"));
        };
        let enc = fields.get("enc").and_then(Value::as_str);
        let enc = enc.and_then(ContentEncryption::from_jose);
        let enc = enc.ok_or_else(|| refuse("enc is not one of the metadata"))?;
        // The metadata names no compression.
        if asked.contains_key("zip") {
            return Err(refuse("zip is not supported"));
        }
        let kid = jwk.and_then(|jwk| jwk.get("kid")).and_then(Value::as_str);
        Ok(Self {
            key,
            kid: kid.filter(|kid| kid.len() <= 256).map(str::to_owned),
            enc,
        })
    }
}

/// What the metadata says about it: the keys to announce, the newest first; `None` when encryption is off.
#[must_use]
pub fn announcement(
    rule: EncryptionRule,
    keys: &[RequestKey],
) -> Option<(RequestEncryption, ResponseEncryption)> {
    if rule == EncryptionRule::Off || keys.is_empty() {
        return None;
    }
    let required = rule == EncryptionRule::Required;
    let encs: Vec<String> = [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm]
        .map(|enc| enc.as_jose().to_owned())
        .into();
    let described = |key: &RequestKey| describe(key.key.public_key().to_jwk(), &key.kid);
    let request = RequestEncryption {
        keys: keys.iter().map(described).collect(),
        enc_values_supported: encs.clone(),
        encryption_required: required,
    };
    let response = ResponseEncryption {
        alg_values_supported: vec![ALG.to_owned()],
        enc_values_supported: encs,
        encryption_required: required,
    };
    Some((request, response))
}

/// Takes a credential or deferred credential request out of its envelope, if it has one. `keys` are all that may have
/// been announced to a wallet that comes now.
///
/// # Errors
/// [`Rejection`] with `invalid_encryption_parameters` (§8.3.1.2).
pub fn open_request(
    body: &[u8],
    media_type: Option<&str>,
    rule: EncryptionRule,
    keys: &[RequestKey],
    profile: &Profile,
) -> Result<Opened, Rejection> {
    let encrypted = media_type.is_some_and(|it| it.eq_ignore_ascii_case(MEDIA_TYPE));
    let body = match (encrypted, rule) {
        (true, EncryptionRule::Off) => return Err(refuse("encrypted requests are not supported")),
        (true, _) => decrypt(body, keys)?,
        (false, EncryptionRule::Required) => return Err(refuse("the request must be encrypted")),
        (false, _) => Zeroizing::new(body.to_vec()),
    };
    let limits = profile.limits.json(profile.limits.credentials);
    let asked = json::parse_object(&body, limits).ok().and_then(|mut object| {
        let asked = object.remove(MEMBER)?;
        Some((asked, object))
    });
    let Some((asked, rest)) = asked else {
        if rule == EncryptionRule::Required {
            return Err(refuse("credential_response_encryption is missing"));
        }
        // What is not JSON is refused by whoever reads the message.
        return Ok(Opened { body, reply: None });
    };
    // §8.2: in the clear, somebody on the way could have put in a key of their own.
    if !encrypted {
        let why = "a request for an encrypted response must be encrypted";
        return Err(refuse(why));
    }
    let asked = asked
        .as_object()
        .ok_or_else(|| refuse("credential_response_encryption is not an object"))?;
    Ok(Opened {
        body: Zeroizing::new(Value::Object(rest).to_string().into_bytes()),
        reply: Some(ReplyKey::read(asked)?),
    })
}

fn decrypt(body: &[u8], keys: &[RequestKey]) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let text = std::str::from_utf8(body).map_err(|_| refuse("the request is not a compact JWE"))?;
    let jwe = EncryptedJwe::parse(text.trim()).map_err(|error| refuse(&error.to_string()))?;
    let kid = jwe.header().kid.as_deref();
    let key = keys.iter().find(|key| kid == Some(key.kid()));
    let key = key.ok_or_else(|| refuse("kid is not of a key in the metadata"))?;
    jwe.decrypt(&key.key).map_err(|error| refuse(&error.to_string()))
}

fn refuse(why: &str) -> Rejection {
    Rejection::new(RejectionCode::InvalidEncryptionParameters, why)
}
