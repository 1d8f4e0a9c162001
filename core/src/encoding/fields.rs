//! Reading the members of a JSON object, with an error that says where and what.

use std::fmt;

use serde_json::Value;

use super::json::Object;

/// A JSON object and the place it was found at, for error messages.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    object: &'a Object,
    at: &'a str,
}

/// What is wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Required, but not there.
    Missing,
    /// Of the wrong JSON type, or an empty string or list where something must be.
    WrongType,
    /// Longer than we accept.
    TooLong,
    /// Of the right type, but not a value that is allowed there.
    NotAllowed,
    /// Not a member we know, where unknown members are refused.
    Unknown,
}

/// A member that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FieldError {
    /// Where, e.g. `grants.authorization_code.issuer_state`.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is missing",
            Self::WrongType => "has the wrong type",
            Self::TooLong => "is too long",
            Self::NotAllowed => "is not an allowed value",
            Self::Unknown => "is not known",
        })
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.at)
    }
}

impl<'a> Fields<'a> {
    /// Fields of `object`, found at `at` (empty for the top level).
    #[must_use]
    pub fn new(object: &'a Object, at: &'a str) -> Self {
        Self { object, at }
    }

    /// Fields of a value that must be an object.
    ///
    /// # Errors
    /// [`Problem::WrongType`] at `at`.
    pub fn of(value: &'a Value, at: &'a str) -> Result<Self, FieldError> {
        match value {
            Value::Object(object) => Ok(Self { object, at }),
            _ => Err(FieldError {
                field: at.to_owned(),
                problem: Problem::WrongType,
            }),
        }
    }

    /// An error about the member `name`.
    #[must_use]
    pub fn error(&self, name: &str, problem: Problem) -> FieldError {
        FieldError {
            field: self.path(name),
            problem,
        }
    }

    /// The full path of the member `name`.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        if self.at.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.at)
        }
    }

    /// The underlying object.
    #[must_use]
    pub fn object(&self) -> &'a Object {
        self.object
    }

    /// The member as it is; JSON `null` is not taken for absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// A member that must be there.
    ///
    /// # Errors
    /// [`Problem::Missing`].
    pub fn required(&self, name: &str) -> Result<&'a Value, FieldError> {
        self.get(name).ok_or_else(|| self.error(name, Problem::Missing))
    }

    /// A non-empty string of at most `max` bytes, when present.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn opt_text(&self, name: &str, max: usize) -> Result<Option<&'a str>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() > max => Err(self.error(name, Problem::TooLong)),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(self.error(name, Problem::WrongType)),
        }
    }

    /// A non-empty string of at most `max` bytes.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn text(&self, name: &str, max: usize) -> Result<&'a str, FieldError> {
        self.opt_text(name, max)?
            .ok_or_else(|| self.error(name, Problem::Missing))
    }

    /// A boolean, when present.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn opt_bool(&self, name: &str) -> Result<Option<bool>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(self.error(name, Problem::WrongType)),
        }
    }

    /// A whole number from 0, when present.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn opt_u64(&self, name: &str) -> Result<Option<u64>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| self.error(name, Problem::WrongType)),
        }
    }

    /// A whole number of seconds since 1970 (RFC 7519 §2 `NumericDate`; fractions are refused).
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn timestamp(&self, name: &str) -> Result<crate::env::Timestamp, FieldError> {
        self.required(name)?
            .as_i64()
            .map(crate::env::Timestamp)
            .ok_or_else(|| self.error(name, Problem::WrongType))
    }

    /// An object, when present.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn opt_object(&self, name: &str) -> Result<Option<&'a Object>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(self.error(name, Problem::WrongType)),
        }
    }

    /// A list of at most `max` entries, when present; may be empty.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn opt_list(&self, name: &str, max: usize) -> Result<Option<&'a [Value]>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(list)) if list.len() > max => Err(self.error(name, Problem::TooLong)),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(self.error(name, Problem::WrongType)),
        }
    }

    /// A non-empty list of non-empty strings, at most `max` of at most `each` bytes, when present.
    ///
    /// # Errors
    /// [`FieldError`].
    pub fn opt_texts(&self, name: &str, max: usize, each: usize) -> Result<Option<Vec<String>>, FieldError> {
        let Some(list) = self.opt_list(name, max)? else {
            return Ok(None);
        };
        if list.is_empty() {
            return Err(self.error(name, Problem::WrongType));
        }
        list.iter()
            .map(|entry| match entry.as_str() {
                Some(text) if text.len() > each => Err(self.error(name, Problem::TooLong)),
                Some(text) if !text.is_empty() => Ok(text.to_owned()),
                _ => Err(self.error(name, Problem::WrongType)),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn says_where_and_what() {
        let value = json!({ "a": "", "b": "long", "c": [1], "d": null, "e": 1.5, "f": ["x", "y"], "n": 7 });
        let fields = Fields::of(&value, "top").unwrap();
        assert_eq!(
            fields.text("a", 9).unwrap_err().to_string(),
            "top.a: has the wrong type"
        );
        assert_eq!(fields.text("b", 3).unwrap_err().problem, Problem::TooLong);
        assert_eq!(fields.text("z", 3).unwrap_err().problem, Problem::Missing);
        assert_eq!(
            fields.opt_texts("c", 3, 3).unwrap_err().problem,
            Problem::WrongType
        );
        // `null` is a value, not an absence.
        assert_eq!(fields.opt_text("d", 3).unwrap_err().problem, Problem::WrongType);
        assert_eq!(fields.timestamp("e").unwrap_err().problem, Problem::WrongType);
        assert_eq!(fields.opt_texts("f", 1, 3).unwrap_err().problem, Problem::TooLong);
        assert_eq!(fields.opt_texts("f", 2, 3).unwrap().unwrap(), ["x", "y"]);
        assert_eq!(fields.opt_u64("n").unwrap(), Some(7));
    }
}
