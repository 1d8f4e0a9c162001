//! One suite for the storage traits, run on SQLite and on PostgreSQL.
//!
//! PostgreSQL runs when `ASSENT_TEST_POSTGRES` names a server where databases may be created, e.g.
//! `postgres://assent@localhost:5432/postgres`; `cargo xtask test` provides one. Without it the suite says so.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod vaults;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assent_core::env::Timestamp;
use assent_server::store::{
    ConsentRow, ConsentStore, CountStore, Counts, Database, HandleKind, IdempotencyKey, IdempotencyStore,
    IssuanceRow, IssuanceStore, NewConsent, NewWebhook, NewWithdrawal, OperatorSecret, OperatorStore,
    OutboxStore, PresentationChange, PresentationRow, PresentationStore, Reduced, Remembered, Reservation,
    Rest, StatusListStore, WithdrawalRow,
};

use vaults::*;

/// Every test of the suite, by name.
macro_rules! suite {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let dir = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", dir.path().join("assent.db").display());
                let database = assent_server::store::Database::open(&url).await.unwrap();
                database.migrate().await.unwrap();
                // Migrating again changes nothing.
                database.migrate().await.unwrap();
                super::$name(database.clone()).await;
                database.close().await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let Some((database, scratch)) = super::scratch_postgres().await else { return };
                super::$name(database.clone()).await;
                database.close().await;
                scratch.drop().await;
            })*
        }
    };
}

suite!(
    vault_life_cycle,
    commits_compare_and_swap,
    one_of_many_concurrent_commits_wins,
    quotas_leave_nothing_behind,
    vaults_do_not_touch_each_other,
    changes_come_in_pages_that_add_up,
    a_new_epoch_brings_every_key_or_nothing,
    counters_stay_right,
    blobs_stay_as_long_as_they_are_linked,
    blob_quotas_hold_under_concurrency,
    idempotency_life_cycle,
    a_key_given_back_is_free_for_one,
    presentations_change_once_and_belong_to_one_service,
    details_are_found_when_they_are_to_be_erased,
    a_consent_is_withdrawn_once_and_takes_its_data_along,
    a_consent_is_withdrawn_purpose_by_purpose,
    consents_come_in_pages,
    webhooks_are_leased_to_one,
    webhooks_are_taken_service_by_service,
    issuances_change_once_and_are_found_by_handle,
    nonces_are_given_once,
    status_lists_fill_up_one_after_the_other,
    a_place_of_a_status_list_is_given_once,
    operators_secrets_count_once_for_a_while,
    probe_works,
);

const NOW: Timestamp = Timestamp(1_800_000_000);
fn held<'a>(scope: &'a str, owner: &'a [u8; 32]) -> IdempotencyKey<'a> {
    IdempotencyKey {
        scope,
        key_sha256: &[1; 32],
        owner,
    }
}

async fn idempotency_life_cycle(store: Database) {
    let (me, body, later) = ([7; 32], [2; 32], NOW.plus(60));
    let reserve = |scope: &'static str, owner: [u8; 32], body: [u8; 32], now: Timestamp| {
        let store = store.clone();
        async move {
            store
                .reserve_idempotent(held(scope, &owner), &body, now, now.plus(60))
                .await
                .unwrap()
        }
    };
    assert_eq!(reserve("s", me, body, NOW).await, Reservation::New);
    assert_eq!(reserve("s", [8; 32], body, NOW).await, Reservation::InFlight);
    assert_eq!(reserve("s", [8; 32], [3; 32], NOW).await, Reservation::OtherBody);
    assert_eq!(reserve("other", me, body, NOW).await, Reservation::New);
    let finish = |owner: [u8; 32]| {
        let store = store.clone();
        async move {
            store
                .finish_idempotent(held("s", &owner), b"answer", NOW.plus(3600))
                .await
                .unwrap()
        }
    };
    assert!(!finish([8; 32]).await, "somebody else's key");
    assert!(finish(me).await);
    assert!(!finish(me).await, "an answer is written once");
    assert_eq!(
        reserve("s", me, body, later).await,
        Reservation::Done(b"answer".to_vec())
    );
    assert_eq!(reserve("s", me, [3; 32], later).await, Reservation::OtherBody);
    // Releasing does not undo a finished request.
    store.release_idempotent(held("s", &me)).await.unwrap();
    assert_eq!(
        reserve("s", me, body, later).await,
        Reservation::Done(b"answer".to_vec())
    );
    // A request that never finished blocks its key for a while only. When it comes back late, the key is another's:
    // it neither frees it nor answers for it.
    assert_eq!(reserve("other", [9; 32], body, later).await, Reservation::New);
    store.release_idempotent(held("other", &me)).await.unwrap();
    assert_eq!(reserve("other", me, body, later).await, Reservation::InFlight);
    store.release_idempotent(held("other", &[9; 32])).await.unwrap();
    assert_eq!(reserve("other", me, [9; 32], later).await, Reservation::New);
    assert_eq!(store.sweep_idempotent(NOW.plus(4000)).await.unwrap(), 2);
    assert_eq!(reserve("s", me, [3; 32], later).await, Reservation::New);
}

/// Many requests with one key, most of which fail and give it back: none of them breaks, and never do two hold it.
async fn a_key_given_back_is_free_for_one(store: Database) {
    let (holders, rounds) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut tasks = Vec::new();
    for task in 0..12_u8 {
        let (store, holders, rounds) = (store.clone(), holders.clone(), rounds.clone());
        tasks.push(tokio::spawn(async move {
            for round in 0..25_u8 {
                let mut owner = [task; 32];
                owner[0] = round;
                let key = held("s", &owner);
                match store
                    .reserve_idempotent(key, &[2; 32], NOW, NOW.plus(60))
                    .await
                    .unwrap()
                {
                    Reservation::New => {
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two hold one key");
                        tokio::task::yield_now().await;
                        rounds.fetch_add(1, Ordering::SeqCst);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        store.release_idempotent(key).await.unwrap();
                    }
                    Reservation::InFlight => {}
                    other => panic!("{other:?}"),
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert!(rounds.load(Ordering::SeqCst) > 1);
}

fn presentation(id: &str) -> PresentationRow {
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

fn consent(id: &str, byte: u8, given_at: Timestamp) -> NewConsent {
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

fn webhook(id: &str) -> NewWebhook {
    NewWebhook {
        id: id.into(),
        service_id: "library".into(),
        url: "https://library.example/hook".into(),
        body: "{}".into(),
    }
}

fn change(state: &str, consent: Option<NewConsent>, webhook: Option<NewWebhook>) -> PresentationChange {
    PresentationChange {
        state: state.into(),
        sealed: state.as_bytes().to_vec(),
        expires_at: NOW.plus(500),
        details_until: None,
        consent,
        webhook,
    }
}

async fn presentations_change_once_and_belong_to_one_service(store: Database) {
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

async fn details_are_found_when_they_are_to_be_erased(store: Database) {
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

async fn a_consent_is_withdrawn_once_and_takes_its_data_along(store: Database) {
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

fn evidence(jwt: &str) -> WithdrawalRow {
    WithdrawalRow {
        withdrawal: jwt.into(),
        acknowledgement: format!("ack of {jwt}"),
    }
}

async fn a_consent_is_withdrawn_purpose_by_purpose(store: Database) {
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

async fn consents_come_in_pages(store: Database) {
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

async fn webhooks_are_leased_to_one(store: Database) {
    for i in 0..8 {
        let name = format!("p{i}");
        store
            .create_presentation(&presentation(&name), NOW)
            .await
            .unwrap();
        let queued = change("declined", None, Some(webhook(&format!("w{i}"))));
        assert!(store.change_presentation(&name, 1, &queued, NOW).await.unwrap());
    }
    let lease = || {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .lease_webhooks("library", NOW, NOW.plus(30), 8)
                .await
                .unwrap()
        })
    };
    let (a, b, c) = tokio::join!(lease(), lease(), lease());
    let mut ids: Vec<String> = [a, b, c]
        .into_iter()
        .flat_map(|due| due.unwrap())
        .map(|due| due.webhook.id)
        .collect();
    ids.sort();
    assert_eq!(
        ids,
        ["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"],
        "each exactly once"
    );
    store.remove_webhook("w0").await.unwrap();
    store.retry_webhook("w1", NOW.plus(10)).await.unwrap();
    let due = store
        .lease_webhooks("library", NOW.plus(10), NOW.plus(40), 8)
        .await
        .unwrap();
    assert_eq!(
        (due.len(), due[0].webhook.id.as_str(), due[0].attempts),
        (1, "w1", 2)
    );
    // A process that died with a lease: after it everything is due again.
    assert_eq!(
        store
            .lease_webhooks("library", NOW.plus(40), NOW.plus(70), 8)
            .await
            .unwrap()
            .len(),
        7
    );
    assert_eq!(store.waiting_webhooks().await.unwrap(), 7);
}

async fn webhooks_are_taken_service_by_service(store: Database) {
    for (i, service) in ["long", "long", "long", "short"].into_iter().enumerate() {
        let name = format!("p{i}");
        store
            .create_presentation(&presentation(&name), NOW)
            .await
            .unwrap();
        let mut hook = webhook(&format!("w{i}"));
        hook.service_id = service.into();
        let at = NOW.plus(i64::try_from(i).unwrap());
        let queued = change("declined", None, Some(hook));
        assert!(store.change_presentation(&name, 1, &queued, at).await.unwrap());
    }
    let (now, until) = (NOW.plus(10), NOW.plus(40));
    assert!(
        store
            .services_with_webhooks(NOW.plus(-1))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.services_with_webhooks(NOW).await.unwrap(), ["long"]);
    assert_eq!(
        store.services_with_webhooks(now).await.unwrap(),
        ["long", "short"]
    );
    let due = store.lease_webhooks("long", now, until, 2).await.unwrap();
    let mut ids: Vec<_> = due.into_iter().map(|due| due.webhook.id).collect();
    ids.sort();
    assert_eq!(ids, ["w0", "w1"], "the oldest, and only its own");
    assert_eq!(
        store.lease_webhooks("short", now, until, 2).await.unwrap().len(),
        1
    );
    assert_eq!(store.services_with_webhooks(now).await.unwrap(), ["long"]);
    assert!(
        store
            .lease_webhooks("nobody", now, until, 2)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn issuances_change_once_and_are_found_by_handle(store: Database) {
    let row = IssuanceRow {
        id: "i".into(),
        revision: 1,
        sealed: b"offered".to_vec(),
        expires_at: NOW.plus(10),
    };
    store
        .create_issuance(&row, &[(HandleKind::Code, [1; 32])])
        .await
        .unwrap();
    assert!(
        store
            .issuance_by(HandleKind::Token, &[1; 32])
            .await
            .unwrap()
            .is_none()
    );
    let found = store
        .issuance_by(HandleKind::Code, &[1; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id.as_str(), found.revision), ("i", 1));
    let next = IssuanceRow {
        sealed: b"authorised".to_vec(),
        ..found.clone()
    };
    assert!(
        store
            .change_issuance(&next, &[(HandleKind::Token, [2; 32])])
            .await
            .unwrap()
    );
    assert!(
        !store
            .change_issuance(&next, &[(HandleKind::Token, [3; 32])])
            .await
            .unwrap()
    );
    assert!(
        store
            .issuance_by(HandleKind::Token, &[3; 32])
            .await
            .unwrap()
            .is_none()
    );
    let found = store
        .issuance_by(HandleKind::Token, &[2; 32])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.sealed.as_slice(), found.revision), (&b"authorised"[..], 2));
    assert_eq!(store.sweep_issuances(NOW.plus(10)).await.unwrap(), 1);
    assert!(
        store
            .issuance_by(HandleKind::Code, &[1; 32])
            .await
            .unwrap()
            .is_none()
    );
}

async fn nonces_are_given_once(store: Database) {
    store.add_nonce(&[1; 32], NOW.plus(10)).await.unwrap();
    let attempts = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.use_nonce(&[1; 32], NOW).await.unwrap() })
    });
    let mut used = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        used += u32::from(attempt.await.unwrap());
    }
    assert_eq!(used, 1);
    store.add_nonce(&[2; 32], NOW.plus(10)).await.unwrap();
    assert!(!store.use_nonce(&[2; 32], NOW.plus(10)).await.unwrap(), "too old");
    assert!(!store.use_nonce(&[3; 32], NOW).await.unwrap(), "never given out");
}

async fn status_lists_fill_up_one_after_the_other(store: Database) {
    assert!(store.status_list(1).await.unwrap().is_none());
    let first = store.open_status_list(4).await.unwrap();
    assert_eq!((first.id, first.size, first.taken), (1, 4, 0));
    assert_eq!(
        store.open_status_list(9).await.unwrap(),
        first,
        "it has free places"
    );
    let take = async |list: i64, proposed: &[i64], wanted: usize, until: i64| {
        store
            .take_places(list, proposed, wanted, "i", NOW.plus(until))
            .await
            .unwrap()
    };
    // In the order proposed, no more than wanted, none twice, none outside the list.
    assert_eq!(take(1, &[3, 3, -1, 4, 99, 0, 2], 2, 20).await, [3, 0]);
    assert_eq!(take(1, &[0, 3], 2, 10).await, [0; 0]);
    assert_eq!(take(7, &[0], 1, 10).await, [0; 0], "no such list");
    let mut taken = store.taken_places(1).await.unwrap();
    taken.sort_unstable();
    assert_eq!(taken, [0, 3]);
    assert_eq!(take(1, &[1, 2], 2, 10).await, [1, 2]);
    let second = store.open_status_list(8).await.unwrap();
    assert_eq!((second.id, second.size, second.taken), (2, 8, 0));
    assert_eq!(store.status_list(1).await.unwrap().unwrap().taken, 4);
    assert_eq!(
        store.take_places(2, &[7], 1, "j", NOW.plus(5)).await.unwrap(),
        [7]
    );

    assert!(store.status_entries(1).await.unwrap().is_empty());
    assert_eq!(store.set_status("i", 1).await.unwrap(), 4);
    assert_eq!(store.status_entries(1).await.unwrap().len(), 4);
    assert!(store.status_entries(2).await.unwrap().is_empty());

    // A list goes when it is full and its last card has expired; the newest stays, for its number.
    assert_eq!(store.sweep_status_lists(NOW.plus(19)).await.unwrap(), 0);
    assert_eq!(store.sweep_status_lists(NOW.plus(20)).await.unwrap(), 1);
    assert!(store.status_list(1).await.unwrap().is_none());
    assert!(store.taken_places(1).await.unwrap().is_empty());
    assert_eq!(store.open_status_list(8).await.unwrap().id, 2);
}

async fn a_place_of_a_status_list_is_given_once(store: Database) {
    let tasks = (0..6_i64).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut got = Vec::new();
            for round in 0..10 {
                let list = store.open_status_list(16).await.unwrap();
                // Everybody wants the same places, each in another order.
                let proposed: Vec<i64> = (0..16).map(|i| (i * 5 + task + round) % 16).collect();
                let taken = store
                    .take_places(list.id, &proposed, 3, "i", NOW.plus(10))
                    .await
                    .unwrap();
                got.extend(taken.into_iter().map(|idx| (list.id, idx)));
            }
            got
        })
    });
    let mut all = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await.unwrap());
    }
    let number = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), number, "a place was given twice");
    assert!(number > 90, "{number}");
    let mut lists: Vec<i64> = all.iter().map(|(list, _)| *list).collect();
    lists.dedup();
    for list in &lists {
        let row = store.status_list(*list).await.unwrap().unwrap();
        assert_eq!(
            row.taken,
            i64::try_from(store.taken_places(*list).await.unwrap().len()).unwrap()
        );
        assert!(
            row.taken == row.size || *list == lists[lists.len() - 1],
            "{row:?}"
        );
    }
}

async fn operators_secrets_count_once_for_a_while(store: Database) {
    use OperatorSecret::{Session, UsedSignIn};
    let add = async |kind: OperatorSecret, secret: &str, seconds: i64| {
        store
            .remember_operator_secret(kind, secret, NOW, NOW.plus(seconds), 2)
            .await
            .unwrap()
    };
    let knows = async |kind: OperatorSecret, secret: &str, after: i64| {
        store
            .knows_operator_secret(kind, secret, NOW.plus(after))
            .await
            .unwrap()
    };
    assert_eq!(add(Session, "a", 10).await, Remembered::Added);
    assert_eq!(add(Session, "a", 20).await, Remembered::There);
    assert_eq!(add(UsedSignIn, "a", 10).await, Remembered::Added, "another kind");
    assert_eq!(add(Session, "b", 20).await, Remembered::Added);
    assert_eq!(add(Session, "c", 10).await, Remembered::Full);
    assert!(knows(Session, "a", 9).await && !knows(Session, "a", 10).await);
    assert!(knows(Session, "b", 10).await && !knows(Session, "c", 0).await);
    // What is over makes room, also before it is swept away.
    let later = NOW.plus(15);
    let added = store
        .remember_operator_secret(Session, "c", later, NOW.plus(30), 2)
        .await;
    assert_eq!(added.unwrap(), Remembered::Added);
    store.forget_operator_secret(Session, "b").await.unwrap();
    assert!(!knows(Session, "b", 10).await);
    assert_eq!(store.sweep_operator_secrets(NOW.plus(10)).await.unwrap(), 2);
    assert!(knows(Session, "c", 20).await);
    // Of many that come with one sign-in at the same time, one counts.
    let tasks = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let added = store
                .remember_operator_secret(UsedSignIn, "x", NOW, NOW.plus(9), 99)
                .await;
            u32::from(added.unwrap() == Remembered::Added)
        })
    });
    let mut counted = 0;
    for task in tasks.collect::<Vec<_>>() {
        counted += task.await.unwrap();
    }
    assert_eq!(counted, 1);
}

async fn probe_works(store: Database) {
    store.probe().await.unwrap();
    assert!(store.is_current().await.unwrap());
}

/// A database made for one test.
struct Scratch {
    admin: sqlx::PgPool,
    name: String,
}

impl Scratch {
    async fn drop(self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&self.admin)
            .await
            .unwrap();
    }
}

async fn scratch_postgres() -> Option<(Database, Scratch)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told where PostgreSQL is by their environment"
    )]
    let Ok(url) = std::env::var("ASSENT_TEST_POSTGRES") else {
        eprintln!("NOT RUN ON POSTGRESQL: ASSENT_TEST_POSTGRES is not set (cargo xtask test sets it)");
        return None;
    };
    let admin = sqlx::PgPool::connect(&url)
        .await
        .expect("ASSENT_TEST_POSTGRES does not answer");
    let name = format!("assent_test_{}", uuid::Uuid::new_v4().simple());
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&admin)
        .await
        .unwrap();
    let mut scratch = url::Url::parse(&url).unwrap();
    scratch.set_path(&name);
    let database = Database::open(scratch.as_str()).await.unwrap();
    database.migrate().await.unwrap();
    Some((database, Scratch { admin, name }))
}
