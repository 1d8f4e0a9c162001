//! `assent receipt verify`. Whole receipts are made and checked in `tests/peers` and the browser tests.

use crate::common::{Sandbox, anchors, chain};

#[test]
fn refuses_what_is_no_receipt() {
    let sandbox = Sandbox::new();
    sandbox.put("anchors.json", anchors(&chain("x"), "urn:x"));
    let verify = ["receipt", "verify", "receipt", "--anchors", "anchors.json"];
    assert_eq!(sandbox.json(verify).0, 4);
    sandbox.put("receipt", "hello");
    let (code, value) = sandbox.json(verify);
    assert_eq!(
        (code, value["error"]["code"].as_str()),
        (1, Some("receipt-bundle-format"))
    );
    sandbox.put(
        "receipt",
        r#"{"format":"assent-receipt-bundle-1","receipt":"a.b.c~","consent_request":"a.b.c"}"#,
    );
    let (code, value) = sandbox.json(verify);
    assert_eq!(code, 3, "{value}");
    assert_eq!(value["data"]["verified"], false);
}
