//! What waits to be told to services.

use assent_server::store::{Database, OutboxStore as _, PresentationStore as _};

use super::NOW;
use super::presentations::{change, presentation, webhook};

pub(super) async fn webhooks_are_leased_to_one(store: Database) {
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

pub(super) async fn webhooks_are_taken_service_by_service(store: Database) {
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
