//! `peerwarden test --coverage`.

use insta::assert_snapshot;

use crate::fixture::{Folder, SUITE};

/// A well-tested rule, a poorly tested one, one that nothing matches, and a policy for another workload.
const POLICIES: &str = r#"apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: shop}
spec:
  rules:
  - from:
    - source:
        principals: ["cluster.local/ns/web/sa/frontend"]
    to:
    - operation:
        methods: ["GET", "HEAD"]
        paths: ["/orders*"]
        notPaths: ["/orders/secret", "/orders/audit"]
  - from:
    - source: {namespaces: ["ops"]}
    when:
    - key: request.headers[x-team]
      notValues: [blue]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-admin, namespace: shop}
spec:
  action: DENY
  rules:
  - to:
    - operation: {paths: ["/admin*"]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ledger, namespace: shop}
spec:
  selector: {matchLabels: {app: ledger}}
  rules: [{}]
"#;

const CASES: &str = "\
- {peer: frontend, request: list, expect: allow}
- {peer: frontend, request: GET /orders/secret, expect: deny}
- {peer: frontend, request: POST /orders, expect: deny}
- {peer: stranger, request: list, expect: deny}
- {peer: frontend, request: GET /admin, expect: deny}
";

fn folder() -> Folder {
    Folder::with(&[
        ("orders.yaml", POLICIES),
        ("orders_test.yaml", &format!("{SUITE}{CASES}")),
    ])
}

#[test]
fn marks_the_text_of_the_policies() {
    let ran = folder().run(&["test", "--coverage", "--engine", "native"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.out);
}

#[test]
fn colours_are_beside_the_signs() {
    let folder = folder();
    let mut command = folder.command(&["test", "--coverage", "--engine", "native"]);
    let ran = folder.finish(command.env("CLICOLOR_FORCE", "1"));
    assert_snapshot!(ran.out.replace('\u{1b}', "^"));
}

#[test]
fn verbose_shows_what_lacks_nothing_too() {
    let ran = folder().run(&["test", "--coverage", "--verbose", "--engine", "native"]);
    let shown = ran.out.split_once("coverage of").unwrap().1;
    assert!(shown.contains("operation: {paths: [\"/admin*\"]}"), "{ran:?}");
}

#[test]
fn below_the_threshold_is_a_finding() {
    let folder = folder();
    let run =
        |threshold: &str| folder.run(&["test", "--engine", "native", "--coverage-threshold", threshold]);
    let percent = |out: &str| -> usize {
        let last = out.lines().find(|line| line.starts_with("coverage: ")).unwrap();
        last.rsplit(' ').nth(1).unwrap().parse().unwrap()
    };
    let ran = run("0");
    assert_eq!(ran.code, 0, "{ran:?}");
    let percent = percent(&ran.out);
    assert_eq!(run(&percent.to_string()).code, 0);
    let ran = run(&(percent + 1).to_string());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("below the threshold of"), "{ran:?}");
    assert_eq!(run("101").code, 2);
}

#[test]
fn writes_a_tracefile_of_lcov() {
    let folder = folder();
    let ran = folder.run(&["test", "--engine", "native", "--coverage-lcov", "coverage.info"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.out.contains("coverage of"), "{ran:?}");
    assert_snapshot!(std::fs::read_to_string(folder.path("coverage.info")).unwrap());
    let ran = folder.run(&[
        "test",
        "--engine",
        "native",
        "--coverage-lcov",
        "missing/coverage.info",
    ]);
    ran.says(
        2,
        &["`missing/coverage.info` cannot be written", "an existing folder"],
    );
    assert!(
        ran.out.contains(" passed, 0 failed in "),
        "the results are lost: {ran:?}"
    );
}

/// A file that two suites test counts once.
#[test]
fn suites_add_up() {
    let folder = folder();
    let ledger = "workload: {namespace: shop, labels: {app: ledger}}\npolicies: [orders.yaml]\n\
                  cases: [{request: GET /, expect: allow, by: ledger}]\n";
    folder.write("ledger_test.yaml", ledger);
    let ran = folder.run(&["test", "--engine", "native", "--format", "json", "--coverage"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let policies = report["coverage"]["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 3, "{ran:?}");
    let ledger = policies
        .iter()
        .find(|policy| policy["policy"] == "shop/ledger")
        .unwrap();
    assert_eq!(ledger["points"]["percent"], 100, "{ledger}");
    let admin = policies
        .iter()
        .find(|policy| policy["policy"] == "shop/no-admin")
        .unwrap();
    let clause = &admin["rules"][0]["clauses"][0];
    assert_eq!(
        (&clause["held"], &clause["failed"], &clause["line"]),
        (&1.into(), &5.into(), &27.into()),
        "{admin}"
    );
}

/// Counted by hand: the number of cases whose verdict would differ if only this clause had turned out differently.
#[test]
fn a_clause_is_decisive_where_it_alone_turns_the_verdict() {
    let ran = folder().run(&["test", "--engine", "native", "--format", "json", "--coverage"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let policies = report["coverage"]["policies"].as_array().unwrap();
    let decisive = |policy: &str, rule: usize| -> Vec<(String, u64)> {
        let policy = policies.iter().find(|known| known["policy"] == policy).unwrap();
        let clauses = policy["rules"][rule]["clauses"].as_array().unwrap().iter();
        clauses
            .map(|clause| {
                (
                    clause["field"].as_str().unwrap().to_owned(),
                    clause["decisive"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    let all = |expected: &[(&str, u64)]| -> Vec<(String, u64)> {
        expected
            .iter()
            .map(|(field, count)| ((*field).to_owned(), *count))
            .collect()
    };
    // Each of these lets `GET /orders` pass; beside that, the stranger fails only on the first, `POST /orders` on the
    // second, and `GET /orders/secret` on the last. `GET /admin` is denied whatever `paths` says.
    let rule = [("principals", 2), ("methods", 2), ("paths", 1), ("notPaths", 2)];
    assert_eq!(decisive("shop/orders", 0), all(&rule));
    // A request that no ALLOW rule matches fails here only on the namespace: nothing has the header.
    assert_eq!(
        decisive("shop/orders", 1),
        all(&[("namespaces", 3), ("request.headers[x-team]", 0)])
    );
    // It would deny allowed requests; nothing else allows those that it denies.
    assert_eq!(decisive("shop/no-admin", 0), all(&[("paths", 1)]));
}

/// A policy on one very long line, and texts that would move a terminal's cursor.
#[test]
fn odd_texts_are_shown_all_the_same() {
    let value = "x".repeat(200);
    let policy = format!(
        "{{\"apiVersion\": \"security.istio.io/v1\", \"kind\": \"AuthorizationPolicy\", \"metadata\": {{\"name\": \"a\", \
         \"namespace\": \"shop\"}}, \"spec\": {{\"rules\": [{{\"to\": [{{\"operation\": {{\"paths\": [\"/\\u001b[2J{value}\"]}}}}]}}]}}}}"
    );
    let folder = Folder::with(&[("a.json", &policy)]);
    folder.write(
        "a_test.yaml",
        "workload: {namespace: shop}\npolicies: [a.json]\ncases: [{request: GET /, expect: deny}]\n",
    );
    let ran = folder.run(&["test", "--coverage", "--engine", "native"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("(a long line)") && ran.out.contains("no case matches it"),
        "{ran:?}"
    );
    assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
}
