//! A denial in a few lines, for people who watch a log.

use std::fmt::Write;

use peerwarden_documents::shown::visible_up_to;
use peerwarden_documents::wrap::wrapped;

use crate::explanation::{Explanation, LineVerdict, Subject};
use crate::human::decided;
use crate::logged::Comparison;
use crate::words;
use peerwarden_documents::colours::{BOLD, DIM, RED, YELLOW};

/// The request, the decision, and the rule that came closest. Writing to a `String` cannot fail.
pub fn text(explained: &Explanation<'_>) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{BOLD}{}{BOLD:#}",
        wrapped(&words::asked(&explained.subject), 2)
    );
    let compared = Comparison::of(explained);
    if let Some(Comparison { text: said, .. }) = compared.filter(|compared| compared.agrees != Some(true)) {
        let said = wrapped(&visible_up_to(&said, 1000), 2);
        let _ = writeln!(text, "  {YELLOW}{said}{YELLOW:#}");
    }
    match &explained.subject {
        Subject::Line(_, LineVerdict::Decided(decision)) => {
            let _ = writeln!(text, "  {}", decided(decision, 2));
        }
        Subject::Line(_, LineVerdict::Hangs(lacks)) => {
            let lacks: Vec<String> = lacks.iter().map(|attribute| format!("`{attribute}`")).collect();
            let said = format!(
                "the verdict depends on what is not in the line: {}",
                lacks.join(", ")
            );
            let _ = writeln!(text, "  {DIM}{}{DIM:#}", wrapped(&said, 2));
        }
        Subject::Traffic(_, answer) => {
            let _ = writeln!(text, "  {}", decided(&answer.decision, 2));
        }
    }
    let why = explained.why;
    if let Some(near) = why.and_then(|why| why.near_miss.as_ref()) {
        let place = near.place.as_ref().map(|place| format!(" ({})", place.label()));
        let said = visible_up_to(&near.to_string(), 1000) + &place.unwrap_or_default();
        let said = wrapped(&format!("near miss: {said}"), 2);
        let said = said.replacen("near miss:", &format!("{RED}near miss:{RED:#}"), 1);
        let _ = writeln!(text, "  {said}");
    }
    if let Some(note) = why.and_then(|why| why.note.as_ref()) {
        let note = wrapped(&format!("note: {}", visible_up_to(note, 1000)), 2);
        let _ = writeln!(text, "  {YELLOW}{note}{YELLOW:#}");
    }
    text
}
