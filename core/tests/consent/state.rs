//! The published vectors of the state fold (C-04), in any order of arrival.

use assent_core::consent::{Author, Digest, EffectiveState, Event, EventState, fold};
use assent_core::env::Timestamp;
use serde_json::Value;

use super::support::read_json;

fn event(value: &Value) -> Event {
    // In the vectors hashes are short labels; their digests stand for the real ones.
    let hash = |name: &str| value[name].as_str().map(Digest::of);
    let parse = |name: &str| value[name].clone();
    Event {
        hash: hash("hash").unwrap(),
        prev_hash: hash("prev_hash"),
        seq: value["seq"].as_u64().unwrap(),
        author: serde_json::from_value::<Author>(parse("author")).unwrap(),
        purposes: serde_json::from_value(parse("purposes")).unwrap(),
        state: serde_json::from_value::<EventState>(parse("state")).unwrap(),
        time: Timestamp(value["time"].as_i64().unwrap()),
        valid_until: value["valid_until"].as_i64().map(Timestamp),
        max_uses: value["max_uses"].as_u64(),
    }
}

#[test]
fn published_vectors() {
    let vectors = read_json("vectors/state-fold.json");
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 20);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let events: Vec<Event> = case["events"].as_array().unwrap().iter().map(event).collect();
        for check in case["checks"].as_array().unwrap() {
            let purpose = check["purpose"].as_str().unwrap();
            let now = Timestamp(check["now"].as_i64().unwrap());
            let uses = check["uses"].as_u64().unwrap_or(0);
            let expected: EffectiveState = serde_json::from_value(check["state"].clone()).unwrap();
            // Every rotation, forwards and backwards, and with an event that arrived twice: the same answer.
            for start in 0..events.len().max(1) {
                let mut arrived = events.clone();
                if !arrived.is_empty() {
                    arrived.rotate_left(start);
                }
                assert_eq!(fold(&arrived, purpose, now, uses), expected, "{name}: {check}");
                arrived.reverse();
                arrived.extend(events.first().cloned());
                assert_eq!(
                    fold(&arrived, purpose, now, uses),
                    expected,
                    "{name}, reversed: {check}"
                );
            }
            let allowed = check["processing"].as_bool().unwrap();
            assert_eq!(expected.allows_processing(), allowed, "{name}: {check}");
        }
    }
}
