//! What citizens sign in with, on both databases.

use assent_core::env::Timestamp;
use assent_server::store::{
    Commit, CommitOutcome, CreateOutcome, Database, LinkOutcome, NewVault, PasskeyRow, PasskeyStore,
    Passkeys, Quota, Remembered, SignInRow, SignInStore, SignedIn, VaultStore,
};

use crate::NOW;

pub async fn vault(store: &Database, id: &str) {
    let vault = NewVault {
        id: id.into(),
        access_token_sha256: [1; 32],
        epoch: 1,
        header: id.as_bytes().to_vec(),
        manifest: vec![2],
        put: Vec::new(),
        passkeys: Passkeys::default(),
    };
    let quota = Quota {
        records: 1,
        bytes: 1000,
    };
    let created = store.create_vault(&vault, quota, NOW).await.unwrap();
    assert_eq!(created, CreateOutcome::Created);
}

fn row(vault: &str, id: &str, subject: u8) -> SignInRow {
    SignInRow {
        id: id.into(),
        vault: vault.into(),
        subject: [subject; 32],
        provider: "city".into(),
        created_at: NOW,
    }
}

pub async fn sign_ins_lead_to_vaults_until_they_are_taken_away(store: Database) {
    vault(&store, "a").await;
    vault(&store, "b").await;
    let linked = async |row: &SignInRow| store.link_sign_in(row, 2).await.unwrap();
    assert_eq!(linked(&row("a", "1", 1)).await, LinkOutcome::Linked);
    assert_eq!(linked(&row("a", "2", 1)).await, LinkOutcome::There);
    assert_eq!(linked(&row("b", "3", 1)).await, LinkOutcome::Linked);
    assert_eq!(linked(&row("c", "4", 1)).await, LinkOutcome::NotFound);
    let mut second = row("a", "5", 2);
    second.created_at = NOW.plus(1);
    second.provider = "bank".into();
    assert_eq!(linked(&second).await, LinkOutcome::Linked);
    assert_eq!(linked(&row("a", "6", 3)).await, LinkOutcome::Full);
    assert_eq!(linked(&row("a", "7", 1)).await, LinkOutcome::There);

    assert_eq!(
        store.sign_ins_of("a").await.unwrap(),
        [row("a", "1", 1), second.clone()]
    );
    assert_eq!(
        store.sign_ins_by(&[1; 32]).await.unwrap(),
        [row("a", "1", 1), row("b", "3", 1)]
    );
    assert_eq!(store.sign_ins_by(&[9; 32]).await.unwrap(), []);

    assert!(!store.unlink_sign_in("b", "1").await.unwrap());
    assert!(store.unlink_sign_in("a", "1").await.unwrap());
    assert!(!store.unlink_sign_in("a", "1").await.unwrap());
    assert_eq!(store.sign_ins_by(&[1; 32]).await.unwrap(), [row("b", "3", 1)]);
    // Erasing the vault erases what leads to it.
    assert!(store.delete_vault("a").await.unwrap());
    assert_eq!(store.sign_ins_by(&[2; 32]).await.unwrap(), []);
    assert_eq!(store.sign_ins_of("a").await.unwrap(), []);
}

pub async fn sign_in_codes_are_taken_once(store: Database) {
    let who = SignedIn {
        subject: [1; 32],
        provider: "city".into(),
    };
    let challenge = assent_core::crypto::sha256(b"verifier");
    let until = NOW.plus(60);
    let keep = async |code: &str, most: i64| {
        let kept = store
            .keep_sign_in_code(code, &who, &challenge, NOW, until, most)
            .await;
        kept.unwrap()
    };
    let take = async |code: &str, verifier: &str, at: Timestamp| {
        store.take_sign_in_code(code, verifier, at).await.unwrap()
    };
    assert_eq!(keep("a", 2).await, Remembered::Added);
    assert_eq!(keep("a", 2).await, Remembered::There);
    assert_eq!(keep("b", 2).await, Remembered::Added);
    assert_eq!(keep("c", 2).await, Remembered::Full);
    assert_eq!(take("a", "verifier", NOW.plus(59)).await, Some(who.clone()));
    assert_eq!(take("a", "verifier", NOW).await, None, "once");
    assert_eq!(take("b", "another", NOW).await, None);
    assert_eq!(
        take("b", "verifier", NOW).await,
        None,
        "a wrong verifier uses it up"
    );
    keep("c", 2).await;
    assert_eq!(take("c", "verifier", until).await, None, "over");
    // Of many at once, one.
    keep("d", 2).await;
    let tries = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .take_sign_in_code("d", "verifier", NOW)
                .await
                .unwrap()
                .is_some()
        })
    });
    let mut had = 0;
    for one in tries.collect::<Vec<_>>() {
        had += usize::from(one.await.unwrap());
    }
    assert_eq!(had, 1);
    // What is only remembered as used.
    let used = async || store.use_sign_in_state("s", NOW, until, 2).await.unwrap();
    assert_eq!(used().await, Remembered::Added);
    assert_eq!(used().await, Remembered::There);
    assert_eq!(store.sweep_sign_ins(NOW.plus(59)).await.unwrap(), 0);
    assert_eq!(store.sweep_sign_ins(until).await.unwrap(), 1);
}

pub async fn links_are_counted_under_concurrency(store: Database) {
    vault(&store, "a").await;
    let tries = (0..12_u8).map(|i| {
        let store = store.clone();
        tokio::spawn(async move { store.link_sign_in(&row("a", &i.to_string(), i), 5).await.unwrap() })
    });
    let mut linked = 0;
    for one in tries.collect::<Vec<_>>() {
        linked += usize::from(one.await.unwrap() == LinkOutcome::Linked);
    }
    assert_eq!(linked, 5);
    assert_eq!(store.sign_ins_of("a").await.unwrap().len(), 5);
}

pub async fn a_challenge_is_answered_once(store: Database) {
    let answered = async |challenge: &[u8], now: Timestamp, most| {
        let answered = store
            .use_passkey_challenge(challenge, now, NOW.plus(60), most)
            .await;
        answered.unwrap()
    };
    assert_eq!(answered(b"1", NOW, 2).await, Remembered::Added);
    assert_eq!(answered(b"1", NOW, 2).await, Remembered::There);
    // A sign-in that came back has the same name and is another thing.
    let state = store.use_sign_in_state("1", NOW, NOW.plus(60), 2).await.unwrap();
    assert_eq!(state, Remembered::Added);
    assert_eq!(answered(b"2", NOW, 2).await, Remembered::Added);
    assert_eq!(answered(b"3", NOW, 2).await, Remembered::Full);
    assert_eq!(store.sweep_sign_ins(NOW.plus(60)).await.unwrap(), 3);
    assert_eq!(answered(b"3", NOW.plus(60), 2).await, Remembered::Added);
}

fn passkey(subject: u8) -> PasskeyRow {
    PasskeyRow {
        subject: [subject; 32],
        algorithm: -7,
        public_key: vec![subject; 65],
        counter: 0,
        backup_eligible: subject == 1,
    }
}

pub async fn passkeys_follow_the_header_and_count_upwards(store: Database) {
    vault(&store, "a").await;
    vault(&store, "b").await;
    let follow = async |vault: &str, base_version, all: &[u8], new: &[u8]| {
        let commit = Commit {
            access_token_sha256: [1; 32],
            base_version,
            header: Some(vec![3]),
            manifest: vec![4],
            put: Vec::new(),
            delete: Vec::new(),
            keys: Vec::new(),
            epoch: None,
            link: Vec::new(),
            unlink: Vec::new(),
            passkeys: Some(Passkeys {
                all: all.iter().map(|subject| [*subject; 32]).collect(),
                new: new.iter().map(|subject| passkey(*subject)).collect(),
            }),
        };
        let quota = Quota {
            records: 1,
            bytes: 1000,
        };
        store.commit_vault(vault, &commit, quota, NOW).await.unwrap()
    };
    let known = async |vault: &str, subject: u8| store.passkey(vault, &[subject; 32]).await.unwrap();
    let count = async |vault: &str, subject: u8, counter| {
        let counted = store.count_passkey(vault, &[subject; 32], counter).await;
        counted.unwrap()
    };
    assert_eq!(
        follow("a", 1, &[1, 2], &[1, 2]).await,
        CommitOutcome::Committed(2)
    );
    assert_eq!(follow("b", 1, &[1], &[1]).await, CommitOutcome::Committed(2));
    assert_eq!(known("a", 1).await, Some(passkey(1)));
    assert_eq!(known("a", 2).await, Some(passkey(2)));
    assert_eq!(known("b", 2).await, None);
    assert!(
        count("a", 1, 0).await && count("a", 1, 0).await,
        "it does not count"
    );
    assert!(count("a", 1, 4_294_967_295).await);
    assert!(!count("a", 1, 4_294_967_295).await && !count("a", 1, 7).await && !count("a", 1, 0).await);
    assert!(!count("a", 9, 1).await, "it is not there");
    assert_eq!(known("b", 1).await, Some(passkey(1)), "another vault's");
    // What came too late changes nothing.
    assert_eq!(follow("a", 1, &[], &[]).await, CommitOutcome::Conflict(2));
    assert_eq!(
        follow("a", 2, &[1, 3], &[1, 3]).await,
        CommitOutcome::Committed(3)
    );
    assert_eq!(known("a", 1).await.unwrap().counter, 4_294_967_295);
    assert_eq!(known("a", 2).await, None);
    assert_eq!(known("a", 3).await, Some(passkey(3)));
    assert!(store.delete_vault("a").await.unwrap());
    assert_eq!(known("a", 3).await, None);
    assert_eq!(known("b", 1).await, Some(passkey(1)));
    // Of many that count the same at once, one does.
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            store.count_passkey("b", &[1; 32], 5).await.unwrap()
        }));
    }
    let mut counted = 0;
    for task in tasks {
        counted += usize::from(task.await.unwrap());
    }
    assert_eq!(counted, 1);
}
