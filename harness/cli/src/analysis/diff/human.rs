//! For people: for each workload, who gains and who loses access, with example requests.

use std::fmt::Write;

use anstyle::Style;
use peerwarden_documents::colours::{BOLD, DIM, GREEN, RED, YELLOW};
use peerwarden_documents::count::counted;
use peerwarden_documents::shown::visible;
use peerwarden_documents::wrap::wrapped;

use super::super::words;
use super::{Change, Class, Diff, Difference, Side};

/// The whole text. Writing to a `String` cannot fail.
pub(crate) fn text(diff: &Diff) -> String {
    let mut text = String::new();
    for change in &diff.changes {
        self::change(&mut text, change);
    }
    let _ = writeln!(text, "{}", sum(diff));
    for note in notes(diff) {
        let _ = writeln!(text, "{DIM}{}{DIM:#}", wrapped(&note, 0));
    }
    text
}

fn change(text: &mut String, change: &Change) {
    let workload = words::workload(&change.workload);
    let protocol = change.protocol.as_str().to_uppercase();
    let _ = writeln!(text, "{BOLD}{workload}{BOLD:#} {DIM}{protocol}{DIM:#}");
    match &change.difference {
        Difference::Changed {
            newly_allowed,
            newly_denied,
        } => {
            side(text, newly_allowed, GREEN, "+", "NEWLY ALLOWED");
            side(text, newly_denied, RED, "-", "NEWLY DENIED");
        }
        Difference::Beyond(why) => {
            let why = format!("{why}; nothing is claimed about this workload");
            let _ = writeln!(text, "  {YELLOW}NOT COMPARED{YELLOW:#}\n    {}", wrapped(&why, 4));
        }
    }
    text.push('\n');
}

fn side(text: &mut String, side: &Side, colour: Style, sign: &str, title: &str) {
    if side.classes.is_empty() {
        return;
    }
    let _ = writeln!(text, "  {colour}{title}{colour:#}");
    let mut before = None;
    for class in &side.classes {
        let who = words::who(&class.values);
        if before.as_ref() != Some(&who) {
            let _ = writeln!(
                text,
                "  {colour}{sign}{colour:#} {BOLD}{}{BOLD:#}",
                wrapped(&who, 4)
            );
        }
        before = Some(who);
        self::class(text, class);
    }
    if let Some(odd) = &side.odd {
        let _ = writeln!(text, "  {DIM}{}{DIM:#}", wrapped(&words::odd(odd), 2));
    }
    if side.more {
        let _ = writeln!(
            text,
            "    {DIM}… and more; use a higher `--limit` to see them{DIM:#}"
        );
    }
}

fn class(text: &mut String, class: &Class) {
    let mut what = words::what(&class.values);
    if what.is_empty() {
        what.push("anything".to_owned());
    }
    for line in what {
        let _ = writeln!(text, "      {}", wrapped(&line, 6));
    }
    for (name, value) in [
        ("e.g.", words::traffic(&class.traffic)),
        ("old", words::decided(&class.old)),
        ("new", words::decided(&class.new)),
    ] {
        let _ = writeln!(text, "        {DIM}{name:<4}{DIM:#} {}", wrapped(&value, 13));
    }
    for refusal in &class.refusals {
        let said = wrapped(&format!("but {}", visible(refusal)), 13);
        let _ = writeln!(text, "             {YELLOW}{said}{YELLOW:#}");
    }
}

/// The summary in one line.
pub(super) fn sum(diff: &Diff) -> String {
    let workloads = counted(diff.workloads as u64, "workload");
    if diff.changes.is_empty() {
        if !diff.undescribed.is_empty() {
            return format!("nothing changes for {workloads} given what is described here");
        }
        return format!("{GREEN}equivalent{GREEN:#}: nothing changes for {workloads}");
    }
    let (allowed, denied, beyond) = diff.found();
    let mut changed: Vec<&peerwarden_engine::Workload> = diff
        .changes
        .iter()
        .map(|change| &change.workload.workload)
        .collect();
    changed.dedup();
    let mut said = Vec::new();
    if allowed {
        said.push(format!("{GREEN}some traffic is newly allowed{GREEN:#}"));
    }
    if denied {
        said.push(format!("{RED}some traffic is newly denied{RED:#}"));
    }
    if beyond {
        said.push(format!("{YELLOW}some traffic could not be compared{YELLOW:#}"));
    }
    format!("{} of {workloads}: {}", changed.len(), said.join(", "))
}

/// The scope of the proof.
pub(super) fn notes(diff: &Diff) -> Vec<String> {
    let mut notes = vec![match words::undescribed(&diff.undescribed) {
        Some(why) => format!("not proved: {why}"),
        None => format!(
            "{} for {}",
            if diff.changes.is_empty() {
                "this is proved"
            } else {
                "it is proved that nothing else changes,"
            },
            words::scope(diff.peers)
        ),
    }];
    if !diff.authorizers.is_empty() {
        notes.push(format!(
            "this holds whatever `{}` answers, as long as the answer is the same for both sides",
            diff.authorizers.join("`, `")
        ));
    }
    if diff.dry_runs {
        notes.push("dry-run policies change no verdict and are left out".to_owned());
    }
    notes
}
