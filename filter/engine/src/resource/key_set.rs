//! The keys that a token's signature is checked with: written in the document, or fetched.

use crate::document::{At, DEPTH, Malformed, Node, Scanner, Tree, why};
use crate::problem::{Problem, Problems};

/// Where the keys of a rule come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum KeySource {
    /// Neither `jwks` nor `jwksUri`: the issuer's own `/.well-known/openid-configuration` names the URL.
    #[default]
    Discovered,
    /// `jwks`: a JSON Web Key Set (RFC 7517, section 5), as it was written.
    Inline(String),
    /// `jwksUri`.
    Fetched(KeyUrl),
}

/// The URL of a key set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUrl {
    /// As it was written.
    pub text: String,
    /// Whether it is fetched over TLS: `https`.
    pub is_tls: bool,
    /// Its host: a name or an address, without brackets.
    pub host: String,
    /// Its port, or that of its scheme.
    pub port: u16,
    /// Its path with the query, `/` at least.
    pub path: String,
}

impl KeyUrl {
    /// Reads `http` or `https`, a host, and at most one port, as Istio's `ParseJwksURI` does, which refuses the rest. A user's name in a
    /// URL, which Envoy would send to nobody, is refused too.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        if !crate::host_name::is_host(authority.as_bytes())
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, port)) => (address, port.strip_prefix(':')),
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0)?,
            None if is_tls => 443,
            None => 80,
        };
        let path = path.split_once('#').map_or(path, |(path, _)| path);
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self {
            text: text.to_owned(),
            is_tls,
            host: host.to_owned(),
            port,
            path: format!("{slash}{path}"),
        })
    }
}

impl KeySource {
    /// Reads the two fields, of which at most one may be given.
    pub(super) fn read(
        inline: Option<&str>,
        url: Option<&str>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        match (inline, url) {
            (None, None) => Some(Self::Discovered),
            (Some(_), Some(_)) => {
                let problem = Problem::new(&at.name("jwks"), "only one of `jwks` and `jwksUri` can be given");
                problems.push(problem.help("remove one of them"));
                None
            }
            (Some(text), None) => {
                check_keys(text, &at.name("jwks"), problems);
                Some(Self::Inline(text.to_owned()))
            }
            (None, Some(text)) => {
                let read = KeyUrl::parse(text);
                if read.is_none() {
                    let shown: String = text.chars().take(200).collect();
                    let problem =
                        Problem::new(&at.name("jwksUri"), format!("`{shown}` is not a URL of keys"));
                    problems.push(problem.help(
                        "write `http://` or `https://` and a host, such as `https://issuer.example/jwks`",
                    ));
                }
                read.map(Self::Fetched)
            }
        }
    }
}

/// A key set that Envoy can use: with another one it refuses every token.
fn check_keys(text: &str, at: &At<'_>, problems: &mut Problems) {
    const HELP: &str = "write a JSON Web Key Set: `{\"keys\": [{\"kty\": \"RSA\", …}]}`";
    let mut scanner = Scanner::new(text.as_bytes());
    let mut set = Tree::default();
    let mut read = || -> Result<(), Malformed> {
        set.read(&mut scanner, DEPTH)?;
        scanner.end()
    };
    if let Err(error) = read() {
        let why = why(text.as_bytes(), scanner.at(), error);
        let problem = Problem::new(at, format!("the key set is not valid JSON: {why}"));
        return problems.push(problem.help(HELP));
    }
    let Some(mut keys) = set.root().get("keys").and_then(Node::items) else {
        return problems.push(Problem::new(at, "the key set has no list `keys`").help(HELP));
    };
    let without_kind = keys.position(|key| !key.get("kty").is_some_and(Node::is_text));
    if let Some(index) = without_kind {
        let problem = Problem::new(
            at,
            format!("key {index} of the set, counted from 0, has no `kty`"),
        );
        problems.push(problem.help(HELP));
    }
}

#[cfg(test)]
mod tests {
    use super::KeyUrl;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn urls_of_keys() {
        let parts = |text| {
            let url = KeyUrl::parse(text)?;
            Some((url.is_tls, url.host, url.port, url.path))
        };
        let of = |tls, host: &str, port, path: &str| Some((tls, host.to_owned(), port, path.to_owned()));
        assert_eq!(
            parts("https://a.example/jwks"),
            of(true, "a.example", 443, "/jwks")
        );
        assert_eq!(
            parts("HTTP://a.example:8080?x#y"),
            of(false, "a.example", 8080, "/?x")
        );
        assert_eq!(parts("https://[::1]:1"), of(true, "::1", 1, "/"));
        for wrong in [
            "a.example/jwks",
            "ftp://a.example",
            "https://",
            "https:///jwks",
            "https://u@a.example",
            "https://a.example:0/",
            "https://a.example:65536/",
            "https://a.example/a b",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
