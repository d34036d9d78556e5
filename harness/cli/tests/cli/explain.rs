//! `peerwarden explain`.

mod log_lines;
mod options;

use insta::assert_snapshot;

use log_lines::LINE;
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

/// All that a person sees of it in a terminal with colours; without them it is the same text.
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
    assert!(!ran.err.contains("`case 11`"), "{ran:?}");
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
        .says(2, &["`none.json` cannot be read"]);
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

/// A name of a suite, or a principal as policies write it, would be a peer whom nothing matches.
#[test]
fn a_peer_is_a_uri() {
    for peer in ["frontend", "cluster.local/ns/web/sa/frontend"] {
        described(&folder(), &["--peer", peer]).says(2, &[&format!("`{peer}` is not a URI"), "spiffe://"]);
    }
}

const WORKLOAD: &str = "namespace: shop\nlabels: {app: orders}\n";

fn described(folder: &Folder, more: &[&str]) -> crate::fixture::Ran {
    folder.write("workload.yaml", WORKLOAD);
    let mut arguments = vec!["explain", "--policies", "policies", "--workload", "workload.yaml"];
    arguments.extend_from_slice(more);
    folder.run(&arguments)
}

#[test]
fn options_describe_traffic() {
    let folder = folder();
    let peer = "--peer=spiffe://cluster.local/ns/web/sa/frontend";
    let ran = described(
        &folder,
        &[
            peer,
            "--path",
            "/orders?x=1",
            "--method",
            "POST",
            "--port",
            "9090",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.scrubbed());
    let ran = described(&folder, &["--plaintext", "--expect", "deny"]);
    assert!(
        ran.code == 0 && ran.out.contains("PeerAuthentication istio-system/default"),
        "{ran:?}"
    );
    let every = [
        "--no-certificate",
        "--host=orders.shop:80",
        "--header=x-team: blue",
        "--header=x-team: red",
        "--claim=iss=https://issuer.example",
        "--claim=aud=[\"a\", \"b\"]",
        "--source-ip=10.0.0.1",
        "--remote-ip=2001:db8::1",
        "--sni=orders.shop",
        "--format=json",
    ];
    let told: serde_json::Value = serde_json::from_str(&described(&folder, &every).out).unwrap();
    assert_eq!(
        told["traffic"],
        serde_json::json!({
            "protocol": "http", "source": {"ip": "10.0.0.1"}, "remoteIp": "2001:db8::1", "destination": {},
            "tls": {"sni": "orders.shop", "peer": null},
            "http": {"host": "orders.shop:80", "headers": {"x-team": ["blue", "red"]}},
            "jwt": {"payload": {"iss": "https://issuer.example", "aud": ["a", "b"]}},
        })
    );
    let ran = described(&folder, &[peer, "--tcp", "--port", "3306"]);
    assert!(
        ran.out
            .contains("an ALLOW rule with HTTP-only fields never matches"),
        "{ran:?}"
    );
}

#[test]
fn options_may_borrow_a_suites_policies() {
    let folder = Folder::with(&[("orders.yaml", ORDERS)]);
    folder.write(
        "orders_test.yaml",
        format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n"),
    );
    let ran = folder.run(&["explain", "orders_test.yaml", "--plaintext", "--expect", "deny"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let folder = folder();
    for (options, says) in [
        (vec!["--path", "/x"], "the caller is missing"),
        (
            vec!["--plaintext", "--peer", "spiffe://td/x"],
            "cannot be used with",
        ),
        (
            vec!["--tcp", "--plaintext", "--path", "/x"],
            "cannot be used with",
        ),
        (
            vec!["--plaintext", "--header", "x-team"],
            "`x-team` is not a header",
        ),
        (vec!["--plaintext", "--claim", "iss"], "`iss` is not a claim"),
        (vec!["--plaintext", "--claim", "aud=[1"], "is not JSON"),
        (
            vec!["--plaintext", "--claim", "a=1", "--claim", "a=2"],
            "given twice",
        ),
        (vec!["--plaintext", "--path", "/a\nb"], "line break"),
        (vec!["--plaintext", "--log-line", "x"], "expected one case"),
        (vec![], "expected one case"),
    ] {
        described(&folder, &options).says(2, &[says]);
    }
    folder
        .run(&["explain", "--plaintext"])
        .says(2, &["there are no policies"]);
}

/// What Istio logs by default does not say who asked.
const LINE: &str = r#"[2026-01-01T00:00:00.000Z] "GET /orders/1 HTTP/1.1" 200 - via_upstream - "-" 0 12 3 2 "-" "curl/8.5.0" "0c9b0d3a" "orders:8080" "10.244.0.9:8080" inbound|8080|| 127.0.0.6:4711 10.244.0.9:8080 10.244.0.7:41612 - default"#;

#[test]
fn a_line_of_a_log_is_explained_as_far_as_it_goes() {
    let folder = folder();
    let ran = described(&folder, &["--log-line", LINE]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.out);
    let told = |line: &str| {
        let ran = described(&folder, &["--log-line", line, "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()
    };
    let unknown = told(LINE);
    assert_eq!(
        (&unknown["decision"], &unknown["lacks"]),
        (&"unknown".into(), &serde_json::json!(["tls.peer"]))
    );
    assert_eq!(
        told(&LINE.replace("GET", "POST"))["decision"],
        "deny",
        "whoever asks"
    );
    assert_eq!(
        described(&folder, &["--log-line", LINE, "--expect", "allow"]).code,
        1,
        "unknown is neither"
    );
    let piped = folder.run_with(
        &[
            "explain",
            "--policies",
            "policies",
            "--workload",
            "workload.yaml",
            "--log-line",
            "-",
        ],
        format!("{LINE}\n"),
    );
    assert_eq!(piped.out, ran.out);
    described(&folder, &["--log-line", "not a log"]).says(2, &["the line cannot be read"]);
}

/// As a rendered listener of Envoy 1.40 wrote it.
const REFUSED: &str = r#"{"start_time":"2026-11-30T04:27:01.000Z","listener":"inbound-8080","filter_chain":"mutual-tls","response_flags":"-",
"downstream_transport_failure_reason":"REASON","requested_server_name":null,"downstream_local_address":"10.0.0.5:8080",
"downstream_direct_remote_address":"10.0.0.7:41000","downstream_peer_uri_san":"spiffe://cluster.local/ns/web/sa/frontend"}"#;

#[test]
fn a_line_of_what_was_refused_is_said_in_words() {
    let folder = folder();
    for (reason, says) in [
        (
            "TLS_error|error:1000009c:SSL_routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end",
            "the client speaks plaintext",
        ),
        (
            "TLS_error:|268435648:SSL_routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:\
             peer_did_not_provide_required_client_certificate:TLS_error_end",
            "the client presents no certificate",
        ),
        (
            "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_SAN_matcher,\
             _certificate_SANs_are_[spiffe://partner.example/ns/batch/sa/nightly]:TLS_error_end",
            "because of another trust domain",
        ),
    ] {
        let line = REFUSED.replace('\n', "").replace("REASON", reason);
        let ran = described(&folder, &["--log-line", &line]);
        assert!(
            ran.code == 0
                && ran.out.starts_with("refused at the TLS handshake: ")
                && ran.out.contains(says)
                && ran.out.ends_with("; no policy was evaluated\n"),
            "{ran:?}"
        );
        assert_eq!(
            described(&folder, &["--log-line", &line, "--expect", "allow"]).code,
            1
        );
        let ran = described(&folder, &["--log-line", &line, "--format", "json"]);
        let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(
            (&told["decision"], &told["atHandshake"]),
            (&"refused".into(), &true.into())
        );
    }
    // What ends a connection at any time refuses nothing: here a request had been served (Envoy 1.40).
    for reason in [
        "TLS_error:|33554536:system_library:OPENSSL_internal:Connection_reset_by_peer:TLS_error_end",
        "TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end|\
         268435650:SSL_routines:OPENSSL_internal:PROTOCOL_IS_SHUTDOWN:TLS_error_end",
    ] {
        let line = REFUSED.replace('\n', "").replace("REASON", reason);
        let ran = described(&folder, &["--log-line", &line]);
        assert!(
            ran.out.starts_with("the connection ended: ") && !ran.out.contains("no policy"),
            "{ran:?}"
        );
        let ran = described(&folder, &["--log-line", &line, "--format", "json"]);
        let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(told["decision"], "ended");
    }
    let unmatched = REFUSED.replace('\n', "").replace("\"REASON\"", "null");
    let unmatched = unmatched
        .replace("\"mutual-tls\"", "null")
        .replace("\"-\"", "\"NR\"");
    described(&folder, &["--log-line", &unmatched]).says(0, &[]);
    let ran = described(&folder, &["--log-line", &unmatched]);
    assert!(ran.out.starts_with("refused before the handshake: "), "{ran:?}");

    // Istio says it in the details.
    let line = r#"[2026-01-01T00:00:00.000Z] "- - -" 0 NR filter_chain_not_found - "-" 0 0 0 - "-" "-" "-" "-" "-" - - 10.244.0.9:8080 10.244.0.7:41612 - -"#;
    let ran = described(&folder, &["--log-line", line]);
    assert!(ran.out.starts_with("refused before the handshake: "), "{ran:?}");

    // By a format of one's own.
    let format = "%RESPONSE_FLAGS% %DOWNSTREAM_REMOTE_ADDRESS% san=%DOWNSTREAM_PEER_URI_SAN% \
                  tls=%DOWNSTREAM_TRANSPORT_FAILURE_REASON% term=%CONNECTION_TERMINATION_DETAILS%";
    let line = "- 127.0.0.1:46828 san=- tls=TLS_error:|268435648:SSL_routines:OPENSSL_internal:\
                PEER_DID_NOT_RETURN_A_CERTIFICATE:peer_did_not_provide_required_client_certificate:TLS_error_end term=-";
    let ran = described(&folder, &["--log-line", line, "--log-format", format]);
    assert!(ran.out.contains("the client presents no certificate"), "{ran:?}");
}

/// What a client wrote does not steer the terminal.
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

/// Every line fits a terminal, and the policy that decides stands first among a thousand.
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

/// As rendered listeners of Envoy 1.40 write them (`tests/envoy/refused_requests.rs`).
const REFUSED_REQUESTS: &str = include_str!("logs/refused_requests.jsonl");

const EVERYBODY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                         metadata: {name: everybody, namespace: shop}\nspec: {rules: [{}]}\n";

/// No filter saw them, so that no policy allowed them, whatever it would have said.
#[test]
fn a_request_that_envoy_itself_refused_is_never_allowed_by_policy() {
    let folder = folder();
    folder.write("policies/everybody.yaml", EVERYBODY);
    let mut lines = 0;
    for line in REFUSED_REQUESTS.lines() {
        let ran = described(&folder, &["--log-line", line]);
        assert!(
            ran.code == 0
                && ran.out.starts_with("refused by Envoy itself: ")
                && ran.out.ends_with("; no policy was evaluated\n"),
            "{line}: {ran:?}"
        );
        assert_eq!(
            ran.out.contains("`underscores`"),
            line.contains("unexpected_underscore"),
            "{line}: {ran:?}"
        );
        let allowed = described(&folder, &["--log-line", line, "--expect", "allow"]);
        assert_eq!(allowed.code, 1, "{line}");
        lines += 1;
    }
    assert_eq!(lines, 22);
    // As Envoy and Istio log by default: there is no request in the line, or the details say it.
    for line in [
        r#"[2026-01-01T00:00:00.000Z] "- - HTTP/1.1" 400 DPE 0 11 0 - "-" "-" "-" "-" "-""#,
        r#"[2026-01-01T00:00:00.000Z] "- - HTTP/2" 0 DR 0 0 0 - "-" "-" "-" "-" "-""#,
        r#"[2026-01-01T00:00:00.000Z] "- - HTTP/1.1" 400 DPE http1.codec_error - "-" 0 11 0 - "-" "-" "-" "-" "-" - - 10.244.0.9:8080 10.244.0.7:41612 - -"#,
        r#"[2026-01-01T00:00:00.000Z] "GET /orders HTTP/1.1" 400 - path_normalization_failed - "-" 0 11 0 - "-" "-" "0c9b" "orders" "-" - - 10.244.0.9:8080 10.244.0.7:41612 - -"#,
    ] {
        let ran = described(&folder, &["--log-line", line]);
        assert!(
            ran.out.starts_with("refused by Envoy itself: "),
            "{line}: {ran:?}"
        );
    }
    // Envoy 1.36 says of headers that are too large over HTTP/2 that the client reset the stream.
    let line = REFUSED_REQUESTS.lines().last().unwrap();
    let line = line.replace(
        "codec_error:The_user_callback_function_failed",
        "http2.remote_reset",
    );
    let ran = described(&folder, &["--log-line", &line]);
    assert!(
        line.contains("remote_reset") && ran.out.starts_with("refused by Envoy itself: "),
        "{ran:?}"
    );
    // What the module decided was a request, though its body was not sound.
    let line = REFUSED_REQUESTS.lines().nth(1).unwrap();
    let line = line
        .replace(
            "\"method\":null,\"path\":null",
            "\"method\":\"POST\",\"path\":\"/orders\"",
        )
        .replace("\"decision\":null", "\"decision\":\"allow no-allow-policy\"");
    let ran = described(&folder, &["--log-line", &line]);
    assert!(!ran.out.contains("refused by Envoy itself"), "{ran:?}");
}

/// As rendered listeners of Envoy 1.40 write them (`tests/envoy/refused.rs`): with `handshake` the application's connection fails
/// before anything is decided, with `hold` after.
const APPLICATION_DOWN: &str = include_str!("logs/application_down.jsonl");

#[test]
fn a_connection_whose_application_is_down_is_not_taken_for_denied() {
    let folder = folder();
    folder.write("policies/everybody.yaml", EVERYBODY);
    let why = "the connection to the application failed (`delayed_connect_error:_Connection_refused`)";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let told: Vec<String> = APPLICATION_DOWN
        .lines()
        .map(|line| words(&described(&folder, &["--log-line", line]).out))
        .collect();
    assert!(
        told[0].contains(&format!(
            "note: {why}; the line does not say whether it was let in"
        )),
        "{told:?}"
    );
    assert!(
        told[1].contains(&format!("note: the request was let in, and {why}")),
        "{told:?}"
    );
    assert!(!told[2].contains("note:"), "{told:?}");
    let ran = described(
        &folder,
        &[
            "--log-line",
            APPLICATION_DOWN.lines().next().unwrap(),
            "--format",
            "json",
        ],
    );
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["unreached"], why);
    // Where the application is dialled at once (Envoy 1.36), the connection ends before the peer is known.
    let early = APPLICATION_DOWN.lines().next().unwrap();
    let early = early.replace("\"spiffe://cluster.local/ns/web/sa/frontend\"", "null");
    let ran = described(&folder, &["--log-line", &early]);
    assert!(ran.out.starts_with("UNKNOWN"), "{ran:?}");
    // A request whose details are the router's has passed every filter.
    let line = r#"[2026-01-01T00:00:00.000Z] "GET /orders/1 HTTP/1.1" 503 UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused} - "delayed_connect_error:_Connection_refused" 0 91 0 - "-" "-" "0c9b" "orders" "10.0.0.9:8080" inbound|8080|| - 10.244.0.9:8080 10.244.0.7:41612 - -"#;
    let ran = described(&folder, &["--log-line", line]);
    assert!(
        words(&ran.out).contains(&format!("note: the request was let in, and {why}")),
        "{ran:?}"
    );
}
