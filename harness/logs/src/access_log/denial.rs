//! The line that the module itself logs for a denial: `peerwarden: denied "GET" "orders" "/x" on port 8080 to peer
//! "spiffe://…" at 10.0.0.7: REASON: AuthorizationPolicy ns[…]-policy[…]-rule[…]`.
//!
//! A client's texts are quoted and escaped in it, so that none can forge a field. It contains only what the module
//! knew.

use peerwarden_engine::{Kind, Reason};
use peerwarden_traffic::{Protocol, RuleRef};
use serde_json::Value;

use super::entry::{Entry, Fact, Outcome, PeerFact};

const MARK: &str = "peerwarden: denied ";

/// The text after the prefix for a stream that was open.
const CLOSED: [&str; 2] = [
    "by a newer configuration, and closed, ",
    "because its certificate has expired, and closed, ",
];

/// Remarks on the request.
const REMARKS: [&str; 3] = [
    "(with lower-case letters) ",
    "(not a host) ",
    "(refused by `paths: strict`) ",
];

/// Reads such a line, whatever Envoy puts in front of it; `None` if it is a different one.
pub(super) fn read(line: &[u8]) -> Option<Entry> {
    let line = std::str::from_utf8(line).ok()?;
    if line.trim_start().starts_with('{') {
        // `--log-as-json`.
        let object: Value = serde_json::from_str(line.trim()).ok()?;
        let message = ["msg", "message"]
            .iter()
            .find_map(|name| object.get(name)?.as_str())?;
        return denied(message);
    }
    denied(line)
}

fn denied(line: &str) -> Option<Entry> {
    let (before, rest) = line.split_once(MARK)?;
    // After a quote it is a client's text that imitates it.
    if before.contains('"') {
        return None;
    }
    let mut text = Scanner(rest);
    let _ = CLOSED.iter().any(|closed| text.eat(closed));
    let mut entry = Entry::default();
    if text.eat("a connection ") {
        entry.protocol = Some(Protocol::Tcp);
    } else {
        entry.protocol = Some(Protocol::Http);
        request(&mut entry, &mut text)?;
    }
    if text.eat("on port ") {
        entry.destination_port = text.until(" ")?.parse().ok();
    }
    entry.peer = peer(&mut text)?;
    if matches!(entry.peer, PeerFact::Uri(_) | PeerFact::NoUri) {
        entry.tls = Some(true);
    }
    if text.eat(" at ") {
        entry.remote_ip = text.until(": ")?.parse().ok();
    } else {
        text.eat(": ");
    }
    entry.happened = Some(Outcome::Denied(by(text.0)));
    Some(entry)
}

/// The method, the authority and the path, as far as the request has them.
fn request(entry: &mut Entry, text: &mut Scanner<'_>) -> Option<()> {
    let mut asked = Vec::new();
    while let Some(quoted) = text.quoted() {
        asked.push(quoted);
        text.eat(" ");
        let _ = REMARKS.iter().any(|remark| text.eat(remark));
    }
    let is_path = |fact: &Fact<Vec<u8>>| matches!(fact, Fact::Is(path) if path.starts_with(b"/"));
    let (method, authority, path) = match asked.as_slice() {
        [method, authority, path] => (method.clone(), authority.clone(), path.clone()),
        // CONNECT has no path.
        [method, path] if is_path(path) => (method.clone(), Fact::Unknown, path.clone()),
        [method, authority] => (method.clone(), authority.clone(), Fact::Missing),
        [method] => (method.clone(), Fact::Unknown, Fact::Unknown),
        _ => return None,
    };
    (entry.method, entry.path) = (method, path);
    entry.headers.push((":authority".to_owned(), authority));
    Some(())
}

fn peer(text: &mut Scanner<'_>) -> Option<PeerFact> {
    if text.eat("to peer ") {
        let name = text.quoted()?;
        if text.eat(", whose certificate has no URI SAN,") {
            return Some(PeerFact::NoUri);
        }
        return Some(match name {
            Fact::Is(name) => match String::from_utf8(name) {
                Ok(name) => PeerFact::Uri(name),
                Err(_) => PeerFact::Unknown,
            },
            Fact::Unknown | Fact::Missing | Fact::Dash => PeerFact::Unknown,
        });
    }
    if text.eat("to a peer without a certificate") {
        return Some(PeerFact::Nobody);
    }
    let unknown = [
        "to a peer whose certificate has expired",
        "to a peer whose identity is unknown",
    ];
    unknown
        .iter()
        .any(|unknown| text.eat(unknown))
        .then_some(PeerFact::Unknown)
}

/// The rule that denied, or else the reason.
fn by(rest: &str) -> String {
    for kind in [Kind::AuthorizationPolicy, Kind::PeerAuthentication] {
        let kind = kind.as_str();
        let Some((_, id)) = rest.split_once(&format!(": {kind} ns[")) else {
            continue;
        };
        // The id ends at one of its brackets, and later text may contain more of them.
        let ends = id.match_indices(']').map(|(at, _)| at + 1);
        let ids = ends.filter_map(|end| {
            let rest = id.get(end..)?;
            let ends_here = rest.is_empty() || rest.starts_with([':', ';', ' ', '\t']);
            RuleRef::from_id(kind, &format!("ns[{}", id.get(..end)?)).filter(|_| ends_here)
        });
        if let Some(id) = ids.into_iter().next() {
            return id.to_string();
        }
    }
    if Reason::at_start_of(rest) == Some(Reason::NoAllowRuleMatched) {
        return "none".to_owned();
    }
    let end = rest.find([':', ';']).unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest).trim().to_owned()
}

/// The rest of the text.
struct Scanner<'l>(&'l str);

impl<'l> Scanner<'l> {
    fn eat(&mut self, expected: &str) -> bool {
        match self.0.strip_prefix(expected) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn until(&mut self, end: &str) -> Option<&'l str> {
        let (text, rest) = self.0.split_once(end)?;
        self.0 = rest;
        Some(text)
    }

    /// A text as Rust's `{:?}` writes it. If it was cut, or was not UTF-8, it is unknown.
    fn quoted(&mut self) -> Option<Fact<Vec<u8>>> {
        let mut text = String::new();
        let mut chars = self.0.strip_prefix('"')?.char_indices();
        let body = self.0.get(1..)?;
        loop {
            let (at, ch) = chars.next()?;
            match ch {
                '"' => {
                    self.0 = body.get(at + 1..)?;
                    break;
                }
                '\\' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    '0' => text.push('\0'),
                    'u' => {
                        let digits: String = chars
                            .by_ref()
                            .map(|(_, ch)| ch)
                            .skip(1)
                            .take_while(|ch| *ch != '}')
                            .collect();
                        text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        let is_cut = self.eat("…");
        Some(if is_cut || text.contains('\u{fffd}') {
            Fact::Unknown
        } else {
            Fact::Is(text.into_bytes())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str = r#"peerwarden: denied "POST" "orders:8080" "/a \"b\\" on port 8080 to peer "spiffe://cluster.local/ns/web/sa/frontend" at fd00::7: a rule of a DENY policy matched: AuthorizationPolicy ns[shop]-policy[no]-rule[2]"#;

    #[test]
    fn what_the_module_knew_is_read() {
        let istio = "2026-01-01T00:00:00.0Z\tinfo\tenvoy wasm external/envoy/source/common/wasm/context.cc:1\twasm log x: ";
        let envoy = "[2026-01-01 00:00:00.000][12][info][wasm] [source/common/context.cc:1] wasm log x: ";
        let json = serde_json::json!({"level": "info", "msg": format!("wasm log x: {DENIED}")}).to_string();
        for line in [
            format!("{istio}{DENIED}\tthread=24"),
            format!("{envoy}{DENIED}"),
            json,
        ] {
            let entry = read(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(entry.protocol, Some(Protocol::Http));
            assert_eq!(entry.method, Fact::Is(b"POST".to_vec()));
            assert_eq!(entry.path, Fact::Is(b"/a \"b\\".to_vec()));
            assert_eq!(entry.header(":authority"), &Fact::Is(b"orders:8080".to_vec()));
            assert_eq!(entry.destination_port, Some(8080));
            assert_eq!(entry.remote_ip, "fd00::7".parse().ok());
            assert_eq!(
                (&entry.peer, entry.tls),
                (
                    &PeerFact::Uri("spiffe://cluster.local/ns/web/sa/frontend".into()),
                    Some(true)
                )
            );
            let by = Outcome::Denied("shop/no[2]".to_owned());
            assert_eq!(entry.happened, Some(by), "{line}");
        }
    }

    #[test]
    fn what_it_did_not_know_stays_unknown() {
        let of = |line: &str| read(format!("peerwarden: denied {line}").as_bytes()).unwrap();
        let entry = of(
            "by a newer configuration, and closed, a connection on port 5432 to a peer without a certificate: no",
        );
        assert_eq!(
            (entry.protocol, entry.peer),
            (Some(Protocol::Tcp), PeerFact::Nobody)
        );
        let entry = of(
            "\"GET\" \"x y\" (not a host) \"/a…\"… (refused by `paths: strict`) to a peer whose identity is unknown at 10.0.0.7: ALLOW policies apply to the workload and none of their rules matched (3 denials before this one were not logged)",
        );
        assert_eq!((entry.path, entry.peer), (Fact::Unknown, PeerFact::Unknown));
        assert_eq!(entry.happened, Some(Outcome::Denied("none".to_owned())));
        let entry = of(
            "\"CONNECT\" \"a:1\" on port 1 to peer \"x.example\", whose certificate has no URI SAN, at ::1: r",
        );
        assert_eq!(
            (entry.path, entry.peer, entry.tls),
            (Fact::Missing, PeerFact::NoUri, Some(true))
        );
    }

    #[test]
    fn what_a_client_wrote_is_no_such_line() {
        let forged = format!("[2026] \"GET /{DENIED} HTTP/1.1\" 200");
        for line in [
            forged.as_str(),
            "peerwarden: denied",
            "peerwarden: denied to peer \"x\"",
            "peerwarden: denied \"GET",
        ] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }
}
