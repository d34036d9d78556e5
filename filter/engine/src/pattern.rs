//! How one value of a policy matches: literally, byte by byte, never through a regular expression.

mod address;
mod peer;
mod template;
mod text;

pub(crate) use address::Block;
pub(crate) use peer::PeerPattern;
pub(crate) use template::Template;
pub(crate) use text::{Presence, TextPattern};

/// A path of an operation: a string match or a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathPattern {
    /// Exact, prefix, suffix or presence.
    Text(TextPattern),
    /// With `{*}` or `{**}`.
    Template(Template),
}

impl PathPattern {
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        match self {
            PathPattern::Text(pattern) => pattern.matches(path),
            PathPattern::Template(template) => template.matches(path),
        }
    }
}

/// `requestPrincipals`: issuer and subject of a verified JWT, each matched by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestPrincipalPattern {
    issuer: TextPattern,
    subject: TextPattern,
}

impl RequestPrincipalPattern {
    /// Splits at the last `/`. A star counts at one end of the whole value only: at its start it is the issuer's, at its end
    /// the subject's, and the other half is then exact. A value without a `/` says something of one half only.
    pub(crate) fn parse(value: &str) -> Self {
        let text = |value: &str| TextPattern::parse(value, Presence::NonEmpty);
        let exact = TextPattern::exact;
        let (issuer, subject) = match value.rsplit_once('/') {
            Some((issuer, subject)) if value.starts_with('*') => (text(issuer), exact(subject)),
            Some((issuer, "*")) => (exact(issuer), text("*")),
            Some((issuer, subject)) => match subject.strip_suffix('*') {
                Some(start) => (exact(issuer), TextPattern::Prefix(start.into())),
                None => (exact(issuer), exact(subject)),
            },
            None if value == "*" => (text("*"), text("*")),
            None if value.starts_with('*') => (text("*"), text(value)),
            None if value.ends_with('*') => (text(value), text("*")),
            None => (exact(value), exact("")),
        };
        Self { issuer, subject }
    }

    pub(crate) fn matches(&self, issuer: &str, subject: &str) -> bool {
        self.issuer.matches(issuer.as_bytes()) && self.subject.matches(subject.as_bytes())
    }
}

/// A value of `experimental.envoy.filters.*`: a string, or a list that holds a matching string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MetadataPattern {
    in_list: bool,
    text: TextPattern,
}

impl MetadataPattern {
    /// `[v]` asks for a list that holds `v`; anything else for a string.
    pub(crate) fn parse(value: &str) -> Self {
        let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        Self {
            in_list: inner.is_some(),
            text: TextPattern::parse(inner.unwrap_or(value), Presence::NonEmpty),
        }
    }

    pub(crate) fn matches(&self, value: &crate::document::Value) -> bool {
        use crate::document::Value;
        match value {
            Value::String(text) => !self.in_list && self.text.matches(text.as_bytes()),
            Value::List(items) => {
                let matches = |text: &str| self.text.matches(text.as_bytes());
                self.in_list && items.iter().filter_map(Value::as_str).any(matches)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
        }
    }
}
