//! Formatting is stable and keeps the meaning: for the files of this repository, and for random texts in every style.

mod examples;
mod quotes;
mod random;
mod repository;
mod writer;

use super::tidy;
use crate::source::Source;

fn tidied(name: &str, text: &str) -> String {
    match tidy(&Source::new(name, text)) {
        Ok(tidied) => tidied,
        Err(wrong) => panic!("{name}: {wrong:?}\n{text}"),
    }
}

/// The formatter's crate counts 64 columns, and overflows beyond them.
#[test]
fn what_is_indented_too_far_is_left() {
    let far = " ".repeat(70);
    let nested: String = (0..33)
        .map(|depth| format!("{}k{depth}:\n", "  ".repeat(depth)))
        .collect();
    for text in [
        format!("{far}a: 1\n"),
        format!("a:\n{far}b: 1\n"),
        "a: 1\rb: 2\r".to_owned(),
        format!("{}a\n", "- ".repeat(33)),
        format!("{nested}{}a: 1\n", "  ".repeat(33)),
    ] {
        // One of them is not YAML.
        let wrong = tidy(&Source::new("a.yaml", &text)).expect_err("left");
        assert!(!wrong.message.is_empty(), "{text}");
    }
    let script = format!("a: | # as it is\n  if x\n{far}then y\nb: 1\n");
    assert_eq!(tidied("a.yaml", &script), script);
}
