//! The credential endpoint (OpenID4VCI 1.0 §8; CI-21, CI-22, CI-25), and the answer it shares with the deferred one.

use serde_json::{Map, Value};

use super::offer::insert;
use super::{Access, AnswerError, Rejection, RejectionCode, answer};
use crate::crypto::SignError;
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::json::{self, Object};
use crate::encoding::record::put;
use crate::env::Env;
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};
use crate::record;

/// What is asked for: exactly one of the two (CI-21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialTarget {
    /// `credential_configuration_id`.
    Configuration(String),
    /// `credential_identifier`, from the token response.
    Identifier(String),
}

/// `proofs`: which keys to bind copies to. Unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proofs {
    /// There is no such member.
    None,
    /// `jwt`: each asks for one copy bound to its key, or to each key of the attestation beside it (Appendix F.1).
    Jwt(Vec<String>),
    /// `attestation`: one key attestation, which asks for a copy for each of its keys (Appendix F.3, CI-24).
    Attestation(String),
}

/// A credential request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRequest {
    /// Which credential.
    pub target: CredentialTarget,
    /// Which keys.
    pub proofs: Proofs,
}

/// Longest time an issuer can make us wait before the next try, in seconds: 30 days.
pub const MAX_INTERVAL: u64 = 30 * 86_400;

/// What the credential endpoint and the deferred credential endpoint answer (§8.3, §9.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialAnswer {
    /// Issued now.
    Issued(CredentialResponse),
    /// Not yet (202): ask the deferred credential endpoint.
    Later {
        /// What to ask it for.
        transaction_id: String,
        /// Seconds to wait before asking: 1 to [`MAX_INTERVAL`].
        interval: u64,
    },
}

/// A credential response: issued now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialResponse {
    /// The copies, exactly as sent, one per proof.
    pub credentials: Vec<String>,
    /// For the notification endpoint.
    pub notification_id: Option<String>,
}

impl CredentialRequest {
    /// The request to the credential endpoint.
    ///
    /// # Errors
    /// [`SignError`] from the key that the token is bound to.
    pub fn to_http(
        &self,
        endpoint: &Endpoint,
        access: &Access,
        profile: &Profile,
        env: &mut Env<'_>,
    ) -> Result<HttpRequest, SignError> {
        access.post(endpoint, &self.to_json(), profile.limits.credentials, env)
    }

    /// The JSON body.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        match &self.target {
            CredentialTarget::Configuration(id) => insert(&mut out, "credential_configuration_id", Some(id)),
            CredentialTarget::Identifier(id) => insert(&mut out, "credential_identifier", Some(id)),
        }
        match &self.proofs {
            Proofs::None => {}
            Proofs::Jwt(proofs) => put(&mut out, "proofs", record!({ "jwt": proofs })),
            Proofs::Attestation(attestation) => {
                put(
                    &mut out,
                    "proofs",
                    record!({ "attestation": vec![attestation.clone()] }),
                );
            }
        }
        Value::Object(out)
    }

    /// Reads the body of a credential request.
    ///
    /// # Errors
    /// [`Rejection`] to answer with.
    pub fn parse(body: &[u8], profile: &Profile) -> Result<Self, Rejection> {
        let object = json::parse_object(body, profile.limits.json(profile.limits.credentials))
            .map_err(|error| Rejection::new(RejectionCode::InvalidCredentialRequest, &error.to_string()))?;
        let fields = Fields::new(&object, "");
        // CI-29: what came encrypted had this taken out (`encryption::open_request`); in the clear it is refused.
        if object.contains_key("credential_response_encryption") {
            let why = "a request for an encrypted response must be encrypted";
            return Err(Rejection::new(RejectionCode::InvalidEncryptionParameters, why));
        }
        let invalid =
            |error: &FieldError| Rejection::new(RejectionCode::InvalidCredentialRequest, &error.to_string());
        let id = |name: &str| fields.opt_text(name, 256).map_err(|error| invalid(&error));
        // CI-21, §8.2: one of the two, never both.
        let target = match (id("credential_configuration_id")?, id("credential_identifier")?) {
            (Some(id), None) => CredentialTarget::Configuration(id.to_owned()),
            (None, Some(id)) => CredentialTarget::Identifier(id.to_owned()),
            _ => {
                let why = "exactly one of credential_configuration_id and credential_identifier";
                return Err(Rejection::new(RejectionCode::InvalidCredentialRequest, why));
            }
        };
        let proofs = match fields.opt_object("proofs").map_err(|error| invalid(&error))? {
            Some(proofs) => read_proofs(proofs, profile)?,
            None => Proofs::None,
        };
        Ok(Self { target, proofs })
    }
}

impl CredentialAnswer {
    /// Reads the answer to a request with `asked` keys. There may be fewer copies than keys, never more.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(
        response: &HttpResponse,
        asked: usize,
        profile: &Profile,
    ) -> Result<Self, AnswerError> {
        let later = response.status == 202;
        let status = if later { 202 } else { 200 };
        let object = answer::read(response, status, profile.limits.credentials, profile)?;
        let fields = Fields::new(&object, "");
        // CI-25, §8.3: 200 with credentials or 202 with a transaction, never both.
        let other = if later { "credentials" } else { "transaction_id" };
        if object.contains_key(other) {
            return Err(fields.error(other, Problem::NotAllowed).into());
        }
        if later {
            let name = "interval";
            let interval = fields
                .opt_u64(name)?
                .ok_or_else(|| fields.error(name, Problem::Missing))?;
            return Ok(Self::Later {
                transaction_id: fields.text("transaction_id", 1024)?.to_owned(),
                interval: interval.clamp(1, MAX_INTERVAL),
            });
        }
        let name = "credentials";
        let list = fields
            .opt_list(name, asked.max(1))?
            .filter(|list| !list.is_empty())
            .ok_or_else(|| fields.error(name, Problem::Missing))?;
        let credentials = list
            .iter()
            .map(|entry| Ok(Fields::of(entry, name)?.text("credential", 512 << 10)?.to_owned()))
            .collect::<Result<_, FieldError>>()?;
        Ok(Self::Issued(CredentialResponse {
            credentials,
            notification_id: fields.opt_text("notification_id", 1024)?.map(str::to_owned),
        }))
    }

    /// The status code to answer with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Issued(_) => 200,
            Self::Later { .. } => 202,
        }
    }

    /// The JSON body. Send it with `Cache-Control: no-store`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Issued(response) => response.to_json(),
            Self::Later {
                transaction_id,
                interval,
            } => record!({ "transaction_id": transaction_id, "interval": interval }),
        }
    }
}

impl CredentialResponse {
    /// The JSON body. Send it with `Cache-Control: no-store`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let credentials = self
            .credentials
            .iter()
            .map(|copy| record!({ "credential": copy }));
        let mut out = Map::new();
        put(&mut out, "credentials", credentials.collect());
        insert(&mut out, "notification_id", self.notification_id.as_deref());
        Value::Object(out)
    }
}

fn read_proofs(proofs: &Object, profile: &Profile) -> Result<Proofs, Rejection> {
    let invalid = |why: &str| Rejection::new(RejectionCode::InvalidProof, why);
    // CI-21, §8.2: exactly one member, named after the proof type.
    if proofs.len() != 1 {
        return Err(invalid("proofs must have exactly one member"));
    }
    let list = |name, max, each| {
        Fields::new(proofs, "proofs")
            .opt_texts(name, max, each)
            .map_err(|error| invalid(&error.to_string()))
    };
    if let Some(proofs) = list("jwt", profile.limits.batch, 96 << 10)? {
        return Ok(Proofs::Jwt(proofs));
    }
    // CI-24, Appendix F: exactly one.
    if let Some(attestation) = list("attestation", 1, 64 << 10)?.and_then(|mut list| list.pop()) {
        return Ok(Proofs::Attestation(attestation));
    }
    Err(invalid("only the proof types jwt and attestation are supported"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(body: &Value) -> RejectionCode {
        CredentialRequest::parse(body.to_string().as_bytes(), &Profile::BASELINE)
            .unwrap_err()
            .code
    }

    /// CI-21.
    #[test]
    fn refused_requests() {
        let id = "credential_configuration_id";
        for (body, expected) in [
            (json!({}), RejectionCode::InvalidCredentialRequest),
            (
                json!({ id: "a", "credential_identifier": "b" }),
                RejectionCode::InvalidCredentialRequest,
            ),
            (json!({ id: 1 }), RejectionCode::InvalidCredentialRequest),
            (
                json!({ id: "a", "proofs": [] }),
                RejectionCode::InvalidCredentialRequest,
            ),
            (json!({ id: "a", "proofs": {} }), RejectionCode::InvalidProof),
            (
                json!({ id: "a", "proofs": { "jwt": [] } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "proofs": { "jwt": "x" } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "proofs": { "jwt": ["x"], "di_vp": [{}] } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "proofs": { "attestation": ["x", "y"] } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "proofs": { "attestation": [] } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "proofs": { "attestation": ["x"], "jwt": ["x"] } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "proofs": { "di_vp": [{}] } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "proofs": { "jwt": vec!["x"; 101] } }),
                RejectionCode::InvalidProof,
            ),
            (
                json!({ id: "a", "credential_response_encryption": {} }),
                RejectionCode::InvalidEncryptionParameters,
            ),
        ] {
            assert_eq!(code(&body), expected, "{body}");
        }
    }

    #[test]
    fn round_trips() {
        for proofs in [
            Proofs::None,
            Proofs::Jwt(vec!["a".into(), "b".into()]),
            Proofs::Attestation("a".into()),
        ] {
            let request = CredentialRequest {
                target: CredentialTarget::Configuration("identity".into()),
                proofs,
            };
            let body = request.to_json().to_string();
            assert_eq!(
                CredentialRequest::parse(body.as_bytes(), &Profile::BASELINE).unwrap(),
                request
            );
        }
        let response = CredentialResponse {
            credentials: vec!["x~".into(), "y~".into()],
            notification_id: Some("n".into()),
        };
        let answer = CredentialAnswer::Issued(response);
        let read = |answer: &CredentialAnswer, asked| read(answer.status(), &answer.to_json(), asked);
        assert_eq!(read(&answer, 2).unwrap(), answer);
        assert!(read(&answer, 1).is_err(), "more copies than keys");
        let later = CredentialAnswer::Later {
            transaction_id: "t".into(),
            interval: 3600,
        };
        assert_eq!(read(&later, 2).unwrap(), later);
    }

    fn read(status: u16, body: &Value, asked: usize) -> Result<CredentialAnswer, AnswerError> {
        let http = HttpResponse {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string(),
        };
        CredentialAnswer::from_response(&http, asked, &Profile::BASELINE)
    }

    /// CI-25, CI-27: either credentials or "later", and what belongs to it.
    #[test]
    fn refused_answers() {
        let copies = json!([{ "credential": "x" }]);
        for (status, body) in [
            (200, json!({})),
            (200, json!({ "credentials": [] })),
            (200, json!({ "credentials": [{}] })),
            (200, json!({ "credentials": ["x"] })),
            (200, json!({ "credentials": copies, "transaction_id": "t" })),
            (200, json!({ "transaction_id": "t", "interval": 5 })),
            (202, json!({ "credentials": copies })),
            (
                202,
                json!({ "credentials": copies, "transaction_id": "t", "interval": 5 }),
            ),
            (202, json!({ "transaction_id": "t" })),
            (202, json!({ "interval": 5 })),
            (202, json!({ "transaction_id": "", "interval": 5 })),
            (202, json!({ "transaction_id": "t".repeat(1025), "interval": 5 })),
            (202, json!({ "transaction_id": "t", "interval": "5" })),
            (202, json!({ "transaction_id": "t", "interval": -5 })),
            (201, json!({ "credentials": copies })),
            (204, json!({})),
        ] {
            assert!(read(status, &body, 2).is_err(), "{status} {body}");
        }
        let interval = |seconds: u64| match read(
            202,
            &json!({ "transaction_id": "t", "interval": seconds }),
            2,
        )
        .unwrap()
        {
            CredentialAnswer::Later { interval, .. } => interval,
            CredentialAnswer::Issued(_) => panic!("issued"),
        };
        assert_eq!((interval(0), interval(u64::MAX)), (1, MAX_INTERVAL));
    }
}
