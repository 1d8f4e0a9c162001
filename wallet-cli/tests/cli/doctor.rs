//! `assent doctor`.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::common::{Sandbox, anchors, chain, serve};

/// State and hint of one line.
fn line<'a>(value: &'a Value, name: &str) -> (&'a str, &'a str) {
    let checks = value["data"]["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap();
    (check["state"].as_str().unwrap(), check["hint"].as_str().unwrap())
}

#[test]
fn a_bare_machine_is_fine() {
    let sandbox = Sandbox::new();
    let (code, value) = sandbox.json(["doctor"]);
    assert_eq!(code, 0);
    assert_eq!(value["schema"], "assent.doctor/1");
    assert_eq!(line(&value, "clock").0, "ok");
    assert_eq!(line(&value, "wallet").0, "absent");
    assert!(line(&value, "wallet").1.contains("holder init"));
}

#[test]
fn what_is_named_must_be_there() {
    let sandbox = Sandbox::new();
    let (code, value) = sandbox.json(["doctor", "--bridge", "/nonexistent"]);
    assert_eq!((code, line(&value, "w3c").0), (1, "bad"));
    assert_eq!(value["error"]["code"], "doctor-found-faults");
    let (code, value) = sandbox.json(["doctor", "--server", "http://127.0.0.1:9"]);
    assert_eq!((code, line(&value, "server").0), (1, "bad"));
    let run = sandbox.run(["doctor", "--server", "http://127.0.0.1:9"]);
    assert!(run.out.contains("Connection refused"), "{}", run.out);
}

#[test]
fn a_wallet_file_is_private_and_readable() {
    let sandbox = Sandbox::new();
    sandbox.put("passphrase", "correct horse battery staple\n");
    sandbox.put("anchors.json", "{}");
    let init = ["holder", "init", "--local", "--anchors", "anchors.json"];
    let files = [
        "--recovery-code-file",
        "r",
        "--passphrase-file",
        "passphrase",
        "--state",
        "w.json",
    ];
    assert_eq!(sandbox.run(init.into_iter().chain(files)).code, 0);
    let doctor = || sandbox.json(["doctor", "--state", "w.json"]);
    let (code, value) = doctor();
    assert_eq!((code, line(&value, "wallet").0), (0, "ok"), "{value}");

    let file = sandbox.path("w.json");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, value) = doctor();
    assert_eq!((code, line(&value, "wallet").0), (1, "bad"));
    assert!(line(&value, "wallet").1.starts_with("chmod 600"));

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    sandbox.put("w.json", "{}");
    let (code, value) = doctor();
    assert_eq!((code, line(&value, "wallet").0), (1, "bad"), "not a wallet file");
}

#[test]
fn a_server_is_looked_at_from_outside() {
    let sandbox = Sandbox::new();
    let list: Value = serde_json::from_str(&anchors(&chain("x"), "urn:eudi:pid:1")).unwrap();
    let reply = move |path: &str, base: &str| match path {
        "/readyz" => (200, json!("ready")),
        "/openapi.json" => (200, json!({ "info": { "version": "99.0.0" } })),
        "/v1/wallet/config" => (200, json!({ "vault_service": base })),
        "/v1/registry/anchors" => (200, list.clone()),
        _ => (404, json!({})),
    };
    let (base, _) = serve(reply);
    let (code, value) = sandbox.json(["doctor", "--server", &base]);
    // The test server lives in 1994.
    assert_eq!((code, line(&value, "skew").0), (1, "bad"), "{value}");
    assert_eq!(line(&value, "server").0, "ok");
    assert_eq!(line(&value, "release").0, "look");
    assert_eq!(line(&value, "wallets").0, "ok");
    assert_eq!(line(&value, "anchors").0, "ok");
    // Under another name than its own: wallets compare addresses to the letter.
    let (_, value) = sandbox.json(["doctor", "--server", &base.replace("127.0.0.1", "localhost")]);
    assert_eq!(line(&value, "wallets").0, "look");
}

#[test]
fn an_anchor_that_ended_is_found() {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    let sandbox = Sandbox::new();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.not_before = rcgen::date_time_ymd(2024, 1, 1);
    ca.not_after = rcgen::date_time_ymd(2025, 1, 1);
    let old = ca.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let certificate = assent_core::encoding::base64url::encode_standard(old.der());
    let list = json!({ "access": [{ "name": "Old", "certificate": certificate }] });
    let (base, _) = serve(move |path, base| match path {
        "/v1/registry/anchors" => (200, list.clone()),
        _ => (200, json!({ "vault_service": base })),
    });
    let (code, value) = sandbox.json(["doctor", "--server", &base]);
    assert_eq!((code, line(&value, "anchors").0), (1, "bad"), "{value}");
}
