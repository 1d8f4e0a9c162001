//! `assent credential …` and `assent status verify`.
#![expect(clippy::unwrap_used, reason = "test support")]

use assent_core::claims::ClaimsPath;
use assent_core::crypto::RustCrypto;
use assent_core::sd_jwt::{DisclosurePolicy, HolderSdJwt, SdJwtBuilder, UnverifiedSdJwt};
use assent_core::status::{Status, StatusBits, StatusList, StatusListClaims};
use serde_json::json;

use crate::common::{Chain, NOW, Sandbox, anchors, chain, flag, key, object, public, with_env};

const VCT: &str = "urn:eudi:pid:1";
const LIST: &str = "https://issuer.example/status/1";

struct Card {
    sandbox: Sandbox,
    chain: Chain,
    text: String,
}

fn card() -> Card {
    let chain = chain("Municipality of Voorbeeld");
    let claims = object(json!({ "given_name": "Anna", "family_name": "Jansen" }));
    let always = object(json!({
        "vct": VCT,
        "exp": NOW.0 + 3600,
        "status": { "status_list": { "idx": 5, "uri": LIST } },
    }));
    let builder = SdJwtBuilder::new(claims, DisclosurePolicy::Everything)
        .always(always)
        .holder_key(&public(2))
        .x5c(vec![chain.leaf.clone()]);
    let text = with_env(|env| builder.sign(&key(1), env)).unwrap();
    let sandbox = Sandbox::new();
    sandbox.put("card", &text);
    sandbox.put("anchors.json", anchors(&chain, VCT));
    Card { sandbox, chain, text }
}

const VERIFY: [&str; 7] = [
    "credential",
    "verify",
    "card",
    "--anchors",
    "anchors.json",
    "--at",
    "1795176000",
];

#[test]
fn decode_shows_without_believing() {
    let card = card();
    let (code, value) = card.sandbox.json(["credential", "decode", "card"]);
    assert_eq!(code, 0);
    assert_eq!(value["data"]["format"], "dc+sd-jwt");
    assert_eq!(value["data"]["disclosures"].as_array().unwrap().len(), 2);
    assert_eq!(value["warnings"][0]["code"], "not-verified");
    for (content, exit) in [("nonsense", 1), ("{}", 1), ("a.b.c", 1)] {
        card.sandbox.put("other", content);
        assert_eq!(
            card.sandbox.run(["credential", "decode", "other"]).code,
            exit,
            "{content}"
        );
    }
    assert_eq!(card.sandbox.run(["credential", "decode", "absent"]).code, 4);
    let piped = card.sandbox.run_with(["credential", "decode", "-"], &card.text);
    assert!(piped.out.contains("Anna"));
}

#[test]
fn verify_says_yes_with_its_warnings() {
    let card = card();
    let (code, value) = card.sandbox.json(VERIFY);
    assert_eq!(code, 0, "{value}");
    assert_eq!(value["schema"], "assent.credential-verdict/1");
    assert_eq!(value["data"]["claims"]["family_name"], "Jansen");
    assert_eq!(value["data"]["issuer"]["name"], "Municipality of Voorbeeld");
    assert_eq!(value["warnings"][0]["code"], "status-unchecked");
    let people = card.sandbox.run(VERIFY);
    assert!(people.out.starts_with("Verified: yes") && people.err.contains("status-unchecked"));
}

#[test]
fn verify_says_no_with_3() {
    let card = card();
    let no = |args: &[&str], code: &str| {
        let (exit, value) = card.sandbox.json(args);
        assert_eq!(exit, 3, "{value}");
        assert_eq!(value["data"]["verified"], false);
        assert_eq!(value["data"]["errors"][0]["code"], code);
        assert!(value["data"]["claims"].is_null());
    };
    let late = [
        "credential",
        "verify",
        "card",
        "--anchors",
        "anchors.json",
        "--at",
        "1795190000",
    ];
    no(&late, "sd-jwt-vc-expired");
    card.sandbox
        .put("card", card.text.replacen('~', "~WyJhIiwiYiIsImMiXQ~", 1));
    no(&VERIFY, "sd-jwt-unreferenced-disclosure");
    card.sandbox.put("card", &card.text);
    card.sandbox.put("anchors.json", anchors(&chain("Another"), VCT));
    no(&VERIFY, "certificate-untrusted");
    card.sandbox
        .put("anchors.json", anchors(&card.chain, "urn:other"));
    no(&VERIFY, "credential-type-not-allowed");
}

#[test]
fn verify_a_presentation() {
    let card = card();
    let verified = UnverifiedSdJwt::parse(&card.text)
        .unwrap()
        .verify_issuer(&public(1), &RustCrypto)
        .unwrap();
    let holder = HolderSdJwt::from_verified(verified).unwrap();
    let path = ClaimsPath::keys(&["given_name"]).unwrap();
    let shown = holder
        .present(&[path], "nonce", "x509_hash:me", NOW, &key(2))
        .unwrap();
    card.sandbox.put("card", shown);
    let with = |audience: &'static str| {
        VERIFY
            .into_iter()
            .chain(["--nonce", "nonce", "--audience", audience])
    };
    let (code, value) = card.sandbox.json(with("x509_hash:me"));
    assert_eq!(code, 0, "{value}");
    assert_eq!(value["data"]["possession_proven"], true);
    assert_eq!(value["data"]["disclosed"], json!([["given_name"]]));
    assert_eq!(card.sandbox.json(with("x509_hash:you")).0, 3);
    assert_eq!(
        card.sandbox.run(VERIFY.into_iter().chain(["--nonce", "n"])).code,
        2
    );
}

#[test]
fn status_lists() {
    let card = card();
    let token = |status: Status| {
        let mut list = StatusList::new(StatusBits::One, 128).unwrap();
        list.set(5, status).unwrap();
        let claims = StatusListClaims {
            uri: LIST.to_owned(),
            issued_at: NOW,
            expires_at: Some(NOW.plus(600)),
            ttl: Some(300),
        };
        claims
            .sign_jwt(&list, std::slice::from_ref(&card.chain.leaf), &key(1))
            .unwrap()
    };
    let list = card.sandbox.put("list", token(Status::Valid));
    let check = || {
        card.sandbox.json(
            VERIFY
                .iter()
                .map(std::ffi::OsStr::new)
                .chain(flag("--status-list", &list)),
        )
    };
    let (code, value) = check();
    assert_eq!((code, &value["data"]["status"]), (0, &json!("valid")), "{value}");

    let verify = [
        "status",
        "verify",
        "list",
        "--anchors",
        "anchors.json",
        "--at",
        "1795176000",
        "--index",
        "5",
    ];
    assert_eq!(card.sandbox.json(verify).0, 0);
    card.sandbox.put("list", token(Status::Invalid));
    let (code, value) = check();
    assert_eq!(
        (code, &value["data"]["errors"][0]["code"]),
        (3, &json!("credential-status"))
    );
    let (code, value) = card.sandbox.json(verify);
    assert_eq!((code, &value["data"]["status"]), (3, &json!("invalid")));
    let past = [
        "status",
        "verify",
        "list",
        "--anchors",
        "anchors.json",
        "--at",
        "1795176000",
        "--index",
        "5000",
    ];
    assert_eq!(card.sandbox.json(past).0, 3);
}

#[test]
fn needs_anchors_or_the_bridge() {
    let card = card();
    let (code, value) = card.sandbox.json(["credential", "verify", "card"]);
    assert_eq!((code, &value["error"]["code"]), (2, &json!("anchors-missing")));
    card.sandbox.put("w3c", "a.b.c");
    let (code, value) = card
        .sandbox
        .json(["credential", "verify", "w3c", "--bridge", "/nonexistent"]);
    assert_eq!(
        (code, &value["error"]["code"]),
        (7, &json!("w3c-bridge-not-found"))
    );
    // A program that is no bridge.
    let (code, value) = card
        .sandbox
        .json(["credential", "verify", "w3c", "--bridge", "/bin/cat"]);
    assert_eq!((code, &value["error"]["code"]), (1, &json!("w3c-bridge-broken")));
    card.sandbox.put("broken.json", "{]");
    let (code, _) = card
        .sandbox
        .json(["credential", "verify", "card", "--anchors", "broken.json"]);
    assert_eq!(code, 7);
    let (code, _) = card
        .sandbox
        .json(["credential", "verify", "card", "--anchors", "http://127.0.0.1:9"]);
    assert_eq!(code, 6);
}
