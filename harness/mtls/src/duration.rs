//! Durations, in the notation of Go and Istio: `24h`, `90m`, `1h30m`, `1.5h`, `300ms` (<https://pkg.go.dev/time#ParseDuration>).

use std::time::Duration;

const UNITS: [(&str, f64); 7] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

/// The longest duration that is accepted: a century.
const LONGEST: f64 = 100.0 * 365.0 * 24.0 * 3600.0;

/// Parses a duration greater than zero.
///
/// # Errors
///
/// If it is not a duration, with a message for people.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "`{}` is not a duration; write one such as `24h`, `90m` or `1h30m`",
            text.chars().take(64).collect::<String>()
        )
    };
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .ok_or_else(wrong)?;
        let (number, after) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let unit = after
            .find(|letter: char| letter.is_ascii_digit() || letter == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let (_, worth) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        seconds += number * worth;
        rest = after;
    }
    if seconds <= 0.0 || text.is_empty() {
        return Err(format!("{}, longer than zero", wrong()));
    }
    if seconds > LONGEST {
        return Err(format!("`{text}` is longer than a century"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Formats a duration as Go does, in whole seconds.
pub fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, seconds) in [
            ("24h", 86400.0),
            ("1h30m", 5400.0),
            ("1.5h", 5400.0),
            ("90m", 5400.0),
            ("300ms", 0.3),
            ("2h45m30.5s", 9930.5),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "24",
            "h",
            "-1h",
            "+1h",
            "1d",
            "1h ",
            "0s",
            "0h0m",
            "1..5h",
            "é",
            "1e9h",
            "99999999999999999999h",
            "nan",
            "1h\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["24h", "1h30m", "59s", "2h5s"] {
            assert_eq!(written(parse(text).unwrap()), text);
        }
    }
}
