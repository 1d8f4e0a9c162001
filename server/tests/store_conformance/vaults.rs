//! The vault store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use assent_server::store::{
    BlobPart, BlobQuota, BlobStore as _, ChangesPage, Commit, CommitOutcome, CountStore as _, CreateOutcome,
    Cursor, Database, DeclareOutcome, DeleteBlobOutcome, Garbage, Head, NewBlob, NewEpoch, NewVault,
    PageLimits, Passkeys, PutKey, PutRecord, Quota, VaultStore as _,
};

use super::NOW;

const QUOTA: Quota = Quota {
    records: 4,
    bytes: 1000,
};

fn record(handle: &str, sealed: &[u8]) -> PutRecord {
    PutRecord {
        handle: handle.into(),
        sealed: sealed.into(),
        key: None,
        box_rest: None,
        key_rest: None,
    }
}

fn keyed(handle: &str, sealed: &[u8], key: &[u8]) -> PutRecord {
    PutRecord {
        key: Some(key.into()),
        ..record(handle, sealed)
    }
}

fn key(handle: &str, key: &[u8]) -> PutKey {
    PutKey {
        handle: handle.into(),
        key: key.into(),
        rest: None,
    }
}

fn vault(id: &str) -> NewVault {
    NewVault {
        id: id.into(),
        access_token_sha256: [7; 32],
        epoch: 1,
        header: b"header".to_vec(),
        manifest: b"manifest".to_vec(),
        put: vec![record("a", b"1"), record("b", b"2")],
        passkeys: Passkeys::default(),
    }
}

fn commit(base_version: i64) -> Commit {
    Commit {
        access_token_sha256: [7; 32],
        base_version,
        header: None,
        manifest: b"next".to_vec(),
        put: Vec::new(),
        delete: Vec::new(),
        keys: Vec::new(),
        epoch: None,
        link: Vec::new(),
        unlink: Vec::new(),
        passkeys: None,
    }
}

/// Everything that changed, on one page.
async fn since(store: &Database, id: &str, since: i64) -> Option<ChangesPage> {
    let all = PageLimits {
        records: 1000,
        bytes: 1 << 20,
    };
    store.vault_changes(id, since, None, all).await.unwrap()
}

fn head(page: &ChangesPage) -> (Vec<u8>, Vec<u8>) {
    match &page.head {
        Some(Head::Changed { header, manifest }) => (header.clone(), manifest.clone()),
        other => panic!("{other:?}"),
    }
}

/// Handle, version and box of each record of a page.
fn boxes(page: &ChangesPage) -> Vec<(String, i64, Vec<u8>)> {
    let mut out: Vec<_> = page
        .records
        .iter()
        .map(|record| {
            (
                record.handle.clone(),
                record.version,
                record.sealed.clone().unwrap(),
            )
        })
        .collect();
    out.sort();
    out
}

pub async fn vault_life_cycle(store: Database) {
    assert_eq!(
        store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap(),
        CreateOutcome::Created
    );
    assert_eq!(
        store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap(),
        CreateOutcome::AlreadyExists
    );
    assert_eq!(store.counts().await.unwrap().vaults, 1);
    assert_eq!(store.vault_access("v").await.unwrap(), Some([7; 32]));
    assert_eq!(store.vault_access("w").await.unwrap(), None);
    let header = store.vault_header("v").await.unwrap().unwrap();
    assert_eq!((header.version, header.header.as_slice()), (1, &b"header"[..]));

    let change = Commit {
        header: Some(b"new header".to_vec()),
        put: vec![record("a", b"changed"), record("c", b"3")],
        delete: vec!["b".into(), "never-there".into()],
        ..commit(1)
    };
    assert_eq!(
        store.commit_vault("v", &change, QUOTA, NOW).await.unwrap(),
        CommitOutcome::Committed(2)
    );

    let all = since(&store, "v", 0).await.unwrap();
    assert_eq!(all.version, 2);
    assert_eq!(head(&all), (b"new header".to_vec(), b"next".to_vec()));
    assert_eq!(
        boxes(&all),
        [
            ("a".into(), 2, b"changed".to_vec()),
            ("c".into(), 2, b"3".to_vec())
        ]
    );
    assert_eq!(all.deleted, ["b"]);
    assert_eq!(all.next, None);

    let none = since(&store, "v", 2).await.unwrap();
    assert!(none.records.is_empty() && none.deleted.is_empty());
    assert_eq!(none.head, Some(Head::Same(assent_core::crypto::sha256(b"next"))));
    // A reader that is ahead of a restored database gets the proof of it.
    assert_eq!(head(&since(&store, "v", 9).await.unwrap()).1, b"next");

    // A deleted handle can come back.
    let back = Commit {
        put: vec![record("b", b"again")],
        ..commit(2)
    };
    assert_eq!(
        store.commit_vault("v", &back, QUOTA, NOW).await.unwrap(),
        CommitOutcome::Committed(3)
    );
    let delta = since(&store, "v", 2).await.unwrap();
    assert_eq!(boxes(&delta), [("b".into(), 3, b"again".to_vec())]);
    assert!(delta.deleted.is_empty());
    assert_eq!(head(&delta).0, b"new header", "kept when a commit brings none");
    let one = store.vault_record("v", "b").await.unwrap().unwrap();
    assert_eq!((one.version, one.sealed), (3, Some(b"again".to_vec())));
    assert!(store.vault_record("v", "never-there").await.unwrap().is_none());

    assert!(store.delete_vault("v").await.unwrap());
    assert!(!store.delete_vault("v").await.unwrap());
    assert!(since(&store, "v", 0).await.is_none());
}

pub async fn commits_compare_and_swap(store: Database) {
    store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap();
    let outcome = |base| {
        let store = store.clone();
        async move { store.commit_vault("v", &commit(base), QUOTA, NOW).await.unwrap() }
    };
    assert_eq!(outcome(0).await, CommitOutcome::Conflict(1));
    assert_eq!(outcome(2).await, CommitOutcome::Conflict(1));
    assert_eq!(outcome(1).await, CommitOutcome::Committed(2));
    assert_eq!(outcome(1).await, CommitOutcome::Conflict(2));
    // The token was right when the request came, and is another by now.
    let stale = Commit {
        access_token_sha256: [8; 32],
        ..commit(3)
    };
    let refused = store.commit_vault("v", &stale, QUOTA, NOW).await.unwrap();
    assert_eq!(refused, CommitOutcome::NotFound);
    let missing = store.commit_vault("w", &commit(1), QUOTA, NOW).await.unwrap();
    assert_eq!(missing, CommitOutcome::NotFound);
}

pub async fn one_of_many_concurrent_commits_wins(store: Database) {
    store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap();
    let won = Arc::new(AtomicU32::new(0));
    let mut tasks = Vec::new();
    for i in 0..16_u8 {
        let (store, won) = (store.clone(), won.clone());
        tasks.push(tokio::spawn(async move {
            let change = Commit {
                put: vec![record("a", &[i])],
                ..commit(1)
            };
            match store.commit_vault("v", &change, QUOTA, NOW).await.unwrap() {
                CommitOutcome::Committed(version) => {
                    assert_eq!(version, 2);
                    won.fetch_add(1, Ordering::SeqCst);
                }
                CommitOutcome::Conflict(version) => assert_eq!(version, 2),
                other => panic!("{other:?}"),
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(won.load(Ordering::SeqCst), 1);
}

pub async fn quotas_leave_nothing_behind(store: Database) {
    let mut big = vault("big");
    big.put = (0..5).map(|i| record(&format!("r{i}"), b"x")).collect();
    assert_eq!(
        store.create_vault(&big, QUOTA, NOW).await.unwrap(),
        CreateOutcome::QuotaExceeded
    );
    assert_eq!(store.vault_access("big").await.unwrap(), None);

    store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap();
    let too_many = Commit {
        put: vec![record("c", b"3"), record("d", b"4"), record("e", b"5")],
        ..commit(1)
    };
    assert_eq!(
        store.commit_vault("v", &too_many, QUOTA, NOW).await.unwrap(),
        CommitOutcome::QuotaExceeded
    );
    let too_long = Commit {
        put: vec![record("c", &[0; 990])],
        ..commit(1)
    };
    assert_eq!(
        store.commit_vault("v", &too_long, QUOTA, NOW).await.unwrap(),
        CommitOutcome::QuotaExceeded
    );
    let unchanged = since(&store, "v", 0).await.unwrap();
    assert_eq!((unchanged.version, unchanged.records.len()), (1, 2));
    assert_eq!(head(&unchanged).1, b"manifest");
    // What is deleted in the same commit makes room.
    let swap = Commit {
        put: vec![record("c", b"3"), record("d", b"4"), record("e", b"5")],
        delete: vec!["a".into()],
        ..commit(1)
    };
    assert_eq!(
        store.commit_vault("v", &swap, QUOTA, NOW).await.unwrap(),
        CommitOutcome::Committed(2)
    );
}

pub async fn vaults_do_not_touch_each_other(store: Database) {
    store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap();
    store.create_vault(&vault("w"), QUOTA, NOW).await.unwrap();
    let change = Commit {
        put: vec![record("a", b"changed")],
        delete: vec!["b".into()],
        ..commit(1)
    };
    store.commit_vault("v", &change, QUOTA, NOW).await.unwrap();
    store.delete_vault("v").await.unwrap();
    let other = since(&store, "w", 0).await.unwrap();
    assert_eq!(
        (other.version, other.records.len(), other.deleted.len()),
        (1, 2, 0)
    );
}

/// Pages of one row, with a change between any two of them: merged in order they are the newest state.
pub async fn changes_come_in_pages_that_add_up(store: Database) {
    let quota = Quota {
        records: 50,
        bytes: 10_000,
    };
    let names: Vec<String> = (0..9).map(|i| format!("r{i}")).collect();
    let new = NewVault {
        put: names.iter().map(|name| record(name, b"first")).collect(),
        ..vault("v")
    };
    store.create_vault(&new, quota, NOW).await.unwrap();
    let limits = PageLimits {
        records: 4,
        bytes: 12,
    };
    let (mut merged, mut after, mut pages) = (BTreeMap::new(), None::<Cursor>, 0);
    loop {
        let page = store
            .vault_changes("v", 0, after.clone(), limits)
            .await
            .unwrap()
            .unwrap();
        pages += 1;
        assert!(
            (1..=3).contains(&(page.records.len() + page.deleted.len())),
            "{page:?}"
        );
        let manifest = page.head.is_some().then(|| head(&page).1);
        for changed in page.records {
            merged.insert(changed.handle, changed.sealed.unwrap());
        }
        for handle in page.deleted {
            merged.remove(&handle);
        }
        match pages {
            // A row read already, one not read yet, and one that goes.
            2 => {
                let change = Commit {
                    put: vec![
                        record("r0", b"again"),
                        record("r8", b"again"),
                        record("s", b"new"),
                    ],
                    delete: vec!["r1".into()],
                    ..commit(1)
                };
                let done = store.commit_vault("v", &change, quota, NOW).await.unwrap();
                assert_eq!(done, CommitOutcome::Committed(2));
            }
            _ => assert!(pages < 20),
        }
        after = page.next;
        assert_eq!(after.is_none(), manifest.is_some());
        if after.is_none() {
            assert_eq!((page.version, manifest), (2, Some(b"next".to_vec())));
            break;
        }
    }
    let expected: BTreeMap<String, Vec<u8>> = names
        .iter()
        .filter(|name| *name != "r1")
        .map(|name| {
            let changed = name == "r0" || name == "r8";
            (
                name.clone(),
                if changed {
                    b"again".to_vec()
                } else {
                    b"first".to_vec()
                },
            )
        })
        .chain([("s".to_owned(), b"new".to_vec())])
        .collect();
    assert_eq!(merged, expected);
    // A row larger than a page comes alone.
    let large = Commit {
        put: vec![record("r2", &[1; 500]), record("r3", b"x")],
        ..commit(2)
    };
    store.commit_vault("v", &large, quota, NOW).await.unwrap();
    let page = store.vault_changes("v", 2, None, limits).await.unwrap().unwrap();
    assert_eq!(boxes(&page), [("r2".into(), 3, vec![1; 500])]);
    let page = store
        .vault_changes("v", 2, page.next, limits)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(boxes(&page), [("r3".into(), 3, b"x".to_vec())]);
    assert!(page.next.is_none());
}

pub async fn a_new_epoch_brings_every_key_or_nothing(store: Database) {
    let new = NewVault {
        put: vec![
            keyed("a", b"1", b"ka"),
            keyed("b", b"2", b"kb"),
            keyed("c", b"3", b"kc"),
        ],
        ..vault("v")
    };
    store.create_vault(&new, QUOTA, NOW).await.unwrap();
    let next = |epoch, keys: &[&str]| Commit {
        header: Some(b"header of epoch 2".to_vec()),
        keys: keys.iter().map(|handle| key(handle, b"new key")).collect(),
        epoch: Some(NewEpoch {
            epoch,
            access_token_sha256: Some([8; 32]),
        }),
        ..commit(1)
    };
    let refused = async |commit: &Commit, outcome| {
        assert_eq!(
            store.commit_vault("v", commit, QUOTA, NOW).await.unwrap(),
            outcome
        );
        let same = since(&store, "v", 0).await.unwrap();
        assert_eq!((same.version, same.epoch), (1, 1));
        assert_eq!(head(&same), (b"header".to_vec(), b"manifest".to_vec()));
        let keys: Vec<_> = same
            .records
            .into_iter()
            .map(|record| record.key.unwrap())
            .collect();
        assert_eq!(keys, [b"ka", b"kb", b"kc"]);
        assert_eq!(store.vault_access("v").await.unwrap(), Some([7; 32]));
    };
    // One missing, none at all, one too many, one twice instead of another.
    refused(&next(2, &["a", "b"]), CommitOutcome::EpochIncomplete).await;
    refused(&next(2, &[]), CommitOutcome::EpochIncomplete).await;
    refused(&next(2, &["a", "b", "c", "d"]), CommitOutcome::EpochIncomplete).await;
    refused(&next(2, &["a", "b", "b"]), CommitOutcome::EpochIncomplete).await;
    // A record written without its key keeps the old one: not enough.
    let without = Commit {
        put: vec![record("c", b"again")],
        ..next(2, &["a", "b"])
    };
    refused(&without, CommitOutcome::EpochIncomplete).await;
    // A record that goes needs no key, and may have none.
    let deleted = Commit {
        delete: vec!["c".into()],
        ..next(2, &["a", "b", "c"])
    };
    refused(&deleted, CommitOutcome::EpochIncomplete).await;
    for wrong in [0, 1, 3, i64::MAX] {
        refused(&next(wrong, &["a", "b", "c"]), CommitOutcome::EpochConflict(1)).await;
    }
    // Keys without an epoch: only of records that are there.
    let unknown = Commit {
        keys: vec![key("d", b"x")],
        ..commit(1)
    };
    refused(&unknown, CommitOutcome::RecordUnknown).await;

    let whole = Commit {
        put: vec![keyed("b", b"2 again", b"new key")],
        delete: vec!["c".into()],
        ..next(2, &["a"])
    };
    let done = store.commit_vault("v", &whole, QUOTA, NOW).await.unwrap();
    assert_eq!(done, CommitOutcome::Committed(2));
    assert_eq!(store.vault_access("v").await.unwrap(), Some([8; 32]));
    let delta = since(&store, "v", 1).await.unwrap();
    assert_eq!((delta.version, delta.epoch), (2, 2));
    assert_eq!(delta.deleted, ["c"]);
    let mut records: Vec<_> = delta
        .records
        .into_iter()
        .map(|record| (record.handle, record.sealed, record.key.unwrap()))
        .collect();
    records.sort();
    assert_eq!(
        records,
        [
            ("a".into(), None, b"new key".to_vec()),
            ("b".into(), Some(b"2 again".to_vec()), b"new key".to_vec())
        ],
        "a box that did not change is not sent again"
    );
    let all = since(&store, "v", 0).await.unwrap();
    assert!(all.records.iter().all(|record| record.sealed.is_some()));
}

/// Keys of what is replaced wait for a week, but not without bound.
pub async fn replaced_keys_wait_within_bounds(store: Database) {
    store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap();
    store.create_vault(&vault("w"), QUOTA, NOW).await.unwrap();
    for version in 2_i64..30 {
        for id in ["v", "w"] {
            if id == "w" && version > 5 {
                continue;
            }
            let rest = |name: &str| Some(format!("{version:016x}.{name}"));
            let change = Commit {
                put: vec![PutRecord {
                    box_rest: rest("box"),
                    key_rest: rest("key"),
                    ..keyed("a", b"1", b"k")
                }],
                ..commit(version - 1)
            };
            let done = store.commit_vault(id, &change, QUOTA, NOW).await.unwrap();
            assert_eq!(done, CommitOutcome::Committed(version));
        }
    }
    // 27 times two keys were replaced; four times the quota of four records may wait.
    let mut now = store.dead_rest_keys(NOW, 100).await.unwrap();
    now.sort();
    assert_eq!(now.len(), 54 - 17, "{now:?}");
    assert_eq!(now[0], ("v".to_owned(), format!("{:016x}.box", 2)));
    assert!(now.iter().all(|(id, _)| id == "v"), "another vault's wait");
    let later = store.dead_rest_keys(NOW.plus(7 * 86_400), 100).await.unwrap();
    assert_eq!(later.len(), 54 + 6);
}

/// The counters in the vault's row are kept by differences: they must say what a fresh count says.
pub async fn counters_stay_right(store: Database) {
    let quota = Quota {
        records: 8,
        bytes: 300,
    };
    store.create_vault(&vault("v"), quota, NOW).await.unwrap();
    let (mut version, mut live) = (
        1,
        BTreeMap::from([("a".to_owned(), 1_usize), ("b".to_owned(), 1)]),
    );
    let mut seed = 7_u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    for _ in 0..60 {
        let name = ["a", "b", "c", "d", "e"][usize::try_from(next(5)).unwrap()];
        let other = ["a", "b", "c", "d", "e"][usize::try_from(next(5)).unwrap()];
        let (length, key_length) = (
            usize::try_from(next(90)).unwrap(),
            usize::try_from(next(20)).unwrap(),
        );
        let change = Commit {
            put: vec![keyed(name, &vec![1; length], &vec![2; key_length])],
            delete: vec![other.into()],
            ..commit(version)
        };
        let mut then = live.clone();
        then.insert(name.to_owned(), length + key_length);
        then.remove(other);
        let fits = then.values().sum::<usize>() + b"header".len() + b"next".len() <= 300;
        match store.commit_vault("v", &change, quota, NOW).await.unwrap() {
            CommitOutcome::Committed(now) => {
                assert!(fits, "{then:?}");
                version = now;
                live = then;
            }
            CommitOutcome::QuotaExceeded => assert!(!fits, "{then:?}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(version > 20, "few commits passed: {version}");
}

const BLOBS: BlobQuota = BlobQuota {
    blobs: 3,
    bytes: 1000,
};

fn new_blob(name: &str, parts: u8) -> NewBlob {
    NewBlob {
        blob: name.into(),
        object: format!("object-of-{name}"),
        size: i64::from(parts) * 10,
        parts: (0..parts)
            .map(|number| BlobPart {
                sha256: [number; 32],
                size: 10,
                stored: false,
            })
            .collect(),
    }
}

pub async fn blobs_stay_as_long_as_they_are_linked(store: Database) {
    store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap();
    store.create_vault(&vault("w"), QUOTA, NOW).await.unwrap();
    let declare =
        async |vault: &str, blob: &NewBlob, at| store.declare_blob(vault, blob, BLOBS, at).await.unwrap();
    assert_eq!(
        declare("none", &new_blob("a", 1), NOW).await,
        DeclareOutcome::NotFound
    );
    assert_eq!(
        declare("v", &new_blob("a", 2), NOW).await,
        DeclareOutcome::Declared
    );
    assert_eq!(declare("v", &new_blob("a", 2), NOW).await, DeclareOutcome::Known);
    assert_eq!(
        declare("w", &new_blob("b", 1), NOW).await,
        DeclareOutcome::Declared
    );
    let put = async |vault: &str, blob: &str, number, at| {
        store
            .store_blob_part(vault, blob, number, Some(&b"data"[..]), at)
            .await
            .unwrap()
    };
    assert!(put("v", "a", 0, NOW).await);
    assert!(put("v", "a", 0, NOW).await, "again is no error, and counts once");
    assert!(!put("w", "a", 0, NOW).await, "another's blob");
    let blob = store.blob("v", "a").await.unwrap().unwrap();
    assert_eq!((blob.part_count, blob.missing, blob.linked), (2, 1, false));
    assert!(store.blob("w", "a").await.unwrap().is_none());
    assert_eq!(store.blob_part_data("v", "a", 0).await.unwrap().unwrap(), b"data");
    assert_eq!(store.blob_part_data("v", "a", 1).await.unwrap(), None);
    let link = |base, link: &[&str], unlink: &[&str]| {
        let change = Commit {
            link: link.iter().map(|&blob| blob.into()).collect(),
            unlink: unlink.iter().map(|&blob| blob.into()).collect(),
            ..commit(base)
        };
        let store = store.clone();
        async move { store.commit_vault("v", &change, QUOTA, NOW).await.unwrap() }
    };
    for unknown in ["a", "b", "zzz"] {
        assert_eq!(
            link(1, &[unknown], &[]).await,
            CommitOutcome::BlobUnknown,
            "{unknown}"
        );
    }
    assert!(put("v", "a", 1, NOW).await);
    assert_eq!(
        link(1, &["a"], &["never-there"]).await,
        CommitOutcome::Committed(2)
    );
    assert_eq!(
        store.delete_blob("v", "a").await.unwrap(),
        DeleteBlobOutcome::Linked
    );
    assert_eq!(
        store.delete_blob("w", "a").await.unwrap(),
        DeleteBlobOutcome::NotFound
    );
    // The sweep takes what is not linked and old, nothing else.
    assert_eq!(
        declare("v", &new_blob("young", 1), NOW.plus(100)).await,
        DeclareOutcome::Declared
    );
    assert_eq!(store.sweep_blobs(NOW.plus(1), 100).await.unwrap(), 1);
    assert!(store.blob("w", "b").await.unwrap().is_none());
    let garbage = |name: &str, part_count| Garbage {
        object: format!("object-of-{name}"),
        part_count,
        deleted: false,
    };
    assert_eq!(store.blob_garbage(NOW, 9).await.unwrap(), [garbage("b", 1)]);
    // Deleted once, it waits for its second time and lets others pass.
    store.note_deleted("object-of-b", NOW).await.unwrap();
    assert_eq!(store.blob_garbage(NOW, 9).await.unwrap(), []);
    let again = Garbage {
        deleted: true,
        ..garbage("b", 1)
    };
    // Unlinked, it may go; the vault's end takes the rest.
    assert_eq!(link(2, &[], &["a"]).await, CommitOutcome::Committed(3));
    assert_eq!(
        store.delete_blob("v", "a").await.unwrap(),
        DeleteBlobOutcome::Deleted
    );
    assert!(store.blob_parts("v", "a").await.unwrap().is_empty());
    assert!(store.delete_vault("v").await.unwrap());
    assert_eq!(
        store.blob_garbage(NOW.plus(1), 9).await.unwrap(),
        [garbage("a", 2), garbage("young", 1), again]
    );
    store.forget_garbage("object-of-b").await.unwrap();
    assert_eq!(
        store.blob_garbage(NOW.plus(1), 1).await.unwrap(),
        [garbage("a", 2)]
    );
}

pub async fn blob_quotas_hold_under_concurrency(store: Database) {
    store.create_vault(&vault("v"), QUOTA, NOW).await.unwrap();
    let mut tasks = Vec::new();
    for i in 0..12 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            store
                .declare_blob("v", &new_blob(&format!("b{i}"), 1), BLOBS, NOW)
                .await
                .unwrap()
        }));
    }
    let mut declared = 0;
    for task in tasks {
        match task.await.unwrap() {
            DeclareOutcome::Declared => declared += 1,
            DeclareOutcome::QuotaExceeded => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(declared, 3);
}
