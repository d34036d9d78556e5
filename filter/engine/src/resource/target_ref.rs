//! `targetRefs`: the gateway or service that a policy is attached to, instead of a selector
//! (<https://istio.io/latest/docs/reference/config/type/workload-selector/#PolicyTargetReference>).

use std::borrow::Cow;

use super::Selector;
use crate::document::{At, BorrowedValue, Fields};
use crate::limits;
use crate::problem::{Problem, Problems};

/// `spec.targetRefs[]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetRef {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind, such as `Gateway`.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// Namespace; Istio refuses one.
    pub namespace: String,
    /// Whether it is the deprecated `spec.targetRef`.
    pub deprecated: bool,
}

impl TargetRef {
    /// `targetRefs` of a `spec`; when there are none, the deprecated `targetRef` as a list of one.
    pub(super) fn read_all(
        fields: &mut Fields<'_, '_, Cow<'_, str>>,
        at: &At<'_>,
        problems: &mut Problems,
    ) -> Vec<Self> {
        let deprecated = fields
            .take("targetRef")
            .and_then(|value| Self::read(value, &at.name("targetRef"), problems))
            .map(|target| Self {
                deprecated: true,
                ..target
            });
        let mut target_refs = Vec::new();
        let at_refs = at.name("targetRefs");
        for (index, value) in fields
            .list("targetRefs", problems)
            .unwrap_or(&[])
            .iter()
            .enumerate()
        {
            target_refs.extend(Self::read(value, &at_refs.index(index), problems));
        }
        if deprecated.is_some() && !target_refs.is_empty() {
            let problem = Problem::new(
                &at.name("targetRef"),
                "`targetRef` and `targetRefs` exclude each other",
            );
            problems.push(problem.help("remove `targetRef`"));
        }
        if target_refs.is_empty() {
            target_refs.extend(deprecated);
        }
        target_refs
    }

    fn read(value: &BorrowedValue<'_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = Fields::of(value, at, problems)?;
        let mut text = |name| fields.text(name, problems).unwrap_or_default().to_owned();
        let read = Self {
            group: text("group"),
            kind: text("kind"),
            name: text("name"),
            namespace: text("namespace"),
            deprecated: false,
        };
        fields.finish(problems);
        Some(read)
    }

    /// What the reference is about; `None` for a group and kind that Istio does not know.
    pub(crate) fn target_kind(&self) -> Option<TargetKind> {
        Some(match (self.group.as_str(), self.kind.as_str()) {
            ("gateway.networking.k8s.io", "Gateway") => TargetKind::Gateway,
            ("gateway.networking.k8s.io", "GatewayClass") => TargetKind::GatewayClass,
            ("" | "core", "Service") => TargetKind::Service,
            ("networking.istio.io", "ServiceEntry") => TargetKind::ServiceEntry,
            (_, _) => return None,
        })
    }

    /// The rules of Istio's admission for the references of one document and its selector; `at` is its `spec`.
    pub(crate) fn check(targets: &[Self], selector: Option<&Selector>, at: &At<'_>, problems: &mut Problems) {
        if targets.len() > limits::TARGET_REFS {
            let message = format!("{} references, more than {}", targets.len(), limits::TARGET_REFS);
            problems.push(Problem::new(&at.name("targetRefs"), message).help("split the policy"));
        }
        if !targets.is_empty() && selector.is_some() {
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
            if target.target_kind().is_none() {
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
                problems
                    .push(problem.help("remove `namespace`: a policy targets objects in its own namespace"));
            }
        }
    }
}

/// What a reference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Gateway,
    GatewayClass,
    Service,
    ServiceEntry,
}
