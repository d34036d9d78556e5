//! `peerwarden explain`.

mod log_lines;
mod options;

use insta::assert_snapshot;

pub(crate) use log_lines::LINE;
use options::described;

use crate::fixture::{Folder, ORDERS, SUITE};

const CASE: &str = r#"{"workload": {"namespace": "shop"}, "traffic": {
  "source": {"ip": "10.0.0.7", "port": 40000},
  "tls": {"peer": {"uriSans": ["spiffe://cluster.local/ns/web/sa/frontend"]}},
  "http": {"method": "POST", "host": "orders.shop", "path": "/orders?x=1"}}}"#;

fn folder() -> Folder {
    let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                  metadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n";
    let elsewhere = ORDERS.replace("namespace: shop", "namespace: other");
    Folder::with(&[
        ("policies/a.yaml", ORDERS),
        ("policies/b.yaml", &elsewhere),
        ("policies/c.yaml", strict),
        ("case.json", CASE),
    ])
}

#[test]
fn shows_each_policy_rule_and_clause() {
    let ran = folder().run(&["explain", "case.json", "--policies", "policies"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.scrubbed());
}

/// The whole output in a terminal with colours; without them the text is the same.
#[test]
fn colours_are_beside_the_signs() {
    let folder = folder();
    let arguments = ["explain", "case.json", "--policies", "policies"];
    let coloured = folder.finish(folder.command(&arguments).env("CLICOLOR_FORCE", "1"));
    assert_snapshot!(coloured.scrubbed().replace('\u{1b}', "^"));
    let plain = anstream::adapter::strip_str(&coloured.out).to_string();
    assert_eq!(plain, folder.run(&arguments).out);
}

#[test]
fn json_has_the_whole_trace() {
    let ran = folder().run(&[
        "explain",
        "case.json",
        "--policies",
        "policies",
        "--format",
        "json",
        "--engine",
        "native",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.out);
}

#[test]
fn expect_decides_the_exit_code() {
    let run = |expect| {
        folder()
            .run(&[
                "explain",
                "case.json",
                "--policies",
                "policies",
                "--expect",
                expect,
            ])
            .code
    };
    assert_eq!((run("deny"), run("allow")), (0, 1));
}

#[test]
fn a_case_of_a_suite() {
    let folder = Folder::with(&[("orders.yaml", ORDERS)]);
    folder.write(
        "orders_test.yaml",
        format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n"),
    );
    let ran = folder.run(&["explain", "orders_test.yaml", "--case", "frontend: list"]);
    assert!(
        ran.code == 0 && ran.out.starts_with("ALLOW by shop/orders[0]"),
        "{ran:?}"
    );
    folder
        .run(&["explain", "orders_test.yaml", "--case", "nobody"])
        .says(2, &["no case `nobody`", "`frontend: list`"]);
    folder
        .run(&["explain", "orders_test.yaml", "--case", "fronted: list"])
        .says(2, &["did you mean `frontend: list`?"]);
    let many: Vec<String> = (1..=12)
        .map(|case| format!("- {{name: case {case}, request: GET /, expect: deny}}\n"))
        .collect();
    folder.write("many_test.yaml", format!("{SUITE}{}", many.concat()));
    let ran = folder.run(&["explain", "many_test.yaml", "--case", "nobody"]);
    ran.says(2, &["`case 10`, and 2 more"]);
    assert!(!ran.warns("`case 11`"), "{ran:?}");
    folder
        .run(&["explain", "orders_test.yaml"])
        .says(2, &["--case NAME"]);
}

#[test]
fn what_is_missing_is_said() {
    let folder = folder();
    folder
        .run(&["explain", "case.json"])
        .says(2, &["there are no policies", "--policies PATH"]);
    folder
        .run(&["explain", "none.json"])
        .says(2, &["cannot read `none.json`"]);
    folder.write("bad.json", CASE.replace("\"http\"", "\"htpp\""));
    folder
        .run(&["explain", "bad.json", "--policies", "policies"])
        .says(2, &["htpp", "bad.json:4"]);
    folder.write(
        "homeless.json",
        CASE.replace("\"workload\": {\"namespace\": \"shop\"}, ", ""),
    );
    folder
        .run(&["explain", "homeless.json", "--policies", "policies"])
        .says(2, &["`workload` is missing"]);
    folder
        .run(&["explain", "--policies", "policies", "--plaintext"])
        .says(2, &["the protected workload is missing", "--workload FILE"]);
}

/// A client's text cannot control the terminal.
#[test]
fn a_hostile_request_is_only_text() {
    let folder = folder();
    let hostile = LINE
        .replace("/orders/1", "/\u{1b}[2J\u{202e}")
        .replace("curl", "\u{9b}31m");
    let peer = "--peer=spiffe://cluster.local/ns/web/sa/frontend";
    for ran in [
        described(&folder, &["--log-line", &hostile]),
        described(
            &folder,
            &[peer, "--path", "/\u{1b}[2J\u{202e}", "--host", "\u{1b}]0;x\u{7}"],
        ),
    ] {
        assert_eq!(ran.code, 0, "{ran:?}");
        let steering = |ch: char| ch.is_control() && ch != '\n' || ch == '\u{202e}';
        assert!(!ran.out.contains(steering), "{:?}", ran.out);
    }
}

/// Every line fits a terminal, and the policy that decides comes first among a thousand.
#[test]
fn a_thousand_policies_do_not_bury_the_one_that_decides() {
    let folder = Folder::with(&[]);
    let mut documents = String::new();
    for index in 0..1000 {
        let namespace = if index % 2 == 0 { "shop" } else { "elsewhere" };
        documents.push_str("---\n");
        documents.push_str(
            &ORDERS
                .replace("name: orders", &format!("name: orders-{index}"))
                .replace("namespace: shop", &format!("namespace: {namespace}"))
                .replace("/orders*", &format!("/{index}")),
        );
    }
    folder.write("policies/all.yaml", documents);
    let peer = "--peer=spiffe://cluster.local/ns/web/sa/frontend";
    let ran = described(&folder, &[peer, "--path", "/500"]);
    assert!(ran.out.starts_with("ALLOW by shop/orders-500[0]"), "{}", ran.out);
    assert!(
        ran.out.contains("495 more rules do not match") && ran.out.contains("495 more policies"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.lines().count() < 80
            && ran
                .out
                .lines()
                .all(|line| line.chars().count() <= 80 || line.contains("sha256"))
    );
    let all = described(&folder, &[peer, "--path", "/500", "--all"]);
    assert!(all.out.lines().count() > 4000, "{}", all.out.lines().count());
}
