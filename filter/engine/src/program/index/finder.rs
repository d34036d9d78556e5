//! Finds rules by one attribute.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::ControlFlow;

use memchr::{memchr, memchr_iter};

use super::glance::Glance;
use super::hash::Hash;
use super::key::{Key, KeyMatch};
use super::list::List;
use super::table::Table;
use crate::bytes;
use crate::pattern::Block;

/// The rules by the values that they ask for. Rarely it finds more rules than that: texts are compared by a hash of 64
/// bits. Each list that is found is ascending; a rule may be in several.
#[derive(Debug, Clone, Default)]
pub(super) struct Finder {
    exact: Table,
    longest_exact: usize,
    prefixes: Table,
    prefix_lengths: BTreeSet<usize>,
    /// What all prefixes start with: most texts of others do not.
    start: Start,
    /// Hashed from their end.
    suffixes: Table,
    suffix_lengths: BTreeSet<usize>,
    namespaces: Table,
    service_accounts: Table,
    trust_domains: Table,
    blocks: Table,
    /// Families and lengths: the first byte of each key.
    block_lengths: BTreeSet<u8>,
    any: List,
    all: List,
}

/// The callback for each list; no more lists are looked for once it breaks off.
pub(super) type ListVisitor<'i, 'f> = dyn FnMut(&'i List) -> ControlFlow<()> + 'f;

impl Finder {
    /// One that finds nothing that was not asked for.
    pub(super) fn exact() -> Self {
        Self {
            exact: Table::exact(),
            prefixes: Table::exact(),
            suffixes: Table::exact(),
            namespaces: Table::exact(),
            service_accounts: Table::exact(),
            trust_domains: Table::exact(),
            blocks: Table::exact(),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, key: &Key<'_>, rule: usize) {
        let text = &*key.text;
        let hash = || Hash::of(text);
        match key.how {
            KeyMatch::Exact => {
                self.longest_exact = self.longest_exact.max(text.len());
                self.exact.add(Hash::whole(text, unfolded), text, rule);
            }
            KeyMatch::Prefix => {
                self.prefix_lengths.insert(text.len());
                self.start.shorten(text);
                self.prefixes.add(hash(), text, rule);
            }
            KeyMatch::Suffix => {
                self.suffix_lengths.insert(text.len());
                self.suffixes.add(Hash::of(text.iter().rev()), text, rule);
            }
            KeyMatch::Namespace => self.namespaces.add(hash(), text, rule),
            KeyMatch::ServiceAccount => self.service_accounts.add(hash(), text, rule),
            KeyMatch::TrustDomain => self.trust_domains.add(hash(), text, rule),
            KeyMatch::Block => {
                self.block_lengths.extend(text.first());
                self.blocks.add(hash(), text, rule);
            }
            KeyMatch::Any => self.any.add(rule),
        }
        self.all.add(rule);
    }

    /// Nothing more is added. `glances` are of all rules, or of none.
    pub(super) fn finish(&mut self, glances: &[Glance]) {
        for table in [
            &mut self.exact,
            &mut self.prefixes,
            &mut self.suffixes,
            &mut self.namespaces,
            &mut self.service_accounts,
            &mut self.trust_domains,
            &mut self.blocks,
        ] {
            table.finish(glances);
        }
        self.any.finish(glances);
        self.all.finish(&[]);
    }

    pub(super) fn all(&self) -> &List {
        &self.all
    }

    pub(super) fn lowest(&self) -> usize {
        self.all.rules().first().copied().unwrap_or(usize::MAX)
    }

    /// By a text.
    pub(super) fn text<'i>(&'i self, text: &[u8], found: &mut ListVisitor<'i, '_>) -> ControlFlow<()> {
        self.folded(text, unfolded, bytes::same, found)
    }

    /// By a text, whose case does not matter.
    pub(super) fn text_ignoring_case<'i>(
        &'i self,
        text: &[u8],
        found: &mut ListVisitor<'i, '_>,
    ) -> ControlFlow<()> {
        let same = |key: &[u8], text: &[u8]| {
            key.len() == text.len()
                && key
                    .iter()
                    .zip(text)
                    .all(|(key, byte)| *key == byte.to_ascii_lowercase())
        };
        self.folded(text, |byte| byte.to_ascii_lowercase(), same, found)
    }

    fn folded<'i>(
        &'i self,
        text: &[u8],
        fold: impl Fn(u8) -> u8 + Copy,
        same: impl Fn(&[u8], &[u8]) -> bool,
        found: &mut ListVisitor<'i, '_>,
    ) -> ControlFlow<()> {
        found(&self.any)?;
        if text.len() <= self.longest_exact {
            let rules = self.exact.get(Hash::whole(text, fold), |key| same(key, text));
            rules.map_or(ControlFlow::Continue(()), &mut *found)?;
        }
        let starts_alike = text
            .get(..self.start.text().len())
            .is_some_and(|start| same(self.start.text(), start));
        if starts_alike {
            let mut hash = Hash::EMPTY;
            let mut at = 0;
            for length in &self.prefix_lengths {
                let (Some(start), Some(next)) = (text.get(..*length), text.get(at..*length)) else {
                    break;
                };
                next.iter().for_each(|byte| hash.push(fold(*byte)));
                at = *length;
                let rules = self.prefixes.get(hash, |key| same(key, start));
                rules.map_or(ControlFlow::Continue(()), &mut *found)?;
            }
        }
        let mut hash = Hash::EMPTY;
        let mut rest = text;
        for length in &self.suffix_lengths {
            let Some(from) = text.len().checked_sub(*length) else {
                break;
            };
            let (Some((before, next)), Some(end)) = (rest.split_at_checked(from), text.get(from..)) else {
                break;
            };
            next.iter().rev().for_each(|byte| hash.push(fold(*byte)));
            rest = before;
            let rules = self.suffixes.get(hash, |key| same(key, end));
            rules.map_or(ControlFlow::Continue(()), &mut *found)?;
        }
        ControlFlow::Continue(())
    }

    /// By a name in the peer's certificate.
    pub(super) fn peer<'i>(&'i self, name: &[u8], found: &mut ListVisitor<'i, '_>) -> ControlFlow<()> {
        self.text(name, found)?;
        if !self.trust_domains.is_empty() {
            let domain = name.strip_prefix(b"spiffe://").and_then(before_slash);
            let rules =
                domain.and_then(|domain| self.trust_domains.get(Hash::of(domain), |key| key == domain));
            rules.map_or(ControlFlow::Continue(()), &mut *found)?;
        }
        if self.namespaces.is_empty() && self.service_accounts.is_empty() {
            return ControlFlow::Continue(());
        }
        for (namespace, rest) in after_each(name, b"/ns/") {
            // Where no slash follows, no namespace stands there.
            if rest.is_empty() {
                continue;
            }
            let rules = self.namespaces.get(Hash::of(namespace), |key| key == namespace);
            rules.map_or(ControlFlow::Continue(()), &mut *found)?;
            if self.service_accounts.is_empty() {
                continue;
            }
            for (account, _) in after_each(rest, b"/sa/") {
                let mut hash = Hash::of(namespace);
                hash.push(b'/');
                hash.extend(account);
                let is = |key: &[u8]| {
                    let name = key
                        .strip_prefix(namespace)
                        .and_then(|rest| rest.strip_prefix(b"/"));
                    name == Some(account)
                };
                let rules = self.service_accounts.get(hash, is);
                rules.map_or(ControlFlow::Continue(()), &mut *found)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// By an address.
    pub(super) fn address<'i>(&'i self, address: IpAddr, found: &mut ListVisitor<'i, '_>) -> ControlFlow<()> {
        for length in &self.block_lengths {
            if let Some(key) = Block::key_of(address, *length) {
                let rules = self.blocks.get(Hash::of(&key), |known| *known == key);
                rules.map_or(ControlFlow::Continue(()), &mut *found)?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// As it is.
fn unfolded(byte: u8) -> u8 {
    byte
}

/// The segment after each `mark`, which starts with a slash, in `text`, and what follows it, its slash first.
fn after_each<'t>(text: &'t [u8], mark: &'static [u8]) -> impl Iterator<Item = (&'t [u8], &'t [u8])> {
    memchr_iter(b'/', text).filter_map(move |at| {
        let rest = text.get(at..)?.strip_prefix(mark)?;
        let end = memchr(b'/', rest).unwrap_or(rest.len());
        rest.split_at_checked(end)
    })
}

fn before_slash(text: &[u8]) -> Option<&[u8]> {
    text.get(..memchr(b'/', text)?)
}

/// What several texts start with.
#[derive(Debug, Clone, Default)]
struct Start(Option<Box<[u8]>>);

impl Start {
    fn text(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// One more text.
    fn shorten(&mut self, text: &[u8]) {
        let common = match &self.0 {
            None => text.len(),
            Some(start) => start
                .iter()
                .zip(text)
                .take_while(|(one, other)| one == other)
                .count(),
        };
        if self.0.as_ref().is_none_or(|start| start.len() > common) {
            self.0 = text.get(..common).map(Box::from);
        }
    }
}
