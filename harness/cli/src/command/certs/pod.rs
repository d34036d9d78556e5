//! The identity and the certificate settings of a Pod.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::files;
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml::{self, Node};
use peerwarden_mtls::duration;

/// The annotation with a Pod's own `ProxyConfig`
/// (<https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig>).
const CONFIG: &str = "proxy.istio.io/config";

/// A Pod, or a document that creates Pods.
#[derive(Debug)]
pub(super) struct Pod {
    pub(super) namespace: String,
    pub(super) service_account: String,
    /// The lifetime of its certificates, if it is set.
    pub(super) secret_ttl: Option<Duration>,
}

impl Pod {
    /// The Pods in a file, and the Pod templates of Deployments, Jobs and the like.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or has none, or a `SECRET_TTL` is not a duration.
    pub(super) fn all(file: &Path) -> Result<Vec<Self>, Vec<Diagnostic>> {
        let source = files::read(file).map_err(|wrong| vec![wrong])?;
        let documents = yaml::documents(&source).map_err(|wrong| vec![wrong])?;
        let (mut pods, mut wrong) = (Vec::new(), Vec::new());
        for document in &documents {
            match Self::of(&source, document) {
                Ok(pod) => pods.extend(pod),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if pods.is_empty() && wrong.is_empty() {
            let message = format!("`{}` has no Pod and no Pod template", source.name);
            wrong.push(
                Diagnostic::error(message)
                    .help("name a file with a Pod, a Deployment, a StatefulSet, a DaemonSet or a Job"),
            );
        }
        if wrong.is_empty() { Ok(pods) } else { Err(wrong) }
    }

    fn of(source: &Arc<Source>, document: &Node) -> Result<Option<Self>, Diagnostic> {
        let spec = document.get("spec");
        let is_pod = document.get("kind").and_then(Node::as_str) == Some("Pod");
        let template = spec
            .and_then(|spec| spec.get("jobTemplate")?.get("spec"))
            .or(spec)
            .and_then(|spec| spec.get("template"));
        let Some(pod) = (if is_pod { Some(document) } else { template }) else {
            return Ok(None);
        };
        let metadata = |of: &Node, name| {
            of.get("metadata")
                .and_then(|metadata| metadata.get(name)?.as_str())
                .map(str::to_owned)
        };
        let named = pod
            .get("spec")
            .and_then(|spec| spec.get("serviceAccountName")?.as_str());
        // Both default to `default`, as in Kubernetes.
        Ok(Some(Self {
            namespace: metadata(document, "namespace").unwrap_or_else(|| "default".to_owned()),
            service_account: named.unwrap_or("default").to_owned(),
            secret_ttl: Self::secret_ttl(source, pod)?,
        }))
    }

    fn secret_ttl(source: &Arc<Source>, pod: &Node) -> Result<Option<Duration>, Diagnostic> {
        let annotations = pod
            .get("metadata")
            .and_then(|metadata| metadata.get("annotations"));
        let Some(entry) = annotations.and_then(|annotations| annotations.entry(CONFIG)) else {
            return Ok(None);
        };
        let at = |diagnostic: Diagnostic| diagnostic.at(yaml::place(source, &entry.value.location));
        let Some(text) = entry.value.as_str() else {
            let wrong = Diagnostic::error(format!("the annotation `{CONFIG}` is not a string"));
            return Err(at(
                wrong.help("write the configuration as a block string, after `|`")
            ));
        };
        let inner = yaml::documents(&Source::new(CONFIG, text)).map_err(|wrong| {
            at(Diagnostic::error(format!(
                "the annotation `{CONFIG}` is not YAML: {}",
                wrong.message
            )))
        })?;
        let ttl = inner
            .first()
            .and_then(|config| config.get("proxyMetadata")?.get("SECRET_TTL"));
        let Some(ttl) = ttl else { return Ok(None) };
        let parsed = ttl
            .as_str()
            .ok_or_else(|| "`SECRET_TTL` is not a string: write it as `24h`".to_owned())
            .and_then(duration::parse);
        parsed
            .map(Some)
            .map_err(|why| at(Diagnostic::error(format!("`SECRET_TTL`: {why}"))))
    }
}
