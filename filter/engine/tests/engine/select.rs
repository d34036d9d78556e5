//! Which policies apply to which workload: namespaces, selectors, targets.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use peerwarden_engine::{Config, Problems, Traffic};

use super::{decide, policy_in};

/// A configuration for this workload.
fn config(workload: &str, resources: &[String]) -> Result<Config, Problems> {
    let json = format!(
        r#"{{"workload": {workload}, "resources": [{}]}}"#,
        resources.join(",")
    );
    Config::parse(json.as_bytes())
}

/// Whether a policy that denies everything applies.
fn applies(workload: &str, namespace: &str, attached: &str) -> bool {
    let spec = format!(r#"{{"action": "DENY", "rules": [{{}}]{attached}}}"#);
    let config = config(workload, &[policy_in(namespace, "p", &spec)]).unwrap();
    decide(&config, &Traffic::default()).starts_with("deny")
}

fn targets(kind: &str, name: &str) -> String {
    let group = match kind {
        "Gateway" | "GatewayClass" => "gateway.networking.k8s.io",
        "ServiceEntry" => "networking.istio.io",
        _ => "",
    };
    format!(r#", "targetRefs": [{{"group": "{group}", "kind": "{kind}", "name": "{name}"}}]"#)
}

const ORDERS: &str = r#"{"namespace": "shop", "labels": {"app": "orders", "tier": "1"}}"#;
const EDGE: &str = r#"{"kind": "gateway", "namespace": "shop", "labels": {"app": "edge", "gateway.networking.k8s.io/gateway-name": "edge"}}"#;
const CLASSIC: &str = r#"{"kind": "gateway", "namespace": "shop", "labels": {"istio": "ingressgateway"}}"#;
const WAYPOINT: &str = r#"{"kind": "waypoint", "namespace": "shop",
    "labels": {"gateway.networking.k8s.io/gateway-name": "waypoint"},
    "services": [{"name": "orders", "namespace": "shop"}, {"kind": "ServiceEntry", "name": "api", "namespace": "far"}]}"#;

#[test]
fn namespaces_and_selectors() {
    assert!(applies(ORDERS, "shop", ""));
    assert!(applies(ORDERS, "istio-system", ""));
    assert!(!applies(ORDERS, "other", ""));
    let selects = |labels: &str| format!(r#", "selector": {{"matchLabels": {labels}}}"#);
    assert!(applies(ORDERS, "shop", &selects(r#"{"app": "orders"}"#)));
    assert!(applies(
        ORDERS,
        "istio-system",
        &selects(r#"{"app": "orders", "tier": "1"}"#)
    ));
    assert!(!applies(
        ORDERS,
        "shop",
        &selects(r#"{"app": "orders", "tier": "2"}"#)
    ));
    assert!(applies(ORDERS, "shop", &selects("{}")));
    assert!(applies(EDGE, "shop", &selects(r#"{"app": "edge"}"#)));
    assert!(applies(CLASSIC, "shop", ""));
}

#[test]
fn a_sidecar_and_a_classic_gateway_ignore_what_has_targets() {
    for workload in [ORDERS, CLASSIC] {
        for kind in ["Gateway", "GatewayClass", "Service", "ServiceEntry"] {
            assert!(!applies(workload, "shop", &targets(kind, "orders")), "{kind}");
        }
    }
}

#[test]
fn a_gateway_of_the_gateway_api() {
    assert!(applies(EDGE, "shop", &targets("Gateway", "edge")));
    assert!(!applies(EDGE, "shop", &targets("Gateway", "other")));
    assert!(!applies(EDGE, "istio-system", &targets("Gateway", "edge")));
    assert!(!applies(EDGE, "shop", &targets("Service", "edge")));
    assert!(!applies(
        EDGE,
        "istio-system",
        &targets("GatewayClass", "istio-waypoint")
    ));
    // The deprecated spelling.
    let one = r#""targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}"#;
    assert!(applies(EDGE, "shop", &format!(", {one}")));
    let other = one.replace("edge", "other");
    assert!(!applies(EDGE, "shop", &format!(", {other}")));
}

#[test]
fn a_waypoint_takes_what_targets_it_or_its_services() {
    assert!(!applies(WAYPOINT, "shop", ""));
    assert!(!applies(WAYPOINT, "istio-system", ""));
    assert!(applies(WAYPOINT, "shop", &targets("Gateway", "waypoint")));
    assert!(!applies(WAYPOINT, "shop", &targets("Gateway", "other")));
    assert!(applies(WAYPOINT, "shop", &targets("Service", "orders")));
    assert!(!applies(WAYPOINT, "shop", &targets("Service", "cart")));
    assert!(
        !applies(WAYPOINT, "far", &targets("Service", "orders")),
        "a service of that name in another namespace"
    );
    assert!(applies(WAYPOINT, "far", &targets("ServiceEntry", "api")));
    assert!(!applies(WAYPOINT, "far", &targets("Service", "api")));
    assert!(applies(
        WAYPOINT,
        "istio-system",
        &targets("GatewayClass", "istio-waypoint")
    ));
    assert!(!applies(
        WAYPOINT,
        "istio-system",
        &targets("GatewayClass", "istio")
    ));
    assert!(!applies(
        WAYPOINT,
        "shop",
        &targets("GatewayClass", "istio-waypoint")
    ));
}

#[test]
fn modes_govern_sidecars_only() {
    let strict = r#"{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"}, "spec": {"mtls": {"mode": "STRICT"}}}"#;
    let refused = |workload| {
        let config = config(workload, &[strict.to_owned()]).unwrap();
        decide(&config, &Traffic::default()).starts_with("deny")
    };
    assert_eq!(
        [ORDERS, EDGE, CLASSIC, WAYPOINT].map(refused),
        [true, false, false, false]
    );
}

#[test]
fn what_cannot_be_a_target() {
    let says = |attached: &str, part: &str| {
        let spec = format!(r#"{{"rules": [{{}}], {attached}}}"#);
        let config = config(ORDERS, &[policy_in("shop", "p", &spec)]);
        let problems = match config.and_then(|config| peerwarden_engine::Program::compile(&config)) {
            Ok(_) => "accepted".to_owned(),
            Err(problems) => problems.to_string(),
        };
        assert!(problems.contains(part), "{attached}\n{part}\n{problems}");
    };
    says(
        r#""targetRefs": [{"kind": "Gateway", "name": "g"}]"#,
        "`Gateway` of the group `` cannot be a target",
    );
    says(
        r#""targetRefs": [{"kind": "Service"}]"#,
        "resources[0].spec.targetRefs[0].name: the reference has no `name`",
    );
    says(
        r#""targetRefs": [{"kind": "Service", "name": "s", "namespace": "x"}]"#,
        "a reference into another namespace",
    );
    says(
        r#""targetRefs": [{"kind": "Service", "name": "s"}], "selector": {"matchLabels": {"a": "b"}}"#,
        "exclude each other",
    );
    let many = [r#"{"kind": "Service", "name": "s"}"#; 17].join(",");
    says(
        &format!(r#""targetRefs": [{many}]"#),
        "17 references, more than 16",
    );
}

#[test]
fn services_are_for_waypoints() {
    let says = |workload: &str, part: &str| {
        let problems = config(workload, &[]).map(|_| ()).unwrap_err().to_string();
        assert!(problems.contains(part), "{problems}");
    };
    says(
        r#"{"namespace": "a", "services": [{"name": "s", "namespace": "a"}]}"#,
        "only a waypoint has `services`",
    );
    says(
        r#"{"kind": "waypoint", "namespace": "a", "services": [{"name": "s"}]}"#,
        "workload.services[0].namespace",
    );
    says(
        r#"{"kind": "waypoint", "namespace": "a", "services": [{"kind": "Pod", "name": "s", "namespace": "a"}]}"#,
        "`Pod`",
    );
    says(
        r#"{"kind": "waypiont", "namespace": "a"}"#,
        "did you mean `waypoint`?",
    );
}
