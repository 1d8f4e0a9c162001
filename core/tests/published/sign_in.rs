//! The authorization code flow: the examples of OpenID4VCI 1.0, of the RFCs it stands on, and of the conformance suite.

use assent_core::encoding::form;
use assent_core::http::HttpResponse;
use assent_core::oid4vci::authorization::{Expected, pushed_url};
use assent_core::oid4vci::{
    AnswerError, AuthorizationAnswer, AuthorizationError, AuthorizationRequest, AuthorizationServerMetadata,
    CredentialAnswer, Grant, PushedAnswer, Rejection, RejectionCode, SecretText, TokenRequest, TokenResponse,
    TokenType, pkce,
};
use assent_core::profile::{Endpoint, Profile};

use crate::common;

const PROFILE: Profile = Profile::BASELINE;

fn json(status: u16, body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.into(),
    }
}

/// OpenID4VCI 1.0 §5.1.1: every `authorization_details` it shows, in the request of the same section.
#[test]
fn authorization_details_of_the_specification() {
    for (name, ids, location) in [
        ("authorization_details", &["UniversityDegreeCredential"][..], None),
        (
            "authorization_details_jwt_vc_json",
            &["UniversityDegreeCredential"],
            None,
        ),
        ("authorization_details_ldp_vc", &["UniversityDegree_LDP_VC"], None),
        ("authorization_details_mso_doc", &["org.iso.18013.5.1.mDL"], None),
        (
            "authorization_details_multiple_credentials",
            &["UniversityDegreeCredential", "org.iso.18013.5.1.mDL"],
            None,
        ),
        ("authorization_details_sd_jwt_vc", &["PID_SD_JWT_VC"], None),
        (
            "authorization_details_with_as",
            &["UniversityDegreeCredential"],
            Some("https://credential-issuer.example.com"),
        ),
    ] {
        let details = common::text(&format!("openid4vci-1.0/examples/{name}.json"));
        let body = form::encode([
            ("response_type", "code"),
            ("client_id", "s6BhdRkqt3"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("authorization_details", &details),
            ("redirect_uri", "https://client.example.org/cb"),
        ]);
        let request =
            AuthorizationRequest::parse(&body, &PROFILE).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(request.configuration_ids, ids, "{name}");
        assert_eq!(request.resource.as_deref(), location, "{name}");
        assert_eq!(request.state, None);
    }
}

/// OpenID4VCI 1.0 §5.1.2 and §5.1.3: scope with `resource`, and `issuer_state` of the offer.
#[test]
fn a_request_by_scope_of_the_specification() {
    let query = "response_type=code\
        &scope=UniversityDegreeCredential\
        &resource=https%3A%2F%2Fcredential-issuer.example.com\
        &client_id=s6BhdRkqt3\
        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
        &code_challenge_method=S256\
        &redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb";
    let request = AuthorizationRequest::parse(query, &PROFILE).unwrap();
    assert_eq!(request.scope, ["UniversityDegreeCredential"]);
    assert_eq!(
        request.resource.as_deref(),
        Some("https://credential-issuer.example.com")
    );
}

/// RFC 9126 §2.1, and what it forbids: a reference inside a pushed request.
#[test]
fn the_pushed_request_of_rfc_9126() {
    let example = "response_type=code&state=af0ifjsldkj&client_id=s6BhdRkqt3\
        &redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb\
        &code_challenge=K2-ltc83acc4h0c9w6ESC_rEMTJ3bww-uCHaoeK1t8U\
        &code_challenge_method=S256&scope=account-information";
    let request = AuthorizationRequest::parse(example, &PROFILE).unwrap();
    assert_eq!(request.state.as_deref(), Some("af0ifjsldkj"));
    let reference = "&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Abwc4JK-ESC0w8acc191e-Y1LTC2";
    let refused = AuthorizationRequest::parse(&format!("{example}{reference}"), &PROFILE).unwrap_err();
    assert_eq!(refused.code, RejectionCode::InvalidRequest);

    // §2.2 and §4.
    let body = r#"{ "request_uri": "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c", "expires_in": 60 }"#;
    let answer = PushedAnswer::from_response(&json(201, body), &PROFILE).unwrap();
    let authorize = Endpoint::parse("https://as.example.com/authorize", &PROFILE).unwrap();
    assert_eq!(
        pushed_url(&authorize, "s6BhdRkqt3", &answer.request_uri),
        "https://as.example.com/authorize?client_id=s6BhdRkqt3&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri\
         %3A6esc_11ACC5bwc014ltc14eY22c"
    );
    // §2.3.
    let error = r#"{ "error": "invalid_request", "error_description": "The redirect_uri is not valid for the given client" }"#;
    let refused = PushedAnswer::from_response(&json(400, error), &PROFILE);
    assert!(matches!(
        refused,
        Err(AnswerError::Refused(Rejection {
            code: RejectionCode::InvalidRequest,
            ..
        }))
    ));
}

/// RFC 9207 §2.1 and §2.2: its two answers, right and with every other server that could have made them.
#[test]
fn the_answers_of_rfc_9207() {
    let code = "https://client.example/cb?code=x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58&state=ZWVlNDBlYzA1NjdkMDNhYjg3ZjUxZjAyNGQzMTM2NzI&iss=https%3A%2F%2Fhonest.as.example";
    let denied = "https://client.example/cb?error=access_denied&state=N2JjNGJhY2JiZjRhYzA3MGJkMzNmMDE5OWJhZmJhZjA&iss=https%3A%2F%2Fhonest.as.example";
    let honest = Endpoint::parse("https://honest.as.example", &PROFILE).unwrap();
    let read = |answer: &str, issuer: &Endpoint| {
        let state = AuthorizationAnswer::state_of(answer).unwrap();
        let expected = Expected {
            state: &state,
            issuer,
            iss_required: true,
        };
        AuthorizationAnswer::read(answer, &expected)
    };
    let answer = read(code, &honest).unwrap();
    assert_eq!(
        answer.code.expose(),
        "x1848ZT64p4IirMPT0R-X3141MFPTuBX-VFL_cvaplMH58"
    );
    let refused = AuthorizationError::Refused(RejectionCode::AccessDenied);
    assert_eq!(read(denied, &honest), Err(refused));
    for other in [
        "https://attacker.example",
        "https://honest.as.example/",
        "https://HONEST.as.example",
        "https://honest.as.example:443",
    ] {
        let other = Endpoint::parse(other, &PROFILE).unwrap();
        for answer in [code, denied] {
            assert_eq!(read(answer, &other), Err(AuthorizationError::Issuer));
        }
    }
}

/// RFC 7636 Appendix B, as the two ends see it: in the request, then in the token request.
#[test]
fn the_verifier_of_rfc_7636_redeems_its_challenge() {
    let body = "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA\
        &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb\
        &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let Grant::AuthorizationCode {
        code,
        redirect_uri,
        code_verifier,
    } = TokenRequest::parse(body).unwrap().grant
    else {
        panic!("another grant");
    };
    assert_eq!(code.expose(), "SplxlOBeZQQYbYS6WxSbIA");
    assert_eq!(redirect_uri, "https://client.example.com/cb");
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    assert!(pkce::challenge_matches(challenge, &code_verifier));
    let other = SecretText::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl");
    assert!(!pkce::challenge_matches(challenge, &other));
}

/// RFC 6749 §5.1 (a type nobody knows), RFC 9449 §5 and RFC 6750 §4.
#[test]
fn the_token_answers_of_the_rfcs() {
    let example = r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"}"#;
    assert!(TokenResponse::from_response(&json(200, example), true, &PROFILE).is_err());
    let dpop = r#"{"access_token":"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU","token_type":"DPoP","expires_in":2677,"refresh_token":"Q..Zkm29lexi8VnWg2zPW1x-tgGad0Ibc3s3EwM_Ni4-g"}"#;
    let read = TokenResponse::from_response(&json(200, dpop), true, &PROFILE).unwrap();
    assert_eq!((read.token_type, read.expires_in), (TokenType::Dpop, Some(2677)));
    assert!(read.refresh_token.is_some());
    assert!(TokenResponse::from_response(&json(200, dpop), false, &PROFILE).is_err());
    let bearer = r#"{"access_token":"mF_9.B5f-4.1JqM","token_type":"Bearer","expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA"}"#;
    let read = TokenResponse::from_response(&json(200, bearer), true, &PROFILE).unwrap();
    assert_eq!(read.token_type, TokenType::Bearer);
}

/// OpenID4VCI 1.0 §8.3: "later", as it shows it.
#[test]
fn the_later_of_the_specification() {
    let body = r#"{ "transaction_id": "8xLOxBtZp8", "interval" : 3600 }"#;
    let later = CredentialAnswer::Later {
        transaction_id: "8xLOxBtZp8".into(),
        interval: 3600,
    };
    assert_eq!(
        CredentialAnswer::from_response(&json(202, body), 1, &PROFILE),
        Ok(later)
    );
}

/// The whole server of the suite knows the flow, but only clients with a secret; and it is not one for HAIP.
#[test]
fn the_servers_of_the_suite() {
    let read = |name: &str| {
        let document = common::json(&format!(
            "conformance-suite/vci-metadata/valid-oauth-authorization-server-metadata-{name}.json"
        ));
        AuthorizationServerMetadata::from_object(document.as_object().unwrap(), &PROFILE).unwrap()
    };
    let full = read("mock-full");
    let endpoints = full.code_endpoints(&PROFILE).unwrap();
    assert_eq!(endpoints.authorize.as_str(), "https://auth.example.com/authorize");
    assert_eq!((endpoints.pushed, endpoints.iss_required), (None, false));
    assert_eq!(full.client_auth(&PROFILE), Err(AnswerError::ClientRequired));
    assert!(!full.takes_dpop());
    let refused = Err(AnswerError::NoAuthorizationServer);
    assert_eq!(full.code_endpoints(&Profile::HAIP), refused);
    assert_eq!(read("mock").code_endpoints(&PROFILE), refused);
}
