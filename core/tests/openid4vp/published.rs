//! What a verifier looked up beforehand: types (SV-7) and issuers known by their web address (SV-4).

use std::collections::BTreeMap;

use assent_core::crypto::{Signer as _, SoftwareKey};
use assent_core::profile::{Endpoint, Profile};
use assent_core::sd_jwt::type_metadata::{KnownType, TypeResolution};
use assent_core::sd_jwt::{DisclosurePolicy, HolderSdJwt, SdJwtBuilder};
use assent_core::status::{StatusBits, StatusList, StatusListClaims, UnverifiedStatusListToken};
use assent_core::trust::{IssuerKeysError, PublishedKeys, WebIssuer, issuer_metadata_url};
use assent_core::verifier::{Finished, PresentationIssuer, Transaction};
use serde_json::{Value, json};

use super::support::{NOW, STATUS_LIST, VCT, World, name_query, object, resign};

const ISS: &str = "https://issuer.example/tenant/1";

fn failure(finished: Finished) -> String {
    match finished.transaction {
        Transaction::Failed(_, failure) => failure.code,
        other => panic!("not failed but {:?}", other.state()),
    }
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(url, &Profile::BASELINE).unwrap()
}

fn known(document: &Value, more: &[Value]) -> KnownType {
    let mut resolution = TypeResolution::new(document["vct"].as_str().unwrap(), None);
    for document in std::iter::once(document).chain(more) {
        resolution = resolution.supply(document.to_string().as_bytes()).unwrap();
    }
    resolution.finish().unwrap()
}

// ---- types ----

fn shown(world: &mut World, always: Value) -> Finished {
    let card = world.card_with(always, true);
    let transaction = world.ask(name_query());
    let (transaction, request) = world.open(transaction);
    let token = world.present(&request, &card);
    let answer = world.post(&request, &token);
    world.receive(transaction, &answer)
}

/// SV-7: a credential of a known type keeps to its rules, or is refused.
#[test]
fn the_rules_of_a_known_type_hold() {
    let with = |claims: Value, always: Value| {
        let mut world = World::haip();
        world.published.types = vec![known(&json!({ "vct": VCT, "claims": claims }), &[])];
        shown(&mut world, always)
    };
    let always = json!([{ "path": ["given_name"], "sd": "always", "mandatory": true }]);
    assert!(with(always, json!({})).transaction.verdict().is_some());
    let never = json!([{ "path": ["given_name"], "sd": "never" }]);
    assert_eq!(failure(with(never, json!({}))), "type-rule-disclosable");
    let country = json!([{ "path": ["issuing_country"], "sd": "never", "mandatory": true }]);
    assert_eq!(failure(with(country.clone(), json!({}))), "type-rule-missing");
    assert!(
        with(country, json!({ "issuing_country": "NL" }))
            .transaction
            .verdict()
            .is_some()
    );
    let hidden = json!([{ "path": ["issuing_country"], "sd": "always" }]);
    assert_eq!(
        failure(with(hidden, json!({ "issuing_country": "NL" }))),
        "type-rule-always-visible"
    );
    // Nothing is demanded of a type that is not known.
    assert!(
        shown(&mut World::haip(), json!({}))
            .transaction
            .verdict()
            .is_some()
    );
}

/// Several versions of one type: the credential says which is its own.
#[test]
fn a_credential_is_checked_against_its_own_version() {
    let old = known(
        &json!({ "vct": VCT, "claims": [{ "path": ["given_name"], "sd": "always" }] }),
        &[],
    );
    let new = known(
        &json!({ "vct": VCT, "claims": [{ "path": ["given_name"], "sd": "never" }] }),
        &[],
    );
    let outcome = |integrity: String| {
        let mut world = World::haip();
        world.published.types = vec![new.clone(), old.clone()];
        shown(&mut world, json!({ "vct#integrity": integrity }))
    };
    assert!(outcome(old.integrity()).transaction.verdict().is_some());
    assert_eq!(failure(outcome(new.integrity())), "type-rule-disclosable");
    assert_eq!(failure(outcome("sha256-AAAA".into())), "type-rule-integrity");
}

/// DQ-20, SV-10: a known extension answers for the type it extends, and gives its issuer no right.
#[test]
fn an_extension_answers_but_gives_no_right() {
    let base = "urn:example:base:1";
    let mut query = name_query();
    query["credentials"][0]["meta"]["vct_values"] = json!([base]);
    let outcome = |known_type: bool, vct: &str| {
        let mut world = World::haip();
        if known_type {
            let document = json!({ "vct": vct, "extends": base });
            world.published.types = vec![known(&document, &[json!({ "vct": base })])];
        }
        let card = world.card_with(json!({ "vct": vct }), true);
        let transaction = world.ask(query.clone());
        let (transaction, request) = world.open(transaction);
        let mut token = assent_core::oid4vp::VpToken::new();
        let name = [super::support::path(json!(["given_name"]))];
        token.add("pid", world.presentation(&request, &card, &name));
        let answer = world.post(&request, &token);
        world.receive(transaction, &answer)
    };
    assert!(outcome(true, VCT).transaction.verdict().is_some());
    assert_eq!(failure(outcome(false, VCT)), "dcql-mismatch-type");
    // The issuer is trusted for `VCT`, and not for something that extends the same.
    assert_eq!(
        failure(outcome(true, "urn:attacker:1")),
        "credential-type-not-allowed"
    );
}

// ---- issuers ----

fn issuer_key() -> SoftwareKey {
    SoftwareKey::from_bytes(&[31; 32]).unwrap()
}

fn metadata(change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut jwk = Value::Object(issuer_key().public_key().to_jwk());
    jwk["kid"] = json!("k1");
    let mut out = json!({ "issuer": ISS, "jwks": { "keys": [
        { "kty": "RSA", "kid": "old", "n": "AQAB", "e": "AQAB" }, jwk] } });
    change(&mut out);
    out.to_string().into_bytes()
}

fn read(document: &[u8]) -> Result<PublishedKeys, IssuerKeysError> {
    PublishedKeys::parse(document, &endpoint(ISS), &Profile::BASELINE)
}

fn listed(vct: &[&str]) -> WebIssuer {
    let PublishedKeys::Here(keys) = read(&metadata(|_| {})).unwrap() else {
        panic!("the keys are in the document");
    };
    WebIssuer {
        name: "A school".into(),
        iss: endpoint(ISS),
        vct: vct.iter().map(|vct| (*vct).to_owned()).collect(),
        keys,
    }
}

/// A card signed with the issuer's published key, and no certificate.
fn web_card(world: &mut World, always: Value) -> HolderSdJwt {
    let mut visible = json!({ "vct": VCT, "iss": ISS, "exp": NOW.0 + 1000 });
    visible.as_object_mut().unwrap().extend(object(always));
    let mut env = assent_core::env::Env {
        now: NOW,
        rng: &mut world.rng,
    };
    let compact = SdJwtBuilder::new(
        object(json!({ "given_name": "Anna" })),
        DisclosurePolicy::Everything,
    )
    .always(object(visible))
    .holder_key(&world.holder.public_key())
    .sign(&issuer_key(), &mut env)
    .unwrap();
    HolderSdJwt::open(&compact).unwrap()
}

/// The card with its header changed and signed again.
fn with_header(card: &HolderSdJwt, key: &SoftwareKey, name: &str, value: &Value) -> HolderSdJwt {
    let (jwt, rest) = card.as_compact().split_once('~').unwrap();
    let jwt = resign(
        jwt,
        key,
        |header| drop(header.insert(name.into(), value.clone())),
        |_| {},
    );
    HolderSdJwt::open(&format!("{jwt}~{rest}")).unwrap()
}

fn answered(world: &mut World, card: &HolderSdJwt) -> Finished {
    answered_with(world, card, &BTreeMap::new())
}

fn answered_with(
    world: &mut World,
    card: &HolderSdJwt,
    tokens: &BTreeMap<String, UnverifiedStatusListToken>,
) -> Finished {
    let transaction = world.ask(name_query());
    let (transaction, request) = world.open(transaction);
    let token = world.present(&request, card);
    let answer = world.post(&request, &token);
    world.receive_with(transaction, &answer, tokens)
}

/// SV-4: off unless the operator lists the issuer, and then for its types only.
#[test]
fn a_web_issuer_is_believed_where_it_is_listed() {
    let mut world = World::haip();
    let card = web_card(&mut world, json!({}));
    assert_eq!(failure(answered(&mut world, &card)), "certificate-missing");
    world.published.issuers = vec![listed(&[VCT])];
    let finished = answered(&mut world, &card);
    let presentation = &finished.transaction.verdict().unwrap().credentials[0];
    assert_eq!(presentation.claims, json!({ "given_name": "Anna" }));
    assert_eq!(
        presentation.issuer,
        PresentationIssuer::Web {
            name: "A school".into(),
            iss: ISS.into()
        }
    );
    world.published.issuers = vec![listed(&["urn:other:1"])];
    assert_eq!(
        failure(answered(&mut world, &card)),
        "credential-type-not-allowed"
    );
    // `iss` letter by letter.
    let other = web_card(&mut world, json!({ "iss": format!("{ISS}/") }));
    world.published.issuers = vec![listed(&[VCT])];
    assert_eq!(failure(answered(&mut world, &other)), "certificate-missing");
}

#[test]
fn only_the_published_keys_count() {
    let mut world = World::haip();
    world.published.issuers = vec![listed(&[VCT])];
    let card = web_card(&mut world, json!({}));
    let by_kid = with_header(&card, &issuer_key(), "kid", &json!("k1"));
    assert!(answered(&mut world, &by_kid).transaction.verdict().is_some());
    let other_kid = with_header(&card, &issuer_key(), "kid", &json!("k2"));
    assert_eq!(failure(answered(&mut world, &other_kid)), "credential-issuer-key");
    let forged = with_header(&card, &super::support::stranger(), "kid", &json!("k1"));
    assert_eq!(failure(answered(&mut world, &forged)), "sd-jwt-issuer-signature");
    // A key inside the credential is nobody's word but its own.
    let own = super::support::stranger();
    let brought = with_header(&card, &own, "jwk", &Value::Object(own.public_key().to_jwk()));
    assert_eq!(failure(answered(&mut world, &brought)), "sd-jwt-issuer-signature");
}

/// The credential does not choose how its issuer is verified.
#[test]
fn an_issuer_has_one_way_of_being_verified() {
    let mut world = World::haip();
    let mut card = world.card_with(json!({ "iss": ISS }), true);
    assert!(answered(&mut world, &card).transaction.verdict().is_some());
    // The same good certificate, for an issuer that is to be verified by published keys.
    world.published.issuers = vec![listed(&[VCT])];
    assert_eq!(failure(answered(&mut world, &card)), "credential-issuer-method");
    card = world.card();
    assert!(answered(&mut world, &card).transaction.verdict().is_some());
}

/// TS-4: the status of such a card is believed from its issuer's own keys, and from no other issuer.
#[test]
fn the_status_comes_from_the_same_keys() {
    let mut world = World::haip();
    world.published.issuers = vec![listed(&[VCT])];
    let status = json!({ "status": { "status_list": { "idx": 7, "uri": STATUS_LIST } } });
    let card = web_card(&mut world, status);
    let list = StatusList::new(StatusBits::One, 64).unwrap();
    let claims = StatusListClaims {
        uri: STATUS_LIST.into(),
        issued_at: NOW,
        expires_at: None,
        ttl: None,
    };
    let token = |x5c: &[Vec<u8>], key: &SoftwareKey| {
        let jwt = claims.sign_jwt(&list, x5c, key).unwrap();
        let token = UnverifiedStatusListToken::parse_jwt(&jwt).unwrap();
        BTreeMap::from([(STATUS_LIST.to_owned(), token)])
    };
    let own = answered_with(&mut world, &card, &token(&[], &issuer_key()));
    assert!(own.transaction.verdict().unwrap().credentials[0].status_checked);
    let (x5c, key) = (
        world.issuer.x5c.clone(),
        SoftwareKey::from_bytes(&[1; 32]).unwrap(),
    );
    let foreign = world.status_token(false);
    assert_eq!(
        failure(answered_with(&mut world, &card, &foreign)),
        "certificate-untrusted"
    );
    assert_eq!(
        failure(answered_with(&mut world, &card, &token(&x5c, &key))),
        "certificate-untrusted"
    );
    let forged = answered_with(&mut world, &card, &token(&[], &super::support::stranger()));
    assert_eq!(failure(forged), "status-list-signature");
    assert_eq!(
        failure(answered_with(&mut world, &card, &BTreeMap::new())),
        "status-unknown"
    );
}

#[test]
fn metadata_of_issuers() {
    assert_eq!(
        issuer_metadata_url(&endpoint(ISS)),
        "https://issuer.example/.well-known/jwt-vc-issuer/tenant/1"
    );
    assert_eq!(
        issuer_metadata_url(&endpoint("https://issuer.example/")),
        "https://issuer.example/.well-known/jwt-vc-issuer"
    );
    assert!(matches!(read(&metadata(|_| {})), Ok(PublishedKeys::Here(_))));
    let elsewhere = read(&metadata(|m| {
        m.as_object_mut().unwrap().remove("jwks");
        m["jwks_uri"] = json!("https://keys.example/jwks");
    }));
    let Ok(PublishedKeys::At(uri)) = elsewhere else {
        panic!("{elsewhere:?}");
    };
    assert_eq!(uri.as_str(), "https://keys.example/jwks");

    let code = |change: &dyn Fn(&mut Value)| {
        let error = read(&metadata(change)).unwrap_err();
        assent_core::error::ErrorCode::code(&error)
    };
    assert_eq!(
        code(&|m| m["issuer"] = json!("https://issuer.example/tenant/2")),
        "issuer-keys-of-another"
    );
    assert_eq!(
        code(&|m| m["issuer"] = json!(format!("{ISS}/"))),
        "issuer-keys-of-another"
    );
    assert_eq!(
        code(&|m| m["jwks_uri"] = json!("https://keys.example/jwks")),
        "issuer-keys-malformed"
    );
    assert_eq!(
        code(&|m| drop(m.as_object_mut().unwrap().remove("jwks"))),
        "issuer-keys-malformed"
    );
    assert_eq!(code(&|m| m["jwks"] = json!([])), "issuer-keys-malformed");
    assert_eq!(code(&|m| m["jwks"] = json!({ "keys": [] })), "issuer-keys-none");
    assert_eq!(
        code(&|m| m["jwks"]["keys"][1]["use"] = json!("enc")),
        "issuer-keys-none"
    );
    assert_eq!(
        code(&|m| m["jwks"]["keys"][1]["d"] = json!("AAAA")),
        "issuer-keys-private"
    );
    let http = |m: &mut Value| {
        m.as_object_mut().unwrap().remove("jwks");
        m["jwks_uri"] = json!("http://keys.example/jwks");
    };
    assert_eq!(code(&http), "issuer-keys-malformed");
    assert!(read(b"{}").is_err() && read(b"x").is_err());
    let many = metadata(|m| m["jwks"]["keys"] = json!(vec![json!({}); 65]));
    assert!(read(&many).is_err());
}
