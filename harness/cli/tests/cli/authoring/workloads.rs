//! Mistakes that are visible only with the workloads among the documents.

use super::{HTTP, deployment, found, policy, says, silent};

#[test]
fn an_allow_rule_with_http_fields_on_a_port_of_tcp() {
    let database = |name: &str, port: &str| {
        deployment(
            "orders",
            "shop",
            &format!("containers: [{{name: a, image: a, ports: [{{name: {name}, containerPort: {port}}}]}}]"),
        )
    };
    let reads = |to: &str| {
        policy(
            "ALLOW",
            &format!("[{{from: [{{source: {{namespaces: [web]}}}}], to: [{{operation: {{{to}}}}}]}}]"),
        )
    };
    for (workload, rule) in [
        (
            database("tcp-pg", "5432"),
            reads("methods: [GET], ports: [\"5432\"]"),
        ),
        (database("tcp-pg", "5432"), reads("methods: [GET]")),
        (database("tcp-pg", "5432"), reads("notPaths: [/a]")),
        (database("pg", "5432"), reads("hosts: [a.example]")),
        (
            database("tls-a", "9000"),
            reads("paths: [/a], ports: [\"9000\", \"8080\"]"),
        ),
        (
            database("redis", "7000"),
            policy("ALLOW", "[{from: [{source: {requestPrincipals: [\"*\"]}}]}]"),
        ),
        (
            database("redis", "7000"),
            policy(
                "ALLOW",
                "[{when: [{key: \"request.headers[x]\", values: [a]}, {key: destination.port, values: [\"7000\"]}]}]",
            ),
        ),
    ] {
        says("PW015", &[&workload, &rule], "allows nothing there");
    }
    // The port has the service's name for it, or only a number.
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: orders, namespace: shop}\nspec: {selector: {app: orders}, ports: [{name: \
                   tcp-db, port: 9000}]}\n";
    says(
        "PW015",
        &[service, &database("a", "9000"), &reads("methods: [GET]")],
        "port 9000",
    );
    says("PW015", &[&reads("methods: [GET], ports: [\"3306\"]")], "MySQL");
    for (workload, rule) in [
        (
            database("http-a", "5432"),
            reads("methods: [GET], ports: [\"5432\"]"),
        ),
        (database("a", "8080"), reads("methods: [GET]")),
        (database("tcp-pg", "5432"), reads("ports: [\"5432\"]")),
        (
            database("tcp-pg", "5432"),
            reads("methods: [GET], ports: [\"8080\"]"),
        ),
    ] {
        silent("PW015", &[&workload, &rule]);
    }
    // Another rule lets them in.
    let both = policy(
        "ALLOW",
        "[{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}, {to: [{operation: {ports: [\"5432\"]}}]}]",
    );
    silent("PW015", &[&database("tcp-pg", "5432"), &both]);
    // The rule may be meant for the port of HTTP.
    let mixed = deployment(
        "orders",
        "shop",
        "containers: [{name: a, image: a, ports: [{name: http, containerPort: 8080}, {name: tcp-pg, containerPort: 5432}]}]",
    );
    silent("PW015", &[&mixed, &reads("methods: [GET]")]);
    says(
        "PW015",
        &[&mixed, &reads("methods: [GET], ports: [\"5432\"]")],
        "port 5432",
    );
}

#[test]
fn a_namespace_that_is_another_one_typed_wrong() {
    let orders = deployment("orders", "shop", HTTP);
    let rules = "[{from: [{source: {namespaces: [web]}}]}]";
    let of = |namespace: &str| {
        policy("ALLOW", rules).replace("namespace: shop", &format!("namespace: {namespace}"))
    };
    for typed in ["shpo", "shopp", "shp"] {
        let found = of(typed);
        if typed == "shp" {
            // A name of three letters may be anything.
            silent("PW023", &[&orders, &found]);
        } else {
            says("PW023", &[&orders, &found], "did you mean `shop`?");
        }
    }
    let everywhere = of("shpo").replace("selector: {matchLabels: {app: orders}}, ", "");
    says("PW023", &[&orders, &everywhere], "did you mean `shop`?");
    says("PW023", &[&of("istio-sytem")], "did you mean `istio-system`?");
    let modes = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: shpo}\nspec: {mtls: {mode: STRICT}}\n";
    says("PW023", &[&orders, modes], "did you mean `shop`?");
    let declared = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shpo}\n";
    silent("PW023", &[&orders, &of("shpo"), declared]);
    silent("PW023", &[&orders, &of("billing")]);
    silent("PW023", &[&orders, &of("shop")]);
}

/// Other workloads may exist elsewhere: only a name that resembles one in the documents is reported.
#[test]
fn a_selector_is_told_only_where_something_was_meant() {
    let orders = deployment("orders", "shop", HTTP);
    let of = |labels: &str| {
        policy("ALLOW", "[{from: [{source: {namespaces: [web]}}]}]").replace("app: orders", labels)
    };
    let in_two_files = |workload: &str, policy: &str| {
        let found = found(&[("k8s/a.yaml", workload), ("istio/p.yaml", policy)]);
        let own: Vec<_> = found.into_iter().filter(|(code, _, _)| code == "PW023").collect();
        own.into_iter().map(|(_, _, message)| message).collect::<Vec<_>>()
    };
    for (labels, said) in [
        ("app: ordres", "did you mean `app: orders`?"),
        ("app.kubernetes.io/name: orders", "did you mean the label `app`?"),
        ("app: orders, version: v2", "has no label `version`"),
    ] {
        let told = in_two_files(&orders, &of(labels));
        assert!(told.len() == 1 && told[0].contains(said), "{labels}: {told:?}");
    }
    assert!(in_two_files(&orders, &of("app: payments")).is_empty());
    says("PW023", &[&orders, &of("app: payments")], "have `app` `orders`");
    // Nothing determines the namespace that it is applied to.
    let unplaced = orders.replace(", namespace: shop", "");
    let other = deployment("web", "shop", HTTP);
    silent("PW023", &[&unplaced, &other, &of("app: orders")]);
    // Kustomize adds labels.
    let bare = orders.replace("{app: orders}", "{}");
    let kustomization = "commonLabels: {app: orders}\nresources: [a.yaml]\n";
    let told = found(&[
        ("kustomization.yaml", kustomization),
        ("a.yaml", &[&*bare, &of("app: orders")].join("---\n")),
    ]);
    assert!(told.iter().all(|(code, _, _)| code != "PW023"), "{told:?}");
}

#[test]
fn a_caller_that_nobody_is() {
    let frontend = deployment(
        "frontend",
        "web",
        &format!("serviceAccountName: frontend, {HTTP}"),
    );
    let source = |source: &str| policy("ALLOW", &format!("[{{from: [{{source: {{{source}}}}}]}}]"));
    let when = |key: &str, value: &str| {
        policy(
            "ALLOW",
            &format!("[{{when: [{{key: {key}, values: [\"{value}\"]}}]}}]"),
        )
    };
    for (policy, said) in [
        (
            source("principals: [cluster.local/ns/web/sa/frontnd]"),
            "did you mean `frontend`?",
        ),
        (
            source("serviceAccounts: [web/frontedn]"),
            "did you mean `frontend`?",
        ),
        (source("namespaces: [wbe]"), "did you mean `web`?"),
        (
            source("principals: [cluster.local/ns/wbe/sa/frontend]"),
            "did you mean `web`?",
        ),
        (
            source("principals: [\"cluster.local/ns/wbe/*\"]"),
            "did you mean `web`?",
        ),
        (
            when("source.principal", "cluster.local/ns/web/sa/frontnd"),
            "did you mean `frontend`?",
        ),
        (when("source.namespace", "wbe"), "did you mean `web`?"),
        (
            source("principals: [cluster.local/ns/web/sa/batch]"),
            "service accounts of `web`: `frontend`",
        ),
    ] {
        // What the policies select is there, and so the callers would be.
        says(
            "PW045",
            &[&frontend, &deployment("orders", "shop", HTTP), &policy],
            said,
        );
    }
    let denying = source("principals: [cluster.local/ns/web/sa/frontnd]").replace("ALLOW", "DENY");
    says("PW045", &[&frontend, &denying], "error: ");
    let as_default = deployment("frontend", "web", HTTP);
    let named = source("principals: [cluster.local/ns/web/sa/frontend]");
    says(
        "PW045",
        &[&as_default, &named],
        "Deployment web/frontend runs as the service account `default`",
    );
    let batch = source("principals: [cluster.local/ns/web/sa/batch]");
    says(
        "PW045",
        &[&as_default, &deployment("orders", "shop", HTTP), &batch],
        "service accounts of `web`: `default`",
    );
    let declared = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: batch, namespace: web}\n";
    for (beside, policy) in [
        (
            &*frontend,
            source("principals: [cluster.local/ns/web/sa/frontend]"),
        ),
        (
            &frontend,
            source("principals: [\"cluster.local/ns/web/sa/front*\"]"),
        ),
        // Nothing is known about these namespaces.
        (
            &frontend,
            source("principals: [cluster.local/ns/billing/sa/batch]"),
        ),
        (&frontend, source("namespaces: [billing]")),
        (&frontend, source("serviceAccounts: [orders]")),
        // A patch does not say as whom it runs.
        (&as_default.replace("image: a, ", ""), named.clone()),
    ] {
        silent("PW045", &[beside, &policy]);
    }
    silent(
        "PW045",
        &[
            &frontend,
            declared,
            &source("principals: [cluster.local/ns/web/sa/batch]"),
        ],
    );
}

#[test]
fn a_port_that_no_container_has() {
    let orders = deployment("orders", "shop", HTTP);
    let ports = |action: &str, port: &str| {
        policy(
            action,
            &format!("[{{to: [{{operation: {{ports: [\"{port}\"]}}}}]}}]"),
        )
    };
    let modes = |port: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: a, namespace: shop}}\nspec: {{selector: \
             {{matchLabels: {{app: orders}}}}, portLevelMtls: {{\"{port}\": {{mode: STRICT}}}}}}\n"
        )
    };
    says("PW046", &[&orders, &ports("ALLOW", "9999")], "warning: ");
    says("PW046", &[&orders, &ports("DENY", "9999")], "error: ");
    says(
        "PW046",
        &[&orders, &modes("9999")],
        "no container of Deployment shop/orders has port 9999",
    );
    let when = policy("ALLOW", "[{when: [{key: destination.port, values: [\"9999\"]}]}]");
    says("PW046", &[&orders, &when], "no container");
    silent("PW046", &[&orders, &ports("ALLOW", "8080")]);
    silent("PW046", &[&orders, &ports("ALLOW", "15020")]);
    silent("PW046", &[&orders, &modes("8080")]);
    silent("PW046", &[&ports("ALLOW", "9999")]);
    silent(
        "PW046",
        &[
            &orders.replace("ports: [{name: http, containerPort: 8080}]", "ports: []"),
            &ports("ALLOW", "9999"),
        ],
    );
    let probed = orders.replace("image: a,", "image: a, livenessProbe: {httpGet: {port: 9999}},");
    silent("PW046", &[&probed, &ports("ALLOW", "9999")]);
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: orders, namespace: shop}\nspec: {selector: {app: orders}, ports: [{port: \
                   9999, targetPort: 8080}]}\n";
    silent("PW046", &[&orders, service, &modes("9999")]);
    says(
        "PW032",
        &[&orders, service, &modes("9999")],
        "9999 is the port of service orders",
    );
    says(
        "PW032",
        &[&orders, service, &ports("ALLOW", "9999")],
        "9999 is the port of service orders",
    );
    silent("PW032", &[&orders, service, &modes("8080")]);
}
