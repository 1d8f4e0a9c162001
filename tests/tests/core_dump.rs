//! What is in the server's memory while it keeps a vault: a core dump of the real program, searched for everything that
//! only the citizen's side may have.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use assent_core::encoding::base64url;
use assent_core::env::{SecureRandom as _, Timestamp};
use assent_server::crypto::SystemRandom;
use assent_tests::Server;
use assent_wallet::vault::{Change, NewMethod, RecoveryCode, UnlockedVault};
use serde_json::{Value, json};
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp(1_800_000_000);
const PASSPHRASE: &str = "canary-passphrase-of-the-citizen-4711";
const CONTENT: &str = "canary-content-of-a-record-0815";
const NAME: &str = "note/canary-name-of-a-record-1234";

/// Whether a file has these bytes. `grep` looks: the dump is hundreds of megabytes, and this test is not optimised.
fn found(dump: &Path, needle: &[u8]) -> bool {
    assert!(!needle.contains(&0), "lines end with NUL in this search");
    let pattern: String = needle.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let status = Command::new("grep")
        .env("LC_ALL", "C")
        .args(["--quiet", "--text", "--perl-regexp", "--null-data", &pattern])
        .arg(dump)
        .status()
        .unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    status.success()
}

/// The first that has no NUL in it.
fn key_towards_a_service(vault: &UnlockedVault) -> Vec<u8> {
    (0..100)
        .map(|i| {
            vault
                .pairwise_key(&format!("service {i}"))
                .unwrap()
                .to_bytes()
                .to_vec()
        })
        .find(|key| !key.contains(&0))
        .unwrap()
}

#[tokio::test]
async fn a_core_dump_holds_no_secret_of_the_citizen() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let base = &server.base;

    let mut random = SystemRandom::default();
    let code = RecoveryCode::generate(&mut random).unwrap();
    let methods = [
        (NewMethod::Passphrase(PASSPHRASE), "a"),
        (NewMethod::RecoveryCode(&code), "b"),
    ];
    let mut vault = UnlockedVault::create(&methods, NOW, &mut random).unwrap();
    let content = |text: &str| Change::Put(Zeroizing::new(text.as_bytes().to_vec()));
    let staged = vault
        .stage(vec![(NAME.to_owned(), content(CONTENT))], &mut random)
        .unwrap();
    let put = |records: &[assent_wallet::vault::StoredRecord]| -> Vec<Value> {
        let one = |record: &assent_wallet::vault::StoredRecord| {
            json!({ "handle": record.handle.to_string(), "box": base64url::encode(&record.sealed),
                    "key": base64url::encode(&record.key) })
        };
        records.iter().map(one).collect()
    };
    let id = vault.header().vault.to_string();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = json!({ "vault_id": id, "access_token_sha256": base64url::encode(&vault.access_token_hash()),
        "header": base64url::encode(&vault.header().to_bytes()), "manifest": base64url::encode(&staged.manifest),
        "put": put(&staged.put) });
    let sent = client
        .post(format!("{base}/v1/vaults"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 201);
    let handle = staged.put.first().unwrap().handle.to_string();
    vault.adopt(staged, 1);
    // Written again and read, so that every path has been gone.
    let staged = vault
        .stage(
            vec![(NAME.to_owned(), content(&format!("{CONTENT} 2")))],
            &mut random,
        )
        .unwrap();
    let body = json!({ "base_version": 1, "manifest": base64url::encode(&staged.manifest), "put": put(&staged.put) });
    let token = vault.access_token();
    let place = format!("{base}/v1/vaults/{id}");
    let sent = client
        .post(format!("{place}/commits"))
        .bearer_auth(token.as_str())
        .json(&body);
    assert_eq!(sent.send().await.unwrap().status(), 200);
    for path in ["changes", &format!("records/{handle}") as &str] {
        let read = client
            .get(format!("{place}/{path}"))
            .bearer_auth(token.as_str())
            .send()
            .await
            .unwrap();
        assert_eq!(read.status(), 200);
    }

    let prefix = dir.path().join("core");
    let dumped = Command::new("gcore")
        .arg("-o")
        .arg(&prefix)
        .arg(server.id().to_string())
        .output()
        .expect("there is no gcore (Debian package gdb) to dump a process with");
    let dump = PathBuf::from(format!("{}.{}", prefix.display(), server.id()));
    assert!(dump.is_file(), "{}", String::from_utf8_lossy(&dumped.stderr));
    // The search finds what is there.
    assert!(found(&dump, id.as_bytes()), "not even the vault's id is found");
    let groups = code.groups();
    let spoken: Vec<&str> = groups.iter().map(|group| group.as_str()).collect();
    for (what, secret) in [
        ("passphrase", PASSPHRASE.as_bytes().to_vec()),
        ("content", CONTENT.as_bytes().to_vec()),
        ("name", NAME.as_bytes().to_vec()),
        ("recovery code", spoken.concat().into_bytes()),
        ("recovery code", spoken.join("-").into_bytes()),
        ("recovery code", spoken.join(" ").into_bytes()),
        ("a key towards a service", key_towards_a_service(&vault)),
    ] {
        assert!(!found(&dump, &secret), "the dump holds the {what}");
    }
    let mut noise = [0; 32];
    while noise.contains(&0) {
        random.fill(&mut noise).unwrap();
    }
    assert!(!found(&dump, &noise), "the search finds everything");
}
