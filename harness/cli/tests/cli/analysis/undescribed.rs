//! An answer that depends on an external authorizer without a description is never called proved.

use serde_json::Value;

use crate::fixture::{Folder, RunOutput};

const ASK: &str = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ask, namespace: edge}
spec:
  selector: {matchLabels: {app: gateway}}
  action: CUSTOM
  provider: {name: oauth2-proxy}
  rules: [{to: [{operation: {notPaths: [\"/public*\"]}}]}]
";

const OTHER: &str = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: reads, namespace: shop}
spec: {rules: [{to: [{operation: {methods: [GET]}}]}]}
";

const PROVIDERS: &str =
    "- {name: oauth2-proxy, envoyExtAuthzHttp: {service: oauth2-proxy.edge, port: 4180}}\n";

const NOT_PROVED: &str = "not proved: the authorizer `oauth2-proxy` is not described";

fn folder() -> Folder {
    Folder::with(&[
        ("ask.yaml", ASK),
        ("other.yaml", OTHER),
        ("providers.yaml", PROVIDERS),
        ("changed.yaml", &ASK.replace("/public*", "/open*")),
        ("gateway.yaml", "{namespace: edge, labels: {app: gateway}}"),
    ])
}

/// One line, however it is wrapped.
fn line(ran: &RunOutput) -> String {
    ran.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run(arguments: &[&str]) -> RunOutput {
    folder().run(&[arguments, &["--engine", "native"]].concat())
}

const OF_GATEWAY: [&str; 4] = ["--policies", "ask.yaml", "--workload", "gateway.yaml"];

#[test]
fn who_can_names_the_authorizer_and_the_option() {
    let ran = run(&[&["who-can", "GET /x"][..], &OF_GATEWAY].concat());
    let out = line(&ran);
    assert!(
        out.contains("nobody can GET /x, given what is described here"),
        "{ran:?}"
    );
    assert!(
        out.contains(NOT_PROVED) && out.contains("`--extension-providers`"),
        "{ran:?}"
    );
    assert!(
        !out.contains("is proved") && !out.contains("nobody else"),
        "{ran:?}"
    );
    let described = run(&[
        &["who-can", "GET /x", "--extension-providers", "providers.yaml"][..],
        &OF_GATEWAY,
    ]
    .concat());
    let out = line(&described);
    assert!(
        !out.contains("not proved") && out.contains("this is proved"),
        "{described:?}"
    );
    // For the other workloads it is.
    let both = run(&[
        "who-can",
        "GET /x",
        "--policies",
        "ask.yaml",
        "--policies",
        "other.yaml",
    ]);
    let out = line(&both);
    assert!(
        out.contains(NOT_PROVED) && out.contains("all else is proved for"),
        "{both:?}"
    );
}

#[test]
fn can_ever_does_not_know() {
    let ran = run(&[&["can-ever", "--path", "/x"][..], &OF_GATEWAY].concat());
    let out = line(&ran);
    assert!(
        out.contains("unknown: no such request is allowed given what is described here"),
        "{ran:?}"
    );
    assert!(out.contains(NOT_PROVED), "{ran:?}");
    let expecting = |answer: &str| {
        run(&[&["can-ever", "--path", "/x", "--expect", answer][..], &OF_GATEWAY].concat()).code
    };
    assert_eq!((expecting("no"), expecting("yes")), (1, 1));
    let json = run(&[&["can-ever", "--path", "/x", "--format", "json"][..], &OF_GATEWAY].concat());
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        report["workloads"][0]["notDescribed"][0], "oauth2-proxy",
        "{json:?}"
    );
}

#[test]
fn matrix_and_diff_say_so() {
    for format in ["table", "html"] {
        let ran = run(&[&["matrix", "--format", format][..], &OF_GATEWAY].concat());
        assert!(line(&ran).contains("oauth2-proxy"), "{ran:?}");
    }
    let ran = run(&["diff", "ask.yaml", "changed.yaml", "--workload", "gateway.yaml"]);
    let out = line(&ran);
    assert!(out.contains(NOT_PROVED) && !out.contains("is proved"), "{ran:?}");
    // Parts that are equal on both sides need no proof.
    let ran = run(&["diff", "ask.yaml", "ask.yaml", "--workload", "gateway.yaml"]);
    assert!(!line(&ran).contains("not proved"), "{ran:?}");
}
