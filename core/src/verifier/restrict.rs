//! Throwing away what was not asked for.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::claims::{ClaimsPath, PathElement};

/// The part of `claims` that `paths` (concrete ones) select, in the same structure. Elements of arrays keep their
/// order and close up.
pub(super) fn restrict(claims: &Value, paths: &[ClaimsPath]) -> Value {
    let paths: Vec<&[PathElement]> = paths.iter().map(ClaimsPath::elements).collect();
    keep(claims, &paths).unwrap_or_else(|| Value::Object(Map::new()))
}

fn keep(value: &Value, paths: &[&[PathElement]]) -> Option<Value> {
    if paths.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    // Grouped once, so that a long list costs its length and not its square.
    let mut below: HashMap<&PathElement, Vec<&[PathElement]>> = HashMap::new();
    for (first, rest) in paths.iter().filter_map(|path| path.split_first()) {
        below.entry(first).or_default().push(rest);
    }
    let child = |step: &PathElement, value: &Value| keep(value, below.get(step)?);
    match value {
        Value::Object(members) => {
            let kept: Map<String, Value> = members
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.clone(), child(&PathElement::Key(name.clone()), value)?))
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items
                .iter()
                .enumerate()
                .filter_map(|(index, value)| child(&PathElement::Index(index), value))
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keeps_only_what_the_paths_select() {
        let claims = json!({ "iss": "x", "name": "A", "address": { "locality": "B", "street": "C" },
            "nationalities": ["NL", "BE", "DE"], "nested": { "deep": { "a": 1, "b": 2 } } });
        let path = |value: Value| ClaimsPath::from_json(&value).unwrap();
        let paths = [
            path(json!(["address", "locality"])),
            path(json!(["nationalities", 0])),
            path(json!(["nationalities", 2])),
            path(json!(["nested"])),
        ];
        assert_eq!(
            restrict(&claims, &paths),
            json!({ "address": { "locality": "B" }, "nationalities": ["NL", "DE"],
                "nested": { "deep": { "a": 1, "b": 2 } } })
        );
        assert_eq!(restrict(&claims, &[]), json!({}));
    }
}
