//! The values a claim may be required to have.

use serde_json::Value;

/// A string, integer or boolean of a claims query (OpenID4VP 1.0 §6.3, `values`). Fractions are not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimValue {
    /// A string.
    Text(String),
    /// An integer between −2⁶³ and 2⁶⁴−1.
    Integer(i128),
    /// A boolean.
    Boolean(bool),
}

impl ClaimValue {
    /// Reads a value; `None` for every other JSON type.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Bool(flag) => Some(Self::Boolean(*flag)),
            Value::Number(_) => integer(value).map(Self::Integer),
            _ => None,
        }
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Boolean(flag) => Value::from(*flag),
            Self::Integer(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => Value::from(number),
                (_, Ok(number)) => Value::from(number),
                _ => Value::Null,
            },
        }
    }

    /// True when type and value are exactly those of `claim` (OpenID4VP 1.0 §6.4.1).
    #[must_use]
    pub fn equals(&self, claim: &Value) -> bool {
        match self {
            Self::Text(text) => claim.as_str() == Some(text),
            Self::Boolean(flag) => claim.as_bool() == Some(*flag),
            Self::Integer(number) => integer(claim) == Some(*number),
        }
    }
}

// `1.0` is not an integer here: the type has to match too, and other implementations may disagree about it.
fn integer(value: &Value) -> Option<i128> {
    value
        .as_i64()
        .map(i128::from)
        .or_else(|| value.as_u64().map(i128::from))
}
