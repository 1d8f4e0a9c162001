//! Properties over generated credentials: exact disclosure for any structure and any choice.

use proptest::prelude::*;
use serde_json::json;

use super::super::{DisclosurePolicy, HolderError, HolderSdJwt, SdJwtBuilder};
use super::*;
use crate::claims::PathElement;

/// Claims of up to four levels with leaves that are all different numbers, so that what leaked can be told.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = Just(Value::Null).boxed();
    let inner = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::Array),
            prop::collection::btree_map("[a-d]", inner, 1..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-e]", inner, 1..5).prop_map(|map| {
        let mut value = Value::Object(map.into_iter().collect());
        number(&mut value, &mut 0);
        value
    })
}

fn number(value: &mut Value, next: &mut u64) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|member| number(member, next)),
        Value::Array(items) => items.iter_mut().for_each(|item| number(item, next)),
        other => {
            *other = json!(*next);
            *next += 1;
        }
    }
}

/// Every node below the root with its path.
fn nodes<'v>(value: &'v Value, path: &mut Vec<PathElement>, out: &mut Vec<(ClaimsPath, &'v Value)>) {
    let steps: Vec<(PathElement, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, member)| (PathElement::Key(name.clone()), member))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (PathElement::Index(index), item))
            .collect(),
        _ => return,
    };
    for (step, child) in steps {
        path.push(step);
        out.push((ClaimsPath::new(path.clone()).unwrap(), child));
        nodes(child, path, out);
        path.pop();
    }
}

fn leaf_values(value: &Value, out: &mut Vec<u64>) {
    match value {
        Value::Object(map) => map.values().for_each(|member| leaf_values(member, out)),
        Value::Array(items) => items.iter().for_each(|item| leaf_values(item, out)),
        other => out.extend(other.as_u64()),
    }
}

/// The leaves a verifier sees.
fn seen(text: &str) -> Vec<u64> {
    let mut claims = verify(text).unwrap().claims().clone();
    claims.remove("vct");
    let mut out = Vec::new();
    leaf_values(&Value::Object(claims), &mut out);
    out.sort_unstable();
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_and_all_of_what_was_approved(
        claims in tree(),
        disclosable in prop::collection::vec(any::<bool>(), 64),
        wanted in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        decoys in 0usize..3,
    ) {
        let mut all = Vec::new();
        nodes(&claims, &mut Vec::new(), &mut all);
        let chosen: Vec<ClaimsPath> = all
            .iter()
            .zip(disclosable.iter().cycle())
            .filter(|(_, chosen)| **chosen)
            .map(|((path, _), _)| path.clone())
            .collect();
        let mut rng = Counting::default();
        let text = SdJwtBuilder::new(object(claims.clone()), DisclosurePolicy::Paths(chosen.clone()))
            .always(object(json!({ "vct": "v" })))
            .decoys(decoys)
            .sign(&issuer(), &mut env(&mut rng))
            .unwrap();
        let verified = verify(&text).unwrap();
        let mut placed: Vec<ClaimsPath> = verified.disclosed().cloned().collect();
        placed.sort();
        let mut expected = chosen;
        expected.sort();
        prop_assert_eq!(placed, expected, "each disclosure is where it was made");
        let held = HolderSdJwt::from_verified(verified).unwrap();

        let wanted: Vec<ClaimsPath> = wanted.iter().map(|index| index.get(&all).0.clone()).collect();
        let always = seen(&held.disclose(&[]).unwrap());

        // What the approved paths select.
        let below = |approved: &[ClaimsPath]| {
            let mut values = always.clone();
            for path in approved {
                for (_, value) in path.select(&claims).unwrap() {
                    leaf_values(value, &mut values);
                }
            }
            values.sort_unstable();
            values.dedup();
            values
        };

        // Either exactly that, or a refusal that names what would leak.
        match held.disclose(&wanted) {
            Ok(text) => prop_assert_eq!(seen(&text), below(&wanted)),
            Err(HolderError::RevealsMore(more)) => {
                prop_assert!(!more.is_empty());
                for path in &more {
                    prop_assert!(!wanted.iter().any(|wanted| wanted.covers(path)));
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }

        // With the approval it says it needs, it works, and shows exactly that.
        let needed = held.needed_approval(&wanted).unwrap();
        let text = held.disclose(&needed).unwrap();
        prop_assert_eq!(seen(&text), below(&needed));
        prop_assert!(wanted.iter().all(|path| needed.contains(path)));

        // And no disclosure is there without need: leaving any out breaks the text or hides something.
        let parts: Vec<&str> = text.trim_end_matches('~').split('~').collect();
        for skip in 1..parts.len() {
            let mut fewer = parts.clone();
            fewer.remove(skip);
            let fewer = format!("{}~", fewer.join("~"));
            let shorter = verify(&fewer).map(|verified| Value::Object(verified.claims().clone()));
            let complete = Value::Object(verify(&text).unwrap().claims().clone());
            prop_assert!(shorter.is_err() || shorter.unwrap() != complete);
        }
    }

    /// Text from the network never makes the reader panic.
    #[test]
    fn reading_never_panics(text in "[A-Za-z0-9_.~-]{0,200}") {
        let _ = verify(&text);
    }

    #[test]
    fn changed_text_is_never_accepted(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.~-]") {
        let (disclosure, digest) = member("a", json!(1));
        let text = compact(json!({ "_sd": [digest], "b": 2 }), &[&disclosure]);
        let at = at.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(at..=at, &to);
        if changed != text {
            prop_assert!(verify(&changed).is_err());
        }
    }
}
