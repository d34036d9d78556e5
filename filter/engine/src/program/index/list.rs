//! Numbers of rules in ascending order.

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
    Many(Box<Many>),
}

#[derive(Debug, Clone)]
pub(super) struct Many {
    rules: Vec<usize>,
    /// The same as bits, of a long list that is finished: each word that has any, by its place.
    words: Vec<(usize, u64)>,
}

impl List {
    /// Rules come in the order of their numbers; one that comes twice is there once.
    pub(super) fn add(&mut self, rule: usize) {
        match self {
            Self::Empty => *self = Self::One(rule),
            Self::One(first) if *first == rule => {}
            Self::One(first) => {
                *self = Self::Many(Box::new(Many {
                    rules: vec![*first, rule],
                    words: Vec::new(),
                }));
            }
            Self::Many(many) => {
                if many.rules.last() != Some(&rule) {
                    many.rules.push(rule);
                }
            }
        }
    }

    /// Nothing more is added.
    pub(super) fn finish(&mut self) {
        let Self::Many(many) = self else { return };
        many.rules.shrink_to_fit();
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

    /// The word at this place.
    fn word(&self, at: usize) -> u64 {
        match self.words() {
            Some(words) => {
                let found = words.binary_search_by_key(&at, |(place, _)| *place);
                let found = found.ok().and_then(|found| words.get(found));
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

/// So many lists of rules that cannot match are looked at: of more the longest.
const LISTS: usize = 16;

/// Rules that cannot match, whatever else they ask for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RuledOut<'i>([Option<&'i List>; LISTS]);

impl<'i> RuledOut<'i> {
    pub(super) fn add(&mut self, list: &'i List) {
        let shortest = self.0.iter_mut().min_by_key(|known| known.map_or(0, List::len));
        if let Some(place) = shortest.filter(|known| known.map_or(0, List::len) < list.len()) {
            *place = Some(list);
        }
    }

    /// What is left of the rules of a word.
    pub(super) fn left(&self, at: usize, word: u64) -> u64 {
        let ruled_out = self.0.iter().flatten();
        ruled_out.fold(
            word,
            |left, list| if left == 0 { 0 } else { left & !list.word(at) },
        )
    }
}
