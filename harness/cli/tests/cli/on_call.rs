//! From a line of a log to the reason: lines as tools print them, and the policies of the proxy that wrote them.

mod running;

use serde_json::Value;

use crate::explain::LINE;
use crate::fixture::{Folder, ORDERS, RunOutput};
use crate::validate::differs;

/// A listener of Envoy with the module for `ORDERS`, as `render inbound` writes it.
fn folder() -> Folder {
    let folder = Folder::with(&[
        ("policies/orders.yaml", ORDERS),
        ("workload.yaml", "namespace: shop\n"),
        (
            "inbound.yaml",
            "workload: {namespace: shop}\nrefusedPerSecond: 0\nports: [{port: 8080, protocol: HTTP, upstream: '127.0.0.1:1'}]\n",
        ),
    ]);
    let ran = folder.run(&["render", "inbound", "inbound.yaml", "--policies", "policies"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    folder.write("envoy.yaml", ran.out);
    folder
}

fn denied(by: &str) -> String {
    let by = format!("403 - rbac_access_denied_matched_policy[{by}] -");
    LINE.replace("200 - via_upstream -", &by).replace("GET", "POST")
}

/// A command, and where the policies and the workload are.
fn by(policies: &str, arguments: &[&str]) -> Vec<String> {
    let (command, more) = arguments.split_first().unwrap();
    let all = [
        &[*command, "--policies", policies, "--workload", "workload.yaml"],
        more,
    ]
    .concat();
    all.into_iter().map(str::to_owned).collect()
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

fn of_files(folder: &Folder, line: &str, more: &[&str]) -> RunOutput {
    let arguments = by("policies", &["explain", "--log-line", line]);
    folder.run(&[&words(&arguments), more].concat())
}

/// A command that asks the Envoy of the folder.
fn of_envoy(folder: &Folder, command: &str, more: &[&str]) -> RunOutput {
    folder.run(&[&[command, "--envoy", "envoy.yaml"], more].concat())
}

/// The peer is not in the line: a refusal by mutual TLS is one of the possibilities.
#[test]
fn head_and_trace_agree() {
    let folder = folder();
    folder.write(
        "policies/strict.yaml",
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\n\
         spec: {mtls: {mode: STRICT}}\n",
    );
    let ran = of_files(&folder, &denied("none"), &[]);
    ran.says(
        0,
        &[
            "the log agrees: denied",
            "DENY: ALLOW policies apply",
            "? mutual TLS on port 8080: STRICT",
        ],
    );
    assert!(!ran.out.contains("refused before any policy"), "{ran:?}");
    let ran = of_files(&folder, &denied("none"), &["--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["mode"]["refused"], Value::Null);
    let plain = LINE.replace("/orders/1", "/x");
    let format = "%REQ(:METHOD)% %REQ(:PATH)% %DOWNSTREAM_LOCAL_PORT% %DOWNSTREAM_TLS_VERSION%";
    let ran = of_files(&folder, "GET /orders 8080 -", &["--log-format", format]);
    ran.says(
        0,
        &[
            "DENY by PeerAuthentication shop/default",
            "x mutual TLS on port 8080: STRICT",
            "refused before any policy",
        ],
    );
    assert_ne!(plain, LINE);
}

#[test]
fn the_outcome_in_the_line_is_compared_first() {
    let folder = folder();
    folder.write("all.yaml", "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: all, namespace: shop}\nspec: {rules: [{}]}\n");
    let by_all = |line: &str| {
        let arguments = by("all.yaml", &["explain", "--log-line", line]);
        folder.run(&words(&arguments))
    };
    for (ran, says) in [
        (
            by_all(&denied("none")),
            "the log says denied, because no rule matched, but these policies allow it: that proxy runs other policies",
        ),
        (
            by_all(&denied("ns[shop]-policy[no]-rule[1]")),
            "the log says denied by shop/no[1], but these policies allow it: that proxy runs other policies",
        ),
        (
            of_files(&folder, &denied("ns[shop]-policy[no]-rule[1]"), &[]),
            "the log says denied by shop/no[1], which is not among these policies: that proxy has others",
        ),
        (
            of_files(&folder, &LINE.replace("GET", "POST"), &[]),
            "the log says allowed, but these policies deny it: that proxy runs other policies",
        ),
        (by_all(LINE), "the log agrees: allowed"),
        (
            of_files(&folder, LINE, &[]),
            "the log says allowed UNKNOWN: the verdict depends on",
        ),
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&ran.out).starts_with(says), "{says}: {ran:?}");
    }
}

#[test]
fn lines_are_read_as_tools_print_them() {
    let folder = folder();
    let module = "2026-01-01T00:00:00.0Z\tinfo\tenvoy wasm external/context.cc:1\twasm log peerwarden: peerwarden: denied \
                  \"POST\" \"orders:8080\" \"/orders/1\" on port 8080 to peer \"spiffe://cluster.local/ns/web/sa/frontend\" \
                  at 10.0.0.7: ALLOW policies apply to the workload and none of their rules matched";
    for line in [
        format!("[pod/orders-7d9f/istio-proxy] {}", denied("none")),
        format!("2026-01-01T00:00:00.000000001Z stdout F {}", denied("none")),
        module.to_owned(),
    ] {
        let ran = of_files(&folder, &line, &[]);
        ran.says(
            0,
            &[
                "the log agrees: denied",
                "POST /orders/1 on port 8080",
                "near miss: ALLOW shop/orders[0]",
            ],
        );
    }
    of_files(&folder, module, &[]).says(0, &["failed only on `methods: GET`, found \"POST\""]);
    let arguments = by("policies", &["explain", "--log-line", "-"]);
    let several = format!("{}\n\nstarted\n{LINE}\n", denied("none"));
    let ran = folder.run_with(&words(&arguments), several);
    ran.says(
        2,
        &["--- line 1", "--- line 4", "line 3 cannot be read", "UNKNOWN"],
    );
}

#[test]
fn the_policies_of_the_proxy_itself_explain_a_line() {
    let folder = folder();
    let line = denied("none");
    let ran = of_envoy(&folder, "explain", &["--log-line", &line]);
    ran.says(
        0,
        &[
            "the log agrees: denied",
            "near miss: ALLOW shop/orders[0]",
            "shop/orders in Envoy:",
            "found \"POST\"",
        ],
    );
    // Other policies, for that proxy's workload.
    folder.write("post.yaml", ORDERS.replace("GET", "POST"));
    let others = ["--policies", "post.yaml", "--log-line", &line];
    let ran = of_envoy(&folder, "explain", &others);
    ran.says(0, &["UNKNOWN"]);
    let request = ["--path", "/orders", "--plaintext", "--expect", "deny"];
    let ran = of_envoy(&folder, "explain", &request);
    assert_eq!(ran.code, 0, "{ran:?}");
    for (envoy, says) in [
        ("missing.json", "cannot read `missing.json`"),
        ("policies/orders.yaml", "this is not an Envoy configuration"),
        ("http://127.0.0.1:1", "administration interface"),
        ("https://127.0.0.1:1", "has no `https`"),
    ] {
        folder
            .run(&["explain", "--envoy", envoy, "--log-line", &line])
            .says(2, &[says]);
    }
    let bare = "static_resources: {listeners: [{name: a, filter_chains: [{filters: []}]}]}\n";
    folder.write("bare.yaml", bare);
    folder
        .run(&["explain", "--envoy", "bare.yaml", "--log-line", &line])
        .says(2, &["there is no peerwarden filter"]);
    let listener = ["--listener", "x", "--log-line", &line];
    of_envoy(&folder, "explain", &listener).says(2, &["there is no listener `x`", "`inbound-8080`"]);
}

#[test]
fn tail_explains_each_new_denial() {
    let folder = folder();
    let log = format!(
        "{LINE}\n{0}\nstarted\n{0}\n{1}\n",
        denied("none"),
        denied("none").replace("/1 ", "/2 ")
    );
    folder.write("access.log", &log);
    let ran = of_envoy(&folder, "tail", &["--once", "access.log"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let expected = "\
POST /orders/1 on port 8080 from an unknown peer
  DENY: ALLOW policies apply to the workload and none of their rules matched
  near miss: ALLOW shop/orders[0] failed on
  `principals: cluster.local/ns/web/sa/frontend`, value unknown, and on
  `methods: GET`, found \"POST\"";
    assert!(ran.out.starts_with(expected), "{}", ran.out);
    assert_eq!(ran.out.matches("near miss").count(), 2, "{ran:?}");
    ran.says(0, &["from an unknown peer, denied 2 times"]);
    let piped = folder.run_with(&["tail", "--envoy", "envoy.yaml", "-"], log.clone());
    assert_eq!(piped.out, ran.out);
    let ran = of_envoy(&folder, "tail", &["--once", "--format", "json", "access.log"]);
    let schema: Value = serde_json::from_str(include_str!("../../schema/explain.schema.json")).unwrap();
    for line in ran.out.lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        assert_eq!(differs(&report, &schema, &schema), None);
        assert_eq!(
            (&report["decision"], &report["logged"]["by"]),
            (&"deny".into(), &"none".into())
        );
    }
    assert_eq!(ran.out.lines().count(), 3);
    of_envoy(&folder, "tail", &["-", "access.log"])
        .says(2, &["standard input cannot be followed together with files"]);
}

/// The output of `explain` and `eval` matches their schemas.
#[test]
fn what_is_printed_is_of_its_schema() {
    let folder = folder();
    let explain: Value = serde_json::from_str(include_str!("../../schema/explain.schema.json")).unwrap();
    let refused = r#"{"filter_chain":"a","downstream_transport_failure_reason":"HTTP_REQUEST","downstream_direct_remote_address":"10.0.0.7:41000"}"#;
    for ran in [
        of_files(&folder, LINE, &["--format", "json"]),
        of_files(&folder, &denied("none"), &["--format", "json"]),
        of_files(&folder, refused, &["--format", "json"]),
        of_envoy(
            &folder,
            "explain",
            &["--path", "/orders", "--plaintext", "--format", "json"],
        ),
    ] {
        let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert_eq!(differs(&report, &explain, &explain), None, "{report}");
        let mut wrong = report.clone();
        wrong["decision"] = "perhaps".into();
        assert!(differs(&wrong, &explain, &explain).is_some());
    }
    let eval: Value = serde_json::from_str(include_str!("../../schema/eval.schema.json")).unwrap();
    let lines = "{\"id\": 1, \"traffic\": {}}\n{\"id\": {\"a\": [2]}, \"traffic\": 7}\n";
    let arguments = by("policies", &["eval", "--engine", "native"]);
    let ran = folder.run_with(&words(&arguments), lines);
    assert_eq!(ran.out.lines().count(), 2, "{ran:?}");
    for line in ran.out.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(differs(&answer, &eval, &eval), None, "{line}");
        let mut wrong = answer.clone();
        wrong["surprise"] = true.into();
        assert!(differs(&wrong, &eval, &eval).is_some());
    }
}
