//! What the wallet asks of an issuer, and what it cannot do yet.

use serde_json::json;

use crate::city::{BASE, City};
use crate::person::Person;

/// CI-22: one nonce is enough for all the key proofs of a batch; some issuers give no second one.
#[test]
fn one_nonce_serves_the_whole_batch() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let before = city.asked.len();
    let cards = person.receive(&mut city, "residence");
    assert_eq!(cards["cards"][0]["copiesLeft"], 10);
    let asked = |end: &str| {
        city.asked
            .iter()
            .skip(before)
            .filter(|url| url.ends_with(end))
            .count()
    };
    assert_eq!(
        (
            asked("/issuer/nonce"),
            asked("/issuer/credential"),
            asked("/issuer/token")
        ),
        (1, 1, 1)
    );
}

/// CI-10: an offer that wants a sign-in at the issuer is refused with that reason, before anything is asked for.
#[test]
fn an_offer_that_wants_a_sign_in_says_so() {
    let mut city = City::new();
    let mut person = Person::with_vault(&mut city);
    let offer = json!({
        "credential_issuer": format!("{BASE}/issuer"),
        "credential_configuration_ids": ["residence"],
        "grants": { "authorization_code": { "issuer_state": "x" } },
    });
    let encoded: String = offer
        .to_string()
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let link = format!("openid-credential-offer://?credential_offer={encoded}");
    let error = person.fails(&mut city, json!({ "type": "offerOpen", "link": link }));
    assert_eq!(error["code"], "offer-needs-sign-in");
    assert!(!city.asked.iter().any(|url| url.ends_with("/issuer/token")));
}
