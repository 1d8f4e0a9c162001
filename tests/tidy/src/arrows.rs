//! The arrows between packages (ARCHITECTURE.md), and who may open a connection.

use crate::{files, read};

/// Package folder → the packages of ours it may ship with.
const ARROWS: &[(&str, &[&str])] = &[
    ("core", &["assent-json-derive"]),
    ("core/derive", &[]),
    ("wallet", &["assent-core"]),
    ("server", &["assent-core"]),
    ("wasm", &["assent-core", "assent-wallet"]),
    ("wasm/transfer", &["assent-core", "assent-wallet"]),
    ("wallet-cli", &["assent-core", "assent-wallet"]),
    ("xtask", &[]),
    ("tests/tidy", &[]),
];

const OURS: &[&str] = &[
    "assent-core",
    "assent-json-derive",
    "assent-wallet",
    "assent-server",
    "assent-wasm",
    "assent-transfer",
    "assent-cli",
    "assent-tests",
    "assent-tidy",
    "xtask",
];

#[test]
fn packages_depend_only_along_the_arrows() {
    for (folder, may) in ARROWS {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        assert!(!manifest.is_empty(), "{folder}/Cargo.toml is missing");
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let shipped = section.contains("dependencies") && !section.contains("dev-dependencies");
            let Some(name) = line.split(['.', ' ', '=']).next() else {
                continue;
            };
            if shipped && OURS.contains(&name) {
                assert!(may.contains(&name), "{folder} must not depend on {name}");
            }
            assert!(
                !(name == "assent-wallet" && *folder == "server"),
                "server must not know the wallet, not even in tests"
            );
        }
    }
}

#[test]
fn only_outbound_opens_connections_in_the_server() {
    const WORDS: &[&str] = &[
        "reqwest",
        "TcpStream::connect",
        "UdpSocket",
        "UnixStream::connect",
        "hyper::client",
        "ToSocketAddrs",
    ];
    for file in files("server/src", &["rs"]) {
        let allowed = file.path == "server/src/outbound.rs" || file.path.starts_with("server/src/outbound/");
        if allowed || file.is_test() {
            continue;
        }
        for line in file.code().filter(|line| !line.trim_start().starts_with("//")) {
            for word in WORDS {
                assert!(
                    !line.contains(word),
                    "{}: only server/src/outbound may open a connection: {line}",
                    file.path
                );
            }
        }
    }
}

#[test]
fn the_pure_crates_do_no_input_or_output() {
    const WORDS: &[&str] = &[
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "ToSocketAddrs",
        "std::process",
        "std::env",
        "std::thread",
        "std::time::SystemTime",
        "async fn",
        "println!",
        "eprintln!",
    ];
    for folder in ["core/src", "wallet/src"] {
        for file in files(folder, &["rs"]).into_iter().filter(|file| !file.is_test()) {
            for line in file.code().filter(|line| !line.trim_start().starts_with("//")) {
                for word in WORDS {
                    assert!(
                        !line.contains(word),
                        "{}: a pure crate must not use {word}: {line}",
                        file.path
                    );
                }
            }
        }
    }
}

#[test]
fn the_browser_facade_stays_a_facade() {
    let lines: usize = files("wasm/src", &["rs"])
        .iter()
        .map(|file| file.code().count())
        .sum();
    assert!(lines <= 600, "wasm/ has {lines} lines: logic belongs in wallet/");
}

/// The browser's own key, which no code of ours can hold: only the browser agrees with it (`extractable: false`). What comes of
/// that goes to the engine at once.
const PLATFORM_KEY: &str = "web/wallet/src/worker/device-key.ts";

#[test]
fn the_web_does_no_cryptography() {
    for folder in ["web", "examples"] {
        for file in files(folder, &["ts", "svelte", "js", "mjs"]) {
            let host = file.path.starts_with("web/wallet/src/host/")
                || file.path.starts_with("examples/")
                || file.path == PLATFORM_KEY
                // Its test plays the other half.
                || file.path == "web/wallet/test/unit/device-key.test.ts";
            if !host {
                assert!(
                    !file.text.contains("crypto.subtle"),
                    "{}: cryptography belongs in wallet/",
                    file.path
                );
            }
        }
    }
}

/// Where the web folders may reach out: path, and why.
const CONNECTIONS: &[(&str, &str)] = &[
    ("web/wallet/src/worker/network.ts", "the engine's exchanges"),
    ("web/wallet/src/worker/news.ts", "changes made on other devices"),
    ("web/wallet/src/worker/main.ts", "hands `fetch` to news.ts"),
    ("web/wallet/src/service-worker/main.ts", "the app's own files"),
    ("web/wallet/src/worker/engine.ts", "the other files of the engine"),
    ("web/sdk/src/backend.ts", "the page's own back end"),
    ("web/sdk/src/server/", "runs at the service, not in a browser"),
];

#[test]
fn the_web_reaches_out_in_known_places() {
    const WORDS: &[&str] = &[
        "fetch(",
        "EventSource(",
        "WebSocket(",
        "XMLHttpRequest",
        "sendBeacon",
        "RTCPeerConnection",
    ];
    for file in files("web", &["ts", "svelte"]) {
        if file.path.contains("/test/") || CONNECTIONS.iter().any(|(path, _)| file.path.starts_with(path)) {
            continue;
        }
        for line in file
            .text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let found = WORDS.iter().find(|word| line.contains(*word));
            assert!(
                found.is_none(),
                "{}: only known places open connections: {line}",
                file.path
            );
        }
    }
}

#[test]
fn examples_use_only_public_interfaces() {
    for file in files("examples", &["js", "mjs", "ts"]) {
        for line in file
            .text
            .lines()
            .filter(|line| line.contains("import ") || line.contains("import("))
        {
            let inside = [
                "../../core",
                "../../wallet",
                "../../server",
                "../../wasm",
                "../../../core",
                "../../../server",
                "../../../wasm",
            ];
            assert!(
                !inside.iter().any(|path| line.contains(path)),
                "{}: {line}",
                file.path
            );
        }
    }
}
