//! The token endpoint for the pre-authorised code grant (OpenID4VCI 1.0 §6; CI-12…CI-15).

use serde_json::{Map, Value, json};

use super::offer::{PRE_AUTHORIZED_CODE, insert};
use super::{AnswerError, Rejection, RejectionCode, SecretText, answer};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::form;
use crate::encoding::record::{FromJson, ToJson};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};

/// A token request with a pre-authorised code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// The code of the offer.
    pub pre_authorized_code: SecretText,
    /// What the person typed, when the offer demanded a transaction code.
    pub tx_code: Option<SecretText>,
    /// The client, unless anonymous.
    pub client_id: Option<String>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct TokenResponse {
    /// A bearer token. CI-15: never kept longer than the issuance.
    pub access_token: SecretText,
    /// Seconds until it ends, when the server says.
    pub expires_in: Option<u64>,
    /// Which credentials it is good for; empty when the server does not say.
    pub authorization_details: Vec<AuthorizedCredential>,
}

/// One entry of `authorization_details` in a token response (§6.2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct AuthorizedCredential {
    /// The configuration.
    pub credential_configuration_id: String,
    /// CI-13: non-empty; requests must then use one of these.
    pub credential_identifiers: Vec<String>,
}

impl TokenRequest {
    /// The request to the token endpoint.
    #[must_use]
    pub fn to_http(&self, token_endpoint: &Endpoint, profile: &Profile) -> HttpRequest {
        let mut pairs = vec![
            ("grant_type", PRE_AUTHORIZED_CODE),
            ("pre-authorized_code", self.pre_authorized_code.expose()),
        ];
        if let Some(code) = &self.tx_code {
            pairs.push(("tx_code", code.expose()));
        }
        if let Some(client) = &self.client_id {
            pairs.push(("client_id", client));
        }
        HttpRequest::post(
            token_endpoint.as_str(),
            "application/x-www-form-urlencoded",
            form::encode(pairs),
            profile.limits.small,
        )
        .header("accept", "application/json")
    }

    /// Reads the form body of a token request.
    ///
    /// # Errors
    /// [`Rejection`] to answer with.
    pub fn parse(body: &str) -> Result<Self, Rejection> {
        let bad = |why: &str| Rejection::new(RejectionCode::InvalidRequest, why);
        if body.len() > 16 << 10 {
            return Err(bad("the request is too long"));
        }
        let pairs = form::decode(body).ok_or_else(|| bad("not a form, or a parameter is repeated"))?;
        match form::get(&pairs, "grant_type") {
            Some(PRE_AUTHORIZED_CODE) => {}
            Some(_) => {
                let why = "only the pre-authorised code grant is supported";
                return Err(Rejection::new(RejectionCode::UnsupportedGrantType, why));
            }
            None => return Err(bad("grant_type is missing")),
        }
        let secret = |name: &str| {
            form::get(&pairs, name)
                .filter(|text| !text.is_empty())
                .map(SecretText::new)
        };
        Ok(Self {
            pre_authorized_code: secret("pre-authorized_code")
                .ok_or_else(|| bad("pre-authorized_code is missing"))?,
            tx_code: secret("tx_code"),
            client_id: form::get(&pairs, "client_id").map(str::to_owned),
        })
    }
}

impl TokenResponse {
    /// Reads the answer of the token endpoint.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(response: &HttpResponse, profile: &Profile) -> Result<Self, AnswerError> {
        let object = answer::read(response, 200, profile.limits.small, profile)?;
        let fields = Fields::new(&object, "");
        // RFC 6749 §7.1: a token of a type we do not know must not be used. DPoP needs a proof we do not send.
        if !fields.text("token_type", 32)?.eq_ignore_ascii_case("bearer") {
            return Err(fields.error("token_type", Problem::NotAllowed).into());
        }
        let details = fields.opt_list("authorization_details", 20)?.unwrap_or_default();
        Ok(Self {
            access_token: SecretText::new(fields.text("access_token", 8192)?),
            expires_in: fields.opt_u64("expires_in")?,
            authorization_details: details
                .iter()
                .filter_map(|entry| AuthorizedCredential::read(entry).transpose())
                .collect::<Result<_, _>>()?,
        })
    }

    /// The JSON body. Send it with `Cache-Control: no-store` (RFC 6749 §5.1).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = Map::new();
        insert(&mut out, "access_token", Some(self.access_token.expose()));
        insert(&mut out, "token_type", Some("Bearer"));
        if let Some(seconds) = self.expires_in {
            out.insert("expires_in".into(), Value::from(seconds));
        }
        if !self.authorization_details.is_empty() {
            let details = self.authorization_details.iter().map(|entry| {
                json!({
                    "type": "openid_credential",
                    "credential_configuration_id": entry.credential_configuration_id,
                    "credential_identifiers": entry.credential_identifiers,
                })
            });
            out.insert("authorization_details".into(), details.collect());
        }
        Value::Object(out)
    }

    /// The identifier to use for `configuration_id`, when the server gave any (CI-13).
    #[must_use]
    pub fn credential_identifier(&self, configuration_id: &str) -> Option<&str> {
        self.authorization_details
            .iter()
            .find(|entry| entry.credential_configuration_id == configuration_id)
            .and_then(|entry| entry.credential_identifiers.first())
            .map(String::as_str)
    }
}

impl AuthorizedCredential {
    /// `None` for an entry of another type (RFC 9396 §2: types are independent of each other).
    fn read(value: &Value) -> Result<Option<Self>, FieldError> {
        let fields = Fields::of(value, "authorization_details")?;
        if fields.text("type", 128)? != "openid_credential" {
            return Ok(None);
        }
        let name = "credential_identifiers";
        Ok(Some(Self {
            credential_configuration_id: fields.text("credential_configuration_id", 256)?.to_owned(),
            credential_identifiers: fields
                .opt_texts(name, 100, 256)?
                .ok_or_else(|| fields.error(name, Problem::Missing))?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &Value) -> HttpResponse {
        HttpResponse {
            status: 200,
            headers: vec![("Content-Type".into(), "application/json; charset=utf-8".into())],
            body: body.to_string(),
        }
    }

    #[test]
    fn requests_round_trip_and_hide_their_codes() {
        let request = TokenRequest {
            pre_authorized_code: SecretText::new("a b+c"),
            tx_code: Some(SecretText::new("1234")),
            client_id: None,
        };
        let endpoint = Endpoint::parse("https://issuer.example/token", &Profile::BASELINE).unwrap();
        let http = request.to_http(&endpoint, &Profile::BASELINE);
        assert_eq!(
            TokenRequest::parse(http.body.as_deref().unwrap()).unwrap(),
            request
        );
        assert!(!format!("{request:?}{http:?}").contains("1234"));
    }

    /// CI-14.
    #[test]
    fn refused_requests() {
        let code = |body: &str| TokenRequest::parse(body).unwrap_err().code;
        assert_eq!(code("a=b"), RejectionCode::InvalidRequest);
        assert_eq!(
            code("grant_type=authorization_code&code=x"),
            RejectionCode::UnsupportedGrantType
        );
        let grant = form::encode([("grant_type", PRE_AUTHORIZED_CODE)]);
        assert_eq!(code(&grant), RejectionCode::InvalidRequest);
        assert_eq!(
            code(&format!("{grant}&pre-authorized_code=a&pre-authorized_code=b")),
            RejectionCode::InvalidRequest
        );
    }

    #[test]
    fn answers_round_trip_and_are_checked() {
        let response = TokenResponse {
            access_token: SecretText::new("token"),
            expires_in: Some(300),
            authorization_details: vec![AuthorizedCredential {
                credential_configuration_id: "identity".into(),
                credential_identifiers: vec!["one".into()],
            }],
        };
        let read = TokenResponse::from_response(&answer(&response.to_json()), &Profile::BASELINE).unwrap();
        assert_eq!(read, response);
        assert_eq!(read.credential_identifier("identity"), Some("one"));
        for bad in [
            json!({ "access_token": "a" }),
            json!({ "access_token": "a", "token_type": "DPoP" }),
            json!({ "access_token": "", "token_type": "Bearer" }),
            json!({ "access_token": "a", "token_type": "Bearer", "authorization_details": [
                { "type": "openid_credential", "credential_configuration_id": "x", "credential_identifiers": [] }
            ] }),
        ] {
            assert!(
                TokenResponse::from_response(&answer(&bad), &Profile::BASELINE).is_err(),
                "{bad}"
            );
        }
        let mut html = answer(&response.to_json());
        html.headers[0].1 = "text/html".into();
        assert_eq!(
            TokenResponse::from_response(&html, &Profile::BASELINE),
            Err(AnswerError::MediaType)
        );
    }
}
