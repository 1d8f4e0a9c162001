//! What operators sign in with.

use assent_server::store::{Database, OperatorSecret, OperatorStore as _, Remembered};

use super::NOW;

pub(super) async fn operators_secrets_count_once_for_a_while(store: Database) {
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
