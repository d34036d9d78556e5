//! Mistakes in suites and case files: the message, the underlined text, and what to write instead.

use crate::fixture::{Folder, ORDERS};

/// Asserts the message, the underlined text and the help of the only mistake in a suite.
#[track_caller]
fn wrong(suite: &str, message: &str, underlined: &str, help: &str) {
    let ran = Folder::with(&[("orders.yaml", ORDERS), ("a_test.yaml", suite)]).run(&["test", "a_test.yaml"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    // Lines are wrapped at the width of the terminal.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (said, _) = ran.out.split_once("-->").unwrap_or_default();
    assert_eq!(words(said), format!("error: {}", words(message)), "{ran:?}");
    assert_eq!(ran.underlined(), [underlined], "{ran:?}");
    let helped = ran.out.split_once("= help: ").map(|(_, help)| help);
    let helped = helped.and_then(|help| help.split("\n\n").next());
    assert_eq!(words(helped.unwrap_or_default()), words(help), "{ran:?}");
    assert!(ran.out.contains("--> a_test.yaml:"), "{ran:?}");
}

/// A suite with this below `workload` and `policies`.
fn with(rest: &str) -> String {
    format!("workload: {{namespace: shop}}\npolicies: [orders.yaml]\n{rest}\n")
}

/// A suite with this request.
fn asking(request: &str) -> String {
    with(&format!("cases: [{{request: {request}, expect: deny}}]"))
}

#[test]
fn names_of_fields() {
    wrong(
        &with("casez: []"),
        "unknown field `casez`",
        "casez",
        "did you mean `cases`?",
    );
    wrong(
        &with("peers: {a: {tls: {peer: {uriSan: [x]}}}}"),
        "unknown field `uriSan`",
        "uriSan",
        "did you mean `uriSans`?",
    );
    wrong(
        &with("cases: [{request: GET /x, expect: deny, colour: red}]"),
        "unknown field `colour`",
        "colour",
        "known fields: `name`, `peer`, `request`, `traffic`, `expect`, `by`, `skip`",
    );
    wrong(
        &with("peers: {a: plaintext, a: plaintext}"),
        "duplicate key `a`",
        "a",
        "remove one",
    );
    wrong(
        "workload: {namespce: shop, namespace: shop}\npolicies: [orders.yaml]\ncases: [{request: GET /x, expect: deny}]\n",
        "unknown field `namespce`",
        "namespce",
        "did you mean `namespace`?",
    );
}

#[test]
fn kinds_of_values() {
    let list = "write it as `[ … ]`";
    wrong(
        "workload: {namespace: a}\npolicies: orders.yaml\n",
        "expected a list",
        "orders.yaml",
        list,
    );
    wrong(
        &with("peers: {p: plaintext}\nrequests: {a: GET /x}\nmatrix: [{requests: [a], expect: {p: deny}}]"),
        "expected a list",
        "deny",
        list,
    );
    wrong(
        &with("requests: {a: [GET]}"),
        "expected the name of a request, `METHOD /path`, or a mapping, found a list",
        "a",
        "",
    );
    wrong(&with("peers: {a: {tls: []}}"), "expected an object", "[", "");
    wrong(
        &asking("{port: 70000}"),
        "expected a port from 0 to 65535",
        "70000",
        "",
    );
    wrong(
        &asking("{headers: {x: 1}}"),
        "expected a string, or a list of strings with one for each line of the header, found the number `1`",
        "x",
        "put it in quotes",
    );
    wrong(
        &asking("{remoteIp: 1.2.3}"),
        "expected an IP address such as `10.0.0.7` or `2001:db8::7`, found `1.2.3`",
        "1.2.3",
        "",
    );
    // What looks like our punctuation is the suite's own text.
    wrong(
        &asking("{remoteIp: '1.2.3.4; 5'}"),
        "expected an IP address such as `10.0.0.7` or `2001:db8::7`, found `1.2.3.4; 5`",
        "'1.2.3.4; 5'",
        "",
    );
    wrong(
        &with("cases: [{request: GET /x, expect: Deny}]"),
        "unknown value `Deny`",
        "Deny",
        "write `allow` or `deny`",
    );
}

#[test]
fn what_peers_and_requests_say() {
    wrong(
        &asking("GET x"),
        "`GET x` is neither a name from `requests` nor `METHOD /path`",
        "GET x",
        "the suite has none; in short `GET /path` or `tcp 5432`",
    );
    wrong(
        &asking("{path: x}"),
        "the path `x` does not start with `/`",
        "{",
        "write the path as in the request line, without scheme and host",
    );
    wrong(
        &with("requests: {unused: GETT}\ncases: [{request: GET /x, expect: deny}]"),
        "request `unused`: `GETT` is not a request",
        "GETT",
        "write `METHOD /path` or `tcp PORT`, or a mapping",
    );
    wrong(
        &with("peers: {unused: certificate}\ncases: [{request: GET /x, expect: deny}]"),
        "peer `unused`: `certificate` is not a peer",
        "certificate",
        "write `plaintext`, `no-certificate`, a SPIFFE ID such as `spiffe://cluster.local/ns/web/sa/frontend`, or a mapping",
    );
    wrong(
        &with("peers: {unused: {tls: {peer: {dnsSans: [größe.example]}}}}"),
        "peer `unused`: `größe.example` cannot be in a certificate, whose alternative names are ASCII",
        "{",
        "write IDNs in their ASCII form",
    );
    wrong(
        &with("peers: {p: plaintext}\ncases: [{peer: p, request: {sni: a.example}, expect: deny}]"),
        "p: case 1: a plaintext connection has no `sni`",
        "deny",
        "remove it",
    );
    wrong(
        &with("peers: {p: plaintext}\nmatrix: [{requests: [], expect: {}}]"),
        "the matrix has no cell",
        "{",
        "name at least one request and one peer",
    );
    wrong(
        &with(
            "peers: {p: plaintext}\nrequests: {a: GET /x}\nmatrix: [{requests: [a, b], expect: {p: [deny, deny]}}]",
        ),
        "there is no request `b`",
        "b",
        "known: `a`",
    );
}

#[test]
fn texts_that_are_no_yaml() {
    wrong("workload: {namespace: shop\n", "unclosed bracket '{'", "{", "");
    wrong(
        "workload: {namespace: a}\npolicies: [a}\n",
        "mismatched bracket '[' closed by '}'",
        "[",
        "",
    );
    wrong("workload: 'a\n", "unclosed quote", "'", "");
    wrong("workload: *x\n", "alias references unknown anchor", "*", "");
    wrong("[]\n", "expected an object", "[", "");
    wrong(
        "workload: {namespace: a}\n---\nworkload: {namespace: a}\n",
        "there are several documents, expected one",
        "w",
        "put each into a separate file; `---` begins a new document",
    );
    let empty = Folder::with(&[("a_test.yaml", "# nothing\n\n")]).run(&["test", "a_test.yaml"]);
    empty.says(2, &["the file is empty"]);
    let empty = Folder::with(&[("a_test.yaml", "")]).run(&["test", "a_test.yaml"]);
    empty.says(2, &["the file is empty"]);
}

/// Texts that would exhaust the memory or the stack of a parser without limits.
#[test]
fn texts_that_are_too_much() {
    use std::fmt::Write;

    let check = |text: &str, parts: &[&str]| {
        Folder::with(&[("a.yaml", text)])
            .run(&["check", "a.yaml"])
            .says(2, parts);
    };
    let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    let mut merged = String::from("a0: &a0 {x: 1}\n");
    for number in 1..20 {
        let below = number - 1;
        let aliases = vec![format!("*a{below}"); 9].join(",");
        writeln!(laughs, "a{number}: &a{number} [{aliases}]").unwrap();
        writeln!(
            merged,
            "a{number}: &a{number} {{<<: [*a{below}, *a{below}], k: *a{below}}}"
        )
        .unwrap();
    }
    check(
        &laughs,
        &["its aliases expand to too much text", "write its aliases out"],
    );
    check(&merged, &["its aliases expand to too much text"]);
    check(
        &(0..5_000)
            .map(|depth| " ".repeat(depth) + "a:\n")
            .collect::<String>(),
        &["it is nested too deeply"],
    );
    check(
        &"---\na: 1\n".repeat(100_001),
        &["its aliases expand to too much text"],
    );
    check("a: .nan\n", &["`.nan` is not a number in JSON"]);
    check("a: \0\n", &["unexpected character", "a.yaml:1:4"]);
}

#[test]
fn case_files() {
    let explain = |case: &str, code: i32, parts: &[&str]| {
        Folder::with(&[("case.yaml", case)])
            .run(&["explain", "case.yaml"])
            .says(code, parts);
    };
    let case =
        |traffic: &str| format!("{{workload: {{namespace: shop}}, resources: [], traffic: {traffic}}}");
    explain(&case("{}"), 0, &[]);
    explain(
        &case("{tls: null, http: null, jwt: null, source: null, dynamicMetadata: null}"),
        0,
        &[],
    );
    explain(&case("[]"), 2, &["expected an object", "case.yaml:1:55"]);
    explain(&case("null"), 2, &["expected an object"]);
    explain(
        &case("{protocol: udp}"),
        2,
        &["unknown value `udp`", "write `http` or `tcp`"],
    );
    explain(
        &case("{tls: {peer: {uriSans: [é]}}}"),
        2,
        &["traffic: `é` cannot be in a certificate"],
    );
    explain("", 2, &["the file is empty"]);
}
