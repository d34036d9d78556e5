//! The documents of `security.istio.io`, parsed and as text.

use peerwarden_documents::documents::Document;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{
    Action, AuthorizationPolicy, PeerAuthentication, RequestAuthentication, Rule,
};

/// The annotation that makes a policy a dry run.
pub(crate) const DRY_RUN: &str = "istio.io/dry-run";

/// An authorization policy and its document.
pub(crate) struct Policy<'d> {
    pub(crate) document: &'d Document,
    pub(crate) written: AuthorizationPolicy,
    /// Whether a later document of its name replaces it, if both reach one cluster.
    pub(crate) is_replaced: bool,
}

/// A `PeerAuthentication` and its document.
pub(crate) struct Modes<'d> {
    pub(crate) document: &'d Document,
    pub(crate) written: PeerAuthentication,
    /// Whether a later document of its name replaces it, if both reach one cluster.
    pub(crate) is_replaced: bool,
}

/// A `RequestAuthentication` and its document.
pub(crate) struct Tokens<'d> {
    pub(crate) document: &'d Document,
    pub(crate) written: RequestAuthentication,
}

impl Policy<'_> {
    /// Whether it is a dry run, which changes no verdict. The annotation is parsed like Go's `strconv.ParseBool`.
    pub(crate) fn is_dry_run(&self) -> bool {
        let annotation = self.written.metadata.annotation(DRY_RUN);
        annotation.is_some_and(|value| matches!(value, "1" | "t" | "T" | "TRUE" | "true" | "True"))
    }

    /// Whether it takes part in verdicts itself: a dry run and an AUDIT policy do not, and for a CUSTOM policy an authorizer does.
    pub(crate) fn decides(&self) -> bool {
        !self.is_dry_run() && matches!(self.written.action, Action::Allow | Action::Deny)
    }

    /// `AuthorizationPolicy NAMESPACE/NAME`.
    pub(crate) fn title(&self) -> String {
        let metadata = &self.written.metadata;
        format!("AuthorizationPolicy {}/{}", metadata.namespace, metadata.name)
    }

    /// The place to show for a rule: its first key, as a rule has no name.
    pub(crate) fn rule_path(&self, index: usize) -> Path {
        let rule = self.written.rules.iter().flatten().nth(index);
        let part = rule.and_then(|rule| match (&rule.from, &rule.to) {
            (Some(_), _) => Some("from"),
            (None, Some(_)) => Some("to"),
            (None, None) if rule.when.is_empty() => None,
            (None, None) => Some("when"),
        });
        let path = Rule::path(index);
        match part {
            Some(part) => path.key(part),
            None => path,
        }
    }
}

impl Modes<'_> {
    /// `PeerAuthentication NAMESPACE/NAME`.
    pub(crate) fn title(&self) -> String {
        let metadata = &self.written.metadata;
        format!("PeerAuthentication {}/{}", metadata.namespace, metadata.name)
    }
}

impl Tokens<'_> {
    /// `RequestAuthentication NAMESPACE/NAME`.
    pub(crate) fn title(&self) -> String {
        let metadata = &self.written.metadata;
        format!("RequestAuthentication {}/{}", metadata.namespace, metadata.name)
    }
}
