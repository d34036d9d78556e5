//! Why a text is not JSON, for people.

use super::scanner::{DEPTH, Malformed};

/// The number of characters that are shown of what is wrong.
const SHOWN: usize = 24;

/// What is wrong with a text that was read up to this place.
#[cold]
pub(crate) fn why(json: &[u8], at: usize, error: Malformed) -> String {
    match error {
        Malformed::Syntax => unexpected(json, at),
        Malformed::Twin(start) => twin(json, start),
        Malformed::TooDeep => format!("recursion limit exceeded, more than {DEPTH} values within each other"),
        Malformed::ManyKeys => "it has more keys than a configuration may have".to_owned(),
    }
}

/// That something else than JSON stands at this place, or nothing.
fn unexpected(json: &[u8], at: usize) -> String {
    let left = json.get(at..).unwrap_or_default().trim_ascii_start();
    let at = json.len().saturating_sub(left.len());
    let what = if left.is_empty() {
        "it ends too early".to_owned()
    } else {
        let some = left.get(..SHOWN.saturating_mul(4)).unwrap_or(left);
        let shown = String::from_utf8_lossy(some);
        let shown = shown
            .chars()
            .map(|ch| if ch.is_control() { '\u{fffd}' } else { ch });
        format!("unexpected `{}`", shown.take(SHOWN).collect::<String>())
    };
    format!("{what} at {}", place(json, at))
}

/// That the name at this place is there twice.
fn twin(json: &[u8], start: usize) -> String {
    let name = json.get(start..).unwrap_or_default();
    let name = name.split(|byte| *byte == b'"').next().unwrap_or_default();
    let name = String::from_utf8_lossy(name);
    format!("duplicate key `{name}`; remove one at {}", place(json, start))
}

/// Line and column, from 1.
fn place(json: &[u8], at: usize) -> String {
    let before = json.get(..at).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
    format!("line {line} column {}", column.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::why;
    use crate::document::{DEPTH, Scanner};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn says_where() {
        for (json, said) in [
            ("", "it ends too early at line 1 column 1"),
            ("{\"a\": ", "it ends too early at line 1 column 7"),
            (
                "{\"a\":\n 1 \"b\": 2}",
                "unexpected `\"b\": 2}` at line 2 column 4",
            ),
            ("[1, 2", "it ends too early at line 1 column 6"),
            ("[1, x]", "unexpected `x]` at line 1 column 5"),
            ("[\"a\u{1}\"]", "unexpected `\"a\u{fffd}\"]` at line 1 column 2"),
        ] {
            let mut scanner = Scanner::new(json.as_bytes());
            let error = scanner.skip(DEPTH).unwrap_err();
            assert_eq!(why(json.as_bytes(), scanner.at(), error), said, "{json}");
        }
    }
}
