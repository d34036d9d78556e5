//! Classes of texts: all texts split by which of some patterns they match, each class with one text of it.
//!
//! The patterns are laid into one automaton that shares their beginnings; the sets of its nodes that a text can lead to are its states,
//! found breadth first from the empty text. So a class is there only if a text is, and its text is one of the shortest.

mod automaton;
mod token;

use std::collections::HashMap;

use automaton::Automaton;
pub(crate) use token::{Chars, Token, Tokens, host, literal, path, peer, read_otherwise, text};

/// One class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextClass {
    /// The patterns that its texts match, by number, ascending.
    pub(crate) patterns: Vec<usize>,
    /// Whether its texts look as such texts usually do.
    pub(crate) plain: bool,
    /// One of them.
    pub(crate) witness: String,
}

/// Which texts there are.
#[derive(Debug, Clone)]
pub(crate) struct Domain<'d> {
    /// Those that can be.
    pub(crate) all: Tokens,
    /// Those that look as usual.
    pub(crate) plain: Tokens,
    /// Texts that make good examples.
    pub(crate) examples: Vec<std::borrow::Cow<'d, str>>,
}

/// That there are more states of the automaton, or more classes, than the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// Splits the texts of `domain` by `patterns`.
///
/// # Errors
/// That more than `states` or `classes` come up.
pub(crate) fn classes(
    patterns: &[Tokens],
    domain: &Domain<'_>,
    states: usize,
    classes: usize,
) -> Result<Vec<TextClass>, TooMany> {
    let patterns = Automaton::new(patterns);
    let there = Automaton::new(&[domain.all.clone(), domain.plain.clone()]);
    let mut found: HashMap<(Vec<usize>, bool), String> = HashMap::new();
    let mut explored = automaton::Explored::new(&[&there, &patterns], states);
    while let Some(accepted) = explored.next(|accepted| !accepted[0].is_empty())? {
        let [there, matched] = accepted.as_slice() else {
            break;
        };
        if !there.contains(&0) {
            continue;
        }
        let class = (matched.clone(), there.contains(&1));
        // The first text that comes to a class is one of its shortest.
        found.entry(class).or_insert_with(|| explored.text());
        if found.len() > classes {
            return Err(TooMany);
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
    // Neighbours look alike: that keeps diagrams small, and reports in an order that a reader can follow.
    classes.sort_by(|left, right| (&left.witness, &left.patterns).cmp(&(&right.witness, &right.patterns)));
    Ok(classes)
}

/// Whether a text matches a pattern.
pub(crate) fn matches(pattern: &Tokens, text: &str) -> bool {
    !Automaton::new(std::slice::from_ref(pattern))
        .accepts(text)
        .is_empty()
}
