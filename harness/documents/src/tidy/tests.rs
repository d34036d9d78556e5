//! The layout is final, and says what was said: over files there are, and over texts written in every style at random.

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
