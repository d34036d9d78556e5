//! The automaton of many patterns, and the exploration of the texts that it can distinguish.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use super::SizeLimitExceeded;
use super::token::{CharSet, Token, Tokens};

/// Patterns as a tree of tokens: patterns with a common beginning share its nodes.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    nodes: Vec<PatternNode>,
    /// The sets of characters that some token uses.
    sets: Vec<CharSet>,
}

#[derive(Debug, Default)]
struct PatternNode {
    /// Characters that do not leave the node.
    stays: Option<CharSet>,
    by_char: HashMap<char, usize>,
    /// Transitions on a letter of either case, here in lower case.
    by_letter: HashMap<char, usize>,
    by_set: Vec<(CharSet, usize)>,
    /// Nodes reached without a character: `Many` may match no characters.
    free: Vec<(CharSet, usize)>,
    /// The patterns that end here.
    ends: Vec<usize>,
    /// The patterns that end here or later.
    leads_to: Vec<usize>,
    /// The node that stands for this one: one of several that nothing leaves and that end the same patterns.
    same_as: Option<usize>,
}

impl PatternNode {
    /// Whether no character leaves it, so that all that follows is accepted.
    fn is_final(&self) -> bool {
        let is_leaf = self.by_char.is_empty() && self.by_letter.is_empty() && self.by_set.is_empty();
        is_leaf && self.free.is_empty() && self.stays == Some(CharSet::Any)
    }

    fn next(&self) -> impl Iterator<Item = usize> {
        let named = self.by_char.values().chain(self.by_letter.values()).copied();
        let sets = self.by_set.iter().chain(&self.free).map(|(_, to)| *to);
        named.chain(sets)
    }
}

/// The nodes that a text leads to, ascending.
type Active = Vec<usize>;

impl Automaton {
    pub(super) fn new(patterns: &[Tokens]) -> Self {
        let mut automaton = Self {
            nodes: vec![PatternNode::default()],
            sets: Vec::new(),
        };
        for (number, pattern) in patterns.iter().enumerate() {
            for tokens in pattern {
                let end = tokens.iter().fold(0, |node, token| automaton.step(node, *token));
                let ends = &mut automaton.nodes[end].ends;
                if ends.last() != Some(&number) {
                    ends.push(number);
                }
            }
        }
        automaton.find_what_follows();
        automaton
    }

    /// Sets `leads_to` and `same_as`. A node comes before those that it leads to.
    fn find_what_follows(&mut self) {
        let mut finals: HashMap<Vec<usize>, usize> = HashMap::new();
        for index in (0..self.nodes.len()).rev() {
            let node = &self.nodes[index];
            let later = node.next().flat_map(|next| &self.nodes[next].leads_to);
            let mut leads_to: Vec<usize> = later.chain(&node.ends).copied().collect();
            leads_to.sort_unstable();
            leads_to.dedup();
            let same_as = node
                .is_final()
                .then(|| *finals.entry(node.ends.clone()).or_insert(index));
            let node = &mut self.nodes[index];
            node.leads_to = leads_to;
            node.same_as = same_as;
        }
    }

    /// The node after a token, created if it does not exist.
    fn step(&mut self, from: usize, token: Token) -> usize {
        let new = self.nodes.len();
        let node = &mut self.nodes[from];
        let mut stays = None;
        let to = match token {
            Token::Char(ch) => *node.by_char.entry(ch).or_insert(new),
            Token::AnyCase(ch) => *node.by_letter.entry(ch).or_insert(new),
            Token::One(set) => find_or(&mut node.by_set, set, new),
            Token::Many(set) => {
                stays = Some(set);
                find_or(&mut node.free, set, new)
            }
        };
        if let Token::One(set) | Token::Many(set) = token
            && !self.sets.contains(&set)
        {
            self.sets.push(set);
        }
        if to == new {
            self.nodes.push(PatternNode {
                stays,
                ..PatternNode::default()
            });
        }
        to
    }

    fn start(&self) -> Active {
        let mut active = Vec::new();
        self.enter(0, &mut active);
        self.settle(active)
    }

    /// Enters a node, and those reached from it without a character.
    fn enter(&self, node: usize, active: &mut Active) {
        let node = self.nodes[node].same_as.unwrap_or(node);
        if active.contains(&node) {
            return;
        }
        active.push(node);
        for (_, free) in &self.nodes[node].free {
            self.enter(*free, active);
        }
    }

    fn after(&self, active: &Active, ch: char) -> Active {
        let mut next = Vec::new();
        for node in active {
            let PatternNode {
                stays,
                by_char,
                by_letter,
                by_set,
                ..
            } = &self.nodes[*node];
            if stays.is_some_and(|set| set.contain(ch)) {
                self.enter(*node, &mut next);
            }
            let by_char = by_char.get(&ch);
            let by_letter = by_letter.get(&ch.to_ascii_lowercase());
            for to in by_char.into_iter().chain(by_letter) {
                self.enter(*to, &mut next);
            }
            for (set, to) in by_set {
                if set.contain(ch) {
                    self.enter(*to, &mut next);
                }
            }
        }
        self.settle(next)
    }

    /// Removes the nodes that can only lead to patterns that are accepted whatever follows: they would separate texts
    /// that are alike.
    fn settle(&self, mut active: Active) -> Active {
        let finals = active.iter().filter(|node| self.nodes[**node].same_as.is_some());
        let certain: HashSet<usize> = finals
            .flat_map(|node| self.nodes[*node].ends.iter().copied())
            .collect();
        if !certain.is_empty() {
            active.retain(|node| {
                let node = &self.nodes[*node];
                node.same_as.is_some() || !node.leads_to.iter().all(|pattern| certain.contains(pattern))
            });
        }
        active.sort_unstable();
        active
    }

    fn ends(&self, active: &Active) -> Vec<usize> {
        let mut ends: Vec<usize> = active
            .iter()
            .flat_map(|node| self.nodes[*node].ends.iter().copied())
            .collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// The patterns that a text matches.
    pub(super) fn accepts(&self, text: &str) -> Vec<usize> {
        let active = text
            .chars()
            .fold(self.start(), |active, ch| self.after(&active, ch));
        self.ends(&active)
    }

    /// The characters that lead from these nodes to where no other character leads.
    fn named(&self, active: &Active, named: &mut Vec<char>) {
        for node in active {
            let node = &self.nodes[*node];
            named.extend(node.by_char.keys());
            for letter in node.by_letter.keys() {
                named.extend([*letter, letter.to_ascii_uppercase()]);
            }
        }
    }
}

fn find_or(edges: &mut Vec<(CharSet, usize)>, set: CharSet, new: usize) -> usize {
    let known = edges.iter().find(|(known, _)| *known == set).map(|(_, to)| *to);
    known.unwrap_or_else(|| {
        edges.push((set, new));
        new
    })
}

/// The characters to try where no pattern names one, best examples first; each [`CharSet`] contains at least one, unless it is empty.
fn others() -> impl Iterator<Item = char> {
    let letters = ('x'..='z').chain('a'..='w').chain('A'..='Z');
    let digits = '0'..='9';
    let marks = (' '..='~').filter(|ch| !ch.is_ascii_alphanumeric());
    let first_beyond = *BEYOND.start();
    letters.chain(digits).chain(marks).chain([first_beyond, '\n'])
}

/// Characters beyond ASCII, which every [`CharSet`] treats alike: one that no pattern names is found among so many.
const BEYOND: RangeInclusive<char> = '\u{e0}'..='\u{2fff}';

/// The first of some characters that is not among `named`, which is sorted. The first character beyond ASCII stands for all of them.
fn unnamed(alike: &[char], named: &[char]) -> Option<char> {
    let is_free = |ch: &char| named.binary_search(ch).is_err();
    let beyond = alike.contains(BEYOND.start()).then_some(BEYOND);
    let mut all = alike.iter().copied().chain(beyond.into_iter().flatten());
    all.find(is_free)
}

/// The states that texts lead to, breadth first.
pub(super) struct Exploration<'a> {
    automata: Vec<&'a Automaton>,
    states: Vec<State>,
    known: HashMap<Vec<Active>, ()>,
    current: usize,
    limit: usize,
    /// Characters that all sets treat alike, best first.
    alike: Vec<Vec<char>>,
}

struct State {
    active: Vec<Active>,
    /// The previous state and the character from there; `None` for the empty text.
    from: Option<(usize, char)>,
}

impl<'a> Exploration<'a> {
    pub(super) fn new(automata: &[&'a Automaton], limit: usize) -> Self {
        let mut alike: Vec<Vec<char>> = Vec::new();
        let mut places: HashMap<Vec<bool>, usize> = HashMap::new();
        for ch in others() {
            let sets = automata.iter().flat_map(|automaton| &automaton.sets);
            let place = *places
                .entry(sets.map(|set| set.contain(ch)).collect())
                .or_insert(alike.len());
            if place == alike.len() {
                alike.push(Vec::new());
            }
            alike[place].push(ch);
        }
        let start: Vec<Active> = automata.iter().map(|automaton| automaton.start()).collect();
        Self {
            automata: automata.to_vec(),
            known: HashMap::from([(start.clone(), ())]),
            states: vec![State {
                active: start,
                from: None,
            }],
            current: 0,
            limit,
            alike,
        }
    }

    /// The patterns that each automaton accepts in the next state; `None` when there are no more. States whose nodes are not
    /// `alive` are not followed further.
    pub(super) fn next(
        &mut self,
        alive: impl Fn(&[Active]) -> bool,
    ) -> Result<Option<Vec<Vec<usize>>>, SizeLimitExceeded> {
        let Some(state) = self.states.get(self.current) else {
            return Ok(None);
        };
        let active = state.active.clone();
        let mut named = Vec::new();
        for (automaton, active) in self.automata.iter().zip(&active) {
            automaton.named(active, &mut named);
        }
        named.sort_unstable();
        named.dedup();
        let others = self.alike.iter().filter_map(|group| unnamed(group, &named));
        let steps: Vec<char> = others.chain(named.iter().copied()).collect();
        for ch in steps {
            let after: Vec<Active> = self
                .automata
                .iter()
                .zip(&active)
                .map(|(automaton, active)| automaton.after(active, ch))
                .collect();
            if !alive(&after) || self.known.contains_key(&after) {
                continue;
            }
            if self.states.len() >= self.limit {
                return Err(SizeLimitExceeded);
            }
            self.known.insert(after.clone(), ());
            self.states.push(State {
                active: after,
                from: Some((self.current, ch)),
            });
        }
        self.current += 1;
        let ends = self.automata.iter().zip(&active);
        Ok(Some(
            ends.map(|(automaton, active)| automaton.ends(active)).collect(),
        ))
    }

    /// The text that leads to the state that [`Exploration::next`] last returned.
    pub(super) fn text(&self) -> String {
        let mut text = Vec::new();
        let mut at = self.current - 1;
        while let Some((before, ch)) = self.states[at].from {
            text.push(ch);
            at = before;
        }
        text.into_iter().rev().collect()
    }
}

#[cfg(test)]
mod tests;
