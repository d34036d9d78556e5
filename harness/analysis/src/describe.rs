//! Describes classes of values in the words of the policies.

use std::fmt;

use crate::attribute::Attribute;
use crate::label::Label;
use crate::space::{Dimension, Kind, Sample};

/// Some values of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Any of these.
    AnyOf(Vec<Term>),
    /// Attributes with several values at once: each of `all` matches one of them, none of `none` does.
    Has {
        /// Patterns that some value matches.
        all: Vec<String>,
        /// Patterns that no value matches.
        none: Vec<String>,
    },
}

/// Values that one pattern of a policy matches, except those that others match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The pattern.
    pub pattern: Pattern,
    /// The exceptions.
    pub but: Vec<String>,
}

/// A pattern that stands for some values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// A pattern as a policy writes it.
    Written(Label),
    /// For peers: no TLS.
    Plaintext,
    /// For peers: TLS without a certificate.
    NoCertificate,
    /// For peers: a certificate.
    Certificate,
    /// For peers: a certificate without a URI SAN.
    NoUriSan,
    /// For hosts: a value that is not a host.
    NotAHost,
    /// For methods: lower-case letters.
    SmallLetters,
    /// For server names: a trailing dot.
    TrailingDot,
    /// The attribute is absent.
    Absent,
    /// All values.
    Any,
    /// Values like this one, for which the policies have no pattern.
    Like(String),
    /// The answer of an external authorizer.
    Answer(&'static str),
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Written(label) => label.fmt(f),
            Pattern::Plaintext => f.write_str("plaintext"),
            Pattern::NoCertificate => f.write_str("TLS without a certificate"),
            Pattern::Certificate => f.write_str("any certificate"),
            Pattern::NoUriSan => f.write_str("a certificate without a URI SAN"),
            Pattern::NotAHost => f.write_str("what is not a host"),
            Pattern::SmallLetters => f.write_str("one in small letters"),
            Pattern::TrailingDot => f.write_str("a name with a dot at its end"),
            Pattern::Absent => f.write_str("none"),
            Pattern::Any => f.write_str("any"),
            Pattern::Like(text) => write!(f, "such as {text}"),
            Pattern::Answer(answer) => f.write_str(answer),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pattern.fmt(f)?;
        match self.but.as_slice() {
            [] => Ok(()),
            but => write!(f, " but not {}", but.join(", ")),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Values::AnyOf(terms) => {
                let mut separator = "";
                for term in terms {
                    write!(f, "{separator}{term}")?;
                    separator = if term.but.is_empty() { ", " } else { "; " };
                }
                Ok(())
            }
            Values::Has { all, none } => {
                // A star alone asks that there is one.
                let all: Vec<&str> = all
                    .iter()
                    .map(|label| if label == "*" { "any value" } else { label })
                    .collect();
                f.write_str(&all.join(" and "))?;
                match (all.is_empty(), none.is_empty()) {
                    (_, true) => Ok(()),
                    (true, false) if none.iter().any(|label| label == "*") => f.write_str("no value"),
                    (true, false) => write!(f, "not {}", none.join(" and not ")),
                    (false, false) => write!(f, " but not {}", none.join(", ")),
                }
            }
        }
    }
}

/// Describes which atoms hold.
pub(crate) fn atoms(dimension: &Dimension, atoms: &[(usize, bool)]) -> Values {
    let labels = |wanted| {
        let of = atoms.iter().filter(|(_, holds)| *holds == wanted);
        of.map(|(atom, _)| dimension.atoms[*atom].label.to_string())
            .collect()
    };
    Values::Has {
        all: labels(true),
        none: labels(false),
    }
}

/// A pattern and the classes that it covers.
struct Candidate {
    pattern: Pattern,
    classes: Vec<bool>,
    size: usize,
}

/// The largest number of exceptions that a reader can understand.
const BUT: usize = 8;

/// Describes the classes with these numbers, in as few patterns as a greedy choice finds. Classes for which `counts` is false may
/// be included or not.
pub(crate) fn classes(dimension: &Dimension, numbers: &[usize], counts: &dyn Fn(usize) -> bool) -> Values {
    let count = dimension.size();
    let set = |numbers: &[usize]| {
        let mut set = vec![false; count];
        for number in numbers {
            set[*number] = true;
        }
        set
    };
    let wanted = set(numbers);
    let allowed: Vec<bool> = (0..count)
        .map(|number| wanted[number] || !counts(number))
        .collect();
    let mut candidates = candidates(dimension, &set);
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.size));
    // Only a pattern of a policy, or a case such as plaintext, can be excluded.
    let general = |candidate: &Candidate| matches!(candidate.pattern, Pattern::Any | Pattern::Certificate);
    let no_wanted = |candidate: &Candidate| {
        candidate
            .classes
            .iter()
            .zip(&wanted)
            .all(|(held, wanted)| !(*held && *wanted))
    };
    let holes: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| no_wanted(candidate) && !general(candidate))
        .collect();
    let usable: Vec<(&Candidate, Vec<String>)> = candidates
        .iter()
        .filter_map(|candidate| Some((candidate, but(candidate, &allowed, &holes)?)))
        .collect();
    let mut open = wanted.clone();
    let mut terms = take(&usable, &mut open);
    // The rest has no description.
    if let Kind::One(classes) = &dimension.kind {
        for (number, class) in classes.iter().enumerate() {
            if open[number] {
                terms.push(Term {
                    pattern: like(&dimension.attribute, &class.sample),
                    but: Vec::new(),
                });
            }
        }
    }
    Values::AnyOf(terms)
}

/// Picks the candidate that covers most of the open classes in the fewest words, until none covers any.
fn take(usable: &[(&Candidate, Vec<String>)], open: &mut [bool]) -> Vec<Term> {
    let mut taken: Vec<(&Candidate, &Vec<String>)> = Vec::new();
    let wanted = open.to_vec();
    loop {
        let gain = |candidate: &Candidate| {
            let pairs = candidate.classes.iter().zip(open.iter());
            pairs.filter(|(held, open)| **held && **open).count()
        };
        let gains = usable
            .iter()
            .rev()
            .map(|(candidate, but)| (gain(candidate), candidate, but));
        // The first of equals is the most general; exclusions count, as people must read them too.
        let best = gains
            .filter(|(gain, ..)| *gain > 0)
            .max_by_key(|(gain, _, but)| (gain + BUT).saturating_sub(but.len()));
        let Some((_, candidate, but)) = best else {
            break;
        };
        for (held, open) in candidate.classes.iter().zip(open.iter_mut()) {
            *open &= !held;
        }
        taken.push((candidate, but));
    }
    // A description that later ones cover is not needed.
    let mut index = 0;
    while index < taken.len() {
        let others = |class: usize| {
            let mut others = taken.iter().enumerate().filter(|(other, _)| *other != index);
            others.any(|(_, (candidate, _))| candidate.classes[class])
        };
        let mut own = (0..wanted.len()).filter(|class| wanted[*class] && taken[index].0.classes[*class]);
        if own.all(others) {
            taken.remove(index);
        } else {
            index += 1;
        }
    }
    let terms = taken.into_iter().map(|(candidate, but)| Term {
        pattern: candidate.pattern.clone(),
        but: but.clone(),
    });
    terms.collect()
}

/// The exceptions that leave only wanted classes; `None` if there would be too many.
fn but(candidate: &Candidate, wanted: &[bool], holes: &[&Candidate]) -> Option<Vec<String>> {
    let excess = |number: &usize| candidate.classes[*number] && !wanted[*number];
    let mut excess: Vec<usize> = (0..wanted.len()).filter(excess).collect();
    let mut but = Vec::new();
    while !excess.is_empty() {
        let gain = |hole: &&&Candidate| excess.iter().filter(|number| hole.classes[**number]).count();
        let best = holes.iter().rev().max_by_key(gain)?;
        if gain(&best) == 0 || but.len() >= BUT {
            return None;
        }
        excess.retain(|number| !best.classes[*number]);
        but.push(best.pattern.to_string());
    }
    Some(but)
}

fn candidates(dimension: &Dimension, set: &impl Fn(&[usize]) -> Vec<bool>) -> Vec<Candidate> {
    let candidate = |pattern, numbers: &[usize]| Candidate {
        pattern,
        classes: set(numbers),
        size: numbers.len(),
    };
    let all: Vec<usize> = (0..dimension.size()).collect();
    let mut candidates = vec![candidate(Pattern::Any, &all)];
    if let Kind::One(classes) = &dimension.kind {
        for (number, class) in classes.iter().enumerate() {
            let pattern = match &class.sample {
                Sample::Plaintext => Pattern::Plaintext,
                Sample::NoCertificate => Pattern::NoCertificate,
                Sample::Absent => Pattern::Absent,
                Sample::Unestablished | Sample::Answer(_) => like(&dimension.attribute, &class.sample),
                Sample::Text(_) | Sample::Ip(_) | Sample::Port(_) => continue,
            };
            candidates.push(candidate(pattern, &[number]));
        }
    }
    if dimension.attribute == Attribute::Peer {
        candidates.push(candidate(Pattern::Certificate, &all[2..]));
    }
    for (atom, holders) in dimension.atoms.iter().zip(&dimension.holders) {
        candidates.push(candidate(Pattern::Written(atom.label.clone()), holders));
    }
    candidates.retain(|candidate| candidate.size > 0);
    candidates
}

fn like(attribute: &Attribute, sample: &Sample) -> Pattern {
    use peerwarden_engine::ExternalAnswer;

    match sample {
        Sample::Plaintext => Pattern::Plaintext,
        Sample::NoCertificate => Pattern::NoCertificate,
        Sample::Absent => Pattern::Absent,
        Sample::Unestablished if *attribute == Attribute::Peer => Pattern::NoUriSan,
        Sample::Unestablished if *attribute == Attribute::Method => Pattern::SmallLetters,
        Sample::Unestablished if *attribute == Attribute::Sni => Pattern::TrailingDot,
        Sample::Unestablished => Pattern::NotAHost,
        Sample::Text(text) => Pattern::Like(text.clone()),
        Sample::Ip(ip) => Pattern::Like(ip.to_string()),
        Sample::Port(port) => Pattern::Like(port.to_string()),
        Sample::Answer(ExternalAnswer::Allow) => Pattern::Answer("allows"),
        Sample::Answer(ExternalAnswer::Deny) => Pattern::Answer("denies"),
        Sample::Answer(ExternalAnswer::Failed | ExternalAnswer::Unaskable) => {
            Pattern::Answer("gives no usable answer")
        }
    }
}
