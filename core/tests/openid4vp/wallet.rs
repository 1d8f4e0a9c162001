//! Requests beyond the modules of the conformance suite: DIDs, parameters, links, answers of the service.

use assent_core::encoding::jws::JwsError;
use assent_core::http::HttpResponse;
use assent_core::oid4vp::{
    AuthorizationErrorCode, AuthorizationRequestLink, ClientId, RequestError, RequestSigner,
    RequestUriMethod, Requester, UnverifiedRequest, did::Did,
};
use assent_core::profile::Profile;
use assent_core::verifier::RequesterIdentity;
use serde_json::{Value, json};

use super::requests::{a_request, fetched, form_value, with};
use super::support::{NOW, WALLET_NONCE, World, name_query, request_object, resign, stranger};

#[test]
fn decentralized_identifiers() {
    let mut world = World::new();
    let did = Did::from_key(&assent_core::crypto::Signer::public_key(&world.library.key));
    let id = ClientId::decentralized_identifier(did.as_str());
    let mut new = world.new_transaction(name_query());
    new.identity = RequesterIdentity::Signed(id.clone());
    let transaction = world.create(new);
    let kid = format!("{}#0", did.as_str());
    let sign = |world: &World, kid: &str| {
        let signer = RequestSigner {
            x5c: &[],
            kid: Some(kid),
            signer: &world.library.key,
        };
        transaction
            .clone()
            .request_object(None, &signer, &world.profile, NOW)
            .unwrap()
            .1
    };
    let request = fetched(&world, &id, sign(&world, &kid)).unwrap();
    assert_eq!(*request.requester(), Requester::Did(did.clone()));
    let outcome = fetched(&world, &id, sign(&world, "did:jwk:other#0"));
    assert!(matches!(outcome, Err(RequestError::Did(_))));
    let forged = resign(&sign(&world, &kid), &stranger(), |_| {}, |_| {});
    assert_eq!(
        fetched(&world, &id, forged).unwrap_err(),
        RequestError::Jws(JwsError::Signature)
    );
    // HAIP knows certificates only.
    world.profile = Profile::HAIP;
    assert_eq!(
        fetched(&world, &id, sign(&world, &kid)).unwrap_err(),
        RequestError::PrefixNotAllowed
    );
}

/// `did:web`: the document is fetched between reading and checking, from the DID's own host only.
#[test]
fn did_web() {
    let mut world = World::new();
    let did = "did:web:library.example";
    let id = ClientId::decentralized_identifier(did);
    let mut new = world.new_transaction(name_query());
    new.identity = RequesterIdentity::Signed(id.clone());
    let transaction = world.create(new);
    let link = transaction.link("openid4vp://", &world.profile).unwrap();
    let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    let signer = RequestSigner {
        x5c: &[],
        kid: Some("did:web:library.example#k1"),
        signer: &world.library.key,
    };
    let (_, jwt) = transaction
        .request_object(None, &signer, &world.profile, NOW)
        .unwrap();
    let request = UnverifiedRequest::from_response(&link, WALLET_NONCE, &request_object(jwt)).unwrap();
    let fetch = request.did_document(&world.profile).unwrap().unwrap();
    assert_eq!(fetch.url, "https://library.example/.well-known/did.json");
    let check = |document: Option<Value>| {
        let document = document.as_ref().and_then(Value::as_object);
        let with = assent_core::oid4vp::RequestCheck {
            anchors: &world.anchors,
            now: NOW,
            profile: &world.profile,
            crypto: &assent_core::crypto::RustCrypto,
            did_document: document,
        };
        request.clone().check(&with).map_err(|rejection| rejection.error)
    };
    let document = |key: &assent_core::crypto::PublicKey| {
        json!({ "id": did, "verificationMethod": [
            { "id": "#k1", "controller": did, "type": "JsonWebKey2020", "publicKeyJwk": key.to_jwk() }] })
    };
    let right = assent_core::crypto::Signer::public_key(&world.library.key);
    assert!(matches!(
        check(Some(document(&right))).unwrap().requester(),
        Requester::Did(_)
    ));
    let wrong = assent_core::crypto::Signer::public_key(&stranger());
    assert_eq!(
        check(Some(document(&wrong))).unwrap_err(),
        RequestError::Jws(JwsError::Signature)
    );
    assert!(matches!(check(None), Err(RequestError::Did(_))));
}

/// An error is only sent where the address is known to be the requester's own.
#[test]
fn errors_go_to_authenticated_addresses_only() {
    let mut world = World::new();
    let jwt = a_request(&mut world);
    let uri = world.endpoint("https://library.example/vp/requests/1");
    let link = AuthorizationRequestLink::to_reference(
        "openid4vp://",
        &world.client_id(),
        &uri,
        RequestUriMethod::Get,
    );
    let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    let check = |jwt: String| {
        let with = assent_core::oid4vp::RequestCheck {
            anchors: &world.anchors,
            now: NOW,
            profile: &world.profile,
            crypto: &assent_core::crypto::RustCrypto,
            did_document: None,
        };
        let request = UnverifiedRequest::from_response(&link, WALLET_NONCE, &request_object(jwt)).unwrap();
        request.check(&with).unwrap_err()
    };
    let transaction_data = |claims: &mut assent_core::encoding::json::Object| {
        claims.insert("transaction_data".into(), json!(["e30"]));
    };
    let authentic = check(resign(&jwt, &world.library.key, |_| {}, transaction_data));
    assert_eq!(authentic.error, RequestError::TransactionData);
    let reply_to = authentic.reply_to.unwrap();
    assert!(
        reply_to
            .response_uri
            .as_str()
            .starts_with("https://library.example/vp/responses/")
    );
    let forged = check(resign(&jwt, &stranger(), |_| {}, transaction_data));
    assert!(forged.reply_to.is_none());
}

#[test]
fn parameters_that_must_be_right() {
    let refused = |name, value| with(name, value).unwrap_err();
    assert_eq!(
        refused("response_type", json!("code")),
        RequestError::Unsupported("response_type")
    );
    assert_eq!(
        refused("response_type", Value::Null),
        RequestError::Missing("response_type")
    );
    assert_eq!(
        refused("response_mode", json!("fragment")),
        RequestError::Unsupported("response_mode")
    );
    assert_eq!(
        refused("response_mode", Value::Null),
        RequestError::Missing("response_mode")
    );
    assert_eq!(
        refused("response_uri", Value::Null),
        RequestError::Missing("response_uri")
    );
    assert_eq!(refused("state", json!("a b")), RequestError::Malformed("state"));
    assert_eq!(
        refused("dcql_query", Value::Null),
        RequestError::Missing("dcql_query")
    );
    assert_eq!(
        refused("scope", json!("pid")),
        RequestError::Contradiction("scope")
    );
    assert_eq!(
        refused("aud", json!("https://other.example")),
        RequestError::Audience
    );
    assert_eq!(refused("aud", Value::Null), RequestError::Audience);
    assert_eq!(refused("exp", json!(NOW.0 - 61)), RequestError::Expired);
    assert_eq!(refused("iat", json!(NOW.0 + 61)), RequestError::NotYetValid);
    assert_eq!(
        refused("request_uri_method", json!("post")),
        RequestError::RequestUriMethod
    );
    assert_eq!(
        refused("request_uri", json!("https://a.example")),
        RequestError::Contradiction("request_uri")
    );
    assert_eq!(
        refused("verifier_info", json!([])),
        RequestError::Malformed("verifier_info")
    );
    let foreign = json!([{ "format": "x", "data": "y", "credential_ids": ["nobody"] }]);
    assert_eq!(
        refused("verifier_info", foreign),
        RequestError::Malformed("verifier_info")
    );
    assert_eq!(
        refused(
            "client_metadata",
            json!({ "vp_formats_supported": { "mso_mdoc": {} } })
        ),
        RequestError::NoEncryptionKey
    );
    let by_scope = World::new().changed_request(name_query(), &|claims| {
        claims.remove("dcql_query");
        claims.insert("scope".into(), json!("pid"));
    });
    assert_eq!(
        by_scope.unwrap_err().wire_code(),
        AuthorizationErrorCode::InvalidScope
    );
    // VP-6: a bearer credential needs the state.
    let unbound = World::new().changed_request(name_query(), &|claims| {
        claims["dcql_query"]["credentials"][0]["require_cryptographic_holder_binding"] = json!(false);
        claims.remove("state");
    });
    assert_eq!(unbound.unwrap_err(), RequestError::Missing("state"));
}

/// The audience of a verifier that names its own `request_uri` is taken on purpose.
#[test]
fn the_request_uri_as_audience() {
    let mut world = World::new();
    let jwt = resign(
        &a_request(&mut world),
        &world.library.key,
        |_| {},
        |claims| {
            claims.insert("aud".into(), json!("https://library.example/vp/requests/1"));
        },
    );
    assert!(fetched(&world, &world.client_id(), jwt).is_ok());
}

#[test]
fn links() {
    let profile = Profile::BASELINE;
    let id = form_value(World::new().client_id().as_str());
    let parse = |link: &str| AuthorizationRequestLink::parse(link, &profile);
    let uri = "request_uri=https%3A%2F%2Fa.example%2Fr";
    for start in [
        "openid4vp://",
        "haip-vp://",
        "openid4vp://authorize",
        "https://wallet.example/authorize",
    ] {
        assert!(parse(&format!("{start}?client_id={id}&{uri}")).is_ok(), "{start}");
    }
    for bad in [
        format!("mailto:a?client_id={id}&{uri}"),
        format!("http://wallet.example/?client_id={id}&{uri}"),
        format!("openid4vp://?client_id={id}&{uri}#x"),
        format!("openid4vp://?client_id={id}&client_id={id}&{uri}"),
        "openid4vp://".to_owned(),
        "openid4vp".to_owned(),
    ] {
        assert_eq!(parse(&bad).unwrap_err(), RequestError::Link, "{bad}");
    }
    assert_eq!(
        parse(&format!("openid4vp://?{uri}")).unwrap_err(),
        RequestError::Missing("client_id")
    );
    for method in ["GET", "put", ""] {
        let link = format!("openid4vp://?client_id={id}&{uri}&request_uri_method={method}");
        assert_eq!(
            parse(&link).unwrap_err(),
            RequestError::RequestUriMethod,
            "{method}"
        );
    }
    let link = format!("openid4vp://?client_id={id}&request=a.b.c&request_uri_method=post");
    assert_eq!(parse(&link).unwrap_err(), RequestError::RequestUriMethod);
    let link = format!("openid4vp://?client_id={id}&request=a.b.c&{uri}");
    assert_eq!(parse(&link).unwrap_err(), RequestError::Contradiction("request"));
}

#[test]
fn answers_that_are_no_request_object() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let link = transaction.link("haip-vp://", &world.profile).unwrap();
    let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    let (_, jwt) = transaction
        .request_object(None, &world.signer(), &world.profile, NOW)
        .unwrap();
    let read = |status: u16, content_type: &str| {
        let response = HttpResponse {
            status,
            headers: vec![("content-type".into(), content_type.into())],
            body: jwt.clone(),
        };
        UnverifiedRequest::from_response(&link, WALLET_NONCE, &response).map(|_| ())
    };
    assert_eq!(
        read(200, "application/oauth-authz-req+jwt; charset=utf-8"),
        Ok(())
    );
    assert_eq!(
        read(404, "application/oauth-authz-req+jwt"),
        Err(RequestError::Fetch(404))
    );
    // Redirects are never followed (errata §14.8).
    assert_eq!(
        read(302, "application/oauth-authz-req+jwt"),
        Err(RequestError::Fetch(302))
    );
    assert_eq!(read(200, "text/html"), Err(RequestError::ContentType));
}
