//! A vault's contents as files. With cards, over HTTP and with other programs: `tests/peers`.

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
    sandbox.put("passphrase", "correct horse battery staple\n");
    sandbox.put("seal", SECRET);
    sandbox.put("anchors.json", r#"{"access":[],"issuers":[]}"#);
    let code = format!("{name}-recovery");
    let init = [
        "holder",
        "init",
        "--local",
        "--anchors",
        "anchors.json",
        "--recovery-code-file",
        &code,
    ];
    let run = sandbox.run(init.into_iter().map(str::to_owned).chain(state(name)));
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
