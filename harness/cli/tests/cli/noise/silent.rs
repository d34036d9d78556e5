//! Findings of real repositories that were no mistakes; beside each, the mistake that looks like it.

use crate::fixture::{Folder, RunOutput};

fn checked(documents: &[&str]) -> RunOutput {
    Folder::with(&[("all.yaml", &documents.join("---\n"))]).run(&["check"])
}

#[track_caller]
fn silent(code: &str, documents: &[&str]) {
    let ran = checked(documents);
    assert!(ran.code < 2 && !ran.out.contains(code), "{ran:?}");
}

#[track_caller]
fn says(code: &str, documents: &[&str]) {
    checked(documents).says(1, &[code]);
}

fn policy(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

fn deployment(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  replicas: 1\n  template:\n    \
         metadata: {{labels: {{app: {name}}}, annotations: {{{annotations}}}}}\n    spec: {{containers: [{{name: a, image: a, ports: \
         [{{containerPort: 8080}}]}}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: \
         {{app: {name}}}, ports: [{{port: 8080}}]}}\n"
    )
}

/// A policy of the root namespace that lets that namespace in lets its gateway in.
#[test]
fn the_root_namespace_lets_its_gateway_in() {
    let route = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web, namespace: shop}\nspec: {hosts: [shop.example], \
                 gateways: [public], http: [{route: [{destination: {host: orders}}]}]}\n";
    let of = |namespace: &str, named: &str| {
        let spec = format!("{{rules: [{{from: [{{source: {{namespaces: [{named}]}}}}]}}]}}");
        policy(namespace, "a", &spec)
    };
    silent("PW059", &[route, &of("istio-system", "istio-system")]);
    says("PW059", &[route, &of("istio-system", "shop")]);
    says("PW059", &[route, &of("shop", "shop")]);
}

/// What the allow-all does not select stays closed.
#[test]
fn a_deny_all_for_others() {
    let none = policy("shop", "deny-all", "{}");
    let all = policy(
        "shop",
        "all",
        "{selector: {matchLabels: {app: web}}, rules: [{}]}",
    );
    let (web, orders) = (deployment("web", ""), deployment("orders", ""));
    silent("PW021", &[&none, &all, &web, &orders]);
    says("PW021", &[&none, &all, &web]);
}

/// `deny-product-access` allows those that its rules name, and denies all others: DENY would be the opposite.
#[test]
fn a_name_of_what_is_protected() {
    let of = |name: &str, spec: &str| {
        let spec = format!("{{selector: {{matchLabels: {{app: product}}}}, rules: [{{{spec}}}]}}");
        policy("shop", name, &spec)
    };
    let from = "from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]";
    silent("PW055", &[&of("deny-product-access", from)]);
    says("PW055", &[&of("deny-web-access", from)]);
    says("PW055", &[&of("deny-web-to-product", from)]);
    says(
        "PW055",
        &[&of(
            "deny-product-access",
            "to: [{operation: {methods: [DELETE]}}]",
        )],
    );
}

/// A client that takes a port from its own Envoy uses no mutual TLS there.
#[test]
fn a_port_that_clients_exclude_too() {
    let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: \
                  STRICT}}\n";
    let database = deployment("db", "traffic.sidecar.istio.io/excludeInboundPorts: \"8080\"");
    let client = |ports: &str| {
        deployment(
            "web",
            &format!("traffic.sidecar.istio.io/excludeOutboundPorts: \"{ports}\""),
        )
    };
    silent("PW011", &[&database, strict, &client("9090,8080")]);
    says("PW011", &[&database, strict, &client("9090")]);
}

/// `notPrincipals: ["*"]` says that a rule is for callers without a certificate.
#[test]
fn a_rule_for_plaintext_alone() {
    let not = |value: &str| {
        let spec = format!(
            "{{rules: [{{from: [{{source: {{notPrincipals: [\"{value}\"]}}}}], to: [{{operation: {{paths: [/healthz]}}}}]}}]}}"
        );
        policy("shop", "probes", &spec)
    };
    silent("PW001", &[&not("*")]);
    says("PW001", &[&not("cluster.local/ns/shop/sa/web")]);
}

/// Nothing says that a workload that is not here has another port than that of HTTP.
#[test]
fn a_token_of_one_workload() {
    let deny = |selector: &str| {
        let spec = format!(
            "{{{selector}action: DENY, rules: [{{from: [{{source: {{notRequestPrincipals: [\"*\"]}}}}]}}]}}"
        );
        policy("shop", "tokens", &spec)
    };
    let selecting = deny("selector: {matchLabels: {app: orders}}, ");
    silent("PW015", &[&selecting]);
    silent("PW015", &[&selecting, &deployment("orders", "")]);
    says(
        "PW015",
        &[&selecting, &deployment("orders", "").replace("8080", "5432")],
    );
    says("PW015", &[&deny("")]);
    // A gateway beside it that carries TCP is another workload.
    let gateway = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: shop}\nspec: {selector: {istio: edge}, servers: \
                   [{port: {number: 5432, name: a, protocol: TCP}, hosts: [\"*\"]}]}\n";
    silent("PW015", &[&selecting, gateway]);
}

/// Nobody calls a workload without pods, or one that takes its work from a queue; and pods with a label for metrics have other labels.
#[test]
fn nothing_else_is_served() {
    let health = |label: &str| {
        let spec = format!(
            "{{selector: {{matchLabels: {{{label}}}}}, rules: [{{to: [{{operation: {{paths: [/healthz]}}}}]}}]}}"
        );
        policy("shop", "health", &spec)
    };
    let (orders, worker) = (deployment("orders", ""), deployment("mail-worker", ""));
    says("PW051", &[&health("app: orders"), &orders]);
    silent(
        "PW051",
        &[
            &health("app: orders"),
            &orders.replace("replicas: 1", "replicas: 0"),
        ],
    );
    silent("PW051", &[&health("app: mail-worker"), &worker]);
    says("PW051", &[&health("app: orders")]);
    silent("PW051", &[&health("app: mail-worker")]);
    silent("PW051", &[&health("monitoring.example/scrape: \"true\"")]);
}

const TOKENS: &str = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: a, namespace: shop}\nspec: {jwtRules: \
                      [{issuer: https://a.example, jwksUri: \"http://KEYS/keys\"}]}\n";

#[test]
fn a_token_that_is_optional() {
    let (tokens, other) = (TOKENS.replace("KEYS", "a.example"), policy("shop", "other", "{}"));
    says("PW042", &[&tokens, &other]);
    for comment in [
        "Tokens (optional).",
        "Authenticated and unauthenticated requests.",
    ] {
        silent("PW042", &[&other, &format!("# {comment}\n{tokens}")]);
    }
    says("PW042", &[&other, &format!("# Tokens of people.\n{tokens}")]);
}

/// A variable is no name of a service.
#[test]
fn keys_at_a_variable() {
    says("PW054", &[&TOKENS.replace("KEYS", "keys")]);
    silent("PW054", &[&TOKENS.replace("KEYS", "KEYS_HOST")]);
}

/// What a script or Flux fills in is a template, and is said once.
#[test]
fn placeholders_of_several_documents() {
    for value in ["__NAMESPACE__", "${NAMESPACE}"] {
        let of = |name: &str| {
            let spec = format!(
                "{{rules: [{{from: [{{source: {{principals: [\"cluster.local/ns/{value}/sa/web\"]}}}}]}}]}}"
            );
            policy("shop", name, &spec)
        };
        checked(&[&of("a")]).says(1, &["[PW039]", "is a placeholder"]);
        let ran = checked(&[&of("a"), &of("b").replace("sa/web", "sa/other")]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
        let note = format!("note: 1 file with placeholders such as `cluster.local/ns/{value}/sa/web`");
        assert!(ran.warns(&note), "{ran:?}");
    }
}

/// A path that means something else has no slash to add.
#[test]
fn a_path_with_a_wrong_star_is_told_once() {
    let ran = checked(&[&policy(
        "shop",
        "a",
        "{action: DENY, rules: [{to: [{operation: {ports: [\"80\"], paths: [\"/**/docs.html\"]}}]}]}",
    )]);
    ran.says(1, &["[PW027]"]);
    assert!(!ran.out.contains("[PW006]"), "{ran:?}");
}

/// Of a rule of which a DENY leaves nothing, no path opens anything.
#[test]
fn a_path_of_a_void_rule() {
    let allow = policy(
        "shop",
        "allow",
        "{rules: [{to: [{operation: {methods: [GET], notPaths: [\"/admin/*\"]}}]}]}",
    );
    let deny = |method: &str| {
        let spec = format!("{{action: DENY, rules: [{{to: [{{operation: {{methods: [{method}]}}}}]}}]}}");
        policy("shop", "deny", &spec)
    };
    says("PW029", &[&allow, &deny("POST")]);
    says("PW013", &[&allow, &deny("GET")]);
    silent("PW029", &[&allow, &deny("GET")]);
}

/// kpt sets a value where a comment behind it says so.
#[test]
fn a_value_that_kpt_sets() {
    let with = |comment: &str| {
        TOKENS.replace("{jwtRules:", "\n  jwtRules:").replace(
            " [{issuer: https://a.example, jwksUri: \"http://KEYS/keys\"}]}",
            &format!("\n  - issuer: https://a.example\n    jwks: '{{\"keys\":[{{...}}'{comment}"),
        )
    };
    let asks = policy(
        "shop",
        "a",
        "{rules: [{from: [{source: {requestPrincipals: [\"*\"]}}]}]}",
    );
    checked(&[&asks, &with("")]).says(2, &["jwks"]);
    let ran = checked(&[&asks, &with(" # kpt-set: ${jwks}")]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.warns("is a template"), "{ran:?}");
}
