//! One byte form for a JSON value, so that it can be hashed: RFC 8785 (JSON Canonicalization Scheme), for
//! values without fractions.

use serde_json::Value;

use super::json::Object;
use crate::crypto::sha256;

/// The value holds a number that is not a whole one within ±2^53, which has no one canonical form here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only whole numbers within 2^53 have a canonical form here")]
pub struct NotCanonical;

/// The canonical bytes of `value`.
///
/// # Errors
/// [`NotCanonical`] for fractions and large numbers.
pub fn to_string(value: &Value) -> Result<String, NotCanonical> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

/// SHA-256 over the canonical bytes of `value`.
///
/// # Errors
/// [`NotCanonical`] for fractions and large numbers.
pub fn hash(value: &Value) -> Result<[u8; 32], NotCanonical> {
    Ok(sha256(to_string(value)?.as_bytes()))
}

fn write(value: &Value, out: &mut String) -> Result<(), NotCanonical> {
    const LARGEST: u64 = 1 << 53;
    match value {
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
        // RFC 8785 §3.2.2.2: the escapes of serde_json are the ones demanded there.
        Value::String(_) => out.push_str(&value.to_string()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) if whole.unsigned_abs() <= LARGEST => out.push_str(&whole.to_string()),
            _ => return Err(NotCanonical),
        },
        Value::Array(list) => {
            out.push('[');
            for (index, entry) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(entry, out)?;
            }
            out.push(']');
        }
        Value::Object(object) => write_object(object, out)?,
    }
    Ok(())
}

fn write_object(object: &Object, out: &mut String) -> Result<(), NotCanonical> {
    // RFC 8785 §3.2.3: names are sorted by UTF-16 code units, which is not the order of UTF-8 bytes.
    let mut members: Vec<(&String, &Value)> = object.iter().collect();
    members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        write(value, out)?;
    }
    out.push('}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 8785 §3.2.3, the sorting example.
    #[test]
    fn rfc_8785_section_3_2_3() {
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis"
        });
        assert_eq!(
            to_string(&value).unwrap(),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O \
             With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew \
             Letter Dalet With Dagesh\"}"
        );
    }

    #[test]
    fn no_fractions() {
        assert_eq!(
            to_string(&json!({ "b": [1, -2, true, null], "a": {} })).unwrap(),
            r#"{"a":{},"b":[1,-2,true,null]}"#
        );
        assert_eq!(to_string(&json!(1.5)), Err(NotCanonical));
        assert_eq!(to_string(&json!(u64::MAX)), Err(NotCanonical));
    }
}
