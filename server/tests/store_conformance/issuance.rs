//! Cards: their issuances, nonces and places in status lists.

use assent_server::store::{Database, HandleKind, IssuanceRow, IssuanceStore as _, StatusListStore as _};

use super::NOW;

pub(super) async fn issuances_change_once_and_are_found_by_handle(store: Database) {
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

pub(super) async fn a_handle_takes_the_place_of_the_one_before(store: Database) {
    let row = |id: &str| IssuanceRow {
        id: id.into(),
        revision: 1,
        sealed: b"pushed".to_vec(),
        expires_at: NOW.plus(10),
    };
    let kinds = [
        HandleKind::Offer,
        HandleKind::IssuerState,
        HandleKind::RequestUri,
        HandleKind::Code,
        HandleKind::Token,
        HandleKind::Refresh,
    ];
    // The same bytes as handles of different kinds are different handles.
    let handles = |byte: u8| kinds.map(|kind| (kind, [byte; 32]));
    store.create_issuance(&row("a"), &handles(1)).await.unwrap();
    store.create_issuance(&row("b"), &handles(2)).await.unwrap();
    let by = async |kind: HandleKind, byte: u8| store.issuance_by(kind, &[byte; 32]).await.unwrap();
    for kind in kinds {
        assert_eq!(by(kind, 1).await.unwrap().id, "a");
    }
    let rotated = [(HandleKind::Refresh, [3; 32]), (HandleKind::Token, [3; 32])];
    assert!(store.change_issuance(&row("a"), &rotated).await.unwrap());
    for kind in kinds {
        let changed = matches!(kind, HandleKind::Refresh | HandleKind::Token);
        assert_eq!(by(kind, 1).await.is_none(), changed, "{kind:?}");
        assert_eq!(by(kind, 3).await.is_some(), changed, "{kind:?}");
        assert_eq!(by(kind, 2).await.unwrap().id, "b", "another issuance");
    }
    assert_eq!(store.sweep_issuances(NOW.plus(10)).await.unwrap(), 2);
    for kind in kinds {
        assert!(by(kind, 2).await.is_none() && by(kind, 3).await.is_none());
    }
}

pub(super) async fn one_of_many_uses_of_a_handle_wins(store: Database) {
    let kinds = [HandleKind::RequestUri, HandleKind::Code, HandleKind::Refresh];
    for (kind, first) in kinds.into_iter().zip([10_u8, 20, 30]) {
        let id = format!("{kind:?}");
        let row = IssuanceRow {
            id,
            revision: 1,
            sealed: b"before".to_vec(),
            expires_at: NOW.plus(10),
        };
        store.create_issuance(&row, &[(kind, [1; 32])]).await.unwrap();
        let uses = (first..first + 8).map(|byte| {
            let store = store.clone();
            tokio::spawn(async move {
                let found = store.issuance_by(kind, &[1; 32]).await.unwrap();
                let mut row = found.filter(|row| row.sealed == b"before")?;
                row.sealed = vec![byte];
                let next = [(HandleKind::Token, [byte; 32])];
                store.change_issuance(&row, &next).await.unwrap().then_some(byte)
            })
        });
        let mut winners = Vec::new();
        for task in uses.collect::<Vec<_>>() {
            winners.extend(task.await.unwrap());
        }
        assert_eq!(winners.len(), 1, "{kind:?}: {winners:?}");
        for byte in first..first + 8 {
            let token = store.issuance_by(HandleKind::Token, &[byte; 32]).await.unwrap();
            assert_eq!(token.is_some(), byte == winners[0], "{kind:?}");
        }
        let stored = store.issuance_by(kind, &[1; 32]).await.unwrap().unwrap();
        assert_eq!((stored.sealed, stored.revision), (winners, 2));
    }
}

pub(super) async fn nonces_are_given_once(store: Database) {
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

pub(super) async fn a_proof_of_possession_is_used_once(store: Database) {
    let until = NOW.plus(10);
    let attempts = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.use_proof(&[1; 32], until).await.unwrap() })
    });
    let mut used = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        used += u32::from(attempt.await.unwrap());
    }
    assert_eq!(used, 1);
    assert!(store.use_proof(&[2; 32], until.plus(1)).await.unwrap());
    // Remembered to the last moment at which it could be accepted, and no longer.
    assert_eq!(store.sweep_issuances(until.plus(-1)).await.unwrap(), 0);
    assert!(!store.use_proof(&[1; 32], until).await.unwrap());
    assert_eq!(store.sweep_issuances(until).await.unwrap(), 1);
    assert!(!store.use_proof(&[2; 32], until).await.unwrap());
    assert!(store.use_proof(&[1; 32], until).await.unwrap());
}

pub(super) async fn status_lists_fill_up_one_after_the_other(store: Database) {
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
    // Given back by whom it was taken for: free again, and counted.
    store.release_places(1, &[2], "j").await.unwrap();
    assert!(store.taken_places(1).await.unwrap().contains(&2));
    store.release_places(1, &[2, 9], "i").await.unwrap();
    assert!(!store.taken_places(1).await.unwrap().contains(&2));
    assert_eq!(store.open_status_list(8).await.unwrap().taken, 3);
    assert_eq!(take(1, &[2], 2, 10).await, [2]);
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

pub(super) async fn a_place_of_a_status_list_is_given_once(store: Database) {
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

/// Whoever lost a race gives back what it took while others take.
pub(super) async fn places_that_are_given_back_are_taken_by_others(store: Database) {
    let list = store.open_status_list(24).await.unwrap().id;
    let all: Vec<i64> = (0..24).collect();
    let tasks = (0..6_i64).map(|task| {
        let (store, all) = (store.clone(), all.clone());
        tokio::spawn(async move {
            let id = task.to_string();
            let until = NOW.plus(10);
            for _ in 0..5 {
                let lost = store.take_places(list, &all, 4, &id, until).await.unwrap();
                assert_eq!(lost.len(), 4, "others hold twenty at most");
                store.release_places(list, &lost, &id).await.unwrap();
            }
            store.take_places(list, &all, 4, &id, until).await.unwrap()
        })
    });
    let mut kept = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        kept.extend(task.await.unwrap());
    }
    kept.sort_unstable();
    assert_eq!(kept, all);
    assert_eq!(store.status_list(list).await.unwrap().unwrap().taken, 24);
    let mut taken = store.taken_places(list).await.unwrap();
    taken.sort_unstable();
    assert_eq!(taken, all);
}
