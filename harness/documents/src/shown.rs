//! Makes untrusted text safe for a terminal: text from a client or a file must not control it.

/// The text with all unusual characters escaped as in Rust, cut at `most` characters.
pub fn shown(text: &[u8], most: usize) -> String {
    let mut shown = String::new();
    let mut left = most;
    for chunk in text.utf8_chunks() {
        for ch in chunk.valid().chars() {
            if left == 0 {
                return shown + "…";
            }
            left -= 1;
            if is_plain(ch) {
                shown.push(ch);
            } else {
                shown.extend(ch.escape_unicode());
            }
        }
        for byte in chunk.invalid() {
            if left == 0 {
                return shown + "…";
            }
            left -= 1;
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

/// A text from a file, such as the name of a case: unchanged, including backslashes, except that control characters are
/// escaped.
pub fn visible(text: &str) -> String {
    visible_up_to(text, usize::MAX)
}

/// The same, cut at `most` characters.
pub fn visible_up_to(text: &str, most: usize) -> String {
    let mut visible = String::new();
    for (index, ch) in text.chars().enumerate() {
        if index == most {
            return visible + "…";
        }
        if ch == '\\' || is_plain(ch) {
            visible.push(ch);
        } else {
            visible.extend(ch.escape_unicode());
        }
    }
    visible
}

/// Whether a character is printed as it is: no control characters, no characters that change how others are shown, and
/// no spaces other than the plain one.
fn is_plain(ch: char) -> bool {
    let printed = ch.escape_debug();
    // Characters that Rust prints unchanged, except those that turn the direction of text or have no width.
    printed.len() == 1
        && !matches!(ch, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(ch, '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::{shown, visible, visible_up_to};

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(shown(b"/a\x1b[2J\x07", 80), "/a\\u{1b}[2J\\u{7}");
        assert_eq!(
            shown("/\u{9b}31m\u{202e}x\u{200b}".as_bytes(), 80),
            "/\\u{9b}31m\\u{202e}x\\u{200b}"
        );
        assert_eq!(shown(b"/\xff\xfe", 80), "/\\xff\\xfe");
        assert_eq!(shown("/größe\"'".as_bytes(), 80), "/größe\"'");
        assert_eq!(shown(b"\\", 80), "\\u{5c}", "so that an escape cannot be forged");
        assert_eq!(shown(b"abcdef", 3), "abc…");
        assert_eq!(
            visible("a\x1b]0;b\x07\n\u{202e}"),
            "a\\u{1b}]0;b\\u{7}\\u{a}\\u{202e}"
        );
        assert_eq!(visible_up_to("abcdef", 3), "abc…");
        assert_eq!(visible(r#"größe "\d\""#), r#"größe "\d\""#);
    }
}
