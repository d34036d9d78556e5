//! Markdown as GitHub shows it, for the summary of a pull request: a table for each workload and each direction of change.

use std::fmt::Write;

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::shown::visible;
use peerwarden_traffic::Decision;

use super::super::words;
use super::{Change, Class, Diff, Difference, Side, human};

/// The whole text. Writing to a `String` cannot fail.
pub(crate) fn text(diff: &Diff) -> String {
    let mut text = format!("### {}\n\n", title(diff));
    for change in &diff.changes {
        self::change(&mut text, change);
    }
    for note in human::notes(diff) {
        let mut note = note;
        if let Some(first) = note.get(..1).map(str::to_uppercase) {
            note.replace_range(..1, &first);
        }
        let _ = writeln!(text, "<sub>{}.</sub>\n", escaped(&note));
    }
    text
}

/// Why nothing was compared.
pub(crate) fn failure(errors: &[Diagnostic]) -> String {
    let mut text = "### ⚠️ The policies could not be compared\n\n".to_owned();
    for error in errors {
        let _ = writeln!(
            text,
            "- {}",
            escaped(&visible(&error.in_lines().replace('\n', " ")))
        );
    }
    text.push('\n');
    text
}

/// What it comes to.
fn title(diff: &Diff) -> String {
    let workloads = counted(diff.workloads as u64, "workload");
    if diff.changes.is_empty() {
        return format!("✅ The policies mean the same as before, for {workloads}");
    }
    let (allowed, denied, beyond) = diff.found();
    let found = [
        (allowed, "🔓 some traffic is newly allowed"),
        (denied, "🔒 some traffic is newly denied"),
        (beyond, "⚠️ some traffic could not be compared"),
    ];
    let said: Vec<&str> = found
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, what)| *what)
        .collect();
    format!("What this change of policies means: {}", said.join(", "))
}

fn change(text: &mut String, change: &Change) {
    let workload = code(&words::workload(&change.workload));
    let protocol = change.protocol.as_str().to_uppercase();
    match &change.difference {
        Difference::Changed {
            newly_allowed,
            newly_denied,
        } => {
            side(
                text,
                newly_allowed,
                &format!("🔓 Newly allowed: {workload} {protocol}"),
            );
            side(
                text,
                newly_denied,
                &format!("🔒 Newly denied: {workload} {protocol}"),
            );
        }
        Difference::Beyond(why) => {
            let why = escaped(why);
            let _ = writeln!(
                text,
                "#### ⚠️ Not compared: {workload} {protocol}\n\nNothing is claimed about this workload: {why}.\n"
            );
        }
    }
}

fn side(text: &mut String, side: &Side, title: &str) {
    if side.classes.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "#### {title}\n\n| Caller | Traffic | For example | Decided by |\n|---|---|---|---|"
    );
    let mut before = None;
    for class in &side.classes {
        let who = words::callers(&class.values);
        let caller = if before.as_ref() == Some(&who) {
            String::new()
        } else {
            callers(&who)
        };
        before = Some(who);
        let _ = writeln!(
            text,
            "| {caller} | {} | {} | {} |",
            traffic(class),
            example(class),
            why(class)
        );
    }
    text.push('\n');
    if let Some(odd) = &side.odd {
        let _ = writeln!(text, "… {}.\n", escaped(&words::odd(odd)));
    }
    if side.more {
        text.push_str("… and more; use a higher `--limit` to see them.\n\n");
    }
}

/// Each of several callers in a line of its own.
fn callers(who: &[String]) -> String {
    let each: Vec<String> = who.iter().map(|caller| code(caller)).collect();
    each.join("<br>")
}

/// The attributes that matter, one in a line.
fn traffic(class: &Class) -> String {
    let what = words::what(&class.values);
    if what.is_empty() {
        return "anything".to_owned();
    }
    let each: Vec<String> = what.iter().map(|line| code(line)).collect();
    each.join("<br>")
}

fn example(class: &Class) -> String {
    let mut lines = vec![code(&words::traffic(&class.traffic))];
    lines.extend(
        class
            .refusals
            .iter()
            .map(|refusal| format!("but {}", escaped(refusal))),
    );
    lines.join("<br>")
}

/// The old and the new decision. The heading says which of them allows.
fn why(class: &Class) -> String {
    format!("before: {}<br>now: {}", decided(&class.old), decided(&class.new))
}

/// The rule, or the reason if no rule decided.
fn decided(decided: &Decision) -> String {
    match &decided.by {
        Some(by) => code(&by.to_string()),
        None => escaped(&words::without_rule(decided.reason)),
    }
}

/// A text as code in a table. Special characters are escaped: a backtick is enclosed by two, and a bar would end the
/// cell.
fn code(text: &str) -> String {
    let text = visible(text).replace('|', "\\|");
    if text.contains('`') {
        return format!("`` {text} ``");
    }
    format!("`{text}`")
}

/// A text outside of code, in which backticks still mark code.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let mut is_code = false;
    for ch in visible(text).chars() {
        is_code ^= ch == '`';
        match ch {
            '<' if !is_code => escaped.push_str("&lt;"),
            '&' if !is_code => escaped.push_str("&amp;"),
            '*' | '_' | '[' | ']' | '~' if !is_code => {
                escaped.push('\\');
                escaped.push(ch);
            }
            '|' => escaped.push_str("\\|"),
            ch => escaped.push(ch),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{code, escaped};

    #[test]
    fn no_text_ends_a_cell_or_its_code() {
        assert_eq!(code("path: /a|b"), "`path: /a\\|b`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(escaped("<b> *a* `*|*` & _"), "&lt;b> \\*a\\* `*\\|*` &amp; \\_");
    }
}
