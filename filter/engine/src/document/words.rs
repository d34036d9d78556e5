//! Texts that must be one of a few words, or a duration.

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

/// Numbers with units, as Go's `time.ParseDuration` reads them: `1m30s`, `250ms`. Istio reads the times of its API so.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let in_number = |character: char| character.is_ascii_digit() || character == '.';
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|character| !in_number(character))?)?;
        let (unit, after) = after.split_at_checked(after.find(in_number).unwrap_or(after.len()))?;
        let nanos: u64 = match unit {
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if fraction.is_empty() || fraction.len() > 9 {
            return None;
        }
        // In billionths of the unit.
        let fraction: u128 = format!("{fraction:0<9}").parse().ok()?;
        let fraction = u128::from(nanos)
            .checked_mul(fraction)?
            .checked_div(1_000_000_000)?;
        let fraction = u64::try_from(fraction).ok()?;
        let whole = nanos.checked_mul(whole.parse().ok()?)?;
        sum = sum.checked_add(Duration::from_nanos(whole.checked_add(fraction)?))?;
        rest = after;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn durations_as_go_writes_them() {
        for (text, millis) in [
            ("5s", 5_000),
            ("1m30s", 90_000),
            ("250ms", 250),
            ("0.25s", 250),
            ("1.5h", 5_400_000),
            ("2000us", 2),
            ("", 0),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "5",
            "s",
            "5x",
            "-5s",
            "1.s",
            ".5s",
            "1..5s",
            "99999999999999h",
            "5 s",
            "0.0000000001s",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
