//! Requests that Envoy refuses before any filter, and the line that each leaves in a rendered access log.

use anyhow::{Context, Result};
use peerwarden_lab::certificates::Certificate;
use peerwarden_lab::client::tcp::Connection;
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, policy};
use crate::rendered::RenderedWorkload;

/// The lines of these requests in order, which `peerwarden explain` and `replay` can read.
const LINES: &str = include_str!("../../harness/cli/tests/cli/logs/refused_requests.jsonl");

/// The fields of a line that do not depend on the machine.
const FIELDS: [&str; 7] = [
    "method",
    "path",
    "response_code",
    "response_code_details",
    "response_flags",
    "authority",
    "decision",
];

/// HTTP/1.1 requests.
fn by_http1() -> Vec<String> {
    let host = "host: orders\r\n";
    let get = |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n");
    vec![
        get("/", "x_role: admin\r\n"),
        format!("G@T / HTTP/1.1\r\n{host}\r\n"),
        "GET /nohost HTTP/1.1\r\n\r\n".to_owned(),
        "GET /old HTTP/1.0\r\n\r\n".to_owned(),
        get("/%00", ""),
        get("/f#x", ""),
        get("/a%2fb", ""),
        get("/", &format!("x: {}\r\n", "a".repeat(70_000))),
        get("/", &"x: a\r\n".repeat(150)),
        get("/", "content-length: 3\r\ntransfer-encoding: chunked\r\n"),
        get("/", "transfer-encoding: gzip\r\n"),
        get("/", "x\u{1}y: a\r\n"),
        "GET / HTTP/1.1\r\nhost: a \"b\r\n\r\n".to_owned(),
        format!("CONNECT /x HTTP/1.1\r\n{host}\r\n"),
        get("/upgrade", "connection: upgrade\r\nupgrade: own\r\n"),
        format!("GET ftp://x/y HTTP/1.1\r\n{host}\r\n"),
        get(
            "/",
            &format!(
                "te: gzip\r\nconnection: te\r\nconnection: {}\r\n",
                "a,".repeat(200)
            ),
        ),
    ]
}

/// Headers of HTTP/2 requests.
fn by_http2() -> Vec<Vec<(String, String)>> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = [
        header(":method", "GET"),
        header(":scheme", "https"),
        header(":authority", "orders"),
        header(":path", "/"),
    ];
    let with = |more: &[(String, String)]| [&request, more].concat();
    vec![
        with(&[header("x_role", "admin")]),
        with(&[header("X-Role", "admin")]),
        request[..3].to_vec(),
        with(&vec![header("x", "a"); 150]),
        with(&[header("x", &"a".repeat(70_000))]),
    ]
}

/// A request as frames (<https://www.rfc-editor.org/rfc/rfc9113>), each header a literal (<https://www.rfc-editor.org/rfc/rfc7541>).
fn frames(headers: &[(String, String)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            block.extend(length(text.len()));
            block.extend(text.as_bytes());
        }
    }
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let mut chunks = block.chunks(16_000).peekable();
    let mut first = true;
    while let Some(chunk) = chunks.next() {
        // HEADERS, then CONTINUATION; END_STREAM, and on the last one END_HEADERS.
        let (kind, end_stream) = if first { (1, 1) } else { (9, 0) };
        let end_headers = if chunks.peek().is_none() { 4 } else { 0 };
        let size = u32::try_from(chunk.len()).expect("a short frame").to_be_bytes();
        bytes.extend(&size[1..]);
        bytes.extend([kind, end_stream | end_headers, 0, 0, 0, 1]);
        bytes.extend(chunk);
        first = false;
    }
    bytes
}

/// A length in seven bits, with more bytes if needed.
fn length(length: usize) -> Vec<u8> {
    let byte = |number: usize| u8::try_from(number).expect("a byte");
    if length < 127 {
        return vec![byte(length)];
    }
    let (mut bytes, mut rest) = (vec![127], length - 127);
    while rest >= 128 {
        bytes.push(byte(rest % 128 + 128));
        rest /= 128;
    }
    bytes.push(byte(rest));
    bytes
}

#[tokio::test]
async fn each_leaves_the_line_that_is_read_as_refused() -> Result<()> {
    let everybody = policy("everybody", "ALLOW", json!([{}]));
    let orders = RenderedWorkload::start(json!({}), &[everybody]).await?;
    let frontend = orders.caller(&orders.authority, Certificate::spiffe(FRONTEND))?;
    let requests = by_http1().into_iter().map(String::into_bytes);
    let requests = requests.chain(by_http2().into_iter().map(|headers| frames(&headers)));
    let mut sent = 0;
    for request in requests {
        let mut connection = Connection::open(orders.address(), &frontend).await?;
        connection.send_bytes(&request).await?;
        // Over HTTP/2 the connection may stay open: the line is written once the stream is over.
        sent += 1;
        orders
            .requests(sent)
            .await
            .with_context(|| format!("request {sent}"))?;
    }
    assert_eq!(orders.application.seen().len(), 0);
    let told = |line: &Value| FIELDS.map(|field| line[field].clone());
    let expected = LINES.lines().map(|line| Ok(told(&serde_json::from_str(line)?)));
    let expected: Vec<[Value; 7]> = expected.collect::<Result<_>>()?;
    let log = orders.requests(sent).await?;
    assert_eq!(log.iter().map(told).collect::<Vec<_>>(), expected);
    Ok(())
}
