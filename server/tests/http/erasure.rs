//! Yesterday's backup is put back after an erasure: what was erased stays gone.

use std::path::{Path, PathBuf};

use assent_server::clock::Clock;
use assent_server::config::Config;
use assent_server::serve::{ServeError, Server};
use assent_server::store::StoreError;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::common::vault::{self, ID, TOKEN, b64, commit};
use crate::common::{Sandbox, Scratch};

const OTHER: &str = "AAECAwQFBgcICQoLDA0OAA";

fn new_vault(id: &str) -> Value {
    let records = json!([
        { "handle": b64("a"), "box": b64("box of a"), "key": b64("key of a") },
        { "handle": b64("b"), "box": b64("box of b"), "key": b64("key of b") },
        { "handle": b64("c"), "box": b64("box of c") },
        { "handle": b64("d"), "box": b64("box of d") },
    ]);
    vault::new_vault(id, records)
}

/// Records by handle, as box and key; and what is gone.
async fn read(server: &Sandbox, id: &str) -> (Vec<(String, Value, Value)>, Vec<String>) {
    let path = format!("/v1/vaults/{id}/changes");
    let page = server
        .call("GET", &path, TOKEN, &[], None)
        .await
        .expect(200)
        .json();
    let records = page["records"].as_array().unwrap().iter();
    let mut records: Vec<_> = records
        .map(|record| {
            (
                record["handle"].as_str().unwrap().to_owned(),
                record["box"].clone(),
                record["key"].clone(),
            )
        })
        .collect();
    let deleted = page["deleted"].as_array().unwrap().iter();
    let mut deleted: Vec<String> = deleted
        .map(|handle| handle.as_str().unwrap().to_owned())
        .collect();
    records.sort_by(|a, b| a.0.cmp(&b.0));
    deleted.sort();
    (records, deleted)
}

/// What the sweeper does every minute and every day.
async fn a_day_passes(server: &Sandbox) {
    for hours in [0, 24, 2] {
        server.pass(hours * 3600);
        let (state, now) = (&server.state, server.server_now());
        state.rest_keys.destroy_dead(&state.store, now).await.unwrap();
        state.rest_keys.roll(&state.store, now).await.unwrap();
    }
}

/// Erases one record with and one without a key beside it, edits another, deletes a whole vault; `back_up` is called
/// before, `put_back` after, with the server stopped in between.
async fn drill<B>(
    start: impl AsyncFn() -> Sandbox,
    back_up: impl AsyncFn() -> B,
    put_back: impl AsyncFn(B),
) -> Sandbox {
    let server = start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    server.post("/v1/vaults", &new_vault(OTHER)).await.expect(201);
    let all = read(&server, ID).await;
    assert_eq!(all.0.len(), 4);
    assert_eq!(
        all.0[0],
        (b64("a"), json!(b64("box of a")), json!(b64("key of a")))
    );
    assert_eq!(all.0[3], (b64("d"), json!(b64("box of d")), Value::Null));
    let backup = back_up().await;
    // An edit, then the erasures. What is only replaced can be put back for a week.
    commit(
        &server,
        1,
        json!({ "put": [{ "handle": b64("b"), "box": b64("newer b"), "key": b64("newer key of b") }] }),
    )
    .await;
    commit(&server, 2, json!({ "delete": [b64("a"), b64("c")] })).await;
    server
        .call("DELETE", &format!("/v1/vaults/{OTHER}"), TOKEN, &[], None)
        .await
        .expect(204);
    a_day_passes(&server).await;
    let (left, gone) = read(&server, ID).await;
    assert_eq!(
        left[0],
        (b64("b"), json!(b64("newer b")), json!(b64("newer key of b")))
    );
    assert_eq!((left.len(), gone), (2, vec![b64("a"), b64("c")]));
    server.stop();
    server.stopped().await;
    put_back(backup).await;
    let server = start().await;
    let (left, gone) = read(&server, ID).await;
    assert_eq!(
        left,
        [
            (b64("b"), json!(b64("box of b")), json!(b64("key of b"))),
            (b64("d"), json!(b64("box of d")), Value::Null)
        ],
        "what was not erased opens as it was"
    );
    assert_eq!(gone, [b64("a"), b64("c")]);
    for handle in [b64("a"), b64("c")] {
        let path = format!("/v1/vaults/{ID}/records/{handle}");
        server
            .call("GET", &path, TOKEN, &[], None)
            .await
            .problem(404, "vault-record-unknown");
    }
    let (left, gone) = read(&server, OTHER).await;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(gone.len(), 4);
    server
}

#[tokio::test]
async fn restoring_an_old_database_brings_nothing_erased_back() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let start = async || {
        let data = data.clone();
        Sandbox::start_with(move |config| config.data_dir = data).await
    };
    let backup = dir.path().join("yesterday.db");
    let copy = async || {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", data.join("assent.db").display()))
            .await
            .unwrap();
        let sql = format!("VACUUM INTO '{}'", backup.display());
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
        keys_in(&data).await
    };
    let put_back = async |keys_before: Vec<Vec<u8>>| {
        // The ciphertext of the backup has nothing that opens by itself, and no key of it is in the present key store's
        // files, in whatever form it was there.
        let now: Vec<u8> = ["keys.db", "keys.db-wal"]
            .iter()
            .flat_map(|name| std::fs::read(data.join(name)).unwrap_or_default())
            .collect();
        for old in keys_before {
            assert!(
                !contains(&now, &old),
                "the key store still holds a key as it was yesterday"
            );
        }
        let bytes = std::fs::read(&backup).unwrap();
        for text in ["key of a", "box of c", "key of b", "box of d"] {
            assert!(!contains(&bytes, text.as_bytes()), "{text}");
        }
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(data.join(format!("assent.db{suffix}")));
        }
        std::fs::copy(&backup, data.join("assent.db")).unwrap();
    };
    drill(start, copy, put_back).await;
}

/// Every sealed key as it lies in the key store.
async fn keys_in(data: &Path) -> Vec<Vec<u8>> {
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", data.join("keys.db").display()))
        .await
        .unwrap();
    let keys = sqlx::query_scalar("SELECT sealed FROM rest_keys UNION ALL SELECT sealed FROM epochs")
        .fetch_all(&pool)
        .await
        .unwrap();
    pool.close().await;
    assert_eq!(keys.len(), 9, "eight records and one epoch");
    keys
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn the_same_on_postgresql() {
    let Some(database) = Scratch::create().await else {
        return;
    };
    let url = database.url.clone();
    // The sealing key comes with the data folder: both servers need the same.
    let dir = tempfile::tempdir().unwrap();
    let data: PathBuf = dir.path().join("data");
    let start = async || {
        let (url, data) = (url.clone(), data.clone());
        Sandbox::start_with(move |config: &mut Config| {
            config.database.url = Some(SecretString::from(url));
            config.data_dir = data;
        })
        .await
    };
    let run = async |statements: &[&'static str]| {
        let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
        for statement in statements {
            sqlx::query(*statement).execute(&pool).await.unwrap();
        }
        pool.close().await;
    };
    let copy = async || {
        run(&[
            "CREATE TABLE old_vaults AS SELECT * FROM vaults",
            "CREATE TABLE old_records AS SELECT * FROM vault_records",
        ])
        .await;
    };
    let put_back = async |()| {
        run(&[
            "DELETE FROM vaults",
            "DELETE FROM dead_rest_keys",
            "INSERT INTO vaults SELECT * FROM old_vaults",
            "INSERT INTO vault_records SELECT * FROM old_records",
        ])
        .await;
    };
    let server = drill(start, copy, put_back).await;
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    let epochs: Vec<i64> = sqlx::query_scalar("SELECT epoch FROM assent_keys.epochs")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(epochs, [2], "yesterday's epoch key is destroyed");
    pool.close().await;
    server.stop();
    server.stopped().await;
    drop(server);
    database.drop().await;
}

/// Commits that come to nothing leave no keys behind, and those of a crash are found by the daily round.
#[tokio::test]
async fn keys_that_nothing_names_go_and_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = {
        let data = data.clone();
        Sandbox::start_with(move |config| {
            config.data_dir = data;
            config.vault.max_records = 4;
        })
        .await
    };
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    let too_many =
        json!({ "base_version": 1, "manifest": b64("m"), "put": [{ "handle": b64("e"), "box": b64("e") }] });
    let path = format!("/v1/vaults/{ID}/commits");
    server
        .call("POST", &path, TOKEN, &[], Some(&too_many))
        .await
        .problem(507, "vault-quota-exceeded");
    let count = async || {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", data.join("keys.db").display()))
            .await
            .unwrap();
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM rest_keys")
            .fetch_one(&pool)
            .await
            .unwrap();
        pool.close().await;
        count
    };
    assert_eq!(count().await, 4, "a refused commit leaves no key");
    // Too late is refused before anything is kept for it.
    let late =
        json!({ "base_version": 7, "manifest": b64("m"), "put": [{ "handle": b64("e"), "box": b64("e") }] });
    server
        .call("POST", &path, TOKEN, &[], Some(&late))
        .await
        .problem(409, "vault-version-conflict");
    server
        .post("/v1/vaults", &new_vault(ID))
        .await
        .problem(409, "vault-already-exists");
    assert_eq!(count().await, 4);
    // The process ended between the two stores.
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", data.join("keys.db").display()))
        .await
        .unwrap();
    let stray =
        "INSERT INTO rest_keys SELECT vault_id, 'stray', epoch, sealed, created_at FROM rest_keys LIMIT 1";
    let stray = sqlx::query(stray).execute(&pool).await.unwrap();
    assert_eq!(stray.rows_affected(), 1);
    pool.close().await;
    assert_eq!(count().await, 5);
    // It is moved to a new epoch before it is found, so it must open there.
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", data.join("keys.db").display()))
        .await
        .unwrap();
    sqlx::query("UPDATE rest_keys SET epoch = 2 WHERE rest_key = 'stray'")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    a_day_passes(&server).await;
    assert_eq!(count().await, 4);
    // Replaced, and destroyed a week later.
    let again =
        json!({ "base_version": 1, "manifest": b64("m"), "put": [{ "handle": b64("d"), "box": b64("e") }] });
    server
        .call("POST", &path, TOKEN, &[], Some(&again))
        .await
        .expect(200);
    assert_eq!(count().await, 5);
    a_day_passes(&server).await;
    assert_eq!(count().await, 5);
    server.pass(7 * 86_400);
    a_day_passes(&server).await;
    assert_eq!(count().await, 4);
    assert_eq!(read(&server, ID).await.0.len(), 4);
}

/// Names of keys are compared by bytes here and by the database there.
#[tokio::test]
async fn every_record_comes_back_however_the_database_sorts() {
    let Some(database) = Scratch::create().await else {
        return;
    };
    let url = database.url.clone();
    let server = Sandbox::start_with(move |config| config.database.url = Some(SecretString::from(url))).await;
    let records = (0..200)
        .map(|i| json!({ "handle": b64(&format!("r{i}")), "box": b64("box"), "key": b64("key") }))
        .collect();
    let vault = vault::new_vault(ID, Value::Array(records));
    server.post("/v1/vaults", &vault).await.expect(201);
    let (records, erased) = read(&server, ID).await;
    assert_eq!((records.len(), erased), (200, Vec::new()));
    server.stop();
    server.stopped().await;
    drop(server);
    database.drop().await;
}

/// A database without its key store, or the other way round: starting would destroy what is left.
#[tokio::test]
async fn a_key_store_beside_another_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let prepare = async || {
        let config = Config::sandbox(([127, 0, 0, 1], 0).into(), data.clone());
        Server::prepare(config, Clock::System).await
    };
    let start = async || {
        let data = data.clone();
        Sandbox::start_with(move |config| config.data_dir = data).await
    };
    let server = start().await;
    server.post("/v1/vaults", &new_vault(ID)).await.expect(201);
    server.stop();
    server.stopped().await;
    drop(server);
    for name in ["assent", "keys"] {
        let (file, away) = (data.join(format!("{name}.db")), data.join(format!("{name}.away")));
        std::fs::rename(&file, &away).unwrap();
        // Also at the second try: the first must not have made them fit.
        for _ in 0..2 {
            let refused = prepare().await.err().unwrap();
            assert!(
                matches!(refused, ServeError::Store(StoreError::OtherKeyStore)),
                "{name}: {refused}"
            );
        }
        std::fs::rename(&away, &file).unwrap();
        for more in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(data.join(format!("{name}.db{more}")));
        }
    }
    let server = start().await;
    assert_eq!(read(&server, ID).await.0.len(), 4);
}
