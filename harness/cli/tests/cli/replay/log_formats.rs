//! What can be read: log formats, compressed files and standard input.

use std::io::Write;

use insta::assert_snapshot;
use serde_json::json;

use super::{FRONTEND, folder, line, log, replay};
use crate::fixture::ORDERS;

/// Istio's default format, which does not contain the peer.
pub(super) const ISTIO: &str = r#"[2026-01-01T00:00:00.000Z] "GET /orders/1 HTTP/1.1" 200 - via_upstream - "-" 0 12 3 2 "-" "curl/8.5.0" "0c9b0d3a" "orders:8080" "10.244.0.9:8080" inbound|8080|| 127.0.0.6:4711 10.244.0.9:8080 10.244.0.7:41612 outbound_.8080_._.orders.shop.svc.cluster.local default
[2026-01-01T00:00:00.000Z] "POST /orders HTTP/1.1" 200 - via_upstream - "-" 0 12 3 2 "-" "curl/8.5.0" "0c9b0d3b" "orders:8080" "10.244.0.9:8080" inbound|8080|| 127.0.0.6:4711 10.244.0.9:8080 10.244.0.7:41612 - default
[2026-01-01T00:00:00.000Z] "GET /orders/1 HTTP/1.1" 403 - rbac_access_denied_matched_policy[none] - "-" 0 19 0 - "-" "curl/8.5.0" "0c9b0d3c" "orders:8080" "-" inbound|8080|| - 10.244.0.9:8080 10.244.0.7:41612 - default
[2026-01-01T00:00:00.000Z] "- - -" 0 - - - "-" 10 20 30 - "-" "-" "-" "-" "10.244.0.9:3306" inbound|3306|| 127.0.0.6:4711 10.244.0.9:3306 10.244.0.7:41612 - -
"#;

#[test]
fn what_istio_logs_by_default_is_known_as_far_as_it_goes() {
    let folder = folder();
    folder.write("access.log", ISTIO);
    let ran = replay(&folder, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.out);
}

#[test]
fn envoys_own_default_is_read_too() {
    let folder = folder();
    let envoy = r#"[2016-04-15T20:17:00.310Z] "POST /orders HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0" "locations" "tcp://10.0.2.1:80""#;
    folder.write("access.log", envoy);
    let ran = replay(&folder, &[]);
    assert!(ran.code == 0 && ran.out.contains("1 newly denied"), "{ran:?}");
}

#[test]
fn a_format_may_be_given() {
    let folder = folder();
    let text = "%REQ(:METHOD)% %PATH(NQ)% by %DOWNSTREAM_PEER_URI_SAN% got %RESPONSE_CODE_DETAILS%\n";
    folder.write(
        "access.log",
        format!("GET /orders by {FRONTEND} got rbac_access_denied_matched_policy[none]\n"),
    );
    let ran = replay(&folder, &["--log-format", text]);
    assert!(ran.code == 0 && ran.out.contains("1 newly allowed"), "{ran:?}");
    let fields = r#"{"who": {"uri": "%DOWNSTREAM_PEER_URI_SAN%"}, "request": "%REQ(:METHOD)% %REQ(:PATH)%"}"#;
    folder.write(
        "access.log",
        json!({"who": {"uri": FRONTEND}, "request": "GET /orders"}).to_string(),
    );
    let ran = replay(&folder, &["--log-format", fields]);
    assert!(ran.code == 0 && ran.out.contains("1 allowed"), "{ran:?}");
    for (format, says) in [
        ("%REQ(:METHOD)", "does not end"),
        ("%DURATION%", "no operator that policies depend on"),
        ("{\"a\": 1", "not JSON"),
        ("%REQ(A)%%REQ(B)%", "need a separator between them"),
    ] {
        replay(&folder, &["--log-format", format]).says(2, &[says, "`text_format`"]);
    }
}

#[test]
fn compressed_logs_and_standard_input_are_read() {
    let folder = folder();
    let plain = replay(&folder, &[]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(log().as_bytes()).unwrap();
    folder.write("access.log", encoder.finish().unwrap());
    assert_eq!(replay(&folder, &[]).out, plain.out);
    let arguments = [
        "replay",
        "-",
        "--policies",
        "orders.yaml",
        "--workload",
        "workload.yaml",
    ];
    let ran = folder.run_with(&arguments, log());
    assert_eq!(ran.out.replace("-:", "access.log:"), plain.out, "{ran:?}");
}

#[test]
fn lines_that_cannot_be_read_are_told() {
    let folder = folder();
    let wrong = format!(
        "istio-proxy is ready\n{}\n{{\"level\": \"info\"}}\n\x00\x01\x02\n{{\"downstream_remote_address\": 1, \
         \"downstream_remote_address\": 2}}\n",
        line("GET", "/orders", Some(FRONTEND), None)
    );
    folder.write("access.log", wrong);
    let ran = replay(&folder, &["--fail-on", "newly-denied"]);
    assert!(ran.out.contains("1 line compared"), "{ran:?}");
    ran.says(2, &["4 lines could not be read"]);
    assert_snapshot!(ran.err);
}

/// A client can send any text in its request: it must neither reach the terminal unescaped nor imitate another field.
#[test]
fn a_hostile_log_is_only_text() {
    let folder = folder();
    let mut lines = [
        line(
            "GET",
            "/\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}",
            Some(FRONTEND),
            None,
        ),
        line("GET\r", "/\u{9b}31m", Some("spiffe://\u{1b}[31mevil"), None),
    ]
    .join("\n")
    .into_bytes();
    lines.extend_from_slice(b"\n\xff\xfe\x00binary\x1b[31m\n");
    lines.extend_from_slice(&vec![b'"'; 300_000]);
    lines.push(b'\n');
    lines.extend_from_slice(&vec![b'x'; 3 * 1024 * 1024]);
    lines.push(b'\n');
    lines.extend_from_slice(&b"[".repeat(100_000));
    lines.extend_from_slice(b"\n{\"downstream_remote_address\":");
    lines.extend_from_slice(&b"[".repeat(100_000));
    // A user agent that imitates the fields after it.
    let forged = ISTIO.lines().next().unwrap().replace(
        "curl/8.5.0",
        "x\" \"id\" \"admin.shop\" \"10.0.0.1:80\" a b 10.9.9.9:9999 1.2.3.4:5 - default [x] \"GET /",
    );
    lines.extend_from_slice(format!("\n{forged}\n").as_bytes());
    folder.write("access.log", &lines);
    let ran = replay(&folder, &["--all"]);
    assert_eq!(ran.code, 2);
    for text in [&ran.out, &ran.err] {
        let steering = |ch: char| ch.is_control() && ch != '\n' || ch == '\u{202e}';
        assert!(!text.contains(steering), "{text:?}");
        assert!(text.lines().all(|line| line.chars().count() < 500), "{text}");
    }
    assert!(
        ran.out.contains(r"/\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}"),
        "{}",
        ran.out
    );
    assert!(ran.warns("longer than 1 MiB"), "{}", ran.err);
    folder.write(
        "host.yaml",
        ORDERS.replace(
            "        methods: [\"GET\"]\n",
            "        hosts: [\"admin.shop\"]\n",
        ),
    );
    folder.write("access.log", format!("{forged}\n"));
    let ran = folder.run(&[
        "replay",
        "access.log",
        "--policies",
        "host.yaml",
        "--workload",
        "workload.yaml",
    ]);
    assert!(
        ran.out.contains("depends on `tls.peer`, `http.host`"),
        "{}",
        ran.out
    );
}
