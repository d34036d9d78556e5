//! SARIF: a result for each class of traffic, at the rule that decides now, or at the one that decided before.

use anyhow::Result;
use peerwarden_documents::sarif::{self, Level, Rule};
use peerwarden_traffic::Decision;

use super::super::policies::Policies;
use super::super::words;
use super::{Diff, Difference, FailureConditions, github};

const ALLOWED: &str = "newly-allowed";
const DENIED: &str = "newly-denied";
const BEYOND: &str = "not-compared";

/// The whole log.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn text(diff: &Diff, new: &Policies, failing: FailureConditions) -> Result<String> {
    let level = |fails| if fails { Level::Error } else { Level::Warning };
    let (allowed, denied) = (level(failing.newly_allowed), level(failing.newly_denied));
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
    let mut results = Vec::new();
    for change in &diff.changes {
        let workload = words::workload(&change.workload);
        let protocol = change.protocol.as_str().to_uppercase();
        let (newly_allowed, newly_denied) = match &change.difference {
            Difference::Changed {
                newly_allowed,
                newly_denied,
            } => (newly_allowed, newly_denied),
            Difference::Beyond(why) => {
                let message = format!("{workload} {protocol} could not be compared: {why}");
                results.push(sarif::Result::new(BEYOND, Level::Error, message));
                continue;
            }
        };
        for (side, id, level, word) in [
            (newly_allowed, ALLOWED, allowed, "newly allowed"),
            (newly_denied, DENIED, denied, "newly denied"),
        ] {
            for class in &side.classes {
                let message = format!("{word}: {workload} {protocol}\n{}", github::message(class));
                let result = sarif::Result::new(id, level, message);
                // Only what is in the new files can be shown there.
                let decided = [&class.new, &class.old];
                let place = decided
                    .iter()
                    .find_map(|Decision { by, .. }| new.place(by.as_ref()?));
                results.push(match &place {
                    Some(place) => result.at(place),
                    None => result,
                });
            }
        }
    }
    sarif::log(&rules, results)
}
