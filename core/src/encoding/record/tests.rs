//! The derives must read and write what serde's read and write, from the same attributes.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "camelCase")]
struct Everything {
    whole_number: u32,
    signed: i64,
    r#type: String,
    #[serde(rename = "other name")]
    renamed: bool,
    perhaps: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<Kind>,
    by_name: BTreeMap<String, Vec<u64>>,
    pairs: Vec<(String, String)>,
    any: Value,
    inner: Inner,
    event: Event,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(deny_unknown_fields)]
struct Inner {
    name: Wrapped,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(transparent)]
struct Wrapped(String);

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(rename_all = "snake_case")]
enum Kind {
    FirstKind,
    #[serde(rename = "2nd")]
    Second,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ToJson, FromJson)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Event {
    NothingHappened,
    SomethingHappened {
        at_time: i64,
        #[serde(default)]
        really: bool,
    },
}

fn whole() -> Value {
    json!({
        "wholeNumber": 7, "signed": -7, "type": "t", "other name": true, "perhaps": null,
        "list": ["first_kind", "2nd"], "byName": { "a": [1, 2], "b": [] }, "pairs": [["a", "b"]],
        "any": { "x": [null, 1.5] }, "inner": { "name": "n" },
        "event": { "type": "somethingHappened", "atTime": 9 },
    })
}

fn agrees(value: &Value) -> Option<Everything> {
    let ours = Everything::read_json(value.clone()).ok();
    let theirs: Option<Everything> = serde_json::from_value(value.clone()).ok();
    assert_eq!(ours, theirs, "{value}");
    if let Some(read) = &ours {
        assert_eq!(read.write_json(), serde_json::to_value(read).unwrap());
    }
    ours
}

#[test]
fn reads_and_writes_what_serde_does() {
    let read = agrees(&whole()).unwrap();
    assert_eq!(
        read.event,
        Event::SomethingHappened {
            at_time: 9,
            really: false
        }
    );
    assert!(read.write_json().get("leftOut").is_none());
    assert_eq!(Kind::FirstKind.write_json(), json!("first_kind"));
    assert_eq!(
        Event::NothingHappened.write_json(),
        json!({ "type": "nothingHappened" })
    );
}

#[test]
fn refuses_what_serde_refuses() {
    let wrong = [
        json!(null),
        json!([]),
        json!({}),
        json!("x"),
        json!(-1),
        json!(1e300),
        json!(true),
    ];
    let members: Vec<String> = whole().as_object().unwrap().keys().cloned().collect();
    let mut refused = 0;
    for name in &members {
        let mut missing = whole();
        missing.as_object_mut().unwrap().remove(name);
        refused += usize::from(agrees(&missing).is_none());
        for value in &wrong {
            // serde also reads structs from lists; we do not, and nobody sends that.
            if value.is_array() && ["inner", "event"].contains(&name.as_str()) {
                continue;
            }
            let mut changed = whole();
            changed[name] = value.clone();
            refused += usize::from(agrees(&changed).is_none());
        }
    }
    assert!(refused > 60, "only {refused}");
    for (at, value) in [
        ("/inner/more", json!(1)),
        ("/event/type", json!("other")),
        ("/event/atTime", json!(null)),
        ("/list/0", json!("third")),
        ("/pairs/0", json!(["a", "b", "c"])),
        ("/wholeNumber", json!(4_294_967_296_u64)),
    ] {
        let mut changed = whole();
        if let Some(place) = changed.pointer_mut(at) {
            *place = value;
        } else {
            changed["inner"]["more"] = value;
        }
        assert!(agrees(&changed).is_none(), "{at}");
    }
}

#[test]
fn objects_in_one_expression() {
    let made = crate::record!({ "a": 1_u8, "b": "x", "c": Some(vec!["y"]) });
    assert_eq!(made, json!({ "a": 1, "b": "x", "c": ["y"] }));
}
