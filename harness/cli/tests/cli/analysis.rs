//! `peerwarden diff`, `who-can`, `can-ever` and `matrix`: exit codes, errors, and reports for programs. Their outputs
//! for people are on their pages in `docs/commands`.

mod limits;
mod random;
mod reports;
mod undescribed;

use peerwarden::Schema;
use serde_json::Value;

use crate::fixture::Folder;
use crate::validate::differs;

fn policy(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

const GET: &str = r#"{rules: [{to: [{operation: {methods: ["GET"]}}]}]}"#;
const GET_AND_POST: &str = r#"{rules: [{to: [{operation: {methods: ["GET", "POST"]}}]}]}"#;

fn folder() -> Folder {
    Folder::with(&[
        ("get.yaml", &policy("a", GET)),
        ("post.yaml", &policy("a", GET_AND_POST)),
        ("workload.yaml", "{namespace: shop}"),
        ("other.yaml", "{namespace: other}"),
    ])
}

fn json(out: &str, schema: Schema) -> Value {
    let value: Value = serde_json::from_str(out).unwrap();
    let schema: Value = serde_json::from_str(&schema.text()).unwrap();
    assert_eq!(differs(&value, &schema, &schema), None);
    value
}

#[test]
fn the_exit_code_of_diff_is_what_is_asked_for() {
    let code = |arguments: &[&str]| folder().run(&[&["diff"], arguments].concat()).code;
    assert_eq!(code(&["get.yaml", "get.yaml"]), 0);
    assert_eq!(code(&["get.yaml", "post.yaml"]), 1);
    assert_eq!(code(&["get.yaml", "post.yaml", "--fail-on", "newly-allowed"]), 1);
    assert_eq!(code(&["get.yaml", "post.yaml", "--fail-on", "newly-denied"]), 0);
    assert_eq!(code(&["post.yaml", "get.yaml", "--fail-on", "newly-denied"]), 1);
    assert_eq!(code(&["post.yaml", "get.yaml", "--fail-on", "none"]), 0);
    assert_eq!(code(&["get.yaml", "post.yaml", "--workload", "workload.yaml"]), 1);
    assert_eq!(
        code(&["get.yaml", "post.yaml", "--workload", "other.yaml"]),
        0,
        "it is not for that one"
    );
    assert_eq!(
        code(&["get.yaml", "post.yaml", "--protocol", "tcp"]),
        0,
        "on TCP neither allows anything"
    );
}

#[test]
fn what_is_wrong_is_said() {
    let folder = folder();
    folder.write(
        "bad.yaml",
        policy("a", r#"{rules: [{to: [{operation: {method: ["GET"]}}]}]}"#),
    );
    folder
        .run(&["diff", "get.yaml", "bad.yaml"])
        .says(2, &["unknown field `method`", "bad.yaml:4"]);
    folder
        .run(&["diff", "get.yaml", "none.yaml"])
        .says(2, &["there is no `none.yaml`"]);
    folder
        .run(&["can-ever", "--port", "http", "--policies", "get.yaml"])
        .says(2, &["`http` is not a port"]);
    folder
        .run(&[
            "can-ever",
            "--path",
            "/a",
            "--protocol",
            "tcp",
            "--policies",
            "get.yaml",
        ])
        .says(2, &["`--path` does not apply to TCP"]);
    folder
        .run(&["who-can", "GET orders", "--policies", "get.yaml"])
        .says(2, &["`GET orders` is not an HTTP request", "GET /orders"]);
    folder
        .run(&["can-ever", "--when", "x", "--policies", "get.yaml"])
        .says(2, &["`--when x` has no `=`"]);
    let plain = folder.run(&["can-ever", "--plaintext", "--peer", "a", "--policies", "get.yaml"]);
    assert_eq!(plain.code, 2);
}

/// SPIFFE IDs in another form than Istio's, such as those of workloads outside the mesh, are callers like any other.
#[test]
fn names_that_istio_does_not_issue_are_listed_if_policies_name_them() {
    let others = r#"{rules: [{from: [{source: {principals: ["example.org/legacy", "vm.example.org/db*", "*/ns/web/sa/ui"]}}]}]}"#;
    let folder = Folder::with(&[("others.yaml", &policy("others", others))]);
    let table = folder
        .run(&["matrix", "--policies", "others.yaml", "--format", "csv"])
        .out;
    for (caller, verdict) in [
        (
            "\"anybody but */ns/web/sa/ui, vm.example.org/db*, example.org/legacy\"",
            "deny,\r\n",
        ),
        // The mesh has no trust domain `example.org`.
        (
            "*/ns/web/sa/ui; vm.example.org/db*; example.org/legacy",
            "allow,\"the handshake refuses",
        ),
    ] {
        let line = format!("shop,http,{caller},anything,{verdict}");
        assert!(table.contains(&line), "{table}");
    }
    let table = folder.run(&["matrix", "--policies", "others.yaml"]).out;
    let note = "other certificates with names that Istio does not issue are left out";
    assert!(table.contains(note), "{table}");
    let who = folder.run(&["who-can", "GET", "--policies", "others.yaml"]).out;
    let named = "+ */ns/web/sa/ui; vm.example.org/db*; example.org/legacy\n";
    assert!(who.contains(named), "{who}");
}

/// "Never" would be true of something impossible, but misleading.
#[test]
fn a_question_about_nothing_has_no_answer() {
    let folder = folder();
    let none = "no traffic can match this question";
    for question in [
        ["can-ever", "--path", "orders"].as_slice(),
        &["can-ever", "--path", "/orders?full=1"],
        &["can-ever", "--expect", "no", "--method", "GET /"],
        &["can-ever", "--plaintext", "--when", "connection.sni=a"],
        &["who-can", "GET/orders"],
        &["matrix", "--operation", "GET/orders"],
        &["matrix", "--caller", "plaintext", "--operation", "/orders#a"],
    ] {
        let mut arguments = question.to_vec();
        arguments.extend(["--policies", "get.yaml", "--engine", "native"]);
        folder.run(&arguments).says(2, &[none, "a path begins with `/`"]);
    }
    folder
        .run(&["matrix", "--operation", "GET/orders", "--policies", "get.yaml"])
        .says(2, &["`GET/orders`: "]);
    folder
        .run(&["who-can", "8080", "--policies", "get.yaml"])
        .says(2, &["`8080` is not an HTTP request", "--protocol tcp"]);
    // Without a namespace, the policy's would be used.
    folder
        .run(&[
            "can-ever",
            "--when",
            "source.serviceAccount=b",
            "--policies",
            "get.yaml",
        ])
        .says(
            2,
            &["names no namespace", "write `source.serviceAccount=NAMESPACE/b`"],
        );
    // A path in a policy that no request can have is not a question.
    folder.write(
        "odd.yaml",
        policy("a", r#"{rules: [{to: [{operation: {paths: ["orders"]}}]}]}"#),
    );
    let table = folder.run(&["matrix", "--policies", "odd.yaml", "--engine", "native"]);
    assert_eq!(table.code, 0, "{table:?}");
}

/// A difference is either reported or too complex to compare: never silently nothing.
#[test]
fn what_cannot_be_compared_is_never_equivalent() {
    // Each rule is about a different pair of headers: no order of variables makes the diagram small.
    let rules = |extra: &str| {
        let mut rules = String::new();
        for one in 0..26 {
            let other = 25 - one;
            rules.push_str(&format!(
                "{{when: [{{key: 'request.headers[a{one:02}]', values: [x]}}, {{key: 'request.headers[b{:02}]', values: [x]}}]}}, ",
                (one * 7 + other) % 26
            ));
        }
        policy("a", &format!("{{rules: [{rules}{extra}]}}"))
    };
    let folder = Folder::with(&[
        ("old.yaml", &rules("")),
        (
            "new.yaml",
            &rules("{when: [{key: 'request.headers[a00]', values: [z]}]}"),
        ),
    ]);
    let ran = folder.run(&[
        "diff",
        "old.yaml",
        "new.yaml",
        "--protocol",
        "http",
        "--engine",
        "native",
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(!ran.out.contains("equivalent"), "{ran:?}");
}
