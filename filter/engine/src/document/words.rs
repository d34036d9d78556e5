//! Texts that can be one of a few words, or a time.

use std::time::Duration;

use super::{At, nearest, quoted};
use crate::problem::{Problem, Problems};

/// What `word` stands for; otherwise says what is known, or the nearest.
pub(crate) fn one_of<T: Copy>(
    word: &str,
    what: &str,
    known: &[(&'static str, T)],
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<T> {
    let found = known.iter().find(|(name, _)| *name == word);
    if found.is_none() {
        let names: Vec<&'static str> = known.iter().map(|(name, _)| *name).collect();
        let shown: String = word.chars().take(64).collect();
        let problem = Problem::new(at, format!("unknown {what} `{shown}`"));
        problems.push(match nearest(word, names.iter().copied()) {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem.help(format!("known values: {}", quoted(&names))),
        });
    }
    found.map(|(_, value)| *value)
}

/// Seconds with an `s`, as protobuf writes a `Duration` in JSON: `10s`, `0.25s`.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(whole.parse().ok()?, nanos))
}
