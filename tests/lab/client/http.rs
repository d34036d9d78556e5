//! HTTP callers that keep their connection: one request after another over HTTP/1.1, concurrent streams over HTTP/2.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::{JoinHandle, JoinSet};

use super::{Caller, ClientRequest, Reply};
use crate::deadline::{self, within};

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, by ALPN or with prior knowledge.
    Http2,
}

/// One connection. It closes when dropped.
#[derive(Debug)]
pub struct Connection {
    sender: Sender,
    driver: JoinHandle<()>,
}

#[derive(Debug)]
enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

// === impl Connection ===

impl Connection {
    /// Connects and negotiates the version.
    pub async fn open(address: SocketAddr, caller: &Caller, version: Version) -> Result<Self> {
        within(
            deadline::EXCHANGE,
            "connecting",
            Self::connect(address, caller, version),
        )
        .await
    }

    async fn connect(address: SocketAddr, caller: &Caller, version: Version) -> Result<Self> {
        let (sender, driver) = match version {
            Version::Http1 => {
                let stream = TokioIo::new(caller.connect(address, &["http/1.1"]).await?.0);
                let (sender, connection) = http1::handshake(stream).await?;
                // How a connection ends shows in the replies.
                let driver = async { drop(connection.await) };
                (Sender::Http1(sender), tokio::spawn(driver))
            }
            Version::Http2 => {
                let stream = TokioIo::new(caller.connect(address, &["h2"]).await?.0);
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                let driver = async { drop(connection.await) };
                (Sender::Http2(sender), tokio::spawn(driver))
            }
        };
        Ok(Self { sender, driver })
    }

    /// Sends a request, and waits for the whole reply.
    pub async fn send(&mut self, ask: ClientRequest) -> Result<Reply> {
        let what = format!("{} {}", ask.method, ask.path);
        let reply = async {
            match &mut self.sender {
                Sender::Http1(sender) => {
                    let request = request(&ask, Version::Http1)?;
                    sender.ready().await?;
                    reply(sender.send_request(request).await?).await
                }
                Sender::Http2(sender) => {
                    let request = request(&ask, Version::Http2)?;
                    sender.ready().await?;
                    reply(sender.send_request(request).await?).await
                }
            }
        };
        within(deadline::EXCHANGE, &what, reply)
            .await
            .context(what.clone())
    }

    /// Sends a request over HTTP/2, and does not wait for the answer.
    ///
    /// # Errors
    /// On a connection over HTTP/1.1, which has one request at a time.
    pub fn hold(&self, ask: &ClientRequest) -> Result<OpenStream> {
        let Sender::Http2(sender) = &self.sender else {
            bail!("streams beside each other need HTTP/2");
        };
        let (mut sender, request) = (sender.clone(), request(ask, Version::Http2)?);
        Ok(OpenStream(tokio::spawn(async move {
            sender.ready().await?;
            reply(sender.send_request(request).await?).await
        })))
    }

    /// Sends all requests at once if the version allows it (HTTP/2), else one after another. Replies are in the order of the
    /// requests.
    pub async fn send_all(&mut self, asks: Vec<ClientRequest>) -> Result<Vec<Reply>> {
        let Sender::Http2(sender) = &self.sender else {
            let mut replies = Vec::new();
            for ask in asks {
                replies.push(self.send(ask).await?);
            }
            return Ok(replies);
        };
        let mut streams = JoinSet::new();
        for (place, ask) in asks.iter().enumerate() {
            let request = request(ask, Version::Http2)?;
            let mut sender = sender.clone();
            streams.spawn(async move {
                sender.ready().await?;
                anyhow::Ok((place, reply(sender.send_request(request).await?).await?))
            });
        }
        let collect = async {
            let mut replies = Vec::new();
            while let Some(done) = streams.join_next().await {
                replies.push(done??);
            }
            replies.sort_by_key(|(place, _)| *place);
            Ok(replies.into_iter().map(|(_, reply)| reply).collect())
        };
        within(deadline::EXCHANGE, "streams beside each other", collect).await
    }
}

/// A stream whose reply is not waited for. It is reset when dropped.
#[derive(Debug)]
pub struct OpenStream(JoinHandle<Result<Reply>>);

impl OpenStream {
    /// Whether it has ended, with a reply or without one.
    pub fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    /// Resets it.
    pub fn reset(self) {
        self.0.abort();
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Connects, sends one request, and closes.
pub async fn once(
    address: SocketAddr,
    caller: &Caller,
    version: Version,
    ask: ClientRequest,
) -> Result<Reply> {
    Connection::open(address, caller, version).await?.send(ask).await
}

fn request(ask: &ClientRequest, version: Version) -> Result<Request<Full<Bytes>>> {
    let uri = match version {
        Version::Http1 => Uri::try_from(&ask.path)?,
        Version::Http2 => {
            let builder = Uri::builder().scheme("https").authority(ask.authority.as_str());
            builder.path_and_query(ask.path.as_str()).build()?
        }
    };
    let mut request = Request::builder().method(ask.method.clone()).uri(uri);
    if version == Version::Http1 {
        request = request.header("host", &ask.authority);
    }
    let mut request = request.body(Full::from(ask.body.clone()))?;
    request.headers_mut().extend(ask.header_map()?);
    Ok(request)
}

async fn reply(response: http::Response<Incoming>) -> Result<Reply> {
    let (head, body) = response.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().cloned().unwrap_or_default();
    Ok(Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        trailers,
    })
}
