//! Annotations of GitHub Actions: one for each class, at the rule that decides now, or at the one that decided before.

use std::fmt::Write;

use peerwarden_documents::github::annotation;
use peerwarden_traffic::Decision;

use super::super::policies::Policies;
use super::super::words;
use super::{Class, Diff, Difference, FailureConditions, human};

/// The whole text. Writing to a `String` cannot fail.
pub(crate) fn text(diff: &Diff, new: &Policies, failing: FailureConditions) -> String {
    let mut text = String::new();
    for change in &diff.changes {
        let workload = words::workload(&change.workload);
        let protocol = change.protocol.as_str().to_uppercase();
        let (newly_allowed, newly_denied) = match &change.difference {
            Difference::Changed {
                newly_allowed,
                newly_denied,
            } => (newly_allowed, newly_denied),
            Difference::Beyond(why) => {
                let title = format!("not compared: {workload} {protocol}");
                text.push_str(&annotation("error", None, &title, why));
                continue;
            }
        };
        for (side, word, fails) in [
            (newly_allowed, "newly allowed", failing.newly_allowed),
            (newly_denied, "newly denied", failing.newly_denied),
        ] {
            for class in &side.classes {
                // Only what is in the new files can be annotated.
                let decided = [&class.new, &class.old];
                let place = decided
                    .iter()
                    .find_map(|Decision { by, .. }| new.place(by.as_ref()?));
                let title = format!("{word}: {workload} {protocol}");
                let command = if fails { "error" } else { "warning" };
                text.push_str(&annotation(command, place.as_ref(), &title, &message(class)));
            }
            if let Some(odd) = &side.odd {
                let title = format!("{word}: {workload} {protocol}");
                text.push_str(&annotation("notice", None, &title, &words::odd(odd)));
            }
            if side.more {
                let title = format!("more is {word}: {workload} {protocol}");
                text.push_str(&annotation(
                    "notice",
                    None,
                    &title,
                    "use a higher `--limit` to see it",
                ));
            }
        }
    }
    let sum = anstream::adapter::strip_str(&human::sum(diff)).to_string();
    let _ = writeln!(text, "{sum}");
    text
}

/// The change in lines, with an example.
pub(super) fn message(class: &Class) -> String {
    let mut lines = vec![words::who(&class.values)];
    lines.extend(words::what(&class.values));
    lines.push(format!("e.g. {}", words::traffic(&class.traffic)));
    lines.push(format!("old: {}", words::decided(&class.old)));
    lines.push(format!("new: {}", words::decided(&class.new)));
    lines.extend(class.refusals.iter().map(|refusal| format!("but {refusal}")));
    lines.join("\n")
}
