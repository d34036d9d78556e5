//! The scanner takes what `serde_json` takes.

use super::{DEPTH, Scanner};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn is_json(text: &[u8]) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.skip(DEPTH).is_ok() && scanner.end().is_ok()
}

/// What `serde_json` takes, and what it does not: each text cut short, too, and with each byte changed.
#[test]
fn takes_what_serde_json_takes() {
    let texts = [
        r#"{"a": [1, -2.50e+7, 0, true, false, null], "b c!": {"": [], "d": {}}, "\u00e9\n\"": "\ud83d\ude00 é"}"#,
        " [ \"a long string without anything in it that is unusual\" , \"another/one*\" ]\r\n\t",
        r#"[[[{"x":[{"y":[]}]}],"z"],0.1E-2,-0]"#,
    ];
    for text in texts {
        assert!(is_json(text.as_bytes()), "{text}");
        for at in 0..text.len() {
            let cut = text.as_bytes().get(..at).unwrap_or_default();
            assert!(!is_json(cut) || serde_json::from_slice::<serde_json::Value>(cut).is_ok());
            for byte in [
                b'"', b'\\', b'{', b'}', b'[', b']', b',', b':', b' ', b'0', b'u', 0, 0x1f, 0x80, 0xff,
            ] {
                let mut changed = text.as_bytes().to_vec();
                if let Some(place) = changed.get_mut(at) {
                    *place = byte;
                }
                let expected = serde_json::from_slice::<serde_json::Value>(&changed);
                // Half of a character as an escape is found when the text is read, not before.
                if expected.as_ref().is_err_and(|error| {
                    error.to_string().contains("surrogate") || error.to_string().contains("hex escape")
                }) {
                    continue;
                }
                assert_eq!(
                    is_json(&changed),
                    expected.is_ok(),
                    "{:?}: {expected:?}",
                    String::from_utf8_lossy(&changed)
                );
            }
        }
    }
}

#[test]
fn nests_as_deep_as_serde_json() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [1, 126, 127, 128, 200] {
            let inner = if open == "[" { "" } else { "0" };
            let text = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
            let expected = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            assert_eq!(is_json(text.as_bytes()), expected, "{depth} of {open}");
        }
    }
}
