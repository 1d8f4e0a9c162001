//! Emergency access, on both databases.

use assent_server::store::{Database, EmergencyStore, VaultStore};

use crate::NOW;
use crate::sign_ins::vault;

const DAY: i64 = 24 * 3600;

async fn set(store: &Database, vault: &str) {
    assert!(
        store
            .set_emergency(vault, b"sealed", &[1; 32], DAY, NOW)
            .await
            .unwrap()
    );
}

pub async fn emergency_access_waits_to_the_second(store: Database) {
    vault(&store, "a").await;
    assert!(
        !store
            .set_emergency("b", b"sealed", &[1; 32], DAY, NOW)
            .await
            .unwrap()
    );
    assert!(!store.ask_emergency("a", NOW).await.unwrap());
    assert_eq!(store.take_emergency("a", NOW).await.unwrap(), None);
    set(&store, "a").await;
    // Nobody asked: no time is long enough.
    assert_eq!(
        store.take_emergency("a", NOW.plus(1000 * DAY)).await.unwrap(),
        None
    );
    let asked = NOW.plus(10);
    assert!(store.ask_emergency("a", asked).await.unwrap());
    assert!(
        !store.ask_emergency("a", asked.plus(5)).await.unwrap(),
        "asking again does not count"
    );
    assert_eq!(store.emergency_asked("a").await.unwrap(), Some(asked));
    let row = store.emergency("a").await.unwrap().unwrap();
    assert_eq!(
        (row.asked_at, row.release_at),
        (Some(asked), Some(asked.plus(DAY)))
    );
    assert_eq!(
        store.take_emergency("a", asked.plus(DAY - 1)).await.unwrap(),
        None
    );
    let due = asked.plus(DAY);
    assert_eq!(
        store.take_emergency("a", due).await.unwrap().as_deref(),
        Some(&b"sealed"[..])
    );
    assert_eq!(store.emergency_asked("a").await.unwrap(), None);
    // An answer that got lost comes again for ten minutes, also when the sweep came by.
    assert_eq!(store.sweep_emergencies(due.plus(599)).await.unwrap(), 0);
    assert!(store.take_emergency("a", due.plus(599)).await.unwrap().is_some());
    assert_eq!(store.take_emergency("a", due.plus(600)).await.unwrap(), None);
    assert!(!store.stop_emergency("a", due).await.unwrap(), "too late");
    assert_eq!(store.sweep_emergencies(due.plus(600)).await.unwrap(), 1);
    assert_eq!(store.emergency("a").await.unwrap().unwrap().share, None);
    assert_eq!(store.take_emergency("a", due.plus(10)).await.unwrap(), None);
    let events: Vec<_> = store
        .emergency_events("a")
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.what)
        .collect();
    assert_eq!(events, ["released", "asked", "set"]);
    // Set up anew, the wait begins anew.
    set(&store, "a").await;
    assert_eq!(store.take_emergency("a", due.plus(DAY)).await.unwrap(), None);
    assert!(store.ask_emergency("a", due).await.unwrap());
    assert_eq!(store.take_emergency("a", due.plus(DAY - 1)).await.unwrap(), None);
}

pub async fn emergency_access_that_was_stopped_is_gone(store: Database) {
    vault(&store, "a").await;
    set(&store, "a").await;
    store.ask_emergency("a", NOW).await.unwrap();
    assert!(store.stop_emergency("a", NOW.plus(DAY - 1)).await.unwrap());
    assert!(!store.stop_emergency("a", NOW.plus(DAY - 1)).await.unwrap());
    assert_eq!(store.emergency("a").await.unwrap().unwrap().share, None);
    assert!(!store.ask_emergency("a", NOW.plus(DAY)).await.unwrap());
    assert_eq!(store.take_emergency("a", NOW.plus(9 * DAY)).await.unwrap(), None);
    assert_eq!(store.emergency_asked("a").await.unwrap(), None);
    assert!(store.remove_emergency("a", NOW).await.unwrap());
    assert!(!store.remove_emergency("a", NOW).await.unwrap());
    assert!(store.emergency("a").await.unwrap().is_none());
    let events: Vec<_> = store
        .emergency_events("a")
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.what)
        .collect();
    assert_eq!(events, ["removed", "stopped", "asked", "set"]);
    for _ in 0..60 {
        set(&store, "a").await;
    }
    assert_eq!(store.emergency_events("a").await.unwrap().len(), 50);
    // Erasing the vault erases all of it.
    assert!(store.delete_vault("a").await.unwrap());
    assert!(store.emergency("a").await.unwrap().is_none());
    assert_eq!(store.emergency_events("a").await.unwrap(), []);
}

/// Stopping and handing out at the same moment: one of them happens.
pub async fn stopping_and_handing_out_exclude_each_other(store: Database) {
    for round in 0..8 {
        let id = format!("v{round}");
        vault(&store, &id).await;
        set(&store, &id).await;
        store.ask_emergency(&id, NOW).await.unwrap();
        let due = NOW.plus(DAY);
        let (one, two) = (store.clone(), store.clone());
        let (a, b) = (id.clone(), id.clone());
        let stop = tokio::spawn(async move { one.stop_emergency(&a, due).await.unwrap() });
        let take = tokio::spawn(async move { two.take_emergency(&b, due).await.unwrap().is_some() });
        let (stopped, taken) = (stop.await.unwrap(), take.await.unwrap());
        assert!(
            stopped != taken,
            "round {round}: stopped {stopped}, taken {taken}"
        );
    }
}
