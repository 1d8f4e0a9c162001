//! The headless wallet with a local vault. Receiving and presenting over HTTP is in `tests/peers`.

use std::io::{Read as _, Write as _};

use serde_json::json;

use crate::common::{Run, STATE, Sandbox, pieces};

fn init(sandbox: &Sandbox) -> Run {
    sandbox.init(["--recovery-code-file", "recovery", STATE[0], STATE[1]])
}

#[test]
fn a_new_wallet_is_ciphertext_that_only_its_owner_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let made = init(&sandbox);
    assert_eq!(made.code, 0, "{}", made.err);
    for file in ["w/wallet.json", "recovery"] {
        let mode = std::fs::metadata(sandbox.path(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let recovery = std::fs::read_to_string(sandbox.path("recovery")).unwrap();
    assert_eq!(recovery.trim().split('-').count(), 9);
    let stored = std::fs::read_to_string(sandbox.path("w/wallet.json")).unwrap();
    let mut secrets = pieces(&recovery);
    assert_eq!(secrets.len(), 24);
    secrets.push("horse".into());
    for secret in secrets {
        assert!(!stored.contains(&secret) && !made.out.contains(&secret));
    }
    // Never a second time over the first.
    assert_eq!(init(&sandbox).code, 8);
}

#[test]
fn reads_need_the_passphrase() {
    let sandbox = Sandbox::new();
    init(&sandbox);
    for (verb, schema) in [
        ("cards", "assent.holder-cards/1"),
        ("history", "assent.holder-history/1"),
        ("sharing", "assent.holder-sharing/1"),
    ] {
        let (code, value) = sandbox.json(["holder", verb].into_iter().chain(STATE));
        assert_eq!(code, 0, "{value}");
        assert_eq!(value["schema"], schema);
    }
    let (code, value) = sandbox.json(["holder", "cards", "--state", "w/wallet.json"]);
    assert_eq!((code, &value["error"]["code"]), (2, &json!("passphrase-missing")));
    // Where nothing can be shared nothing is said about it; where something can, always.
    assert!(value["error"].get("wasAnythingShared").is_none());
    let (_, value) = sandbox.json(["holder", "present", "openid4vp://", "--state", "w/wallet.json"]);
    assert_eq!(value["error"]["code"], "passphrase-missing");
    assert_eq!(value["error"]["wasAnythingShared"], "no");
    sandbox.put("passphrase", "wrong wrong wrong");
    let (code, value) = sandbox.json(["holder", "cards"].into_iter().chain(STATE));
    assert_eq!((code, &value["error"]["code"]), (5, &json!("vault-wrong-secret")));
    let piped = sandbox.run_with(
        [
            "holder",
            "cards",
            "--state",
            "w/wallet.json",
            "--passphrase-file",
            "-",
        ],
        "correct horse battery staple\n",
    );
    assert_eq!(piped.code, 0);
}

#[test]
fn exit_codes_of_the_verbs() {
    let sandbox = Sandbox::new();
    let none = sandbox.json(
        ["holder", "cards"]
            .into_iter()
            .chain(["--state", "w/wallet.json"]),
    );
    assert_eq!(
        (none.0, &none.1["error"]["code"]),
        (4, &json!("wallet-not-found"))
    );
    assert!(
        !sandbox.path("w").exists(),
        "nothing is made beside a wallet that is not there"
    );
    init(&sandbox);
    let run = |args: &[&'static str]| sandbox.json(args.iter().copied().chain(STATE));
    for (verb, code, begins) in [
        ("receive", "offer-not-an-offer", "openid-credential-offer://"),
        ("present", "request-link", "openid4vp://"),
    ] {
        let (exit, value) = run(&["holder", verb, "not a link", "--yes"]);
        assert_eq!((exit, &value["error"]["code"]), (2, &json!(code)));
        assert_eq!(value["error"]["wasAnythingShared"], "no");
        assert!(
            value["error"]["hint"].as_str().unwrap().contains(begins),
            "{value}"
        );
    }
    for more in ["--yes", "--dry-run", "--erase", "--purpose=required"] {
        let (code, value) = run(&["holder", "withdraw", "nothing", more]);
        assert_eq!((code, &value["error"]["code"]), (4, &json!("sharing-not-found")));
    }
    let (code, value) = run(&["holder", "receipt", "nothing"]);
    assert_eq!((code, &value["error"]["code"]), (4, &json!("not-found")));
    assert_eq!(run(&["holder", "present", "x", "--yes", "--decline"]).0, 2);
    for wrong in [
        &["holder", "receive"][..],
        &["holder", "receive", "x", "--answer", "http://127.0.0.1/?code=x"],
        &["holder", "receive", "x", "--open", "--elsewhere"],
        &["holder", "receive", "x", "--timeout", "0"],
        &["holder", "receive", "x", "--timeout", "86401"],
    ] {
        assert_eq!(run(wrong).0, 2, "{wrong:?}");
    }
    for verb in [
        &["holder", "awaited"][..],
        &["holder", "awaited", "list"],
        &["holder", "awaited", "fetch"],
    ] {
        let (code, value) = run(verb);
        assert_eq!((code, &value["data"]["awaited"]), (0, &json!([])), "{value}");
    }
    let (code, value) = run(&["holder", "awaited", "forget", "nothing", "--yes"]);
    assert_eq!((code, &value["error"]["code"]), (4, &json!("awaited-not-found")));
    // What this program writes it reads again, however much it became.
    let path = sandbox.path("w/wallet.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    sandbox.put("w/wallet.json", format!("{whole}{}", " ".repeat(5 << 20)));
    assert_eq!(run(&["holder", "cards"]).0, 0);
    // A wallet file whose vault is damaged is kept, and says what to do.
    let mut file: serde_json::Value = serde_json::from_str(&whole).unwrap();
    file["cache"] = json!("AAAA");
    let damaged = serde_json::to_string(&file).unwrap();
    sandbox.put("w/wallet.json", &damaged);
    let (code, value) = run(&["holder", "cards"]);
    assert_eq!(
        (code, &value["error"]["code"]),
        (7, &json!("vault-cache-malformed"))
    );
    let kept: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(kept["cache"], "AAAA");
    // A wallet file that is something else.
    sandbox.put("w/wallet.json", "{}");
    assert_eq!(run(&["holder", "cards"]).0, 7);
}

#[test]
fn init_keeps_the_recovery_code_or_does_nothing() {
    let sandbox = Sandbox::new();
    sandbox.put("passphrase", "correct horse battery staple\n");
    sandbox.put("anchors.json", "{}");
    let local = ["holder", "init", "--local", "--anchors", "anchors.json"];
    let (code, value) = sandbox.json(local.into_iter().chain(STATE));
    assert_eq!(
        (code, &value["error"]["code"]),
        (2, &json!("recovery-code-nowhere"))
    );
    sandbox.put("recovery", "something else");
    let run = sandbox.run(
        local
            .into_iter()
            .chain(["--recovery-code-file", "recovery"])
            .chain(STATE),
    );
    assert_eq!(run.code, 7);
    assert!(!sandbox.path("w/wallet.json").exists());
    sandbox.put("passphrase", "short\n");
    let run = sandbox.run(
        local
            .into_iter()
            .chain(["--recovery-code-file", "r2"])
            .chain(STATE),
    );
    assert_ne!(run.code, 0);
    assert!(!sandbox.path("w/wallet.json").exists() && !sandbox.path("r2").exists());
}

/// Ids are drawn or hashes, and so are addresses of vaults and nonces: one in 64 begins with a hyphen.
#[test]
fn ids_that_begin_like_a_flag_are_ids() {
    let sandbox = Sandbox::new();
    init(&sandbox);
    for command in [
        "holder cards -lXPz",
        "holder history -lXPz",
        "holder history --service -lXPz",
        "holder details history -lX --take -kk",
        "holder details history -lX --forget -kk",
        "holder details edit -lX --from passphrase",
        "holder details rm -lX",
        "holder withdraw -lX --yes",
        "holder receipt -lX",
        "holder awaited forget -lX --yes",
    ] {
        let (code, value) = sandbox.json(command.split(' ').chain(STATE));
        assert_ne!(value["error"]["code"], "usage", "{command}: {code}");
    }
    let wallet = ["--state", "new.json", "--passphrase-file", "passphrase"];
    let address = [
        "holder",
        "init",
        "--operator",
        "http://127.0.0.1:9",
        "--sandbox",
        "--address",
        "-lX",
    ];
    let (_, value) = sandbox.json(address.into_iter().chain(wallet));
    assert_ne!(value["error"]["code"], "usage");
    let verify = "credential verify absent --anchors absent --audience me --nonce -lX";
    assert_eq!(sandbox.json(verify.split(' ')).0, 4);
}

/// What the engine burnt must be on disk before the request that uses it leaves: a killed program sends nothing twice.
#[test]
fn the_wallet_is_kept_before_anything_leaves() {
    let sandbox = Sandbox::with_wallet();
    let service = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = service.local_addr().unwrap();
    let file = sandbox.path("w/wallet.json");
    // Two requests of one command: sealing is never twice the same, so other bytes mean that it was kept in between.
    let seen = std::thread::spawn(move || {
        let (mut first, _) = service.accept().unwrap();
        let before = std::fs::read(&file).unwrap();
        let _ = first.read(&mut [0; 4096]).unwrap();
        let grant =
            json!({ "urn:ietf:params:oauth:grant-type:pre-authorized_code": { "pre-authorized_code": "x" } });
        let offer = json!({ "credential_issuer": format!("http://{address}"), "credential_configuration_ids": ["a"], "grants": grant });
        let body = offer.to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        write!(first, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let _second = service.accept().unwrap();
        (before, std::fs::read(&file).unwrap())
    });
    let link = format!("openid-credential-offer://?credential_offer_uri=http%3A%2F%2F{address}%2Fo");
    let run = sandbox.run(["holder", "receive", &link, "--yes"].into_iter().chain(STATE));
    assert_ne!(run.code, 0, "the issuer hangs up");
    let (before, after) = seen.join().unwrap();
    assert!(before != after, "not kept between two requests");
}

/// Written down, changed, found, undone, deleted, erased; and the file holds none of it in the clear.
#[test]
fn own_details() {
    let sandbox = Sandbox::new();
    init(&sandbox);
    let details = |args: &[&'static str]| {
        sandbox.json(
            ["holder", "details"]
                .into_iter()
                .chain(args.iter().copied())
                .chain(STATE),
        )
    };
    sandbox.put("one", "value = José@kanarie.example\nown_name = work\n");
    sandbox.put("two", r#"{ "value": "jo@kanarie.example" }"#);
    let (code, saved) = details(&["add", "email", "--from", "one"]);
    assert_eq!(
        (code, &saved["schema"]),
        (0, &json!("assent.holder-detail-saved/1")),
        "{saved}"
    );
    let id: &'static str = saved["data"]["id"].as_str().unwrap().to_owned().leak();
    let parts = |value: &serde_json::Value| value["data"]["detail"]["parts"].clone();
    assert_eq!(details(&["edit", id, "--from", "two"]).0, 0);
    let (_, listed) = details(&["list", "--search", "JÓ@"]);
    assert_eq!(
        listed["data"]["own"][0]["ownName"], "work",
        "what is not named stays"
    );
    assert_eq!(
        listed["data"]["own"][0]["parts"],
        json!([["value", "jo@kanarie.example"]])
    );
    assert_eq!(
        details(&["list", "--search", "nothing"]).1["data"]["own"],
        json!([])
    );
    let (code, undone) = details(&["undo", id]);
    assert_eq!(
        (code, parts(&undone)),
        (0, json!([["value", "José@kanarie.example"]]))
    );
    let (_, history) = details(&["history", id]);
    assert_eq!(history["data"]["versions"].as_array().unwrap().len(), 3);
    let first: &'static str = history["data"]["versions"][2]["id"]
        .as_str()
        .unwrap()
        .to_owned()
        .leak();
    let (code, forgot) = details(&["history", id, "--forget", first]);
    assert_eq!(
        (code, &forgot["data"]["versions"][2]["said"]),
        (0, &json!("forgotten"))
    );
    // What is wrong is named by part and code.
    sandbox.put("bad", "iban = NL91ABNA0417164301\nholder = x\n");
    let (code, refused) = details(&["add", "bank_account", "--from", "bad"]);
    assert_eq!(
        (code, &refused["error"]["code"]),
        (5, &json!("detail-not-accepted"))
    );
    assert_eq!(
        refused["data"]["problems"],
        json!([{ "part": "iban", "code": "detail-iban-checksum" }])
    );
    let add = ["holder", "details", "add", "bank_account", "--from", "bad"];
    let said = sandbox.run(add.into_iter().chain(STATE)).out;
    assert!(
        said.contains("iban: the check digits of the bank account number do not fit"),
        "{said}"
    );
    assert_eq!(
        details(&["add", "shoe", "--from", "one"]).1["error"]["code"],
        "detail-kind-not-found"
    );
    assert_eq!(
        details(&["add", "email"]).1["error"]["code"],
        "detail-text-missing"
    );
    sandbox.put("lines", "no part here");
    assert_eq!(
        details(&["add", "email", "--from", "lines"]).1["error"]["code"],
        "detail-text-malformed"
    );
    assert!(details(&["kinds"]).1["data"]["kinds"].as_array().unwrap().len() > 30);
    // Deleted, back, deleted, erased: not without a yes.
    assert!(details(&["rm", id]).1["data"]["detail"]["deletedAt"].is_number());
    assert_eq!(details(&["list"]).1["data"]["own"], json!([]));
    assert_eq!(
        details(&["list", "--deleted"]).1["data"]["own"][0]["id"],
        json!(id)
    );
    assert!(details(&["restore", id]).1["data"]["detail"]["deletedAt"].is_null());
    let stored = std::fs::read_to_string(sandbox.path("w/wallet.json")).unwrap();
    for secret in ["kanarie", "a2FuYXJpZ", "thbmFyaW", "rYW5hcml"] {
        assert!(!stored.contains(secret));
    }
    assert_eq!(details(&["rm", id, "--erase"]).1["error"]["code"], "not-agreed");
    let (code, erased) = details(&["rm", id, "--erase", "--yes"]);
    assert_eq!((code, &erased["data"]["detail"]), (0, &json!(null)));
    assert_eq!(details(&["history", id]).1["error"]["code"], "not-found");
}
