//! Lines of access logs.

use insta::assert_snapshot;

use super::folder;
use super::options::described;

/// Istio's default format does not contain the peer.
pub(crate) const LINE: &str = r#"[2026-01-01T00:00:00.000Z] "GET /orders/1 HTTP/1.1" 200 - via_upstream - "-" 0 12 3 2 "-" "curl/8.5.0" "0c9b0d3a" "orders:8080" "10.244.0.9:8080" inbound|8080|| 127.0.0.6:4711 10.244.0.9:8080 10.244.0.7:41612 - default"#;

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

/// A line that a rendered listener of Envoy 1.40 wrote.
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
    // A reason that can end a connection at any time is not a refusal: here a request had been served (Envoy 1.40).
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

    // Istio has it in the details.
    let line = r#"[2026-01-01T00:00:00.000Z] "- - -" 0 NR filter_chain_not_found - "-" 0 0 0 - "-" "-" "-" "-" "-" - - 10.244.0.9:8080 10.244.0.7:41612 - -"#;
    let ran = described(&folder, &["--log-line", line]);
    assert!(ran.out.starts_with("refused before the handshake: "), "{ran:?}");

    // In a custom format.
    let format = "%RESPONSE_FLAGS% %DOWNSTREAM_REMOTE_ADDRESS% san=%DOWNSTREAM_PEER_URI_SAN% \
                  tls=%DOWNSTREAM_TRANSPORT_FAILURE_REASON% term=%CONNECTION_TERMINATION_DETAILS%";
    let line = "- 127.0.0.1:46828 san=- tls=TLS_error:|268435648:SSL_routines:OPENSSL_internal:\
                PEER_DID_NOT_RETURN_A_CERTIFICATE:peer_did_not_provide_required_client_certificate:TLS_error_end term=-";
    let ran = described(&folder, &["--log-line", line, "--log-format", format]);
    assert!(ran.out.contains("the client presents no certificate"), "{ran:?}");
}

/// Lines that rendered listeners of Envoy 1.40 write (`tests/envoy/refused_requests.rs`).
const REFUSED_REQUESTS: &str = include_str!("../logs/refused_requests.jsonl");

const EVERYBODY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                         metadata: {name: everybody, namespace: shop}\nspec: {rules: [{}]}\n";

/// No filter saw them, so no policy allowed them, whatever its verdict would have been.
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
    // The default formats of Envoy and Istio: there is no request in the line, or the details show it.
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
    // For headers that are too large over HTTP/2, Envoy 1.36 logs that the client reset the stream.
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
    // The module decided on a request, although its body was malformed.
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

/// Lines that rendered listeners of Envoy 1.40 write (`tests/envoy/refused.rs`): with `handshake` the application's
/// connection fails before the decision, with `hold` after it.
const APPLICATION_DOWN: &str = include_str!("../logs/application_down.jsonl");

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
    // If the application is connected to immediately (Envoy 1.36), the connection ends before the peer is known.
    let early = APPLICATION_DOWN.lines().next().unwrap();
    let early = early.replace("\"spiffe://cluster.local/ns/web/sa/frontend\"", "null");
    let ran = described(&folder, &["--log-line", &early]);
    assert!(ran.out.starts_with("UNKNOWN"), "{ran:?}");
    // A request with the router's details has passed every filter.
    let line = r#"[2026-01-01T00:00:00.000Z] "GET /orders/1 HTTP/1.1" 503 UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused} - "delayed_connect_error:_Connection_refused" 0 91 0 - "-" "-" "0c9b" "orders" "10.0.0.9:8080" inbound|8080|| - 10.244.0.9:8080 10.244.0.7:41612 - -"#;
    let ran = described(&folder, &["--log-line", line]);
    assert!(
        words(&ran.out).contains(&format!("note: the request was let in, and {why}")),
        "{ran:?}"
    );
}
