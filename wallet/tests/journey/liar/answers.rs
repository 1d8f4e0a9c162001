//! Lies in the conversation, around the vault.

use serde_json::{Value, json};

use super::world::*;

pub type Answer = (&'static str, Says, Says, fn(&str, &mut Value));

pub const ANSWERS: &[Answer] = &[
    ("pages without end", NONSENSE, NONSENSE, |path, body| {
        if path.contains("/changes") {
            body["next"] = "1.AAAA".into();
        }
    }),
    (
        "a cursor that leads elsewhere",
        NONSENSE,
        NONSENSE,
        |path, body| {
            if path.contains("/changes") {
                body["next"] = "../../../v1/registry/anchors?".into();
            }
        },
    ),
    ("a cursor as long as a book", NONSENSE, NONSENSE, |path, body| {
        if path.contains("/changes") {
            body["next"] = "A".repeat(100_000).into();
        }
    }),
    (
        "nothing changed, though everything did",
        NONSENSE,
        NONSENSE,
        |path, body| {
            if path.contains("/changes") && body["next"].is_null() {
                body.as_object_mut().unwrap().remove("manifest");
            }
        },
    ),
    ("a version that is no number", NONSENSE, NONSENSE, |path, body| {
        if path.contains("/changes") {
            body["version"] = "many".into();
        }
    }),
    ("records that are no list", NONSENSE, NONSENSE, |path, body| {
        if path.contains("/changes") {
            body["records"] = json!({ "handle": "x" });
        }
    }),
    ("a handle that is none", NONSENSE, NONSENSE, |path, body| {
        if path.contains("/changes") {
            body["records"][0] = json!({ "handle": "../x", "box": "AA", "key": "AA" });
        }
    }),
    ("a box that is no base64url", NONSENSE, NONSENSE, |path, body| {
        if path.contains("/changes") {
            body["records"][0]["box"] = "++//".into();
        }
    }),
    ("no header at all", MALFORMED, NONSENSE, |path, body| {
        if path.contains("/header") || path.contains("/changes") {
            body.as_object_mut().unwrap().remove("header");
        }
    }),
    (
        "one header to unlock with, another beside the manifest",
        SLOTS,
        SLOTS,
        |path, body| {
            if path.contains("/changes") && !body["header"].is_null() {
                flip(&mut body["header"], 150);
            }
        },
    ),
    (
        "a header nested without end",
        MALFORMED,
        MALFORMED,
        |path, body| {
            if path.contains("/header") || path.contains("/changes") && !body["header"].is_null() {
                body["header"] = text(&vec![0x81; 40_000]);
            }
        },
    ),
];
