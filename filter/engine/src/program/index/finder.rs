//! The rules that are found by one attribute.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::hash::Hash;
use super::key::{How, Key};
use super::list::List;
use super::table::Table;
use crate::pattern::Block;

/// What a value of the attribute finds. Each list that is found is ascending; a rule may be in several.
#[derive(Debug, Clone, Default)]
pub(super) struct Finder {
    exact: Table,
    longest_exact: usize,
    prefixes: Table,
    prefix_lengths: BTreeSet<usize>,
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

/// What is told of each list.
type Found<'i, 'f> = dyn FnMut(&'i List) + 'f;

impl Finder {
    pub(super) fn add(&mut self, key: &Key<'_>, rule: usize) {
        let text = &*key.text;
        let hash = Hash::of(text);
        match key.how {
            How::Exact => {
                self.longest_exact = self.longest_exact.max(text.len());
                self.exact.add(hash, text, rule);
            }
            How::Prefix => {
                self.prefix_lengths.insert(text.len());
                self.prefixes.add(hash, text, rule);
            }
            How::Suffix => {
                self.suffix_lengths.insert(text.len());
                self.suffixes.add(Hash::of(text.iter().rev()), text, rule);
            }
            How::Namespace => self.namespaces.add(hash, text, rule),
            How::ServiceAccount => self.service_accounts.add(hash, text, rule),
            How::TrustDomain => self.trust_domains.add(hash, text, rule),
            How::Block => {
                self.block_lengths.extend(text.first());
                self.blocks.add(hash, text, rule);
            }
            How::Any => self.any.add(rule),
        }
        self.all.add(rule);
    }

    /// Nothing more is added.
    pub(super) fn finish(&mut self) {
        for table in [
            &mut self.exact,
            &mut self.prefixes,
            &mut self.suffixes,
            &mut self.namespaces,
            &mut self.service_accounts,
            &mut self.trust_domains,
            &mut self.blocks,
        ] {
            table.finish();
        }
        self.any.finish();
        self.all.finish();
    }

    pub(super) fn all(&self) -> &List {
        &self.all
    }

    pub(super) fn lowest(&self) -> usize {
        self.all.rules().first().copied().unwrap_or(usize::MAX)
    }

    /// By a text.
    pub(super) fn text<'i>(&'i self, text: &[u8], found: &mut Found<'i, '_>) {
        self.folded(text, |byte| byte, found);
    }

    /// By a text, whose case does not matter.
    pub(super) fn text_ignoring_case<'i>(&'i self, text: &[u8], found: &mut Found<'i, '_>) {
        self.folded(text, |byte| byte.to_ascii_lowercase(), found);
    }

    fn folded<'i>(&'i self, text: &[u8], fold: impl Fn(u8) -> u8 + Copy, found: &mut Found<'i, '_>) {
        found(&self.any);
        let same = |key: &[u8], text: &[u8]| {
            key.len() == text.len() && key.iter().zip(text).all(|(key, byte)| *key == fold(*byte))
        };
        if text.len() <= self.longest_exact {
            let mut hash = Hash::EMPTY;
            text.iter().for_each(|byte| hash.push(fold(*byte)));
            let rules = self.exact.get(hash, |key| same(key, text));
            rules.into_iter().for_each(&mut *found);
        }
        let mut hash = Hash::EMPTY;
        let mut at = 0;
        for length in &self.prefix_lengths {
            let (Some(start), Some(next)) = (text.get(..*length), text.get(at..*length)) else {
                break;
            };
            next.iter().for_each(|byte| hash.push(fold(*byte)));
            at = *length;
            let rules = self.prefixes.get(hash, |key| same(key, start));
            rules.into_iter().for_each(&mut *found);
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
            rules.into_iter().for_each(&mut *found);
        }
    }

    /// By a name in the peer's certificate.
    pub(super) fn peer<'i>(&'i self, name: &[u8], found: &mut Found<'i, '_>) {
        self.text(name, found);
        if !self.trust_domains.is_empty() {
            let domain = name.strip_prefix(b"spiffe://").and_then(before_slash);
            let rules =
                domain.and_then(|domain| self.trust_domains.get(Hash::of(domain), |key| key == domain));
            rules.into_iter().for_each(&mut *found);
        }
        if self.namespaces.is_empty() && self.service_accounts.is_empty() {
            return;
        }
        for (namespace, rest) in after_each(name, b"/ns/") {
            // Where no slash follows, no namespace stands there.
            if rest.is_empty() {
                continue;
            }
            let rules = self.namespaces.get(Hash::of(namespace), |key| key == namespace);
            rules.into_iter().for_each(&mut *found);
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
                rules.into_iter().for_each(&mut *found);
            }
        }
    }

    /// By an address.
    pub(super) fn address<'i>(&'i self, address: IpAddr, found: &mut Found<'i, '_>) {
        for length in &self.block_lengths {
            if let Some(key) = Block::key_of(address, *length) {
                let rules = self.blocks.get(Hash::of(&key), |known| *known == key);
                rules.into_iter().for_each(&mut *found);
            }
        }
    }
}

/// The segment after each `mark` in `text`, and what follows it, its slash first.
fn after_each<'t>(text: &'t [u8], mark: &'static [u8]) -> impl Iterator<Item = (&'t [u8], &'t [u8])> {
    (0..text.len()).filter_map(move |at| {
        let rest = text.get(at..)?.strip_prefix(mark)?;
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        rest.split_at_checked(end)
    })
}

fn before_slash(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| *byte == b'/')?;
    text.get(..end)
}
