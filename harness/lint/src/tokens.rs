//! The `RequestAuthentication`s that may apply to the workloads of a policy.

use peerwarden_engine::resource::{Selector, TargetRef};

use crate::context::{Context, Policy, Tokens};

/// Those that apply to one of the policy's workloads among the documents; without any such workload, those that may.
pub(crate) fn applying<'c>(context: &'c Context<'_>, policy: &Policy<'_>) -> Vec<&'c Tokens<'c>> {
    let all = context.request_authentications.iter();
    all.filter(|tokens| applies(context, tokens, policy)).collect()
}

/// Whether a `RequestAuthentication` and a policy may be for the same workload.
pub(crate) fn applies(context: &Context<'_>, tokens: &Tokens<'_>, policy: &Policy<'_>) -> bool {
    let root = &context.mesh.root_namespace;
    let (own, other) = (
        &tokens.written.metadata.namespace,
        &policy.written.metadata.namespace,
    );
    // What no document gives a namespace is applied to any.
    let is_unplaced = tokens.document.is_unplaced() || policy.document.is_unplaced();
    if own != other && own != root && other != root && !is_unplaced {
        return false;
    }
    let (own, other) = (&tokens.written.target_refs, &policy.written.target_refs);
    if !own.is_empty() || !other.is_empty() {
        // A document without a target may also be for the gateway, by labels that its controller adds.
        return own.is_empty()
            || other.is_empty()
            || own
                .iter()
                .any(|own| other.iter().any(|other| is_same(own, other)));
    }
    let (own, other) = (tokens.written.selector.as_ref(), policy.written.selector.as_ref());
    let mut manifests = context
        .workloads
        .iter()
        .filter(|manifest| context.applies_to(policy, &manifest.selected()))
        .peekable();
    if manifests.peek().is_some() {
        return manifests.any(|manifest| own.is_none_or(|selector| selector.matches(manifest.labels())));
    }
    own.is_none_or(|own| other.is_none_or(|other| may_meet(own, other)))
}

/// Whether both are one target, or may be: a service may be behind any waypoint.
fn is_same(own: &TargetRef, other: &TargetRef) -> bool {
    let is_proxy = |target: &TargetRef| target.kind.starts_with("Gateway");
    (&own.kind, &own.name) == (&other.kind, &other.name) || is_proxy(own) != is_proxy(other)
}

/// Whether a workload may have the labels of both.
fn may_meet(own: &Selector, other: &Selector) -> bool {
    own.match_labels.iter().all(|(name, value)| {
        let mut others = other.match_labels.iter();
        others.all(|(known, other)| known != name || other == value)
    })
}
