//! Texts, and for each the rules that ask for it.

use hashbrown::HashTable;

use super::hash::Hash;
use super::list::List;

/// The rules by text, found by a hash that the caller has already.
#[derive(Debug, Clone, Default)]
pub(super) struct Table(HashTable<Entry>);

#[derive(Debug, Clone)]
struct Entry {
    hash: u64,
    text: Box<[u8]>,
    rules: List,
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, hash: Hash, text: &[u8], rule: usize) {
        let hash = hash.finish();
        let entry = self.0.entry(
            hash,
            |entry| entry.hash == hash && *entry.text == *text,
            |entry| entry.hash,
        );
        let mut entry = entry.or_insert_with(|| Entry {
            hash,
            text: text.into(),
            rules: List::default(),
        });
        entry.get_mut().rules.add(rule);
    }

    /// The rules of a text that has this hash and that `is` the one.
    pub(super) fn get(&self, hash: Hash, is: impl Fn(&[u8]) -> bool) -> Option<&List> {
        let hash = hash.finish();
        let entry = self.0.find(hash, |entry| entry.hash == hash && is(&entry.text));
        entry.map(|entry| &entry.rules)
    }

    /// Gives back what was taken for texts yet to come.
    pub(super) fn finish(&mut self) {
        self.0.shrink_to_fit(|entry| entry.hash);
        for entry in &mut self.0 {
            entry.rules.finish();
        }
    }
}
