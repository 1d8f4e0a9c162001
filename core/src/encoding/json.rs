//! JSON from the network, read strictly: bounded in size and depth, no duplicate member names, nothing after
//! the value.
//!
//! `serde_json` keeps the last of two equal names. Two parsers that keep different ones can be made to disagree
//! about what was signed, so duplicates are refused (RFC 8259 §4 calls the behaviour unpredictable).

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object.
pub type Object = Map<String, Value>;

/// How much JSON to accept.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest text in bytes.
    pub bytes: usize,
    /// Deepest nesting of arrays and objects.
    pub depth: usize,
}

impl Limits {
    /// Enough for every protocol message: 1 MiB, 16 levels.
    pub const MESSAGE: Self = Self {
        bytes: 1 << 20,
        depth: 16,
    };
}

/// Most values of one text, about. A new epoch of a vault with 20,000 records has 60,000.
const MAX_VALUES: usize = 1 << 17;
/// Where texts may be longer than what others send, bytes of the limit for each value: a whole vault is JSON within JSON,
/// with a value in every 20 bytes.
const BYTES_PER_VALUE: usize = 16;
/// What others send is no longer.
const LONG: usize = 16 << 20;

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than the limit.
    #[error("the JSON text is too long")]
    TooLong,
    /// Not JSON, nested too deeply, with a duplicate name, or with something after the value.
    #[error("not acceptable JSON (malformed, too deep, or with a duplicate name)")]
    Malformed,
    /// JSON, but not an object.
    #[error("the JSON value is not an object")]
    NotAnObject,
}

/// Reads one JSON value.
///
/// # Errors
/// See [`JsonError`].
pub fn parse(text: &[u8], limits: Limits) -> Result<Value, JsonError> {
    // A value in memory is up to a hundred times as long as its text, so values are counted, too. Each but the first has one
    // of these before it; those inside strings count as well.
    let values = text
        .iter()
        .filter(|byte| matches!(byte, b',' | b'[' | b'{'))
        .count();
    let most = if limits.bytes > LONG {
        limits.bytes / BYTES_PER_VALUE
    } else {
        MAX_VALUES
    };
    if text.len() > limits.bytes || values > most {
        return Err(JsonError::TooLong);
    }
    let mut de = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth: limits.depth }
        .deserialize(&mut de)
        .map_err(|_| JsonError::Malformed)?;
    de.end().map_err(|_| JsonError::Malformed)?;
    Ok(value)
}

/// Reads one JSON object.
///
/// # Errors
/// See [`JsonError`].
pub fn parse_object(text: &[u8], limits: Limits) -> Result<Object, JsonError> {
    match parse(text, limits)? {
        Value::Object(map) => Ok(map),
        _ => Err(JsonError::NotAnObject),
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::from(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(Value::String(v))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            // Names serde_json gives a meaning of its own, depending on how it was built: read here, they would be
            // members in one build and something else in the other.
            if name.starts_with("$serde_json::private::") {
                if !out.is_empty() || name != "$serde_json::private::Number" {
                    return Err(de::Error::custom("private member name"));
                }
                // With serde_json/arbitrary_precision a number arrives as a map with this one name.
                return map.next_value_seed(Digits);
            }
            let value = map.next_value_seed(inner)?;
            if out.insert(name, value).is_some() {
                return Err(de::Error::custom("duplicate member name"));
            }
        }
        Ok(Value::Object(out))
    }
}

/// The digits of a number under serde_json/arbitrary_precision. They come as text that is handed over; text that was
/// written in the input is lent, and refused: that is an object which only looks like a number.
struct Digits;

impl<'de> DeserializeSeed<'de> for Digits {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Digits {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the digits of a number")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Value, E> {
        Err(E::custom("private member name"))
    }

    fn visit_string<E: de::Error>(self, digits: String) -> Result<Value, E> {
        let number = digits.parse().map_err(|_| E::custom("not a number"))?;
        Ok(Value::Number(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted() {
        let limits = Limits {
            bytes: 1 << 20,
            depth: 4,
        };
        let objects = |count: usize| format!("[{}{{\"\":0}}]", "{\"\":0},".repeat(count - 1));
        assert!(parse(objects(60_000).as_bytes(), limits).is_ok());
        assert_eq!(parse(objects(70_000).as_bytes(), limits), Err(JsonError::TooLong));
        let numbers = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert_eq!(parse(numbers.as_bytes(), limits), Err(JsonError::TooLong));
        // A file of one's own holds more, in proportion.
        let long = Limits {
            bytes: LONG + 1,
            depth: 4,
        };
        assert!(parse(numbers.as_bytes(), long).is_ok());
        let numbers = format!("[{}0]", "0,".repeat((1 << 20) + 1));
        assert_eq!(parse(numbers.as_bytes(), long), Err(JsonError::TooLong));
    }

    /// The same with and without serde_json/arbitrary_precision; `cargo xtask test --only precision` runs it with.
    #[test]
    fn names_private_to_the_parser_are_refused() {
        for text in [
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::Number":"1\u0030"}"#,
            r#"{"\u0024serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::Number":1}"#,
            r#"{"$serde_json::private::Number":null}"#,
            r#"{"$serde_json::private::Number":{"$serde_json::private::Number":"1"}}"#,
            r#"{"$serde_json::private::Number":"1","a":2}"#,
            r#"{"a":2,"$serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::RawValue":"[1]"}"#,
            r#"[{"b":{"$serde_json::private::Number":"1"}}]"#,
        ] {
            let read = parse(text.as_bytes(), Limits::MESSAGE);
            assert_eq!(read, Err(JsonError::Malformed), "{text}");
        }
        let near = parse(
            br#"{"$serde_json":1,"x":"$serde_json::private::Number"}"#,
            Limits::MESSAGE,
        )
        .unwrap();
        assert_eq!(
            (near["$serde_json"].as_u64(), near["x"].as_str()),
            (Some(1), Some("$serde_json::private::Number"))
        );
    }

    #[test]
    fn refuses_duplicates_depth_and_trailing_text() {
        let read = |text: &str| parse(text.as_bytes(), Limits { bytes: 64, depth: 3 });
        assert_eq!(read(r#"{"a":[{"b":1}]}"#).unwrap()["a"][0]["b"], 1);
        assert_eq!(read(r#"{"a":1,"a":2}"#), Err(JsonError::Malformed));
        assert_eq!(read(r#"{"x":{"a":1,"\u0061":2}}"#), Err(JsonError::Malformed));
        assert_eq!(read("[[[[1]]]]"), Err(JsonError::Malformed));
        assert_eq!(read("{} {}"), Err(JsonError::Malformed));
        assert_eq!(read(&" ".repeat(65)), Err(JsonError::TooLong));
        assert_eq!(parse_object(b"[]", Limits::MESSAGE), Err(JsonError::NotAnObject));
    }

    #[test]
    fn numbers_keep_their_kind() {
        let v = parse(b"[1,-2,1.5,18446744073709551615]", Limits::MESSAGE).unwrap();
        assert_eq!(v[0].as_u64(), Some(1));
        assert_eq!(v[1].as_i64(), Some(-2));
        assert_eq!(v[2].as_f64(), Some(1.5));
        assert_eq!(v[3].as_u64(), Some(u64::MAX));
    }
}
