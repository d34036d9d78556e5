//! What is not known is not claimed, and what follows from another mistake is not told again.

use crate::fixture::{Folder, RunOutput};

fn policy(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  {spec}\n---\n"
    )
}

fn deployment(name: &str, account: Option<&str>) -> String {
    let account = account.map_or_else(String::new, |account| format!("serviceAccountName: {account}, "));
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    metadata: {{labels: {{app: \
         {name}}}}}\n    spec: {{{account}containers: [{{name: a, image: a}}]}}\n---\n"
    )
}

fn from(accounts: &[&str]) -> String {
    let principals: Vec<String> = accounts
        .iter()
        .map(|account| format!("cluster.local/ns/shop/sa/{account}"))
        .collect();
    format!(
        "rules: [{{from: [{{source: {{principals: [{}]}}}}]}}]",
        principals.join(", ")
    )
}

fn codes(ran: &RunOutput) -> Vec<String> {
    let codes = ran.out.split("[PW").skip(1);
    codes.map(|code| format!("PW{}", &code[..3])).collect()
}

/// The workload may be in a file that cannot be read, or in a chart.
#[test]
fn what_was_left_out_may_be_it() {
    let selecting = policy(
        "orders",
        &format!("selector: {{matchLabels: {{app: orders}}}}\n  {}", from(&["web"])),
    );
    let folder = Folder::with(&[("policies.yaml", &selecting)]);
    folder.write("web.yaml", deployment("web", Some("web")));
    folder.write(
        "other.yaml",
        deployment("orders", None).replace("namespace: shop", "namespace: live"),
    );
    folder
        .run(&["check"])
        .says(1, &["PW023", "Deployment live/orders has these labels"]);
    folder.write(
        "orders.yaml",
        format!(
            "{}kind: Deployment\nkind: Deployment\n",
            deployment("orders", None)
        ),
    );
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");

    let calling = policy(
        "web",
        &format!("selector: {{matchLabels: {{app: web}}}}\n  {}", from(&["orders"])),
    );
    let folder = Folder::with(&[("policies.yaml", &calling)]);
    folder.write(
        "web.yaml",
        format!("{}{}", deployment("web", Some("web")), deployment("orders", None)),
    );
    folder.run(&["check"]).says(
        1,
        &[
            "PW045",
            "Deployment shop/orders runs as the service account `default`",
        ],
    );
    folder.write("chart/Chart.yaml", "name: shop\n");
    folder.write("chart/templates/a.yaml", "a: {{ .x }}\n");
    folder.write("chart/values.yaml", "orders: {serviceAccount: orders}\n");
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

/// Whoever runs a workload that is not here makes its account too; standard input is a part of a cluster.
#[test]
fn an_account_may_be_elsewhere() {
    let selecting = |name: &str, accounts: &[&str]| {
        policy(
            name,
            &format!("selector: {{matchLabels: {{app: {name}}}}}\n  {}", from(accounts)),
        )
    };
    let policies = selecting("web", &["kafka-client"]);
    let web = deployment("web", Some("web"));
    let folder = Folder::with(&[("policies.yaml", &policies), ("web.yaml", &web)]);
    // All that the policies of the namespace select is there.
    folder.run(&["check"]).says(
        1,
        &["PW045", "no workload among the documents runs as `kafka-client`"],
    );
    let ran = folder.run_with(&["check", "-"], format!("{policies}{web}"));
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    // A slip is one wherever the rest is.
    let ran = folder.run_with(
        &["check", "-"],
        format!("{}{web}", policies.replace("kafka-client", "wbe")),
    );
    ran.says(1, &["PW045", "did you mean `web`?"]);
    // An operator runs this one.
    folder.write("kafka.yaml", selecting("kafka", &["web"]));
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn one_cause_is_one_finding() {
    let mut text = String::new();
    for name in ["web", "orders", "stock"] {
        text += &deployment(name, None);
        text += &policy(
            name,
            &format!(
                "selector: {{matchLabels: {{app: {name}}}}}\n  {}",
                from(&["web", "orders", "stock-api"])
            ),
        );
    }
    let ran =
        Folder::with(&[("all.yaml", &text.replace("name: stock,", "name: stock-api-v1,"))]).run(&["check"]);
    ran.says(
        1,
        &["the same is so of 3 accounts of this namespace: `orders`, `stock-api`, `web`"],
    );
    assert_eq!(codes(&ran), ["PW045"], "{ran:?}");

    let health = "rules: [{to: [{operation: {paths: [/healthz]}}]}]";
    let mut text = String::new();
    for name in ["web", "orders"] {
        text += &policy(
            name,
            &format!("selector: {{matchLabels: {{app: {name}}}}}\n  {health}"),
        );
    }
    let folder = Folder::with(&[("all.yaml", &text)]);
    let ran = folder.run(&["check"]);
    ran.says(1, &["and for 1 workload more", "or remove this one"]);
    assert_eq!(codes(&ran), ["PW051"], "{ran:?}");
    folder.write("deny.yaml", policy("deny-all", "{}"));
    let ran = folder.run(&["check"]);
    ran.says(1, &["a deny-all beside it denies everything else"]);
    assert!(!ran.out.contains("remove this one"), "{ran:?}");
}

/// Some charts write the annotation always.
#[test]
fn a_port_is_excluded_only_where_there_is_a_sidecar() {
    let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: db, namespace: shop}\nspec:\n  template:\n    metadata:\n      labels: {app: db}\n      annotations:\n        traffic.sidecar.istio.io/excludeInboundPorts: \"5432\"\n    spec: {containers: [{name: a, image: a, ports: [{containerPort: 5432}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {selector: {app: db}, ports: [{port: 5432, name: tcp}]}\n---\n";
    let elsewhere = policy("web", &from(&["web"])).replace("shop", "web");
    let folder = Folder::with(&[("db.yaml", workload), ("web.yaml", &elsewhere)]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    for evidence in [
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/rev: stable}}\n",
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n",
    ] {
        folder.write("evidence.yaml", evidence);
        folder.run(&["check"]).says(1, &["PW011"]);
    }
    folder.write("evidence.yaml", "a: 1\n");
    folder.write(
        "db.yaml",
        workload.replace(
            "labels: {app: db}",
            "labels: {app: db, sidecar.istio.io/inject: \"true\"}",
        ),
    );
    folder.run(&["check"]).says(1, &["PW011"]);
}

#[test]
fn what_follows_from_a_mistake_is_told_with_it() {
    // A value that is refused.
    let text = format!(
        "{}apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: a, namespace: shop}}\nspec: {{jwtRules: [{{issuer: \
         https://a.example, jwksUri: https://a.example/jwks}}]}}\n",
        policy(
            "a",
            "rules: [{when: [{key: request.auth.principal, notValues: [\"\"]}]}]"
        )
    );
    let ran = Folder::with(&[("a.yaml", &text)]).run(&["check"]);
    ran.says(2, &["an empty value matches nothing"]);
    assert_eq!(codes(&ran), [] as [String; 0], "{ran:?}");

    // A deny-all.
    let all = policy("deny-all", "action: DENY\n  rules: [{}]");
    let http = policy(
        "hosts",
        "action: DENY\n  rules: [{to: [{operation: {hosts: [a.example, \"a.example:*\"]}}]}]",
    );
    let text = format!("{all}{http}{}", policy("web", &from(&["web"])));
    let ran = Folder::with(&[("a.yaml", &text)]).run(&["check"]);
    assert_eq!(codes(&ran), ["PW020"], "{ran:?}");

    // An allow-all.
    let text = format!(
        "{}{}{}",
        policy("deny-all", "{}"),
        policy("allow-all", "rules: [{}]"),
        policy("web", &from(&["web"]))
    );
    let ran = Folder::with(&[("a.yaml", &text)]).run(&["check"]);
    assert_eq!(codes(&ran), ["PW012"], "{ran:?}");

    // A value that means something else.
    let text = policy(
        "hosts",
        "rules: [{to: [{operation: {hosts: [\"*.a.example:*\", \"*.b.a.example:*\"]}}]}]",
    );
    let ran = Folder::with(&[("a.yaml", &text)]).run(&["check"]);
    assert!(
        ran.out.contains("[PW027]") && !ran.out.contains("[PW022]"),
        "{ran:?}"
    );
}

const TWO: &str =
    "rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/a, eu.example/ns/a/sa/a]}}]}]";

/// An IstioOperator beside the policies says which trust domain the mesh has.
#[test]
fn documents_describe_the_mesh() {
    let folder = Folder::with(&[("eu/a.yaml", &policy("a", TWO))]);
    folder.run(&["check"]).says(
        1,
        &[
            "PW034",
            "if the mesh has `cluster.local`, as no document says otherwise",
        ],
    );
    let operator = |domain: &str| {
        format!(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {{name: eu}}\nspec: {{meshConfig: {{trustDomain: {domain}}}}}\n"
        )
    };
    folder.write("eu/istio.yaml", operator("us.example"));
    folder.run(&["check"]).says(
        1,
        &["PW034", "IstioOperator `eu` in `eu/istio.yaml` has `us.example`"],
    );
    folder.write("eu/istio.yaml", operator("eu.example"));
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    // That of another folder is of another cluster; the policies may be for that one.
    std::fs::remove_file(folder.path("eu/istio.yaml")).unwrap();
    folder.write("other/istio.yaml", operator("eu.example"));
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

/// The steps of a lesson, of which one is applied.
#[test]
fn an_alternative_says_nothing_of_the_mesh() {
    let folder = Folder::with(&[
        (
            "old.yaml",
            &policy("a", &from(&["a"]).replace("cluster.local", "old-td")),
        ),
        ("new.yaml", &policy("a", &from(&["a"]))),
    ]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

/// An inbound policy never sees the hosts of others.
#[test]
fn a_port_mends_nothing_of_the_hosts_of_others() {
    for (hosts, codes_of) in [
        ("\"*.other.svc.cluster.local\", \"*.amazonaws.com\"", &[][..]),
        ("a.example", &["PW007"]),
        ("orders.shop.svc.cluster.local", &["PW007"]),
    ] {
        let text = policy(
            "a",
            &format!(
                "action: DENY\n  rules: [{{to: [{{operation: {{hosts: [{hosts}], ports: [\"80\"]}}}}]}}]"
            ),
        );
        let ran = Folder::with(&[("a.yaml", &text)]).run(&["check"]);
        assert_eq!(codes(&ran), codes_of, "{hosts}: {ran:?}");
    }
}

/// A file may have the policies of two clusters.
#[test]
fn comments_tell_clusters_apart() {
    let wide = policy("wide", "rules: [{from: [{source: {namespaces: [web]}}]}]");
    let narrow = policy(
        "narrow",
        "rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}]",
    );
    let folder = Folder::with(&[("a.yaml", &format!("{wide}{narrow}"))]);
    folder.run(&["check"]).says(1, &["PW012"]);
    folder.write(
        "a.yaml",
        format!("# Cluster B: lets in\n{wide}# Cluster A: for cluster B\n{narrow}"),
    );
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

/// Samples in `default` are not applied together with those of another folder.
#[test]
fn a_mode_of_another_sample_is_not_that_of_a_database() {
    let mode = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: PERMISSIVE}}\n";
    let database = deployment("mysql", None)
        .replace(", namespace: shop", "")
        .replace("image: a", "image: a, ports: [{containerPort: 3306}]");
    let folder = Folder::with(&[("one/mysql.yaml", &database), ("two/mode.yaml", mode)]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    folder.write("one/mode.yaml", mode);
    folder.run(&["check"]).says(1, &["PW009"]);
}
