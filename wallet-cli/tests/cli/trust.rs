//! `assent trust list`.

use crate::common::{Sandbox, anchors, chain};

#[test]
fn lists_who_is_trusted_for_what() {
    let sandbox = Sandbox::new();
    sandbox.put("anchors.json", anchors(&chain("x"), "urn:eudi:pid:1"));
    let (code, value) = sandbox.json(["trust", "list", "anchors.json"]);
    assert_eq!(code, 0);
    assert_eq!(value["data"]["issuers"][0]["vct"][0], "urn:eudi:pid:1");
    assert_eq!(value["data"]["access"][0]["sha256"].as_str().unwrap().len(), 64);
    assert!(
        sandbox
            .run(["trust", "list", "anchors.json"])
            .out
            .contains("may vouch for issuers of urn:eudi:pid:1")
    );
}

#[test]
fn exit_codes() {
    let sandbox = Sandbox::new();
    sandbox.put("empty.json", "{}");
    let (code, value) = sandbox.json(["trust", "list", "empty.json"]);
    assert_eq!(
        (code, value["warnings"][0]["code"].as_str()),
        (0, Some("nobody-trusted"))
    );
    sandbox.put("bad.json", r#"{"issuers":[{"name":"x"}]}"#);
    assert_eq!(sandbox.json(["trust", "list", "bad.json"]).0, 7);
    assert_eq!(sandbox.json(["trust", "list", "absent.json"]).0, 4);
    assert_eq!(sandbox.json(["trust", "list", "http://127.0.0.1:9"]).0, 6);
}

#[test]
fn authorities_for_https_come_from_a_file_that_must_hold_some() {
    let sandbox = Sandbox::new();
    sandbox.put("empty.pem", "");
    sandbox.put(
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let list = |file| {
        let (code, value) = sandbox.json(["trust", "list", "https://127.0.0.1:9", "--ca-file", file]);
        (code, value["error"]["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(list("empty.pem"), (7, "ca-file-malformed".to_owned()));
    assert_eq!(list("broken.pem").0, 7);
    assert_eq!(list("absent.pem"), (4, "file-not-found".to_owned()));
}
