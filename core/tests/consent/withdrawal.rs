//! Withdrawing and what must come back (C-05).

use assent_core::consent::{
    ConsentEvent, EffectiveState, ErasureAnswer, EventError, EventState, LegalBasis, Propagation,
    ReceiptBundle, Retained, Withdrawal, WithdrawalAcknowledgement, WithdrawalError, WithdrawalWish, fold,
};
use assent_core::crypto::{SignError, Signer};
use assent_core::env::Env;
use assent_core::env::Timestamp;
use serde_json::json;

use super::support::{
    CRYPTO, Counter, NOW, PROFILE, anchors, chain, library, mint, person_key, receipt, service_key,
    sign_terms, terms, terms_of,
};

fn withdraw(
    receipt: &assent_core::consent::VerifiedReceipt,
    wish: WithdrawalWish,
) -> Result<String, WithdrawalError> {
    let mut rng = Counter(200);
    let mut env = Env {
        now: NOW.plus(3600),
        rng: &mut rng,
    };
    Withdrawal::sign(receipt, wish, &person_key(), &mut env)
}

#[test]
fn a_withdrawal_ends_the_consent_and_is_acknowledged() {
    let (receipt, signed) = receipt();
    let wish = WithdrawalWish {
        erasure: true,
        ..WithdrawalWish::default()
    };
    let jwt = withdraw(&receipt, wish).unwrap();
    assert_eq!(
        Withdrawal::unverified_receipt_sha256(&jwt).unwrap(),
        receipt.sha256()
    );
    let withdrawal = Withdrawal::verify(&jwt, &receipt, NOW.plus(3600), &CRYPTO).unwrap();
    assert!(withdrawal.erasure_requested);

    let event = ConsentEvent::verify(&jwt, &receipt, None, &CRYPTO).unwrap();
    let events = [receipt.first_event(), event];
    assert_eq!(
        fold(&events[..1], "required", NOW.plus(3600), 0),
        EffectiveState::Given
    );
    assert_eq!(
        fold(&events, "required", NOW.plus(3600), 0),
        EffectiveState::Withdrawn
    );

    let ack = WithdrawalAcknowledgement::accept(&jwt, &withdrawal, &receipt, NOW.plus(3700));
    assert_eq!(ack.erasure, Some(ErasureAnswer::RequestAccepted));
    let signed_ack = ack.sign(&chain(), &service_key()).unwrap();
    let key = service_key().public_key();
    let read = WithdrawalAcknowledgement::verify(&signed_ack, &jwt, &receipt, &key, &CRYPTO).unwrap();
    assert_eq!(read, ack);
    assert_eq!(
        Propagation::Withdrawn.sent().answered(&read),
        Propagation::Acknowledged
    );

    let mut bundle = ReceiptBundle::new(&receipt, &signed.jwt);
    bundle.events.push(jwt);
    let verified = bundle
        .verify(&anchors(), NOW.plus(4000), &PROFILE, &CRYPTO)
        .unwrap();
    assert_eq!(
        verified.states(NOW.plus(4000)),
        [("required".to_owned(), EffectiveState::Withdrawn)]
    );
}

#[test]
fn one_purpose_can_be_withdrawn_alone() {
    let (signed, _) = sign_terms(&terms());
    let receipt = mint(&signed.request, &["required", "optional-1"]);
    let wish = WithdrawalWish {
        purposes: Some(vec!["optional-1".into()]),
        ..WithdrawalWish::default()
    };
    let jwt = withdraw(&receipt, wish).unwrap();
    let events = [
        receipt.first_event(),
        ConsentEvent::verify(&jwt, &receipt, None, &CRYPTO).unwrap(),
    ];
    assert_eq!(
        fold(&events, "optional-1", NOW.plus(3600), 0),
        EffectiveState::Withdrawn
    );
    assert_eq!(
        fold(&events, "required", NOW.plus(3600), 0),
        EffectiveState::Given
    );
    let named = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    // One purpose named twice is not all of them.
    for purposes in [
        named(&[]),
        named(&["optional-2"]),
        named(&["required", "required"]),
    ] {
        let wish = WithdrawalWish {
            purposes: Some(purposes),
            ..WithdrawalWish::default()
        };
        assert!(matches!(
            withdraw(&receipt, wish),
            Err(WithdrawalError::Malformed(_))
        ));
    }
}

#[test]
fn only_the_person_can_withdraw_and_only_their_own() {
    let (receipt, signed) = receipt();
    let jwt = withdraw(&receipt, WithdrawalWish::default()).unwrap();
    let another = mint(&signed.request, &["required", "optional-1"]);
    assert_eq!(
        Withdrawal::verify(&jwt, &another, NOW.plus(3600), &CRYPTO),
        Err(WithdrawalError::Other("receipt"))
    );
    let mut rng = Counter(0);
    let mut env = Env {
        now: NOW,
        rng: &mut rng,
    };
    let by_service = Withdrawal::sign(&receipt, WithdrawalWish::default(), &service_key(), &mut env);
    assert_eq!(by_service, Err(WithdrawalError::Sign(SignError)));
    // Signed by the service without asking us: not a withdrawal, and as an event it makes the history unreliable.
    let claims = assent_core::encoding::jws::UnverifiedJws::parse(&jwt)
        .unwrap()
        .unverified_claims()
        .unwrap();
    let forged =
        assent_core::encoding::jws::sign_jwt("consent-withdrawal+jwt", &[], &claims, &service_key()).unwrap();
    assert!(matches!(
        Withdrawal::verify(&forged, &receipt, NOW.plus(3600), &CRYPTO),
        Err(WithdrawalError::Jws(_))
    ));
    assert_eq!(
        Withdrawal::verify(&jwt, &receipt, NOW.plus(3600 - 61), &CRYPTO),
        Err(WithdrawalError::Time)
    );
    // Late is not too late.
    assert!(Withdrawal::verify(&jwt, &receipt, NOW.plus(400 * 86_400), &CRYPTO).is_ok());
}

/// There is nothing to withdraw where the processing does not rest on consent.
#[test]
fn a_notice_cannot_be_withdrawn() {
    let mut value = library();
    value["legal_basis"] = json!("eu-gdpr:A6-1-c");
    let (signed, _) = sign_terms(&terms_of(&value));
    let notice = mint(&signed.request, &["required"]);
    assert_eq!(
        withdraw(&notice, WithdrawalWish::default()),
        Err(WithdrawalError::NotConsent)
    );
}

#[test]
fn an_acknowledgement_answers_one_withdrawal_fully() {
    let (signed, _) = sign_terms(&terms());
    let receipt = mint(&signed.request, &["required", "optional-1"]);
    let jwt = withdraw(&receipt, WithdrawalWish::default()).unwrap();
    let withdrawal = Withdrawal::verify(&jwt, &receipt, NOW.plus(3600), &CRYPTO).unwrap();
    let good = WithdrawalAcknowledgement::accept(&jwt, &withdrawal, &receipt, NOW);
    assert_eq!(good.stopped, ["required", "optional-1"]);
    let key = service_key().public_key();
    let check = |ack: &WithdrawalAcknowledgement| {
        let signed = ack.sign(&chain(), &service_key()).unwrap();
        WithdrawalAcknowledgement::verify(&signed, &jwt, &receipt, &key, &CRYPTO)
    };
    assert!(check(&good).is_ok());
    let partial = WithdrawalAcknowledgement {
        stopped: vec!["required".into()],
        ..good.clone()
    };
    assert!(matches!(check(&partial), Err(WithdrawalError::Malformed(_))));
    let disputed = WithdrawalAcknowledgement {
        accepted: false,
        stopped: Vec::new(),
        retained: vec![Retained {
            paths: Vec::new(),
            legal_basis: LegalBasis::LegalObligation,
            reason: "An open loan".into(),
            until: None,
        }],
        ..good.clone()
    };
    assert_eq!(
        Propagation::Notified.answered(&check(&disputed).unwrap()),
        Propagation::Disputed
    );
    // What a service says it keeps is shown to the person: a few plain sentences, and days.
    let keeps = |reason: &str, until: Option<&str>, times: usize| {
        let mut said = disputed.clone();
        said.retained[0].reason = reason.into();
        said.retained[0].until = until.map(Into::into);
        said.retained = vec![said.retained[0].clone(); times];
        check(&said)
    };
    assert!(keeps("An open loan", Some("2027-01-31"), 64).is_ok());
    for (reason, until, times) in [
        ("", None, 1),
        ("An open loan\u{2028}Assent agrees.", None, 1),
        ("\u{202e}naol nepo nA", None, 1),
        (&*"long ".repeat(101), None, 1),
        ("An open loan", Some("soon, we promise"), 1),
        ("An open loan", None, 65),
    ] {
        assert!(
            matches!(keeps(reason, until, times), Err(WithdrawalError::Malformed(_))),
            "{reason}"
        );
    }
    let other = WithdrawalAcknowledgement {
        withdrawal_sha256: receipt.sha256(),
        ..good.clone()
    };
    assert_eq!(check(&other), Err(WithdrawalError::Other("withdrawal")));
    let stranger = WithdrawalAcknowledgement {
        iss: "x509_hash:other".into(),
        ..good.clone()
    };
    assert_eq!(check(&stranger), Err(WithdrawalError::Other("service")));
    let by_person = good.sign(&[], &person_key()).unwrap();
    assert!(WithdrawalAcknowledgement::verify(&by_person, &jwt, &receipt, &key, &CRYPTO).is_err());
}

#[test]
fn an_unreachable_service_is_tried_again_and_visible() {
    let mut state = Propagation::Withdrawn;
    let mut now = NOW;
    let mut waits = Vec::new();
    for attempt in 0..14 {
        assert!(state.is_due(now));
        state = state.sent().failed(attempt, now);
        let Propagation::Unreachable { attempts, next_try } = state else {
            panic!()
        };
        assert_eq!(attempts, attempt + 1);
        waits.push(next_try.since(now));
        assert!(!state.is_due(Timestamp(next_try.0 - 1)));
        now = next_try;
    }
    assert_eq!(waits[..3], [60, 120, 240]);
    assert_eq!(waits.last(), Some(&86_400));
    assert_eq!(
        Propagation::Acknowledged.failed(1, now),
        Propagation::Acknowledged
    );
}

/// A service may revoke and renewals may be refused, but it cannot renew by itself.
#[test]
fn the_signature_says_who_made_an_event() {
    let (receipt, _) = receipt();
    let event = |state| ConsentEvent {
        receipt_sha256: receipt.sha256(),
        seq: 1,
        prev_hash: receipt.sha256(),
        event_state: state,
        iat: NOW.plus(100),
        purposes: None,
        valid_until: Some(NOW.plus(100 * 86_400)),
        max_uses: None,
    };
    let key = service_key().public_key();
    let state = |signed: &str| {
        let event = ConsentEvent::verify(signed, &receipt, Some(&key), &CRYPTO).unwrap();
        fold(&[receipt.first_event(), event], "required", NOW.plus(200), 0)
    };
    let renewed = event(EventState::RenewedConsentGiven);
    assert_eq!(
        state(&renewed.sign(&[], &person_key()).unwrap()),
        EffectiveState::Renewed
    );
    assert_eq!(
        state(&renewed.sign(&chain(), &service_key()).unwrap()),
        EffectiveState::Unknown
    );
    let revoked = event(EventState::ConsentRevoked);
    assert_eq!(
        state(&revoked.sign(&chain(), &service_key()).unwrap()),
        EffectiveState::Revoked
    );
    // A withdrawal has a form of its own, and that form says nothing else.
    let withdrawn = event(EventState::ConsentWithdrawn)
        .sign(&[], &person_key())
        .unwrap();
    let refused = |signed: &str| ConsentEvent::verify(signed, &receipt, Some(&key), &CRYPTO).unwrap_err();
    assert_eq!(refused(&withdrawn), EventError::Type);
    let renewed =
        assent_core::encoding::jws::UnverifiedJws::parse(&renewed.sign(&[], &person_key()).unwrap())
            .unwrap()
            .unverified_claims()
            .unwrap();
    let disguised =
        assent_core::encoding::jws::sign_jwt("consent-withdrawal+jwt", &[], &renewed, &person_key());
    assert_eq!(refused(&disguised.unwrap()), EventError::Type);
}
