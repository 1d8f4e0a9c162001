//! From an encrypted OpenID4VP response to the verdict, and the wallet's way there, on one thread. Inside: one key
//! agreement, three P-256 verifications, DCQL.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that cannot set itself up has nothing to say"
)]

mod support;

use std::collections::BTreeMap;

use assent_core::crypto::{CryptoProvider, RustCrypto, Signer, SoftwareKey};
use assent_core::encoding::jwe::{ContentEncryption, EncryptedJwe, encrypt};
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
use support::rows::{rate, share};
use support::table::Table;
use support::timing::{Rates, in_turns, keep};

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
    let table = Table::new("response", "OpenID4VP response to verdict, one thread");
    table.note(&format!(
        "request object: {} bytes, encrypted response: {} bytes\n",
        object.len(),
        body.len()
    ));

    let recipient = SoftwareKey::generate(&mut random).expect("randomness");
    let peer = SoftwareKey::generate(&mut random)
        .expect("randomness")
        .public_key();
    // As long as what is inside the response.
    let sealed = {
        let mut env = Env {
            now: NOW,
            rng: &mut random,
        };
        let plain = vec![b'x'; body.len() / 4 * 3];
        let public = recipient.public_key();
        encrypt(&public, Some("k"), ContentEncryption::A256Gcm, &plain, &mut env).expect("sealed")
    };
    for (name, crypto) in [
        ("ring", &RingCrypto as &dyn CryptoProvider),
        ("RustCrypto", &RustCrypto),
    ] {
        let known_context = VerificationContext {
            anchors: &authority.anchors,
            crypto,
            published: None,
        };
        let [raw, agreement, opened, whole, known] = in_turns([
            &mut keep(|| {
                crypto
                    .verify(&authority.key, &message, &signature)
                    .expect("valid")
            }),
            &mut keep(|| recipient.agree(&peer).expect("agreed")),
            &mut keep(|| {
                let jwe = EncryptedJwe::parse(&sealed).expect("JWE");
                jwe.decrypt(&recipient).expect("plain")
            }),
            &mut keep(|| {
                let anchors = authority.anchors.clone();
                let with = VerificationContext {
                    anchors: &anchors,
                    crypto,
                    published: None,
                };
                verdict(transaction.clone(), &body, &with)
            }),
            &mut keep(|| verdict(transaction.clone(), &body, &known_context)),
        ]);
        rate(&table, &format!("{name}: raw P-256 verification"), &raw);
        rate(&table, "RustCrypto: raw P-256 key agreement", &agreement);
        share(
            &table,
            "read and decrypt a JWE of that size",
            &opened,
            |turn| agreement.turn(turn),
            "one raw agreement",
        );
        // What cannot be avoided: the agreement opens the response, then holder, issuer and certificate.
        let floor = |verifications: f64, raw: &Rates, turn: usize| {
            1.0 / (verifications / raw.turn(turn) + 1.0 / agreement.turn(turn))
        };
        share(
            &table,
            &format!("{name}: encrypted response to verdict"),
            &whole,
            |turn| floor(3.0, &raw, turn),
            "three verifications and one agreement",
        );
        share(
            &table,
            &format!("{name}: the same, issuer met before"),
            &known,
            |turn| floor(2.0, &raw, turn),
            "two verifications and one agreement",
        );
        table.note("");
    }
    let [checked, built] = in_turns([
        &mut keep(|| check(&link, &object, &authority, &RustCrypto)),
        &mut keep(|| answer(&mut random)),
    ]);
    rate(&table, "wallet: check a signed request (RustCrypto)", &checked);
    rate(
        &table,
        "wallet: present and encrypt the response (RustCrypto)",
        &built,
    );
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
