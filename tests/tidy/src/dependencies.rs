//! What may be in the dependency graph at all: sources, licences, banned crates, purity of `core` and `wallet`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::root;

/// The quoted texts of a list in deny.toml, from its first line on: the rules are written once.
fn listed(from: &str) -> Vec<String> {
    let rules = crate::read("deny.toml");
    let list = rules.split(from).nth(1).unwrap_or_default();
    let list = list.split("\n]").next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn licences() -> Vec<String> {
    listed("[licenses]\nallow = [")
}

/// Banned everywhere: those that no crate of ours may wrap.
fn banned() -> Vec<String> {
    let rules = crate::read("deny.toml");
    rules
        .lines()
        .filter(|line| {
            line.contains("{ crate = \"") && line.contains("reason = ") && !line.contains("wrappers")
        })
        .filter_map(|line| line.split('"').nth(1).map(str::to_owned))
        .collect()
}

/// Never in what `core` or `wallet` ships with: network, files, time, randomness, runtimes, browser.
const IMPURE: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "axum",
    "sqlx",
    "rusqlite",
    "getrandom",
    "rand",
    "rand_chacha",
    "web-sys",
    "js-sys",
    "wasm-bindgen",
    "chrono",
    "libc",
    "tracing",
    "log",
    "ring",
    "rustls",
    "once_cell_polyfill",
];

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root())
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "cargo {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("utf-8")
}

fn metadata() -> Value {
    let text = cargo(&[
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]);
    serde_json::from_str(&text).expect("json")
}

/// The packages that `package` ships with, e.g. `["serde v1.0.0", …]`, for its own choice of features alone.
fn shipped(package: &str) -> BTreeSet<String> {
    let text = cargo(&[
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    text.lines()
        .filter_map(|line| Some(line.split(" (").next()?.trim().to_owned()))
        .filter(|line| !line.is_empty())
        .collect()
}

fn name(package: &str) -> &str {
    package.split(' ').next().unwrap_or(package)
}

#[test]
fn core_and_wallet_ship_nothing_impure() {
    for package in ["assent-core", "assent-wallet"] {
        let found: Vec<String> = shipped(package)
            .into_iter()
            .filter(|p| IMPURE.contains(&name(p)))
            .collect();
        assert!(found.is_empty(), "{package} must not depend on {found:?}");
    }
}

#[test]
fn core_has_one_version_of_everything() {
    let mut versions: BTreeMap<String, usize> = BTreeMap::new();
    for package in shipped("assent-core") {
        *versions.entry(name(&package).to_owned()).or_default() += 1;
    }
    let twice: Vec<_> = versions
        .into_iter()
        .filter(|(name, count)| *count > 1 && name != "syn")
        .collect();
    assert!(twice.is_empty(), "core ships two versions of {twice:?}");
}

#[test]
fn nothing_banned_is_in_the_lock_file() {
    let lock = crate::read("Cargo.lock");
    let banned = banned();
    assert!(banned.len() > 5, "deny.toml was not read");
    let found: Vec<_> = banned
        .iter()
        .filter(|name| lock.contains(&format!("name = \"{name}\"\n")))
        .collect();
    assert!(found.is_empty(), "Cargo.lock holds {found:?}");
}

#[test]
fn every_package_comes_from_the_index_or_from_here() {
    for package in metadata()["packages"].as_array().expect("packages") {
        let source = package["source"].as_str().unwrap_or("here");
        let ok = source == "here" || source == "registry+https://github.com/rust-lang/crates.io-index";
        assert!(ok, "{} comes from {source}", package["name"]);
    }
}

#[test]
fn every_licence_is_allowed() {
    let licences = licences();
    assert!(licences.len() > 5, "deny.toml was not read");
    for package in metadata()["packages"].as_array().expect("packages") {
        let licence = package["license"]
            .as_str()
            .unwrap_or_default()
            .replace('/', " OR ");
        assert!(
            allowed(&licence, &licences),
            "{} has the licence `{licence}`",
            package["name"]
        );
    }
}

/// An SPDX expression: every part of an AND, one part of an OR.
fn allowed(expression: &str, licences: &[String]) -> bool {
    let expression = expression.trim();
    if let Some(parts) = split(expression, " AND ") {
        return parts.into_iter().all(|part| allowed(part, licences));
    }
    if let Some(parts) = split(expression, " OR ") {
        return parts.into_iter().any(|part| allowed(part, licences));
    }
    match expression
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
    {
        Some(inner) => allowed(inner, licences),
        None => licences.iter().any(|licence| licence == expression),
    }
}

/// Splits at an operator outside brackets; `None` when there is none.
fn split<'a>(text: &'a str, operator: &str) -> Option<Vec<&'a str>> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        if depth == 0 && text[at..].starts_with(operator) {
            parts.push(&text[from..at]);
            from = at + operator.len();
        }
    }
    parts.push(&text[from..]);
    (parts.len() > 1).then_some(parts)
}

#[test]
fn licence_expressions_are_read_correctly() {
    let known = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned);
    let allowed = |text| allowed(text, &known);
    assert!(allowed("MIT OR GPL-3.0"));
    assert!(!allowed("MIT AND GPL-3.0"));
    assert!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!allowed("(MIT OR Apache-2.0) AND GPL-2.0"));
    assert!(!allowed(""));
}

#[test]
fn numbers_keep_their_type_in_the_main_workspace() {
    // `serde_json/arbitrary_precision` changes how numbers serialise for a whole build (specs/decisions/0003).
    let metadata = metadata();
    for node in metadata["resolve"]["nodes"].as_array().expect("nodes") {
        if node["id"].as_str().is_some_and(|id| id.contains("#serde_json@")) {
            let features = node["features"].as_array().expect("features");
            assert!(
                !features.iter().any(|f| f == "arbitrary_precision"),
                "something switched on arbitrary_precision"
            );
        }
    }
}

#[test]
fn the_bindings_generator_matches_the_library() {
    // Both halves of wasm-bindgen must be the same version to the last digit.
    let lock = crate::read("Cargo.lock");
    let version = |crate_name: &str| {
        lock.split("[[package]]")
            .find(|p| p.contains(&format!("name = \"{crate_name}\"\n")))
            .and_then(|p| {
                p.lines()
                    .find_map(|line| line.strip_prefix("version = ").map(str::to_owned))
            })
    };
    assert!(version("wasm-bindgen").is_some());
    assert_eq!(version("wasm-bindgen"), version("wasm-bindgen-cli-support"));
}
