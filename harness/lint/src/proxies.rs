//! The waypoints and gateways that `targetRefs` name, as workloads of the engine
//! (<https://istio.io/latest/docs/ambient/usage/l7-features/#attach-policies>).

use std::collections::BTreeSet;

use peerwarden_documents::documents::{Document, OtherDocuments};
use peerwarden_documents::yaml::Node;
use peerwarden_engine::{GATEWAY_NAME, Service, ServiceKind, Workload, WorkloadKind};

use crate::context::{Context, Policy};

/// The class of a `Gateway` that is a waypoint.
const WAYPOINT_CLASS: &str = "istio-waypoint";

/// The label with which a service, or a namespace, selects its waypoint.
const USES: &str = "istio.io/use-waypoint";

/// The name that `istioctl waypoint apply` gives a waypoint.
const DEFAULT_NAME: &str = "waypoint";

/// Each waypoint with each service that policies are attached to, and each gateway.
pub(crate) fn of(context: &Context<'_>) -> Vec<Workload> {
    let named = |kind: &str| -> BTreeSet<(String, String)> {
        let mut named = BTreeSet::new();
        for Policy { written, .. } in &context.policies {
            let of_kind = written.target_refs.iter().filter(|target| target.kind == kind);
            named.extend(of_kind.map(|target| (written.metadata.namespace.clone(), target.name.clone())));
        }
        named
    };
    let gateways = named("Gateway");
    let mut services: BTreeSet<(String, &'static str, String)> = BTreeSet::new();
    for kind in ["Service", "ServiceEntry"] {
        services.extend(
            named(kind)
                .into_iter()
                .map(|(namespace, name)| (namespace, kind, name)),
        );
    }
    let mut found = Vec::new();
    for (namespace, kind, name) in &services {
        for waypoint in waypoints_of(context.others, (namespace, kind, name), &gateways) {
            found.push(Workload {
                kind: WorkloadKind::Waypoint,
                services: vec![Service {
                    kind: if *kind == "Service" {
                        ServiceKind::Service
                    } else {
                        ServiceKind::ServiceEntry
                    },
                    name: name.clone(),
                    namespace: namespace.clone(),
                }],
                ..proxy(namespace, &waypoint)
            });
        }
    }
    for (namespace, name) in &gateways {
        let kind = if is_waypoint(context.others, namespace, name) {
            WorkloadKind::Waypoint
        } else {
            WorkloadKind::Gateway
        };
        found.push(Workload {
            kind,
            ..proxy(namespace, name)
        });
    }
    found
}

fn proxy(namespace: &str, name: &str) -> Workload {
    Workload {
        namespace: namespace.to_owned(),
        labels: [(GATEWAY_NAME.to_owned(), name.to_owned())].into(),
        ..Workload::default()
    }
}

/// The waypoints that traffic for a service may go through.
fn waypoints_of(
    others: &OtherDocuments,
    (namespace, kind, name): (&str, &str, &str),
    gateways: &BTreeSet<(String, String)>,
) -> Vec<String> {
    let label = |kind: &str, name: &str, namespace: Option<&str>| {
        let of_kind = others.of_kind(kind);
        let mut own = of_kind.filter(|document| {
            metadata(document, "name") == name
                && namespace.is_none_or(|namespace| metadata(document, "namespace") == namespace)
        });
        let uses = own.find_map(|document| document.node.at(&["metadata", "labels", USES])?.as_str());
        uses.map(str::to_owned)
    };
    let said = label(kind, name, Some(namespace)).or_else(|| label("Namespace", namespace, None));
    if let Some(said) = said {
        return vec![said];
    }
    let of_namespace = gateways.iter().filter(|(of, _)| of == namespace);
    let waypoints: Vec<String> = of_namespace
        .filter(|(of, name)| is_waypoint(others, of, name))
        .map(|(_, name)| name.clone())
        .collect();
    if waypoints.is_empty() {
        vec![DEFAULT_NAME.to_owned()]
    } else {
        waypoints
    }
}

/// Whether a gateway is a waypoint, as its class says; one that is not among the documents is, unless its name says otherwise.
fn is_waypoint(others: &OtherDocuments, namespace: &str, name: &str) -> bool {
    let mut gateways = others.of_kind("Gateway");
    let own = gateways.find(|gateway| {
        metadata(gateway, "name") == name
            && metadata(gateway, "namespace") == namespace
            && gateway.node.at(&["spec", "gatewayClassName"]).is_some()
    });
    match own.and_then(|gateway| gateway.node.at(&["spec", "gatewayClassName"])?.as_str()) {
        Some(class) => class == WAYPOINT_CLASS,
        None => !["ingress", "egress", "gateway"]
            .iter()
            .any(|word| name.contains(word)),
    }
}

fn metadata<'d>(document: &'d Document, name: &str) -> &'d str {
    let found = document.node.at(&["metadata", name]).and_then(Node::as_str);
    found.unwrap_or_default()
}
