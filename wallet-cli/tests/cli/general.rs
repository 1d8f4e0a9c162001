//! What all commands share.
#![expect(clippy::unwrap_used, reason = "tests")]

use crate::common::Sandbox;

/// Every command, found in the help of the one above it.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut next = 0;
    while let Some(above) = found.get(next).cloned() {
        let help = sandbox.run(above.split_whitespace().chain(["--help"])).out;
        let names = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in names.take_while(|line| !line.is_empty()) {
            let name = line.split_whitespace().next().unwrap();
            found.push(format!("{above} {name}").trim().to_owned());
        }
        next += 1;
    }
    found
}

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    let mut all = String::new();
    for command in commands(&sandbox) {
        let run = sandbox.run(command.split_whitespace().chain(["--help"]));
        assert_eq!(run.code, 0, "{command}");
        assert_eq!(run.err, "");
        assert!(
            !run.out.contains("password") && !run.out.contains("[env:"),
            "{}",
            run.out
        );
        assert!(
            run.out.contains("Exit codes:") && run.out.contains("130  stopped"),
            "{command}"
        );
        all.push_str(&format!("$ assent {command} --help\n{}\n", run.out));
        let short = sandbox.run(command.split_whitespace().chain(["-h"]));
        assert!(!short.out.contains("Exit codes:"), "the short help stays short");
    }
    insta::assert_snapshot!("help", all);
}

#[test]
fn a_manual_page_for_every_command() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(["man"]);
    assert_eq!(first.code, 0);
    assert!(
        first.out.contains(".TH assent 1") && first.out.contains("Exit codes"),
        "{}",
        first.out
    );
    let (code, value) = sandbox.json(["man", "--output", "man"]);
    assert_eq!(code, 0);
    let commands = commands(&sandbox);
    assert_eq!(value["data"]["pages"].as_array().unwrap().len(), commands.len());
    for command in commands {
        let name = format!("assent {command}").trim().replace(' ', "-");
        let page = std::fs::read_to_string(sandbox.path("man").join(format!("{name}.1"))).unwrap();
        assert!(
            page.contains(".SH SYNOPSIS") && page.contains("Exit codes"),
            "{name}"
        );
    }
    sandbox.put("taken", "");
    assert_eq!(sandbox.run(["man", "--output", "taken"]).code, 7);
}

/// A reader that has gone (`| head`) is no failure, and no panic.
#[test]
fn nobody_reads_on() {
    let sandbox = Sandbox::new();
    sandbox.put("empty.json", "{}");
    for (args, expected) in [
        (vec!["completions", "bash"], 0),
        (vec!["man"], 0),
        (vec!["--help"], 0),
        (vec!["--json", "trust", "list", "empty.json"], 0),
        (vec!["trust", "list", "absent.json"], 4),
        (vec!["--json", "trust", "list", "absent.json"], 4),
        (vec!["-vv", "trust", "list", "http://127.0.0.1:9"], 6),
        (vec!["dance"], 2),
    ] {
        let gone = || {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            writer
        };
        let status = std::process::Command::new(assert_cmd::cargo::cargo_bin!("assent"))
            .args(&args)
            .current_dir(sandbox.path(""))
            .stdin(std::process::Stdio::null())
            .stdout(gone())
            .stderr(gone())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(expected), "{args:?}");
    }
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
    // What is missing is named.
    let (_, value) = sandbox.json(["credential", "verify"]);
    assert!(
        value["error"]["message"].as_str().unwrap().contains("<FILE>"),
        "{value}"
    );
    // Standard input cannot be two things.
    let twice = ["vault", "verify-backup", "-", "--seal-passphrase-file", "-"];
    let run = sandbox.run_with(twice, "age-encryption.org/v1\n-> scrypt x 18\n");
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("code: standard-input-twice"), "{}", run.err);
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
    // The parser's own errors and help follow the same wish.
    for args in [["dance", "--color", "never"], ["--help", "--color", "never"]] {
        let run = sandbox.run(args);
        assert!(!run.err.contains('\u{1b}') && !run.out.contains('\u{1b}'));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_a_failure_that_is_said() {
    for args in [&["man"][..], &["man", "--json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_assent"))
            .args(args)
            .stdout(full.unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(1));
        assert!(
            said.starts_with("error: cannot write to standard output: No space left"),
            "{said}"
        );
    }
}
