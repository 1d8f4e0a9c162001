//! A vault's contents as files. With cards, over HTTP and with other programs: `tests/peers`.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use crate::common::{Run, Sandbox};

const SECRET: &str = "another good passphrase";

fn state(name: &str) -> [String; 4] {
    [
        "--state".into(),
        format!("{name}.json"),
        "--passphrase-file".into(),
        "passphrase".into(),
    ]
}

fn wallet(sandbox: &Sandbox, name: &str) {
    sandbox.put("seal", SECRET);
    let (file, code) = (format!("{name}.json"), format!("{name}-recovery"));
    let run = sandbox.init(["--recovery-code-file", &code, "--state", &file]);
    assert_eq!(run.code, 0, "{}", run.err);
}

fn vault(sandbox: &Sandbox, name: &str, args: &[&str]) -> (i32, Value) {
    let args = ["vault"].iter().chain(args).map(|arg| (*arg).to_owned());
    sandbox.json(args.chain(state(name)))
}

const SEAL: [&str; 2] = ["--seal-passphrase-file", "seal"];

fn export(sandbox: &Sandbox, name: &str, file: &str) -> (i32, Value) {
    vault(sandbox, name, &["export", file, SEAL[0], SEAL[1]])
}

#[test]
fn a_backup_is_made_checked_and_brought_in() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    wallet(&sandbox, "b");
    let (code, stats) = vault(&sandbox, "a", &["stats"]);
    assert_eq!((code, &stats["data"]["count"]), (0, &json!(1)), "{stats}");
    assert_eq!(stats["data"]["records"][0]["kind"], "settings");
    assert_eq!(stats["data"]["unlock_methods"], 2);

    let (code, made) = export(&sandbox, "a", "backup");
    assert_eq!(code, 0, "{made}");
    let file = sandbox.path("backup");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(made["data"]["bytes"], bytes.len());
    assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    assert!(!String::from_utf8_lossy(&bytes).contains("manifest"));
    // Never over another file.
    assert_eq!(export(&sandbox, "a", "backup").0, 7);

    // Checking needs no wallet and shows no content.
    let check = ["vault", "verify-backup", "backup", SEAL[0], SEAL[1]];
    let (code, checked) = sandbox.json(check);
    assert_eq!(
        (code, &checked["data"]["complete"]),
        (0, &json!(true)),
        "{checked}"
    );
    assert_eq!(checked["data"]["records"], made["data"]["records"]);
    let Run { out, .. } = sandbox.run(check);
    assert!(out.contains("complete") && !out.contains("language"), "{out}");

    let (code, plan) = vault(
        &sandbox,
        "b",
        &["import", "backup", SEAL[0], SEAL[1], "--dry-run"],
    );
    assert_eq!(code, 0, "{plan}");
    let (code, done) = vault(&sandbox, "b", &["import", "backup", SEAL[0], SEAL[1], "--yes"]);
    assert_eq!(
        (code, &done["schema"]),
        (0, &json!("assent.vault-import/1")),
        "{done}"
    );
    assert_eq!(done["data"]["records"], plan["data"]["records"]);
    // Nobody agreed.
    let (code, refused) = vault(&sandbox, "b", &["import", "backup", SEAL[0], SEAL[1]]);
    assert_eq!((code, &refused["error"]["code"]), (5, &json!("not-agreed")));
}

#[test]
fn files_that_are_not_right() {
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    export(&sandbox, "a", "backup");
    let check = |file: &str| {
        let (code, value) = sandbox.json(["vault", "verify-backup", file, SEAL[0], SEAL[1]]);
        (
            code,
            value["error"]["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    sandbox.put("seal", "a passphrase that is wrong");
    assert_eq!(check("backup"), (5, "transfer-wrong-passphrase".to_owned()));
    sandbox.put("seal", SECRET);
    let bytes = std::fs::read(sandbox.path("backup")).unwrap();
    sandbox.put("cut", &bytes[..bytes.len() - 1]);
    assert_eq!(check("cut"), (3, "transfer-damaged".to_owned()));
    sandbox.put("other", "PK\u{3}\u{4}");
    assert_eq!(check("other"), (3, "transfer-unknown-file".to_owned()));
    let bomb = String::from_utf8_lossy(&bytes[..60]).replace(" 18\n", " 40\n");
    sandbox.put("bomb", [bomb.as_bytes(), &bytes[60..]].concat());
    assert_eq!(check("bomb"), (5, "transfer-too-much-work".to_owned()));
    assert_eq!(check("absent"), (4, "file-not-found".to_owned()));
    let (code, value) = sandbox.json(["vault", "verify-backup", "backup"]);
    assert_eq!(
        (code, &value["error"]["code"]),
        (2, &json!("seal-passphrase-missing"))
    );
    // Too short to seal with.
    sandbox.put("seal", "short");
    let (code, value) = export(&sandbox, "a", "weak");
    assert_eq!(
        (code, &value["error"]["code"]),
        (2, &json!("transfer-passphrase-too-short"))
    );
    assert!(!sandbox.path("weak").exists());
}

fn content(len: usize, seed: u8) -> Vec<u8> {
    (0..len)
        .map(|at| (at ^ at >> 8 ^ at >> 16) as u8 ^ seed)
        .collect()
}

fn documents(sandbox: &Sandbox, name: &str, args: &[&str]) -> (i32, Value) {
    let args = ["holder", "documents"].iter().chain(args);
    sandbox.json(args.map(|arg| (*arg).to_owned()).chain(state(name)))
}

fn add(sandbox: &Sandbox, name: &str, file: &str, content: &[u8]) -> String {
    sandbox.put(file, content);
    let (code, added) = documents(sandbox, name, &["add", file]);
    assert_eq!(code, 0, "{added}");
    added["data"]["document"]["id"].as_str().unwrap().to_owned()
}

fn import(sandbox: &Sandbox, name: &str, file: &str) -> (i32, Value) {
    vault(sandbox, name, &["import", file, SEAL[0], SEAL[1], "--yes"])
}

/// What is in the vault under these ids, byte for byte.
fn has(sandbox: &Sandbox, name: &str, id: &str, expected: &[u8]) {
    let out = format!("out-{name}-{}-{}", expected.len(), id.len());
    let (code, got) = documents(sandbox, name, &["get", id, "--out", &out]);
    assert_eq!(code, 0, "{got}");
    assert!(std::fs::read(sandbox.path(&out)).unwrap() == expected, "{name}");
    std::fs::remove_file(sandbox.path(&out)).unwrap();
}

#[test]
fn documents_move_bit_by_bit() {
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    wallet(&sandbox, "b");
    let originals = [
        content(0, 1),
        content(2_500_000, 2),
        content(70_000, 3),
        content(1_047_478, 4),
    ];
    let ids: Vec<String> = originals
        .iter()
        .enumerate()
        .map(|(at, original)| add(&sandbox, "a", &format!("scan-{at}.pdf"), original))
        .collect();
    let gone = add(&sandbox, "a", "deleted.pdf", b"deleted");
    documents(&sandbox, "a", &["rm", &gone]);
    // An earlier version moves, too.
    sandbox.put("scan-2.pdf", b"newer");
    documents(&sandbox, "a", &["add", "scan-2.pdf", "--replace", &ids[2]]);

    let (code, made) = export(&sandbox, "a", "backup");
    assert_eq!(code, 0, "{made}");
    let total = 2_500_000 + 70_000 + 1_047_478 + 5;
    assert_eq!(
        made["data"]["documents"],
        json!({ "files": 5, "bytes": total, "missing": [] })
    );
    let (code, checked) = sandbox.json(["vault", "verify-backup", "backup", SEAL[0], SEAL[1]]);
    assert_eq!(
        (code, &checked["data"]["documents"]["bytes"]),
        (0, &json!(total)),
        "{checked}"
    );

    let (code, plan) = vault(
        &sandbox,
        "b",
        &["import", "backup", SEAL[0], SEAL[1], "--dry-run"],
    );
    assert_eq!(
        (code, &plan["data"]["documents"]["count"]),
        (0, &json!(4)),
        "{plan}"
    );
    assert_eq!(plan["data"]["documents"]["bytes"], total);
    let (code, done) = import(&sandbox, "b", "backup");
    assert_eq!(
        (code, &done["data"]["documents"]["brought_in"]),
        (0, &json!(4)),
        "{done}"
    );
    for (id, original) in ids.iter().zip(&originals) {
        let expected = if id == &ids[2] { &b"newer"[..] } else { original };
        has(&sandbox, "b", id, expected);
    }
    let (_, list) = documents(&sandbox, "b", &["list"]);
    assert_eq!(list["data"]["documents"].as_array().unwrap().len(), 4);
    assert_eq!(list["data"]["uploads"], json!([]));
    let (_, here) = documents(&sandbox, "a", &["list"]);
    let named = |list: &Value, id: &String| {
        let list = list["data"]["documents"].as_array().unwrap();
        let document = list.iter().find(|document| document["id"] == *id).unwrap();
        let versions = document["files"].as_array().unwrap().iter();
        let versions: Vec<_> = versions
            .map(|file| {
                (
                    file["size"].clone(),
                    file["mediaType"].clone(),
                    file["at"].clone(),
                )
            })
            .collect();
        (document["name"].clone(), document["addedAt"].clone(), versions)
    };
    for id in &ids {
        assert_eq!(named(&list, id), named(&here, id));
    }
    // Again: nothing more.
    let (code, again) = import(&sandbox, "b", "backup");
    assert_eq!(
        (code, &again["data"]["documents"]["brought_in"]),
        (0, &json!(0)),
        "{again}"
    );
    let (_, stats) = vault(&sandbox, "b", &["stats"]);
    assert_eq!(stats["data"]["documents"]["files"], 5);

    // Without.
    let (code, small) = vault(
        &sandbox,
        "a",
        &["export", "small", SEAL[0], SEAL[1], "--no-documents"],
    );
    assert_eq!(
        (code, &small["warnings"][0]["code"]),
        (0, &json!("documents-not-in-file")),
        "{small}"
    );
    assert!(std::fs::metadata(sandbox.path("small")).unwrap().len() < 100_000);
    wallet(&sandbox, "c");
    let (code, plan) = import(&sandbox, "c", "small");
    assert_eq!((code, &plan["data"]["documents"]["count"]), (0, &json!(0)));
    // In the order of their ids, which are drawn.
    for document in plan["data"]["documents"]["list"].as_array().unwrap() {
        let expected = if document["id"] == gone {
            "deleted"
        } else {
            "missing"
        };
        assert_eq!(document["fate"], expected, "{plan}");
    }
    assert_eq!(plan["data"]["documents"]["list"].as_array().unwrap().len(), 5);
}

/// One byte changed anywhere in a document: that one is named, and the others come in.
#[test]
fn a_damaged_document_is_named_and_the_others_come_in() {
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    wallet(&sandbox, "b");
    let originals = [content(300_000, 1), content(300_000, 2), content(300_000, 3)];
    let ids: Vec<String> = originals
        .iter()
        .enumerate()
        .map(|(at, original)| add(&sandbox, "a", &format!("scan-{at}.png"), original))
        .collect();
    export(&sandbox, "a", "backup");
    let whole = std::fs::read(sandbox.path("backup")).unwrap();
    // Documents are at the end of the file, in the order of their ids, each about 302 kB.
    let mut damaged = whole.clone();
    let middle = whole.len() - 450_000;
    damaged[middle] ^= 1;
    sandbox.put("damaged", &damaged);
    let check = |file: &str| sandbox.json(["vault", "verify-backup", file, SEAL[0], SEAL[1]]);
    let (code, verified) = check("damaged");
    assert_eq!(
        (code, &verified["error"]["code"]),
        (3, &json!("transfer-document-damaged"))
    );
    let message = verified["error"]["message"].as_str().unwrap();
    assert_eq!(message.matches("scan-").count(), 1, "{message}");
    let (code, refused) = import(&sandbox, "b", "damaged");
    assert_eq!(
        (code, &refused["error"]["code"]),
        (3, &json!("transfer-document-damaged"))
    );
    let name = message.split_whitespace().last().unwrap();
    assert!(
        refused["error"]["message"].as_str().unwrap().ends_with(name),
        "{refused}"
    );
    let (_, list) = documents(&sandbox, "b", &["list"]);
    assert_eq!(list["data"]["documents"].as_array().unwrap().len(), 2);
    for (id, original) in ids.iter().zip(&originals) {
        if list.to_string().contains(id.as_str()) {
            has(&sandbox, "b", id, original);
        }
    }
    // A whole file brings the rest.
    let (code, done) = import(&sandbox, "b", "backup");
    assert_eq!(
        (code, &done["data"]["documents"]["brought_in"]),
        (0, &json!(1)),
        "{done}"
    );
    for (id, original) in ids.iter().zip(&originals) {
        has(&sandbox, "b", id, original);
    }

    // Cut off within the last document: the two before it come in.
    wallet(&sandbox, "c");
    sandbox.put("cut", &whole[..whole.len() - 200_000]);
    assert_eq!(check("cut").0, 3);
    assert_eq!(import(&sandbox, "c", "cut").0, 3);
    let (_, list) = documents(&sandbox, "c", &["list"]);
    assert_eq!(list["data"]["documents"].as_array().unwrap().len(), 2);
    // Something after the end, or records that are cut: refused as a whole.
    for bad in [[whole.as_slice(), &[7; 70_000]].concat(), whole[..1200].to_vec()] {
        sandbox.put("bad", bad);
        assert_eq!(import(&sandbox, "c", "bad").0, 3);
    }
}

/// What the service lost is named and filled; the backup has the rest.
#[test]
fn what_the_service_lost_stays_out_of_a_backup_by_name() {
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    let lost = add(&sandbox, "a", "lost.png", &content(2_500_000, 1));
    let kept = add(&sandbox, "a", "kept.png", &content(100_000, 2));
    let (_, list) = documents(&sandbox, "a", &["list"]);
    let list = list["data"]["documents"].as_array().unwrap();
    let document = list
        .iter()
        .find(|document| document["id"] == lost.as_str())
        .unwrap();
    let blob = document["files"][0]["id"].as_str().unwrap();
    std::fs::remove_file(sandbox.path("a.json.blobs").join(blob).join("1")).unwrap();
    let (code, made) = export(&sandbox, "a", "backup");
    assert_eq!(
        (code, &made["data"]["documents"]["missing"]),
        (0, &json!(["lost.png"])),
        "{made}"
    );
    assert_eq!(made["data"]["documents"]["bytes"], 100_000);
    assert_eq!(made["warnings"][0]["code"], "document-not-in-backup");
    wallet(&sandbox, "b");
    let (code, refused) = import(&sandbox, "b", "backup");
    assert_eq!(code, 3);
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .ends_with("lost.png"),
        "{refused}"
    );
    has(&sandbox, "b", &kept, &content(100_000, 2));
}

/// Runs the command and kills it once `now` says so; false when it had ended by then, as it can on a busy machine.
fn killed(sandbox: &Sandbox, name: &str, args: &[&str], now: impl Fn() -> bool) -> bool {
    let args = args.iter().map(|arg| (*arg).to_owned()).chain(state(name));
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("assent"))
        .env_clear()
        .env("HOME", sandbox.path(""))
        .current_dir(sandbox.path(""))
        .args(args)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !now() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let _ = child.kill();
    child.wait().unwrap().code().is_none()
}

/// An export that is killed leaves nothing under its name, and the next one is not in its way.
#[test]
fn a_killed_export_leaves_no_half_file() {
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    add(&sandbox, "a", "film.bin", &content(12_000_000, 1));
    let (backup, begun) = (sandbox.path("backup"), sandbox.path(".backup.unfinished"));
    let verify = ["vault", "verify-backup", "backup", SEAL[0], SEAL[1]];
    let args = ["vault", "export", "backup", SEAL[0], SEAL[1]];
    let in_time = (0..20).any(|_| {
        let much = || begun.metadata().is_ok_and(|metadata| metadata.len() > 1_000_000);
        let in_time = killed(&sandbox, "a", &args, much);
        if backup.exists() {
            assert_eq!(sandbox.json(verify).0, 0, "half a file");
            std::fs::remove_file(&backup).unwrap();
            return false;
        }
        in_time
    });
    assert!(in_time, "it ended twenty times before it could be killed");
    let (code, made) = export(&sandbox, "a", "backup");
    assert_eq!(code, 0, "{made}");
    assert!(!begun.exists());
    assert_eq!(sandbox.json(verify).0, 0);
}

/// Nothing of what was sent is sent again.
#[test]
fn an_import_that_is_killed_goes_on_where_it_was() {
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    let original = content(12_000_000, 1);
    let id = add(&sandbox, "a", "film.bin", &original);
    export(&sandbox, "a", "backup");
    let blobs = |name: &str| std::fs::read_dir(sandbox.path(&format!("{name}.json.blobs")));
    let parts = |name: &str| {
        let mut count = 0;
        for blob in blobs(name).into_iter().flatten() {
            let parts = std::fs::read_dir(blob.unwrap().path()).unwrap();
            count += parts
                .filter(|part| part.as_ref().unwrap().file_name() != "declared")
                .count();
        }
        count
    };
    let args = ["vault", "import", "backup", SEAL[0], SEAL[1], "--yes"];
    let name = (0..20).map(|number| format!("b{number}")).find(|name| {
        wallet(&sandbox, name);
        let in_time = killed(&sandbox, name, &args, || parts(name) >= 3);
        let (_, list) = documents(&sandbox, name, &["list"]);
        if list["data"]["documents"] != json!([]) {
            // Whole or not at all.
            has(&sandbox, name, &id, &original);
            return false;
        }
        in_time
    });
    let name = name.expect("it ended twenty times before it could be killed");
    let (code, done) = import(&sandbox, &name, "backup");
    assert_eq!(code, 0, "{done}");
    has(&sandbox, &name, &id, &original);
    // The same pieces: none was sealed a second time under another key.
    assert_eq!(blobs(&name).unwrap().count(), 1);
}

/// Made by the app as it was before backups held documents; their records were named in it.
#[test]
fn an_archive_from_before_documents_still_comes_in() {
    let sandbox = Sandbox::new();
    wallet(&sandbox, "a");
    sandbox.put("old", include_bytes!("fixtures/archive-1.tar.age"));
    let (code, checked) = sandbox.json(["vault", "verify-backup", "old", SEAL[0], SEAL[1]]);
    assert_eq!(
        (code, &checked["warnings"][0]["code"]),
        (0, &json!("documents-not-in-file")),
        "{checked}"
    );
    let (code, done) = import(&sandbox, "a", "old");
    assert_eq!(code, 0, "{done}");
    assert_eq!(done["data"]["documents"]["list"][0]["fate"], "missing");
    let list = ["holder", "details", "list"].into_iter().map(str::to_owned);
    let (_, details) = sandbox.json(list.chain(state("a")));
    assert!(details.to_string().contains("jo@home.example"), "{details}");

    // Data to read from then, without earlier versions: what they say comes in, once.
    wallet(&sandbox, "b");
    sandbox.put("old.json", include_str!("fixtures/my-data-1.json"));
    let bring_in = || vault(&sandbox, "b", &["import", "old.json", "--yes"]);
    for new in [2, 0] {
        let (code, done) = bring_in();
        let records = done["data"]["records"].as_array().unwrap();
        let details = records.iter().find(|kind| kind["kind"] == "detail").unwrap();
        assert_eq!((code, &details["new"]), (0, &json!(new)), "{done}");
    }
    let list = ["holder", "details", "list"].into_iter().map(str::to_owned);
    let (_, details) = sandbox.json(list.chain(state("b")));
    let own = details["data"]["own"].as_array().unwrap();
    assert!(
        own.len() == 2 && own.iter().all(|detail| detail["imported"] == true),
        "{details}"
    );
}
