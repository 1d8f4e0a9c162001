//! Requests that are repeated with one key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assent_core::env::Timestamp;
use assent_server::store::{Database, IdempotencyKey, IdempotencyStore as _, Reservation};

use super::NOW;

pub(super) fn held<'a>(scope: &'a str, owner: &'a [u8; 32]) -> IdempotencyKey<'a> {
    IdempotencyKey {
        scope,
        key_sha256: &[1; 32],
        owner,
    }
}

pub(super) async fn idempotency_life_cycle(store: Database) {
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
pub(super) async fn a_key_given_back_is_free_for_one(store: Database) {
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
