//! Rule numbers in ascending order.

use super::glance::{Glance, SEVERAL};

/// From so many rules on it is worth knowing which of them cannot match before they are tried.
pub(super) const LONG: usize = 16;

/// Rules of one word.
const BITS: usize = 64;

/// Rules, ascending. Most lists have one.
#[derive(Debug, Clone, Default)]
pub(super) enum List {
    #[default]
    Empty,
    One(usize),
    Many(Box<RuleList>),
}

#[derive(Debug, Clone)]
pub(super) struct RuleList {
    rules: Vec<usize>,
    /// The same as bits, of a long list that is finished: each word that has any, by its place.
    words: Vec<(usize, u64)>,
    /// Of each rule, where there are several and it says anything of one.
    glances: Vec<Glance>,
}

impl List {
    /// Rules come in the order of their numbers; one that comes twice is there once.
    pub(super) fn add(&mut self, rule: usize) {
        match self {
            Self::Empty => *self = Self::One(rule),
            Self::One(first) if *first == rule => {}
            Self::One(first) => {
                *self = Self::Many(Box::new(RuleList {
                    rules: vec![*first, rule],
                    words: Vec::new(),
                    glances: Vec::new(),
                }));
            }
            Self::Many(many) => {
                if many.rules.last() != Some(&rule) {
                    many.rules.push(rule);
                }
            }
        }
    }

    /// Nothing more is added. `glances` are of all rules, or of none.
    pub(super) fn finish(&mut self, glances: &[Glance]) {
        let Self::Many(many) = self else { return };
        many.rules.shrink_to_fit();
        if many.rules.len() >= SEVERAL {
            let each = many.rules.iter().map(|rule| glances.get(*rule).copied());
            many.glances = each.collect::<Option<_>>().unwrap_or_default();
            if many.glances.iter().all(Glance::is_any) {
                many.glances = Vec::new();
            }
        }
        if many.rules.len() < LONG {
            return;
        }
        let mut words: Vec<(usize, u64)> = Vec::new();
        for rule in &many.rules {
            let (at, bit) = place(*rule);
            match words.last_mut().filter(|(last, _)| *last == at) {
                Some((_, word)) => *word |= bit,
                None => words.push((at, bit)),
            }
        }
        words.shrink_to_fit();
        many.words = words;
    }

    pub(super) fn rules(&self) -> &[usize] {
        match self {
            Self::Empty => &[],
            Self::One(rule) => std::slice::from_ref(rule),
            Self::Many(many) => &many.rules,
        }
    }

    /// Of each of its rules; none at all where they say nothing.
    pub(super) fn glances(&self) -> &[Glance] {
        match self {
            Self::Empty | Self::One(_) => &[],
            Self::Many(many) => &many.glances,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rules().len()
    }

    /// The words of a long list.
    pub(super) fn words(&self) -> Option<&[(usize, u64)]> {
        match self {
            Self::Empty | Self::One(_) => None,
            Self::Many(many) => Some(many.words.as_slice()).filter(|words| !words.is_empty()),
        }
    }

    /// Whether a long list and another have a rule in common.
    pub(super) fn meets(&self, other: &List) -> bool {
        let words = self.words().unwrap_or_default();
        words.iter().any(|(at, word)| word & other.word(*at) != 0)
    }

    /// The word at this place.
    pub(super) fn word(&self, at: usize) -> u64 {
        match self.words() {
            Some(words) => {
                let first = words.first().map_or(0, |(first, _)| *first);
                let dense = at.checked_sub(first).and_then(|place| words.get(place));
                let found = dense.filter(|(place, _)| *place == at).or_else(|| {
                    let found = words.binary_search_by_key(&at, |(place, _)| *place);
                    found.ok().and_then(|found| words.get(found))
                });
                found.map_or(0, |(_, word)| *word)
            }
            None => self.rules().iter().fold(0, |word, rule| match place(*rule) {
                (place, bit) if place == at => word | bit,
                _ => word,
            }),
        }
    }
}

/// The word that a rule is in, and its bit there.
fn place(rule: usize) -> (usize, u64) {
    let bit = u32::try_from(rule.rem_euclid(BITS)).unwrap_or(0);
    (rule.div_euclid(BITS), 1_u64.wrapping_shl(bit))
}

/// The lowest rule of a word; also takes it out.
pub(super) fn take_lowest(at: usize, word: &mut u64) -> Option<usize> {
    let lowest = *word;
    let bit = usize::try_from(lowest.trailing_zeros()).ok()?;
    *word &= lowest.wrapping_sub(1);
    (lowest != 0).then(|| at.saturating_mul(BITS).saturating_add(bit))
}
