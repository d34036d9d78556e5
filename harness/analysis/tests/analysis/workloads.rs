//! The workloads that documents distinguish.

use peerwarden_analysis::workloads;
use peerwarden_engine::Config;

fn told_apart(documents: &[(&str, &str, &str)]) -> Vec<String> {
    let documents = documents
        .iter()
        .enumerate()
        .map(|(number, (kind, namespace, spec))| {
            format!(
                r#"{{"apiVersion": "security.istio.io/v1", "kind": "{kind}",
                "metadata": {{"name": "n{number}", "namespace": "{namespace}"}}, "spec": {spec}}}"#
            )
        });
    let json = format!(
        r#"{{"resources": [{}]}}"#,
        documents.collect::<Vec<_>>().join(",")
    );
    let config = Config::parse(json.as_bytes()).unwrap();
    let classes = workloads(&config.resources, &config.mesh).unwrap();
    let shown = classes.into_iter().map(|class| {
        let labels = class
            .workload
            .labels
            .iter()
            .map(|(name, value)| format!(" {name}={value}"));
        let services = class
            .workload
            .services
            .iter()
            .map(|service| format!(" for {}", service.name));
        let more: String = labels.chain(services).collect();
        let kind = class.workload.kind.as_str();
        format!(
            "{kind} {}{more}",
            if class.namespaces == peerwarden_analysis::Namespaces::Others {
                "*"
            } else {
                &class.workload.namespace
            }
        )
    });
    shown.collect()
}

const POLICY: &str = "AuthorizationPolicy";

#[test]
fn by_namespace_and_labels() {
    let app = |app: &str| format!(r#"{{"selector": {{"matchLabels": {{"app": "{app}"}}}}}}"#);
    let tier = r#"{"selector": {"matchLabels": {"tier": "db"}}}"#;
    let (a, b) = (app("a"), app("b"));
    let documents = [
        (POLICY, "shop", a.as_str()),
        (POLICY, "shop", &b),
        (POLICY, "shop", tier),
    ];
    assert_eq!(
        told_apart(&documents),
        [
            "sidecar shop app=a",
            "sidecar shop app=b",
            "sidecar shop tier=db",
            "sidecar shop app=a tier=db",
            "sidecar shop app=b tier=db",
        ],
        "no workload is both a and b"
    );
}

#[test]
fn the_root_namespace_reaches_everywhere() {
    let documents = [(POLICY, "istio-system", "{}"), (POLICY, "shop", "{}")];
    assert_eq!(told_apart(&documents), ["sidecar *", "sidecar shop"]);
    let strict = (
        "PeerAuthentication",
        "istio-system",
        r#"{"mtls": {"mode": "STRICT"}}"#,
    );
    assert_eq!(
        told_apart(&[strict, (POLICY, "shop", "{}")]),
        ["sidecar *", "sidecar shop"]
    );
    let selecting = r#"{"selector": {"matchLabels": {"app": "a"}}}"#;
    assert_eq!(
        told_apart(&[(POLICY, "istio-system", selecting)]),
        ["sidecar * app=a"]
    );
}

#[test]
fn gateways_and_waypoints_by_what_targets_them() {
    let gateway =
        r#"{"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}]}"#;
    let service = r#"{"targetRefs": [{"group": "", "kind": "Service", "name": "orders"}]}"#;
    assert_eq!(
        told_apart(&[(POLICY, "shop", gateway), (POLICY, "shop", service)]),
        [
            "gateway shop gateway.networking.k8s.io/gateway-name=edge",
            "waypoint shop for orders",
            "waypoint shop gateway.networking.k8s.io/gateway-name=edge",
            "waypoint shop gateway.networking.k8s.io/gateway-name=edge for orders",
        ]
    );
}
