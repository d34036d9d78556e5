//! Prefixes that tools put in front of a line: `kubectl logs --prefix` and `--timestamps`, stern, Docker, and the
//! container runtime (CRI).

use std::borrow::Cow;

/// The largest number of words in a prefix: a time stamp, a stream, a tag, and names of a namespace, a pod and a
/// container.
const WORDS: usize = 7;

/// Candidates for the line after its prefix, each a little shorter than the one before.
pub(super) fn rests(line: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let plain = without_colours(line);
    let mut rests: Vec<Cow<'_, [u8]>> = Vec::new();
    if let Some(written) = of_docker(&plain) {
        rests.push(Cow::Owned(written));
        return rests;
    }
    if plain.len() < line.len() {
        rests.push(plain.clone());
    }
    let mut at = 0;
    for _ in 0..WORDS {
        let Some(length) = plain.get(at..).and_then(word) else {
            break;
        };
        at += length;
        rests.push(match &plain {
            Cow::Borrowed(plain) => Cow::Borrowed(plain.get(at..).unwrap_or_default()),
            Cow::Owned(plain) => Cow::Owned(plain.get(at..).unwrap_or_default().to_vec()),
        });
    }
    rests
}

/// The length of a word of a prefix, with the spaces after it: `[pod/NAME/CONTAINER]`, a time stamp, a name, `stdout`,
/// `F`, `|`.
fn word(text: &[u8]) -> Option<usize> {
    let end = text.iter().position(|byte| *byte == b' ' || *byte == b'\t')?;
    let word = text.get(..end)?;
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/".contains(byte);
    let is_source = word.starts_with(b"[pod/") && word.ends_with(b"]");
    let is_name = word.iter().all(name) && !word.is_empty();
    if !is_source && !is_name && word != b"|" {
        return None;
    }
    let spaces = text
        .get(end..)?
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace());
    Some(end + spaces.count())
}

/// The line without the colours that stern writes: `ESC [ … m`.
fn without_colours(line: &[u8]) -> Cow<'_, [u8]> {
    if !line.contains(&0x1b) {
        return Cow::Borrowed(line);
    }
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((first, after)) = rest.split_first() {
        let sequence = after.strip_prefix(b"[").filter(|_| *first == 0x1b);
        let end = sequence.and_then(|sequence| {
            let digits = sequence
                .iter()
                .take_while(|byte| byte.is_ascii_digit() || **byte == b';')
                .count();
            (sequence.get(digits) == Some(&b'm')).then_some(digits + 1)
        });
        rest = match (sequence, end) {
            (Some(sequence), Some(end)) => sequence.get(end..).unwrap_or_default(),
            _ => {
                plain.push(*first);
                after
            }
        };
    }
    Cow::Owned(plain)
}

/// Docker's format of log files: `{"log": "LINE\n", "stream": "stdout", "time": "…"}`.
fn of_docker(line: &[u8]) -> Option<Vec<u8>> {
    if !line.starts_with(b"{\"log\":") {
        return None;
    }
    let object: serde_json::Value = serde_json::from_slice(line).ok()?;
    object.get("stream")?;
    Some(object.get("log")?.as_str()?.trim_end().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::LogFormat;

    const LINE: &str = r#"[2026-01-01T00:00:00.000Z] "GET /orders/1 HTTP/1.1" 200 - via_upstream - "-" 0 12 3 2 "-" "curl/8.5.0" "0c9b0d3a" "orders:8080" "10.244.0.9:8080" inbound|8080|| 127.0.0.6:4711 10.244.0.9:8080 10.244.0.7:41612 - default"#;

    #[test]
    fn the_line_behind_a_prefix_is_read() {
        let json = r#"{"downstream_remote_address":"10.0.0.7:41000","method":"GET","path":"/a"}"#;
        let bare = LogFormat::default();
        for line in [LINE, json] {
            let expected = bare.read(line.as_bytes()).unwrap();
            let quoted = serde_json::to_string(&format!("{line}\n")).unwrap();
            for prefixed in [
                format!("[pod/orders-7d9f-abcde/istio-proxy] {line}"),
                format!("2026-01-01T00:00:00.123456789Z stdout F {line}"),
                format!("2026-01-01T00:00:00.123456789+02:00 {line}"),
                format!("[pod/orders-7d9f/istio-proxy] 2026-01-01T00:00:00.1Z {line}"),
                format!("orders-7d9f-abcde istio-proxy {line}"),
                format!("\u{1b}[32mshop\u{1b}[0m \u{1b}[1;36morders-7d9f\u{1b}[0m istio-proxy {line}"),
                format!("envoy-1  | {line}"),
                format!("{{\"log\":{quoted},\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}}"),
            ] {
                let mut read = bare
                    .read(prefixed.as_bytes())
                    .unwrap_or_else(|why| panic!("{prefixed}: {why}"));
                // A time stamp is not an attribute of policies.
                read.headers.sort_by(|one, other| one.0.cmp(&other.0));
                let mut expected = expected.clone();
                expected.headers.sort_by(|one, other| one.0.cmp(&other.0));
                assert_eq!(read, expected, "{prefixed}");
            }
        }
    }

    #[test]
    fn other_lines_stay_unreadable() {
        let bare = LogFormat::default();
        for line in [
            "",
            "not a log",
            "[pod/orders/istio-proxy] started",
            "a b c d e f g h i j",
            "\u{1b}[3",
        ] {
            assert!(bare.read(line.as_bytes()).is_err(), "{line}");
        }
    }
}
