//! What each side must put into its messages and must leave out, beyond the modules of the conformance suite.

use std::collections::{BTreeMap, BTreeSet};

use assent_core::crypto::{Signer as _, SoftwareKey};
use assent_core::encoding::jwe::EncryptedJwe;
use assent_core::encoding::{base64url, form, json as strict_json};
use assent_core::env::Env;
use assent_core::http::HttpRequest;
use assent_core::oid4vp::response::{ReadError, ResponseError};
use assent_core::oid4vp::{
    AuthorizationErrorCode, AuthorizationRequestLink, ClientIdError, RequestError, RequestUriMethod,
    RequestUriPost, ResponseMode, UnverifiedRequest, VpToken,
};
use assent_core::profile::Profile;
use assent_core::status::{Status, StatusBits, StatusList, StatusListClaims, UnverifiedStatusListToken};
use assent_core::verifier::{Finished, Received, Transaction, TransactionError, VerificationContext};
use serde_json::{Value, json};

use super::requests::{a_request, fetched, with};
use super::support::{
    Authority, HOST, NOW, STATUS_LIST, VCT, WALLET_NONCE, World, name_query, path, request_object, resign,
};

fn claims_of(jwt: &str) -> Value {
    let payload = base64url::decode(jwt.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn failure(finished: Finished) -> String {
    match finished.transaction {
        Transaction::Failed(_, failure) => failure.code,
        other => panic!("not failed but {:?}", other.state()),
    }
}

/// VP-5, VP-6, VP-17, RS-11, SB-1: whatever must be fresh is, in every request, with 128 bits; and a request lives
/// for minutes.
#[test]
fn every_request_has_fresh_secrets() {
    let mut world = World::haip();
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let transaction = world.ask(name_query());
        let ids = [transaction.transaction_id(), transaction.request_id()].map(str::to_owned);
        let (_, jwt) = transaction
            .request_object(None, &world.signer(), &world.profile, NOW)
            .unwrap();
        let claims = claims_of(&jwt);
        let key = &claims["client_metadata"]["jwks"]["keys"][0];
        let texts = [&claims["nonce"], &claims["state"], &key["kid"], &key["x"]];
        for secret in texts
            .map(|text| text.as_str().unwrap().to_owned())
            .iter()
            .chain(&ids)
        {
            assert!(secret.len() >= 22, "128 bits: {secret}");
            let url_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            assert!(secret.bytes().all(url_safe), "{secret}");
            assert!(seen.insert(secret.clone()), "used twice: {secret}");
        }
        let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        assert_eq!((iat, exp - iat), (NOW.0, 300));
        // Nothing to say about the verifier: the parameter is left out, not empty.
        assert!(claims.get("verifier_info").is_none());
    }
}

/// VP-7: names and logos come from certificates.
#[test]
fn names_in_client_metadata_are_ignored() {
    let named = World::haip()
        .changed_request(name_query(), &|claims| {
            claims["client_metadata"]["client_name"] = json!("Tax office");
            claims["client_metadata"]["logo_uri"] = json!("https://evil.example/logo.png");
            claims["client_metadata"]["unknown"] = json!({ "a": 1 });
        })
        .unwrap();
    assert!(!format!("{:?}", named.requester()).contains("Tax office"));
    // But a member with a meaning and of the wrong type is no metadata.
    for (member, value) in [
        ("jwks", json!([])),
        ("jwks", json!({ "keys": {} })),
        ("vp_formats_supported", json!("dc+sd-jwt")),
        ("encrypted_response_enc_values_supported", json!("A128GCM")),
    ] {
        let outcome = World::haip().changed_request(name_query(), &|claims| {
            claims["client_metadata"][member] = value.clone();
        });
        assert_eq!(
            outcome.unwrap_err(),
            RequestError::Malformed("client_metadata"),
            "{member} = {value}"
        );
    }
}

/// VP-10: with a Request Object, what the link says beside it does not count.
#[test]
fn only_the_request_object_counts() {
    let mut world = World::haip();
    let jwt = a_request(&mut world);
    let id = super::requests::form_value(world.client_id().as_str());
    let link = format!(
        "openid4vp://?client_id={id}&request_uri=https%3A%2F%2Flibrary.example%2Fvp%2Frequests%2F1\
         &nonce=evil&state=evil&response_uri=https%3A%2F%2Fevil.example&client_id_scheme=redirect_uri"
    );
    let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
    let request =
        UnverifiedRequest::from_response(&link, WALLET_NONCE, &request_object(jwt.clone())).unwrap();
    let request = world.check(request).unwrap();
    assert_eq!(request.nonce(), claims_of(&jwt)["nonce"].as_str().unwrap());
    assert_ne!(request.reply_to().state.as_deref(), Some("evil"));
    assert_eq!(request.reply_to().response_uri.host(), HOST);
    // The parameter of the drafts gives a bare name no meaning.
    let draft = "openid4vp://?client_id=library.example&client_id_scheme=x509_san_dns&request_uri=https%3A%2F%2Fa.example";
    assert_eq!(
        AuthorizationRequestLink::parse(draft, &world.profile).unwrap_err(),
        RequestError::ClientId(ClientIdError::NotRegistered)
    );
}

/// VP-11: a wallet that cannot POST falls back to GET.
#[test]
fn a_get_is_answered_where_post_was_announced() {
    let mut world = World::haip();
    let mut new = world.new_transaction(name_query());
    new.request_uri_method = RequestUriMethod::Post;
    let transaction = world.create(new);
    let (_, jwt) = transaction
        .request_object(None, &world.signer(), &world.profile, NOW)
        .unwrap();
    assert!(claims_of(&jwt).get("wallet_nonce").is_none());
    assert!(fetched(&world, &world.client_id(), jwt).is_ok());
}

/// VP-19: what the wallet sends says nothing about who sends it.
#[test]
fn requests_name_nobody() {
    let mut world = World::haip();
    let card = world.card();
    let transaction = world.ask(name_query());
    let (_, request) = world.open(transaction);
    let token = world.present(&request, &card);
    let mut sent: Vec<HttpRequest> = vec![world.post(&request, &token)];
    for method in [RequestUriMethod::Get, RequestUriMethod::Post] {
        let uri = world.endpoint("https://library.example/vp/requests/1");
        let link = AuthorizationRequestLink::to_reference("openid4vp://", &world.client_id(), &uri, method);
        let link = AuthorizationRequestLink::parse(&link, &world.profile).unwrap();
        sent.push(link.fetch(WALLET_NONCE, &world.profile).unwrap());
    }
    for request in sent {
        for (name, _) in &request.headers {
            assert!(["accept", "content-type"].contains(&name.as_str()), "{name}");
        }
        let body = request.body.unwrap_or_default();
        for (name, value) in form::decode(&body).unwrap() {
            assert!(
                ["response", "wallet_metadata", "wallet_nonce"].contains(&name.as_str()),
                "{name}"
            );
            if name == "wallet_metadata" {
                let metadata =
                    strict_json::parse_object(value.as_bytes(), strict_json::Limits::MESSAGE).unwrap();
                let known = [
                    "authorization_encryption_alg_values_supported",
                    "authorization_encryption_enc_values_supported",
                    "client_id_prefixes_supported",
                    "request_object_signing_alg_values_supported",
                    "response_modes_supported",
                    "response_types_supported",
                    "vp_formats_supported",
                ];
                assert!(
                    metadata.keys().all(|member| known.contains(&member.as_str())),
                    "{value}"
                );
            }
        }
    }
}

/// DQ-21: a verifier that reads none of the formats we have.
#[test]
fn a_verifier_that_reads_no_format_of_ours() {
    let outcome = World::haip().changed_request(name_query(), &|claims| {
        claims["client_metadata"]["vp_formats_supported"] = json!({ "mso_mdoc": {} });
    });
    let error = outcome.unwrap_err();
    assert_eq!(error, RequestError::Formats);
    assert_eq!(error.wire_code(), AuthorizationErrorCode::VpFormatsNotSupported);
}

/// DQ-14: an empty `vp_token` is no way to say no, so none can be made.
#[test]
fn an_empty_answer_is_never_sent() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let (_, request) = world.open(transaction);
    let mut env = Env {
        now: NOW,
        rng: &mut world.rng,
    };
    let refused = request.reply_to().present(&VpToken::new(), &mut env).unwrap_err();
    assert_eq!(refused, ResponseError::Empty);
}

/// What the library says to a `vp_token` of any shape, in the clear.
fn answered_with(vp_token: &dyn Fn(&str) -> Value) -> Finished {
    let mut world = World::new();
    let mut new = world.new_transaction(name_query());
    new.response_mode = ResponseMode::DirectPost;
    let transaction = world.create(new);
    let (transaction, request) = world.open(transaction);
    let card = world.card();
    let good = world.presentation(&request, &card, &[path(json!(["given_name"]))]);
    let state = request.reply_to().state.clone().unwrap();
    let body = form::encode([
        ("vp_token", vp_token(&good).to_string().as_str()),
        ("state", &state),
    ]);
    world.receive(
        transaction,
        &HttpRequest::post("https://library.example/r", "", body, 0),
    )
}

/// RS-1: ids, arrays, strings; nothing else is guessed at.
#[test]
fn presentations_are_strings_in_arrays() {
    assert!(
        answered_with(&|good| json!({ "pid": [good] }))
            .transaction
            .verdict()
            .is_some()
    );
    for (shape, code) in [
        (json!({ "pid": "PRESENTATION" }), "vp-token-not-an-array"),
        (json!({ "pid": {} }), "vp-token-not-an-array"),
        (json!({ "pid": [] }), "vp-token-count"),
        (
            json!({ "pid": ["PRESENTATION", "PRESENTATION"] }),
            "vp-token-count",
        ),
        (
            json!({ "pid": ["PRESENTATION"], "other": ["PRESENTATION"] }),
            "vp-token-unknown-query",
        ),
        (json!({}), "vp-token-empty"),
        (
            json!({ "pid": [{ "jwt": "PRESENTATION" }] }),
            "presentation-not-a-string",
        ),
        (json!({ "pid": [["PRESENTATION"]] }), "presentation-not-a-string"),
        (json!({ "pid": [7] }), "presentation-not-a-string"),
    ] {
        let finished = answered_with(&|good| {
            serde_json::from_str(&shape.to_string().replace("PRESENTATION", good)).unwrap()
        });
        assert_eq!(failure(finished), code, "{shape}");
    }
}

/// The library's request with a key of ours in it, and what the wallet posts to it.
fn posted_to(kid: Option<&str>) -> (SoftwareKey, EncryptedJwe) {
    let ours = SoftwareKey::from_bytes(&[42; 32]).unwrap();
    let mut jwk = ours.public_key().to_jwk();
    jwk.extend([
        ("use".to_owned(), json!("enc")),
        ("alg".to_owned(), json!("ECDH-ES")),
    ]);
    jwk.extend(kid.map(|kid| ("kid".to_owned(), json!(kid))));
    let mut world = World::haip();
    let card = world.card();
    let request = world
        .changed_request(name_query(), &|claims| {
            claims["client_metadata"]["jwks"]["keys"] = json!([jwk]);
        })
        .unwrap();
    let token = world.present(&request, &card);
    let body = world.post(&request, &token).body.unwrap();
    let pairs = form::decode(&body).unwrap();
    (
        ours,
        EncryptedJwe::parse(form::get(&pairs, "response").unwrap()).unwrap(),
    )
}

/// RS-6, RS-7: the parameters themselves are the payload, and the key id comes back where there was one.
#[test]
fn the_encrypted_payload_is_the_parameters_alone() {
    let (key, jwe) = posted_to(Some("our-key"));
    assert_eq!(jwe.header().kid.as_deref(), Some("our-key"));
    let payload = jwe.decrypt(&key).unwrap();
    let payload = strict_json::parse_object(&payload, strict_json::Limits::MESSAGE).unwrap();
    assert_eq!(
        payload.keys().collect::<BTreeSet<_>>(),
        BTreeSet::from([&"state".to_owned(), &"vp_token".to_owned()])
    );
    assert!(payload["vp_token"]["pid"][0].is_string());
    assert_eq!(posted_to(None).1.header().kid, None);
}

/// RS-5, RS-6: a key id that is there must be that of this request, whatever else is in the form.
#[test]
fn an_answer_for_another_key_is_not_taken() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let (transaction, request) = world.open(transaction);
    let card = world.card();
    let token = world.present(&request, &card);
    let mut reply_to = request.reply_to().clone();
    let mut send = |kid: Option<&str>| {
        reply_to.encryption.as_mut().unwrap().kid = kid.map(str::to_owned);
        let mut env = Env {
            now: NOW,
            rng: &mut world.rng,
        };
        let body = reply_to.present(&token, &mut env).unwrap().body.unwrap();
        let context = VerificationContext {
            anchors: &world.anchors,
            crypto: &assent_core::crypto::RustCrypto,
            published: None,
        };
        // A form field beside the encrypted answer is not what ties it to the request.
        let body = format!("{body}&state=from-the-form");
        transaction.clone().receive_response(&body, &context, &mut env)
    };
    let wrong = send(Some("another-key")).unwrap_err();
    assert_eq!(
        wrong,
        assent_core::verifier::ReceiveError::Read(ReadError::WrongKey)
    );
    assert!(matches!(send(None), Ok(Received::Pending(_))));
}

/// RS-10: the codes on the wire, both ways.
#[test]
fn every_refusal_has_a_code_of_the_standard() {
    let codes = [
        "invalid_request",
        "invalid_client",
        "invalid_scope",
        "access_denied",
        "vp_formats_not_supported",
        "invalid_request_uri_method",
        "invalid_transaction_data",
        "wallet_unavailable",
        "server_error",
    ];
    for name in codes {
        let code = AuthorizationErrorCode::from_name(name);
        assert_ne!(code, AuthorizationErrorCode::Other, "{name}");
        assert_eq!(code.as_str(), name);
    }
    let unknown = AuthorizationErrorCode::from_name("invented");
    assert_eq!(
        (unknown, unknown.as_str()),
        (AuthorizationErrorCode::Other, "server_error")
    );
    for (error, code) in [
        (
            RequestError::RequestUriMethod,
            AuthorizationErrorCode::InvalidRequestUriMethod,
        ),
        (
            RequestError::ClientId(ClientIdError::NotRegistered),
            AuthorizationErrorCode::InvalidClient,
        ),
        (
            RequestError::ClientIdMismatch,
            AuthorizationErrorCode::InvalidClient,
        ),
        (RequestError::Scope, AuthorizationErrorCode::InvalidScope),
        (
            RequestError::Missing("nonce"),
            AuthorizationErrorCode::InvalidRequest,
        ),
        (
            RequestError::Contradiction("scope"),
            AuthorizationErrorCode::InvalidRequest,
        ),
    ] {
        assert_eq!(error.wire_code(), code, "{error}");
    }
}

/// DQ-4: the authorities asked for are looked at again by the verifier.
#[test]
fn trusted_authorities_are_checked_again() {
    let outcome = |aki: &str| {
        let mut world = World::haip();
        let own = assent_core::trust::authority_key_identifiers(&world.issuer.x5c).remove(0);
        let value = if aki.is_empty() {
            base64url::encode(&own)
        } else {
            aki.to_owned()
        };
        let mut query = name_query();
        query["credentials"][0]["trusted_authorities"] = json!([{ "type": "aki", "values": [value] }]);
        let card = world.card();
        let transaction = world.ask(query);
        let (transaction, request) = world.open(transaction);
        let mut token = VpToken::new();
        token.add(
            "pid",
            world.presentation(&request, &card, &[path(json!(["given_name"]))]),
        );
        let answer = world.post(&request, &token);
        world.receive(transaction, &answer)
    };
    assert!(outcome("").transaction.verdict().is_some());
    assert_eq!(failure(outcome("AQIDBA")), "dcql-mismatch-authority");
}

/// TS-4, TS-5: only VALID is good, and no index is not an index.
#[test]
fn every_status_but_valid_is_refused() {
    let outcome = |status: Status, index: u64| {
        let mut world = World::haip();
        let card = world.card_with(
            json!({ "status": { "status_list": { "idx": index, "uri": STATUS_LIST } } }),
            true,
        );
        let transaction = world.ask(name_query());
        let (transaction, request) = world.open(transaction);
        let token = world.present(&request, &card);
        let answer = world.post(&request, &token);
        let mut list = StatusList::new(StatusBits::Four, 64).unwrap();
        list.set(7, status).unwrap();
        let claims = StatusListClaims {
            uri: STATUS_LIST.into(),
            issued_at: NOW,
            expires_at: None,
            ttl: None,
        };
        let jwt = claims
            .sign_jwt(&list, &world.issuer.x5c, &world.issuer.key)
            .unwrap();
        let tokens = BTreeMap::from([(
            STATUS_LIST.to_owned(),
            UnverifiedStatusListToken::parse_jwt(&jwt).unwrap(),
        )]);
        world.receive_with(transaction, &answer, &tokens)
    };
    assert!(outcome(Status::Valid, 7).transaction.verdict().is_some());
    for (status, code) in [
        (Status::Invalid, "credential-revoked"),
        (Status::Suspended, "credential-suspended"),
        (Status::ApplicationSpecific(3), "status-unknown"),
        (Status::Reserved(9), "status-unknown"),
        (Status::ApplicationSpecific(15), "status-unknown"),
    ] {
        assert_eq!(failure(outcome(status, 7)), code, "{status:?}");
    }
    assert_eq!(
        failure(outcome(Status::Valid, 64)),
        "status-list-index-out-of-range"
    );
}

/// TS-4: a list that a stranger's credential names is not even asked for.
#[test]
fn no_list_is_fetched_on_the_word_of_a_stranger() {
    let mut world = World::haip();
    let known = std::mem::replace(
        &mut world.issuer,
        Authority::new("Stranger").certify("Stranger", "stranger.example", 2030),
    );
    let status = json!({ "status": { "status_list": { "idx": 1, "uri": "https://stranger.example/list" } } });
    let strange = world.card_with(status.clone(), true);
    world.issuer = known;
    let card = world.card_with(status, true);
    let query = json!({ "credentials": [
        { "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] } },
        { "id": "b", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] } }],
        "credential_sets": [{ "options": [["a"]] }, { "options": [["b"]], "required": false }] });
    for (first, lists) in [(&card, 1), (&strange, 0)] {
        let transaction = world.ask(query.clone());
        let (transaction, request) = world.open(transaction);
        let mut token = VpToken::new();
        token.add("a", world.presentation(&request, first, &[]));
        let body = world.post(&request, &token).body.unwrap();
        let context = VerificationContext {
            anchors: &world.anchors,
            crypto: &assent_core::crypto::RustCrypto,
            published: None,
        };
        let mut env = Env {
            now: NOW,
            rng: &mut world.rng,
        };
        match transaction.receive_response(&body, &context, &mut env).unwrap() {
            Received::Pending(pending) => assert_eq!(pending.status_lists().len(), lists),
            Received::Ended(_) => assert_eq!(lists, 0),
        }
    }
}

/// RFC 7515 §4.1.6: base64 of DER, with padding and the standard alphabet; PEM is something else.
#[test]
fn x5c_is_standard_base64_of_der() {
    let mut world = World::haip();
    let jwt = a_request(&mut world);
    let der = world.library.x5c[0].clone();
    let right = base64url::encode_standard(&der);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{right}\n-----END CERTIFICATE-----\n");
    let outcome = |x5c: Value| {
        let changed = resign(
            &jwt,
            &world.library.key,
            |header| {
                header.insert("x5c".into(), x5c.clone());
            },
            |_| {},
        );
        fetched(&world, &world.client_id(), changed)
    };
    assert!(outcome(json!([right])).is_ok());
    for wrong in [
        json!([base64url::encode_standard(pem.as_bytes())]),
        json!([pem]),
        json!([base64url::encode(&der)]),
        json!(right),
        json!([]),
        json!([7]),
    ] {
        assert!(outcome(wrong.clone()).is_err(), "{wrong}");
    }
}

/// VP-12: what a wallet of another make posts is read, and what is too much is refused.
#[test]
fn wallet_metadata_is_read_within_bounds() {
    let post = |metadata: &Value| {
        RequestUriPost::parse(&form::encode([(
            "wallet_metadata",
            metadata.to_string().as_str(),
        )]))
    };
    let read = post(&json!({ "vp_formats_supported": {}, "unknown": [1] })).unwrap();
    assert_eq!(read.wallet_metadata.unwrap()["unknown"], json!([1]));
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    assert!(post(&json!({ "deep": deep })).is_err());
    assert!(post(&json!({ "long": "x".repeat(70_000) })).is_err());
    assert!(RequestUriPost::parse(&format!("wallet_nonce={}", "n".repeat(257))).is_err());
}

/// Unsigned requests have no Request Object to fetch.
#[test]
fn an_unsigned_request_has_no_request_object() {
    let mut world = World::new();
    let mut new = world.new_transaction(name_query());
    new.identity = assent_core::verifier::RequesterIdentity::ResponseUri;
    let transaction = world.create(new);
    let refused = transaction.request_object(None, &world.signer(), &Profile::BASELINE, NOW);
    assert_eq!(refused.unwrap_err(), TransactionError::Unsigned);
    // VP-5: nor may a nonce be of other characters, in any request.
    let error = with("nonce", json!("n#1")).unwrap_err();
    assert_eq!(error, RequestError::Malformed("nonce"));
}
