//! A TLS client that presents its certificate, and waits before it proves that it has the key.

use std::io::{Cursor, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};

use super::Caller;
use crate::deadline;

/// The size of a record, so that messages spread over many.
const FRAGMENT: usize = 64;

/// A handshake stopped half way: the certificate has been sent, its proof has not.
pub struct PartialHandshake {
    stream: TcpStream,
    tls: ClientConnection,
    rest: Vec<u8>,
}

// === impl PartialHandshake ===

impl PartialHandshake {
    /// Connects, and sends its messages up to the end of the certificate, which is that of `caller`. It blocks.
    ///
    /// # Errors
    /// If nothing is left to hold back, so that the test would show nothing.
    pub fn begin(address: SocketAddr, caller: &Caller, certificate: &CertificateDer<'_>) -> Result<Self> {
        let mut config = ClientConfig::clone(caller.tls_config().context("a caller without TLS")?);
        config.max_fragment_size = Some(FRAGMENT);
        let name = ServerName::try_from(caller.name().to_owned())?;
        let mut tls = ClientConnection::new(Arc::new(config), name)?;
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(deadline::EXCHANGE))?;
        let hello = written(&mut tls)?;
        stream.write_all(&hello)?;
        while !tls.wants_write() {
            read(&mut tls, &mut stream)?;
        }
        let flight = written(&mut tls)?;
        let by_tls_1_3 = tls.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        let (first, rest) =
            split(&flight, by_tls_1_3, certificate.len()).context("a flight without a certificate")?;
        // The signature is longer than the part that fits into one record.
        ensure!(rest.len() > FRAGMENT, "the proof has gone with the certificate");
        stream.write_all(first)?;
        Ok(Self {
            stream,
            rest: rest.to_vec(),
            tls,
        })
    }

    /// Sends the rest, and returns the next `count` bytes of the server.
    ///
    /// # Errors
    /// If the server sends less.
    pub fn finish(mut self, count: usize) -> Result<Vec<u8>> {
        self.stream.write_all(&self.rest)?;
        let mut bytes = vec![0; count];
        rustls::Stream::new(&mut self.tls, &mut self.stream).read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Sends nothing more, and answers whether the server closes the connection within `patience`. It blocks.
    ///
    /// # Errors
    /// From the socket.
    pub fn is_closed_within(mut self, patience: Duration) -> Result<bool> {
        self.stream.set_read_timeout(Some(patience))?;
        let mut bytes = Vec::new();
        let read = self
            .stream
            .read_to_end(&mut bytes)
            .map_err(|error| (error.kind(), error));
        match read {
            Ok(_) | Err((ErrorKind::ConnectionReset, _)) => Ok(true),
            Err((ErrorKind::WouldBlock | ErrorKind::TimedOut, _)) => Ok(false),
            Err((_, error)) => Err(error.into()),
        }
    }
}

fn written(tls: &mut ClientConnection) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut bytes)?;
    }
    Ok(bytes)
}

fn read(tls: &mut ClientConnection, stream: &mut TcpStream) -> Result<()> {
    let mut bytes = [0; 16 * 1024];
    let count = stream.read(&mut bytes)?;
    ensure!(count > 0, "the server closed in the middle of the handshake");
    let mut bytes = Cursor::new(&bytes[..count]);
    while bytes.position() < count as u64 {
        tls.read_tls(&mut bytes)?;
        tls.process_new_packets()?;
    }
    Ok(())
}

/// Splits after the record with the end of the message that holds the certificate (RFC 8446, sections 4.4.2 and 5.2; RFC 5246,
/// section 7.4.2).
fn split(flight: &[u8], by_tls_1_3: bool, certificate: usize) -> Option<(&[u8], &[u8])> {
    const HANDSHAKE: u8 = 22;
    const ENCRYPTED: u8 = 23;
    // Lengths, the context of the request, and extensions; then the overhead of encryption in a record.
    let (around, overhead) = if by_tls_1_3 { (13, 17) } else { (10, 0) };
    let mut left = certificate + around;
    let mut at = 0;
    while left > 0 {
        let header = flight.get(at..at + 5)?;
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        at += 5 + length;
        if header[0] == HANDSHAKE || header[0] == ENCRYPTED {
            left = left.saturating_sub(length.checked_sub(overhead)?);
        }
    }
    flight.split_at_checked(at)
}
