//! The token endpoint (RFC 6749 §4.1.3, §6; OpenID4VCI 1.0 §6; CI-12…CI-15).

use serde_json::{Map, Value, json};

use super::authorization::{DETAILS_TYPE, details};
use super::offer::{PRE_AUTHORIZED_CODE, insert};
use super::{AnswerError, ClientAuth, Rejection, RejectionCode, SecretText, answer};
use crate::encoding::fields::{FieldError, Fields, Problem};
use crate::encoding::form;
use crate::encoding::record::{FromJson, ToJson};
use crate::http::{HttpRequest, HttpResponse};
use crate::profile::{Endpoint, Profile};

/// The grant type of the authorization code flow.
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// The grant type of a refresh token.
pub const REFRESH_TOKEN: &str = "refresh_token";

/// Longest `client_id` read, in bytes: it is kept with what it was given.
pub(super) const MAX_CLIENT_ID: usize = 512;

/// A token request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// What the token is asked for with.
    pub grant: Grant,
    /// Who asks. [`TokenRequest::parse`] reads only `client_id`; an attestation is in headers.
    pub client: ClientAuth,
    /// Which of the offered configurations: `authorization_details` (§6.1.1). Empty for all of them.
    pub configuration_ids: Vec<String>,
}

/// What a token is asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// The pre-authorised code of an offer (§6.1).
    PreAuthorized {
        /// The code of the offer.
        code: SecretText,
        /// What the person typed, when the offer demanded a transaction code.
        tx_code: Option<SecretText>,
    },
    /// The code of a sign-in (RFC 6749 §4.1.3).
    AuthorizationCode {
        /// The code.
        code: SecretText,
        /// The same as in the authorization request.
        redirect_uri: String,
        /// What the challenge was made of (RFC 7636 §4.5).
        code_verifier: SecretText,
    },
    /// A refresh token (RFC 6749 §6).
    Refresh {
        /// The token.
        refresh_token: SecretText,
    },
}

/// What must go with an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub enum TokenType {
    /// Nothing: whoever has it can use it (RFC 6750).
    Bearer,
    /// A proof with the key it is bound to (RFC 9449).
    #[serde(rename = "DPoP")]
    Dpop,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct TokenResponse {
    /// CI-15: a bearer token is never kept longer than the issuance.
    pub access_token: SecretText,
    /// Whether a proof must go with it.
    pub token_type: TokenType,
    /// Seconds until it ends, when the server says.
    pub expires_in: Option<u64>,
    /// For the next access token, where the server gives one.
    pub refresh_token: Option<SecretText>,
    /// What it is good for, where that is not the scope that was asked for (RFC 6749 §5.1).
    pub scope: Option<String>,
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
    /// The request to the token endpoint. A DPoP proof is one more header.
    #[must_use]
    pub fn to_http(&self, token_endpoint: &Endpoint, profile: &Profile) -> HttpRequest {
        let details = match self.configuration_ids.as_slice() {
            [] => None,
            ids => Some(details::write(ids, None)),
        };
        let mut pairs = Vec::with_capacity(6);
        match &self.grant {
            Grant::PreAuthorized { code, tx_code } => {
                pairs.push(("grant_type", PRE_AUTHORIZED_CODE));
                pairs.push(("pre-authorized_code", code.expose()));
                if let Some(typed) = tx_code {
                    pairs.push(("tx_code", typed.expose()));
                }
            }
            Grant::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => {
                pairs.push(("grant_type", AUTHORIZATION_CODE));
                pairs.push(("code", code.expose()));
                pairs.push(("redirect_uri", redirect_uri));
                pairs.push(("code_verifier", code_verifier.expose()));
            }
            Grant::Refresh { refresh_token } => {
                pairs.push(("grant_type", REFRESH_TOKEN));
                pairs.push(("refresh_token", refresh_token.expose()));
            }
        }
        if let Some(client) = &self.client.client_id {
            pairs.push(("client_id", client));
        }
        if let Some(details) = &details {
            pairs.push(("authorization_details", details));
        }
        let request = HttpRequest::post(
            token_endpoint.as_str(),
            "application/x-www-form-urlencoded",
            form::encode(pairs),
            profile.limits.small,
        );
        self.client.sign(request.header("accept", "application/json"))
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
        // RFC 6749 §3.2: a parameter without a value is treated as if it was left out.
        let text = |name: &str| form::get(&pairs, name).filter(|text| !text.is_empty());
        let secret = |name: &str| {
            text(name)
                .map(SecretText::new)
                .ok_or_else(|| bad(&format!("{name} is missing")))
        };
        let grant = match text("grant_type") {
            Some(PRE_AUTHORIZED_CODE) => Grant::PreAuthorized {
                code: secret("pre-authorized_code")?,
                tx_code: text("tx_code").map(SecretText::new),
            },
            Some(AUTHORIZATION_CODE) => Grant::AuthorizationCode {
                code: secret("code")?,
                // RFC 6749 §4.1.3: demanded, since the authorization request had one.
                redirect_uri: text("redirect_uri")
                    .ok_or_else(|| bad("redirect_uri is missing"))?
                    .to_owned(),
                code_verifier: secret("code_verifier")?,
            },
            Some(REFRESH_TOKEN) => Grant::Refresh {
                refresh_token: secret("refresh_token")?,
            },
            Some(_) => {
                let why = "not a grant type of this server";
                return Err(Rejection::new(RejectionCode::UnsupportedGrantType, why));
            }
            None => return Err(bad("grant_type is missing")),
        };
        let client_id = text("client_id").map(str::to_owned);
        if client_id.as_ref().is_some_and(|id| id.len() > MAX_CLIENT_ID) {
            return Err(bad("client_id is too long"));
        }
        let details = text("authorization_details").map(details::read).transpose()?;
        Ok(Self {
            grant,
            client: ClientAuth {
                client_id,
                attestation: None,
            },
            configuration_ids: details.map(|read| read.configuration_ids).unwrap_or_default(),
        })
    }
}

impl TokenResponse {
    /// Reads the answer of the token endpoint. `expect_dpop` says that the request had a DPoP proof.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn from_response(
        response: &HttpResponse,
        expect_dpop: bool,
        profile: &Profile,
    ) -> Result<Self, AnswerError> {
        let object = answer::read(response, 200, profile.limits.small, profile)?;
        let fields = Fields::new(&object, "");
        // RFC 6749 §7.1: a token of a type we do not know must not be used; nor one bound to a key we did not show.
        // RFC 9449 §5: a server may ignore the proof and give a bearer token. HAIP 1.0 §4 does not allow it.
        let token_type = match fields.text("token_type", 32)? {
            name if name.eq_ignore_ascii_case("dpop") && expect_dpop => TokenType::Dpop,
            name if name.eq_ignore_ascii_case("bearer") && !(expect_dpop && profile.haip) => {
                TokenType::Bearer
            }
            _ => return Err(fields.error("token_type", Problem::NotAllowed).into()),
        };
        let details = fields.opt_list("authorization_details", 20)?.unwrap_or_default();
        Ok(Self {
            access_token: SecretText::new(fields.text("access_token", 8192)?),
            token_type,
            expires_in: fields.opt_u64("expires_in")?,
            refresh_token: fields.opt_text("refresh_token", 8192)?.map(SecretText::new),
            // Not used: what may be requested shows when it is.
            scope: None,
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
        let token_type = match self.token_type {
            TokenType::Bearer => "Bearer",
            TokenType::Dpop => "DPoP",
        };
        insert(&mut out, "token_type", Some(token_type));
        if let Some(seconds) = self.expires_in {
            out.insert("expires_in".into(), Value::from(seconds));
        }
        let refresh = self.refresh_token.as_ref().map(SecretText::expose);
        insert(&mut out, "refresh_token", refresh);
        insert(&mut out, "scope", self.scope.as_deref());
        if !self.authorization_details.is_empty() {
            let details = self.authorization_details.iter().map(|entry| {
                json!({
                    "type": DETAILS_TYPE,
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
        if fields.text("type", 128)? != DETAILS_TYPE {
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

    /// Every grant, with and without a client; and what is never printed.
    #[test]
    fn requests_round_trip_and_hide_their_codes() {
        let endpoint = Endpoint::parse("https://issuer.example/token", &Profile::BASELINE).unwrap();
        for grant in [
            Grant::PreAuthorized {
                code: SecretText::new("a b+c"),
                tx_code: Some(SecretText::new("1234")),
            },
            Grant::AuthorizationCode {
                code: SecretText::new("1234&"),
                redirect_uri: "https://wallet.example/?a=b".into(),
                code_verifier: SecretText::new("v1234"),
            },
            Grant::Refresh {
                refresh_token: SecretText::new("r1234"),
            },
        ] {
            for (client, ids) in [
                (ClientAuth::default(), None),
                (ClientAuth::public("https://wallet.example"), Some("identity")),
            ] {
                let request = TokenRequest {
                    grant: grant.clone(),
                    client,
                    configuration_ids: ids.map(str::to_owned).into_iter().collect(),
                };
                let http = request.to_http(&endpoint, &Profile::BASELINE);
                assert_eq!(
                    TokenRequest::parse(http.body.as_deref().unwrap()).unwrap(),
                    request
                );
                assert!(!format!("{request:?}{http:?}").contains("1234"));
            }
        }
    }

    #[test]
    fn an_attestation_goes_into_headers() {
        let attested = ClientAuth {
            client_id: Some("w".into()),
            attestation: Some(crate::oid4vci::AttestedClient {
                attestation: "a.b.c".into(),
                pop: "d.e.f".into(),
            }),
        };
        let request = TokenRequest {
            grant: Grant::Refresh {
                refresh_token: SecretText::new("r"),
            },
            client: attested,
            configuration_ids: Vec::new(),
        };
        let endpoint = Endpoint::parse("https://issuer.example/token", &Profile::BASELINE).unwrap();
        let http = request.to_http(&endpoint, &Profile::BASELINE);
        let header = |name: &str| {
            http.headers
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        assert!(!format!("{request:?}{http:?}").contains("d.e.f"));
        assert_eq!(header("oauth-client-attestation"), Some("a.b.c"));
        assert_eq!(header("oauth-client-attestation-pop"), Some("d.e.f"));
        assert_eq!(
            http.body.as_deref(),
            Some("grant_type=refresh_token&refresh_token=r&client_id=w")
        );
    }

    /// CI-14; RFC 6749 §4.1.3, §5.2, §6.
    #[test]
    fn refused_requests() {
        let code = |body: &str| TokenRequest::parse(body).unwrap_err().code;
        assert_eq!(
            code("grant_type=password&username=a&password=b"),
            RejectionCode::UnsupportedGrantType
        );
        let pre = form::encode([("grant_type", PRE_AUTHORIZED_CODE)]);
        for body in [
            "a=b",
            "grant_type=",
            &pre,
            &format!("{pre}&pre-authorized_code=a&pre-authorized_code=b"),
            "grant_type=authorization_code",
            "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fw.example%2F",
            "grant_type=authorization_code&code=c&code_verifier=v",
            "grant_type=authorization_code&code=&redirect_uri=r&code_verifier=v",
            "grant_type=authorization_code&code=c&redirect_uri=r&code_verifier=v&client_id=a&client_id=a",
            "grant_type=refresh_token",
            "grant_type=refresh_token&refresh_token=a&refresh_token=b",
            &format!(
                "grant_type=refresh_token&refresh_token=a&client_id={}",
                "a".repeat(513)
            ),
            &format!("grant_type=refresh_token&refresh_token={}", "a".repeat(16 << 10)),
        ] {
            assert_eq!(code(body), RejectionCode::InvalidRequest, "{body}");
        }
        let details = format!("{pre}&pre-authorized_code=a&authorization_details=[]");
        assert_eq!(code(&details), RejectionCode::InvalidAuthorizationDetails);
    }

    #[test]
    fn answers_round_trip_and_are_checked() {
        let response = TokenResponse {
            access_token: SecretText::new("token"),
            token_type: TokenType::Dpop,
            expires_in: Some(300),
            refresh_token: Some(SecretText::new("again")),
            scope: None,
            authorization_details: vec![AuthorizedCredential {
                credential_configuration_id: "identity".into(),
                credential_identifiers: vec!["one".into()],
            }],
        };
        let (base, haip) = (Profile::BASELINE, Profile::HAIP);
        let of = |body: &Value, dpop, profile| TokenResponse::from_response(&answer(body), dpop, profile);
        let read = of(&response.to_json(), true, &base).unwrap();
        assert_eq!(read, response);
        assert_eq!(read.credential_identifier("identity"), Some("one"));
        assert!(of(&response.to_json(), true, &haip).is_ok());
        // RFC 9449 §5: not without a proof of ours; and a bearer token instead is no error, except with HAIP.
        assert!(of(&response.to_json(), false, &base).is_err());
        let bearer = json!({ "access_token": "a", "token_type": "bearer" });
        for dpop in [true, false] {
            assert_eq!(of(&bearer, dpop, &base).unwrap().token_type, TokenType::Bearer);
        }
        assert!(of(&bearer, true, &haip).is_err());
        for bad in [
            json!({ "access_token": "a" }),
            json!({ "access_token": "a", "token_type": "mac" }),
            json!({ "access_token": "", "token_type": "Bearer" }),
            json!({ "access_token": "a", "token_type": "Bearer", "refresh_token": "" }),
            json!({ "access_token": "a", "token_type": "Bearer", "refresh_token": "r".repeat(8193) }),
            json!({ "access_token": "a", "token_type": "Bearer", "authorization_details": [
                { "type": "openid_credential", "credential_configuration_id": "x", "credential_identifiers": [] }
            ] }),
        ] {
            assert!(of(&bad, true, &base).is_err(), "{bad}");
        }
        let mut html = answer(&response.to_json());
        html.headers[0].1 = "text/html".into();
        assert_eq!(
            TokenResponse::from_response(&html, true, &Profile::BASELINE),
            Err(AnswerError::MediaType)
        );
    }
}
