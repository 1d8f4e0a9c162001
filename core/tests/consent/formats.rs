//! The published examples are what the code makes, and fit the published schemas.
//!
//! To write the examples anew: `ASSENT_WRITE_EXAMPLES=1 cargo test -p assent-core --test consent`.

use assent_core::consent::{
    ConsentEvent, Countersignature, EventState, LegalBasis, ReceiptBundle, Retained, Withdrawal,
    WithdrawalAcknowledgement, WithdrawalWish,
};
use assent_core::encoding::jws::UnverifiedJws;
use assent_core::env::Env;
use serde_json::{Value, json};

use super::schema::check;
use super::support::{
    CRYPTO, Counter, NOW, PROFILE, anchors, chain, formats, library, mint, person_key, read_json,
    service_key, sign_terms, terms,
};

struct Example {
    name: &'static str,
    schema: &'static str,
    /// What the schema describes.
    content: Value,
    /// The file: the signed form beside what is in it, or the content itself.
    file: Value,
}

fn payload(jwt: &str) -> (Value, Value) {
    let jws = UnverifiedJws::parse(jwt.trim_end_matches('~')).unwrap();
    let header = Value::Object(jws.header().all.clone());
    (header, Value::Object(jws.unverified_claims().unwrap()))
}

fn signed(name: &'static str, schema: &'static str, text: &str) -> Example {
    let (header, content) = payload(text);
    let file = json!({ "header": header, "payload": content, "signed": text });
    Example {
        name,
        schema,
        content,
        file,
    }
}

fn examples() -> Vec<Example> {
    let (request, query) = sign_terms(&terms());
    let receipt = mint(&request.request, &["required", "optional-1"]);
    let countersignature = Countersignature::sign(&receipt, &chain(), NOW.plus(31), &service_key()).unwrap();
    let renewal = ConsentEvent {
        receipt_sha256: receipt.sha256(),
        seq: 1,
        prev_hash: receipt.sha256(),
        event_state: EventState::RenewedConsentGiven,
        iat: NOW.plus(86_400),
        purposes: Some(vec!["required".into()]),
        valid_until: Some(NOW.plus(60 * 86_400)),
        max_uses: None,
    }
    .sign(&[], &person_key())
    .unwrap();
    let event = ConsentEvent::verify(&renewal, &receipt, None, &CRYPTO).unwrap();
    let mut rng = Counter(300);
    let mut env = Env {
        now: NOW.plus(2 * 86_400),
        rng: &mut rng,
    };
    let wish = WithdrawalWish {
        purposes: None,
        erasure: true,
        last_event: Some((event.seq, event.hash)),
    };
    let withdrawal = Withdrawal::sign(&receipt, wish, &person_key(), &mut env).unwrap();
    let read = Withdrawal::verify(&withdrawal, &receipt, env.now, &CRYPTO).unwrap();
    let mut ack = WithdrawalAcknowledgement::accept(&withdrawal, &read, &receipt, env.now.plus(5));
    ack.retained.push(Retained {
        paths: Vec::new(),
        legal_basis: LegalBasis::LegalObligation,
        reason: "Loans of this year, for the accounts".into(),
        until: Some("2034-01-01".into()),
    });
    let ack = ack.sign(&chain(), &service_key()).unwrap();
    let mut bundle = ReceiptBundle::new(&receipt, &request.jwt);
    bundle.countersignature = Some(countersignature.clone());
    bundle.events = vec![renewal.clone(), withdrawal.clone()];
    bundle.acknowledgements = vec![ack.clone()];
    let bundle = serde_json::to_value(&bundle).unwrap();
    let plain = |name, schema, content: Value| Example {
        name,
        schema,
        file: content.clone(),
        content,
    };
    vec![
        plain("consent-terms", "consent-terms", library()),
        plain("dcql-query", "", query),
        signed("consent-request", "consent-request", &request.jwt),
        signed("consent-receipt", "consent-receipt", receipt.compact()),
        signed("countersignature", "countersignature", &countersignature),
        signed("consent-event", "consent-event", &renewal),
        signed("consent-withdrawal", "consent-withdrawal", &withdrawal),
        signed("consent-withdrawal-ack", "consent-withdrawal-ack", &ack),
        plain("receipt-bundle", "receipt-bundle", bundle),
    ]
}

#[test]
fn examples_are_what_the_code_makes() {
    let write = std::env::var_os("ASSENT_WRITE_EXAMPLES").is_some();
    for example in examples() {
        let path = format!("examples/{}.json", example.name);
        if write {
            let text = serde_json::to_string_pretty(&example.file).unwrap() + "\n";
            std::fs::write(formats().join(&path), text).unwrap();
        }
        assert_eq!(read_json(&path), example.file, "{path}");
    }
}

#[test]
fn examples_fit_the_schemas() {
    for example in examples().iter().filter(|example| !example.schema.is_empty()) {
        let schema = read_json(&format!("{}.schema.json", example.schema));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        if let Err(why) = check(&schema, &example.content) {
            panic!("{}: {why}", example.name);
        }
    }
}

/// A schema that accepts anything would pass the test above.
#[test]
fn schemas_refuse_what_must_not_be() {
    for (name, pointer, value) in [
        ("consent-terms", "/retention", json!(30)),
        ("consent-terms", "/required/0", json!({ "vct": "x" })),
        ("consent-request", "/consent/legal_basis", json!("because")),
        ("consent-request", "/dcql_query_sha256", json!("short")),
        ("consent-receipt", "/record/processing", json!([])),
        (
            "consent-receipt",
            "/record/processing/0/pii_information/0/pii_attribute_id/value",
            json!(true),
        ),
        ("consent-receipt", "/evidence/credentials/0/value", json!("x")),
        ("consent-receipt", "/linkability/level", json!("anonymous")),
        ("countersignature", "/receipt_sha256", json!(1)),
        ("consent-event", "/seq", json!(0)),
        ("consent-event", "/event_state", json!("Maybe")),
        ("consent-withdrawal", "/event_state", json!("ConsentGiven")),
        ("consent-withdrawal-ack", "/accepted", json!("yes")),
        ("receipt-bundle", "/format", json!("x")),
    ] {
        let schema = read_json(&format!("{name}.schema.json"));
        let mut content = examples()
            .into_iter()
            .find(|example| example.name == name)
            .unwrap()
            .content;
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        match content.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[member.parse::<usize>().unwrap()] = value,
            parent => parent[member] = value,
        }
        assert!(check(&schema, &content).is_err(), "{name} accepts {pointer}");
    }
}

/// The whole example can be checked by anyone, offline, from the files alone.
#[test]
fn the_example_bundle_verifies() {
    let bundle: ReceiptBundle = serde_json::from_value(read_json("examples/receipt-bundle.json")).unwrap();
    let later = NOW.plus(3 * 86_400);
    let verified = bundle.verify(&anchors(), later, &PROFILE, &CRYPTO).unwrap();
    assert_eq!(verified.events.len(), 3);
    assert!(verified.countersigned_at.is_some());
    let states: Vec<_> = verified
        .states(later)
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    assert_eq!(states, [assent_core::consent::EffectiveState::Withdrawn; 2]);
}
