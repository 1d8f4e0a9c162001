//! The life of a transaction: single use, expiry, response codes, storage.

use assent_core::crypto::RustCrypto;
use assent_core::encoding::form;
use assent_core::env::{Env, Timestamp};
use assent_core::http::{HttpRequest, HttpResponse};
use assent_core::oid4vp::response::ReplyError;
use assent_core::oid4vp::{
    AuthorizationError, AuthorizationErrorCode, CheckedRequest, ResponseMode, ResponseReply, VerifierInfo,
};
use assent_core::profile::Profile;
use assent_core::verifier::{
    Collected, CreateError, Finished, ReceiveError, Received, Transaction, TransactionError,
    TransactionState, VerificationContext,
};
use serde_json::json;

use super::support::{NOW, VCT, World, name_query, path};

fn receive(
    world: &mut World,
    transaction: Transaction,
    body: &str,
    now: Timestamp,
) -> Result<Received, ReceiveError> {
    let context = VerificationContext {
        anchors: &world.anchors,
        crypto: &RustCrypto,
        published: None,
    };
    let mut env = Env {
        now,
        rng: &mut world.rng,
    };
    transaction.receive_response(body, &context, &mut env)
}

fn answered(world: &mut World, transaction: Transaction) -> (Transaction, CheckedRequest, HttpRequest) {
    let card = world.card();
    let (transaction, request) = world.open(transaction);
    let token = world.present(&request, &card);
    let answer = world.post(&request, &token);
    (transaction, request, answer)
}

fn declined(world: &mut World, request: &CheckedRequest) -> HttpRequest {
    let mut env = Env {
        now: NOW,
        rng: &mut world.rng,
    };
    let error = AuthorizationError::new(AuthorizationErrorCode::AccessDenied);
    request.reply_to().refuse(&error, &mut env).unwrap()
}

#[test]
fn a_request_takes_one_answer() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let (transaction, _, answer) = answered(&mut world, transaction);
    let body = answer.body.clone().unwrap();
    let Received::Pending(pending) = receive(&mut world, transaction, &body, NOW).unwrap() else {
        panic!("ended early");
    };
    // While the status lists are fetched, the stored record already refuses another answer.
    let stored = pending.transaction();
    assert_eq!(stored.state(), TransactionState::Fetched);
    let again = receive(&mut world, stored, &body, NOW).unwrap_err();
    assert_eq!(again, ReceiveError::Transaction(TransactionError::Closed));
    let finished = pending.finish(&world.status_token(false), &world.context(), NOW);
    assert_eq!(finished.transaction.state(), TransactionState::Verified);
    let again = receive(&mut world, finished.transaction.clone(), &body, NOW).unwrap_err();
    assert_eq!(again, ReceiveError::Transaction(TransactionError::Closed));
    let fetched = finished
        .transaction
        .request_object(None, &world.signer(), &world.profile, NOW);
    assert_eq!(fetched.unwrap_err(), TransactionError::Closed);
}

#[test]
fn an_answer_to_another_request_is_not_taken() {
    let mut world = World::haip();
    let first = world.ask(name_query());
    let second = world.ask(name_query());
    let (_, _, answer) = answered(&mut world, first);
    let refused = receive(&mut world, second, answer.body.as_deref().unwrap(), NOW).unwrap_err();
    // Encrypted for the key of the first.
    assert!(matches!(refused, ReceiveError::Read(_)), "{refused:?}");
}

#[test]
fn the_state_ties_the_answer_to_the_request() {
    let mut world = World::new();
    let mut new = world.new_transaction(name_query());
    new.response_mode = ResponseMode::DirectPost;
    let transaction = world.create(new);
    let (transaction, _, answer) = answered(&mut world, transaction);
    let body = answer.body.unwrap();
    let pairs = form::decode(&body).unwrap();
    let token = form::get(&pairs, "vp_token").unwrap();
    let wrong = form::encode([("vp_token", token), ("state", "another-state")]);
    let refused = receive(&mut world, transaction.clone(), &wrong, NOW).unwrap_err();
    assert_eq!(refused, ReceiveError::State);
    // Some wallets never return it; the address and the nonce are enough then.
    let without = form::encode([("vp_token", token)]);
    assert!(receive(&mut world, transaction.clone(), &without, NOW).is_ok());
    assert!(receive(&mut world, transaction, &body, NOW).is_ok());
}

/// §5.3: a bearer credential carries no nonce, so the state is all there is.
#[test]
fn without_holder_binding_the_state_must_come_back() {
    let mut world = World::new();
    let mut query = name_query();
    query["credentials"][0]["require_cryptographic_holder_binding"] = json!(false);
    let mut new = world.new_transaction(query);
    new.response_mode = ResponseMode::DirectPost;
    let transaction = world.create(new);
    let card = world.card_with(json!({}), false);
    let (transaction, request) = world.open(transaction);
    let mut token = assent_core::oid4vp::VpToken::new();
    token.add("pid", card.disclose(&[path(json!(["given_name"]))]).unwrap());
    let answer = world.post(&request, &token);
    let pairs = form::decode(answer.body.as_deref().unwrap()).unwrap();
    let without = form::encode([("vp_token", form::get(&pairs, "vp_token").unwrap())]);
    let refused = receive(&mut world, transaction.clone(), &without, NOW).unwrap_err();
    assert_eq!(refused, ReceiveError::State);
    let finished = world.receive(transaction, &answer);
    assert!(!finished.transaction.verdict().unwrap().credentials[0].holder_bound);
}

#[test]
fn a_cleartext_answer_is_refused_where_encryption_was_asked() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let (transaction, request) = world.open(transaction);
    let card = world.card();
    let token = world.present(&request, &card);
    let clear = form::encode([("vp_token", token.to_json().to_string().as_str())]);
    assert!(receive(&mut world, transaction.clone(), &clear, NOW).is_err());
    // An error in the clear is fine (§8.3.1), and so is an encrypted one.
    let error = "error=access_denied&error_description=no";
    let Ok(Received::Ended(finished)) = receive(&mut world, transaction.clone(), error, NOW) else {
        panic!("not taken");
    };
    assert_eq!(finished.transaction.state(), TransactionState::Declined);
    let encrypted = declined(&mut world, &request).body.unwrap();
    assert!(encrypted.starts_with("response="));
    assert!(matches!(
        receive(&mut world, transaction, &encrypted, NOW),
        Ok(Received::Ended(_))
    ));
}

#[test]
fn answers_that_cannot_be_read_change_nothing() {
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    let (transaction, _) = world.open(transaction);
    for bad in [
        "",
        "response=",
        "response=a.b.c.d.e",
        "x=1",
        "vp_token={}",
        "a=%zz",
        "error=a&error=b",
    ] {
        assert!(
            matches!(
                receive(&mut world, transaction.clone(), bad, NOW),
                Err(ReceiveError::Read(_))
            ),
            "{bad}"
        );
    }
    let large = format!("response={}", "A".repeat(1 << 20));
    assert!(receive(&mut world, transaction, &large, NOW).is_err());
}

#[test]
fn time_runs_out() {
    let mut world = World::haip();
    let mut new = world.new_transaction(name_query());
    new.lifetime = Some(1);
    let transaction = world.create(new);
    // Never shorter than the minimum.
    assert_eq!(transaction.expires_at(), NOW.plus(60));
    let (transaction, _, answer) = answered(&mut world, transaction);
    let body = answer.body.unwrap();
    assert_eq!(
        transaction.clone().expire(NOW.plus(59)).state(),
        TransactionState::Fetched
    );
    let late = receive(&mut world, transaction.clone(), &body, NOW.plus(60)).unwrap_err();
    assert_eq!(late, ReceiveError::Transaction(TransactionError::Expired));
    let expired = transaction.expire(NOW.plus(60));
    assert_eq!(expired.state(), TransactionState::Expired);
    assert!(matches!(
        expired.collect(None).1,
        Collected::State(TransactionState::Expired)
    ));
}

fn same_device(world: &mut World) -> Finished {
    let mut new = world.new_transaction(name_query());
    new.redirect_uri = Some(world.endpoint("https://library.example/done?session=1"));
    let transaction = world.create(new);
    let (transaction, _, answer) = answered(world, transaction);
    world.receive(transaction, &answer)
}

/// SB-1, SB-2, SB-6.
#[test]
fn the_response_code_is_good_for_one_try() {
    let mut world = World::haip();
    let finished = same_device(&mut world);
    let uri = finished.redirect_uri.unwrap();
    let code = uri
        .strip_prefix("https://library.example/done?session=1&response_code=")
        .unwrap();
    assert!(code.len() >= 22, "128 bits");
    // Without the code there is only the state, as often as one likes.
    let (transaction, collected) = finished.transaction.clone().collect(None);
    assert_eq!(collected, Collected::CodeRequired(TransactionState::Verified));
    let (transaction, collected) = transaction.collect(Some(code));
    let Collected::Verified(verdict) = collected else {
        panic!("{collected:?}");
    };
    assert_eq!(verdict.credentials[0].claims, json!({ "given_name": "Anna" }));
    assert_eq!(transaction.collect(Some(code)).1, Collected::CodeRefused);
    // A wrong code burns it.
    let (transaction, collected) = finished.transaction.collect(Some("guess"));
    assert_eq!(collected, Collected::CodeRefused);
    assert_eq!(transaction.collect(Some(code)).1, Collected::CodeRefused);
}

#[test]
fn refusals_and_failures_redirect_too() {
    let mut world = World::haip();
    let mut new = world.new_transaction(name_query());
    new.redirect_uri = Some(world.endpoint("https://library.example/done"));
    let transaction = world.create(new);
    let (transaction, request) = world.open(transaction);
    let answer = declined(&mut world, &request);
    let finished = world.receive(transaction, &answer);
    let uri = finished.redirect_uri.unwrap();
    let code = uri.split_once("response_code=").unwrap().1;
    assert!(matches!(
        finished.transaction.collect(Some(code)).1,
        Collected::Declined(AuthorizationError {
            error: AuthorizationErrorCode::AccessDenied,
            ..
        })
    ));
}

/// The server keeps transactions as text between the steps.
#[test]
fn every_state_survives_storage() {
    let mut world = World::haip();
    let stored = |transaction: &Transaction| -> Transaction {
        serde_json::from_str(&serde_json::to_string(transaction).unwrap()).unwrap()
    };
    let mut new = world.new_transaction(name_query());
    new.redirect_uri = Some(world.endpoint("https://library.example/done"));
    let created = world
        .create(new)
        .with_verifier_info(vec![VerifierInfo::new("registration_cert", "e30")])
        .unwrap();
    let (fetched, request) = world.open(stored(&created));
    assert_eq!(request.verifier_info()[0].format, "registration_cert");
    assert_eq!(
        stored(&fetched).with_verifier_info(Vec::new()).unwrap_err(),
        TransactionError::GivenOut
    );
    let card = world.card();
    let token = world.present(&request, &card);
    let answer = world.post(&request, &token);
    let Received::Pending(pending) =
        receive(&mut world, stored(&fetched), answer.body.as_deref().unwrap(), NOW).unwrap()
    else {
        panic!("ended early");
    };
    let answering = stored(&pending.transaction());
    assert_eq!(answering.transaction_id(), created.transaction_id());
    let finished = pending.finish(&world.status_token(false), &world.context(), NOW);
    let verified = stored(&finished.transaction);
    assert_eq!(verified.verdict(), finished.transaction.verdict());
    // Secrets of the request are gone once it is answered.
    let text = serde_json::to_string(&verified).unwrap();
    assert!(!text.contains(request.nonce()) && !text.contains("response_key"));
    let code = finished.redirect_uri.unwrap();
    assert!(!text.contains(code.split_once("response_code=").unwrap().1));
}

#[test]
fn questions_that_make_no_sense() {
    let mut world = World::haip();
    let mut create = |query, self_issued: Vec<String>| {
        let mut new = world.new_transaction(query);
        new.self_issued = self_issued;
        let mut env = Env {
            now: NOW,
            rng: &mut world.rng,
        };
        Transaction::create(new, &world.profile, &mut env).map(|_| ())
    };
    let mdoc =
        json!({ "credentials": [{ "id": "a", "format": "mso_mdoc", "meta": { "doctype_value": "d" } }] });
    assert_eq!(create(mdoc, vec![]), Err(CreateError::Formats));
    assert!(matches!(create(json!({}), vec![]), Err(CreateError::Query(_))));
    assert_eq!(
        create(name_query(), vec!["other".into()]),
        Err(CreateError::UnknownQuery)
    );
    assert_eq!(create(name_query(), vec![]), Ok(()));
}

/// A wallet of another make posts its metadata as single members and no nonce (or nothing at all).
#[test]
fn a_post_without_the_usual_members() {
    use assent_core::oid4vp::RequestUriPost;
    let mut world = World::haip();
    let transaction = world.ask(name_query());
    for body in [
        "",
        "vp_formats_supported=%7B%7D&client_id_prefixes_supported=%5B%5D",
    ] {
        let post = RequestUriPost::parse(body).unwrap();
        assert_eq!(post.wallet_nonce, None);
        let signed = transaction
            .clone()
            .request_object(Some(&post), &world.signer(), &world.profile, NOW);
        assert!(signed.is_ok());
    }
    assert!(RequestUriPost::parse("wallet_nonce=a%20b").is_err());
    assert!(RequestUriPost::parse("wallet_metadata=%5B%5D").is_err());
}

#[test]
fn what_the_wallet_reads_back() {
    let reply = |status, body: &str| {
        let response = HttpResponse {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.into(),
        };
        ResponseReply::parse(&response, &Profile::BASELINE)
    };
    let read = reply(
        200,
        r#"{"redirect_uri":"https://library.example/done?response_code=x","new":1}"#,
    )
    .unwrap();
    assert_eq!(read.redirect_uri.as_ref().unwrap().host(), "library.example");
    assert_eq!(read.more["new"], 1);
    assert_eq!(reply(200, &read.to_json().to_string()).unwrap(), read);
    assert_eq!(reply(200, "{}").unwrap().redirect_uri, None);
    assert_eq!(reply(302, "{}"), Err(ReplyError::Status(302)));
    for bad in [
        "",
        "[]",
        r#"{"redirect_uri":"javascript:alert(1)"}"#,
        r#"{"redirect_uri":1}"#,
    ] {
        assert_eq!(reply(200, bad), Err(ReplyError::Malformed), "{bad}");
    }
}

#[test]
fn multiple_presentations() {
    let mut world = World::haip();
    let query = json!({ "credentials": [{ "id": "pid", "format": "dc+sd-jwt", "multiple": true,
        "meta": { "vct_values": [VCT] }, "claims": [{ "path": ["given_name"] }] }] });
    let (first, second) = (world.card(), world.card());
    let transaction = world.ask(query);
    let (transaction, request) = world.open(transaction);
    let name = [path(json!(["given_name"]))];
    let one = world.presentation(&request, &first, &name);
    let mut token = assent_core::oid4vp::VpToken::new();
    token.add("pid", one.clone());
    token.add("pid", world.presentation(&request, &second, &name));
    token.add("pid", one);
    let answer = world.post(&request, &token);
    let finished = world.receive(transaction, &answer);
    let verdict = finished.transaction.verdict().unwrap();
    assert_eq!(verdict.of("pid").count(), 2);
    assert_eq!(verdict.discarded[0].code, "presentation-repeated");
}
