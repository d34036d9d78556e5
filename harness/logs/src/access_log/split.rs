//! Splits a line by a format string.
//!
//! Envoy does not escape the texts that it writes: a user agent may contain quotation marks and spaces, and imitate the
//! fields after it. So every possible way to read the line counts, and a field is known only if all of them agree on
//! it.

use super::text::Text;

/// The largest number of places of one literal; a line with more is not split.
const PLACES: usize = 64;

/// The text of each operator: `None` if there are several ways to read the line that differ there.
pub(super) type Fields<'l> = Vec<Option<&'l [u8]>>;

/// Splits the line; `None` if the format does not fit.
pub(super) fn split<'l>(text: &Text, line: &'l [u8]) -> Option<Fields<'l>> {
    if let Some(fields) = only_way(text, line) {
        let fits = fields.iter().zip(&text.operators);
        let fits = fits
            .into_iter()
            .all(|(field, operator)| operator.tells.may_be(field));
        return fits.then(|| fields.into_iter().map(Some).collect());
    }
    every_way(text, line)
}

/// The fields, if each literal has only one possible place.
fn only_way<'l>(text: &Text, line: &'l [u8]) -> Option<Vec<&'l [u8]>> {
    let (first, rest) = text.literals.split_first()?;
    let (last, between) = rest.split_last()?;
    let start = line.starts_with(first).then_some(first.len())?;
    let end = line.ends_with(last).then(|| line.len() - last.len())?;
    // Where each literal starts and ends.
    let mut spans = vec![(0, start)];
    let mut from = start;
    for literal in between {
        let at = from + find(line.get(from..end)?, literal)?;
        from = at + literal.len();
        spans.push((at, from));
    }
    if from > end {
        return None;
    }
    let mut to = end;
    for (literal, (first, _)) in between.iter().zip(&spans[1..]).rev() {
        to = rfind(line.get(..to)?, literal).filter(|at| at == first)?;
    }
    spans.push((end, line.len()));
    let fields = spans.windows(2).map(|pair| line.get(pair[0].1..pair[1].0));
    fields.collect()
}

/// The fields on which all ways agree.
fn every_way<'l>(text: &Text, line: &'l [u8]) -> Option<Fields<'l>> {
    let places = places(text, line)?;
    let operators = text.operators.len();
    let joined = |field: usize, from: usize, to: usize| {
        let start = from + text.literals[field].len();
        line.get(start..to)
            .is_some_and(|between| text.operators[field].tells.may_be(between))
    };
    // The places that can be reached from the front, and those among them that lead to the end.
    let mut reached: Vec<Vec<bool>> = places.iter().map(|places| vec![false; places.len()]).collect();
    reached[0].fill(true);
    for field in 0..operators {
        for (to, place) in places[field + 1].iter().enumerate() {
            let mut from = places[field].iter().zip(&reached[field]);
            reached[field + 1][to] = from.any(|(from, alive)| *alive && joined(field, *from, *place));
        }
    }
    let mut fields: Fields<'l> = vec![None; operators];
    for field in (0..operators).rev() {
        let mut pairs = Vec::new();
        let mut leads = vec![false; places[field].len()];
        for (at, from) in places[field].iter().enumerate() {
            for (to, place) in places[field + 1].iter().enumerate() {
                if reached[field][at] && reached[field + 1][to] && joined(field, *from, *place) {
                    pairs.push((*from, *place));
                    leads[at] = true;
                }
            }
        }
        reached[field] = leads;
        match pairs.as_slice() {
            [] => return None,
            [(from, to)] => fields[field] = line.get(from + text.literals[field].len()..*to),
            [_, _, ..] => {}
        }
    }
    Some(fields)
}

/// The possible places of each literal: the first at the start, the last at the end, the others anywhere.
fn places(text: &Text, line: &[u8]) -> Option<Vec<Vec<usize>>> {
    let last = text.literals.len().checked_sub(1)?;
    let each = text.literals.iter().enumerate();
    each.map(|(index, literal)| {
        if index == 0 {
            line.starts_with(literal).then(|| vec![0])
        } else if index == last {
            line.ends_with(literal).then(|| vec![line.len() - literal.len()])
        } else {
            let places = line.windows(literal.len()).enumerate();
            let places = places.filter(|(_, window)| window == literal).map(|(at, _)| at);
            let places: Vec<usize> = places.take(PLACES + 1).collect();
            (!places.is_empty() && places.len() <= PLACES).then_some(places)
        }
    })
    .collect()
}

fn find(line: &[u8], literal: &[u8]) -> Option<usize> {
    let first = *literal.first()?;
    let mut from = 0;
    loop {
        let at = from + line.get(from..)?.iter().position(|byte| *byte == first)?;
        if line[at..].starts_with(literal) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn rfind(line: &[u8], literal: &[u8]) -> Option<usize> {
    line.windows(literal.len()).rposition(|window| window == literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, line: &str) -> Option<Vec<Option<String>>> {
        let text = Text::parse(format).unwrap();
        let fields = split(&text, line.as_bytes())?;
        let shown = |field: Option<&[u8]>| field.map(|field| String::from_utf8(field.to_vec()).unwrap());
        Some(fields.into_iter().map(shown).collect())
    }

    fn told(fields: &[&str]) -> Option<Vec<Option<String>>> {
        Some(fields.iter().map(|field| Some((*field).to_owned())).collect())
    }

    const QUOTED: &str =
        "\"%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%\" %RESPONSE_CODE% \"%REQ(USER-AGENT)%\" \"%REQ(X)%\"";

    #[test]
    fn takes_a_line_apart() {
        assert_eq!(
            read(QUOTED, r#""GET /a HTTP/1.1" 200 "curl/8" "y""#),
            told(&["GET", "/a", "HTTP/1.1", "200", "curl/8", "y"])
        );
        assert_eq!(
            read(QUOTED, r#""- - -" 0 "-" "-""#),
            told(&["-", "-", "-", "0", "-", "-"])
        );
        assert_eq!(read("%REQ(A)%", ""), told(&[""]));
        assert_eq!(read("<%REQ(A)%>", "<>"), told(&[""]));
    }

    #[test]
    fn a_text_may_hold_what_separates() {
        assert_eq!(
            read(QUOTED, r#""GET /a b HTTP/1.1" 200 "cu"rl" "y""#),
            told(&["GET", "/a b", "HTTP/1.1", "200", "cu\"rl", "y"]),
            "a path has spaces, since nothing else fits"
        );
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_told() {
        let fields = read(QUOTED, r#""GET /a HTTP/1.1" 200 "curl" "admin" "y""#).unwrap();
        let told: Vec<Option<&str>> = fields.iter().map(Option::as_deref).collect();
        assert_eq!(
            told,
            [Some("GET"), Some("/a"), Some("HTTP/1.1"), Some("200"), None, None]
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for line in [
            "",
            "\"",
            "istio-proxy is ready",
            r#""GET /a HTTP/1.1" 2xx "curl" "y""#,
            r#""GET /a HTTP/9" 200 "curl" "y""#,
            r#""GET /a HTTP/1.1" 200 "curl" "y" "#,
        ] {
            assert_eq!(read(QUOTED, line), None, "{line}");
        }
        let many = format!(r#""GET /a HTTP/1.1" 200 "{}" "y""#, "\" \"".repeat(500));
        assert_eq!(read(QUOTED, &many), None, "more ways than are looked at");
    }

    /// All ways to read a line, one by one.
    fn all(text: &Text, field: usize, line: &[u8], read: &mut Vec<Vec<u8>>, found: &mut Vec<Vec<Vec<u8>>>) {
        let literal = &text.literals[field + 1];
        for end in 0..=line.len() {
            let rest = &line[end..];
            if !rest.starts_with(literal) || !text.operators[field].tells.may_be(&line[..end]) {
                continue;
            }
            let rest = &rest[literal.len()..];
            read.push(line[..end].to_vec());
            if field + 1 < text.operators.len() {
                all(text, field + 1, rest, read, found);
            } else if rest.is_empty() {
                found.push(read.clone());
            }
            read.pop();
        }
    }

    /// The result is what all ways agree on, found by trying each.
    #[test]
    fn agrees_with_trying_every_way() {
        let text = Text::parse("[%REQ(A)%] %REQ(B)% \"%REQ(C)%\" %DURATION%").unwrap();
        let tokens = ["a", "1", " ", "] ", " \"", "\" "];
        let (mut state, mut fitted, mut several) = (1_u64, 0, 0);
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((state >> 33) % below).unwrap()
        };
        for _ in 0..4_000 {
            let mut line = Vec::new();
            for (index, literal) in text.literals.iter().enumerate() {
                line.extend_from_slice(literal);
                // The last field is a number.
                let below = if index < 3 { 6 } else { 2 };
                for _ in 0..random(4) {
                    line.extend_from_slice(tokens[random(below)].as_bytes());
                }
            }
            let mut found = Vec::new();
            all(&text, 0, &line[1..], &mut Vec::new(), &mut found);
            let expected = found.first().map(|first| {
                let agreed = |index: usize| found.iter().all(|way| way[index] == first[index]);
                (0..first.len())
                    .map(|index| agreed(index).then(|| first[index].clone()))
                    .collect::<Vec<_>>()
            });
            let told = split(&text, &line);
            match (&expected, &told) {
                (None, None) => {}
                (Some(expected), Some(told)) => {
                    fitted += 1;
                    several += usize::from(found.len() > 1);
                    for (expected, told) in expected.iter().zip(told) {
                        // Two ways may give the same text in different places: then it is not known either.
                        assert!(
                            told.is_none() || told.map(<[u8]>::to_vec) == *expected,
                            "{}",
                            String::from_utf8_lossy(&line)
                        );
                        assert!(found.len() > 1 || told.is_some());
                    }
                }
                (expected, told) => panic!("{} {expected:?} {told:?}", String::from_utf8_lossy(&line)),
            }
        }
        assert!(fitted > 500 && several > 100, "{fitted} {several}");
    }
}
