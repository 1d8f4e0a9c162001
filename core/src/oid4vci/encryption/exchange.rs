//! The wallet's side.

use serde_json::{Map, Value};

use super::super::metadata::{IssuerMetadata, RequestEncryption, ResponseEncryption};
use super::super::{AnswerError, SecretText};
use super::{ALG, MEDIA_TYPE, MEMBER, describe, is_for_us, preferred};
use crate::crypto::{PublicKey, Signer as _, SoftwareKey};
use crate::encoding::base64url;
use crate::encoding::json::{self, Limits};
use crate::encoding::jwe::{self, ContentEncryption, EncryptedJwe, JweError};
use crate::encoding::record::put;
use crate::env::Env;
use crate::http::{HttpRequest, HttpResponse};

/// One encrypted request and its answer.
#[derive(Debug)]
pub struct Exchange {
    key: PublicKey,
    kid: String,
    enc: ContentEncryption,
    reply: Option<Reply>,
}

/// The key that the answer must be encrypted to, for this one answer.
#[derive(Debug)]
struct Reply {
    key: SoftwareKey,
    kid: String,
    enc: ContentEncryption,
}

impl Exchange {
    /// How to encrypt the next request to this issuer and its answer: both where it announces both, `None` where it
    /// does not.
    ///
    /// # Errors
    /// [`AnswerError::Encryption`] when the issuer demands what we cannot; no randomness counts as that, too.
    pub fn with(metadata: &IssuerMetadata, env: &mut Env<'_>) -> Result<Option<Self>, AnswerError> {
        let (request, response) = (&metadata.request_encryption, &metadata.response_encryption);
        let demanded = request.as_ref().is_some_and(|it| it.encryption_required);
        let answer_demanded = response.as_ref().is_some_and(|it| it.encryption_required);
        let to = request.as_ref().and_then(usable_key);
        let answer = response.as_ref().and_then(usable_enc);
        // §8.2: a request that asks for an encrypted response must be encrypted, so that nobody on the way puts in a
        // key of their own.
        let Some((key, kid, enc)) = to else {
            return if demanded || answer_demanded {
                Err(AnswerError::Encryption)
            } else {
                Ok(None)
            };
        };
        let reply = match answer {
            Some(enc) => Some(Reply::fresh(enc, env)?),
            None if answer_demanded => return Err(AnswerError::Encryption),
            None if demanded => None,
            None => return Ok(None),
        };
        Ok(Some(Self { key, kid, enc, reply }))
    }

    /// The same request, encrypted, asking for an encrypted answer. Its body must be a JSON object; its headers stay.
    ///
    /// # Errors
    /// [`JweError`].
    pub fn seal(&self, request: HttpRequest, env: &mut Env<'_>) -> Result<HttpRequest, JweError> {
        let body = request.body.as_deref().unwrap_or_default();
        let mut body =
            json::parse_object(body.as_bytes(), Limits::MESSAGE).map_err(|_| JweError::Malformed)?;
        if let Some(reply) = &self.reply {
            let mut asked = Map::new();
            let jwk = describe(reply.key.public_key().to_jwk(), &reply.kid);
            put(&mut asked, "jwk", Value::Object(jwk));
            put(&mut asked, "enc", Value::from(reply.enc.as_jose()));
            put(&mut body, MEMBER, Value::Object(asked));
        }
        let plain = SecretText::new(Value::Object(body).to_string());
        // §10: `kid` of the chosen key.
        let sealed = jwe::encrypt(
            &self.key,
            Some(&self.kid),
            self.enc,
            plain.expose().as_bytes(),
            env,
        )?;
        let mut request = HttpRequest {
            body: Some(sealed),
            ..request
        };
        for (name, value) in &mut request.headers {
            match name.as_str() {
                "content-type" => MEDIA_TYPE.clone_into(value),
                "accept" => "application/json, application/jwt".clone_into(value),
                _ => {}
            }
        }
        // Base64url, and the header.
        request.max_response = request.max_response / 3 * 4 + 4096;
        Ok(request)
    }

    /// The answer as it would be without encryption. Errors come as JSON (§8.3.1).
    ///
    /// # Errors
    /// [`AnswerError::MediaType`] for a good answer in the clear when an encrypted one was asked for,
    /// [`AnswerError::Sealed`].
    pub fn open(&self, response: HttpResponse) -> Result<HttpResponse, AnswerError> {
        let Some(reply) = &self.reply else {
            return Ok(response);
        };
        let encrypted = response.media_type().as_deref() == Some(MEDIA_TYPE);
        if !encrypted {
            // §10: what was to be encrypted is not taken in the clear.
            return if response.is_success() {
                Err(AnswerError::MediaType)
            } else {
                Ok(response)
            };
        }
        let jwe = EncryptedJwe::parse(response.body.trim())?;
        let header = jwe.header();
        if header.enc != reply.enc || header.kid.as_ref().is_some_and(|kid| *kid != reply.kid) {
            return Err(JweError::Key.into());
        }
        let plain = jwe.decrypt(&reply.key)?;
        let body = std::str::from_utf8(&plain).map_err(|_| JweError::Malformed)?;
        Ok(HttpResponse {
            status: response.status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_owned(),
        })
    }
}

impl Reply {
    fn fresh(enc: ContentEncryption, env: &mut Env<'_>) -> Result<Self, AnswerError> {
        let key = SoftwareKey::generate(env.rng).map_err(|_| AnswerError::Encryption)?;
        let kid = base64url::encode(&key.public_key().thumbprint());
        Ok(Self { key, kid, enc })
    }
}

fn usable_key(request: &RequestEncryption) -> Option<(PublicKey, String, ContentEncryption)> {
    let enc = preferred(&request.enc_values_supported)?;
    request.keys.iter().find_map(|jwk| {
        let key = PublicKey::from_jwk(jwk).ok()?;
        let kid = jwk.get("kid")?.as_str()?;
        let usable = matches!(key, PublicKey::P256(_)) && is_for_us(jwk);
        usable.then(|| (key, kid.to_owned(), enc))
    })
}

fn usable_enc(response: &ResponseEncryption) -> Option<ContentEncryption> {
    let known = response.alg_values_supported.iter().any(|alg| alg == ALG);
    preferred(&response.enc_values_supported).filter(|_| known)
}
