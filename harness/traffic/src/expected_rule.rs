//! What must have decided, as suites write it.

use crate::answer::DecidedBy;

/// What must have decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedBy {
    /// No rule and no mode.
    None,
    /// This document, and this rule if one is named.
    Document {
        /// Its kind; an `AuthorizationPolicy` or a `PeerAuthentication`.
        kind: Option<String>,
        /// Its namespace.
        namespace: Option<String>,
        /// Its name.
        name: String,
        /// The rule in it, counted from 0.
        rule: Option<usize>,
    },
}

impl ExpectedBy {
    /// Reads `none`, or `[KIND ][NAMESPACE/]NAME[[RULE]]`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        let (kind, rest) = match text.split_once(' ') {
            Some((kind @ ("AuthorizationPolicy" | "PeerAuthentication"), rest)) => {
                (Some(kind.to_owned()), rest)
            }
            Some(_) => return None,
            None => (None, text),
        };
        let (rest, rule) = match rest.strip_suffix(']') {
            Some(rest) => {
                let (rest, rule) = rest.split_once('[')?;
                (rest, Some(rule.parse().ok()?))
            }
            None => (rest, None),
        };
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, rest),
        };
        if name.is_empty() || namespace.as_ref().is_some_and(String::is_empty) {
            return None;
        }
        Some(Self::Document {
            kind,
            namespace,
            name: name.to_owned(),
            rule,
        })
    }

    /// Whether what decided is what was expected.
    pub fn holds(&self, by: Option<&DecidedBy>) -> bool {
        match (self, by) {
            (ExpectedBy::None, None) => true,
            (ExpectedBy::None, Some(_)) | (ExpectedBy::Document { .. }, None) => false,
            (
                ExpectedBy::Document {
                    kind,
                    namespace,
                    name,
                    rule,
                },
                Some(by),
            ) => {
                kind.as_ref().is_none_or(|kind| *kind == by.kind)
                    && namespace
                        .as_ref()
                        .is_none_or(|namespace| *namespace == by.namespace)
                    && *name == by.name
                    && (rule.is_none() || *rule == by.rule)
            }
        }
    }
}

impl std::fmt::Display for ExpectedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ExpectedBy::Document {
            kind,
            namespace,
            name,
            rule,
        } = self
        else {
            return f.write_str("no rule");
        };
        if let Some(kind) = kind {
            write!(f, "{kind} ")?;
        }
        if let Some(namespace) = namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(name)?;
        match rule {
            Some(rule) => write!(f, "[{rule}]"),
            None => Ok(()),
        }
    }
}
