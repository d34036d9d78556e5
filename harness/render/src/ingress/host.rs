//! Host names and wildcards, and which contain which: the hosts of servers, of routes, and of clients' requests.

use std::fmt;

use peerwarden_engine::document::{At, Value, text};
use peerwarden_engine::{Problem, Problems};

use crate::description::{is_name, shown};

/// A name, all names below one, or all names; in lower case, as host names are case-insensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Host {
    /// `shop.example.com`.
    Exact(String),
    /// `*.example.com`, at any depth as Istio and Envoy read it; without the asterisk.
    Below(String),
    /// `*`.
    Any,
}

impl Host {
    pub(super) fn read(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(value, at, problems)?;
        let host = Self::parse(text);
        if host.is_none() {
            let problem = Problem::new(at, format!("`{}` is not a host name", shown(text)));
            problems.push(if text.contains('/') {
                problem.help("remove the part before the `/`: routes in this description have no namespace")
            } else {
                problem.help("write `shop.example.com`, `*.example.com` or `*`")
            });
        }
        host
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text == "*" {
            return Some(Self::Any);
        }
        let (name, below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text.as_str(), false),
        };
        if !is_name(name) {
            return None;
        }
        Some(if below {
            Self::Below(format!(".{name}"))
        } else {
            Self::Exact(text)
        })
    }

    /// Whether it includes every name of the other.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Exact(name), Self::Exact(other)) => name == other,
            (Self::Below(domain), Self::Exact(other) | Self::Below(other)) => other.ends_with(domain),
            (Self::Exact(_), Self::Below(_) | Self::Any) | (Self::Below(_), Self::Any) => false,
        }
    }

    /// Whether they have a name in common.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// How specific it is: of those that cover a name, Envoy takes the most specific, for server names as for virtual hosts.
    pub(super) fn exactness(&self) -> usize {
        match self {
            Self::Exact(_) => usize::MAX,
            Self::Below(domain) => domain.len(),
            Self::Any => 0,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Below(domain) => write!(f, "*{domain}"),
            Self::Any => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    fn host(text: &str) -> Host {
        Host::parse(text).expect("a host")
    }

    #[test]
    fn names_are_read_strictly() {
        assert_eq!(host("Shop.Example.com").to_string(), "shop.example.com");
        assert_eq!(host("*.example.com").to_string(), "*.example.com");
        for wrong in [
            "",
            "*.",
            "a*.example",
            "*example",
            "./shop.example",
            "a..b",
            "10.0.0.1",
            "a:80",
            "**",
            "a b",
        ] {
            assert_eq!(Host::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_wildcard_is_for_what_is_below_it_and_nothing_else() {
        let wild = host("*.example.com");
        for (name, covered) in [
            ("a.example.com", true),
            ("a.b.example.com", true),
            ("*.b.example.com", true),
            ("*.example.com", true),
            ("example.com", false),
            ("anexample.com", false),
            ("*", false),
        ] {
            assert_eq!(wild.covers(&host(name)), covered, "{name}");
        }
        assert!(host("*").covers(&wild) && wild.meets(&host("*")));
        assert!(!host("a.example.com").covers(&wild) && host("a.example.com").meets(&wild));
    }
}
