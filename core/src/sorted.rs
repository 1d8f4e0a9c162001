//! A map and a set for small code: vectors in order. The standard ones bring the browser 1 to 3 kB, compressed, for every
//! pair of types they are used with.

use std::borrow::Borrow;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::encoding::record::{self, FromJson, Malformed, Object, ToJson, Value};

/// Values by key, in order of the keys. An insertion at the end is cheap; one before it moves what follows, so what
/// others send in any number is put in order first ([`Sorted::from_unordered`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sorted<K, V>(Vec<(K, V)>);

impl<K: Ord, V> Sorted<K, V> {
    /// Without content.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// From pairs in any order. Of those with the same key one is kept, no matter which.
    pub fn from_unordered(mut pairs: Vec<(K, V)>) -> Self {
        pairs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        pairs.dedup_by(|(a, _), (b, _)| a == b);
        Self(pairs)
    }

    /// The value under a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// The value under a key, to change it.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Whether there is such a key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Gives what was there under the key.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Takes a value out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Puts the other's content over this one's.
    pub fn extend(&mut self, other: Self) {
        for (key, value) in other.0 {
            self.insert(key, value);
        }
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

impl<K, V> Sorted<K, V> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values, in order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes out what is not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (K, V)> {
        self.0.iter()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K, V> IntoIterator for Sorted<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<V: FromJson> FromJson for Sorted<String, V> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        let mut out = Self::new();
        for (name, value) in record::object(value)? {
            out.insert(name, V::read_json(value)?);
        }
        Ok(out)
    }
}

impl<V: ToJson> ToJson for Sorted<String, V> {
    fn write_json(&self) -> Value {
        let mut out = Object::new();
        for (name, value) in self.iter() {
            record::put(&mut out, name, value.write_json());
        }
        Value::Object(out)
    }
}

impl<'s, K, V> IntoIterator for &'s Sorted<K, V> {
    type Item = &'s (K, V);
    type IntoIter = std::slice::Iter<'s, (K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Sorted<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::from_unordered(pairs.into_iter().collect())
    }
}

impl<V: Serialize> Serialize for Sorted<String, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Sorted<String, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(std::collections::BTreeMap::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

/// Values in order, each once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortedSet<T>(Vec<T>);

impl<T: Ord> SortedSet<T> {
    /// Without content.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// False when it was there.
    pub fn insert(&mut self, value: T) -> bool {
        match self.0.binary_search(&value) {
            Ok(_) => false,
            Err(at) => {
                self.0.insert(at, value);
                true
            }
        }
    }

    /// Whether it is there.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|known| known.borrow().cmp(value)).is_ok()
    }
}

impl<T> SortedSet<T> {
    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut values: Vec<T> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        Self(values)
    }
}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'s, T> IntoIterator for &'s SortedSet<T> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: FromJson + Ord> FromJson for SortedSet<T> {
    fn read_json(value: Value) -> Result<Self, Malformed> {
        Ok(Vec::<T>::read_json(value)?.into_iter().collect())
    }
}

impl<T: ToJson> ToJson for SortedSet<T> {
    fn write_json(&self) -> Value {
        self.0.write_json()
    }
}

impl<T: Serialize> Serialize for SortedSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for SortedSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_what_the_standard_map_does() {
        let mut ours = Sorted::new();
        let mut theirs = std::collections::BTreeMap::new();
        for step in 0_u32..2000 {
            let key = step.wrapping_mul(2_654_435_761) >> 25;
            if step % 3 == 0 {
                assert_eq!(ours.remove(&key), theirs.remove(&key));
            } else {
                assert_eq!(ours.insert(key, step), theirs.insert(key, step));
            }
            assert_eq!(ours.contains_key(&step), theirs.contains_key(&step));
            assert_eq!(ours.get(&key), theirs.get(&key));
            assert_eq!(ours.get_mut(&key), theirs.get_mut(&key));
        }
        ours.retain(|key, _| key % 2 == 0);
        theirs.retain(|key, _| key % 2 == 0);
        assert!(ours.keys().eq(theirs.keys()) && ours.values().eq(theirs.values()));
        assert!(ours.len() == theirs.len());
    }

    #[test]
    fn pairs_in_any_order_are_put_in_order() {
        let sorted = Sorted::from_unordered(vec![(3, 'c'), (1, 'a'), (2, 'b'), (1, 'a')]);
        assert_eq!(
            sorted.into_iter().collect::<Vec<_>>(),
            [(1, 'a'), (2, 'b'), (3, 'c')]
        );
    }

    #[test]
    fn does_what_the_standard_set_does() {
        let mut ours = SortedSet::new();
        let mut theirs = std::collections::BTreeSet::new();
        for step in 0_u32..500 {
            let value = step.wrapping_mul(2_654_435_761) >> 24;
            assert_eq!(ours.insert(value), theirs.insert(value));
            assert_eq!(ours.contains(&step), theirs.contains(&step));
        }
        assert!(ours.iter().eq(theirs.iter()));
        assert_eq!(ours, [3, 1, 3].into_iter().chain(theirs).collect());
    }
}
