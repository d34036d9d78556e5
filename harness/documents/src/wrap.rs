//! Wraps text to fit a terminal.

use crate::shown::visible;
use crate::terminal;

/// The text in lines as wide as the terminal; see [`wrapped_at`].
pub fn wrapped(text: &str, indent: usize) -> String {
    wrapped_at(text, indent, terminal::columns())
}

/// The text in lines of at most `columns`, broken at spaces. The first line is assumed to begin at column `indent`; the
/// others are indented by it.
///
/// Text in backticks is not broken, nor is a word that is longer than a line. Control characters are escaped, because
/// the text may contain parts of policies.
pub fn wrapped_at(text: &str, indent: usize, columns: usize) -> String {
    let mut wrapped = String::new();
    let next_line = |wrapped: &mut String| {
        wrapped.push('\n');
        wrapped.push_str(&" ".repeat(indent));
    };
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            next_line(&mut wrapped);
        }
        let mut column = indent;
        for (index, word) in words(line).enumerate() {
            let word = visible(word);
            let width = word.chars().count();
            if index > 0 {
                if column + 1 + width > columns {
                    next_line(&mut wrapped);
                    column = indent;
                } else {
                    wrapped.push(' ');
                    column += 1;
                }
            }
            wrapped.push_str(&word);
            column += width;
        }
    }
    wrapped
}

/// The words between spaces; text in backticks is one word. A backtick without a partner has no effect.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let are_pairs = line.matches('`').count().is_multiple_of(2);
    let mut is_quoted = false;
    line.split(move |ch| {
        is_quoted ^= are_pairs && ch == '`';
        ch == ' ' && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use super::{wrapped, wrapped_at};

    #[test]
    fn lines_end_before_the_terminal_does() {
        let text = format!("{} {} {}", "a".repeat(40), "b".repeat(29), "c".repeat(90));
        let lines = wrapped(&text, 10);
        let expected = format!(
            "{} {}\n{}{}",
            "a".repeat(40),
            "b".repeat(29),
            " ".repeat(10),
            "c".repeat(90)
        );
        assert_eq!(lines, expected);
        assert_eq!(wrapped("", 10), "");
    }

    #[test]
    fn what_is_quoted_stays_in_one_line() {
        assert_eq!(wrapped_at("say `a b c`, or", 0, 10), "say\n`a b c`,\nor");
        assert_eq!(wrapped_at("a lone ` in it", 0, 8), "a lone `\nin it");
        assert_eq!(wrapped_at("one\ntwo", 2, 80), "one\n  two");
    }

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(wrapped_at("a\u{1b}[2Jb", 0, 80), "a\\u{1b}[2Jb");
    }
}
