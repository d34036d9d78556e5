//! A difference in its parts, each of which is one annotation or one result.

use peerwarden_documents::source::Place;
use peerwarden_traffic::{Decision, Traffic};

use super::super::policies::Policies;
use super::super::words;
use super::{Class, Diff, Difference, FailureConditions, Side};

/// Which way traffic changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    NewlyAllowed,
    NewlyDenied,
}

/// The changes of one workload and protocol.
pub(super) enum Part<'d> {
    /// Why nothing was compared.
    NotCompared(&'d str),
    /// Traffic that changes.
    Class(Direction, &'d Class),
    /// An example from a peer whose name Istio does not issue.
    Odd(Direction, &'d Traffic),
    /// There is more than is shown.
    More(Direction),
}

impl Direction {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::NewlyAllowed => "newly allowed",
            Self::NewlyDenied => "newly denied",
        }
    }

    /// Whether such a change is an error.
    pub(super) fn fails(self, failing: FailureConditions) -> bool {
        match self {
            Self::NewlyAllowed => failing.newly_allowed,
            Self::NewlyDenied => failing.newly_denied,
        }
    }
}

/// All parts, each with its workload and protocol in words.
pub(super) fn of(diff: &Diff) -> impl Iterator<Item = (String, Part<'_>)> {
    diff.changes.iter().flat_map(|change| {
        let subject = format!(
            "{} {}",
            words::workload(&change.workload),
            change.protocol.as_str().to_uppercase()
        );
        let parts = match &change.difference {
            Difference::Beyond(why) => vec![Part::NotCompared(why)],
            Difference::Changed {
                newly_allowed,
                newly_denied,
            } => {
                let allowed = of_side(Direction::NewlyAllowed, newly_allowed);
                allowed
                    .chain(of_side(Direction::NewlyDenied, newly_denied))
                    .collect()
            }
        };
        parts.into_iter().map(move |part| (subject.clone(), part))
    })
}

fn of_side(direction: Direction, side: &Side) -> impl Iterator<Item = Part<'_>> {
    let classes = side.classes.iter();
    let classes = classes.map(move |class| Part::Class(direction, class));
    let odd = side.odd.iter().map(move |odd| Part::Odd(direction, odd));
    let more = side.more.then_some(Part::More(direction));
    classes.chain(odd).chain(more)
}

/// The rule that decides now, or the one that decided before. Only what is in the new files can be shown.
pub(super) fn place(class: &Class, new: &Policies) -> Option<Place> {
    let decided = [&class.new, &class.old];
    let mut rules = decided.iter().filter_map(|Decision { by, .. }| by.as_ref());
    rules.find_map(|by| new.place(by))
}
