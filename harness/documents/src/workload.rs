//! The protected workload: a Deployment or another document that runs pods, or the name of one.

use std::path::Path;
use std::sync::Arc;

use peerwarden_engine::document::nearest;

use crate::diagnostic::Diagnostic;
use crate::documents::{self, Document, OtherDocuments};
use crate::files;
use crate::kinds::{DEFAULT, WORKLOADS};
use crate::yaml::{Entry, Node, Tree};

/// Short names of kinds, as in kubectl.
const SHORT: [(&str, &str); 8] = [
    ("deploy", "Deployment"),
    ("sts", "StatefulSet"),
    ("ds", "DaemonSet"),
    ("rs", "ReplicaSet"),
    ("job", "Job"),
    ("cj", "CronJob"),
    ("po", "Pod"),
    ("rc", "ReplicationController"),
];

/// Whether a text is the name of a file, not of a workload.
pub fn is_file(text: &Path) -> bool {
    let extension = text.extension().and_then(|extension| extension.to_str());
    let is_text = matches!(extension, Some("yaml" | "yml" | "json"));
    is_text || text.as_os_str() == "-" || text.is_file()
}

/// The workload of a file: `{namespace, labels, …}`, or a document that runs pods.
///
/// # Errors
///
/// If the file cannot be read, or if it has no workload or several.
pub fn of_file(path: &Path, namespace: Option<&str>) -> Result<Document, Diagnostic> {
    let source = files::read(path)?;
    let mut documents = documents::all(&source)?;
    let runs_pods = |document: &Document| document.pod().is_some();
    if documents.len() > 1 && documents.iter().any(runs_pods) {
        documents.retain(runs_pods);
    }
    match documents.as_slice() {
        [document] if runs_pods(document) => Ok(described(document, namespace)),
        [document] => Ok(document.clone()),
        [] => Err(Diagnostic::error(format!("`{}` is empty", source.name))),
        several if several.iter().all(runs_pods) => {
            let message = format!("`{}` has several workloads, expected one", source.name);
            let help = format!(
                "name one of them: `--policies {} --workload {}`",
                source.name,
                short(&several[0])
            );
            Err(Diagnostic::error(message).help(help))
        }
        _ => {
            let message = format!("`{}` has several documents, expected one", source.name);
            Err(Diagnostic::error(message).help("remove the others; pass policies with `--policies`"))
        }
    }
}

/// The workload of this name among some documents: `deploy/orders`, `pod/orders-1`, or `orders`.
///
/// # Errors
/// That there is none, or several.
pub fn named(text: &str, namespace: Option<&str>, others: &OtherDocuments) -> Result<Document, Diagnostic> {
    let (own, text) = match text.split('/').collect::<Vec<_>>().as_slice() {
        [own, _, _] => (Some(*own), text.get(own.len() + 1..).unwrap_or_default()),
        _ => (None, text),
    };
    let (kind, name) = match text.split_once('/') {
        None => (None, text),
        Some((kind, name)) => match long(kind) {
            Some(kind) => (Some(kind), name),
            None => {
                let wrong = Diagnostic::error(format!("`{kind}` is not a kind of workload"));
                return Err(
                    wrong.help("write `deploy/NAME`, `sts/NAME`, `ds/NAME`, `pod/NAME`, …, with `NAMESPACE/` before it where several have the name, or a file")
                );
            }
        },
    };
    let is_of_kind = |document: &&Document| kind.is_none_or(|kind| document.text("kind") == kind);
    let wanted = own.or(namespace);
    let is_near = |document: &&Document| wanted.is_none_or(|wanted| of(document, "namespace") == wanted);
    // Each with what to write for it.
    let mut found: Vec<(Document, String)> = Vec::new();
    for document in others.workloads().filter(is_of_kind).filter(is_near) {
        let described = described(document, wanted);
        if of(document, "name") == name && found.iter().all(|(known, _)| known.node != described.node) {
            let full = format!("{}/{}", described.text("namespace"), short(document));
            found.push((described, full));
        }
    }
    match (found.pop(), found.as_slice()) {
        (Some((document, _)), []) => Ok(document),
        (Some((last, of_last)), [(first, of_first), ..]) => {
            let wrong = Diagnostic::error(format!("several workloads are named `{text}`"));
            let place = |document: &Document| document.place(&[], false);
            let help = if *of_first == of_last {
                "name the folders of one cluster, or the file of the workload".to_owned()
            } else {
                format!("write `{of_first}` or `{of_last}`")
            };
            Err(wrong.at(place(first)).also(place(&last), "and this").help(help))
        }
        (None, _) => Err(unknown(text, name, wanted, others)),
    }
}

/// That there is no such workload, with those that may have been meant.
fn unknown(text: &str, name: &str, namespace: Option<&str>, others: &OtherDocuments) -> Diagnostic {
    /// Workloads that are listed.
    const MOST: usize = 5;
    let place = namespace.map_or_else(String::new, |namespace| {
        format!(" in the namespace `{namespace}`")
    });
    let wrong = Diagnostic::error(format!("no workload `{text}` among the documents{place}"));
    let names: Vec<&str> = others.workloads().map(|document| of(document, "name")).collect();
    if let Some(meant) = nearest(name, names.iter().copied()) {
        let meant: Vec<String> = others
            .workloads()
            .filter(|document| of(document, "name") == meant)
            .map(|document| format!("`{}` in `{}`", short(document), of(document, "namespace")))
            .take(MOST)
            .collect();
        return wrong.help(format!("did you mean {}?", meant.join(" or ")));
    }
    if names.is_empty() {
        return wrong.help(
            "the documents have no Deployment and nothing else that runs pods: add its folder, or write a file with `{namespace: …, \
             labels: {…}}`",
        );
    }
    let known = others
        .workloads()
        .take(MOST)
        .map(|document| format!("`{}`", short(document)));
    let known: Vec<String> = known.collect();
    let more = if names.len() > MOST { ", …" } else { "" };
    wrong.help(format!("the documents have {}{more}", known.join(", ")))
}

fn of<'d>(document: &'d Document, name: &str) -> &'d str {
    let value = document.node.at(&["metadata", name]).and_then(Node::as_str);
    value.unwrap_or_default()
}

/// The full name of a kind as kubectl accepts it: `deploy`, `deployment`, `deployments`, `Deployment`,
/// `deployment.apps`.
fn long(kind: &str) -> Option<&'static str> {
    let kind = kind.split('.').next().unwrap_or_default().to_ascii_lowercase();
    if let Some((_, long)) = SHORT.iter().find(|(short, _)| *short == kind) {
        return Some(long);
    }
    let kind = kind.strip_suffix('s').unwrap_or(&kind);
    WORKLOADS.into_iter().find(|long| {
        let long = long.to_ascii_lowercase();
        long.strip_suffix('s').unwrap_or(&long) == kind
    })
}

/// `deploy/orders`.
fn short(document: &Document) -> String {
    let kind = document.text("kind");
    let short = SHORT.iter().find(|(_, long)| *long == kind);
    format!(
        "{}/{}",
        short.map_or(kind, |(short, _)| short),
        of(document, "name")
    )
}

/// The namespace and labels of a document that runs pods.
fn described(document: &Document, namespace: Option<&str>) -> Document {
    let pod = document.pod();
    let at = |path: &[&str]| pod.and_then(|pod| pod.at(path));
    let text = |text: &str| Node {
        location: document.node.location,
        tree: Tree::String(text.to_owned()),
    };
    let own = document.node.at(&["metadata", "namespace"]).cloned();
    let mut fields = vec![
        (
            "namespace",
            own.unwrap_or_else(|| text(namespace.unwrap_or(DEFAULT))),
        ),
        (
            "serviceAccount",
            at(&["spec", "serviceAccountName"])
                .cloned()
                .unwrap_or_else(|| text("default")),
        ),
    ];
    fields.extend(kind(pod).map(|kind| ("kind", text(kind))));
    let labels = at(&["metadata", "labels"]).filter(|labels| !labels.entries().is_empty());
    fields.extend(labels.map(|labels| ("labels", labels.clone())));
    let entry = |(name, value): (&str, Node)| Entry {
        name: name.to_owned(),
        name_location: value.location,
        value,
    };
    Document {
        source: Arc::clone(&document.source),
        node: Node {
            location: document.node.location,
            tree: Tree::Object(fields.into_iter().map(entry).collect()),
        },
    }
}

/// The kind of proxy that a pod runs, if it is not a sidecar: a gateway by its injection template or arguments
/// (<https://istio.io/latest/docs/setup/additional-setup/gateway/>), or one that a controller created for a `Gateway`.
fn kind(pod: Option<&Node>) -> Option<&'static str> {
    let text = |path: &[&str]| pod?.at(path)?.as_str();
    match text(&["metadata", "labels", "gateway.istio.io/managed"]) {
        Some("istio.io-mesh-controller") => return Some("waypoint"),
        Some("istio.io-gateway-controller") => return Some("gateway"),
        Some(_) | None => {}
    }
    let templates = text(&["metadata", "annotations", "inject.istio.io/templates"]).unwrap_or_default();
    let containers = pod.and_then(|pod| pod.at(&["spec", "containers"])?.as_list());
    let mut arguments = containers
        .unwrap_or_default()
        .iter()
        .filter_map(|container| container.get("args")?.as_list());
    let routes = |arguments: &[Node]| matches!(arguments, [first, second, ..] if first.as_str() == Some("proxy") && second.as_str() == Some("router"));
    let is_gateway =
        templates.split(',').any(|template| template.trim() == "gateway") || arguments.any(routes);
    is_gateway.then_some("gateway")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    const MANIFESTS: &str = "\
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  template:
    metadata: {labels: {app: orders}}
    spec: {serviceAccountName: orders, containers: []}
---
kind: StatefulSet
metadata: {name: database, namespace: shop}
spec: {template: {metadata: {labels: {app: database}}, spec: {}}}
---
kind: CronJob
metadata: {name: nightly, namespace: batch}
spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: nightly}}, spec: {}}}}}
---
kind: Pod
metadata: {name: orders, namespace: other, labels: {app: lone}}
spec: {}
";

    fn others() -> OtherDocuments {
        let mut others = OtherDocuments::default();
        for document in documents::all(&Source::new("all.yaml", MANIFESTS)).unwrap() {
            others.push(document);
        }
        others
    }

    fn found(text: &str, namespace: Option<&str>) -> Result<String, String> {
        match named(text, namespace, &others()) {
            Ok(document) => Ok(serde_json::to_string(&document.node).unwrap()),
            Err(wrong) => Err(format!("{} ({})", wrong.message, wrong.help.unwrap_or_default())),
        }
    }

    #[test]
    fn a_name_finds_what_policies_select_by() {
        let orders = r#"{"namespace":"shop","serviceAccount":"orders","labels":{"app":"orders"}}"#;
        for name in [
            "deploy/orders",
            "deployment/orders",
            "Deployments/orders",
            "deployment.apps/orders",
        ] {
            assert_eq!(found(name, None).as_deref(), Ok(orders), "{name}");
        }
        assert_eq!(found("orders", Some("shop")).as_deref(), Ok(orders));
        assert_eq!(
            found("pod/orders", None).as_deref(),
            Ok(r#"{"namespace":"other","serviceAccount":"default","labels":{"app":"lone"}}"#)
        );
        assert_eq!(
            found("nightly", None).as_deref(),
            Ok(r#"{"namespace":"batch","serviceAccount":"default","labels":{"app":"nightly"}}"#)
        );
    }

    #[test]
    fn an_unknown_name_is_told_with_the_nearest() {
        for (text, namespace, says) in [
            ("deploy/ordres", None, "did you mean `deploy/orders` in `shop`"),
            ("sts/databse", None, "`sts/database` in `shop`"),
            ("orders", None, "write `shop/deploy/orders` or `other/po/orders`"),
            ("svc/orders", None, "`svc` is not a kind of workload"),
            (
                "nothing-like-it",
                None,
                "the documents have `deploy/orders`, `sts/database`",
            ),
            ("database", Some("batch"), "in the namespace `batch`"),
        ] {
            let wrong = found(text, namespace).unwrap_err();
            assert!(wrong.contains(says), "{text}: {wrong}");
        }
        let wrong = named("orders", None, &OtherDocuments::default()).unwrap_err();
        assert!(wrong.help.unwrap().contains("runs pods"));
    }

    #[test]
    fn a_gateway_is_known_by_how_it_is_made() {
        let kind = |text: &str| {
            let pod = documents::all(&Source::new("pod.yaml", text)).unwrap().remove(0);
            super::kind(Some(&pod.node))
        };
        assert_eq!(
            kind("metadata: {annotations: {inject.istio.io/templates: gateway}}"),
            Some("gateway")
        );
        assert_eq!(
            kind("spec: {containers: [{args: [proxy, router]}]}"),
            Some("gateway")
        );
        assert_eq!(
            kind("metadata: {labels: {gateway.istio.io/managed: istio.io-mesh-controller}}"),
            Some("waypoint")
        );
        assert_eq!(kind("spec: {containers: [{args: [serve]}]}"), None);
    }
}
