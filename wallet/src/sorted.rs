//! A map for small code: a vector in order of its keys. The standard map brings the browser 5 to 15 kB for every pair of
//! types it is used with.

use std::borrow::Borrow;

use assent_core::encoding::record::{self, FromJson, Malformed, Object, ToJson, Value};

/// Values by key, in order of the keys. An insertion at the end is cheap; one before it moves what follows, so what
/// others send in any number is put in order first ([`Sorted::from_unordered`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sorted<K, V>(Vec<(K, V)>);

impl<K: Ord, V> Sorted<K, V> {
    /// Without content.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// From pairs in any order. Of those with the same key one is kept, no matter which.
    pub(crate) fn from_unordered(mut pairs: Vec<(K, V)>) -> Self {
        pairs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        pairs.dedup_by(|(a, _), (b, _)| a == b);
        Self(pairs)
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Gives what was there under the key.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(at) => self.0.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Puts the other's content over this one's.
    pub(crate) fn extend(&mut self, other: Self) {
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
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, (K, V)> {
        self.0.iter()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
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

#[cfg(test)]
impl<K, V> Sorted<K, V> {
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
impl<K: Ord, V> std::ops::Index<&K> for Sorted<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        self.get(key).unwrap()
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
}
