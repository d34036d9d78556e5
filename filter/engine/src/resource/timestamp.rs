//! `metadata.creationTimestamp`: RFC 3339, compared as an instant.

/// An instant, ordered by age: seconds of the proleptic Gregorian calendar, then nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// Parses RFC 3339 (<https://www.rfc-editor.org/rfc/rfc3339#section-5.6>); `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let (clock, rest) = rest.split_at_checked(8)?;
        let [year, month, day] = numbers::<3>(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers::<3>(clock, ':', [2, 2, 2])?;
        // 60 is a leap second.
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (nanos, zone) = fraction(rest)?;
        let day_seconds = days(year, month, day)?.checked_mul(86_400)?;
        let clock_seconds = hour
            .checked_mul(3_600)?
            .checked_add(minute.checked_mul(60)?)?
            .checked_add(second)?;
        let seconds = day_seconds
            .checked_add(clock_seconds)?
            .checked_sub(offset(zone)?)?;
        Some(Self { seconds, nanos })
    }
}

/// Whether this is certainly an instant: in UTC without a fraction, as Kubernetes writes it.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        b'Z',
    ] = text
    else {
        return false;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2];
    let two = |tens: &u8, ones: &u8| [*tens, *ones];
    digits.iter().all(|digit| digit.is_ascii_digit())
        && (*b"01"..=*b"12").contains(&two(m1, m2))
        && (*b"01"..=*b"31").contains(&two(d1, d2))
        && two(h1, h2) <= *b"23"
        && two(n1, n2) <= *b"59"
        && two(s1, s2) <= *b"60"
}

/// `N` numbers of fixed widths with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(separator);
    for (number, width) in numbers.iter_mut().zip(widths) {
        *number = digits(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// The fraction of a second, and what follows it.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = rest.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at_checked(end)?;
    if fraction.is_empty() {
        return None;
    }
    let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some((nanos.parse().ok()?, zone))
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, clock) = match zone.strip_prefix('+') {
        Some(clock) => (1_i64, clock),
        None => (-1_i64, zone.strip_prefix('-')?),
    };
    let [hour, minute] = numbers::<2>(clock, ':', [2, 2])?;
    if hour > 23 || minute > 59 {
        return None;
    }
    hour.checked_mul(3_600)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_mul(sign)
}

/// Days since year 0, March 1 counting as the year's first day, so that a leap day is its last.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let early = month <= 2;
    let year = year.checked_sub(i64::from(early))?;
    let month = if early {
        month.checked_add(9)?
    } else {
        month.checked_sub(3)?
    };
    let leap_days = year
        .div_euclid(4)
        .checked_sub(year.div_euclid(100))?
        .checked_add(year.div_euclid(400))?;
    let month_days = month.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    year.checked_mul(365)?
        .checked_add(leap_days)?
        .checked_add(month_days)?
        .checked_add(day)
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn orders_instants_across_zones() {
        let parse = |text| Timestamp::parse(text).unwrap();
        assert!(parse("2024-02-29T23:59:59Z") < parse("2024-03-01T00:00:00Z"));
        assert!(parse("2023-12-31T23:59:59Z") < parse("2024-01-01T00:00:00.5Z"));
        assert_eq!(parse("2024-01-01T02:00:00+02:00"), parse("2024-01-01T00:00:00Z"));
        assert!(parse("2024-01-01T00:00:00-01:00") > parse("2024-01-01T00:30:00Z"));
    }

    #[test]
    fn what_is_plainly_a_time_is_one() {
        let text = b"2026-01-31T12:00:00Z";
        assert!(super::is_plain(text));
        for place in 0..text.len() {
            for byte in b'-'..=b'[' {
                let mut changed = *text;
                changed[place] = byte;
                let changed = std::str::from_utf8(&changed).unwrap();
                let parsed = Timestamp::parse(changed).is_some();
                assert!(!super::is_plain(changed.as_bytes()) || parsed, "{changed}");
            }
        }
    }

    #[test]
    fn refuses_what_is_not_a_time() {
        for text in [
            "",
            "2024-01-01",
            "2024-13-01T00:00:00Z",
            "2024-01-01T00:00:00",
            "yesterday at noon ok?",
            "2024-01-01T0é:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
