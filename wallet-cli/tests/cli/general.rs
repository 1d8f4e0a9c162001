//! What all commands share.

use crate::common::Sandbox;

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    let mut all = String::new();
    for command in [
        "",
        "doctor",
        "credential decode",
        "credential verify",
        "request lint",
        "request simulate",
        "receipt verify",
        "status verify",
        "trust list",
        "holder",
        "holder init",
        "holder cards",
        "holder receive",
        "holder present",
        "holder history",
        "holder sharing",
        "holder withdraw",
        "holder receipt",
        "completions",
    ] {
        let run = sandbox.run(command.split_whitespace().chain(["--help"]));
        assert_eq!(run.code, 0, "{command}");
        assert_eq!(run.err, "");
        assert!(
            !run.out.contains("password") && !run.out.contains("[env:"),
            "{}",
            run.out
        );
        all.push_str(&format!("$ assent {command} --help\n{}\n", run.out));
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let sandbox = Sandbox::new();
    for args in [
        vec!["dance"],
        vec!["credential"],
        vec!["credential", "verify"],
        vec!["doctor", "--loud"],
        vec![],
    ] {
        assert_eq!(sandbox.run(&args).code, 2, "{args:?}");
    }
    let (code, value) = sandbox.json(["dance"]);
    assert_eq!(code, 2);
    assert_eq!(value["error"]["code"], "usage");
}

#[test]
fn doctor_reports() {
    let sandbox = Sandbox::new();
    let (code, value) = sandbox.json(["doctor"]);
    assert_eq!(code, 0);
    assert_eq!(value["schema"], "assent.doctor/1");
    let checks = value["data"]["checks"].as_array().unwrap();
    let state = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap()["state"].clone();
    assert_eq!(state("clock"), "ok");
    assert_eq!(state("wallet"), "absent");

    let (code, value) = sandbox.json(["doctor", "--bridge", "/nonexistent"]);
    assert_eq!(code, 1);
    assert_eq!(value["ok"], false);
    let (code, _) = sandbox.json(["doctor", "--server", "http://127.0.0.1:9"]);
    assert_eq!(code, 1);
}

#[test]
fn doctor_sees_a_wallet_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let file = sandbox.put("wallet.json", "{}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(sandbox.run(["doctor", "--state", "wallet.json"]).code, 1);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(sandbox.run(["doctor", "--state", "wallet.json"]).code, 0);
}

#[test]
fn completions_for_shells() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let run = sandbox.run(["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(
            run.out.contains("assent") && run.out.contains("holder"),
            "{shell}"
        );
    }
    assert_eq!(sandbox.run(["completions", "dos"]).code, 2);
}

#[test]
fn colour_only_when_wanted() {
    let sandbox = Sandbox::new();
    let plain = sandbox.run(["trust", "list", "absent.json"]);
    assert_eq!(plain.code, 4);
    assert!(!plain.err.contains('\u{1b}'));
    assert!(plain.err.contains("code: file-not-found"), "{}", plain.err);
    let loud = sandbox.run(["--color", "always", "trust", "list", "absent.json"]);
    assert!(loud.err.contains("\u{1b}[31merror:"));
}
