//! `peerwarden check`.

use insta::assert_snapshot;

use crate::fixture::{Folder, ORDERS, SUITE};

/// The output of `check` for a policy in which `from` is replaced by `to`.
fn checked(from: &str, to: &str) -> crate::fixture::RunOutput {
    assert!(ORDERS.contains(from), "{from}");
    Folder::with(&[("orders.yaml", &ORDERS.replacen(from, to, 1))]).run(&["check", "orders.yaml"])
}

#[test]
fn what_is_right_is_counted() {
    let suite = format!("{SUITE}- {{request: list, expect: deny}}\n");
    let folder = Folder::with(&[("orders.yaml", ORDERS), ("orders_test.yaml", &suite)]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "1 document and 1 suite checked: 0 errors, 0 warnings\n");
}

#[test]
fn an_error_is_underlined() {
    let ran = checked("principals", "principal");
    assert_eq!(ran.code, 2);
    assert_snapshot!(ran.out);
}

#[test]
fn mistakes_are_explained() {
    let says = |from: &str, to: &str, parts: &[&str]| checked(from, to).says(2, parts);
    says("[\"/orders*\"]", "[\"/orders/{**}/x/{*}\"]", &["{**}"]);
    says(
        "paths: [\"/orders*\"]",
        "ports: [8080]",
        &[
            "expected a string, found a number",
            "put it in quotes",
            "orders.yaml:14",
        ],
    );
    says(
        "[\"GET\"]",
        "[on]",
        &["expected a string, found a boolean", "orders.yaml:13"],
    );
    says(
        "[\"GET\"]",
        "[on]",
        &["in YAML 1.1, `on` is a boolean", "put it in quotes: `\"on\"`"],
    );
    says("[\"GET\"]", "[0443]", &["in YAML 1.1, `0443` is an octal number"]);
    says("[\"GET\"]", "GET", &["expected a list", "orders.yaml:13"]);
    says("[\"GET\"]", "[\"\"]", &["empty"]);
    says(
        "spec:\n",
        "spec:\n  action: PERMIT\n",
        &["unknown action `PERMIT`"],
    );
    says(
        "spec:\n",
        "spec:\n  action: CUSTOM\n",
        &["a CUSTOM policy needs a provider"],
    );
    says(
        "  rules:",
        "  targetRefs: [{kind: Gateway, name: g}]\n  rules:",
        &["`Gateway` of the group `` cannot be a target"],
    );
    says(
        "  name: orders",
        "  name: orders\n  annotations: {istio.io/dry-run: \"yes\"}",
        &["`yes` is neither true nor false"],
    );
    says(
        "    to:",
        "    when: [{key: 'request.header[x]', values: [z]}]\n    to:",
        &["unknown key", "request.headers"],
    );
    says(
        "    to:",
        "    when: [{key: source.ip, values: [10.0.0.300]}]\n    to:",
        &["10.0.0.300"],
    );
    says(
        "  namespace: shop\n",
        "  namespace:\n",
        &["`metadata.namespace` is missing"],
    );
    says(
        "security.istio.io/v1",
        "security.istio.io/v2",
        &["unknown version", "security.istio.io/v1"],
    );
    says(
        "kind: AuthorizationPolicy",
        "kind: AuthorisationPolicy",
        &["did you mean `AuthorizationPolicy`?"],
    );
    says("    to:", "    to: [{", &["orders.yaml:12"]);
    says("  rules:", "  rules: []\n  rules:", &["rules", "orders.yaml:8"]);
}

#[test]
fn every_mistake_of_a_file_is_shown() {
    let twice = format!(
        "{}---\n{}",
        ORDERS.replace("principals", "principal"),
        ORDERS.replace("methods", "method")
    );
    let ran = Folder::with(&[("all.yaml", &twice)]).run(&["check"]);
    ran.says(
        2,
        &[
            "did you mean `principals`?",
            "did you mean `methods`?",
            "all.yaml:28",
        ],
    );
    assert_eq!(
        ran.err,
        "2 documents and 0 suites checked: 2 errors, 0 warnings\n"
    );
}

/// A document that cannot be parsed does not hide the errors of others, so that one round of corrections suffices.
#[test]
fn one_document_hides_no_other() {
    let unreadable = ORDERS.replace("principals", "principal");
    let custom = ORDERS.replace("spec:", "spec:\n  action: CUSTOM\n  provider: {name: x}");
    let cidr = ORDERS.replace(
        "principals: [",
        "ipBlocks: [\"10.0.0.0/33\"]\n        principals: [",
    );
    let port = ORDERS.replace("methods: [\"GET\"]", "ports: [\"http\"]");
    let named = |(text, name): (&String, &str)| text.replacen("name: orders", &format!("name: {name}"), 1);
    let all = [(&unreadable, "a"), (&custom, "b"), (&cidr, "c"), (&port, "d")]
        .map(named)
        .join("---\n");
    let ran = Folder::with(&[("all.yaml", &all)]).run(&["check"]);
    let expected = [
        "did you mean `principals`?",
        "a CUSTOM policy cannot match on `principals`",
        "10.0.0.0/33",
        "`http`",
    ];
    ran.says(2, &expected);
    assert_eq!(
        ran.underlined(),
        ["principal", "principals", "\"10.0.0.0/33\"", "\"http\""],
        "{}",
        ran.out
    );
}

/// A policy that is silently skipped protects nothing.
#[test]
fn a_misspelt_group_is_no_other_project() {
    let checked = |version: &str| {
        let text = ORDERS.replace("security.istio.io/v1", version);
        Folder::with(&[("orders.yaml", ORDERS), ("other.yaml", &text)]).run(&["check"])
    };
    checked("networking.istio.io/v1").says(2, &["networking.istio.io/v1", "other.yaml:2:7"]);
    checked("security.istio.oi/v1").says(2, &["security.istio.oi/v1", "other.yaml:2:7"]);
    assert_eq!(checked("policy.linkerd.io/v1alpha1").code, 0);
}

#[test]
fn lists_and_other_kinds() {
    let item = ORDERS.replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {item}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n"
    );
    let folder = Folder::with(&[("list.yaml", &list)]);
    let ran = folder.run(&["check"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "1 document and 0 suites checked: 0 errors, 0 warnings\n"),
        "{ran:?}"
    );
    folder.write("list.yaml", list.replace("methods", "method"));
    folder
        .run(&["check"])
        .says(2, &["did you mean `methods`?", "list.yaml:16"]);
    Folder::with(&[("map.yaml", "apiVersion: v1\nkind: ConfigMap\n")])
        .run(&["check"])
        .says(0, &["no policy and no suite in `.`"]);
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let warns = |from: &str, to: &str, parts: &[&str]| checked(from, to).says(1, parts);
    warns(
        "principals: [\"cluster.local/ns/web/sa/frontend\"]",
        "notPrincipals: [\"*/sa/x\"]",
        &["warning[PW001]", "lets plaintext in"],
    );
    warns(
        "cluster.local/ns/web",
        "*/ns/web",
        &["warning[PW002]", "every trust domain"],
    );
    warns(
        "    to:",
        "        notPrincipals: [\"cluster.local/ns/web/sa/frontend\"]\n    to:",
        &["warning[PW003]", "it matches nothing"],
    );
}

#[test]
fn a_document_given_twice_is_a_warning() {
    let wider = ORDERS.replace("/orders*", "/*");
    let both = [("a.yaml", ORDERS), ("b.yaml", wider.as_str())];
    let folder = Folder::with(&both);
    folder.write("kustomization.yaml", "resources: [a.yaml, b.yaml]\n");
    folder
        .run(&["check"])
        .says(1, &["warning[PW004]", "replaces a.yaml:", "b.yaml:"]);
    Folder::with(&[("all.yaml", &format!("{ORDERS}---\n{wider}"))])
        .run(&["check"])
        .says(1, &["warning[PW004]", "replaces all.yaml:"]);
    let other = ORDERS.replace("namespace: shop", "namespace: web");
    let ran = Folder::with(&[("a.yaml", ORDERS), ("b.yaml", &other)]).run(&["check"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

#[test]
fn the_mesh_counts() {
    let folder = Folder::with(&[
        ("orders.yaml", ORDERS),
        ("mesh.yaml", "trustDomain: td\ntrustDomainAlias: [x]\n"),
    ]);
    folder
        .run(&["check", "orders.yaml", "--mesh", "mesh.yaml"])
        .says(2, &["did you mean `trustDomainAliases`?", "mesh.yaml:2:1"]);
}
