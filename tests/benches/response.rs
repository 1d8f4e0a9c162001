//! From an encrypted OpenID4VP response to the verdict, and the wallet's way there, on one thread. Inside: one key
//! agreement, three P-256 verifications, DCQL.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot set itself up has nothing to say"
)]

mod support;

use std::collections::BTreeMap;

use assent_core::crypto::{CryptoProvider, RustCrypto, Signer};
use assent_core::env::Env;
use assent_core::http::HttpResponse;
use assent_core::oid4vp::{
    AuthorizationRequestLink, CheckedRequest, ClientId, RequestCheck, RequestSigner, RequestUriMethod,
    ResponseMode, UnverifiedRequest, VpToken,
};
use assent_core::profile::{Endpoint, Profile};
use assent_core::verifier::{
    NewTransaction, Received, RequesterIdentity, Transaction, TransactionState, VerificationContext,
};
use assent_server::crypto::{RingCrypto, SystemRandom};
use serde_json::json;
use support::approved::approved;
use support::credentials::{Authority, NOW, authority, card};
use support::timing::{per_second, row};

const PROFILE: Profile = Profile::HAIP;

fn main() {
    let authority = authority();
    let (holder, key) = card(&authority);
    let mut random = SystemRandom::default();
    let message = [7_u8; 256];
    let signature = authority.signer.sign(&message).expect("sign");

    let transaction = transaction(&authority, &mut random);
    let (transaction, object) = {
        let signer = RequestSigner {
            x5c: &authority.x5c,
            kid: None,
            signer: &authority.signer,
        };
        transaction
            .request_object(None, &signer, &PROFILE, NOW)
            .expect("request")
    };
    let link = transaction
        .link("https://wallet.example/", &PROFILE)
        .expect("link");
    let request = check(&link, &object, &authority, &RingCrypto);
    let answer = |random: &mut SystemRandom| {
        let client_id = request.client_id().as_str();
        let presentation = holder
            .present(&approved(), request.nonce(), client_id, NOW, &key)
            .expect("present");
        let mut vp_token = VpToken::new();
        vp_token.add("card", presentation);
        let sent = request.reply_to().present(
            &vp_token,
            &mut Env {
                now: NOW,
                rng: random,
            },
        );
        sent.expect("response").body.expect("body")
    };
    let body = answer(&mut random);
    println!(
        "request object: {} bytes, encrypted response: {} bytes\n",
        object.len(),
        body.len()
    );

    for (name, crypto) in [
        ("ring", &RingCrypto as &dyn CryptoProvider),
        ("RustCrypto", &RustCrypto),
    ] {
        let raw = per_second(|| {
            crypto
                .verify(&authority.key, &message, &signature)
                .expect("valid")
        });
        let with = VerificationContext {
            anchors: &authority.anchors,
            crypto,
            published: None,
        };
        let whole = per_second(|| verdict(transaction.clone(), &body, &with));
        let share = whole / (raw / 3.0);
        row(
            &format!("{name}: encrypted response to verdict"),
            whole,
            &format!("{share:.2} of three raw verifications"),
        );
    }
    let checked = per_second(|| check(&link, &object, &authority, &RustCrypto));
    row("wallet: check a signed request (RustCrypto)", checked, "");
    let built = per_second(|| answer(&mut random));
    row("wallet: present and encrypt the response (RustCrypto)", built, "");
}

fn transaction(authority: &Authority, random: &mut SystemRandom) -> Transaction {
    let new = NewTransaction {
        identity: RequesterIdentity::Signed(ClientId::x509_hash(&authority.x5c[0])),
        dcql_query: json!({ "credentials": [{
            "id": "card", "format": "dc+sd-jwt", "meta": { "vct_values": ["urn:eudi:pid:1"] },
            "claims": [{ "path": ["given_name"] }, { "path": ["address", "locality"] }, { "path": ["birthdate"] }],
        }] }),
        response_mode: ResponseMode::DirectPostJwt,
        request_uri_method: RequestUriMethod::Get,
        request_uri_base: Endpoint::parse("https://issuer.example/requests", &PROFILE).expect("address"),
        response_uri_base: Endpoint::parse("https://issuer.example/responses", &PROFILE).expect("address"),
        redirect_uri: Some(Endpoint::parse("https://issuer.example/back", &PROFILE).expect("address")),
        self_issued: Vec::new(),
        transaction_data: Vec::new(),
        lifetime: None,
    };
    Transaction::create(
        new,
        &PROFILE,
        &mut Env {
            now: NOW,
            rng: random,
        },
    )
    .expect("transaction")
}

fn check(link: &str, object: &str, authority: &Authority, crypto: &dyn CryptoProvider) -> CheckedRequest {
    let link = AuthorizationRequestLink::parse(link, &PROFILE).expect("link");
    let response = HttpResponse {
        status: 200,
        headers: vec![("content-type".into(), "application/oauth-authz-req+jwt".into())],
        body: object.to_owned(),
    };
    let with = RequestCheck {
        anchors: &authority.anchors,
        now: NOW,
        profile: &PROFILE,
        crypto,
        did_document: None,
    };
    UnverifiedRequest::from_response(&link, "", &response)
        .expect("request")
        .check(&with)
        .expect("checked")
}

fn verdict(transaction: Transaction, body: &str, with: &VerificationContext<'_>) -> Transaction {
    let mut random = SystemRandom::default();
    let received = transaction
        .receive_response(
            body,
            with,
            &mut Env {
                now: NOW,
                rng: &mut random,
            },
        )
        .expect("received");
    let Received::Pending(pending) = received else {
        panic!("refused: {received:?}")
    };
    let finished = pending.finish(&BTreeMap::new(), with, NOW).transaction;
    assert_eq!(finished.state(), TransactionState::Verified, "{finished:?}");
    finished
}
