//! Sends one question to one listener.

mod protobuf;

use std::fmt;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use http::Method;
use peerwarden_lab::client::{Caller, ClientRequest, http as client, proxy_protocol, tcp};

use crate::case::{METADATA_HEADER, PROXY_VALUE, Request, TOKEN_HEADER, Visit};
use crate::stage::Participants;

/// The message of a TCP caller.
const QUESTION: &str = "what is the balance?\n";

/// The answer that a caller got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It reached the upstream.
    Allowed,
    /// A filter denied it.
    Denied,
    /// Envoy refused it before any filter, with this status.
    TurnedAway(u16),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed => f.write_str("allowed"),
            Self::Denied => f.write_str("denied"),
            Self::TurnedAway(status) => write!(f, "turned away with {status}"),
        }
    }
}

/// A caller's HTTP connection, reopened when Envoy has closed it.
pub(crate) struct HttpCaller<'c> {
    address: SocketAddr,
    caller: Caller,
    visit: &'c Visit,
    connection: Option<client::Connection>,
}

impl<'c> HttpCaller<'c> {
    pub(crate) fn new(company: &Participants, visit: &'c Visit, address: SocketAddr) -> Self {
        Self {
            address,
            caller: caller(company, visit),
            visit,
            connection: None,
        }
    }

    /// Asks one question; `id` marks it in the access log.
    pub(crate) async fn ask(&mut self, request: &Request, id: &str) -> Result<Answer> {
        let ask = ask(request)?.id(id);
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => client::Connection::open(self.address, &self.caller, self.visit.version).await?,
        };
        let connection = self.connection.insert(connection);
        let reply = connection
            .send(ask)
            .await
            .with_context(|| format!("{request:?}"))?;
        match reply.status {
            200 => Ok(Answer::Allowed),
            403 if reply.body == "RBAC: access denied" => Ok(Answer::Denied),
            // Envoy closes a connection after malformed data.
            status => {
                self.connection = None;
                Ok(Answer::TurnedAway(status))
            }
        }
    }
}

/// Asks over TCP, and also returns the caller's own address, which identifies it in the access log.
pub(crate) async fn connect(
    company: &Participants,
    visit: &Visit,
    address: SocketAddr,
) -> Result<(Answer, SocketAddr)> {
    let mut connection = tcp::Connection::open(address, &caller(company, visit)).await?;
    let local = connection.local_address();
    let received = connection.echo(QUESTION).await?;
    if received.nothing() {
        return Ok((Answer::Denied, local));
    }
    anyhow::ensure!(
        received.text() == QUESTION,
        "neither an echo nor an end: {received:?}"
    );
    Ok((Answer::Allowed, local))
}

fn caller(company: &Participants, visit: &Visit) -> Caller {
    let mut caller = company.caller(visit.member).from(visit.from);
    if let Some(header) = &visit.proxy {
        let value = header.value.as_deref().map(|value| (PROXY_VALUE, value));
        caller = caller.preface(proxy_protocol::header(header.source, header.destination, value));
    }
    // For an address no server name is sent.
    caller.server_name(visit.server_name.unwrap_or("127.0.0.1"))
}

fn ask(request: &Request) -> Result<ClientRequest> {
    let method = Method::from_bytes(request.method.as_bytes())?;
    let mut ask = ClientRequest::new(method, &request.path).host(&request.authority);
    for (name, value) in &request.headers {
        ask = ask.header_bytes(name, value);
    }
    for line in &request.forwarded_for {
        ask = ask.header("x-forwarded-for", line);
    }
    if let Some(token) = &request.token {
        ask = ask.header(TOKEN_HEADER, &protobuf::base64(token));
    }
    if let Some(value) = &request.metadata {
        ask = ask.header(METADATA_HEADER, &protobuf::base64(value));
    }
    Ok(ask)
}
