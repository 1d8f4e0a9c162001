//! Claims paths: typed pointers into the claims of a credential (OpenID4VP 1.0 §7, SD-JWT VC claim paths).

use std::fmt;

use crate::encoding::record::{FromJson, Malformed, ToJson};
use serde_json::Value;

/// Longest path accepted.
pub const MAX_PATH: usize = 8;

/// One element of a claims path. Strings and numbers are different things: `"1"` is a key, `1` an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathElement {
    /// A member of an object.
    Key(String),
    /// An element of an array.
    Index(usize),
    /// All elements of an array (`null`).
    All,
}

/// A non-empty claims path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimsPath(Vec<PathElement>);

/// The path is empty, too long, or has an element that is neither a string, null nor a non-negative integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a claims path")]
pub struct BadPath;

/// The path cannot be applied to these claims (OpenID4VP 1.0 §7.1: the processing must be aborted).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claims path does not fit the claims")]
pub struct PathMismatch;

impl ClaimsPath {
    /// From elements; `None` when empty or longer than [`MAX_PATH`].
    #[must_use]
    pub fn new(elements: Vec<PathElement>) -> Option<Self> {
        (1..=MAX_PATH).contains(&elements.len()).then_some(Self(elements))
    }

    /// A path of object keys only.
    #[must_use]
    pub fn keys(keys: &[&str]) -> Option<Self> {
        Self::new(
            keys.iter()
                .map(|key| PathElement::Key((*key).to_owned()))
                .collect(),
        )
    }

    /// From its JSON form: an array of strings, nulls and non-negative integers.
    ///
    /// # Errors
    /// [`BadPath`].
    pub fn from_json(value: &Value) -> Result<Self, BadPath> {
        let elements = value.as_array().ok_or(BadPath)?;
        let elements = elements
            .iter()
            .map(|element| match element {
                Value::String(key) => Ok(PathElement::Key(key.clone())),
                Value::Null => Ok(PathElement::All),
                Value::Number(number) => number
                    .as_u64()
                    .and_then(|index| usize::try_from(index).ok())
                    .map(PathElement::Index)
                    .ok_or(BadPath),
                _ => Err(BadPath),
            })
            .collect::<Result<_, _>>()?;
        Self::new(elements).ok_or(BadPath)
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let element = |element: &PathElement| match element {
            PathElement::Key(key) => Value::from(key.as_str()),
            PathElement::Index(index) => Value::from(*index),
            PathElement::All => Value::Null,
        };
        Value::Array(self.0.iter().map(element).collect())
    }

    /// The elements.
    #[must_use]
    pub fn elements(&self) -> &[PathElement] {
        &self.0
    }

    /// True when a grant of `self` includes `other`: an equal element, `All` over an index, and a parent over its
    /// children.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.0.len() <= other.0.len()
            && self.0.iter().zip(&other.0).all(|(mine, theirs)| {
                mine == theirs || (*mine == PathElement::All && matches!(theirs, PathElement::Index(_)))
            })
    }

    /// Applies the path to `claims` and returns the selected values with their concrete paths (no `All`).
    ///
    /// # Errors
    /// [`PathMismatch`] as OpenID4VP 1.0 §7.1.1 says: a key on something that is not an object, `All` or an index
    /// on something that is not an array, or nothing selected.
    pub fn select<'v>(&self, claims: &'v Value) -> Result<Vec<(ClaimsPath, &'v Value)>, PathMismatch> {
        let mut selected: Vec<(Vec<PathElement>, &Value)> = vec![(Vec::new(), claims)];
        for element in &self.0 {
            let mut next = Vec::new();
            for (path, value) in selected {
                let mut push = |step: PathElement, child: &'v Value| {
                    let mut path = path.clone();
                    path.push(step);
                    next.push((path, child));
                };
                match element {
                    PathElement::Key(key) => {
                        if let Some(child) = value.as_object().ok_or(PathMismatch)?.get(key) {
                            push(PathElement::Key(key.clone()), child);
                        }
                    }
                    PathElement::Index(index) => {
                        if let Some(child) = value.as_array().ok_or(PathMismatch)?.get(*index) {
                            push(PathElement::Index(*index), child);
                        }
                    }
                    PathElement::All => {
                        for (index, child) in value.as_array().ok_or(PathMismatch)?.iter().enumerate() {
                            push(PathElement::Index(index), child);
                        }
                    }
                }
            }
            if next.is_empty() {
                return Err(PathMismatch);
            }
            selected = next;
        }
        Ok(selected
            .into_iter()
            .map(|(path, value)| (ClaimsPath(path), value))
            .collect())
    }
}

impl fmt::Display for ClaimsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

impl serde::Serialize for ClaimsPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for ClaimsPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).map_err(serde::de::Error::custom)
    }
}

impl ToJson for ClaimsPath {
    fn write_json(&self) -> Value {
        self.to_json()
    }
}

impl FromJson for ClaimsPath {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Self::from_json(&value).map_err(|_| Malformed("a claims path"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn select(path: Value, claims: &Value) -> Result<Vec<Value>, PathMismatch> {
        let path = ClaimsPath::from_json(&path).unwrap();
        path.select(claims)
            .map(|found| found.into_iter().map(|(_, value)| value.clone()).collect())
    }

    /// OpenID4VP 1.0 §7.3, the example of the section.
    #[test]
    fn openid4vp_section_7_3() {
        let claims = json!({
            "name": "Arthur Dent",
            "address": { "street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345" },
            "degrees": [{ "type": "Bachelor of Science" }, { "type": "Master of Science" }],
            "nationalities": ["British", "Betelgeusian"]
        });
        assert_eq!(select(json!(["name"]), &claims).unwrap(), [json!("Arthur Dent")]);
        assert_eq!(
            select(json!(["address", "street_address"]), &claims).unwrap(),
            [json!("42 Market Street")]
        );
        assert_eq!(
            select(json!(["nationalities", 1]), &claims).unwrap(),
            [json!("Betelgeusian")]
        );
        let types = select(json!(["degrees", null, "type"]), &claims).unwrap();
        assert_eq!(types, [json!("Bachelor of Science"), json!("Master of Science")]);
        assert_eq!(select(json!(["name", "x"]), &claims), Err(PathMismatch));
        assert_eq!(select(json!(["address", null]), &claims), Err(PathMismatch));
        assert_eq!(select(json!(["address", 0]), &claims), Err(PathMismatch));
        assert_eq!(select(json!(["nationalities", 7]), &claims), Err(PathMismatch));
        assert_eq!(select(json!(["nothing"]), &claims), Err(PathMismatch));
    }

    #[test]
    fn keys_and_indexes_differ() {
        for bad in [
            json!([]),
            json!([1.5]),
            json!([-1]),
            json!([true]),
            json!("a"),
            json!([["a"]]),
        ] {
            assert_eq!(ClaimsPath::from_json(&bad), Err(BadPath), "{bad}");
        }
        let p = |v: Value| ClaimsPath::from_json(&v).unwrap();
        assert!(p(json!(["a", null])).covers(&p(json!(["a", 3, "b"]))));
        assert!(p(json!(["a"])).covers(&p(json!(["a", "b"]))));
        assert!(!p(json!(["a", 1])).covers(&p(json!(["a", "1"]))));
        assert!(!p(json!(["a", null])).covers(&p(json!(["a", "b"]))));
        assert!(!p(json!(["a", "b"])).covers(&p(json!(["a"]))));
    }
}
