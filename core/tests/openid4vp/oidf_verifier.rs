//! `oid4vp-1final-verifier-*`: what our relying party takes and what it refuses.

use assent_core::crypto::Signer as _;
use assent_core::encoding::base64url;
use assent_core::oid4vp::{CheckedRequest, RequestUriMethod, VpToken};
use assent_core::sd_jwt::HolderSdJwt;
use assent_core::verifier::{Finished, PresentationIssuer, Transaction, Verdict};
use serde_json::{Value, json};

use super::support::{NOW, STATUS_LIST, VCT, World, name_query, path, query, resign, stranger};

/// One presentation made by `present` for the given name, and what the library says.
fn outcome(present: impl Fn(&mut World, &CheckedRequest, &HolderSdJwt) -> String) -> Finished {
    let mut world = World::haip();
    let card = world.card();
    let transaction = world.ask(name_query());
    let (transaction, request) = world.open(transaction);
    let mut token = VpToken::new();
    token.add("pid", present(&mut world, &request, &card));
    let answer = world.post(&request, &token);
    world.receive(transaction, &answer)
}

fn good(world: &mut World, request: &CheckedRequest, card: &HolderSdJwt) -> String {
    world.presentation(request, card, &[path(json!(["given_name"]))])
}

fn failure(finished: Finished) -> String {
    match finished.transaction {
        Transaction::Failed(_, failure) => failure.code,
        other => panic!("not failed but {:?}", other.state()),
    }
}

fn verdict(finished: &Finished) -> &Verdict {
    finished
        .transaction
        .verdict()
        .unwrap_or_else(|| panic!("not verified: {:?}", finished.transaction.state()))
}

/// The presentation without its KB-JWT, and the KB-JWT.
fn split(presentation: &str) -> (&str, &str) {
    let at = presentation.rfind('~').unwrap() + 1;
    presentation.split_at(at)
}

#[test]
fn happy_flow() {
    let finished = outcome(good);
    let verdict = verdict(&finished);
    let presentation = &verdict.credentials[0];
    assert_eq!(presentation.claims, json!({ "given_name": "Anna" }));
    assert_eq!(
        (presentation.vct.as_str(), presentation.holder_bound),
        (VCT, true)
    );
    assert!(!presentation.status_checked && presentation.sd_jwt.is_none());
    let PresentationIssuer::Trusted { subject, .. } = &presentation.issuer else {
        panic!("not a trusted issuer");
    };
    assert_eq!(subject.organization.as_deref(), Some("Civil registry"));
    // Claims must not end up in a log by accident.
    assert!(!format!("{finished:?} {verdict:?}").contains("Anna"));
}

#[test]
fn request_uri_method_post() {
    let mut world = World::haip();
    let mut new = world.new_transaction(name_query());
    new.request_uri_method = RequestUriMethod::Post;
    let transaction = world.create(new);
    // The wallet checks that its nonce came back.
    let (transaction, request) = world.open(transaction);
    let card = world.card();
    let token = world.present(&request, &card);
    let answer = world.post(&request, &token);
    verdict(&world.receive(transaction, &answer));
}

#[test]
fn request_uri_fetched_twice() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let (transaction, first) = world.open(transaction);
    let (transaction, second) = world.open(transaction);
    assert_eq!(first.nonce(), second.nonce());
    let card = world.card();
    let token = world.present(&first, &card);
    let answer = world.post(&first, &token);
    verdict(&world.receive(transaction, &answer));
}

/// The key in `cnf` has nothing but the members a key needs.
#[test]
fn minimal_cnf_jwk() {
    let mut world = World::haip();
    let card = world.card();
    let jwk = card.claims()["cnf"]["jwk"].as_object().unwrap();
    let mut members: Vec<&str> = jwk.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["crv", "kty", "x", "y"]);
    verdict(&outcome(good));
}

#[test]
fn invalid_credential_signature() {
    let code = failure(outcome(|world, request, card| {
        // The issuer's JWT signed with another key, and everything else made anew around it.
        let compact = card.as_compact();
        let (jwt, rest) = compact.split_once('~').unwrap();
        let forged = format!("{}~{rest}", resign(jwt, &stranger(), |_| {}, |_| {}));
        let card = HolderSdJwt::open(&forged).unwrap();
        good(world, request, &card)
    }));
    assert_eq!(code, "sd-jwt-issuer-signature");
}

#[test]
fn invalid_kb_jwt_signature() {
    let code = failure(outcome(|world, request, card| {
        let presentation = good(world, request, card);
        let (sd_jwt, kb_jwt) = split(&presentation);
        format!("{sd_jwt}{}", resign(kb_jwt, &stranger(), |_| {}, |_| {}))
    }));
    assert_eq!(code, "key-binding-signature");
}

/// The KB-JWT with one claim changed and signed again with the holder's own key.
fn with_kb_claim(name: &'static str, value: Value) -> String {
    failure(outcome(move |world, request, card| {
        let presentation = good(world, request, card);
        let (sd_jwt, kb_jwt) = split(&presentation);
        let change = |claims: &mut assent_core::encoding::json::Object| {
            claims.insert(name.into(), value.clone());
        };
        format!("{sd_jwt}{}", resign(kb_jwt, &world.holder, |_| {}, change))
    }))
}

#[test]
fn invalid_kb_jwt_nonce() {
    assert_eq!(
        with_kb_claim("nonce", json!("another-nonce")),
        "key-binding-nonce"
    );
}

#[test]
fn invalid_kb_jwt_aud() {
    assert_eq!(
        with_kb_claim("aud", json!("x509_san_dns:other.example")),
        "key-binding-audience"
    );
    // The client identifier without its prefix is not it either.
    let bare = World::new().client_id().value().to_owned();
    assert_eq!(with_kb_claim("aud", json!(bare)), "key-binding-audience");
}

#[test]
fn invalid_sd_hash() {
    let other = base64url::encode(&[1; 32]);
    assert_eq!(with_kb_claim("sd_hash", json!(other)), "key-binding-sd-hash");
}

#[test]
fn kb_jwt_iat_in_future() {
    assert_eq!(with_kb_claim("iat", json!(NOW.0 + 3600)), "key-binding-issued-at");
}

#[test]
fn kb_jwt_iat_in_past() {
    assert_eq!(with_kb_claim("iat", json!(NOW.0 - 3600)), "key-binding-issued-at");
}

/// mdoc is not verified here: an answer in that format fails with a clear code.
#[test]
fn invalid_session_transcript() {
    let mut world = World::haip();
    let asked = json!({ "credentials": [
        { "id": "pid", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] } },
        { "id": "mdl", "format": "mso_mdoc", "meta": { "doctype_value": "org.iso.18013.5.1.mDL" } }],
        "credential_sets": [{ "options": [["pid"], ["mdl"]] }] });
    let transaction = world.ask(asked);
    let (transaction, request) = world.open(transaction);
    let mut token = VpToken::new();
    token.add("mdl", "o2d2ZXJzaW9uYzEuMA".into());
    let answer = world.post(&request, &token);
    assert_eq!(
        failure(world.receive(transaction, &answer)),
        "presentation-format-not-supported"
    );
}

/// A card with a status, checked against the list.
fn with_status(revoked: Option<bool>) -> Finished {
    let mut world = World::haip();
    let card = world.card_with(
        json!({ "status": { "status_list": { "idx": 7, "uri": STATUS_LIST } } }),
        true,
    );
    let transaction = world.ask(name_query());
    let (transaction, request) = world.open(transaction);
    let token = world.present(&request, &card);
    let answer = world.post(&request, &token);
    let tokens = revoked
        .map(|revoked| world.status_token(revoked))
        .unwrap_or_default();
    world.receive_with(transaction, &answer, &tokens)
}

#[test]
fn present_revoked_credential() {
    assert_eq!(failure(with_status(Some(true))), "credential-revoked");
    // A list that cannot be had is no statement.
    assert_eq!(failure(with_status(None)), "status-unknown");
    let finished = with_status(Some(false));
    assert!(verdict(&finished).credentials[0].status_checked);
}

#[test]
fn present_credential_without_status() {
    let finished = outcome(good);
    assert!(!verdict(&finished).credentials[0].status_checked);
}

// ---- beyond the suite ----

/// OpenID4VP 1.0 §8.6: the wallet is not relied on for the query.
#[test]
fn claims_and_values_are_checked_again() {
    let asks = |claims: Value, shown: &[Value]| {
        let mut world = World::haip();
        let card = world.card();
        let transaction = world.ask(query(claims));
        let (transaction, request) = world.open(transaction);
        let shown: Vec<_> = shown.iter().cloned().map(path).collect();
        let mut token = VpToken::new();
        token.add("pid", world.presentation(&request, &card, &shown));
        let answer = world.post(&request, &token);
        world.receive(transaction, &answer)
    };
    let two = json!([{ "path": ["given_name"] }, { "path": ["family_name"] }]);
    assert_eq!(
        failure(asks(two, &[json!(["given_name"])])),
        "dcql-mismatch-claims"
    );
    let value = json!([{ "path": ["given_name"], "values": ["Berta"] }]);
    assert_eq!(
        failure(asks(value, &[json!(["given_name"])])),
        "dcql-mismatch-claims"
    );
    // What was shown without being asked for is thrown away.
    let one = json!([{ "path": ["address", "locality"] }]);
    let finished = asks(one, &[json!(["address"]), json!(["birthdate"])]);
    let claims = &verdict(&finished).credentials[0].claims;
    assert_eq!(*claims, json!({ "address": { "locality": "Voorbeeld" } }));
}

/// RFC 9901 §7.1: a disclosure no digest refers to. Several other verifiers take it.
#[test]
fn unreferenced_disclosure() {
    let code = failure(outcome(|world, request, card| {
        let presentation = good(world, request, card);
        let (sd_jwt, _) = split(&presentation);
        let added = format!("{sd_jwt}{}~", base64url::encode(br#"["c2FsdA","role","admin"]"#));
        // The holder signs a right KB-JWT over it.
        let hash = base64url::encode(&assent_core::crypto::sha256(added.as_bytes()));
        let (_, kb_jwt) = split(&presentation);
        let kb_jwt = resign(
            kb_jwt,
            &world.holder,
            |_| {},
            |claims| {
                claims.insert("sd_hash".into(), json!(hash));
            },
        );
        format!("{added}{kb_jwt}")
    }));
    assert_eq!(code, "sd-jwt-unreferenced-disclosure");
}

#[test]
fn missing_holder_binding() {
    let code = failure(outcome(|world, request, card| {
        let presentation = good(world, request, card);
        split(&presentation).0.to_owned()
    }));
    assert_eq!(code, "key-binding-missing");
}

/// An issuer that is known, for another type than this.
#[test]
fn issuer_of_another_type() {
    let mut world = World::haip();
    let claims = json!({ "email": "a@example.org" });
    let compact = world.issue(claims, json!({ "vct": "urn:assent:residence:1" }), true);
    let card = HolderSdJwt::open(&compact).unwrap();
    let asked = json!({ "credentials": [{ "id": "pid", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:assent:residence:1"] } }] });
    let transaction = world.ask(asked);
    let (transaction, request) = world.open(transaction);
    let token = world.present(&request, &card);
    let answer = world.post(&request, &token);
    assert_eq!(
        failure(world.receive(transaction, &answer)),
        "credential-type-not-allowed"
    );
}

/// One bad presentation is discarded; the rest stands when the sets allow it.
#[test]
fn a_failing_optional_presentation_is_discarded() {
    let mut world = World::haip();
    let card = world.card();
    let asked = json!({ "credentials": [
        { "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] }, "claims": [{ "path": ["given_name"] }] },
        { "id": "b", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] }, "claims": [{ "path": ["birthdate"] }] }],
        "credential_sets": [{ "options": [["a"]] }, { "options": [["b"]], "required": false }] });
    let transaction = world.ask(asked);
    let (transaction, request) = world.open(transaction);
    let mut token = VpToken::new();
    token.add(
        "a",
        world.presentation(&request, &card, &[path(json!(["given_name"]))]),
    );
    token.add("b", world.presentation(&request, &card, &[]));
    let answer = world.post(&request, &token);
    let finished = world.receive(transaction, &answer);
    let verdict = verdict(&finished);
    assert_eq!(verdict.credentials.len(), 1);
    assert_eq!(verdict.discarded[0].query_id, "b");
    assert_eq!(verdict.discarded[0].code, "dcql-mismatch-claims");
}

/// A credential signed by the presenter's own key counts only where it was asked for as such.
#[test]
fn self_issued_credentials() {
    use assent_core::sd_jwt::{DisclosurePolicy, SdJwtBuilder};
    let vct = "urn:assent:consent-receipt:1";
    let run = |self_issued: bool| {
        let mut world = World::haip();
        let mut env = assent_core::env::Env {
            now: NOW,
            rng: &mut world.rng,
        };
        let always = super::support::object(json!({ "vct": vct, "purpose": "test" }));
        let receipt = SdJwtBuilder::new(
            assent_core::encoding::json::Object::new(),
            DisclosurePolicy::TopLevel,
        )
        .always(always)
        .holder_key(&world.holder.public_key())
        .sign(&world.holder, &mut env)
        .unwrap();
        let receipt = HolderSdJwt::open(&receipt).unwrap();
        let asked = json!({ "credentials": [{ "id": "receipt", "format": "dc+sd-jwt",
            "meta": { "vct_values": [vct] } }] });
        let mut new = world.new_transaction(asked);
        if self_issued {
            new.self_issued = vec!["receipt".into()];
        }
        let transaction = world.create(new);
        let (transaction, request) = world.open(transaction);
        let token = world.present(&request, &receipt);
        let answer = world.post(&request, &token);
        let key = super::support::thumbprint(&world.holder.public_key());
        (
            world.receive(transaction, &answer),
            receipt.as_compact().to_owned(),
            key,
        )
    };
    let (finished, receipt, thumbprint) = run(true);
    let presentation = &verdict(&finished).credentials[0];
    assert_eq!(presentation.issuer, PresentationIssuer::SelfIssued { thumbprint });
    // Both sides keep the identical bytes.
    assert_eq!(presentation.sd_jwt.as_deref(), Some(receipt.as_str()));
    assert_eq!(failure(run(false).0), "certificate-missing");
}
