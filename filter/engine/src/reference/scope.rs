//! Which policies apply to a workload, and why the others do not.

use crate::config::Config;
use crate::resource::{AuthorizationPolicy, TargetRef};
use crate::workload::{ServiceKind, Workload, WorkloadKind};

/// Why a policy says nothing about this workload; `None` when it does.
pub(super) fn not_applied(
    document: &AuthorizationPolicy,
    config: &Config,
    workload: &Workload,
) -> Option<String> {
    if !document.target_refs.is_empty() {
        let reasons = document
            .target_refs
            .iter()
            .map(|target| misses(target, document, config, workload));
        // It applies as soon as one reference is met.
        let reasons: Option<Vec<String>> = reasons.collect();
        return reasons.map(|reasons| reasons.join("; "));
    }
    if workload.kind == WorkloadKind::Waypoint {
        return Some("a waypoint uses only policies with `targetRefs`".to_owned());
    }
    let namespace = &document.metadata.namespace;
    if *namespace != workload.namespace && *namespace != config.mesh.root_namespace {
        return Some(format!(
            "it is in namespace `{namespace}`, but the workload is in `{}`, and the root namespace is `{}`",
            workload.namespace, config.mesh.root_namespace
        ));
    }
    let selector = document.selector.as_ref()?;
    let missing = selector
        .match_labels
        .iter()
        .find(|(name, value)| workload.labels.get(name) != Some(value))?;
    let (name, value) = missing;
    Some(match workload.labels.get(name) {
        Some(other) => format!("it selects `{name}: {value}`, but the workload has `{name}: {other}`"),
        None => format!("it selects `{name}: {value}`, but the workload has no label `{name}`"),
    })
}

/// Why a reference is not about this workload; `None` when it is.
fn misses(
    target: &TargetRef,
    document: &AuthorizationPolicy,
    config: &Config,
    workload: &Workload,
) -> Option<String> {
    let TargetRef { kind, name, .. } = target;
    let namespace = &document.metadata.namespace;
    let no = |why: String| Some(format!("it targets the {kind} `{name}`, but {why}"));
    let gateway = workload.labels.get("gateway.networking.k8s.io/gateway-name");
    let waypoint = workload.kind == WorkloadKind::Waypoint;
    match kind.as_str() {
        "Gateway" => match gateway {
            None => no("the workload is not a proxy of a Gateway".to_owned()),
            Some(other) if other != name => no(format!("the workload is a proxy of the Gateway `{other}`")),
            Some(_) if *namespace != workload.namespace => {
                no(format!("the workload is in namespace `{}`", workload.namespace))
            }
            Some(_) => None,
        },
        _ if !waypoint => no("the workload is not a waypoint".to_owned()),
        "GatewayClass" if name != "istio-waypoint" => {
            no("waypoints are of the class `istio-waypoint`".to_owned())
        }
        "GatewayClass" if *namespace != config.mesh.root_namespace => no(format!(
            "such a policy must be in the root namespace `{}`",
            config.mesh.root_namespace
        )),
        "GatewayClass" => None,
        _ => {
            let met = workload.services.iter().any(|service| {
                let same_kind = match service.kind {
                    ServiceKind::Service => kind == "Service",
                    ServiceKind::ServiceEntry => kind == "ServiceEntry",
                };
                same_kind && service.name == *name && service.namespace == *namespace
            });
            if met {
                None
            } else {
                no(format!("this traffic is not for it in namespace `{namespace}`"))
            }
        }
    }
}
