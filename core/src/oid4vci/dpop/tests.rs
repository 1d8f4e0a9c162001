use serde_json::{Value, json};

use super::super::SecretText;
use super::*;
use crate::crypto::{KeyError, RustCrypto, Signer as _, SoftwareKey};
use crate::encoding::base64url;
use crate::encoding::jws::{self, JwsError};
use crate::encoding::record::{FromJson as _, ToJson as _};
use crate::env::testing::Counter;
use crate::env::{Env, Timestamp};
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::profile::{CLOCK_LEEWAY, Profile};

const NOW: Timestamp = Timestamp(1_790_000_000);
const TOKEN_ENDPOINT: &str = "https://issuer.example/token";

fn with_env<T>(work: impl FnOnce(&mut Env<'_>) -> T) -> T {
    work(&mut Env {
        now: NOW,
        rng: &mut Counter(0),
    })
}

fn key() -> SoftwareKey {
    SoftwareKey::from_bytes(&[7; 32]).unwrap()
}

fn at_token_endpoint() -> DpopExpectation<'static> {
    DpopExpectation {
        method: Method::Post,
        url: TOKEN_ENDPOINT,
        access_token: None,
        nonce: NonceRule::NotUsed,
        now: NOW,
    }
}

fn verify(proof: &str, expected: &DpopExpectation<'_>) -> Result<VerifiedDpopProof, DpopError> {
    VerifiedDpopProof::verify(proof, expected, &Profile::BASELINE, &RustCrypto)
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

/// The two proofs of RFC 9449 (figures 2 and 13), put together from what they say.
#[test]
fn the_proofs_of_the_rfc_verify() {
    let vector = &crate::vectors::json("rfc-small/vectors.json")["rfc9449_ath_and_jkt"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (x, y) = (text(&vector["jwk"]["x"]), text(&vector["jwk"]["y"]));
    let header = format!(
        r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{"kty":"EC","x":"{x}","y":"{y}","crv":"P-256"}}}}"#
    );
    let proof = |claims: &str, signature: &str| {
        let part = |text: &str| base64url::encode(text.as_bytes());
        [part(&header), part(claims), signature.to_owned()].join(".")
    };
    let at_server = proof(
        r#"{"jti":"-BwC3ESc6acc2lTc","htm":"POST","htu":"https://server.example.com/token","iat":1562262616}"#,
        "2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
    );
    let expected = DpopExpectation {
        url: "https://server.example.com/token",
        now: Timestamp(1_562_262_620),
        ..at_token_endpoint()
    };
    let verified = verify(&at_server, &expected).unwrap();
    assert_eq!(verified.jkt, text(&vector["jkt"]));
    assert_eq!(verified.jti, "-BwC3ESc6acc2lTc");

    let ath = text(&vector["ath"]);
    let at_resource = proof(
        &format!(
            r#"{{"jti":"e1j3V_bKic8-LAEB","htm":"GET","htu":"https://resource.example.org/protectedresource","iat":1562262618,"ath":"{ath}"}}"#
        ),
        "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
    );
    let token = SecretText::new(text(&vector["access_token"]));
    let expected = DpopExpectation {
        method: Method::Get,
        url: "https://resource.example.org/protectedresource",
        access_token: Some(&token),
        ..expected
    };
    assert_eq!(verify(&at_resource, &expected).unwrap().jkt, text(&vector["jkt"]));
    let other = SecretText::new("another");
    let other = DpopExpectation {
        access_token: Some(&other),
        ..expected
    };
    assert_eq!(verify(&at_resource, &other), Err(DpopError::Token));
    assert_eq!(verify(&at_server, &expected), Err(DpopError::Request));
}

#[test]
fn a_proof_verifies_once_made_and_no_two_are_alike() {
    let key = DpopKey::from(key());
    let token = SecretText::new("token");
    let made = DpopProof {
        method: Method::Post,
        url: "https://issuer.example/credential?a=b#c",
        access_token: Some(&token),
        nonce: Some("n"),
    };
    with_env(|env| {
        let (one, two) = (made.sign(&key, env).unwrap(), made.sign(&key, env).unwrap());
        let good = |nonce: &str| nonce == "n";
        let expected = DpopExpectation {
            url: "https://issuer.example/credential",
            access_token: Some(&token),
            nonce: NonceRule::Required(&good),
            ..at_token_endpoint()
        };
        let (first, two) = (verify(&one, &expected).unwrap(), verify(&two, &expected).unwrap());
        assert_eq!((&first.jkt, &first.jkt), (&two.jkt, &key.thumbprint()));
        assert_ne!(first.jti, two.jti);
        // Remembered until the first moment at which it is refused anyway, also by a clock that goes behind the one that
        // forgets.
        let at = |now| DpopExpectation { now, ..expected };
        let behind = first.good_until.plus(-CLOCK_LEEWAY);
        assert_eq!(verify(&one, &at(behind)), Err(DpopError::Time));
        assert!(verify(&one, &at(behind.plus(-1))).is_ok());
    });
}

/// RFC 9449 §4.3, each check broken alone.
#[test]
fn section_4_3_refusals() {
    let jwk = Value::Object(key().public_key().to_jwk());
    let header = json!({ "typ": "dpop+jwt", "jwk": jwk });
    let claims = json!({ "jti": "1", "htm": "POST", "htu": TOKEN_ENDPOINT, "iat": NOW.0 });
    let signed = |header: &Value, claims: &Value| {
        let header = header.as_object().unwrap().clone();
        jws::sign(header, claims.to_string().as_bytes(), &key()).unwrap()
    };
    let check = |header: &Value, claims: &Value| verify(&signed(header, claims), &at_token_endpoint());
    assert!(check(&header, &claims).is_ok());
    let with = |base: &Value, name: &str, value: Value| {
        let mut out = base.clone();
        out[name] = value;
        out
    };
    let without = |base: &Value, name: &str| {
        let mut out = base.clone();
        out.as_object_mut().unwrap().remove(name);
        out
    };
    let bad_header = |name, value| check(&with(&header, name, value), &claims).unwrap_err();
    assert_eq!(bad_header("typ", json!("JWT")), DpopError::Type);
    assert_eq!(check(&without(&header, "typ"), &claims), Err(DpopError::Type));
    assert_eq!(
        check(&without(&header, "jwk"), &claims),
        Err(DpopError::Key(KeyError::Malformed))
    );
    assert_eq!(
        bad_header("jwk", with(&jwk, "d", json!("AA"))),
        DpopError::Key(KeyError::Private)
    );
    assert_eq!(
        bad_header("jwk", json!({ "kty": "oct", "k": "AA" })),
        DpopError::Key(KeyError::Private)
    );
    let other = SoftwareKey::from_bytes(&[8; 32]).unwrap().public_key().to_jwk();
    assert_eq!(
        bad_header("jwk", Value::Object(other)),
        DpopError::Jws(JwsError::Signature)
    );
    assert_eq!(
        bad_header("crit", json!(["x"])),
        DpopError::Jws(JwsError::Critical)
    );

    let bad_claim = |name, value| check(&header, &with(&claims, name, value)).unwrap_err();
    for name in ["jti", "htm", "htu", "iat"] {
        assert!(matches!(
            check(&header, &without(&claims, name)),
            Err(DpopError::Claim(_))
        ));
    }
    assert!(matches!(
        bad_claim("jti", json!("x".repeat(257))),
        DpopError::Claim(_)
    ));
    assert_eq!(bad_claim("htm", json!("GET")), DpopError::Request);
    assert_eq!(bad_claim("htm", json!("post")), DpopError::Request);
    for htu in [
        "https://issuer.example/credential",
        "https://other.example/token",
        "http://issuer.example/token",
        "https://issuer.example:8443/token",
        "https://issuer.example/token/",
        "https://issuer.example/a/../token",
        "https://issuer.example@evil.example/token",
        "issuer.example/token",
        "ftp://issuer.example/token",
    ] {
        assert_eq!(bad_claim("htu", json!(htu)), DpopError::Request, "{htu}");
    }
    for htu in [
        "HTTPS://Issuer.Example:443/token",
        "https://issuer.example/token?a=b",
        "https://issuer.example/token#a",
        "https://issuer.example/%74oken",
    ] {
        assert!(check(&header, &with(&claims, "htu", json!(htu))).is_ok(), "{htu}");
    }
    let early = NOW.0 - MAX_AGE - CLOCK_LEEWAY;
    assert!(check(&header, &with(&claims, "iat", json!(early))).is_ok());
    assert_eq!(bad_claim("iat", json!(early - 1)), DpopError::Time);
    assert_eq!(bad_claim("iat", json!(NOW.0 + CLOCK_LEEWAY + 1)), DpopError::Time);

    let proof = signed(&header, &claims);
    let good = |nonce: &str| nonce == "n";
    let nonce = DpopExpectation {
        nonce: NonceRule::Required(&good),
        ..at_token_endpoint()
    };
    assert_eq!(verify(&proof, &nonce), Err(DpopError::Nonce));
    let of_another = signed(&header, &with(&claims, "nonce", json!("m")));
    assert_eq!(verify(&of_another, &nonce), Err(DpopError::Nonce));
    assert!(verify(&signed(&header, &with(&claims, "nonce", json!("n"))), &nonce).is_ok());
    let token = SecretText::new("token");
    let bound = DpopExpectation {
        access_token: Some(&token),
        ..at_token_endpoint()
    };
    assert_eq!(verify(&proof, &bound), Err(DpopError::Token));
    let unsigned = base64url::encode(
        json!({ "typ": "dpop+jwt", "alg": "none", "jwk": jwk })
            .to_string()
            .as_bytes(),
    );
    assert_eq!(
        verify(&format!("{unsigned}.e30."), &nonce),
        Err(DpopError::Jws(JwsError::Algorithm))
    );
    assert!(verify(&"a".repeat(9000), &nonce).is_err());
}

#[test]
fn only_algorithms_of_the_profile() {
    let header = json!({ "alg": "EdDSA", "typ": "dpop+jwt", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" } });
    let proof = format!("{}.e30.AA", base64url::encode(header.to_string().as_bytes()));
    let haip = VerifiedDpopProof::verify(&proof, &at_token_endpoint(), &Profile::HAIP, &RustCrypto);
    assert_eq!(haip, Err(DpopError::Algorithm));
    assert_eq!(
        verify(&proof, &at_token_endpoint()),
        Err(DpopError::Jws(JwsError::Signature))
    );
}

/// CI-16: nonces of the two servers are kept apart, taken from good answers too, and one retry is all.
#[test]
fn nonces_are_kept_apart_and_one_retry_is_all() {
    let nonce_of = |session: &DpopSession, which| {
        let request = HttpRequest::post(TOKEN_ENDPOINT, "text/plain", String::new(), 1);
        let request = with_env(|env| session.prove(request, which, None, env)).unwrap();
        let (_, proof) = request.headers.iter().find(|(name, _)| name == "dpop").unwrap();
        let jws = jws::UnverifiedJws::parse(proof).unwrap();
        let claims = jws.unverified_claims().unwrap();
        claims.get("nonce").and_then(Value::as_str).map(str::to_owned)
    };
    let mut session = DpopSession::new(DpopKey::from(key()));
    assert_eq!(nonce_of(&session, Which::Server), None);
    let wanted = answer(400, &[("DPoP-Nonce", "a")], r#"{"error":"use_dpop_nonce"}"#);
    assert!(session.must_retry(&wanted, Which::Server));
    assert_eq!(nonce_of(&session, Which::Server).as_deref(), Some("a"));
    assert_eq!(nonce_of(&session, Which::Resource), None);
    let again = answer(400, &[("dpop-nonce", "b")], r#"{"error":"use_dpop_nonce"}"#);
    assert!(!session.must_retry(&again, Which::Server), "twice in a row");
    assert_eq!(nonce_of(&session, Which::Server).as_deref(), Some("b"));
    assert!(session.must_retry(&again, Which::Server), "another request");
    assert!(!session.must_retry(&answer(200, &[("dpop-nonce", "c")], "{}"), Which::Server));
    assert_eq!(nonce_of(&session, Which::Server).as_deref(), Some("c"));

    session.note(&answer(200, &[("dpop-nonce", "d")], "{}"), Which::Resource);
    assert_eq!(nonce_of(&session, Which::Resource).as_deref(), Some("d"));
    let challenge = r#"DPoP error="use_dpop_nonce", algs="ES256""#;
    let wanted = answer(401, &[("www-authenticate", challenge), ("dpop-nonce", "e")], "");
    assert!(session.must_retry(&wanted, Which::Resource));
    assert_eq!(nonce_of(&session, Which::Resource).as_deref(), Some("e"));
    assert_eq!(nonce_of(&session, Which::Server).as_deref(), Some("c"));

    let mut back = DpopSession::read_json(session.write_json()).unwrap();
    assert_eq!(nonce_of(&back, Which::Resource).as_deref(), Some("e"));
    assert_eq!(back.jkt(), session.jkt());
    assert!(back.must_retry(&wanted, Which::Resource), "taken up again later");
}

#[test]
fn nothing_else_is_a_reason_to_try_again() {
    for response in [
        answer(400, &[], r#"{"error":"use_dpop_nonce"}"#),
        answer(400, &[("dpop-nonce", "a b")], r#"{"error":"use_dpop_nonce"}"#),
        answer(400, &[("dpop-nonce", "a")], r#"{"error":"invalid_dpop_proof"}"#),
        answer(500, &[("dpop-nonce", "a")], r#"{"error":"use_dpop_nonce"}"#),
        answer(200, &[("dpop-nonce", "a")], r#"{"error":"use_dpop_nonce"}"#),
        answer(
            401,
            &[
                ("www-authenticate", r#"DPoP error="invalid_token""#),
                ("dpop-nonce", "a"),
            ],
            "",
        ),
    ] {
        let mut session = DpopSession::new(DpopKey::from(key()));
        assert!(!session.must_retry(&response, Which::Resource), "{response:?}");
    }
}

#[test]
fn a_token_is_sent_as_what_it_is() {
    let request = || HttpRequest::post("https://issuer.example/credential", "a/b", String::new(), 1);
    let mut access = Access {
        token: SecretText::new("token"),
        dpop: None,
    };
    let header = |request: &HttpRequest, name: &str| {
        let found = request.headers.iter().find(|(this, _)| this == name);
        found.map(|(_, value)| value.clone())
    };
    let bearer = with_env(|env| access.authorize(request(), env)).unwrap();
    assert_eq!(header(&bearer, "authorization").unwrap(), "Bearer token");
    assert_eq!(header(&bearer, "dpop"), None);
    access.dpop = Some(DpopSession::new(DpopKey::from(key())));
    let bound = with_env(|env| access.authorize(request(), env)).unwrap();
    assert_eq!(header(&bound, "authorization").unwrap(), "DPoP token");
    let expected = DpopExpectation {
        url: "https://issuer.example/credential",
        access_token: Some(&access.token),
        ..at_token_endpoint()
    };
    assert!(verify(&header(&bound, "dpop").unwrap(), &expected).is_ok());
    assert!(!format!("{access:?}").contains("token\""));
}
