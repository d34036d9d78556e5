//! Explains common YAML mistakes that the parser's message does not make clear.

use std::ops::Range;

use crate::wording::Wording;

/// The message for a template.
pub(crate) const TEMPLATE: &str = "this is a template of Helm or Go, not YAML";

/// The mistake and its place; `None` if there is nothing clearer than the parser's message. `at` is where the parser
/// stopped.
pub(super) fn of(text: &str, at: Option<usize>) -> Option<(Wording, Range<usize>)> {
    if let Some(begins) = template(text) {
        let wording = Wording::helped(
            TEMPLATE,
            "check its output: `helm template CHART | peerwarden check -`",
        );
        return Some((wording, begins..begins + 2));
    }
    // A parser often stops in the line after the mistake.
    let mut start = at?.min(text.len());
    for _ in 0..2 {
        start = text.get(..start)?.rfind('\n').map_or(0, |end| end + 1);
        let line = text.get(start..)?.lines().next().unwrap_or_default();
        if let Some((wording, within)) = of_line(line, text.get(..start)?) {
            return Some((wording, start + within.start..start + within.end));
        }
        start = start.checked_sub(1)?;
    }
    None
}

/// Where a template action begins: `{{` that is not a nested flow mapping.
pub(crate) fn template(text: &str) -> Option<usize> {
    let begins = text.match_indices("{{").map(|(begins, _)| begins);
    begins.into_iter().find(|begins| {
        let rest = text.get(begins + 2..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let action = line
            .split_once("}}")
            .map(|(action, _)| action.trim_matches(['-', ' ']));
        action.is_some_and(|action| {
            // With other brackets inside, as generators of Helm charts have them.
            let action = action.trim_start_matches(['<', '-', ' ']);
            action.starts_with('.')
                || action.starts_with('$')
                || [
                    "if ",
                    "else",
                    "end",
                    "range ",
                    "with ",
                    "include ",
                    "template ",
                    "define ",
                    "toYaml ",
                    "/*",
                ]
                .iter()
                .any(|word| action.starts_with(word))
        })
    })
}

fn of_line(line: &str, before: &str) -> Option<(Wording, Range<usize>)> {
    let indent = line.len() - line.trim_start_matches([' ', '\t', '\u{a0}']).len();
    let indentation = line.get(..indent)?;
    if let Some(tab) = indentation.find('\t') {
        let wording = Wording::helped(
            "a tab in the indentation, which YAML does not allow",
            "indent with spaces",
        );
        return Some((wording, tab..tab + 1));
    }
    if let Some(space) = line.find('\u{a0}') {
        let wording = Wording::helped(
            "a no-break space, which YAML does not accept as a space",
            "write a plain space; text that was copied from a page often has others",
        );
        return Some((wording, space..space + '\u{a0}'.len_utf8()));
    }
    if let Some(star) = star(line) {
        let value = line.get(star..).unwrap_or_default();
        let value = value.split([',', ']', ' ']).next().unwrap_or_default();
        let help = format!("quote the value: `\"{value}\"`");
        let wording = Wording::helped("`*` without quotes begins an alias in YAML", help);
        return Some((wording, star..star + 1));
    }
    if let Some((value, bracket)) = bracket(line) {
        let sign = line.get(bracket..=bracket).unwrap_or_default();
        let what = if sign == "{" { "a mapping" } else { "a list" };
        let message = format!("`{sign}` without quotes begins {what} in YAML");
        let help = format!("quote the value: `\"{value}\"`");
        return Some((Wording::helped(message, help), bracket..bracket + 1));
    }
    let is_second = |key: &str| {
        let own = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        let document = before.rsplit("\n---").next().unwrap_or(before);
        own(line) && document.lines().any(own)
    };
    ["apiVersion", "kind"]
        .into_iter()
        .find(|key| is_second(key))
        .map(|key| {
            let wording = Wording::helped(
                format!("a second `{key}`: another document begins here"),
                "put a line `---` between documents",
            );
            (wording, 0..key.len())
        })
}

/// A bracket within a path or an expression in a list on one line, with the whole value: `[/orders/{*}]`.
fn bracket(line: &str) -> Option<(&str, usize)> {
    let list = line.find('[')? + 1;
    let items = line.get(list..)?;
    let items = items.trim_end().strip_suffix(']').unwrap_or(items);
    let mut start = list;
    for item in items.split(',') {
        let value = item.trim();
        let is_text = value.starts_with(['/', '^']);
        if is_text && let Some(at) = value.find(['{', '[']) {
            let indent = item.len() - item.trim_start().len();
            return Some((value, start + indent + at));
        }
        start += item.len() + 1;
    }
    None
}

/// A star that begins a value.
fn star(line: &str) -> Option<usize> {
    let before = |place: usize| line.get(..place).unwrap_or_default().trim_end_matches(' ');
    let stars = line.match_indices('*').map(|(place, _)| place);
    stars.into_iter().find(|place| {
        let before = before(*place);
        let begins = before.ends_with(['[', ',', ':']) || before.trim_start() == "-";
        // An alias has a name.
        let rest = line.get(place + 1..).unwrap_or_default();
        begins && !rest.starts_with(|next: char| next.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use crate::source::Source;
    use crate::yaml;

    #[test]
    fn each_mistake_has_its_reason_and_place() {
        for (text, place, says) in [
            (
                "name: {{ .Values.name }}\n",
                "1:7",
                "this is a template of Helm or Go, not YAML",
            ),
            (
                "{{<- if .Values.on >}}\nname: a\n",
                "1:1",
                "this is a template of Helm or Go, not YAML",
            ),
            (
                "a: 1\n{{- if .Values.on }}\nb: [\n",
                "2:1",
                "this is a template of Helm or Go, not YAML",
            ),
            (
                "a:\n\tb: 1\n",
                "2:1",
                "a tab in the indentation, which YAML does not allow",
            ),
            (
                "paths: [*]\n",
                "1:9",
                "`*` without quotes begins an alias in YAML",
            ),
            (
                "paths: [*.html]\n",
                "1:9",
                "`*` without quotes begins an alias in YAML",
            ),
            (
                "paths: [/a, /orders/{*}]\n",
                "1:21",
                "`{` without quotes begins a mapping in YAML",
            ),
            (
                "paths: [^/orders/[0-9]+$]\n",
                "1:18",
                "`[` without quotes begins a list in YAML",
            ),
            (
                "paths:\n- *\n",
                "2:3",
                "`*` without quotes begins an alias in YAML",
            ),
            (
                "paths: [/a, */b]\n",
                "1:13",
                "`*` without quotes begins an alias in YAML",
            ),
            (
                "a:\n\u{a0}\u{a0}b: 1\nc: [\n",
                "2:1",
                "a no-break space, which YAML does not accept as a space",
            ),
            (
                "apiVersion: v1\nkind: A\napiVersion: v1\nkind: B\n",
                "3:1",
                "a second `apiVersion`: another document begins here",
            ),
        ] {
            let wrong = yaml::documents(&Source::new("a.yaml", text)).expect_err(text);
            assert_eq!(wrong.message, says, "{text}");
            let at = wrong.place.expect("a place");
            let (line, column) = at.source.position(at.span.start);
            assert_eq!(format!("{line}:{column}"), place, "{text}");
            assert!(wrong.help.is_some(), "{text}");
        }
    }

    #[test]
    fn other_mistakes_keep_the_words_of_the_parser() {
        for text in ["a: [\n", "a: {b: 1\n", "a: *nothing\n", "a: {{b: 1}: 2\n"] {
            let wrong = yaml::documents(&Source::new("a.yaml", text)).expect_err(text);
            assert!(
                !wrong.message.contains("template") && !wrong.message.contains("quotes"),
                "{text}: {wrong:?}"
            );
        }
    }
}
