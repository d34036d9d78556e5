//! A table of texts, with the rules that ask for each.

use hashbrown::HashTable;

use super::glance::Glance;
use super::hash::Hash;
use super::list::List;

/// The rules by text, found by a hash that the caller has already.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    entries: HashTable<Entry>,
    /// Whether texts are compared in full. Otherwise texts are not kept, and two that share a hash find the rules of both.
    exact: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    hash: u64,
    text: Box<[u8]>,
    rules: List,
}

impl Table {
    pub(super) fn exact() -> Self {
        Self {
            exact: true,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn add(&mut self, hash: Hash, text: &[u8], rule: usize) {
        let hash = hash.finish();
        let text = if self.exact { text } else { &[] };
        let entry = self.entries.entry(
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

    /// The rules of a text that has this hash; of an exact table, those of the text that `is` the one.
    pub(super) fn get(&self, hash: Hash, is: impl Fn(&[u8]) -> bool) -> Option<&List> {
        let hash = hash.finish();
        let found = |entry: &Entry| entry.hash == hash && (!self.exact || is(&entry.text));
        self.entries.find(hash, found).map(|entry| &entry.rules)
    }

    /// Gives back what was taken for texts yet to come.
    pub(super) fn finish(&mut self, glances: &[Glance]) {
        self.entries.shrink_to_fit(|entry| entry.hash);
        for entry in &mut self.entries {
            entry.rules.finish(glances);
        }
    }
}
