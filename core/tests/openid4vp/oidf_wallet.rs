//! `oid4vp-1final-wallet-*`: what our wallet takes and what it refuses.

use assent_core::dcql::{Authorities, Candidate, CredentialType, evaluate};
use assent_core::encoding::jwe::{ContentEncryption, EncryptedJwe};
use assent_core::encoding::jws::JwsError;
use assent_core::encoding::{base64url, form};
use assent_core::oid4vp::{
    AuthorizationErrorCode, AuthorizationRequestLink, ClientId, ClientIdError, RequestError,
    RequestUriMethod, Requester, ResponseMode, UnverifiedRequest,
};
use assent_core::profile::Profile;
use assent_core::trust::ChainError;
use assent_core::verifier::RequesterIdentity;
use serde_json::{Value, json};

use super::requests::{a_request, fetched, form_value, with};
use super::support::{
    Authority, HOST, NOW, VCT, WALLET_NONCE, World, name_query, path, query, request_object, resign, stranger,
};

#[test]
fn happy_flow() {
    let mut world = World::haip();
    let card = world.card();
    let transaction = world.ask(name_query());
    let (_, request) = world.open(transaction);
    let Requester::Certificate(chain) = request.requester() else {
        panic!("not authenticated");
    };
    assert_eq!(chain.subject.organization.as_deref(), Some("City library"));
    let token = world.present(&request, &card);
    let answer = world.post(&request, &token);
    // §8.3.1: only `response` in the form, and a JWE with the verifier's kid, in the stronger encryption.
    let pairs = form::decode(answer.body.as_deref().unwrap()).unwrap();
    assert_eq!(pairs.len(), 1);
    let jwe = EncryptedJwe::parse(form::get(&pairs, "response").unwrap()).unwrap();
    assert_eq!(jwe.header().enc, ContentEncryption::A256Gcm);
    assert_eq!(
        jwe.header().kid,
        request.reply_to().encryption.as_ref().unwrap().kid
    );
    assert!(answer.url.starts_with("https://library.example/vp/responses/"));
}

/// A long state and nonce, and a parameter nobody knows.
#[test]
fn alternate_happy_flow() {
    let state = "s".repeat(64);
    let nonce = "n".repeat(43);
    let request = World::new()
        .changed_request(name_query(), &|claims| {
            claims.insert("state".into(), json!(state));
            claims.insert("nonce".into(), json!(nonce));
            claims.insert("unknown_parameter".into(), json!({ "a": [1] }));
            claims.insert("iss".into(), json!("https://ignored.example"));
        })
        .unwrap();
    assert_eq!(request.nonce(), nonce);
    assert_eq!(request.reply_to().state.as_deref(), Some(state.as_str()));
}

#[test]
fn request_uri_method_post() {
    let mut world = World::haip();
    let mut new = world.new_transaction(name_query());
    new.request_uri_method = RequestUriMethod::Post;
    let transaction = world.create(new);
    let link = transaction.link("openid4vp://", &world.profile).unwrap();
    let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    let fetch = link.fetch(WALLET_NONCE, &world.profile).unwrap();
    let body = form::decode(fetch.body.as_deref().unwrap()).unwrap();
    assert_eq!(form::get(&body, "wallet_nonce"), Some(WALLET_NONCE));
    let metadata: Value = serde_json::from_str(form::get(&body, "wallet_metadata").unwrap()).unwrap();
    assert_eq!(
        metadata["client_id_prefixes_supported"],
        json!(["x509_hash", "x509_san_dns"])
    );
    assert!(metadata["vp_formats_supported"]["dc+sd-jwt"].is_object());
    let header = |name: &str| {
        fetch
            .headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header("accept"), Some("application/oauth-authz-req+jwt"));
    world.open(transaction);
}

/// DQ-15: nothing but what was asked for leaves the wallet.
#[test]
fn fewer_claims_than_available() {
    let mut world = World::haip();
    let card = world.card();
    let transaction = world.ask(query(json!([{ "path": ["address", "locality"] }])));
    let (_, request) = world.open(transaction);
    let presentation = world.presentation(&request, &card, &[path(json!(["address", "locality"]))]);
    let shown: Vec<String> = presentation
        .split('~')
        .skip(1)
        .filter_map(|part| String::from_utf8(base64url::decode(part).ok()?).ok())
        .collect();
    assert!(shown.iter().any(|disclosure| disclosure.contains("Voorbeeld")));
    for hidden in ["Dam 1", "Anna", "Jansen", "2000-01-01"] {
        assert!(
            !shown.iter().any(|disclosure| disclosure.contains(hidden)),
            "{hidden}"
        );
    }
}

/// DQ-8: without `claims`, nothing that can be hidden is shown.
#[test]
fn no_claims_in_dcql_query() {
    let mut world = World::haip();
    let card = world.card();
    let asked =
        json!({ "credentials": [{ "id": "pid", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] } }] });
    let transaction = world.ask(asked);
    let (transaction, request) = world.open(transaction);
    let token = world.present(&request, &card);
    let presentation = token.to_json()["pid"][0].as_str().unwrap().to_owned();
    // Issuer JWT and KB-JWT with nothing between.
    assert_eq!(presentation.split('~').count(), 2);
    let answer = world.post(&request, &token);
    let finished = world.receive(transaction, &answer);
    assert_eq!(
        finished.transaction.verdict().unwrap().credentials[0].claims,
        json!({})
    );
}

#[test]
fn optional_credential_set() {
    let mut world = World::haip();
    let card = world.card();
    let asked = json!({ "credentials": [
        { "id": "pid", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] }, "claims": [{ "path": ["given_name"] }] },
        { "id": "extra", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:other:1"] } }],
        "credential_sets": [{ "options": [["pid"]] }, { "options": [["extra"]], "required": false }] });
    let transaction = world.ask(asked);
    let (transaction, request) = world.open(transaction);
    let token = world.present(&request, &card);
    // DQ-14: an optional query without an answer has no entry.
    assert_eq!(
        token.to_json().as_object().unwrap().keys().collect::<Vec<_>>(),
        ["pid"]
    );
    let answer = world.post(&request, &token);
    assert!(
        world
            .receive(transaction, &answer)
            .transaction
            .verdict()
            .is_some()
    );
}

#[test]
fn ignores_unusable_encryption_key() {
    let request = World::haip()
        .changed_request(name_query(), &|claims| {
            let keys = claims["client_metadata"]["jwks"]["keys"].as_array_mut().unwrap();
            keys.insert(
                0,
                json!({ "kty": "RSA", "kid": "rsa", "use": "enc", "alg": "RSA-OAEP-256",
                "n": "AQAB", "e": "AQAB" }),
            );
            keys.insert(
                1,
                json!({ "kty": "OKP", "crv": "X25519", "kid": "okp", "use": "enc", "alg": "ECDH-ES",
                "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo" }),
            );
        })
        .unwrap();
    let kid = request
        .reply_to()
        .encryption
        .as_ref()
        .unwrap()
        .kid
        .clone()
        .unwrap();
    assert!(kid != "rsa" && kid != "okp");
}

#[test]
fn negative_test_invalid_client_id_prefix() {
    let uri = "https%3A%2F%2Flibrary.example%2Fr";
    for bad in [
        "web-origin:https://library.example",
        "origin:https://library.example",
        "x509_san_uri:https://a",
    ] {
        let link = format!("openid4vp://?client_id={}&request_uri={uri}", form_value(bad));
        let refused = AuthorizationRequestLink::parse(&link, &Profile::HAIP).unwrap_err();
        assert!(
            matches!(
                refused,
                RequestError::ClientId(ClientIdError::UnsupportedPrefix(_))
            ),
            "{bad}"
        );
        assert_eq!(refused.wire_code(), AuthorizationErrorCode::InvalidClient);
    }
    let link = format!("openid4vp://?client_id=library&request_uri={uri}");
    let refused = AuthorizationRequestLink::parse(&link, &Profile::HAIP).unwrap_err();
    assert_eq!(refused, RequestError::ClientId(ClientIdError::NotRegistered));
}

#[test]
fn negative_test_invalid_request_object_signature() {
    let mut world = World::haip();
    let jwt = a_request(&mut world);
    let forged = resign(&jwt, &stranger(), |_| {}, |_| {});
    let outcome = fetched(&world, &world.client_id(), forged);
    assert_eq!(outcome.unwrap_err(), RequestError::Jws(JwsError::Signature));
    // A changed payload under the old signature.
    let mut parts: Vec<String> = jwt.split('.').map(str::to_owned).collect();
    let claims = String::from_utf8(base64url::decode(&parts[1]).unwrap()).unwrap();
    parts[1] = base64url::encode(claims.replace("given_name", "family_name").as_bytes());
    let outcome = fetched(&world, &world.client_id(), parts.join("."));
    assert_eq!(outcome.unwrap_err(), RequestError::Jws(JwsError::Signature));
}

#[test]
fn negative_test_invalid_request_object_typ() {
    let mut world = World::haip();
    let jwt = a_request(&mut world);
    for typ in [Some("JWT"), Some("oauth-authz-req"), Some("dc+sd-jwt"), None] {
        let changed = resign(
            &jwt,
            &world.library.key,
            |header| match typ {
                Some(typ) => drop(header.insert("typ".into(), json!(typ))),
                None => drop(header.remove("typ")),
            },
            |_| {},
        );
        let outcome = fetched(&world, &world.client_id(), changed);
        assert_eq!(outcome.unwrap_err(), RequestError::Type, "{typ:?}");
    }
}

#[test]
fn negative_test_mismatched_client_id() {
    let mut world = World::haip();
    let jwt = a_request(&mut world);
    let other = ClientId::x509_san_dns(HOST);
    assert_eq!(
        fetched(&world, &other, jwt).unwrap_err(),
        RequestError::ClientIdMismatch
    );
    assert_eq!(
        with("client_id", Value::Null).unwrap_err(),
        RequestError::ClientIdMismatch
    );
    // In both places the same, but not what the certificate says.
    let foreign = ClientId::x509_hash(b"another certificate");
    let changed = resign(
        &a_request(&mut world),
        &world.library.key,
        |_| {},
        |claims| {
            claims.insert("client_id".into(), json!(foreign.as_str()));
        },
    );
    assert_eq!(
        fetched(&world, &foreign, changed).unwrap_err(),
        RequestError::CertificateMismatch
    );
}

#[test]
fn negative_test_missing_nonce() {
    assert_eq!(
        with("nonce", Value::Null).unwrap_err(),
        RequestError::Missing("nonce")
    );
    for bad in [json!(""), json!("with space"), json!("ü"), json!("a+b"), json!(7)] {
        assert_eq!(with("nonce", bad).unwrap_err(), RequestError::Malformed("nonce"));
    }
}

#[test]
fn negative_test_redirect_uri_with_direct_post() {
    let outcome = with("redirect_uri", json!("https://library.example/done"));
    let error = outcome.unwrap_err();
    assert_eq!(error, RequestError::Contradiction("redirect_uri"));
    assert_eq!(error.wire_code(), AuthorizationErrorCode::InvalidRequest);
}

#[test]
fn negative_test_response_uri_not_client_id() {
    // `redirect_uri`: the address is the identifier.
    let mut world = World::new();
    let mut new = world.new_transaction(name_query());
    new.identity = RequesterIdentity::ResponseUri;
    let transaction = world.create(new);
    let link = transaction.link("openid4vp://", &world.profile).unwrap();
    let good = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    assert!(world.check(UnverifiedRequest::from_link(&good).unwrap()).is_ok());
    let moved = link.replacen(
        "response_uri=https%3A%2F%2Flibrary.example",
        "response_uri=https%3A%2F%2Fevil.example",
        1,
    );
    assert_ne!(moved, link);
    let moved = AuthorizationRequestLink::parse(&moved, &world.profile).unwrap();
    let outcome = world.check(UnverifiedRequest::from_link(&moved).unwrap());
    assert_eq!(outcome.unwrap_err(), RequestError::ResponseUriMismatch);
    // `x509_san_dns`: the host is the name.
    let mut world = World::haip();
    let id = ClientId::x509_san_dns(HOST);
    let request = |host: &'static str| {
        move |claims: &mut assent_core::encoding::json::Object| {
            claims.insert("client_id".into(), json!(ClientId::x509_san_dns(HOST).as_str()));
            claims.insert("response_uri".into(), json!(format!("https://{host}/r")));
        }
    };
    let jwt = a_request(&mut world);
    let right = resign(&jwt, &world.library.key, |_| {}, request(HOST));
    assert!(fetched(&world, &id, right).is_ok());
    let wrong = resign(&jwt, &world.library.key, |_| {}, request("evil.example"));
    assert_eq!(
        fetched(&world, &id, wrong).unwrap_err(),
        RequestError::ResponseUriMismatch
    );
}

#[test]
fn negative_test_required_non_matching_credential() {
    let mut world = World::haip();
    let card = world.card();
    let asked = json!({ "credentials": [
        { "id": "pid", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] } },
        { "id": "other", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:other:1"] } }] });
    let transaction = world.ask(asked);
    let (_, request) = world.open(transaction);
    let candidate = Candidate {
        id: "card",
        credential_type: CredentialType::SdJwtVc {
            vct: VCT,
            extends: &[],
        },
        claims: card.claims(),
        holder_bound: true,
        authorities: Authorities::default(),
    };
    let evaluation = evaluate(request.query(), &[candidate]).unwrap();
    // DQ-13: then no credential at all.
    assert!(evaluation.to_answer(&[]).is_err());
    assert_eq!(evaluation.missing(), ["other"]);
}

#[test]
fn negative_test_claim_not_in_credential() {
    let mut world = World::haip();
    let card = world.card();
    let candidate = Candidate {
        id: "card",
        credential_type: CredentialType::SdJwtVc {
            vct: VCT,
            extends: &[],
        },
        claims: card.claims(),
        holder_bound: true,
        authorities: Authorities::default(),
    };
    let asked = query(json!([{ "path": ["given_name"] }, { "path": ["shoe_size"] }]));
    let transaction = world.ask(asked);
    let (_, request) = world.open(transaction);
    assert!(!evaluate(request.query(), &[candidate]).unwrap().is_answerable());
}

#[test]
fn negative_test_unknown_transaction_data_type() {
    let data = base64url::encode(br#"{"type":"urn:unknown","credential_ids":["pid"]}"#);
    let error = with("transaction_data", json!([data])).unwrap_err();
    assert_eq!(error, RequestError::TransactionData);
    assert_eq!(error.wire_code(), AuthorizationErrorCode::InvalidTransactionData);
}

// ---- modules named by another conformance runner ----

#[test]
fn reject_cleartext_response() {
    let mut world = World::haip();
    let mut new = world.new_transaction(name_query());
    new.response_mode = ResponseMode::DirectPost;
    let transaction = world.create(new);
    let (_, jwt) = transaction
        .request_object(None, &world.signer(), &world.profile, NOW)
        .unwrap();
    assert_eq!(
        fetched(&world, &world.client_id(), jwt.clone()).unwrap_err(),
        RequestError::CleartextResponse
    );
    // The plain profile allows it.
    world.profile = Profile::BASELINE;
    assert!(fetched(&world, &world.client_id(), jwt).is_ok());
}

#[test]
fn reject_expired_certificate() {
    let mut world = World::haip();
    world.library = world.access.certify("City library", HOST, 2026);
    let jwt = a_request(&mut world);
    let outcome = fetched(&world, &world.client_id(), jwt);
    assert_eq!(outcome.unwrap_err(), RequestError::Certificate(ChainError::Time));
}

#[test]
fn reject_untrusted_ca() {
    let mut world = World::haip();
    world.library = Authority::new("Access CA").certify("City library", HOST, 2030);
    let jwt = a_request(&mut world);
    let outcome = fetched(&world, &world.client_id(), jwt).unwrap_err();
    assert!(matches!(outcome, RequestError::Certificate(_)), "{outcome:?}");
    // An issuer of credentials is no relying party: roles are separate.
    let mut world = World::haip();
    let issuer = std::mem::replace(
        &mut world.issuer,
        Authority::new("x").certify("x", "x.example", 2030),
    );
    world.library = issuer;
    let jwt = a_request(&mut world);
    let outcome = fetched(&world, &world.client_id(), jwt).unwrap_err();
    assert!(matches!(outcome, RequestError::Certificate(_)), "{outcome:?}");
}

#[test]
fn reject_insecure_origin() {
    for (name, url) in [
        ("response_uri", "http://library.example/r"),
        ("response_uri", "http://localhost/r"),
    ] {
        assert_eq!(with(name, json!(url)).unwrap_err(), RequestError::Malformed(name));
    }
    let id = form_value(World::new().client_id().as_str());
    let link = format!("openid4vp://?client_id={id}&request_uri=http%3A%2F%2Flibrary.example%2Fr");
    let refused = AuthorizationRequestLink::parse(&link, &Profile::BASELINE).unwrap_err();
    assert_eq!(refused, RequestError::Malformed("request_uri"));
}

#[test]
fn reject_unsigned_request() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let (_, jwt) = transaction
        .request_object(None, &world.signer(), &world.profile, NOW)
        .unwrap();
    // `alg: none`.
    let parts: Vec<&str> = jwt.split('.').collect();
    let header = base64url::encode(br#"{"alg":"none","typ":"oauth-authz-req+jwt"}"#);
    let unsigned = format!("{header}.{}.", parts[1]);
    let outcome = fetched(&world, &world.client_id(), unsigned);
    assert_eq!(outcome.unwrap_err(), RequestError::Jws(JwsError::Algorithm));
    // The parameters in the link.
    let claims = base64url::decode(parts[1]).unwrap();
    let claims: assent_core::encoding::json::Object = serde_json::from_slice(&claims).unwrap();
    let link = AuthorizationRequestLink::to_parameters("openid4vp://", &claims);
    let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    let outcome = world.check(UnverifiedRequest::from_link(&link).unwrap());
    assert_eq!(outcome.unwrap_err(), RequestError::Signing);
}

#[test]
fn reject_wallet_nonce_mismatch() {
    let mut world = World::haip();
    let jwt = a_request(&mut world);
    let uri = world.endpoint("https://library.example/vp/requests/1");
    let link = AuthorizationRequestLink::to_reference(
        "openid4vp://",
        &world.client_id(),
        &uri,
        RequestUriMethod::Post,
    );
    let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    for back in [None, Some("another-nonce")] {
        let jwt = resign(
            &jwt,
            &world.library.key,
            |_| {},
            |claims| {
                claims.extend(back.map(|nonce| ("wallet_nonce".to_owned(), json!(nonce))));
            },
        );
        let request = UnverifiedRequest::from_response(&link, WALLET_NONCE, &request_object(jwt)).unwrap();
        assert_eq!(world.check(request).unwrap_err(), RequestError::WalletNonce);
    }
}

#[test]
fn reject_weak_curve() {
    let outcome = World::haip().changed_request(name_query(), &|claims| {
        claims["client_metadata"]["jwks"]["keys"] = json!([
            { "kty": "EC", "crv": "secp256k1", "kid": "k", "use": "enc", "alg": "ECDH-ES", "x": "AA", "y": "AA" },
            { "kty": "EC", "crv": "P-192", "kid": "l", "use": "enc", "alg": "ECDH-ES", "x": "AA", "y": "AA" }]);
    });
    assert_eq!(outcome.unwrap_err(), RequestError::NoEncryptionKey);
}

/// Algorithms that are not ours never reach a signature check.
#[test]
fn reject_weak_hash() {
    let mut world = World::haip();
    let jwt = a_request(&mut world);
    for alg in ["RS1", "RS256", "HS256", "ES256K"] {
        let parts: Vec<&str> = jwt.split('.').collect();
        let header = format!(r#"{{"alg":"{alg}","typ":"oauth-authz-req+jwt"}}"#);
        let changed = format!(
            "{}.{}.{}",
            base64url::encode(header.as_bytes()),
            parts[1],
            parts[2]
        );
        let outcome = fetched(&world, &world.client_id(), changed);
        assert_eq!(
            outcome.unwrap_err(),
            RequestError::Jws(JwsError::Algorithm),
            "{alg}"
        );
    }
}
