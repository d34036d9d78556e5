//! `targetRefs`: the gateway or service that a policy is attached to, instead of a selector
//! (<https://istio.io/latest/docs/reference/config/type/workload-selector/#PolicyTargetReference>).

use super::Selector;
use crate::document::{At, Node, NodeFields};
use crate::limits;
use crate::problem::{Problem, Problems};

/// `spec.targetRefs[]`.
///
/// `S` is how its texts are held: by itself, or by the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetRef<S = String> {
    /// API group; empty for the core group.
    pub group: S,
    /// Kind, such as `Gateway`.
    pub kind: S,
    /// Name of the object.
    pub name: S,
    /// Namespace; Istio refuses one.
    pub namespace: S,
    /// Whether it is the deprecated `spec.targetRef`.
    pub deprecated: bool,
}

impl<'t> TargetRef<&'t str> {
    /// `targetRefs` of a `spec`; when there are none, the deprecated `targetRef` as a list of one.
    pub(super) fn read_all(
        fields: &mut NodeFields<'t, '_>,
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
        let written = fields.list("targetRefs", problems).into_iter().flatten();
        for (index, value) in written.enumerate() {
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

    fn read(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let mut fields = NodeFields::of(node, at, problems)?;
        let mut text = |name| fields.text(name, problems).unwrap_or_default();
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
}

impl<S: AsRef<str>> TargetRef<S> {
    /// The same, with the texts of this one.
    pub(crate) fn borrowed(&self) -> TargetRef<&str> {
        TargetRef {
            group: self.group.as_ref(),
            kind: self.kind.as_ref(),
            name: self.name.as_ref(),
            namespace: self.namespace.as_ref(),
            deprecated: self.deprecated,
        }
    }

    /// The same with texts of its own.
    pub(crate) fn to_owned_texts(&self) -> TargetRef {
        let own = |text: &S| text.as_ref().to_owned();
        TargetRef {
            group: own(&self.group),
            kind: own(&self.kind),
            name: own(&self.name),
            namespace: own(&self.namespace),
            deprecated: self.deprecated,
        }
    }

    /// What the reference is about; `None` for a group and kind that Istio does not know.
    pub(crate) fn target_kind(&self) -> Option<TargetKind> {
        Some(match (self.group.as_ref(), self.kind.as_ref()) {
            ("gateway.networking.k8s.io", "Gateway") => TargetKind::Gateway,
            ("gateway.networking.k8s.io", "GatewayClass") => TargetKind::GatewayClass,
            ("" | "core", "Service") => TargetKind::Service,
            ("networking.istio.io", "ServiceEntry") => TargetKind::ServiceEntry,
            (_, _) => return None,
        })
    }

    /// The rules of Istio's admission for the references of one document and its selector; `at` is its `spec`.
    pub(crate) fn check(
        targets: &[Self],
        selector: Option<&Selector<S>>,
        at: &At<'_>,
        problems: &mut Problems,
    ) {
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
                    target.kind.as_ref(),
                    target.group.as_ref()
                );
                let help = "known targets: `Gateway` and `GatewayClass` of `gateway.networking.k8s.io`, `Service` of the core \
                            group (`group: \"\"`), `ServiceEntry` of `networking.istio.io`";
                problems.push(Problem::new(&at, message).help(help));
            }
            if target.name.as_ref().is_empty() {
                let problem = Problem::new(&at.name("name"), "the reference has no `name`");
                problems.push(problem.help("name the object"));
            }
            if !target.namespace.as_ref().is_empty() {
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
