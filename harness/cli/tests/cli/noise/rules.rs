//! Rules that are not needed, and paths that nobody can spell otherwise.

use crate::fixture::{Folder, RunOutput};

/// An ALLOW policy for the workload `orders` of `shop`.
fn policy(name: &str, rules: &str) -> String {
    attached(name, "selector: {matchLabels: {app: orders}}", rules)
}

fn attached(name: &str, to: &str, rules: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  {to}\n  \
         rules:\n{rules}"
    )
}

const STRICT: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: \
                      {mode: STRICT}}\n";

fn checked(documents: &[&str]) -> RunOutput {
    Folder::with(&[("all.yaml", &documents.join("---\n"))]).run(&["check"])
}

fn from(account: &str) -> String {
    format!("  - from:\n    - source: {{principals: [cluster.local/ns/web/sa/{account}]}}\n")
}

#[test]
fn an_allow_all_with_its_reason_is_meant() {
    let with = |all: &str| checked(&[&policy("orders", &format!("{}{all}", from("web")))]);
    assert_eq!(with("  # Pods of jobs have no sidecar.\n  - {}\n").code, 0);
    with("  - {}\n").says(1, &["warning[PW012]"]);
    with("  - {} # all\n").says(1, &["warning[PW012]"]);
}

/// What is public anyway is written for the reader.
#[test]
fn metrics_beside_a_wider_rule_are_meant() {
    let metrics = format!("{}    to:\n    - operation: {{paths: [/metrics]}}\n", from("web"));
    assert_eq!(
        checked(&[&policy("orders", &format!("{}{metrics}", from("web")))]).code,
        0
    );
}

#[test]
fn one_cause_is_one_finding() {
    let all = policy("all", "  - {}\n");
    let one = policy("one", &from("one"));
    let two = policy("two", &format!("{}{}", from("two"), from("three")));
    let ran = checked(&[&one, &all, &two]);
    ran.says(
        1,
        &["3 rules decide nothing", "by rule 0 of this policy", "shop/all"],
    );
    assert_eq!(ran.out.matches("[PW012]").count(), 1, "{ran:?}");
}

/// Under STRICT, nothing comes in in plaintext: what is shown comes from a peer.
#[test]
fn what_is_shown_gets_through_strict() {
    let wide = policy("wide", "  - to:\n    - operation: {methods: [GET]}\n");
    let narrow = policy(
        "narrow",
        "  - to:\n    - operation: {methods: [GET], paths: [/a]}\n",
    );
    let by = "is still allowed";
    checked(&[&wide, &narrow]).says(1, &[by, "in plaintext"]);
    let ran = checked(&[&wide, &narrow, STRICT]);
    ran.says(1, &[by, "by spiffe://cluster.local/ns/shop/sa/default"]);
    assert!(!ran.out.contains("in plaintext"), "{ran:?}");
    let deny = attached(
        "odd",
        "action: DENY",
        "  - to:\n    - operation: {notMethods: [GET]}\n",
    );
    let ran = checked(&[&deny, STRICT]);
    ran.says(1, &["[PW015]", "such as a database's"]);
    assert!(
        !ran.out.contains("in plaintext") && !ran.out.contains("3306"),
        "{ran:?}"
    );
}

/// PW021 does not depend on who asks.
#[test]
fn a_void_deny_all_is_seen_under_strict() {
    let all = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: all, namespace: shop}\nspec:\n  rules:\n  - {}\n";
    let none = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: none, namespace: shop}\nspec: {}\n";
    checked(&[all, none]).says(1, &["[PW021]"]);
    checked(&[all, none, STRICT]).says(1, &["[PW021]"]);
}

#[test]
fn a_needless_rule_of_an_attached_policy_is_seen() {
    let rules = format!(
        "{}{}    to:\n    - operation: {{methods: [GET]}}\n",
        from("web"),
        from("web")
    );
    for kind in [
        "kind: Service, group: ''",
        "kind: Gateway, group: gateway.networking.k8s.io",
    ] {
        let to = format!("targetRefs: [{{{kind}, name: orders}}]");
        checked(&[&attached("orders", &to, &rules)]).says(1, &["[PW012]", "rule 1 decides nothing"]);
    }
}

/// Of exact paths, none is another spelling of what `notPaths` excludes.
#[test]
fn what_exact_paths_exclude_has_one_spelling() {
    let rule = |paths: &str| {
        let policy = policy(
            "orders",
            &format!(
                "{}    to:\n    - operation: {{paths: [{paths}], notPaths: [/secureB]}}\n",
                from("web")
            ),
        );
        checked(&[&policy])
    };
    assert_eq!(rule("/secureA").code, 0, "{:?}", rule("/secureA"));
    rule("/secure*").says(1, &["[PW006]", "[PW017]", "write `/secureB*`"]);
}

#[test]
fn a_hidden_file_has_one_spelling() {
    let deny = |path: &str| {
        let rules = format!("  - to:\n    - operation: {{ports: [\"8080\"], paths: [{path}]}}\n");
        checked(&[&policy("never", &rules).replace("spec:", "spec:\n  action: DENY")])
    };
    assert_eq!(deny("/.env").code, 0, "{:?}", deny("/.env"));
    deny("/env").says(1, &["[PW006]"]);
}

/// A health check of all workloads is not meant for the database among them.
#[test]
fn a_health_check_is_not_for_the_database() {
    let database = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec:\n  template:\n    metadata: \
                    {labels: {app: db}}\n    spec:\n      containers:\n      - {name: db, image: postgres, ports: [{containerPort: 5432}]}\n";
    let to = |path: &str| {
        let rules = format!("  - to:\n    - operation: {{methods: [GET], paths: [{path}]}}\n");
        checked(&[database, &attached("all", "action: ALLOW", &rules)])
    };
    assert_eq!(to("/healthz").code, 0, "{:?}", to("/healthz"));
    to("/orders").says(1, &["[PW015]"]);
}
