//! Matches one value of a policy: literally, byte by byte, never as a regular expression.

mod block;
mod peer;
mod template;
mod text;

pub use block::Block;
pub use peer::PeerPattern;
pub use template::{Piece, Template};
pub(crate) use text::Presence;
pub use text::TextPattern;

/// Why a value is refused: what is wrong, and what to write instead.
pub(crate) type ValueProblem = (String, &'static str);

/// A path of an operation: a string match or a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPattern {
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
pub struct RequestPrincipalPattern {
    issuer: TextPattern,
    subject: TextPattern,
}

impl RequestPrincipalPattern {
    /// Splits at the last `/`; a value without one restricts only one half.
    ///
    /// A star counts at the start of the whole value, for the issuer, or at its end, for the subject, and not both: the
    /// other half is then literal. So `*/*` asks for a subject `*`; any principal at all is `*`
    /// (Istio's `requestPrincipalGenerator`, `pilot/pkg/security/authz/model/generator.go`).
    pub(crate) fn parse(value: &str) -> Self {
        let text = |value: &str| TextPattern::parse(value, Presence::NonEmpty);
        let present = || text("*");
        let halves = value.rsplit_once('/');
        let (issuer, subject) = if value == "*" {
            (present(), present())
        } else if value.starts_with('*') {
            match halves {
                Some((issuer, subject)) => (text(issuer), TextPattern::exact(subject)),
                None => (present(), text(value)),
            }
        } else if let Some(start) = value.strip_suffix('*') {
            match start.rsplit_once('/') {
                Some((issuer, "")) => (TextPattern::exact(issuer), present()),
                Some((issuer, start)) => (TextPattern::exact(issuer), TextPattern::prefix(start)),
                None => (TextPattern::prefix(start), present()),
            }
        } else {
            let (issuer, subject) = halves.unwrap_or((value, ""));
            (TextPattern::exact(issuer), TextPattern::exact(subject))
        };
        Self { issuer, subject }
    }

    /// The pattern of the issuer.
    pub fn issuer(&self) -> &TextPattern {
        &self.issuer
    }

    /// The pattern of the subject.
    pub fn subject(&self) -> &TextPattern {
        &self.subject
    }

    pub(crate) fn matches(&self, issuer: &str, subject: &str) -> bool {
        self.issuer.matches(issuer.as_bytes()) && self.subject.matches(subject.as_bytes())
    }
}

/// A value of `experimental.envoy.filters.*`: a string, or a list that holds a matching string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataPattern {
    in_list: bool,
    text: TextPattern,
}

impl MetadataPattern {
    /// `[v]` asks for a list that holds `v`; anything else for a string. Of `[[v]]` all brackets are taken off, as Istio does
    /// (`envoyFilterGenerator` in `pilot/pkg/security/authz/model/generator.go`).
    pub(crate) fn parse(value: &str) -> Self {
        let in_list = value.starts_with('[') && value.ends_with(']');
        let text = if in_list {
            value.trim_matches(['[', ']'])
        } else {
            value
        };
        Self {
            in_list,
            text: TextPattern::parse(text, Presence::NonEmpty),
        }
    }

    /// Whether it asks for a list that holds a text, rather than for a text.
    pub fn in_list(&self) -> bool {
        self.in_list
    }

    /// The pattern of the text.
    pub fn text(&self) -> &TextPattern {
        &self.text
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
