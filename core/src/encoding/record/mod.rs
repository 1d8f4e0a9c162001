//! Types to JSON values and back, as [`FromJson`] and [`ToJson`].
//!
//! serde writes the code of every type once for every data format and for every way into it. The browser has one
//! format and one way, a [`Value`] that was read strictly ([`super::json`]), so that this is a third of the size
//! (`specs/decisions/0017-json-without-format-generics.md`). The derives understand the `serde` attributes.

use std::collections::{BTreeMap, BTreeSet};

pub use assent_json_derive::{FromJson, ToJson};
pub use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

pub use super::json::Object;

/// The value is not of the shape that is wanted; names the member or type that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing, unknown or of the wrong kind")]
pub struct Malformed(pub &'static str);

/// Made from a JSON value. What serde's derive accepts from a value is accepted, and nothing else, except that
/// objects are never read from arrays.
pub trait FromJson: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// [`Malformed`].
    fn read_json(value: Value) -> Result<Self, Malformed>;

    /// What an absent member stands for; `None` when it must be there.
    #[must_use]
    fn when_absent() -> Option<Self> {
        None
    }
}

/// Written as a JSON value.
pub trait ToJson {
    /// Writes it.
    #[must_use]
    fn write_json(&self) -> Value;

    /// Writes it as a member of an object.
    #[inline(never)]
    fn put_json(&self, object: &mut Object, name: &str) {
        put(object, name, self.write_json());
    }
}

/// The value as an object.
///
/// # Errors
/// [`Malformed`].
#[inline(never)]
pub fn object(value: Value) -> Result<Object, Malformed> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Malformed("an object")),
    }
}

/// The members of an object that is being read, and the first thing that was wrong with it. After that, nothing more is
/// read.
#[derive(Debug)]
pub struct Members {
    left: Object,
    problem: Option<&'static str>,
}

impl Members {
    /// Of an object.
    #[inline(never)]
    #[must_use]
    pub fn of(value: Value) -> Self {
        match value {
            Value::Object(left) => Self { left, problem: None },
            _ => Self {
                left: Object::new(),
                problem: Some("an object"),
            },
        }
    }

    /// Takes a member out. `None` when something is wrong.
    #[inline(never)]
    pub fn member<T: FromJson>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name)? {
            Some(value) => self.good(T::read_json(value)),
            None => self.good(T::when_absent().ok_or(Malformed(name))),
        }
    }

    /// Takes a member out; its default when absent. `None` when something is wrong.
    #[inline(never)]
    pub fn member_or_default<T: FromJson + Default>(&mut self, name: &'static str) -> Option<T> {
        match self.take(name)? {
            Some(value) => self.good(T::read_json(value)),
            None => Some(T::default()),
        }
    }

    /// Takes the member out that says which variant it is: its place among the names, their number for any other.
    ///
    /// # Errors
    /// [`Malformed`] when there is no such member, or it is not a text.
    #[inline(never)]
    pub fn variant(&mut self, tag: &'static str, names: &[&str]) -> Result<usize, Malformed> {
        match self.take(tag) {
            Some(Some(value)) => variant(value, names),
            Some(None) => Err(Malformed(tag)),
            None => Err(Malformed(self.problem.unwrap_or_default())),
        }
    }

    /// That every member was taken.
    #[inline(never)]
    pub fn nothing_left(&mut self) {
        if self.problem.is_none() && !self.left.is_empty() {
            self.problem = Some("a member that does not belong here");
        }
    }

    /// What was wrong.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        self.problem
    }

    // One copy of it: it is in the way of each member of each type.
    #[inline(never)]
    fn take(&mut self, name: &str) -> Option<Option<Value>> {
        match self.problem {
            None => Some(self.left.remove(name)),
            Some(_) => None,
        }
    }

    fn good<T>(&mut self, read: Result<T, Malformed>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(Malformed(problem)) => {
                self.problem = Some(problem);
                None
            }
        }
    }
}

/// The place of a text among the names; their number when it is none of them.
///
/// # Errors
/// [`Malformed`] when it is not a text.
#[inline(never)]
pub fn variant(value: Value, names: &[&str]) -> Result<usize, Malformed> {
    let text = String::read_json(value)?;
    Ok(names.iter().position(|name| *name == text).unwrap_or(names.len()))
}

/// Adds a member.
#[inline(never)]
pub fn put(object: &mut Object, name: &str, value: Value) {
    object.insert(name.to_owned(), value);
}

/// Adds a text.
#[inline(never)]
pub fn put_text(object: &mut Object, name: &str, content: &str) {
    put(object, name, text(content));
}

/// A text.
#[must_use]
#[inline(never)]
pub fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// The value as JSON text, without spaces.
#[must_use]
#[inline(never)]
pub fn to_text(value: &Value) -> String {
    value.to_string()
}

/// An object from pairs of name and expression: `record!({ "a": 1, "b": name })`.
#[macro_export]
macro_rules! record {
    ({ $($name:literal : $value:expr),+ $(,)? }) => {{
        let mut object = $crate::encoding::record::Object::new();
        $($crate::encoding::record::ToJson::put_json(&$value, &mut object, $name);)+
        $crate::encoding::record::Value::Object(object)
    }};
}

impl FromJson for Value {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Ok(value)
    }
}

impl ToJson for Value {
    fn write_json(&self) -> Value {
        self.clone()
    }
}

impl FromJson for Object {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        object(value)
    }
}

impl ToJson for Object {
    fn write_json(&self) -> Value {
        Value::Object(self.clone())
    }
}

impl FromJson for String {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(Malformed("a text")),
        }
    }
}

impl ToJson for String {
    fn write_json(&self) -> Value {
        text(self)
    }

    fn put_json(&self, object: &mut Object, name: &str) {
        put_text(object, name, self);
    }
}

impl ToJson for str {
    fn write_json(&self) -> Value {
        text(self)
    }

    fn put_json(&self, object: &mut Object, name: &str) {
        put_text(object, name, self);
    }
}

impl FromJson for bool {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        match value {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Malformed("true or false")),
        }
    }
}

impl ToJson for bool {
    fn write_json(&self) -> Value {
        Value::Bool(*self)
    }
}

fn unsigned(value: &Value) -> Result<u64, Malformed> {
    value.as_u64().ok_or(Malformed("a whole number"))
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl FromJson for $number {
            fn read_json(value: Value) -> Result<Self, Malformed> {
                Self::try_from(unsigned(&value)?).map_err(|_| Malformed("a smaller number"))
            }
        }

        impl ToJson for $number {
            fn write_json(&self) -> Value {
                Value::from(*self)
            }
        }
    )*};
}

whole_numbers!(u8, u16, u32, u64, usize);

impl FromJson for i64 {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        value.as_i64().ok_or(Malformed("a whole number"))
    }
}

impl ToJson for i64 {
    fn write_json(&self) -> Value {
        Value::from(*self)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        match value {
            Value::Null => Ok(None),
            value => T::read_json(value).map(Some),
        }
    }

    fn when_absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn write_json(&self) -> Value {
        match self {
            Some(value) => value.write_json(),
            None => Value::Null,
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        let Value::Array(items) = value else {
            return Err(Malformed("a list"));
        };
        let mut out = Self::with_capacity(items.len());
        for item in items {
            out.push(T::read_json(item)?);
        }
        Ok(out)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write_json(&self) -> Value {
        let mut out = Vec::with_capacity(self.len());
        for item in self {
            out.push(item.write_json());
        }
        Value::Array(out)
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write_json(&self) -> Value {
        self.as_slice().write_json()
    }
}

impl<T: FromJson + Ord> FromJson for BTreeSet<T> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        let mut out = Self::new();
        for item in Vec::<T>::read_json(value)? {
            out.insert(item);
        }
        Ok(out)
    }
}

impl<T: ToJson> ToJson for BTreeSet<T> {
    fn write_json(&self) -> Value {
        let mut out = Vec::with_capacity(self.len());
        for item in self {
            out.push(item.write_json());
        }
        Value::Array(out)
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        let mut out = Self::new();
        for (name, value) in object(value)? {
            out.insert(name, T::read_json(value)?);
        }
        Ok(out)
    }
}

impl<T: ToJson> ToJson for BTreeMap<String, T> {
    fn write_json(&self) -> Value {
        let mut out = Object::new();
        for (name, value) in self {
            put(&mut out, name, value.write_json());
        }
        Value::Object(out)
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        T::read_json(value).map(Self::new)
    }
}

impl<T: ToJson + ?Sized> ToJson for Box<T> {
    fn write_json(&self) -> Value {
        (**self).write_json()
    }

    fn put_json(&self, object: &mut Object, name: &str) {
        (**self).put_json(object, name);
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write_json(&self) -> Value {
        (**self).write_json()
    }

    fn put_json(&self, object: &mut Object, name: &str) {
        (**self).put_json(object, name);
    }
}

impl<T: FromJson + Zeroize> FromJson for Zeroizing<T> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        T::read_json(value).map(Self::new)
    }
}

impl<T: ToJson + Zeroize> ToJson for Zeroizing<T> {
    fn write_json(&self) -> Value {
        (**self).write_json()
    }

    fn put_json(&self, object: &mut Object, name: &str) {
        (**self).put_json(object, name);
    }
}

impl<A: FromJson, B: FromJson> FromJson for (A, B) {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        let Value::Array(items) = value else {
            return Err(Malformed("a pair"));
        };
        let Ok([a, b]) = <[Value; 2]>::try_from(items) else {
            return Err(Malformed("a pair"));
        };
        Ok((A::read_json(a)?, B::read_json(b)?))
    }
}

impl<A: ToJson, B: ToJson> ToJson for (A, B) {
    fn write_json(&self) -> Value {
        Value::Array(vec![self.0.write_json(), self.1.write_json()])
    }
}

#[cfg(test)]
mod tests;
