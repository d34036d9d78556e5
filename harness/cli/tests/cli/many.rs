//! `peerwarden check` on as many documents as a mesh has.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::fixture::Folder;

/// This many policies in this many namespaces, each for a workload or for the namespace, with a mistake in every tenth.
fn mesh(policies: usize, namespaces: usize, selected: bool) -> String {
    let mut text = String::new();
    for number in 0..policies {
        let namespace = number % namespaces;
        let selector = if selected {
            format!("selector: {{matchLabels: {{app: app{number}}}}}, ")
        } else {
            String::new()
        };
        let caller = if number % 10 == 0 { "*" } else { "cluster.local" };
        writeln!(
            text,
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p{number}, namespace: ns{namespace}}}\n\
             spec: {{{selector}rules: [{{from: [{{source: {{principals: ['{caller}/ns/web/sa/caller{number}']}}}}], to: [{{operation: \
             {{methods: [GET], paths: [\"/v1/r{number}/*\"]}}}}]}}]}}\n---"
        )
        .unwrap();
    }
    text
}

/// For an unoptimised build on a busy machine: anything quadratic in the number of documents takes far longer.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_thousand_documents_are_soon_checked() {
    for (namespaces, selected) in [(50, true), (1, true), (1, false)] {
        let folder = Folder::with(&[("mesh.yaml", &mesh(1000, namespaces, selected))]);
        let began = Instant::now();
        let ran = folder.run(&["check"]);
        let took = began.elapsed();
        assert_eq!(ran.code, 1, "{}", ran.out);
        let sum = "1,000 documents and 0 suites checked: 0 errors, 100 warnings\n";
        assert!(ran.err.ends_with(sum), "{}", ran.err);
        // The analysis of so many rules for one workload is skipped, with a note.
        let is_said = ran.warns("PW012, PW013 and PW014 say nothing about");
        assert_eq!(is_said, namespaces == 1 && !selected, "{}", ran.err);
        assert!(took < PATIENCE, "{namespaces} namespaces: {took:?}");
    }
}

/// The largest number of values in a list.
#[test]
fn ten_thousand_values_are_soon_checked() {
    for (value, code) in [("/a{}/*", "PW029"), ("/a{}/{**}", "PW028"), ("/a{}", "PW006")] {
        let paths: Vec<String> = (0..10_000)
            .map(|number| format!("        - \"{}\"\n", value.replacen("{}", &number.to_string(), 1)))
            .collect();
        let text = format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec:\n  action: \
             DENY\n  rules:\n  - to:\n    - operation:\n        ports: [\"8080\"]\n        paths:\n{}",
            paths.concat()
        );
        let folder = Folder::with(&[("a.yaml", &text)]);
        let began = Instant::now();
        let ran = folder.run(&["check", "--format", "github"]);
        let took = began.elapsed();
        let found = ran.out.lines().filter(|line| line.contains(code));
        assert_eq!(found.count(), 10_000);
        assert!(took < PATIENCE, "{value}: {took:?}");
    }
}

/// What one proxy takes is limited; what a repository has is not.
#[test]
fn a_repository_may_have_more_than_a_proxy_takes() {
    let filler = "x".repeat(1024 * 1024);
    let policy = |number: usize, selector: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p{number}, namespace: shop, annotations: \
             {{text: {filler}}}}}\nspec:\n  {selector}\n  rules:\n  - to: [{{operation: {{methods: [GET]}}}}]\n"
        )
    };
    let folder = Folder::with(&[("app.yaml", "{namespace: shop, labels: {app: app1}}")]);
    for number in 0..8 {
        let selector = format!("selector: {{matchLabels: {{app: app{number}}}}}");
        folder.write(&format!("each/{number}.yaml"), policy(number, &selector));
        folder.write(&format!("all/{number}.yaml"), policy(number, ""));
    }
    folder
        .run(&["check", "each"])
        .says(0, &["8 documents and 0 suites checked: 0 errors"]);
    let who_can = |policies| {
        let arguments = [
            "who-can",
            "GET /",
            "--policies",
            policies,
            "--workload",
            "app.yaml",
        ];
        folder.run(&[&arguments[..], &["--engine", "native"]].concat())
    };
    who_can("each").says(0, &["allow by shop/p1[0]"]);
    who_can("all").says(2, &["more than the maximum of 7340032"]);
}
