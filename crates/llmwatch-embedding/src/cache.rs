//! Vectors of texts seen before: the same system answers, prompts and canned refusals come again.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// Vectors kept: 4,096 × 384 × 4 bytes are 6.3 MB.
const CAPACITY: usize = 4_096;

/// Length and two independently keyed hashes: no text is kept, and none can be made to collide.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(usize, u64, u64);

/// A bounded map from text to vector; the oldest entry goes first.
pub(crate) struct Cache {
    hashers: [RandomState; 2],
    vectors: HashMap<Key, Vec<f32>>,
    oldest_first: VecDeque<Key>,
    capacity: usize,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            hashers: [RandomState::new(), RandomState::new()],
            vectors: HashMap::new(),
            oldest_first: VecDeque::new(),
            capacity,
        }
    }

    pub(crate) fn key(&self, text: &str) -> Key {
        let [first, second] = &self.hashers;
        Key(text.len(), first.hash_one(text), second.hash_one(text))
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Vec<f32>> {
        self.vectors.get(&key)
    }

    pub(crate) fn insert(&mut self, key: Key, vector: Vec<f32>) {
        if self.vectors.insert(key, vector).is_some() {
            return;
        }
        self.oldest_first.push_back(key);
        if self.oldest_first.len() > self.capacity
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.vectors.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn a_full_cache_forgets_the_oldest() {
        let mut cache = Cache::with_capacity(2);
        for (text, value) in [("a", 1.0), ("b", 2.0), ("a", 1.5), ("c", 3.0)] {
            cache.insert(cache.key(text), vec![value]);
        }
        let kept = ["a", "b", "c"].map(|text| cache.get(cache.key(text)).cloned());
        assert_eq!(kept, [None, Some(vec![2.0]), Some(vec![3.0])]);
    }
}
