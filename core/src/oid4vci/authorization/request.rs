//! The authorization request.

use super::super::token::MAX_CLIENT_ID;
use super::super::{ClientAuth, Rejection, RejectionCode, pkce};
use super::details;
use crate::encoding::form;
use crate::encoding::record::{FromJson, ToJson};
use crate::http::HttpRequest;
use crate::profile::{Endpoint, Profile};

/// An authorization request: `response_type=code`, PKCE with `S256`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: String,
    /// Where the browser comes back to. Compare it with the ones known of the client before sending anyone there.
    pub redirect_uri: String,
    /// Comes back with the answer. Ours are always there; PKCE is what protects those of others.
    pub state: Option<String>,
    /// See [`PkceVerifier::challenge`](super::super::PkceVerifier::challenge).
    pub code_challenge: String,
    /// Scopes of the wanted configurations; at most 20.
    pub scope: Vec<String>,
    /// Wanted configurations by id: `authorization_details`. Where both name one, this goes before `scope` (CI-10).
    pub configuration_ids: Vec<String>,
    /// From the offer, as it came (CI-3).
    pub issuer_state: Option<String>,
    /// Thumbprint of the DPoP key that the code shall be bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// The credential issuer identifier, where the authorization server may serve several (RFC 8707, §5.1.2).
    pub resource: Option<String>,
}

impl AuthorizationRequest {
    /// The request to the pushed authorization request endpoint (RFC 9126 §2.1).
    #[must_use]
    pub fn to_pushed(&self, endpoint: &Endpoint, client: &ClientAuth, profile: &Profile) -> HttpRequest {
        let request = HttpRequest::post(
            endpoint.as_str(),
            "application/x-www-form-urlencoded",
            self.to_form(),
            profile.limits.small,
        );
        client.sign(request.header("accept", "application/json"))
    }

    /// The address to send the browser to, for a server without pushed requests.
    #[must_use]
    pub fn to_url(&self, authorize: &Endpoint) -> String {
        form::append(authorize.as_str(), &self.to_form())
    }

    fn to_form(&self) -> String {
        let scope = self.scope.join(" ");
        let details = match self.configuration_ids.as_slice() {
            [] => None,
            ids => Some(details::write(ids, self.resource.as_deref())),
        };
        let optional = [
            ("state", self.state.as_deref()),
            ("scope", Some(scope.as_str()).filter(|scope| !scope.is_empty())),
            ("authorization_details", details.as_deref()),
            ("issuer_state", self.issuer_state.as_deref()),
            ("dpop_jkt", self.dpop_jkt.as_deref()),
            ("resource", self.resource.as_deref()),
        ];
        let always = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", pkce::METHOD),
        ];
        let optional = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        form::encode(always.into_iter().chain(optional))
    }

    /// Reads the form body of a pushed request, or the query of one that was not pushed.
    ///
    /// Neither the client nor its `redirect_uri` is known after this: an error is an answer to the caller, never a reason
    /// to send a browser anywhere (RFC 6749 §4.1.2.1).
    ///
    /// # Errors
    /// [`Rejection`] to answer with.
    pub fn parse(body: &str, profile: &Profile) -> Result<Self, Rejection> {
        let bad = |why: &str| Rejection::new(RejectionCode::InvalidRequest, why);
        if body.len() > profile.limits.small {
            return Err(bad("the request is too long"));
        }
        let pairs = form::decode(body).ok_or_else(|| bad("not a form, or a parameter is repeated"))?;
        let text = |name: &str, max: usize| {
            // RFC 6749 §3.1: a parameter without a value is treated as if it was left out.
            match form::get(&pairs, name).filter(|text| !text.is_empty()) {
                Some(text) if text.len() > max => Err(bad(&format!("{name} is too long"))),
                found => Ok(found.map(str::to_owned)),
            }
        };
        let required =
            |name: &str, max: usize| text(name, max)?.ok_or_else(|| bad(&format!("{name} is missing")));
        // RFC 9126 §2.1: a reference inside a pushed request is refused. A request object would say all of this again,
        // signed; we announce no key types for it.
        if form::get(&pairs, "request_uri").is_some() || form::get(&pairs, "request").is_some() {
            return Err(bad("request_uri and request are not taken here"));
        }
        if required("response_type", 64)? != "code" {
            return Err(Rejection::new(
                RejectionCode::UnsupportedResponseType,
                "only response_type=code is supported",
            ));
        }
        if text("response_mode", 64)?.is_some_and(|mode| mode != "query") {
            return Err(bad("only response_mode=query is supported"));
        }
        // RFC 7636 §4.3, §4.4.1: without a method it would be `plain`, which a server may refuse.
        let code_challenge = required("code_challenge", 128)?;
        if required("code_challenge_method", 16)? != pkce::METHOD {
            return Err(bad("only code_challenge_method=S256 is supported"));
        }
        if !pkce::is_sha256(&code_challenge) {
            return Err(bad("code_challenge is not a SHA-256 in base64url"));
        }
        let dpop_jkt = text("dpop_jkt", 64)?;
        if dpop_jkt.as_deref().is_some_and(|jkt| !pkce::is_sha256(jkt)) {
            return Err(bad("dpop_jkt is not a SHA-256 in base64url"));
        }
        let scope = read_scope(text("scope", 4096)?.as_deref().unwrap_or_default())?;
        let mut resource = text("resource", 2048)?;
        let mut configuration_ids = Vec::new();
        if let Some(member) = text("authorization_details", profile.limits.small)? {
            let details = details::read(&member)?;
            configuration_ids = details.configuration_ids;
            if resource.is_some() && details.location.is_some() && resource != details.location {
                let why = "resource and locations differ";
                return Err(Rejection::new(RejectionCode::InvalidTarget, why));
            }
            resource = resource.or(details.location);
        }
        // RFC 6749 §3.3: no scope and nothing in its place fails.
        if scope.is_empty() && configuration_ids.is_empty() {
            let why = "scope or authorization_details must say which card";
            return Err(Rejection::new(RejectionCode::InvalidScope, why));
        }
        Ok(Self {
            client_id: required("client_id", MAX_CLIENT_ID)?,
            redirect_uri: required("redirect_uri", 2048)?,
            state: text("state", 1024)?,
            code_challenge,
            scope,
            configuration_ids,
            issuer_state: text("issuer_state", 4096)?,
            dpop_jkt,
            resource,
        })
    }
}

/// Reads a list of scopes (RFC 6749 §3.3): each once, in the order they came.
fn read_scope(text: &str) -> Result<Vec<String>, Rejection> {
    let mut out: Vec<String> = Vec::new();
    for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
        let token = scope
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if !token || scope.len() > 512 || out.len() == details::MAX {
            let why = "scope is malformed or has too many entries";
            return Err(Rejection::new(RejectionCode::InvalidScope, why));
        }
        if !out.iter().any(|seen| seen == scope) {
            out.push(scope.to_owned());
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::super::SecretText;
    use super::*;

    const BASE: Profile = Profile::BASELINE;

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: "https://wallet.example".into(),
            redirect_uri: "https://wallet.example/?a=b&c".into(),
            state: Some("s t&".into()),
            code_challenge: SecretText::new("v").fingerprint(),
            scope: vec!["one".into(), "two".into()],
            configuration_ids: vec!["identity".into(), "residence".into()],
            issuer_state: Some("from the offer".into()),
            dpop_jkt: Some(SecretText::new("k").fingerprint()),
            resource: Some("https://issuer.example".into()),
        }
    }

    #[test]
    fn requests_round_trip() {
        let endpoint = Endpoint::parse("https://as.example/par", &BASE).unwrap();
        let whole = request();
        let bare = AuthorizationRequest {
            state: None,
            scope: vec!["one".into()],
            configuration_ids: Vec::new(),
            issuer_state: None,
            dpop_jkt: None,
            resource: None,
            ..request()
        };
        for request in [whole, bare] {
            let http = request.to_pushed(&endpoint, &ClientAuth::default(), &BASE);
            let body = http.body.unwrap();
            assert_eq!(AuthorizationRequest::parse(&body, &BASE).unwrap(), request);
            for (authorize, start) in [
                ("https://as.example/a", "https://as.example/a?"),
                ("https://as.example/a?x=y", "https://as.example/a?x=y&"),
            ] {
                let url = request.to_url(&Endpoint::parse(authorize, &BASE).unwrap());
                assert_eq!(url, format!("{start}{body}"));
            }
        }
    }

    /// Each broken alone: RFC 6749 §3.1 and §4.1.2.1, RFC 7636 §4.4.1, RFC 9126 §2.1, RFC 9396 §5, RFC 8707 §2.
    #[test]
    fn refused_requests() {
        use RejectionCode as Code;
        let good = request().to_form();
        let pairs = form::decode(&good).unwrap();
        let code = |name: &str, value: Option<&str>| {
            let changed = pairs
                .iter()
                .filter(|(n, _)| n != name)
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .chain(value.map(|value| (name, value)));
            AuthorizationRequest::parse(&form::encode(changed), &BASE)
                .err()
                .map(|rejection| rejection.code)
        };
        let long = "x".repeat(5000);
        for (name, value, expected) in [
            ("response_type", None, Code::InvalidRequest),
            ("response_type", Some("token"), Code::UnsupportedResponseType),
            (
                "response_type",
                Some("code id_token"),
                Code::UnsupportedResponseType,
            ),
            ("response_mode", Some("fragment"), Code::InvalidRequest),
            ("client_id", None, Code::InvalidRequest),
            ("client_id", Some(""), Code::InvalidRequest),
            ("client_id", Some(&long), Code::InvalidRequest),
            ("redirect_uri", None, Code::InvalidRequest),
            ("redirect_uri", Some(&long), Code::InvalidRequest),
            ("code_challenge", None, Code::InvalidRequest),
            ("code_challenge", Some("short"), Code::InvalidRequest),
            ("code_challenge", Some(&"*".repeat(43)), Code::InvalidRequest),
            ("code_challenge_method", None, Code::InvalidRequest),
            ("code_challenge_method", Some("plain"), Code::InvalidRequest),
            ("code_challenge_method", Some("s256"), Code::InvalidRequest),
            ("request_uri", Some("urn:x"), Code::InvalidRequest),
            ("request", Some("a.b.c"), Code::InvalidRequest),
            ("dpop_jkt", Some("x"), Code::InvalidRequest),
            ("state", Some(&long), Code::InvalidRequest),
            ("issuer_state", Some(&long), Code::InvalidRequest),
            ("scope", Some("a\"b"), Code::InvalidScope),
            ("scope", Some("a\u{e9}"), Code::InvalidScope),
            ("resource", Some("https://other.example"), Code::InvalidTarget),
        ] {
            assert_eq!(code(name, value), Some(expected), "{name} = {value:?}");
        }
        let many = (0..21).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(code("scope", Some(&many)), Some(Code::InvalidScope));
        assert_eq!(code("scope", Some("a a  a")), None);
        assert_eq!(code("unknown", Some("ignored")), None);
        for (suffix, expected) in [
            ("&state=again", Code::InvalidRequest),
            ("&x=%00", Code::InvalidRequest),
            (long.repeat(4).as_str(), Code::InvalidRequest),
        ] {
            let error = AuthorizationRequest::parse(&format!("{good}{suffix}"), &BASE).unwrap_err();
            assert_eq!(error.code, expected, "{suffix:.20}");
        }
        let neither = AuthorizationRequest {
            scope: Vec::new(),
            configuration_ids: Vec::new(),
            ..request()
        };
        let error = AuthorizationRequest::parse(&neither.to_form(), &BASE).unwrap_err();
        assert_eq!(error.code, Code::InvalidScope);
    }

    /// RFC 9396 §5: what is wrong with `authorization_details`.
    #[test]
    fn refused_details() {
        let with = |details: &str| {
            let mut pairs = form::decode(&request().to_form()).unwrap();
            pairs.retain(|(name, _)| name != "authorization_details");
            pairs.push(("authorization_details".into(), details.into()));
            let body = form::encode(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
            AuthorizationRequest::parse(&body, &BASE).map_err(|rejection| rejection.code)
        };
        let entry = r#""type":"openid_credential","credential_configuration_id":"a""#;
        let good = with(&format!(r#"[{{{entry},"claims":[{{"path":["x"]}}]}}]"#)).unwrap();
        assert_eq!(good.configuration_ids, ["a"]);
        for bad in [
            "x".to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            "[1]".to_owned(),
            "[{}]".to_owned(),
            r#"[{"type":"payment","credential_configuration_id":"a"}]"#.to_owned(),
            r#"[{"type":"openid_credential"}]"#.to_owned(),
            r#"[{"type":"openid_credential","credential_configuration_id":""}]"#.to_owned(),
            r#"[{"type":"openid_credential","format":"dc+sd-jwt","vct":"a"}]"#.to_owned(),
            format!(r#"[{{{entry},"more":1}}]"#),
            format!(r#"[{{{entry},"claims":{{}}}}]"#),
            format!(r#"[{{{entry},"locations":"https://issuer.example"}}]"#),
            format!(r#"[{{{entry},"locations":["https://a.example","https://b.example"]}}]"#),
            format!("[{{{entry}}},{{{entry}}}]"),
            format!("[{{{entry},{entry}}}]"),
            format!("[{}]", vec![format!("{{{entry}}}"); 21].join(",")),
        ] {
            assert_eq!(
                with(&bad),
                Err(RejectionCode::InvalidAuthorizationDetails),
                "{bad}"
            );
        }
    }
}
