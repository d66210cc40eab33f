//! A map that remembers what was used lately: when it is full, what was not used since it was last full is forgotten.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Two halves: new entries go to the young one; when that is full it becomes the old one, and the old one is dropped.
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// An empty one that holds at least `half` of what was used last, and at most twice that.
    pub fn new(half: usize) -> Recent<K, V> {
        Recent {
            young: HashMap::new(),
            old: HashMap::new(),
            half,
        }
    }

    /// What is remembered of `key`; it is used now.
    pub fn get<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    /// Remembers something.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
