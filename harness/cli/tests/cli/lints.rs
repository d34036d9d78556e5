//! `check` on policies together with the workloads and services beside them.

use crate::fixture::{Folder, RunOutput};

const LEDGER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: ledger}
    spec:
      containers:
      - name: db
        ports:
        - {name: tcp-db, containerPort: 3306}
        - {name: web, containerPort: 8080}
        livenessProbe:
          httpGet: {path: /healthz, port: web}
        readinessProbe:
          tcpSocket: {port: 3306}
";

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: shop}
spec:
  selector: {app: ledger}
  ports:
  - {name: http, port: 80, targetPort: web}
";

fn mode(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {spec}\n"
    )
}

fn checked(documents: &[&str]) -> RunOutput {
    with_settings(documents, "")
}

fn with_settings(documents: &[&str], settings: &str) -> RunOutput {
    let all = documents.join("---\n");
    Folder::with(&[("all.yaml", &all), ("peerwarden.toml", settings)]).run(&["check"])
}

fn fine(documents: &[&str]) {
    let ran = checked(documents);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

fn count(ran: &RunOutput, code: &str) -> usize {
    ran.out.matches(&format!("warning[{code}]")).count()
}

#[test]
fn a_server_first_port_under_permissive() {
    let permissive = mode("{mtls: {mode: PERMISSIVE}}");
    let ran = checked(&[LEDGER, &permissive]);
    ran.says(
        1,
        &[
            "warning[PW009]",
            "Deployment shop/ledger: on port 3306",
            "(MySQL)",
            "PeerAuthentication shop/default",
        ],
    );
    assert_eq!(count(&ran, "PW009"), 1, "{}", ran.out);
    insta::assert_snapshot!(ran.out);
    let strict = mode(
        "{mtls: {mode: PERMISSIVE}, selector: {matchLabels: {app: ledger}}, portLevelMtls: {3306: {mode: DISABLE}}}",
    );
    fine(&[LEDGER, &strict]);
    let other = mode("{mtls: {mode: PERMISSIVE}, selector: {matchLabels: {app: other}}}");
    assert_eq!(count(&checked(&[LEDGER, &other]), "PW009"), 0);
    // Something that no document sets may be set elsewhere.
    fine(&[LEDGER, ORDERS]);
    let plain = LEDGER.replace("3306", "3307");
    fine(&[&plain, &permissive]);
}

const ORDERS: &str = crate::fixture::ORDERS;

#[test]
fn a_port_that_is_declared_to_be_server_first() {
    let permissive = mode("{mtls: {mode: PERMISSIVE}}");
    let named = LEDGER.replace("tcp-db", "mysql-db").replace("3306", "13306");
    assert_eq!(count(&checked(&[&named, &permissive]), "PW009"), 1);
    let plain = LEDGER.replace("3306", "13306");
    fine(&[&plain, &permissive]);
    let service = SERVICE.replace(
        "{name: http, port: 80, targetPort: web}",
        "{name: db, port: 9, targetPort: 13306, appProtocol: mysql}",
    );
    assert_eq!(count(&checked(&[&plain, &permissive, &service]), "PW009"), 1);
    let by_its_port = SERVICE.replace(
        "{name: http, port: 80, targetPort: web}",
        "{name: db, port: 3306, targetPort: tcp-db}",
    );
    assert_eq!(count(&checked(&[&plain, &permissive, &by_its_port]), "PW009"), 1);
    let another = by_its_port.replace("app: ledger", "app: other");
    fine(&[&plain, &permissive, &another]);
}

#[test]
fn a_port_level_mode_says_enough() {
    let ran = checked(&[&mode(
        "{selector: {matchLabels: {app: x}}, portLevelMtls: {3306: {mode: PERMISSIVE}}}",
    )]);
    ran.says(1, &["warning[PW009]", "port 3306 is for MySQL"]);
    fine(&[&mode(
        "{selector: {matchLabels: {app: x}}, portLevelMtls: {3306: {mode: STRICT}}}",
    )]);
    fine(&[&mode(
        "{selector: {matchLabels: {app: x}}, portLevelMtls: {8080: {mode: PERMISSIVE}}}",
    )]);
}

#[test]
fn a_probe_that_a_strict_port_breaks() {
    let strict = mode("{mtls: {mode: STRICT}}");
    // The injector rewrites probes.
    fine(&[LEDGER, &strict]);
    let by_itself = "rewrites-probes = false\n";
    let checked = |documents: &[&str]| with_settings(documents, by_itself);
    let fine = |documents: &[&str]| assert_eq!(count(&checked(documents), "PW010"), 0);
    let ran = checked(&[LEDGER, &strict]);
    assert_eq!(count(&ran, "PW010"), 2, "{}", ran.out);
    insta::assert_snapshot!(ran.out);
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}\n";
    fine(&[LEDGER, &strict, namespace]);
    let elsewhere = LEDGER.replace(
        "{path: /healthz, port: web}",
        "{host: other.example, path: /healthz, port: web}",
    );
    assert_eq!(count(&checked(&[&elsewhere, &strict]), "PW010"), 1);
    let sidecar = LEDGER.replace(
        "      containers:",
        "      initContainers:\n      - {name: a, restartPolicy: Always, startupProbe: {httpGet: {path: /up, port: 9900}}}\n      - {name: \
         b, startupProbe: {httpGet: {path: /up, port: 9901}}}\n      containers:",
    );
    assert_eq!(count(&checked(&[&sidecar, &strict]), "PW010"), 3);
    let annotated = |annotation: &str| {
        LEDGER.replace(
            "      labels:",
            &format!("      annotations: {{{annotation}}}\n      labels:"),
        )
    };
    fine(&[
        &annotated("sidecar.istio.io/rewriteAppHTTPProbers: \"true\""),
        &strict,
    ]);
    let not_rewritten = annotated("sidecar.istio.io/rewriteAppHTTPProbers: \"false\"");
    assert_eq!(count(&checked(&[&not_rewritten, &strict]), "PW010"), 2);
    fine(&[&annotated("sidecar.istio.io/inject: \"false\""), &strict]);
    let excluded = annotated("traffic.sidecar.istio.io/excludeInboundPorts: \"8080, 3306\"");
    fine(&[&excluded, &strict]);
    let other = mode("{mtls: {mode: STRICT}, selector: {matchLabels: {app: web}}}");
    assert_eq!(count(&checked(&[LEDGER, &other]), "PW010"), 0);
    let one = mode(
        "{mtls: {mode: STRICT}, selector: {matchLabels: {app: ledger}}, portLevelMtls: {8080: {mode: DISABLE}}}",
    );
    assert_eq!(count(&checked(&[LEDGER, &one]), "PW010"), 1);
    let rewritten = LEDGER
        .replace(
            "{path: /healthz, port: web}",
            "{path: /app-health/db/livez, port: 15020}",
        )
        .replace(
            "tcpSocket: {port: 3306}",
            "httpGet: {path: /app-health/db/readyz, port: 15020}",
        );
    fine(&[&rewritten, &strict]);
}

#[test]
fn an_excluded_port_that_clients_call_by_mutual_tls() {
    let excluded = LEDGER.replace(
        "      labels:",
        "      annotations: {traffic.sidecar.istio.io/excludeInboundPorts: \"8080\"}\n      labels:",
    );
    let rule = |host: &str, policy: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: r, namespace: shop}}\nspec: {{host: {host}, \
             trafficPolicy: {policy}}}\n"
        )
    };
    let disabled = "{portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}";
    let some = mode("{mtls: {mode: UNSET}}");
    let ran = checked(&[&excluded, SERVICE, &some]);
    ran.says(
        1,
        &[
            "warning[PW011]",
            "port 8080 bypasses Envoy",
            "port 80 of service ledger",
            "no `DestinationRule` turns it off",
        ],
    );
    for host in [
        "ledger",
        "ledger.shop.svc.cluster.local",
        "\"*.shop.svc.cluster.local\"",
    ] {
        fine(&[&excluded, SERVICE, &some, &rule(host, disabled)]);
        fine(&[&excluded, SERVICE, &some, &rule(host, "{tls: {mode: DISABLE}}")]);
    }
    let mutual = rule("ledger.shop.svc.cluster.local", "{tls: {mode: ISTIO_MUTUAL}}");
    checked(&[&excluded, SERVICE, &some, &mutual]).says(1, &["warning[PW011]", "sets ISTIO_MUTUAL"]);
    let other_port = rule(
        "ledger",
        "{portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}]}",
    );
    checked(&[&excluded, SERVICE, &some, &other_port]).says(1, &["warning[PW011]"]);
    let other_host = rule("orders", disabled);
    checked(&[&excluded, SERVICE, &some, &other_host]).says(1, &["warning[PW011]"]);
    // Clients see this mode too.
    let in_plaintext =
        mode("{selector: {matchLabels: {app: ledger}}, portLevelMtls: {8080: {mode: DISABLE}}}");
    fine(&[&excluded, SERVICE, &in_plaintext]);
    fine(&[LEDGER, SERVICE, &some]);
}

/// Manifests may not be valid for Kubernetes yet; other tools report that.
#[test]
fn what_is_no_workload_is_passed_over() {
    for broken in [
        "kind: Deployment\napiVersion: apps/v1\n",
        "kind: Deployment\napiVersion: apps/v1\nspec: 5\n",
        "kind: Deployment\napiVersion: apps/v1\nspec: {template: {spec: {containers: {}}}}\n",
        "kind: Pod\napiVersion: v1\nspec: {containers: [5, {ports: 5}, {ports: [{containerPort: 99999}]}, {livenessProbe: {httpGet: {port: none}}}]}\n",
        "kind: Service\napiVersion: v1\nspec: {selector: 5, ports: [5]}\n",
        "kind: DestinationRule\napiVersion: networking.istio.io/v1\nspec: []\n",
    ] {
        fine(&[broken, &mode("{mtls: {mode: STRICT}}")]);
    }
}

/// A star in the middle of a name also matches names with a different continuation. A path is not an identity.
#[test]
fn an_identity_whose_wildcard_lets_in_others() {
    let policy = |action: &str, source: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: orders, namespace: shop}}\n\
             spec: {{action: {action}, selector: {{matchLabels: {{app: orders}}}}, rules: [{{from: [{{source: {source}}}], \
             to: [{{operation: {{paths: [\"/api*\"]}}}}]}}]}}\n"
        )
    };
    for (action, source, other) in [
        (
            "ALLOW",
            "{principals: [\"cluster.local/ns/web*\"]}",
            Some("`web-evil`"),
        ),
        (
            "ALLOW",
            "{principals: [\"cluster.local*\"]}",
            Some("`cluster.local.evil`"),
        ),
        ("ALLOW", "{namespaces: [\"web*\"]}", Some("`web-evil`")),
        ("ALLOW", "{principals: [\"cluster.local/*\"]}", None),
        ("ALLOW", "{namespaces: [\"team-*\"]}", None),
        ("DENY", "{notNamespaces: [\"web*\"]}", Some("`web-evil`")),
        // A denial in addition to others lets nothing in.
        ("DENY", "{namespaces: [\"web*\"]}", None),
        ("ALLOW", "{notNamespaces: [\"web*\"], principals: [\"*\"]}", None),
    ] {
        let ran = checked(&[&policy(action, source)]);
        assert_eq!(
            count(&ran, "PW036"),
            usize::from(other.is_some()),
            "{source}: {ran:?}"
        );
        assert!(ran.out.contains(other.unwrap_or_default()), "{source}: {ran:?}");
    }
}

/// Policies and workloads are often in sibling folders.
#[test]
fn a_selector_is_looked_up_in_all_folders() {
    let workload = |name: &str, namespace: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  template:\n    metadata: \
             {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: a, ports: [{{containerPort: 8080}}]}}]}}\n"
        )
    };
    let policy = |labels: &str, namespace: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: web, namespace: {namespace}}}\nspec: {{selector: \
             {{matchLabels: {{{labels}}}}}, rules: [{{from: [{{source: {{namespaces: [shop]}}}}]}}]}}\n"
        )
    };
    let count = |files: &[(&str, String)]| {
        let folder = Folder::with(&[]);
        for (name, text) in files {
            folder.write(name, text);
        }
        count(&folder.run(&["check"]), "PW023")
    };
    let web = ("deployments/web.yaml", workload("web", "shop"));
    let db = ("local/db.yaml", workload("db", "shop"));
    let selects = |labels: &str| ("local/policy.yaml", policy(labels, "shop"));
    assert_eq!(count(&[web.clone(), db.clone(), selects("app: web")]), 0);
    assert_eq!(count(&[web.clone(), db, selects("app: wbe")]), 1);
    assert_eq!(count(&[web, selects("app: wbe")]), 1);
    // The other namespace has no workload, and Istio's charts install gateways.
    let other = ("a.yaml", workload("web", "other"));
    assert_eq!(count(&[other, selects("app: wbe")]), 0);
    let proxy = ("a.yaml", workload("oauth2-proxy", "istio-system"));
    for labels in ["istio: ingressgateway", "app: istio-ingressgateway"] {
        let ingress = ("b.yaml", policy(labels, "istio-system"));
        assert_eq!(count(&[proxy.clone(), ingress]), 0, "{labels}");
    }
}
