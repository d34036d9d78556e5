//! Mistakes in policies for gateways, waypoints and services.

use super::{HTTP, deployment, policy, says, silent};

/// A gateway terminates TLS itself, and carries HTTP.
#[test]
fn a_token_at_a_gateway() {
    let deny = |labels: &str| {
        policy("DENY", "[{from: [{source: {notRequestPrincipals: [\"*\"]}}]}]").replace("app: orders", labels)
    };
    let gateway = |protocol: &str, labels: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: a, namespace: shop}}\nspec: {{selector: {{{labels}}}, \
             servers: [{{port: {{number: 443, name: a, protocol: {protocol}}}, hosts: [\"*\"]}}]}}\n"
        )
    };
    silent("PW015", &[&deny("istio: ingressgateway")]);
    silent("PW015", &[&deny("app: istio-ingressgateway")]);
    silent(
        "PW015",
        &[&deny("edge: public"), &gateway("HTTPS", "edge: public")],
    );
    says(
        "PW015",
        &[
            &deny("istio: ingressgateway"),
            &gateway("TCP", "istio: ingressgateway"),
        ],
        "only HTTP fields",
    );
    silent("PW015", &[&deny("app: orders")]);
    let all = deny("app: orders").replace("selector: {matchLabels: {app: orders}}, ", "");
    says("PW015", &[&all], "only HTTP fields");
}

#[test]
fn a_client_without_mutual_tls_for_a_strict_port() {
    let orders = deployment("orders", "shop", HTTP);
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: orders, namespace: shop}\nspec: {selector: {app: orders}, ports: [{port: \
                   80, targetPort: 8080}]}\n";
    let modes = |mode: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: a, namespace: shop}}\nspec: {{mtls: {{mode: \
             {mode}}}}}\n"
        )
    };
    let rule = |spec: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: orders, namespace: shop}}\nspec: {{host: {spec}}}\n"
        )
    };
    for spec in [
        "orders, trafficPolicy: {tls: {mode: DISABLE}}",
        "orders.shop.svc.cluster.local, trafficPolicy: {tls: {mode: SIMPLE}}",
        "\"*.shop.svc.cluster.local\", trafficPolicy: {tls: {mode: DISABLE}}",
        "orders, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}",
        "orders, subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]",
    ] {
        says(
            "PW047",
            &[&orders, service, &modes("STRICT"), &rule(spec)],
            "makes port 8080 of Deployment shop/orders STRICT",
        );
        silent("PW047", &[&orders, service, &modes("PERMISSIVE"), &rule(spec)]);
    }
    for spec in [
        "orders, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}",
        "orders",
        "billing, trafficPolicy: {tls: {mode: DISABLE}}",
        "orders, trafficPolicy: {portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}]}",
    ] {
        silent("PW047", &[&orders, service, &modes("STRICT"), &rule(spec)]);
    }
    let excluded = orders.replace(
        "{labels:",
        "{annotations: {traffic.sidecar.istio.io/excludeInboundPorts: \"8080\"}, labels:",
    );
    let spec = "orders, trafficPolicy: {tls: {mode: DISABLE}}";
    silent("PW047", &[&excluded, service, &modes("STRICT"), &rule(spec)]);
}

fn attached(name: &str, target: &str, rest: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{{target}, {rest}}}\n"
    )
}

#[test]
fn a_target_that_is_not_there() {
    let gateway = |name: &str, namespace: &str, api: &str| {
        format!(
            "apiVersion: {api}/v1\nkind: Gateway\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{gatewayClassName: istio}}\n"
        )
    };
    const API: &str = "gateway.networking.k8s.io";
    let to_gateway = |name: &str| {
        attached(
            "a",
            &format!("targetRefs: [{{group: {API}, kind: Gateway, name: {name}}}]"),
            "rules: [{}]",
        )
    };
    says(
        "PW048",
        &[&gateway("public", "shop", API), &to_gateway("pubilc")],
        "did you mean `public`?",
    );
    says(
        "PW048",
        &[&gateway("public", "edge", API), &to_gateway("public")],
        "is in `edge`",
    );
    says(
        "PW048",
        &[
            &gateway("public", "shop", "networking.istio.io"),
            &to_gateway("public"),
        ],
        "select the gateway's pods",
    );
    says(
        "PW048",
        &[&gateway("waypoint", "shop", API), &to_gateway("wayponit")],
        "did you mean `waypoint`?",
    );
    silent("PW048", &[&gateway("public", "shop", API), &to_gateway("public")]);
    silent(
        "PW048",
        &[&gateway("public", "shop", API), &to_gateway("waypoint")],
    );
    silent("PW048", &[&to_gateway("public")]);
    let single = attached(
        "a",
        &format!("targetRef: {{group: {API}, kind: Gateway, name: pubilc}}"),
        "rules: [{}]",
    );
    says(
        "PW048",
        &[&gateway("public", "shop", API), &single],
        "did you mean `public`?",
    );
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: orders, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
    let to_service = |name: &str| {
        attached(
            "a",
            &format!("targetRefs: [{{kind: Service, name: {name}}}]"),
            "rules: [{}]",
        )
    };
    says(
        "PW048",
        &[service, &to_service("order")],
        "did you mean `orders`?",
    );
    silent("PW048", &[service, &to_service("orders")]);
    let class = |name: &str| {
        attached(
            "a",
            &format!("targetRefs: [{{group: {API}, kind: GatewayClass, name: {name}}}]"),
            "rules: [{}]",
        )
    };
    says(
        "PW048",
        &[&class("istio-waypoint")],
        "move it to the root namespace",
    );
    silent(
        "PW048",
        &[&class("istio-waypoint").replace("namespace: shop", "namespace: istio-system")],
    );
}

#[test]
fn an_allow_policy_that_a_wider_one_makes_void() {
    const WAYPOINT: &str = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}]";
    const SERVICE: &str = "targetRefs: [{kind: Service, name: orders}]";
    let signed_in = attached(
        "signed-in",
        WAYPOINT,
        "rules: [{from: [{source: {requestPrincipals: [\"*\"]}}]}]",
    );
    let admins = |target: &str| {
        attached(
            "admins",
            target,
            "rules: [{from: [{source: {requestPrincipals: [\"*\"]}}], when: [{key: \"request.auth.claims[role]\", values: [admin]}]}]",
        )
    };
    says(
        "PW049",
        &[&signed_in, &admins(SERVICE)],
        "error: AuthorizationPolicy shop/admins: this policy restricts nothing at the waypoint of shop/orders",
    );
    let single = SERVICE.replace("targetRefs: [", "targetRef: ").replace(']', "");
    says("PW049", &[&signed_in, &admins(&single)], "shop/admins");
    // For one gateway.
    says("PW049", &[&signed_in, &admins(WAYPOINT)], "shop/admins");
    // For all waypoints of the mesh.
    let of_class = signed_in.replace(
        "kind: Gateway, name: waypoint",
        "kind: GatewayClass, name: istio-waypoint",
    );
    says(
        "PW049",
        &[
            &of_class.replace("namespace: shop", "namespace: istio-system"),
            &admins(SERVICE),
        ],
        "shop/admins",
    );
    for documents in [
        [
            &*signed_in,
            &admins(SERVICE)
                .replace("{rules:", "{action: DENY, rules:")
                .replace(", rules:", ", action: DENY, rules:"),
        ],
        // Each allows something that the other does not.
        [
            &signed_in,
            &admins(SERVICE).replace("requestPrincipals: [\"*\"]", "namespaces: [web]"),
        ],
        // Another waypoint.
        [
            &signed_in,
            &admins(&WAYPOINT.replace("name: waypoint", "name: other")),
        ],
        [
            &signed_in.replace("rules:", "action: DENY, rules:"),
            &admins(SERVICE),
        ],
    ] {
        silent("PW049", &documents);
    }
    let labelled = "apiVersion: v1\nkind: Service\nmetadata: {name: orders, namespace: shop, labels: {istio.io/use-waypoint: other}}\nspec: {}\n";
    silent("PW049", &[labelled, &signed_in, &admins(SERVICE)]);
}
