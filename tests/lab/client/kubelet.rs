//! The kubelet's probes: in plaintext, on connections of their own, with a time limit.
//!
//! <https://github.com/kubernetes/kubernetes/tree/master/pkg/probe>: an HTTP probe succeeds with 200 to 399, a TCP probe with a
//! connection, a gRPC probe with `SERVING`.

use std::net::SocketAddr;
use std::time::Duration;

use super::caller::Caller;
use super::{ClientRequest, http};
use crate::deadline::{self, within};
use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// `timeoutSeconds` when left out.
const TIMEOUT: Duration = Duration::from_secs(1);

/// An HTTP probe.
pub async fn http_get(address: SocketAddr, path: &str) -> bool {
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: kube-probe/1.31\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    let status = tokio::time::timeout(TIMEOUT, status(address, &head)).await;
    matches!(status, Ok(Ok(200..=399)))
}

/// A TCP probe.
pub async fn tcp_socket(address: SocketAddr) -> bool {
    matches!(
        tokio::time::timeout(TIMEOUT, TcpStream::connect(address)).await,
        Ok(Ok(_))
    )
}

/// A gRPC probe of a service.
pub async fn grpc(address: SocketAddr) -> bool {
    let ask = ClientRequest::grpc("/grpc.health.v1.Health/Check").header("user-agent", "kube-probe/1.31");
    let caller = Caller::plaintext();
    let asked = http::once(address, &caller, http::Version::Http2, ask);
    let Ok(Ok(reply)) = tokio::time::timeout(TIMEOUT, asked).await else {
        return false;
    };
    // A `HealthCheckResponse` with the status SERVING.
    reply.grpc_status() == "0" && reply.body.ends_with("\u{8}\u{1}")
}

/// The status of the answer to any bytes, including those that a probe would never send.
///
/// # Errors
/// If there is no answer, or none in HTTP.
pub async fn status(address: SocketAddr, head: &str) -> Result<u16> {
    let what = format!("an answer to {head:?}");
    let answer = within(deadline::EXCHANGE, &what, answer(address, head)).await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status
        .with_context(|| format!("no answer by HTTP: {answer:?}"))?
        .parse()
        .context("a status")
}

async fn answer(address: SocketAddr, head: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.windows(2).any(|two| two == b"\r\n") {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..count]);
    }
    Ok(answer)
}
