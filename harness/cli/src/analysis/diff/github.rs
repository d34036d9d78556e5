//! Annotations of GitHub Actions: one for each class, at the rule that decides now, or at the one that decided before.

use std::fmt::Write;

use peerwarden_documents::github::annotation;

use super::super::policies::Policies;
use super::super::words;
use super::parts::{self, Part};
use super::{Class, Diff, FailureConditions, human};

/// The whole text. Writing to a `String` cannot fail.
pub(crate) fn text(diff: &Diff, new: &Policies, failing: FailureConditions) -> String {
    let mut text = String::new();
    for (subject, part) in parts::of(diff) {
        text.push_str(&match part {
            Part::NotCompared(why) => annotation("error", None, &format!("not compared: {subject}"), why),
            Part::Class(direction, class) => {
                let command = if direction.fails(failing) {
                    "error"
                } else {
                    "warning"
                };
                let title = format!("{}: {subject}", direction.words());
                annotation(
                    command,
                    parts::place(class, new).as_ref(),
                    &title,
                    &message(class),
                )
            }
            Part::Odd(direction, odd) => {
                let title = format!("{}: {subject}", direction.words());
                annotation("notice", None, &title, &words::odd(odd))
            }
            Part::More(direction) => {
                let title = format!("more is {}: {subject}", direction.words());
                annotation("notice", None, &title, "use a higher `--limit` to see it")
            }
        });
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
