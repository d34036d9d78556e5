//! PW010: a kubelet probe that a STRICT port breaks: it arrives in plaintext, without a certificate of the mesh. A
//! probe that only connects reaches Envoy, and does not test the application
//! (<https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/>).

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::MtlsMode;

use crate::context::Context;
use crate::lint::{Finder, Lint};
use crate::lints::excluded_port::excluded;
use crate::workload::{Workload, sets, title};

pub(crate) const LINT: Lint = Lint {
    code: "PW010",
    name: "strict-probe",
    severity: Severity::Warning,
    summary: "a kubelet probe that a STRICT port breaks",
    page: include_str!("../../../../docs/lints/PW010.md"),
    find: Finder::All(find),
};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// The annotation that turns probe rewriting on or off, whatever the injector's default.
const REWRITTEN_BY_ISTIO: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// The path of rewritten probes.
const REWRITTEN: &str = "/app-health/";

const REWRITE: &str = "rewrite it with `peerwarden render probes`; or, with Istio's injector, annotate the pod with \
                       `sidecar.istio.io/rewriteAppHTTPProbers: \"true\"`";

/// The label of a namespace or a pod without an Envoy, where ztunnel passes the kubelet's probes
/// (<https://istio.io/latest/docs/ambient/usage/networkpolicy/>).
const DATAPLANE: &str = "istio.io/dataplane-mode";

/// The probe that only connects.
const TCP: &str = "tcpSocket";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in &context.workloads {
        let rewritten = match workload.annotation(REWRITTEN_BY_ISTIO).and_then(Node::as_str) {
            Some(said) => said == "true",
            None => context.rewrites_probes,
        };
        if rewritten || is_ambient(context, workload) {
            continue;
        }
        let Some(modes) = context.modes(&workload.selected()) else {
            continue;
        };
        let excluded = excluded(workload);
        for container in &workload.containers {
            for name in PROBES {
                let Some((way, node, port)) = container.get(name).and_then(|probe| asked(workload, probe))
                else {
                    continue;
                };
                let strict = sets(&modes, port, MtlsMode::Strict);
                if let Some(by) = strict.filter(|_| !excluded.iter().any(|(other, _)| *other == port)) {
                    let by = title(by);
                    let (message, help) = if way == TCP {
                        let message = format!(
                            "`{name}` connects to port {port}, which {by} makes STRICT: Envoy accepts the \
                             connection, so the probe succeeds without the application"
                        );
                        (message, REWRITE.to_owned())
                    } else {
                        let message = format!(
                            "`{name}` probes port {port} in plaintext, but {by} makes the port STRICT: the probe \
                             fails even if the pod is healthy"
                        );
                        (
                            message,
                            format!("{REWRITE}; or give the probe its own port with DISABLE"),
                        )
                    };
                    found.push(LINT.of_workload(workload, &message, node).help(help));
                }
            }
        }
    }
    found
}

fn is_ambient(context: &Context<'_>, workload: &Workload<'_>) -> bool {
    let of_namespace = || {
        let mut namespaces = context.others.of_kind("Namespace");
        let own = namespaces.find(|namespace| {
            let name = namespace.node.at(&["metadata", "name"]).and_then(Node::as_str);
            name == Some(workload.namespace.as_str())
        })?;
        own.node.at(&["metadata", "labels", DATAPLANE])?.as_str()
    };
    workload.label(DATAPLANE).or_else(of_namespace) == Some("ambient")
}

/// The handler of a probe, the place of its port, and the port.
fn asked<'d>(workload: &Workload<'d>, probe: &'d Node) -> Option<(&'static str, &'d Node, u16)> {
    let (name, way) = ["httpGet", TCP, "grpc"]
        .iter()
        .find_map(|way| Some((*way, probe.get(way)?)))?;
    let path = way.get("path").and_then(Node::as_str).unwrap_or_default();
    // It probes a host other than the pod.
    if way
        .get("host")
        .and_then(Node::as_str)
        .is_some_and(|host| !host.is_empty())
    {
        return None;
    }
    let port = way.get("port")?;
    let number = workload.resolve(port)?;
    (!path.starts_with(REWRITTEN)).then_some((name, port, number))
}
