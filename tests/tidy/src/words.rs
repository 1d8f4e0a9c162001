//! Words that must not be in the tree: paths of one machine, claims we may not make, switched-off lints.

use crate::{File, files};

const TEXT: &[&str] = &[
    "rs", "toml", "md", "ts", "svelte", "mjs", "js", "json", "html", "css", "sql", "py", "yml", "sh",
];

fn everything() -> Vec<File> {
    let mut all = files(".", TEXT);
    all.retain(|file| !file.path.starts_with("tests/tidy/") && !file.path.ends_with("package-lock.json"));
    all
}

fn refuse(words: &[String], files: &[File], why: &str) {
    let mut wrong = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{why}\n{}", wrong.join("\n"));
}

#[test]
fn no_path_of_one_machine() {
    let words = ["root", "home", "Users"].map(|folder| format!("/{folder}/"));
    refuse(&words, &everything(), "a path of one machine:");
}

#[test]
fn no_claim_to_be_an_eudi_wallet() {
    let claims = ["is an EUDI wallet", "our EUDI wallet", "certified EUDI"].map(str::to_owned);
    refuse(&claims, &everything(), "we say \"EUDI-compatible profile\":");
}

#[test]
fn no_lint_is_switched_off_without_a_reason() {
    let mut sources = everything();
    sources.retain(|file| file.path.ends_with(".rs"));
    refuse(
        &["#[allow(".to_owned(), "#![allow(".to_owned()],
        &sources,
        "use #[expect(…, reason = \"…\")]:",
    );
}

#[test]
fn nothing_is_left_to_do_in_the_text() {
    let words = ["TODO", "FIXME", "XXX:"].map(str::to_owned);
    let mut sources = everything();
    sources.retain(|file| !file.path.ends_with(".json"));
    refuse(&words, &sources, "finish it, or write an issue:");
}
