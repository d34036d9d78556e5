//! PW054: keys of tokens that istiod cannot fetch from a workload of the mesh.
//!
//! istiod fetches `jwksUri` itself, without a certificate of the mesh
//! (<https://istio.io/latest/docs/ops/common-problems/security-issues/#jwt-validation-issues>), and gives every proxy a key that verifies
//! nothing if it cannot.

use std::collections::BTreeMap;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::Node;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{KeySource, KeyUrl, Rule};
use peerwarden_engine::{Lookup, Protocol, Traffic, Verdict};

use crate::context::{Context, Tokens};
use crate::lint::{Finder, Finding, Lint};
use crate::lints::impossible_value::{is_placeholder, is_variable};
use crate::proof::Proof;
use crate::sample;

pub(crate) const LINT: Lint = Lint {
    code: "PW054",
    name: "keys-out-of-reach",
    severity: Severity::Warning,
    summary: "keys of tokens that istiod cannot fetch",
    page: include_str!("../../../../docs/lints/PW054.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    // One place of keys is one mistake.
    let mut found: BTreeMap<&str, Diagnostic> = BTreeMap::new();
    for tokens in &context.request_authentications {
        for (index, rule) in tokens.written.rules.iter().enumerate() {
            let KeySource::Fetched(url) = &rule.keys else {
                continue;
            };
            let path = Path::keys(["spec", "jwtRules"]).index(index).key("jwksUri");
            if let Some(known) = found.get_mut(url.text.as_str()) {
                if known.details.related.len() < 2 {
                    let place = tokens.document.place(&path, false);
                    known.details.related.push((place, "here too".to_owned()));
                }
                continue;
            }
            let finding = without_namespace(context, tokens, url, &path)
                .or_else(|| denied(context, url, &path))
                .map(|finding| finding.in_document(&LINT, tokens.document, &tokens.title()));
            if let Some(finding) = finding {
                found.insert(&url.text, finding);
            }
        }
    }
    found.into_values().collect()
}

/// A service by its name alone: istiod looks for it in its own namespace.
fn without_namespace(
    context: &Context<'_>,
    tokens: &Tokens<'_>,
    url: &KeyUrl,
    path: &Path,
) -> Option<Finding> {
    let own = &tokens.written.metadata.namespace;
    let root = &context.mesh.root_namespace;
    let has = |namespace: &str| {
        let mut services = context.others.of_namespace("Service", namespace);
        services
            .any(|service| service.node.at(&["metadata", "name"]).and_then(Node::as_str) == Some(&url.host))
    };
    let is_to_be_filled_in = is_variable(&url.host) || is_placeholder(&url.host);
    if url.host.contains(['.', ':']) || own == root || has(root) || is_to_be_filled_in {
        return None;
    }
    let message = format!(
        "istiod fetches these keys, and looks for `{}` in its own namespace `{root}`, not in `{own}`: no token is accepted",
        url.host
    );
    let whole = format!("{}.{own}.svc.cluster.local", url.host);
    Some(Finding::new(
        path.clone(),
        message,
        format!("write the whole name: `{whole}`"),
    ))
}

/// A workload whose ports or policies do not let in a request without a certificate.
fn denied(context: &Context<'_>, url: &KeyUrl, path: &Path) -> Option<Finding> {
    let host = url.host.strip_suffix(".cluster.local").unwrap_or(&url.host);
    let host = host.strip_suffix(".svc").unwrap_or(host);
    let (service, namespace) = host
        .split_once('.')
        .filter(|(_, namespace)| !namespace.contains('.'))?;
    let mut workloads = context
        .workloads_of(namespace)
        .filter(|workload| context.is_injected(workload));
    workloads.find_map(|workload| {
        let services = workload.services(context.others);
        let port = services.iter().find(|port| port.service == service && port.number == url.port)?.target;
        let program = context.program(&workload.selected(), Protocol::Http)?;
        let proof = Proof::of(&program, &fetch(url, port), |decision| decision.verdict == Verdict::Deny)?;
        let message = format!(
            "istiod fetches these keys without a certificate, and {} does not let it: no token is accepted",
            workload.title
        );
        let help = "let anybody fetch the keys: make the port PERMISSIVE in `portLevelMtls` and allow the path; or write the keys into `jwks`";
        Some(Finding::new(path.clone(), message, help).shown(&proof))
    })
}

/// istiod's request.
fn fetch(url: &KeyUrl, port: u16) -> Traffic {
    let any = sample::in_plaintext(&Rule::default(), port).into_iter().next();
    let headers = [
        (":method", "GET"),
        (":path", &url.path),
        (":authority", &url.host),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    Traffic {
        headers: Lookup::Found(headers.to_vec()),
        ..any.unwrap_or_default()
    }
}
