//! `targetRefs`: what a policy is attached to, in place of a selector
//! (<https://istio.io/latest/docs/reference/config/type/workload-selector/#PolicyTargetReference>).

use crate::document::At;
use crate::limits;
use crate::problem::{Problem, Problems};
use crate::resource::{AuthorizationPolicy, TargetRef};

/// What a reference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Gateway,
    GatewayClass,
    Service,
    ServiceEntry,
}

impl TargetKind {
    /// `None` for a group and kind that Istio does not know.
    pub(crate) fn of(target: &TargetRef) -> Option<Self> {
        Some(match (target.group.as_str(), target.kind.as_str()) {
            ("gateway.networking.k8s.io", "Gateway") => Self::Gateway,
            ("gateway.networking.k8s.io", "GatewayClass") => Self::GatewayClass,
            ("" | "core", "Service") => Self::Service,
            ("networking.istio.io", "ServiceEntry") => Self::ServiceEntry,
            (_, _) => return None,
        })
    }
}

/// The rules of Istio's admission.
pub(super) fn check(document: &AuthorizationPolicy, at: &At<'_>, problems: &mut Problems) {
    let targets = &document.target_refs;
    if targets.len() > limits::TARGET_REFS {
        let message = format!("{} references, more than {}", targets.len(), limits::TARGET_REFS);
        problems.push(Problem::new(&at.name("targetRefs"), message).help("split the policy"));
    }
    if !targets.is_empty() && document.selector.is_some() {
        let message = "`selector` and `targetRefs` exclude each other";
        problems.push(Problem::new(&at.name("selector"), message).help("remove one of them"));
    }
    let list = at.name("targetRefs");
    for (index, target) in targets.iter().enumerate() {
        let at = if target.deprecated {
            at.name("targetRef")
        } else {
            list.index(index)
        };
        if TargetKind::of(target).is_none() {
            let message = format!(
                "`{}` of the group `{}` cannot be a target",
                target.kind, target.group
            );
            let help = "known targets: `Gateway` and `GatewayClass` of `gateway.networking.k8s.io`, `Service` of the core \
                        group (`group: \"\"`), `ServiceEntry` of `networking.istio.io`";
            problems.push(Problem::new(&at, message).help(help));
        }
        if target.name.is_empty() {
            let problem = Problem::new(&at.name("name"), "the reference has no `name`");
            problems.push(problem.help("name the object"));
        }
        if !target.namespace.is_empty() {
            let problem = Problem::new(&at.name("namespace"), "a reference into another namespace");
            problems.push(problem.help("remove `namespace`: a policy targets objects in its own namespace"));
        }
    }
}
