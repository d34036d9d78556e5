//! Who reaches whom: what PW054 to PW059 find is in their pages; here is what they leave alone.

use std::path::Path;

use crate::fixture::{Folder, RunOutput};

/// The bad example of a page.
fn bad(code: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/lints/{code}.md"));
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("\n## Bad\n\n```yaml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// Changes the bad example: each pair is a text and what replaces it.
fn changed(code: &str, changes: &[(&str, &str)]) -> RunOutput {
    let mut text = bad(code);
    Folder::with(&[("a.yaml", &text)])
        .run(&["check"])
        .says(1, &[code]);
    for (old, new) in changes {
        assert!(text.contains(old), "{code}: {old}");
        text = text.replace(old, new);
    }
    Folder::with(&[("a.yaml", &text)]).run(&["check"])
}

#[track_caller]
fn silent(code: &str, changes: &[(&str, &str)]) {
    let ran = changed(code, changes);
    assert!(!ran.out.contains(code), "{changes:?}: {ran:?}");
}

#[track_caller]
fn told(code: &str, changes: &[(&str, &str)], says: &str) {
    changed(code, changes).says(1, &[code, says]);
}

#[test]
fn keys_that_can_be_fetched() {
    silent("PW054", &[("mode: STRICT", "mode: PERMISSIVE")]);
    silent(
        "PW054",
        &[(
            "http://login.shop.svc.cluster.local:8080",
            "https://login.example",
        )],
    );
    silent(
        "PW054",
        &[(
            "      labels:\n        app: login\n",
            "      labels:\n        app: login\n        sidecar.istio.io/inject: \"false\"\n",
        )],
    );
    // It is a port that no service has.
    silent("PW054", &[("local:8080/jwks", "local:9090/jwks")]);
    told(
        "PW054",
        &[("login.shop.svc.cluster.local:8080", "login.shop:8080")],
        "Deployment shop/login does not let it",
    );
    told(
        "PW054",
        &[("http://login.shop.svc.cluster.local:8080", "http://login:8080")],
        "looks for `login` in its own namespace `istio-system`",
    );
    // Under PERMISSIVE a policy may admit only others.
    told(
        "PW054",
        &[
            ("mode: STRICT", "mode: PERMISSIVE"),
            ("paths: [\"/jwks\"]", "paths: [\"/other\"]"),
        ],
        "is denied",
    );
}

#[test]
fn names_that_say_what_is_allowed() {
    let name = "name: deny-direct-access";
    for harmless in [
        "deny-all-except-web",
        "denylist",
        "deny-by-default",
        "web-deny",
        "orders",
    ] {
        silent("PW055", &[(name, &format!("name: {harmless}"))]);
    }
    silent(
        "PW055",
        &[
            (name, "name: block-explorer"),
            ("app: orders", "app: block-explorer"),
        ],
    );
    silent("PW055", &[("namespaces: [\"web\"]", "notNamespaces: [\"web\"]")]);
    silent("PW055", &[("  rules:\n", "  action: DENY\n  rules:\n")]);
    told("PW055", &[(name, "name: block-web")], "begins with `block`");
}

#[test]
fn modes_that_are_not_two() {
    silent("PW056", &[("mode: PERMISSIVE", "mode: STRICT")]);
    silent(
        "PW056",
        &[(
            "name: strict\n  namespace: shop",
            "name: strict\n  namespace: web",
        )],
    );
    let folder = Folder::new();
    let both = bad("PW056");
    let (one, other) = both.split_once("---\n").unwrap();
    folder.write("a/one.yaml", one);
    folder.write("b/other.yaml", other);
    let ran = folder.run(&["check"]);
    assert!(
        !ran.out.contains("PW056"),
        "other folders may be other clusters: {ran:?}"
    );
}

#[test]
fn callers_that_are_others() {
    silent("PW057", &[("sa/web\"", "sa/orders\"")]);
    silent(
        "PW057",
        &[(
            "[\"cluster.local/ns/shop/sa/web\"]",
            "[\"cluster.local/ns/shop/sa/web\", \"cluster.local/ns/shop/sa/orders\"]",
        )],
    );
    silent("PW057", &[("ns/shop/sa/web", "ns/other/sa/web")]);
    let set = "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web, namespace: shop}\nspec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: a, image: a}]}}}\n";
    let folder = Folder::with(&[("a.yaml", &format!("{}{set}", bad("PW057")))]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    let beside = bad("PW057")
        .replace("name: web-to-orders", "name: other")
        .replace("sa/web", "sa/orders");
    let folder = Folder::with(&[("a.yaml", &format!("{}---\n{beside}", bad("PW057")))]);
    let ran = folder.run(&["check"]);
    assert!(!ran.out.contains("PW057"), "{ran:?}");
    told(
        "PW057",
        &[("sa/web\"", "sa/web-sa\"")],
        "only `cluster.local/ns/shop/sa/web-sa`",
    );
}

#[test]
fn namespaces_that_may_have_sidecars() {
    silent("PW058", &[("dataplane-mode: ambient", "dataplane-mode: none")]);
    silent(
        "PW058",
        &[("        methods: [\"GET\"]\n", "        ports: [\"80\"]\n")],
    );
    // Another document of the namespace, for a mesh with sidecars.
    let sidecars =
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n";
    let folder = Folder::with(&[("a.yaml", &format!("{}{sidecars}", bad("PW058")))]);
    let ran = folder.run(&["check"]);
    assert!(!ran.out.contains("PW058"), "{ran:?}");
    told(
        "PW058",
        &[("  rules:\n", "  action: DENY\n  rules:\n")],
        "denies whatever its other fields match",
    );
    // One namespace is one finding.
    let second = bad("PW058").replace("name: orders\n", "name: second\n");
    let (_, second) = second.split_once("---\n").unwrap();
    let folder = Folder::with(&[("a.yaml", &format!("{}---\n{second}", bad("PW058")))]);
    let ran = folder.run(&["check"]);
    ran.says(1, &["so it is in 1 other policy"]);
    assert_eq!(ran.out.matches("PW058").count(), 1, "{ran:?}");
}

#[test]
fn gateways_that_are_let_in() {
    silent("PW059", &[("gateways: [\"public\"]", "gateways: [\"mesh\"]")]);
    silent("PW059", &[("ns/shop/sa/*", "ns/*")]);
    silent("PW059", &[("ns/shop/sa/*", "ns/shop/sa/ingressgateway")]);
    silent(
        "PW059",
        &[(
            "principals: [\"cluster.local/ns/shop/sa/*\"]",
            "namespaces: [\"shop\", \"web\"]",
        )],
    );
    let gateway = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: edge, namespace: shop}\nspec: {template: {metadata: {labels: {istio: ingressgateway}}, spec: {containers: [{name: a, image: a}]}}}\n";
    let folder = Folder::with(&[("a.yaml", &format!("{}{gateway}", bad("PW059")))]);
    let ran = folder.run(&["check"]);
    assert!(!ran.out.contains("PW059"), "{ran:?}");
    // A workload that is not among the documents: the policy is for all of the namespace.
    told(
        "PW059",
        &[("host: orders", "host: stock")],
        "to service shop/stock",
    );
}
