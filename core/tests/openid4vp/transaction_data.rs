//! Transactions that a presentation authorises (OpenID4VP 1.0 §5.1, §8.4, §B.3.3.1).

use assent_core::encoding::{base64url, form};
use assent_core::env::Env;
use assent_core::oid4vp::{
    CheckedRequest, RequestError, RequestUriMethod, RequestUriPost, ResponseMode, VpToken,
};
use assent_core::sd_jwt::HolderSdJwt;
use assent_core::verifier::{
    CreateError, Finished, NewTransaction, NewTransactionData, RequesterIdentity, Transaction,
    TransactionError,
};
use serde_json::{Value, json};

use super::requests::fetched;
use super::support::{NOW, VCT, World, name_query, object, path, resign};

const TYPE: &str = "urn:example:payment:1";

fn payment(ids: &[&str]) -> NewTransactionData {
    NewTransactionData {
        kind: TYPE.into(),
        credential_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        members: object(json!({ "amount": "12.50", "payee": "Bakery" })),
    }
}

fn asking(world: &World, entries: Vec<NewTransactionData>) -> NewTransaction {
    NewTransaction {
        request_uri_method: RequestUriMethod::Post,
        transaction_data: entries,
        ..world.new_transaction(name_query())
    }
}

fn post(types: &Value) -> RequestUriPost {
    let metadata = json!({ "transaction_data_types_supported": types }).to_string();
    RequestUriPost::parse(&form::encode([("wallet_metadata", metadata.as_str())])).unwrap()
}

fn claims_of(jwt: &str) -> Value {
    serde_json::from_slice(&base64url::decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn failure(finished: Finished) -> String {
    match finished.transaction {
        Transaction::Failed(_, failure) => failure.code,
        other => panic!("not failed but {:?}", other.state()),
    }
}

/// TD-2: a wallet has to refuse what it does not know, so nothing is sent to one that does not say it does.
#[test]
fn only_a_wallet_that_says_it_knows_the_type_gets_it() {
    let mut world = World::haip();
    let transaction = world.create(asking(&world, vec![payment(&["pid"])]));
    let fetch = |post: Option<&RequestUriPost>| {
        let outcome = transaction
            .clone()
            .request_object(post, &world.signer(), &world.profile, NOW);
        outcome.map(|(_, jwt)| claims_of(&jwt))
    };
    let refused = Some(TransactionError::TransactionData);
    assert_eq!(fetch(None).err(), refused);
    assert_eq!(fetch(Some(&RequestUriPost::default())).err(), refused);
    for types in [
        json!([]),
        json!(["urn:other:1"]),
        json!(TYPE),
        json!([TYPE.to_uppercase()]),
    ] {
        assert_eq!(fetch(Some(&post(&types))).err(), refused, "{types}");
    }
    let claims = fetch(Some(&post(&json!(["urn:other:1", TYPE])))).unwrap();
    let entries = claims["transaction_data"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    // Base64url of the JSON, without padding, the same each time.
    let text = entries[0].as_str().unwrap();
    let read: Value = serde_json::from_slice(&base64url::decode(text).unwrap()).unwrap();
    assert_eq!(
        read,
        json!({ "type": TYPE, "credential_ids": ["pid"], "amount": "12.50", "payee": "Bakery" })
    );
    assert_eq!(
        fetch(Some(&post(&json!([TYPE])))).unwrap()["transaction_data"][0],
        text
    );
    // Without transactions nobody has to know anything, and the parameter is not there.
    let plain = world.ask(name_query());
    let (_, jwt) = plain
        .request_object(None, &world.signer(), &world.profile, NOW)
        .unwrap();
    assert!(claims_of(&jwt).get("transaction_data").is_none());
}

/// TD-3: what can be asked for, and how.
#[test]
fn transactions_that_cannot_be_asked_for() {
    let mut world = World::haip();
    let mut create = |change: &dyn Fn(&mut NewTransaction)| {
        let mut new = asking(&world, vec![payment(&["pid"])]);
        change(&mut new);
        let mut env = Env {
            now: NOW,
            rng: &mut world.rng,
        };
        Transaction::create(new, &world.profile, &mut env).map(|_| ())
    };
    let refused = Err(CreateError::TransactionData);
    assert_eq!(create(&|_| {}), Ok(()));
    assert_eq!(
        create(&|new| new.request_uri_method = RequestUriMethod::Get),
        refused
    );
    assert_eq!(
        create(&|new| new.identity = RequesterIdentity::ResponseUri),
        refused
    );
    assert_eq!(create(&|new| new.transaction_data[0].kind.clear()), refused);
    assert_eq!(
        create(&|new| new.transaction_data[0].credential_ids.clear()),
        refused
    );
    assert_eq!(
        create(&|new| new.transaction_data = vec![payment(&["pid", "other"])]),
        refused
    );
    assert_eq!(
        create(&|new| new.transaction_data = vec![payment(&["pid"]); 9]),
        refused
    );
    for name in ["type", "credential_ids", "transaction_data_hashes_alg"] {
        let outcome = create(&|new| drop(new.transaction_data[0].members.insert(name.into(), json!("x"))));
        assert_eq!(outcome, refused, "{name}");
    }
    let long = json!("x".repeat(20_000));
    assert_eq!(
        create(&|new| drop(new.transaction_data[0].members.insert("a".into(), long.clone()))),
        refused
    );
    // Nobody signs anything without holder binding; mdoc is not verified here.
    let unbound = json!(false);
    assert_eq!(
        create(
            &|new| new.dcql_query["credentials"][0]["require_cryptographic_holder_binding"] = unbound.clone()
        ),
        refused
    );
    let two = json!({ "credentials": [
        { "id": "pid", "format": "mso_mdoc", "meta": { "doctype_value": "d" } },
        { "id": "b", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] } }] });
    assert_eq!(create(&|new| new.dcql_query = two.clone()), refused);
}

/// What the wallet of somebody else, which knows the type, makes of a request, and what the library says.
fn outcome(
    entries: Vec<NewTransactionData>,
    query: Value,
    present: impl Fn(&mut World, &CheckedRequest, &[String], &HolderSdJwt) -> VpToken,
) -> Finished {
    let mut world = World::haip();
    let mut new = asking(&world, entries);
    new.dcql_query = query;
    new.response_mode = ResponseMode::DirectPostJwt;
    let transaction = world.create(new);
    let (transaction, jwt) = transaction
        .request_object(Some(&post(&json!([TYPE]))), &world.signer(), &world.profile, NOW)
        .unwrap();
    let texts: Vec<String> = serde_json::from_value(claims_of(&jwt)["transaction_data"].clone()).unwrap();
    // Ours refuses the type, so it opens the same request without it.
    let refused = fetched(&world, &world.client_id(), jwt.clone()).unwrap_err();
    assert_eq!(refused, RequestError::TransactionData);
    let without = resign(
        &jwt,
        &world.library.key,
        |_| {},
        |claims| drop(claims.remove("transaction_data")),
    );
    let request = fetched(&world, &world.client_id(), without).unwrap();
    let card = world.card();
    let token = present(&mut world, &request, &texts, &card);
    let answer = world.post(&request, &token);
    world.receive(transaction, &answer)
}

fn presented(world: &World, request: &CheckedRequest, texts: &[&str], card: &HolderSdJwt) -> String {
    let name = [path(json!(["given_name"]))];
    let audience = request.client_id().as_str();
    card.present_and_authorise(&name, request.nonce(), audience, texts, NOW, &world.holder)
        .unwrap()
}

fn one(presentation: String) -> VpToken {
    let mut token = VpToken::new();
    token.add("pid", presentation);
    token
}

/// TD-4: the hash of the text as it was sent, in the KB-JWT.
#[test]
fn a_transaction_is_authorised_by_its_hash() {
    let finished = outcome(
        vec![payment(&["pid"])],
        name_query(),
        |world, request, texts, card| one(presented(world, request, &[&texts[0]], card)),
    );
    let verdict = finished.transaction.verdict().unwrap();
    assert_eq!(verdict.credentials[0].transaction_data, [0]);
    assert_eq!(verdict.credentials[0].claims, json!({ "given_name": "Anna" }));
}

#[test]
fn what_does_not_authorise_it() {
    let run = |texts_of: &dyn Fn(&str) -> Vec<String>| {
        let finished = outcome(
            vec![payment(&["pid"])],
            name_query(),
            |world, request, texts, card| {
                let texts = texts_of(&texts[0]);
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                one(presented(world, request, &texts, card))
            },
        );
        failure(finished)
    };
    assert_eq!(run(&|_| vec![]), "transaction-data-not-authorised");
    // The decoded text, another amount, padding, more than was asked, the same twice.
    let decoded = |text: &str| String::from_utf8(base64url::decode(text).unwrap()).unwrap();
    assert_eq!(run(&|text| vec![decoded(text)]), "presentation-transaction-data");
    let changed = |text: &str| base64url::encode(decoded(text).replace("12.50", "99.99").as_bytes());
    assert_eq!(run(&|text| vec![changed(text)]), "presentation-transaction-data");
    assert_eq!(
        run(&|text| vec![format!("{text}=")]),
        "presentation-transaction-data"
    );
    assert_eq!(
        run(&|text| vec![text.to_owned(), changed(text)]),
        "presentation-transaction-data"
    );
    assert_eq!(
        run(&|text| vec![text.to_owned(), text.to_owned()]),
        "presentation-transaction-data"
    );
}

/// The KB-JWT with claims changed and signed again by the holder.
#[test]
fn hashes_are_read_strictly() {
    let run = |name: &'static str, value: Value| {
        outcome(
            vec![payment(&["pid"])],
            name_query(),
            |world, request, texts, card| {
                let text = presented(world, request, &[&texts[0]], card);
                let (sd_jwt, kb_jwt) = text.split_at(text.rfind('~').unwrap() + 1);
                let change = |claims: &mut assent_core::encoding::json::Object| {
                    claims.insert(name.into(), value.clone());
                };
                one(format!(
                    "{sd_jwt}{}",
                    resign(kb_jwt, &world.holder, |_| {}, change)
                ))
            },
        )
    };
    let alg = "transaction_data_hashes_alg";
    assert!(run(alg, json!("sha-256")).transaction.verdict().is_some());
    for (name, value) in [
        (alg, json!("sha-512")),
        (alg, json!(["sha-256"])),
        ("transaction_data_hashes", json!("x")),
        ("transaction_data_hashes", json!([7])),
        ("transaction_data_hashes", json!({})),
    ] {
        assert_eq!(
            failure(run(name, value.clone())),
            "presentation-transaction-data",
            "{name} {value}"
        );
    }
}

/// §8.4: exactly one of the credentials named, for each transaction.
#[test]
fn each_transaction_by_exactly_one_credential() {
    let query = json!({ "credentials": [
        { "id": "pid", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] }, "claims": [{ "path": ["given_name"] }] },
        { "id": "b", "format": "dc+sd-jwt", "meta": { "vct_values": [VCT] }, "claims": [{ "path": ["given_name"] }] }] });
    let run = |first: &'static [usize], second: &'static [usize]| {
        let entries = vec![payment(&["pid", "b"]), payment(&["b"])];
        outcome(entries, query.clone(), move |world, request, texts, card| {
            let of = |places: &[usize]| places.iter().map(|at| texts[*at].as_str()).collect::<Vec<_>>();
            let mut token = one(presented(world, request, &of(first), card));
            token.add("b", presented(world, request, &of(second), card));
            token
        })
    };
    assert!(run(&[0], &[1]).transaction.verdict().is_some());
    assert!(run(&[], &[0, 1]).transaction.verdict().is_some());
    assert_eq!(failure(run(&[0], &[0, 1])), "transaction-data-not-authorised");
    assert_eq!(failure(run(&[0], &[])), "transaction-data-not-authorised");
    // The second one is not for this credential.
    assert_eq!(failure(run(&[0, 1], &[])), "presentation-transaction-data");
}
