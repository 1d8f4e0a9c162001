//! A checker for the part of JSON Schema draft 2020-12 that the published schemas use. A keyword it does not know
//! fails the test, so that nothing in a schema is silently skipped.

use serde_json::Value;

/// Checks `value` against `schema`; the place and the reason when it does not fit.
pub fn check(schema: &Value, value: &Value) -> Result<(), String> {
    at(schema, schema, value, "$")
}

fn at(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let fail = |why: &str| Err(format!("{path}: {why}"));
    for (keyword, wanted) in schema.as_object().expect("a schema object") {
        let ok = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let pointer = wanted
                    .as_str()
                    .and_then(|text| text.strip_prefix('#'))
                    .expect("a local $ref");
                at(root, root.pointer(pointer).expect("a known $ref"), value, path)?;
                true
            }
            "type" => is_type(wanted.as_str().expect("one type"), value),
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "oneOf" => {
                let fitting = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|s| at(root, s, value, path).is_ok());
                fitting.count() == 1
            }
            "required" => {
                let missing = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|name| value.get(name.as_str().unwrap()).is_none());
                if let Some(missing) = missing {
                    return fail(&format!("{missing} is missing"));
                }
                true
            }
            "properties" => {
                for (name, inner) in wanted.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        at(root, inner, member, &format!("{path}.{name}"))?;
                    }
                }
                true
            }
            "additionalProperties" => additional(root, schema, wanted, value, path)?,
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    at(root, wanted, item, &format!("{path}[{index}]"))?;
                }
                true
            }
            "minItems" => value
                .as_array()
                .is_none_or(|list| list.len() as u64 >= wanted.as_u64().unwrap()),
            "maxItems" => value
                .as_array()
                .is_none_or(|list| list.len() as u64 <= wanted.as_u64().unwrap()),
            "minProperties" => value
                .as_object()
                .is_none_or(|map| map.len() as u64 >= wanted.as_u64().unwrap()),
            "minLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() as u64 >= wanted.as_u64().unwrap()),
            "maxLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() as u64 <= wanted.as_u64().unwrap()),
            "minimum" => value
                .as_i64()
                .is_none_or(|number| number >= wanted.as_i64().unwrap()),
            other => panic!("{path}: the checker does not know {other}"),
        };
        if !ok {
            return fail(&format!("{keyword} {wanted}"));
        }
    }
    Ok(())
}

fn additional(
    root: &Value,
    schema: &Value,
    wanted: &Value,
    value: &Value,
    path: &str,
) -> Result<bool, String> {
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, member) in value.as_object().into_iter().flatten() {
        if known.is_some_and(|known| known.contains_key(name)) {
            continue;
        }
        match wanted {
            Value::Bool(false) => return Err(format!("{path}.{name} is not in the schema")),
            Value::Bool(true) => {}
            inner => at(root, inner, member, &format!("{path}.{name}"))?,
        }
    }
    Ok(true)
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

#[test]
fn the_checker_can_fail() {
    use serde_json::json;
    let schema = json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": { "a": { "$ref": "#/$defs/n" }, "b": { "oneOf": [{ "type": "string" }, { "type": "null" }] } },
        "$defs": { "n": { "type": "array", "minItems": 1, "items": { "enum": [1, 2] } } }
    });
    assert!(check(&schema, &json!({ "a": [1, 2], "b": null })).is_ok());
    for bad in [
        json!({}),
        json!({ "a": [] }),
        json!({ "a": [3] }),
        json!({ "a": [1], "c": 1 }),
        json!({ "a": [1], "b": 1 }),
    ] {
        assert!(check(&schema, &bad).is_err(), "{bad}");
    }
}
