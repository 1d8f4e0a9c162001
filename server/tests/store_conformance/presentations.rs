//! Presentations and consents.

use assent_core::env::Timestamp;
use assent_server::store::{
    ConsentRow, ConsentStore as _, CountStore as _, Counts, Database, NewConsent, NewWebhook, NewWithdrawal,
    OutboxStore as _, PresentationChange, PresentationRow, PresentationStore as _, Reduced, Rest,
    WithdrawalRow,
};

use super::NOW;

pub(super) fn presentation(id: &str) -> PresentationRow {
    PresentationRow {
        id: id.into(),
        request_id: format!("request-{id}"),
        service_id: "library".into(),
        state: "created".into(),
        revision: 1,
        sealed: b"sealed".to_vec(),
        consent_id: None,
        details_until: None,
        expires_at: NOW.plus(100),
    }
}

pub(super) fn consent(id: &str, byte: u8, given_at: Timestamp) -> NewConsent {
    NewConsent {
        id: id.into(),
        service_id: "library".into(),
        receipt: "receipt~".into(),
        receipt_sha256: [byte; 32],
        consent_request: "request".into(),
        countersignature: "signature".into(),
        webhook_url: None,
        given_at,
        valid_until: Some(NOW.plus(1000)),
    }
}

pub(super) fn webhook(id: &str) -> NewWebhook {
    NewWebhook {
        id: id.into(),
        service_id: "library".into(),
        url: "https://library.example/hook".into(),
        body: "{}".into(),
    }
}

pub(super) fn change(
    state: &str,
    consent: Option<NewConsent>,
    webhook: Option<NewWebhook>,
) -> PresentationChange {
    PresentationChange {
        state: state.into(),
        sealed: state.as_bytes().to_vec(),
        expires_at: NOW.plus(500),
        details_until: None,
        consent,
        webhook,
    }
}

pub(super) async fn presentations_change_once_and_belong_to_one_service(store: Database) {
    store.create_presentation(&presentation("p"), NOW).await.unwrap();
    assert!(store.presentation("other", "p").await.unwrap().is_none());
    assert!(store.presentation_by_request("p").await.unwrap().is_none());
    let row = store.presentation_by_request("request-p").await.unwrap().unwrap();
    assert_eq!((row.id.as_str(), row.revision), ("p", 1));
    assert!(
        store
            .change_presentation("p", 1, &change("verified", None, None), NOW)
            .await
            .unwrap()
    );
    // The second answer to one request loses, with everything it would have brought.
    let late = change("declined", Some(consent("c", 1, NOW)), Some(webhook("w")));
    assert!(!store.change_presentation("p", 1, &late, NOW).await.unwrap());
    assert_eq!(store.waiting_webhooks().await.unwrap(), 0);
    assert!(store.consent("library", "c").await.unwrap().is_none());
    let row = store.presentation("library", "p").await.unwrap().unwrap();
    assert_eq!(
        (row.state.as_str(), row.sealed.as_slice(), row.revision),
        ("verified", &b"verified"[..], 2)
    );
    assert_eq!(store.sweep_presentations(NOW.plus(499)).await.unwrap(), 0);
    assert_eq!(store.sweep_presentations(NOW.plus(500)).await.unwrap(), 1);
    assert!(store.presentation("library", "p").await.unwrap().is_none());
}

pub(super) async fn details_are_found_when_they_are_to_be_erased(store: Database) {
    for (id, until) in [("p", Some(10)), ("q", None), ("r", Some(20))] {
        store.create_presentation(&presentation(id), NOW).await.unwrap();
        let read = PresentationChange {
            details_until: until.map(|seconds| NOW.plus(seconds)),
            ..change("verified", None, None)
        };
        assert!(store.change_presentation(id, 1, &read, NOW).await.unwrap());
    }
    let due = async |seconds: i64, limit: i64| {
        let rows = store
            .presentations_to_erase(NOW.plus(seconds), limit)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(due(9, 9).await, [""; 0]);
    assert_eq!(due(10, 9).await, ["p"]);
    assert_eq!(due(20, 9).await, ["p", "r"]);
    assert_eq!(due(20, 1).await, ["p"]);
    let row = store.presentation("library", "p").await.unwrap().unwrap();
    assert_eq!(row.details_until, Some(NOW.plus(10)));
    let erased = change("verified", None, None);
    assert!(store.change_presentation("p", 2, &erased, NOW).await.unwrap());
    assert_eq!(due(20, 9).await, ["r"]);
}

pub(super) async fn a_consent_is_withdrawn_once_and_takes_its_data_along(store: Database) {
    store.create_presentation(&presentation("p"), NOW).await.unwrap();
    store.create_presentation(&presentation("q"), NOW).await.unwrap();
    let given = change("verified", Some(consent("c", 1, NOW)), Some(webhook("w1")));
    assert!(store.change_presentation("p", 1, &given, NOW).await.unwrap());
    // A receipt is taken once: the whole change that brings it again fails.
    let again = change("verified", Some(consent("d", 1, NOW)), None);
    assert!(store.change_presentation("q", 1, &again, NOW).await.is_err());
    assert_eq!(
        store.presentation("library", "q").await.unwrap().unwrap().state,
        "created"
    );

    assert!(store.consent("other", "c").await.unwrap().is_none());
    let row = store.consent_by_receipt(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(row.state, "active");
    assert!(store.withdrawals("c").await.unwrap().is_empty());
    let end = |jwt: &str, hook: &str| NewWithdrawal {
        consent: &row,
        evidence: evidence(jwt),
        rest: Rest::Nothing,
        webhook: Some(webhook(hook)),
    };
    assert!(store.withdraw_consent(&end("jwt", "w2"), NOW).await.unwrap());
    assert!(!store.withdraw_consent(&end("jwt2", "w3"), NOW).await.unwrap());
    assert!(
        store.presentation("library", "p").await.unwrap().is_none(),
        "what was released is gone"
    );
    assert!(store.presentation("library", "q").await.unwrap().is_some());
    let row = store.consent("library", "c").await.unwrap().unwrap();
    assert_eq!(row.state, "withdrawn");
    assert_eq!(store.withdrawals("c").await.unwrap(), [evidence("jwt")]);
    assert_eq!(row.withdrawn_at, Some(NOW));
    assert_eq!(store.waiting_webhooks().await.unwrap(), 2);
    let counts = Counts {
        vaults: 0,
        presentations: 1,
        consents: 1,
        webhooks: 2,
    };
    assert_eq!(store.counts().await.unwrap(), counts);
}

pub(super) fn evidence(jwt: &str) -> WithdrawalRow {
    WithdrawalRow {
        withdrawal: jwt.into(),
        acknowledgement: format!("ack of {jwt}"),
    }
}

pub(super) async fn a_consent_is_withdrawn_purpose_by_purpose(store: Database) {
    store.create_presentation(&presentation("p"), NOW).await.unwrap();
    let given = change("verified", Some(consent("c", 1, NOW)), None);
    assert!(store.change_presentation("p", 1, &given, NOW).await.unwrap());
    let found = store.presentation_by_consent("c").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.revision), ("p", 2));
    assert!(store.presentation_by_consent("d").await.unwrap().is_none());
    let read = async || store.consent("library", "c").await.unwrap().unwrap();
    let before = read().await;
    let some = async |row: &ConsentRow, jwt: &str, withdrawn: &[&str], revision: Option<i64>| {
        let withdrawal = NewWithdrawal {
            consent: row,
            evidence: evidence(jwt),
            rest: Rest::Purposes {
                withdrawn: withdrawn.iter().map(|id| (*id).to_owned()).collect(),
                presentation: revision.map(|revision| Reduced {
                    id: "p".into(),
                    revision,
                    sealed: b"less".to_vec(),
                }),
            },
            webhook: Some(webhook(jwt)),
        };
        store.withdraw_consent(&withdrawal, NOW).await.unwrap()
    };
    // Somebody read the presentation meanwhile: nothing of it happens.
    assert!(!some(&before, "a", &["x"], Some(1)).await);
    assert_eq!(read().await.withdrawn_purposes, [""; 0]);
    assert!(store.withdrawals("c").await.unwrap().is_empty());
    assert_eq!(store.waiting_webhooks().await.unwrap(), 0);

    assert!(some(&before, "a", &["x"], Some(2)).await);
    let after = read().await;
    assert_eq!((after.state.as_str(), after.withdrawn_at), ("active", None));
    assert_eq!(after.withdrawn_purposes, ["x"]);
    let left = store.presentation("library", "p").await.unwrap().unwrap();
    assert_eq!((left.sealed.as_slice(), left.revision), (&b"less"[..], 3));
    // From what was read before the other one came: that would undo it.
    assert!(!some(&before, "b", &["y"], None).await);
    assert!(some(&after, "b", &["x", "y"], None).await);
    assert_eq!(read().await.withdrawn_purposes, ["x", "y"]);
    let last = read().await;
    let end = NewWithdrawal {
        consent: &last,
        evidence: evidence("c"),
        rest: Rest::Nothing,
        webhook: None,
    };
    assert!(store.withdraw_consent(&end, NOW).await.unwrap());
    assert_eq!(read().await.state, "withdrawn");
    assert!(store.presentation("library", "p").await.unwrap().is_none());
    let all = [evidence("a"), evidence("b"), evidence("c")];
    assert_eq!(store.withdrawals("c").await.unwrap(), all);
    assert_eq!(store.waiting_webhooks().await.unwrap(), 2);
}

pub(super) async fn consents_come_in_pages(store: Database) {
    for (i, at) in [0, 0, 5, 9].into_iter().enumerate() {
        let name = format!("p{i}");
        store
            .create_presentation(&presentation(&name), NOW)
            .await
            .unwrap();
        let byte = u8::try_from(i).unwrap();
        let given = change(
            "verified",
            Some(consent(&format!("c{i}"), byte, NOW.plus(at))),
            None,
        );
        assert!(store.change_presentation(&name, 1, &given, NOW).await.unwrap());
    }
    let ids = |rows: &[assent_server::store::ConsentRow]| -> Vec<String> {
        rows.iter().map(|row| row.consent.id.clone()).collect()
    };
    let first = store.consents("library", None, 3).await.unwrap();
    assert_eq!(ids(&first), ["c0", "c1", "c2"]);
    let next = store.consents("library", Some((NOW, "c0")), 3).await.unwrap();
    assert_eq!(ids(&next), ["c1", "c2", "c3"]);
    assert!(store.consents("other", None, 3).await.unwrap().is_empty());
}
