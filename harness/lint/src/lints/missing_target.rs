//! PW048: a `targetRef` that matches none of the documents.
//!
//! A policy is attached by kind and name, in its own namespace
//! (<https://istio.io/latest/docs/reference/config/type/workload-selector/#PolicyTargetReference>). It is reported only
//! if the documents show what was meant, as gateways and waypoints are often created by commands.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::document::{Path, nearest};
use peerwarden_engine::resource::TargetRef;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::typing;

pub(crate) const LINT: Lint = Lint {
    code: "PW048",
    name: "missing-target",
    severity: Severity::Warning,
    summary: "a `targetRef` to nothing among the documents",
    page: include_str!("../../../../docs/lints/PW048.md"),
    find: Finder::All(find),
};

const GATEWAY_API: &str = "gateway.networking.k8s.io/";

/// The class that policies in the root namespace can target.
const WAYPOINT_CLASS: &str = "istio-waypoint";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in &context.policies {
        for (index, target) in policy.written.target_refs.iter().enumerate() {
            let Some((message, help)) = wrong(context, policy, target) else {
                continue;
            };
            let path = match target.deprecated {
                true => Path::keys(["spec", "targetRef", "name"]),
                false => Path::keys(["spec", "targetRefs"]).index(index).key("name"),
            };
            found.push(Finding::new(path, message, help).in_policy(&LINT, policy));
        }
    }
    found
}

fn wrong(context: &Context<'_>, policy: &Policy<'_>, target: &TargetRef) -> Option<(String, String)> {
    let namespace = policy.written.metadata.namespace.as_str();
    match target.kind.as_str() {
        "GatewayClass" => of_class(context, namespace, target),
        "Gateway" => {
            let gateways = context.others.of_kind("Gateway");
            let (of_api, of_istio): (Vec<_>, Vec<_>) =
                gateways.partition(|gateway| gateway.text("apiVersion").starts_with(GATEWAY_API));
            let is_istios = of_istio
                .iter()
                .any(|gateway| metadata(gateway, "name") == target.name);
            let known = of_api
                .iter()
                .any(|gateway| metadata(gateway, "name") == target.name);
            if is_istios && !known {
                let message = format!(
                    "`{}` is a Gateway of networking.istio.io, which `targetRefs` cannot name",
                    target.name
                );
                let help = "select the gateway's pods with `selector`";
                return Some((message, help.to_owned()));
            }
            of_kind(&of_api, namespace, target)
        }
        // The name in the API is sufficient for a waypoint; any version may be used.
        "Service" | "ServiceEntry" => of_kind(
            &context.others.of_kind(&target.kind).collect::<Vec<_>>(),
            namespace,
            target,
        ),
        _ => None,
    }
}

fn of_class(context: &Context<'_>, namespace: &str, target: &TargetRef) -> Option<(String, String)> {
    let root = &context.mesh.root_namespace;
    if target.name != WAYPOINT_CLASS {
        let message = format!("`{}` is a class that no policy can name", target.name);
        return Some((
            message,
            format!("write `{WAYPOINT_CLASS}`, the class of all waypoints"),
        ));
    }
    (namespace != root).then(|| {
        let message = format!("a policy for all waypoints has no effect in the namespace `{namespace}`");
        (message, format!("move it to the root namespace `{root}`"))
    })
}

fn of_kind(all: &[&Document], namespace: &str, target: &TargetRef) -> Option<(String, String)> {
    let of = |document: &&&Document| self::namespace(document) == namespace;
    let (kind, name) = (&target.kind, target.name.as_str());
    let own: Vec<&str> = all
        .iter()
        .filter(of)
        .map(|document| metadata(document, "name"))
        .collect();
    if own.contains(&name) {
        return None;
    }
    let message = format!("there is no {kind} `{name}` in the namespace `{namespace}` among the documents");
    let elsewhere = all.iter().find(|document| metadata(document, "name") == name);
    if let Some(elsewhere) = elsewhere.filter(|_| own.is_empty() || !is_made_by_commands(kind, name)) {
        let help = format!(
            "a target is in the policy's own namespace, and {kind} `{name}` is in `{}`",
            self::namespace(elsewhere)
        );
        return Some((message, help));
    }
    let slip = typing::meant(name, own.iter().copied());
    if own.is_empty() || slip.is_none() && is_made_by_commands(kind, name) {
        return None;
    }
    let near = slip.or_else(|| nearest(name, own.iter().copied()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write the name of a {kind}, such as `{}`", own[0]),
    };
    Some((message, help))
}

/// Whether it is a name that `istioctl waypoint apply` creates, so that no document has it.
fn is_made_by_commands(kind: &str, name: &str) -> bool {
    kind == "Gateway" && name.contains("waypoint")
}

fn metadata<'d>(document: &'d Document, name: &str) -> &'d str {
    let found = document.node.at(&["metadata", name]).and_then(Node::as_str);
    found.unwrap_or_default()
}

fn namespace(document: &Document) -> &str {
    match metadata(document, "namespace") {
        "" => "default",
        given => given,
    }
}
