//! The signed consent request and its binding (OpenID4VP 1.0 §5.11).

use assent_core::consent::{Binding, ConsentRequest, ConsentRequestError, FORMAT};
use assent_core::crypto::{Signer, SoftwareKey};
use assent_core::encoding::jws::{self, JwsError, UnverifiedJws};
use assent_core::env::Timestamp;
use serde_json::{Value, json};

use super::support::{CRYPTO, NOW, PROFILE, binding, client_id, service_key, sign_terms, terms};

fn verify(jwt: &str, binding: &Binding<'_>, now: Timestamp) -> Result<ConsentRequest, ConsentRequestError> {
    ConsentRequest::verify(jwt, &service_key().public_key(), binding, now, &PROFILE, &CRYPTO)
}

#[test]
fn a_request_verifies_and_says_what_was_signed() {
    let (signed, query) = sign_terms(&terms());
    assert_eq!(signed.verifier_info()["format"], FORMAT);
    let read = verify(&signed.jwt, &binding(&client_id(), &query), NOW).unwrap();
    assert_eq!(read, signed.request);
    // The order of members in the query does not matter; its content does.
    let reordered: Value = serde_json::from_str(&query.to_string()).unwrap();
    assert!(verify(&signed.jwt, &binding(&client_id(), &reordered), NOW).is_ok());
}

#[test]
fn a_request_is_bound_to_everything() {
    let (signed, query) = sign_terms(&terms());
    let id = client_id();
    let good = binding(&id, &query);
    let what = |binding: Binding<'_>| match verify(&signed.jwt, &binding, NOW).unwrap_err() {
        ConsentRequestError::Binding(what) => what,
        other => panic!("{other}"),
    };
    assert_eq!(
        what(Binding {
            client_id: "x509_hash:other",
            ..good
        }),
        "client_id"
    );
    assert_eq!(
        what(Binding {
            nonce: "other",
            ..good
        }),
        "nonce"
    );
    assert_eq!(
        what(Binding {
            leaf_sha256: Some([0; 32]),
            ..good
        }),
        "certificate"
    );
    assert_eq!(
        what(Binding {
            leaf_sha256: None,
            ..good
        }),
        "certificate"
    );
    let mut wider = query.clone();
    wider["credentials"][0]["claims"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "path": ["email"] }));
    assert_eq!(
        what(Binding {
            dcql_query: &wider,
            ..good
        }),
        "dcql_query"
    );
}

/// The words and the query must say the same, even when the service signed both.
#[test]
fn a_query_that_asks_for_more_than_the_words_is_refused() {
    let (signed, query) = sign_terms(&terms());
    let mut wider = query.clone();
    wider["credentials"][0]["claims"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "path": ["email"] }));
    let id = client_id();
    let asked = binding(&id, &wider);
    let refused = terms().sign(&asked, &[], NOW, NOW.plus(600), &service_key());
    assert_eq!(refused.unwrap_err(), ConsentRequestError::QueryMismatch);
    // A service that signs by other means.
    let mut claims = UnverifiedJws::parse(&signed.jwt)
        .unwrap()
        .unverified_claims()
        .unwrap();
    let hash = assent_core::encoding::canonical::hash(&wider).unwrap();
    claims.insert(
        "dcql_query_sha256".into(),
        json!(assent_core::encoding::base64url::encode(&hash)),
    );
    let jwt = jws::sign_jwt("consent-request+jwt", &[], &claims, &service_key()).unwrap();
    assert_eq!(
        verify(&jwt, &asked, NOW).unwrap_err(),
        ConsentRequestError::QueryMismatch
    );
}

#[test]
fn a_request_is_good_for_a_while_only() {
    let (signed, query) = sign_terms(&terms());
    let id = client_id();
    let at = |now| verify(&signed.jwt, &binding(&id, &query), now);
    assert_eq!(at(NOW.plus(-61)).unwrap_err(), ConsentRequestError::Time);
    assert!(at(NOW.plus(600)).is_ok());
    assert_eq!(at(NOW.plus(660)).unwrap_err(), ConsentRequestError::Time);
    let long = terms()
        .sign(&binding(&id, &query), &[], NOW, NOW.plus(3601), &service_key())
        .unwrap();
    assert_eq!(
        verify(&long.jwt, &binding(&id, &query), NOW).unwrap_err(),
        ConsentRequestError::Time
    );
}

#[test]
fn another_key_another_type_or_incomplete_terms_are_refused() {
    let (signed, query) = sign_terms(&terms());
    let id = client_id();
    let other = SoftwareKey::from_bytes(&[9; 32]).unwrap();
    let result = ConsentRequest::verify(
        &signed.jwt,
        &other.public_key(),
        &binding(&id, &query),
        NOW,
        &PROFILE,
        &CRYPTO,
    );
    assert_eq!(result.unwrap_err(), ConsentRequestError::Jws(JwsError::Signature));
    let claims = UnverifiedJws::parse(&signed.jwt)
        .unwrap()
        .unverified_claims()
        .unwrap();
    let jwt = jws::sign_jwt("jwt", &[], &claims, &service_key()).unwrap();
    assert_eq!(
        verify(&jwt, &binding(&id, &query), NOW).unwrap_err(),
        ConsentRequestError::Type
    );
    let mut incomplete = claims;
    incomplete["consent"].as_object_mut().unwrap().remove("retention");
    let jwt = jws::sign_jwt("consent-request+jwt", &[], &incomplete, &service_key()).unwrap();
    assert!(matches!(
        verify(&jwt, &binding(&id, &query), NOW).unwrap_err(),
        ConsentRequestError::Terms(terms) if terms.problems[0].field == "retention"
    ));
}
