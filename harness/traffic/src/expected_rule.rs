//! The expected rule, in the notation of suites.

use crate::answer::RuleRef;

/// The rule, mode or token that must decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedRule {
    /// No rule and no mode.
    None,
    /// This document, and this rule if one is given.
    Document {
        /// Its kind: `AuthorizationPolicy`, `PeerAuthentication` or `RequestAuthentication`.
        kind: Option<String>,
        /// Its namespace.
        namespace: Option<String>,
        /// Its name.
        name: String,
        /// The rule's index, counted from 0.
        rule: Option<usize>,
    },
}

impl ExpectedRule {
    /// Parses `none`, or `[KIND ][NAMESPACE/]NAME[[RULE]]`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        let (kind, rest) = match text.split_once(' ') {
            Some((kind @ ("AuthorizationPolicy" | "PeerAuthentication" | "RequestAuthentication"), rest)) => {
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

    /// Whether this is what decided.
    pub fn holds(&self, by: Option<&RuleRef>) -> bool {
        match (self, by) {
            (ExpectedRule::None, None) => true,
            (ExpectedRule::None, Some(_)) | (ExpectedRule::Document { .. }, None) => false,
            (
                ExpectedRule::Document {
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

impl std::fmt::Display for ExpectedRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ExpectedRule::Document {
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
