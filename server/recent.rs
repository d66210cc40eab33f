//! A map that remembers what was used lately: when it is full, what was not used since it was last full is forgotten.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, RandomState};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Two halves: new entries go to the young one; when that is full it becomes the old one, and the old one is dropped.
/// A key is hashed once for both, by a hash that strangers who choose keys can't foresee.
pub struct Recent<K, V> {
    young: HashTable<(K, V)>,
    old: HashTable<(K, V)>,
    hasher: RandomState,
    half: usize,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// An empty one that holds at least `half` of what was used last, and at most twice that.
    pub fn new(half: usize) -> Recent<K, V> {
        Recent {
            young: HashTable::new(),
            old: HashTable::new(),
            hasher: RandomState::new(),
            half,
        }
    }

    /// What is remembered of `key`; it is used now.
    pub fn get<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let is_it = |(known, _): &(K, V)| known.borrow() == key;
        let young = match self.young.find_entry(hash, is_it) {
            Ok(found) => return Some(&mut found.into_mut().1),
            Err(absent) => absent.into_table(),
        };
        let (entry, _) = self.old.find_entry(hash, is_it).ok()?.remove();
        if young.len() >= self.half {
            self.old = std::mem::take(young);
        }
        let rehash = |(key, _): &(K, V)| self.hasher.hash_one(key);
        let kept = young.insert_unique(hash, entry, rehash);
        Some(&mut kept.into_mut().1)
    }

    /// Remembers something, in place of what was remembered of the same key.
    pub fn insert(&mut self, key: K, value: V) {
        let hash = self.hasher.hash_one(&key);
        let rehash = |(key, _): &(K, V)| self.hasher.hash_one(key);
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        match self.young.entry(hash, |(known, _)| *known == key, rehash) {
            Entry::Occupied(mut known) => known.get_mut().1 = value,
            Entry::Vacant(place) => {
                place.insert((key, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_used_stays() {
        let mut recent = Recent::new(2);
        for n in 0..100 {
            recent.insert(n, n);
            assert!(recent.get(&0).is_some(), "used all the time");
            assert!(recent.young.len() <= 3 && recent.old.len() <= 3);
        }
        assert!(recent.get(&1).is_none());
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_what_was_said_last(half in 1usize..5, uses in proptest::collection::vec((0u8..9, any::<bool>()), 0..80)) {
            let mut recent = Recent::new(half);
            // Keys with their last values, what was used last at the end.
            let mut known: Vec<(u8, usize)> = Vec::new();
            for (at, (key, is_said)) in uses.into_iter().enumerate() {
                if is_said {
                    recent.insert(key, at);
                    known.retain(|(other, _)| *other != key);
                    known.push((key, at));
                    continue;
                }
                let found = recent.get(&key).map(|value| *value);
                let Some(place) = known.iter().position(|(other, _)| *other == key) else {
                    prop_assert_eq!(found, None);
                    continue;
                };
                let last = known.remove(place);
                match found {
                    Some(value) => prop_assert_eq!(value, last.1),
                    None => prop_assert!(place + half <= known.len(), "used lately"),
                }
                if found.is_some() {
                    known.push(last);
                }
            }
        }
    }
}
