//! One attempt: connects, performs a handshake or not, sends a request, and listens.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConnection, Error as TlsError, StreamOwned};

use super::answer_start::AnswerStart;
use super::credentials::Credentials;
use super::server_certificate::ServerCertificate;
use super::timed_connection::TimedConnection;
use super::tls::{self, HandshakeRecord};

/// How many bytes of an answer are read.
const ANSWER: usize = 1024;

/// The port to probe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'t> {
    /// The addresses of the host, in the order in which they are tried.
    pub(super) addresses: &'t [SocketAddr],
    pub(super) host: &'t str,
    /// The limit for the whole attempt.
    pub(super) timeout: Duration,
}

/// How the port responded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PortResponse {
    /// No connection could be made.
    #[default]
    Unreachable,
    /// The port answered the handshake with something other than TLS, or not at all.
    NoTls,
    /// The port speaks TLS and refused the client, with an alert.
    Refused,
    /// The port closed the connection without sending a byte.
    Closed,
    /// The connection stayed open, but nothing was sent.
    Silent,
    /// The port answered.
    Answered,
}

impl PortResponse {
    /// The word for machine-readable reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NoTls => "no-tls",
            Self::Refused => "refused",
            Self::Closed => "closed",
            Self::Silent => "silent",
            Self::Answered => "answered",
        }
    }
}

/// The result of one attempt.
#[derive(Debug, Clone, Default)]
pub struct AttemptReport {
    /// How the port responded.
    pub response: PortResponse,
    /// What was observed, in a few words.
    pub saw: String,
    /// Whether the port requested a client certificate.
    pub asked_for_certificate: bool,
    pub(super) presented: Option<ServerCertificate>,
}

impl AttemptReport {
    fn new(response: PortResponse, saw: impl Into<String>) -> Self {
        Self {
            response,
            saw: saw.into(),
            ..Self::default()
        }
    }
}

impl Target<'_> {
    pub(super) fn plaintext(self) -> AttemptReport {
        let mut stream = match self.connect() {
            Ok(stream) => stream,
            Err(outcome) => return *outcome,
        };
        plaintext_answer(self.ask(&mut stream))
    }

    /// Attempts TLS, with a certificate or without one.
    pub(super) fn tls(self, credentials: Option<&Credentials>) -> AttemptReport {
        let seen = Arc::new(HandshakeRecord::default());
        let mut outcome = self.by_tls(credentials, &seen);
        outcome.asked_for_certificate = seen.asked_for_certificate();
        if outcome.presented.is_none() {
            outcome.presented = seen.presented(None);
        }
        outcome
    }

    fn by_tls(self, credentials: Option<&Credentials>, seen: &Arc<HandshakeRecord>) -> AttemptReport {
        let stream = match self.connect() {
            Ok(stream) => stream,
            Err(outcome) => return *outcome,
        };
        let name = ServerName::try_from(self.host.to_owned());
        let connection = tls::config(credentials, seen)
            .map_err(|error| error.to_string())
            .and_then(|config| {
                let name = name.map_err(|error| error.to_string())?;
                ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())
            });
        let mut stream = match connection {
            Ok(connection) => StreamOwned::new(connection, stream),
            Err(error) => return AttemptReport::new(PortResponse::NoTls, error),
        };
        while stream.conn.is_handshaking() {
            if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
                return handshake_failed(&error, stream.conn.wants_read());
            }
        }
        let asked = self.ask(&mut stream);
        let mut outcome = answer(asked);
        outcome.presented = seen.presented(Some(&stream.conn));
        outcome
    }

    fn connect(self) -> Result<TimedConnection, Box<AttemptReport>> {
        TimedConnection::connect(self.addresses, self.timeout)
            .map_err(|error| Box::new(AttemptReport::new(PortResponse::Unreachable, error.to_string())))
    }

    /// Sends the request, and returns the first bytes of the answer.
    fn ask(self, stream: &mut (impl Read + Write)) -> std::io::Result<Vec<u8>> {
        let host = self.host;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: peerwarden-probe\r\nConnection: close\r\n\r\n"
        );
        // If it was closed meanwhile, reading shows that.
        let sent = stream.write_all(request.as_bytes()).and_then(|()| stream.flush());
        let mut bytes = vec![0; ANSWER];
        loop {
            match stream.read(&mut bytes) {
                Ok(count) => {
                    bytes.truncate(count);
                    return Ok(bytes);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(sent
                        .err()
                        .filter(|_| error.kind() == ErrorKind::NotConnected)
                        .unwrap_or(error));
                }
            }
        }
    }
}

/// Interprets the answer to a request in plaintext, with which some servers say that they accept only TLS.
fn plaintext_answer(asked: std::io::Result<Vec<u8>>) -> AttemptReport {
    let start = asked.as_deref().map(AnswerStart::read);
    match start {
        Ok(start) if start.is_only_tls() => AttemptReport::new(
            PortResponse::Refused,
            format!("{start}: this port accepts only TLS"),
        ),
        Ok(_) | Err(_) => answer(asked),
    }
}

/// Interprets the answer to the request.
fn answer(asked: std::io::Result<Vec<u8>>) -> AttemptReport {
    match asked {
        Ok(bytes) if bytes.is_empty() => AttemptReport::new(PortResponse::Closed, "closed without a byte"),
        Ok(bytes) => AttemptReport::new(PortResponse::Answered, AnswerStart::read(&bytes).to_string()),
        Err(error) => match (tls_error(&error), error.kind()) {
            (Some(alert), _) => AttemptReport::new(PortResponse::Refused, alert),
            (None, ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                AttemptReport::new(PortResponse::Silent, "no answer, and not closed")
            }
            (None, _) => AttemptReport::new(PortResponse::Closed, "closed without a byte"),
        },
    }
}

fn handshake_failed(error: &std::io::Error, waited: bool) -> AttemptReport {
    if let Some(alert) = tls_error(error) {
        return AttemptReport::new(PortResponse::Refused, alert);
    }
    let kind = error.kind();
    if kind == ErrorKind::InvalidData {
        AttemptReport::new(PortResponse::NoTls, "the answer is not TLS")
    } else if waited && (kind == ErrorKind::WouldBlock || kind == ErrorKind::TimedOut) {
        AttemptReport::new(PortResponse::NoTls, "the handshake is not answered")
    } else {
        AttemptReport::new(PortResponse::NoTls, "closed in the handshake")
    }
}

/// The alert with which the other side refused.
fn tls_error(error: &std::io::Error) -> Option<String> {
    let TlsError::AlertReceived(alert) = error.get_ref()?.downcast_ref::<TlsError>()? else {
        return None;
    };
    Some(if *alert == AlertDescription::CertificateRequired {
        "a certificate is required".to_owned()
    } else {
        format!("alert {alert:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers of nginx, Go, Apache and OpenSSL.
    #[test]
    fn what_says_in_plaintext_that_it_takes_tls_only_takes_none() {
        for answer in [
            "HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>",
            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
            "HTTP/1.1 400 Bad Request\r\n\r\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
            "\u{15}\u{3}\u{1}\0\u{2}\u{2}\u{46}",
        ] {
            let report = plaintext_answer(Ok(answer.into()));
            assert_eq!(report.response, PortResponse::Refused, "{report:?}");
            assert!(report.saw.ends_with(": this port accepts only TLS"), "{report:?}");
        }
        for answer in [
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            "HTTP/1.1 400 Bad Request (missing tenant)\r\n\r\n",
            "HTTP/1.1 400 no tenant for this HTTPS port\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nsee error 400 of an HTTPS port",
            "220 ledger.lab 400 ready (HTTPS port)\r\nHTTPS port",
            "a TLS alert",
            "J\0\0\0\n8.0",
        ] {
            let report = plaintext_answer(Ok(answer.into()));
            assert_eq!(report.response, PortResponse::Answered, "{report:?}");
        }
    }
}
