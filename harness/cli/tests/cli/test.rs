//! `peerwarden test`.

use clap::ValueEnum;
use insta::assert_snapshot;
use peerwarden_suite::report::ReportFormat;

use crate::fixture::{Folder, ORDERS, RunOutput, SUITE};

fn run(cases: &str, arguments: &[&str]) -> RunOutput {
    let suite = format!("{SUITE}{cases}");
    let folder = Folder::with(&[("orders.yaml", ORDERS), ("orders_test.yaml", &suite)]);
    folder.run(&[&["test", "."], arguments].concat())
}

const MIXED: &str = "\
- {peer: frontend, request: list, expect: allow, by: 'shop/orders[0]'}
- {peer: frontend, request: admin, expect: allow}
- {peer: stranger, request: list, expect: deny, by: orders}
- {peer: stranger, request: admin, expect: deny, skip: until the admin pages move}
";

#[test]
fn says_what_failed_and_where() {
    let ran = run(MIXED, &[]);
    assert_eq!(ran.code, 1);
    assert_snapshot!(ran.scrubbed());
}

#[test]
fn verbose_shows_every_case() {
    let ran = run(
        "- {peer: frontend, request: list, expect: allow}\n",
        &["--verbose"],
    );
    assert_eq!(ran.code, 0);
    assert_snapshot!(ran.scrubbed());
}

#[test]
fn formats() {
    // `human` has tests of its own.
    let formats = ReportFormat::value_variants()
        .iter()
        .filter(|format| **format != ReportFormat::Human);
    for format in formats.filter_map(ReportFormat::to_possible_value) {
        let format = format.get_name();
        let ran = run(MIXED, &["--format", format, "--engine", "native"]);
        assert_eq!(ran.code, 1, "{format}: {ran:?}");
        assert_snapshot!(format!("format_{format}"), ran.scrubbed());
    }
}

#[test]
fn each_engine_alone() {
    for engine in ["wasm", "native", "both"] {
        let ran = run(
            "- {peer: frontend, request: list, expect: allow}\n",
            &["--engine", engine],
        );
        assert_eq!(ran.code, 0, "{engine}: {ran:?}");
        assert_eq!(
            ran.err.contains("MODULE"),
            engine != "native",
            "{engine}: {ran:?}"
        );
    }
}

#[test]
fn filter_runs_some_and_never_none() {
    let cases = "- {peer: frontend, request: list, expect: allow}\n- {peer: frontend, request: admin, expect: allow}\n";
    let ran = run(cases, &["--filter", "list"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("1 passed, 0 failed in 1 suite"), "{ran:?}");
    run(cases, &["--filter", "nothing"]).says(2, &["no case and no suite has `nothing` in its name"]);
}

/// Threads take portions of one suite; the results are still in the order of the suite.
#[test]
fn cases_of_a_large_suite_come_in_order() {
    use std::fmt::Write;

    let cases = 1_300;
    let fails = |case: usize| case % 97 == 5;
    let mut text = String::new();
    for case in 0..cases {
        let expect = if fails(case) { "deny" } else { "allow" };
        let _ = writeln!(
            text,
            "- {{name: c{case}, peer: frontend, request: GET /orders/{case}, expect: {expect}}}"
        );
    }
    let ran = run(&text, &["--format", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let results = report["suites"][0]["cases"].as_array().unwrap();
    assert_eq!(results.len(), cases);
    for (case, result) in results.iter().enumerate() {
        let outcome = if fails(case) { "failed" } else { "passed" };
        let seen = (
            result["name"].as_str().unwrap(),
            result["outcome"].as_str().unwrap(),
        );
        assert_eq!(seen, (format!("c{case}").as_str(), outcome));
    }
}

#[test]
fn no_colour_unless_asked_for() {
    let ran = run(MIXED, &[]);
    assert!(
        !ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'),
        "{ran:?}"
    );
}

#[test]
fn a_suite_must_ask_something() {
    run("  []\n", &[]).says(2, &["the suite has no case", "orders_test.yaml:1:1"]);
    let nothing = Folder::with(&[("orders.yaml", ORDERS)]);
    nothing
        .run(&["test", "."])
        .says(1, &["no suite in `.`", "*_test.yaml"]);
    nothing
        .run(&["test", "missing"])
        .says(2, &["there is no `missing`"]);
}

#[test]
fn wrong_suites_are_shown() {
    let wrong = |cases: &str, parts: &[&str]| run(cases, &[]).says(2, parts);
    wrong(
        "- {peer: frontent, request: list, expect: allow}\n",
        &["there is no peer `frontent`", "known: `frontend`, `stranger`"],
    );
    wrong(
        "- {peer: frontend, request: lst, expect: allow}\n",
        &["`lst` is neither a name from `requests`", "`list`"],
    );
    wrong(
        "- {peer: frontend, expect: allow}\n",
        &["the case has no request"],
    );
    wrong(
        "- {request: list, expect: maybe}\n",
        &["orders_test.yaml:", "maybe"],
    );
    wrong(
        "- {request: list, expect: allow, bye: x}\n",
        &["bye", "orders_test.yaml:"],
    );
    wrong(
        "- {request: list, expect: allow, skip: ' '}\n",
        &["skipped without a reason"],
    );
    wrong(
        "- {request: list, expect: allow, by: 'a b c'}\n",
        &["`a b c` names no rule"],
    );
    wrong(
        "- {request: list, expect: deny}\n- {request: list, expect: deny}\n",
        &["duplicate case name `plaintext: list`"],
    );
    wrong(
        "- {request: {method: GET, headers: {'x y': z}}, expect: deny}\n",
        &["`x y` is not a header name"],
    );
    wrong(
        "- {request: {headers: {':path': /}}, expect: deny}\n",
        &["`:path` among the headers", "`http.path`"],
    );
    wrong(
        "- {request: {protocol: tcp, path: /x}, expect: deny}\n",
        &["`http` does not apply to `protocol: tcp`"],
    );
    wrong(
        "- {request: list, expect: allow}\n  broken: [\n",
        &["orders_test.yaml:"],
    );
    wrong(
        "- {request: list, expect: allow}\npeers: {}\n",
        &["peers", "orders_test.yaml:"],
    );
    wrong(
        "- {request: list, expect: deny}\nmatrix:\n- {requests: [list, admin], expect: {frontend: [allow]}}\n",
        &["the row of `frontend` has 1 verdict for 2 requests"],
    );
    wrong(
        "- {request: list, expect: deny}\nmatrix:\n- {requests: [list], expect: {nobody: [allow]}}\n",
        &["there is no peer `nobody`"],
    );
    let caller = SUITE.replace("no-certificate", "certificate");
    let folder = Folder::with(&[
        ("orders.yaml", ORDERS),
        (
            "a_test.yaml",
            &format!("{caller}- {{peer: stranger, request: list, expect: deny}}\n"),
        ),
    ]);
    folder.run(&["test"]).says(
        2,
        &["`certificate` is not a peer", "`plaintext`, `no-certificate`"],
    );
    let umlaut = SUITE.replace("sa/frontend", "sa/größe");
    let folder = Folder::with(&[
        ("orders.yaml", ORDERS),
        (
            "a_test.yaml",
            &format!("{umlaut}- {{peer: frontend, request: list, expect: deny}}\n"),
        ),
    ]);
    folder.run(&["test"]).says(2, &["cannot be in a certificate"]);
}

#[test]
fn wrong_files_are_named() {
    let cases = format!("{SUITE}- {{request: list, expect: deny}}\n");
    let folder = Folder::with(&[("a_test.yaml", &cases)]);
    folder.run(&["test"]).says(
        2,
        &["there is no `orders.yaml`", "paths start at the suite's folder"],
    );
    folder.write("orders.yaml", b"name: \xff\n");
    folder
        .run(&["test"])
        .says(2, &["`orders.yaml` is not UTF-8 in line 1"]);
    folder.write("orders.yaml", ORDERS.replace("principals", "principal"));
    folder
        .run(&["test"])
        .says(2, &["did you mean `principals`?", "orders.yaml:10:9"]);
    folder.write(
        "orders.yaml",
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
    );
    folder.run(&["test"]).says(2, &["orders.yaml"]);
    folder.write("orders.yaml", "&a [*a]\n");
    assert_eq!(folder.run(&["test"]).code, 2);
    folder.run(&["test", "--module", "missing.wasm"]).says(2, &[]);
}

#[test]
fn policies_may_stand_in_the_suite() {
    let inline = ORDERS.replace('\n', "\n  ");
    let suite = format!(
        "workload: {{namespace: shop}}\npolicies: []\nresources:\n- {inline}\ncases:\n\
         - {{request: GET /orders, expect: deny}}\n"
    );
    let folder = Folder::with(&[("inline_test.yaml", &suite)]);
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// An empty section is treated as omitted.
#[test]
fn empty_parts_are_no_parts() {
    let suite = "workload: {namespace: shop}\npolicies: [orders.yaml]\nmesh:\npeers:\nrequests:\nmatrix:\nresources:\n\
                 cases: [{peer: , request: GET /orders, expect: deny, by: , skip: }]\n";
    let folder = Folder::with(&[("orders.yaml", ORDERS), ("a_test.yaml", suite)]);
    let ran = folder.run(&["test", "--engine", "native"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    folder.write(
        "a_test.yaml",
        "workload: {namespace: shop}\npolicies: [orders.yaml]\ncases:\n",
    );
    folder.run(&["test"]).says(2, &["the suite has no case"]);
}

#[test]
fn a_file_by_two_names_counts_once() {
    let suite = "workload: {namespace: shop}\npolicies: [policies, policies/orders.yaml, ./policies/../policies]\n\
                 cases: [{request: GET /orders, expect: deny}]\n";
    let folder = Folder::with(&[("policies/orders.yaml", ORDERS), ("a_test.yaml", suite)]);
    let ran = folder.run(&["test", "--engine", "native", "--coverage"]);
    assert!(
        ran.code == 0 && ran.out.contains("0 of 1 rules matched"),
        "{ran:?}"
    );
}

#[test]
fn a_module_that_is_none_is_refused() {
    let folder = Folder::with(&[("orders.yaml", ORDERS)]);
    // A module without any section: the magic number and the version.
    folder.write("fake.wasm", "\0asm\x01\0\0\0");
    folder.write(
        "a_test.yaml",
        format!("{SUITE}- {{request: list, expect: deny}}\n"),
    );
    folder
        .run(&["test", "--module", "fake.wasm"])
        .says(2, &["proxy_abi_version_0_2_1"]);
    folder
        .run(&["test", "--module", "orders.yaml"])
        .says(2, &["not a Wasm module that Envoy would load"]);
}

#[test]
fn usage_errors_are_2_and_help_is_0() {
    let folder = Folder::with(&[]);
    folder.run(&["tset"]).says(2, &["unrecognized subcommand"]);
    assert_eq!(folder.run(&["test", "--engine", "v8"]).code, 2);
    for command in ["test", "eval", "explain", "check"] {
        let ran = folder.run(&[command, "--help"]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("Usage: peerwarden"), "{ran:?}");
    }
    assert!(folder.run(&["--help"]).out.contains("Exit codes"));
}

/// A caller that only one case needs may be written there.
#[test]
fn a_peer_may_stand_in_its_case() {
    let cases = "\
- {peer: 'spiffe://cluster.local/ns/web/sa/frontend', request: list, expect: allow}
- {peer: plaintext, request: list, expect: deny}
- {peer: {spiffe: 'spiffe://cluster.local/ns/web/sa/frontend', source: {ip: 10.0.0.7}}, request: list, expect: allow, name: c}
- {peer: plaintext, request: admin, expect: deny}
matrix:
- requests: [list, admin]
  expect:
    frontend: [allow, deny]
    spiffe://cluster.local/ns/web/sa/other: [deny, deny]
    no-certificate: [deny, deny]
";
    let ran = run(cases, &["--verbose", "--engine", "native"]);
    ran.says(
        0,
        &[
            "ok spiffe://cluster.local/ns/web/sa/frontend: list: allow",
            "10 passed",
        ],
    );
    run("- {peer: {spife: x}, request: list, expect: deny}\n", &[]).says(2, &["spife", "orders_test.yaml:"]);
    run("- {peer: 'spiffe://größe', request: list, expect: deny}\n", &[])
        .says(2, &["the peer: ", "cannot be in a certificate"]);
}
