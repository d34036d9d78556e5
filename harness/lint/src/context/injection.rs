//! Whether the pods of a workload have an Envoy
//! (<https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>).

use peerwarden_documents::yaml::Node;

use super::Context;
use crate::workload::{INJECT, Workload};

/// The label of a namespace, and that of a revision, of a namespace or of pods.
const OF_NAMESPACE: &str = "istio-injection";
const REVISION: &str = "istio.io/rev";

impl Context<'_> {
    /// Whether something among the documents says that the pods of a workload have an Envoy: a label or an annotation of theirs, a label of
    /// their namespace, or a policy of that namespace that selects them.
    pub(crate) fn is_injected(&self, workload: &Workload<'_>) -> bool {
        let is_asked = workload.label(INJECT) == Some("true")
            || workload.annotation(INJECT).and_then(Node::as_str) == Some("true")
            || workload.label(REVISION).is_some();
        let label = |labels: &Node, name| labels.get(name).and_then(Node::as_str).map(str::to_owned);
        let namespace = self.others.of_kind("Namespace").find(|namespace| {
            let name = namespace.node.at(&["metadata", "name"]).and_then(Node::as_str);
            name == Some(workload.namespace.as_str())
        });
        let labels = namespace.and_then(|namespace| namespace.node.at(&["metadata", "labels"]));
        let of_namespace = labels.is_some_and(|labels| {
            label(labels, OF_NAMESPACE).as_deref() == Some("enabled") || label(labels, REVISION).is_some()
        });
        // What is in the root namespace is for all others, unless it selects something.
        let own = |namespace: &str| namespace == workload.namespace && namespace != self.mesh.root_namespace;
        let is_selected = || {
            let mut policies = self
                .policies
                .iter()
                .filter(|policy| own(&policy.written.metadata.namespace));
            let mut modes = self
                .peer_authentications
                .iter()
                .filter(|modes| own(&modes.written.metadata.namespace));
            policies.any(|policy| self.applies_to(policy, &workload.selected()))
                || modes.any(|modes| modes.written.selector.matches(workload.labels()))
        };
        is_asked || of_namespace || is_selected()
    }
}
