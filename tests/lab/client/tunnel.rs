//! A tunnel through a proxy: one HTTP/2 CONNECT whose stream carries the caller's bytes.

use anyhow::{Context, Result, ensure};
use http::{Method, Request, Uri};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::caller::Stream;

/// Requests a tunnel to `authority` from the proxy at the other end of `stream`.
pub(super) async fn open(stream: Box<dyn Stream>, authority: &str) -> Result<Box<dyn Stream>> {
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    // It ends with the tunnel, which shows how.
    tokio::spawn(async { drop(connection.await) });
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri(Uri::builder().authority(authority).build()?)
        .body(Empty::<Bytes>::new())?;
    let response = sender
        .send_request(request)
        .await
        .with_context(|| format!("asking for a tunnel to {authority}"))?;
    ensure!(
        response.status().is_success(),
        "no tunnel to {authority}: {}",
        response.status()
    );
    let upgraded = hyper::upgrade::on(response).await?;
    Ok(Box::new(TokioIo::new(upgraded)))
}
