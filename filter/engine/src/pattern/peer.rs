//! Matches identity fields with a name in the peer's certificate.

use super::text::{Form, Presence, TextPattern};
use crate::bytes;

/// A value of `principals`, `namespaces`, `serviceAccounts` or `trustDomains`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerPattern {
    /// The whole URI.
    Exact(Box<str>),
    /// The URI starts with this, scheme included.
    Prefix(Box<str>),
    /// The URI is a `spiffe://` URI that ends with this.
    Suffix(Box<str>),
    /// Any name but an empty one.
    NonEmpty,
    /// Holds `/ns/NAMESPACE/`, here with its slashes.
    Namespace(Box<str>),
    /// The same with wildcards in the namespace: these texts, in this order and none over another, with anything between them.
    NamespaceGlob(Box<[Box<str>]>),
    /// The URI of a service account.
    ServiceAccount {
        /// `/ns/NAMESPACE/`.
        namespace: Box<str>,
        /// `sa/NAME`.
        name: Box<str>,
    },
    /// Any `spiffe://` URI.
    AnyTrustDomain,
    /// The trust domain, the text between `spiffe://` and the next slash.
    TrustDomain(TextPattern),
}

const SCHEME: &str = "spiffe://";

impl PeerPattern {
    /// `principals`: the value is a SPIFFE ID without its scheme.
    pub(crate) fn principal(value: &str) -> Self {
        match Form::of(value) {
            Form::Whole(id) => Self::Exact([SCHEME, id].concat().into()),
            Form::Start(id) => Self::Prefix([SCHEME, id].concat().into()),
            Form::End(id) => Self::Suffix(id.into()),
            Form::Any => Self::NonEmpty,
        }
    }

    /// `namespaces`: every `*` stands for any text, slashes too, all else is literal.
    pub(crate) fn namespace(value: &str) -> Self {
        let whole = ["/ns/", value, "/"].concat();
        if !value.contains('*') {
            return Self::Namespace(whole.into());
        }
        Self::NamespaceGlob(whole.split('*').map(Box::from).collect())
    }

    /// `serviceAccounts`: `NAMESPACE/NAME`, or `NAME` in the policy's namespace.
    pub(crate) fn service_account(value: &str, policy_namespace: &str) -> Self {
        let (namespace, name) = value.split_once('/').unwrap_or((policy_namespace, value));
        Self::ServiceAccount {
            namespace: ["/ns/", namespace, "/"].concat().into(),
            name: ["sa/", name].concat().into(),
        }
    }

    /// `trustDomains`.
    pub(crate) fn trust_domain(value: &str) -> Self {
        match TextPattern::parse(value, Presence::Exists) {
            TextPattern::Exists | TextPattern::NonEmpty => Self::AnyTrustDomain,
            pattern @ (TextPattern::Exact(_) | TextPattern::Prefix(_) | TextPattern::Suffix(_)) => {
                Self::TrustDomain(pattern)
            }
        }
    }

    /// Whether `name` matches.
    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Exact(uri) => bytes::same(name, uri.as_bytes()),
            Self::Prefix(prefix) => bytes::starts_with(name, prefix.as_bytes()),
            Self::Suffix(suffix) => name
                .strip_prefix(SCHEME.as_bytes())
                .is_some_and(|id| bytes::ends_with(id, suffix.as_bytes())),
            Self::NonEmpty => !name.is_empty(),
            Self::Namespace(part) => occurrences(name, part.as_bytes()).next().is_some(),
            Self::NamespaceGlob(parts) => has_in_order(name, parts),
            Self::ServiceAccount {
                namespace,
                name: account,
            } => matches_service_account(name, namespace.as_bytes(), account.as_bytes()),
            Self::AnyTrustDomain => name.starts_with(SCHEME.as_bytes()),
            Self::TrustDomain(pattern) => trust_domain(name).is_some_and(|domain| pattern.matches(domain)),
        }
    }
}

/// Taking each part where it comes first leaves the most for those after it.
fn has_in_order(name: &[u8], parts: &[Box<str>]) -> bool {
    let mut rest = name;
    parts.iter().all(|part| {
        let found = occurrences(rest, part.as_bytes()).next();
        if let Some((_, after)) = found {
            rest = after;
        }
        found.is_some() || part.is_empty()
    })
}

/// The trust domain of a `spiffe://` URI that has a path.
fn trust_domain(name: &[u8]) -> Option<&[u8]> {
    let id = name.strip_prefix(SCHEME.as_bytes())?;
    id.iter()
        .position(|byte| *byte == b'/')
        .and_then(|end| id.get(..end))
}

/// `spiffe://`, at least one character, `/ns/NAMESPACE/`, then directly or after more segments `sa/NAME`, then the end
/// or more segments. Further pairs in the path are tolerated, as Istio does.
fn matches_service_account(name: &[u8], namespace: &[u8], account: &[u8]) -> bool {
    let Some(id) = name.strip_prefix(SCHEME.as_bytes()) else {
        return false;
    };
    occurrences(id, namespace)
        .filter(|(at, _)| *at > 0)
        .any(|(_, rest)| {
            occurrences(rest, account).any(|(at, after)| {
                let starts_segment = at == 0
                    || (at >= 2 && at.checked_sub(1).and_then(|before| rest.get(before)) == Some(&b'/'));
                starts_segment && (after.is_empty() || (after.len() > 1 && after.starts_with(b"/")))
            })
        })
}

/// Where `part` stands in `text`, overlapping places included, and what follows each.
fn occurrences<'t>(text: &'t [u8], part: &'t [u8]) -> impl Iterator<Item = (usize, &'t [u8])> {
    (0..text.len()).filter_map(move |at| Some((at, text.get(at..)?.strip_prefix(part)?)))
}

#[cfg(test)]
mod tests {
    use super::PeerPattern;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const FRONTEND: &str = "spiffe://cluster.local/ns/web/sa/frontend";

    fn principal(value: &str, name: &str) -> bool {
        PeerPattern::principal(value).matches(name.as_bytes())
    }

    #[test]
    fn principals_have_no_scheme() {
        assert!(principal("cluster.local/ns/web/sa/frontend", FRONTEND));
        assert!(!principal("spiffe://cluster.local/ns/web/sa/frontend", FRONTEND));
        assert!(principal("cluster.local/ns/web/*", FRONTEND));
        assert!(
            principal("*/sa/frontend", FRONTEND) && principal("*/sa/frontend", "spiffe://evil/sa/frontend")
        );
        assert!(
            !principal("*/sa/frontend", "https://x/sa/frontend"),
            "a suffix match asks for a SPIFFE URI"
        );
        assert!(principal("*", "CN=anybody") && !principal("*", ""));
        assert!(
            !principal("cluster.local/ns/web/sa/front.nd", FRONTEND),
            "a dot is a literal"
        );
    }

    #[test]
    fn namespaces_stand_between_slashes() {
        let matches = |value, name: &str| PeerPattern::namespace(value).matches(name.as_bytes());
        assert!(matches("web", FRONTEND) && !matches("we", FRONTEND) && !matches("w.b", FRONTEND));
        assert!(matches("w*", FRONTEND) && matches("*b", FRONTEND) && matches("w*b", FRONTEND));
        assert!(matches("*", FRONTEND) && matches("**", FRONTEND) && !matches("x*", FRONTEND));
        assert!(
            matches("a*d", "spiffe://td/ns/a/b/c/d/sa/x"),
            "a star crosses slashes"
        );
        assert!(!matches("[w]*", FRONTEND) && !matches("{web}*", FRONTEND) && !matches("w?*", FRONTEND));
        assert!(!matches("*", "spiffe://td/ns/web"), "a slash must follow");
    }

    /// Compares with `globset`, an independent implementation of the same wildcards.
    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn stars_are_those_of_globs() {
        use proptest::prelude::*;
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
            cases: 4000,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let matched = std::cell::Cell::new(0);
        runner
            .run(
                &("[ab/{\\[]{0,3}\\*[ab*/{\\[]{0,3}", "[ab/{\\[]{0,9}"),
                |(value, inner)| {
                    let name = format!("spiffe://td/ns/{inner}/sa/x");
                    let mut glob = String::from("*/ns/");
                    for (index, part) in value.split('*').enumerate() {
                        if index > 0 && !glob.ends_with('*') {
                            glob.push('*');
                        }
                        glob.push_str(&globset::escape(part));
                    }
                    glob.push_str("/*");
                    let glob = globset::GlobBuilder::new(&glob)
                        .literal_separator(false)
                        .backslash_escape(true)
                        .build()
                        .unwrap()
                        .compile_matcher();
                    let ours = PeerPattern::namespace(&value).matches(name.as_bytes());
                    prop_assert_eq!(ours, glob.is_match(&name), "{} {}", value, name);
                    matched.set(matched.get() + u32::from(ours));
                    Ok(())
                },
            )
            .unwrap();
        assert!(matched.get() > 200, "{}", matched.get());
    }

    #[test]
    fn service_accounts_tolerate_further_segments() {
        let matches = |value, name: &str| PeerPattern::service_account(value, "web").matches(name.as_bytes());
        assert!(matches("frontend", FRONTEND) && matches("web/frontend", FRONTEND));
        assert!(!matches("other/frontend", FRONTEND) && !matches("front", FRONTEND));
        assert!(matches(
            "frontend",
            "spiffe://td/ns/web/pod/x/sa/frontend/extra/1"
        ));
        assert!(!matches("frontend", "spiffe://td/ns/web/xsa/frontend"));
        assert!(!matches("frontend", "spiffe://td/ns/web/sa/frontend/"));
        assert!(
            !matches("frontend", "spiffe:///ns/web/sa/frontend"),
            "the trust domain is not empty"
        );
        assert!(
            !matches("front.nd", FRONTEND),
            "a dot is a literal (CVE-2026-39350)"
        );
    }

    #[test]
    fn trust_domains_end_at_the_slash() {
        let matches = |value, name: &str| PeerPattern::trust_domain(value).matches(name.as_bytes());
        assert!(matches("cluster.local", FRONTEND) && !matches("cluster", FRONTEND));
        assert!(matches("cluster*", FRONTEND) && matches("*.local", FRONTEND) && matches("*", FRONTEND));
        assert!(
            !matches("*frontend", FRONTEND),
            "a wildcard does not cross the slash"
        );
        assert!(!matches("td", "spiffe://td"), "an identity has a path");
    }
}
