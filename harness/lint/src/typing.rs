//! Typos.

use peerwarden_engine::document::nearest;

/// Whether `name` is probably a typo of `meant`: letters swapped, or one letter missing, doubled or wrong in a word of
/// four or more. `team-a` and `team-b`, `v1` and `v2` are different names.
pub(crate) fn is_slip(name: &str, meant: &str) -> bool {
    if name == meant || name.is_empty() || meant.is_empty() {
        return false;
    }
    let parts = |text: &str| -> Vec<String> { text.split(['-', '_', '.', '/']).map(str::to_owned).collect() };
    let (written, wanted) = (parts(name), parts(meant));
    if written.len() != wanted.len() {
        return letters(&written.concat()) == letters(&wanted.concat());
    }
    let mut different = written.iter().zip(&wanted).filter(|(one, other)| one != other);
    let (one, other) = match (different.next(), different.next()) {
        // Only the separators between the words differ.
        (None, _) => return true,
        (Some(parts), None) => parts,
        (Some(_), Some(_)) => return false,
    };
    if digits(one) != digits(other) {
        return false;
    }
    if letters(one) == letters(other) {
        return true;
    }
    let shorter = one.chars().count().min(other.chars().count());
    // For a word of this length, `nearest` accepts one wrong letter as a typo.
    shorter >= 4 && one.chars().count().abs_diff(other.chars().count()) <= 1 && is_one_letter(one, other)
}

/// The one of these names that was probably meant.
pub(crate) fn meant<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let slips: Vec<&str> = names.into_iter().filter(|known| is_slip(name, known)).collect();
    nearest(name, slips.iter().copied()).or_else(|| slips.first().copied())
}

fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().filter(|letter| letter.is_alphanumeric()).collect();
    letters.sort_unstable();
    letters
}

fn digits(text: &str) -> Vec<char> {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether they differ by one added, missing or replaced letter.
fn is_one_letter(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same_start = one
        .iter()
        .zip(&other)
        .take_while(|(left, right)| left == right)
        .count();
    let (one, other) = (&one[same_start..], &other[same_start..]);
    let same_end = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(|(left, right)| left == right)
        .count();
    one.len() - same_end <= 1 && other.len() - same_end <= 1
}

#[cfg(test)]
mod tests {
    use super::{is_slip, meant};

    #[test]
    fn slips_are_told_from_names() {
        for (name, of) in [
            ("shpo", "shop"),
            ("wbe", "web"),
            ("order", "orders"),
            ("ordres", "orders"),
            ("frontnd", "frontend"),
            ("web-frontnd", "web-frontend"),
            ("webfrontend", "web-frontend"),
            ("web_frontend", "web-frontend"),
            ("GTE", "GET"),
        ] {
            assert!(is_slip(name, of), "{name} {of}");
        }
        for (name, of) in [
            ("shop", "shop"),
            ("team-a", "team-b"),
            ("v1", "v2"),
            ("shop1", "shop2"),
            ("dev", "web"),
            ("prod", "test"),
            ("frontend", "backend"),
            ("web", "webs"),
            ("", "web"),
        ] {
            assert!(!is_slip(name, of), "{name} {of}");
        }
        assert_eq!(meant("ordres", ["web", "orders", "order"]), Some("orders"));
    }
}
