//! The keys of `when`: <https://istio.io/latest/docs/reference/config/security/conditions/>.

use crate::document::nearest;

use super::ClaimPath;

/// A known key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    SourceIp,
    RemoteIp,
    SourceNamespace,
    SourcePrincipal,
    SourceServiceAccount,
    SourceTrustDomain,
    RequestPrincipal,
    Audiences,
    Presenter,
    Claim(ClaimPath),
    Header(String),
    DestinationIp,
    DestinationPort,
    Sni,
    Metadata { filter: String, key: String },
}

/// Keys without brackets.
const PLAIN: [(&str, Key); 12] = [
    ("source.ip", Key::SourceIp),
    ("remote.ip", Key::RemoteIp),
    ("source.namespace", Key::SourceNamespace),
    ("source.principal", Key::SourcePrincipal),
    ("source.serviceAccount", Key::SourceServiceAccount),
    ("source.trustDomain", Key::SourceTrustDomain),
    ("request.auth.principal", Key::RequestPrincipal),
    ("request.auth.audiences", Key::Audiences),
    ("request.auth.presenter", Key::Presenter),
    ("destination.ip", Key::DestinationIp),
    ("destination.port", Key::DestinationPort),
    ("connection.sni", Key::Sni),
];

/// The keys without brackets, for schemas and tests, which need all of them.
pub fn plain_keys() -> impl Iterator<Item = &'static str> {
    PLAIN.iter().map(|(name, _)| *name)
}

/// Keys with a name in brackets.
const BRACKETED: [&str; 3] = [
    "request.headers",
    "request.auth.claims",
    "experimental.envoy.filters.",
];

/// Why a key is refused: what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyError {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Key {
    /// Parses a key as it is written.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        let plain = PLAIN
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, key)| key.clone());
        match plain {
            Some(key) => Ok(key),
            None => Self::parse_bracketed(text).unwrap_or_else(|| Err(unknown(text))),
        }
    }

    /// Whether it is about the identity of a peer or a user: CUSTOM rules must not use it.
    pub(crate) fn is_identity(&self) -> bool {
        match self {
            Self::SourceNamespace
            | Self::SourcePrincipal
            | Self::SourceServiceAccount
            | Self::SourceTrustDomain
            | Self::RequestPrincipal
            | Self::Audiences
            | Self::Presenter
            | Self::Claim(_) => true,
            Self::SourceIp
            | Self::RemoteIp
            | Self::Header(_)
            | Self::DestinationIp
            | Self::DestinationPort
            | Self::Sni
            | Self::Metadata { .. } => false,
        }
    }

    /// `None` when it starts with none of the known names.
    fn parse_bracketed(text: &str) -> Option<Result<Self, KeyError>> {
        let malformed = |example: &str| {
            Err(KeyError {
                message: format!("the key `{text}` lacks a name in brackets"),
                help: format!("write it as `{example}`"),
            })
        };
        if let Some(rest) = text
            .strip_prefix("request.headers")
            .filter(|rest| starts_brackets(rest))
        {
            return Some(match inner(rest) {
                Some(name) => Ok(Key::Header(header_name(name))),
                None => malformed("request.headers[x-team]"),
            });
        }
        if let Some(rest) = text
            .strip_prefix("request.auth.claims")
            .filter(|rest| starts_brackets(rest))
        {
            return Some(match claim_path(rest) {
                Some(path) => Ok(Key::Claim(path)),
                None => malformed("request.auth.claims[group]"),
            });
        }
        if let Some(rest) = text.strip_prefix("experimental.") {
            if !rest.starts_with("envoy.filters.") {
                return None;
            }
            let parsed = rest.find('[').and_then(|open| rest.split_at_checked(open));
            let parsed = parsed.and_then(|(filter, key)| Some((filter, inner(key)?)));
            return Some(match parsed {
                Some((filter, key)) if filter.len() > "envoy.filters.".len() => Ok(Key::Metadata {
                    filter: filter.to_owned(),
                    key: key.to_owned(),
                }),
                Some(_) | None => malformed("experimental.envoy.filters.network.mysql_proxy[db.table]"),
            });
        }
        None
    }
}

fn starts_brackets(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('[')
}

/// The text inside the outer brackets, if it is not empty.
fn inner(text: &str) -> Option<&str> {
    text.strip_prefix('[')?
        .strip_suffix(']')
        .filter(|name| !name.is_empty())
}

/// Header names are compared in lower case, and Envoy keeps `Host` as `:authority`.
fn header_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == "host" {
        ":authority".to_owned()
    } else {
        name
    }
}

/// `[a][b]` is a path of two names; what is not made of such simple groups is one name between the outer brackets.
fn claim_path(text: &str) -> Option<ClaimPath> {
    let whole = inner(text)?;
    let names: Vec<&str> = whole.split("][").collect();
    let simple = |name: &&str| !name.contains(['[', ']']);
    if names.iter().all(simple) {
        Some(names.into_iter().map(str::to_owned).collect())
    } else {
        Some(vec![whole.to_owned()])
    }
}

fn unknown(text: &str) -> KeyError {
    let shown: String = text.chars().take(80).collect();
    let message = format!("unknown key `{shown}`");
    let help = match text.split('[').next().unwrap_or(text) {
        "destination.namespace" | "destination.name" | "destination.user" => {
            "policies apply by their own namespace: put the policy there".to_owned()
        }
        "destination.labels" => "use the policy's `selector`".to_owned(),
        name => {
            let known = PLAIN.iter().map(|(name, _)| *name).chain(BRACKETED);
            match nearest(name, known) {
                Some(known) if BRACKETED.contains(&known) => format!("did you mean `{known}[…]`?"),
                Some(known) => format!("did you mean `{known}`?"),
                None => "see https://istio.io/latest/docs/reference/config/security/conditions/".to_owned(),
            }
        }
    };
    KeyError { message, help }
}

#[cfg(test)]
mod tests {
    use super::Key;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn claim(path: &[&str]) -> Result<Key, super::KeyError> {
        Ok(Key::Claim(path.iter().map(|name| (*name).to_owned()).collect()))
    }

    #[test]
    fn reads_names_in_brackets() {
        assert_eq!(
            Key::parse("request.headers[X-Team]"),
            Ok(Key::Header("x-team".to_owned()))
        );
        assert_eq!(
            Key::parse("request.headers[Host]"),
            Ok(Key::Header(":authority".to_owned()))
        );
        assert_eq!(Key::parse("request.auth.claims[a]"), claim(&["a"]));
        assert_eq!(Key::parse("request.auth.claims[a][b-c]"), claim(&["a", "b-c"]));
        assert_eq!(Key::parse("request.auth.claims[[good]]"), claim(&["[good]"]));
        assert_eq!(Key::parse("request.auth.claims[[good]"), claim(&["[good"]));
        assert_eq!(Key::parse("request.auth.claims[good]]"), claim(&["good]"]));
        assert_eq!(Key::parse("request.auth.claims[][a]"), claim(&["", "a"]));
        assert_eq!(
            Key::parse("experimental.envoy.filters.a.b[c[d]]"),
            Ok(Key::Metadata {
                filter: "envoy.filters.a.b".to_owned(),
                key: "c[d]".to_owned()
            })
        );
    }

    #[test]
    fn refuses_with_a_hint() {
        for (key, help) in [
            ("request.header[x]", "request.headers[…]"),
            ("source.pricipal", "source.principal"),
            ("destination.labels[app]", "selector"),
            ("request.headers", "request.headers[x-team]"),
            ("request.headers[]", "request.headers[x-team]"),
            ("request.auth.claims", "request.auth.claims[group]"),
            (
                "experimental.envoy.filters.[x]",
                "experimental.envoy.filters.network",
            ),
            ("", "conditions"),
        ] {
            let error = Key::parse(key).unwrap_err();
            assert!(error.help.contains(help), "{key}: {}", error.help);
        }
    }
}
