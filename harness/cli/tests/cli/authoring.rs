//! Mistakes in policies that nothing else reports: each is found, in several spellings.

mod attached;
mod itself;
mod rules;
mod workloads;

use serde_json::Value;

use crate::fixture::Folder;

/// The findings in some files: code, severity and message.
#[track_caller]
fn found(files: &[(&str, &str)]) -> Vec<(String, String, String)> {
    let ran = Folder::with(files).run(&["check", "--format", "json", "."]);
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let finding = |finding: &Value| {
        let help = text(&finding["help"]);
        let message = format!("{}: {help}", text(&finding["message"]));
        (text(&finding["code"]), text(&finding["severity"]), message)
    };
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(finding)
        .collect()
}

/// The messages of one lint.
#[track_caller]
fn of(code: &str, documents: &[&str]) -> Vec<String> {
    let found = found(&[("all.yaml", &documents.join("---\n"))]);
    let own = found.into_iter().filter(|(own, _, _)| own == code);
    own.map(|(_, severity, message)| format!("{severity}: {message}"))
        .collect()
}

/// Asserts that a lint has one finding with this text.
#[track_caller]
fn says(code: &str, documents: &[&str], said: &str) {
    let found = of(code, documents);
    assert!(
        found.len() == 1 && found[0].contains(said),
        "{said}: {found:#?}\n{}",
        documents.join("---\n")
    );
}

/// Asserts that a lint finds nothing.
#[track_caller]
fn silent(code: &str, documents: &[&str]) {
    let found = of(code, documents);
    assert!(found.is_empty(), "{found:#?}\n{}", documents.join("---\n"));
}

fn policy(action: &str, rules: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: orders, namespace: shop}}\nspec: {{action: {action}, \
         selector: {{matchLabels: {{app: orders}}}}, rules: {rules}}}\n"
    )
}

fn deployment(name: &str, namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{template: {{metadata: {{labels: \
         {{app: {name}}}}}, spec: {{{spec}}}}}}}\n"
    )
}

const HTTP: &str = "containers: [{name: a, image: a, ports: [{name: http, containerPort: 8080}]}]";
