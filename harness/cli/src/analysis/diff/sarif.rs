//! SARIF: a result for each class of traffic, at the rule that decides now, or at the one that decided before.

use anyhow::Result;
use peerwarden_documents::sarif::{self, Level, Rule};

use super::super::policies::Policies;
use super::parts::{self, Direction, Part};
use super::{Diff, FailureConditions, github};

const ALLOWED: &str = "newly-allowed";
const DENIED: &str = "newly-denied";
const BEYOND: &str = "not-compared";

/// The whole log.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn text(diff: &Diff, new: &Policies, failing: FailureConditions) -> Result<String> {
    let level = |direction: Direction| match direction.fails(failing) {
        true => Level::Error,
        false => Level::Warning,
    };
    let (allowed, denied) = (level(Direction::NewlyAllowed), level(Direction::NewlyDenied));
    let rules = [
        Rule::new(
            ALLOWED,
            ALLOWED,
            "traffic that the new policies allow and the old ones deny",
            allowed,
        ),
        Rule::new(
            DENIED,
            DENIED,
            "traffic that the new policies deny and the old ones allow",
            denied,
        ),
        Rule::new(BEYOND, BEYOND, "traffic that could not be compared", Level::Error),
    ];
    let result = |(subject, part)| match part {
        Part::NotCompared(why) => {
            let message = format!("{subject} could not be compared: {why}");
            Some(sarif::Result::new(BEYOND, Level::Error, message))
        }
        Part::Class(direction, class) => {
            let (id, level) = match direction {
                Direction::NewlyAllowed => (ALLOWED, allowed),
                Direction::NewlyDenied => (DENIED, denied),
            };
            let message = format!("{}: {subject}\n{}", direction.words(), github::message(class));
            let result = sarif::Result::new(id, level, message);
            Some(match &parts::place(class, new) {
                Some(place) => result.at(place),
                None => result,
            })
        }
        Part::Odd(..) | Part::More(_) => None,
    };
    let results = parts::of(diff).filter_map(result).collect();
    sarif::log(&rules, results)
}
