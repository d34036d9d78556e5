//! Classes of texts: all texts split by which of some patterns they match, with a sample text for each class.
//!
//! The patterns are merged into one automaton that shares their beginnings. Its states are the sets of nodes that a text can lead
//! to, found breadth first from the empty text. So a class exists only if a text does, and its sample is one of the shortest.

mod automaton;
mod strict_path;
mod token;

use std::collections::HashMap;

use automaton::Automaton;
pub(crate) use strict_path::read_otherwise;
pub(crate) use token::{CharSet, Token, Tokens, host, literal, path, peer, text};

/// A class of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextClass {
    /// The numbers of the patterns that its texts match, ascending.
    pub(crate) patterns: Vec<usize>,
    /// Whether its texts look ordinary.
    pub(crate) plain: bool,
    /// A sample text.
    pub(crate) witness: String,
}

/// The texts that are possible.
#[derive(Debug, Clone)]
pub(crate) struct Domain<'d> {
    /// All possible texts.
    pub(crate) all: Tokens,
    /// Those that look ordinary.
    pub(crate) plain: Tokens,
    /// Texts that make good examples.
    pub(crate) examples: Vec<std::borrow::Cow<'d, str>>,
}

/// The automaton has more states, or there are more classes, than the limits allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SizeLimitExceeded;

/// Splits the texts of `domain` by `patterns`.
///
/// # Errors
/// If there are more than `states` states or `classes` classes.
pub(crate) fn classes(
    patterns: &[Tokens],
    domain: &Domain<'_>,
    states: usize,
    classes: usize,
) -> Result<Vec<TextClass>, SizeLimitExceeded> {
    let patterns = Automaton::new(patterns);
    let there = Automaton::new(&[domain.all.clone(), domain.plain.clone()]);
    let mut found: HashMap<(Vec<usize>, bool), String> = HashMap::new();
    let mut explored = automaton::Exploration::new(&[&there, &patterns], states);
    while let Some(accepted) = explored.next(|accepted| !accepted[0].is_empty())? {
        let [there, matched] = accepted.as_slice() else {
            break;
        };
        if !there.contains(&0) {
            continue;
        }
        let class = (matched.clone(), there.contains(&1));
        // The first text in a class is one of its shortest.
        found.entry(class).or_insert_with(|| explored.text());
        if found.len() > classes {
            return Err(SizeLimitExceeded);
        }
    }
    for example in &domain.examples {
        let there = there.accepts(example);
        if there.contains(&0)
            && let Some(witness) = found.get_mut(&(patterns.accepts(example), there.contains(&1)))
        {
            example.as_ref().clone_into(witness);
        }
    }
    let mut classes: Vec<TextClass> = found
        .into_iter()
        .map(|((patterns, plain), witness)| TextClass {
            patterns,
            plain,
            witness,
        })
        .collect();
    // Neighbours are similar: that keeps diagrams small, and puts reports in an order that a reader can follow.
    classes.sort_by(|left, right| (&left.witness, &left.patterns).cmp(&(&right.witness, &right.patterns)));
    Ok(classes)
}

/// Whether a text matches a pattern.
pub(crate) fn matches(pattern: &Tokens, text: &str) -> bool {
    !Automaton::new(std::slice::from_ref(pattern))
        .accepts(text)
        .is_empty()
}
