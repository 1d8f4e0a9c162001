//! Signing a Status List Token (§5).

use serde_json::{Value, json};

use super::token::STATUS_LIST_JWT_TYPE;
use super::{StatusList, cwt};
use crate::crypto::{SignError, Signer};
use crate::encoding::json::Object;
use crate::encoding::jws;
use crate::env::Timestamp;

/// What a Status List Token says besides the list.
#[derive(Debug, Clone)]
pub struct StatusListClaims {
    /// The address the token is served at, exactly as the credentials' references have it (`sub`).
    pub uri: String,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Option<Timestamp>,
    /// How many seconds a reader may keep it (`ttl`).
    pub ttl: Option<i64>,
}

impl StatusListClaims {
    /// The JWT form (§5.1). `x5c` is the signer's chain as DER, leaf first, without the anchor (HAIP 1.0 §6.1).
    ///
    /// # Errors
    /// [`SignError`] from the signer.
    pub fn sign_jwt(
        &self,
        list: &StatusList,
        x5c: &[Vec<u8>],
        signer: &dyn Signer,
    ) -> Result<String, SignError> {
        let mut claims = Object::new();
        claims.insert("sub".into(), Value::from(self.uri.as_str()));
        claims.insert("iat".into(), json!(self.issued_at.0));
        if let Some(exp) = self.expires_at {
            claims.insert("exp".into(), json!(exp.0));
        }
        if let Some(ttl) = self.ttl {
            claims.insert("ttl".into(), json!(ttl));
        }
        claims.insert(
            "status_list".into(),
            json!({ "bits": list.bits().number(), "lst": list.to_lst() }),
        );
        jws::sign_jwt(STATUS_LIST_JWT_TYPE, x5c, &claims, signer)
    }

    /// The CWT form (§5.2).
    ///
    /// # Errors
    /// [`SignError`] from the signer.
    pub fn sign_cwt(
        &self,
        list: &StatusList,
        x5c: &[Vec<u8>],
        signer: &dyn Signer,
    ) -> Result<Vec<u8>, SignError> {
        cwt::sign(
            &self.uri,
            self.issued_at,
            self.expires_at,
            self.ttl,
            list,
            x5c,
            signer,
        )
    }
}
