//! `assent-server config check`: what an operator reads about settings that cannot be meant.

use std::process::Command;

/// What the program says of `text`, and whether it is content.
fn check(folder: &std::path::Path, flags: &[&str], text: &str) -> (bool, String) {
    let file = folder.join("assent.toml");
    std::fs::write(&file, text).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_assent-server"))
        .args(["config", "check", "--config"])
        .arg(&file)
        .args(flags)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8(said).unwrap())
}

/// What specs/decisions/0033 gives to try it with.
const DEMANDS: &str = "[issuer]\nclient_attestation = 'required'\nattested_keys = ['residence']\n";

#[test]
fn a_file_for_the_sandbox_says_only_what_is_different() {
    let dir = tempfile::tempdir().unwrap();
    for flags in [
        &["--sandbox"][..],
        &["--sandbox", "--listen", "127.0.0.1:9999"],
        &["--sandbox", "--data", "d"],
    ] {
        let (good, said) = check(dir.path(), flags, DEMANDS);
        assert!(good, "{said}");
        assert_eq!(said, "The configuration is in order.\n");
    }
    let (good, said) = check(dir.path(), &[], "");
    assert!(!good && said.contains("public_url: missing"), "{said}");
    assert!(!dir.path().join("data").exists(), "nothing is made by looking");
}

#[test]
fn demands_that_nobody_can_meet_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("anchors.json"), r#"{"access":[],"issuers":[]}"#).unwrap();
    let text = format!("registry.anchors_file = 'anchors.json'\n{DEMANDS}");
    let (good, said) = check(dir.path(), &["--sandbox"], &text);
    assert!(!good);
    for setting in ["issuer.client_attestation", "issuer.attested_keys"] {
        assert!(
            said.contains(&format!("{setting}: no wallet gets a card")),
            "{said}"
        );
    }
    // One half of a pair, and files that are not there, are said before the start.
    let (good, said) = check(
        dir.path(),
        &["--sandbox"],
        "wallet_provider.certificate_file = 'a.pem'",
    );
    assert!(
        !good && said.contains("wallet_provider.key_file: missing"),
        "{said}"
    );
    let both = "[wallet_provider]\ncertificate_file = 'a.pem'\nkey_file = 'b.pem'";
    let (good, said) = check(dir.path(), &["--sandbox"], both);
    assert!(
        !good && said.contains("wallet_provider.certificate_file: a.pem"),
        "{said}"
    );
}

#[test]
fn what_has_no_effect_is_said() {
    let dir = tempfile::tempdir().unwrap();
    for (roles, note) in [
        (
            "[roles]\nwallet_provider = false\n",
            "note: issuer.client_attestation: wallets of this server get no such card",
        ),
        ("[roles]\nissuer = false\n", "note: issuer: has no effect"),
        (
            "wallet_provider.wallet_name = 'City'\n[roles]\nwallet_provider = false\n",
            "note: wallet_provider: has no effect",
        ),
    ] {
        let (good, said) = check(dir.path(), &["--sandbox"], &format!("{roles}{DEMANDS}"));
        assert!(good && said.contains(note), "{said}");
    }
}

#[test]
fn words_that_mean_nothing_are_answered_with_those_that_do() {
    let dir = tempfile::tempdir().unwrap();
    for (text, says) in [
        (
            "issuer.client_attestation = 'demanded'",
            "issuer.client_attestation: \"demanded\" is not one of off, offered, required",
        ),
        (
            "issuer.client_attestation = true",
            "expected \"off\", \"offered\" or \"required\"",
        ),
        (
            "issuer.dpop = 'off'",
            "issuer.dpop: \"off\" is not one of offered, required",
        ),
        (
            "issuer.attested_keys = ['pid']",
            "those are identity and residence",
        ),
        (
            "issuer.attestedkeys = []",
            "issuer.attestedkeys: there is no such setting; there are certificate_file,",
        ),
        (
            "database.url = 'mysql://u:word@db/x'",
            "database.url: the database URL must begin with sqlite: or postgres:",
        ),
        (
            "listen = 'localhost:8470'",
            "listen: must be an IP address and a port",
        ),
    ] {
        let (good, said) = check(dir.path(), &["--sandbox"], text);
        assert!(!good && said.contains(says), "{said}");
        assert!(!said.contains("word"), "{said}");
    }
}

#[test]
fn a_folder_without_the_app_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_assent-server"))
        .args([
            "serve",
            "--sandbox",
            "--listen",
            "127.0.0.1:0",
            "--wallet",
            "nowhere",
        ])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        !out.status.success() && said.contains("wallet.dir: there is no index.html in nowhere"),
        "{said}"
    );
}
