//! Numbers for people.

/// With a comma between thousands: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 line`, `2,000 lines`, `3 fixes`: a number and its noun.
pub fn counted(number: u64, what: &str) -> String {
    let plural = match (number, what.strip_suffix('y')) {
        (1, _) => what.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ if what.ends_with('x') || what.ends_with("ch") => format!("{what}es"),
        _ => format!("{what}s"),
    };
    format!("{} {plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::{counted, grouped};

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [1, 2].map(|number| counted(number, "policy")),
            ["1 policy", "2 policies"]
        );
        assert_eq!(
            [counted(1, "line"), counted(2000, "line"), counted(0, "fix")],
            ["1 line", "2,000 lines", "0 fixes"]
        );
    }
}
