//! Workloads that run pods, as policies select them.

use std::collections::BTreeMap;

use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::Workload;

/// A workload and its name.
#[derive(Debug, Clone)]
pub(super) struct PodWorkload {
    /// `Deployment`, or another kind.
    kind: String,
    name: String,
    pub(super) workload: Workload,
}

impl PodWorkload {
    /// `None` for a document that runs no pods, or has no name.
    pub(super) fn of(document: &Document) -> Option<Self> {
        let metadata = document.node.get("metadata")?;
        let text = |node: &Node, name: &str| node.get(name).and_then(Node::as_str).map(str::to_owned);
        let name = text(metadata, "name")?;
        let kind = document.text("kind").to_owned();
        let template = template(&document.node, &kind)?;
        let pod = template.get("spec")?;
        let labels = template
            .get("metadata")
            .and_then(|metadata| metadata.get("labels"));
        let labels = labels.map(Node::entries).unwrap_or_default().iter();
        let labels: BTreeMap<String, String> = labels
            .filter_map(|entry| Some((entry.name.clone(), entry.value.as_str()?.to_owned())))
            .collect();
        Some(Self {
            workload: Workload {
                namespace: text(metadata, "namespace").unwrap_or_else(|| "default".to_owned()),
                service_account: text(pod, "serviceAccountName").unwrap_or_else(|| "default".to_owned()),
                labels,
                ..Workload::default()
            },
            kind,
            name,
        })
    }

    /// A name for files: unique among the workloads of one kind.
    pub(super) fn name(&self) -> String {
        let letter = |ch: char| {
            if ch.is_ascii_alphanumeric() || ch == '-' || ch == '.' {
                ch
            } else {
                '-'
            }
        };
        let name = format!("{}-{}", self.workload.namespace, self.name);
        name.chars().map(letter).collect()
    }

    /// A name for people.
    pub(super) fn title(&self) -> String {
        format!("{} {}/{}", self.kind, self.workload.namespace, self.name)
    }
}

/// The template of the pods, or the pod itself.
fn template<'n>(node: &'n Node, kind: &str) -> Option<&'n Node> {
    match kind {
        "Pod" => Some(node),
        "CronJob" => node.get("spec")?.get("jobTemplate")?.get("spec")?.get("template"),
        _ => node.get("spec")?.get("template"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use peerwarden_documents::documents::Document;
    use peerwarden_documents::source::Source;
    use peerwarden_documents::yaml;

    use super::PodWorkload;

    fn of(text: &str) -> Option<PodWorkload> {
        let source = Source::new("a.yaml", text);
        let node = yaml::documents(&source).unwrap().pop().unwrap();
        PodWorkload::of(&Document {
            source: Arc::clone(&source),
            node,
        })
    }

    #[test]
    fn a_workload_has_what_its_pods_have() {
        let job = "kind: CronJob\nmetadata: {name: nightly, namespace: shop}\nspec: {jobTemplate: {spec: {template: \
                   {metadata: {labels: {app: nightly}}, spec: {serviceAccountName: batch}}}}}";
        let job = of(job).unwrap();
        assert_eq!(
            (job.name().as_str(), job.title().as_str()),
            ("shop-nightly", "CronJob shop/nightly")
        );
        assert_eq!(job.workload.service_account, "batch");
        assert_eq!(
            job.workload.labels.get("app").map(String::as_str),
            Some("nightly")
        );
        let pod = of("kind: Pod\nmetadata: {name: a, labels: {app: a}}\nspec: {containers: []}").unwrap();
        assert_eq!(
            (
                pod.workload.namespace.as_str(),
                pod.workload.service_account.as_str()
            ),
            ("default", "default")
        );
        assert!(of("kind: Deployment\nmetadata: {name: a}").is_none());
    }
}
