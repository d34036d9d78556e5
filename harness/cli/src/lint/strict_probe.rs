//! PW010: a probe of the kubelet that a STRICT port breaks: it comes in plaintext, without a certificate of the mesh
//! (<https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/>).

use peerwarden_engine::resource::MtlsMode;

use super::excluded_port::excluded;
use super::workload::{Workload, sets, title, warning};
use super::{Context, Find, Lint};
use crate::diagnostic::{Diagnostic, Severity};
use crate::yaml::Node;

pub(super) const LINT: Lint = Lint {
    code: "PW010",
    name: "strict-probe",
    severity: Severity::Warning,
    summary: "a probe of the kubelet that a STRICT port breaks",
    page: include_str!("../../../../docs/lints/PW010.md"),
    find: Find::All(find),
};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// With `true` Istio's injector rewrites the probes, as is its default; said so, there is nothing to warn of.
const REWRITTEN_BY_ISTIO: &str = "sidecar.istio.io/rewriteAppHTTPProbers";

/// Where rewritten probes go.
const REWRITTEN: &str = "/app-health/";

const HELP: &str = "rewrite it with `peerwarden render probes`; or, where Istio's injector does so, annotate the pod with \
                    `sidecar.istio.io/rewriteAppHTTPProbers: \"true\"`; or give the probe a port of its own with DISABLE";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in &context.workloads {
        let rewritten = workload.annotation(REWRITTEN_BY_ISTIO).and_then(Node::as_str) == Some("true");
        if rewritten {
            continue;
        }
        let Some(modes) = context.modes(&workload.selected()) else {
            continue;
        };
        let excluded = excluded(workload);
        for container in &workload.containers {
            for name in PROBES {
                let Some((node, port)) = container.get(name).and_then(|probe| asked(workload, probe)) else {
                    continue;
                };
                let strict = sets(&modes, port, MtlsMode::Strict);
                if let Some(by) = strict.filter(|_| !excluded.iter().any(|(other, _)| *other == port)) {
                    let message = format!(
                        "`{name}` asks port {port} in plaintext, and {} makes it STRICT: the kubelet will take the pod for \
                         broken",
                        title(by)
                    );
                    found.push(warning(&LINT, workload, &message, node).help(HELP));
                }
            }
        }
    }
    found
}

/// The port that a probe asks over the network, and where it stands.
fn asked<'d>(workload: &Workload<'d>, probe: &'d Node) -> Option<(&'d Node, u16)> {
    let way = ["httpGet", "tcpSocket", "grpc"]
        .iter()
        .find_map(|way| probe.get(way))?;
    let path = way.get("path").and_then(Node::as_str).unwrap_or_default();
    let port = way.get("port")?;
    let number = workload.resolve(port)?;
    (!path.starts_with(REWRITTEN)).then_some((port, number))
}
