//! A caller and its TLS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use super::tunnel;
use crate::certificates::{Authority, Identity};
use crate::config::ServerTls;

/// A caller in plaintext, over TLS without a certificate, or over mutual TLS.
#[derive(Debug, Clone)]
pub struct Caller {
    tls: Option<Arc<ClientConfig>>,
    server_name: String,
    hesitation: Duration,
    from: Option<IpAddr>,
    preface: Vec<u8>,
    tunnel: Option<String>,
    abrupt: bool,
}

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

// === impl Caller ===

impl Caller {
    /// A caller without TLS.
    pub fn plaintext() -> Self {
        Self {
            tls: None,
            server_name: ServerTls::NAME.to_owned(),
            hesitation: Duration::ZERO,
            from: None,
            preface: Vec::new(),
            tunnel: None,
            abrupt: false,
        }
    }

    /// A caller with TLS, but without a certificate. The server's must come from this authority.
    pub fn anonymous(authority: &Authority) -> Result<Self> {
        let config = trusting(authority)?.with_no_client_auth();
        Ok(Self::tls(config))
    }

    /// A caller with TLS 1.2 at most, and without a certificate. The server's must come from this authority.
    pub fn anonymous_tls12(authority: &Authority) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS12])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::tls(config))
    }

    /// A caller with a certificate. The server's must come from this authority.
    pub fn workload(authority: &Authority, identity: &Identity) -> Result<Self> {
        let config = trusting(authority)?
            .with_client_auth_cert(vec![identity.certificate_der()], identity.key_der())
            .context("the caller's certificate")?;
        Ok(Self::tls(config))
    }

    /// As [`Caller::workload`], over TLS 1.2.
    pub fn workload_by_tls_1_2(authority: &Authority, identity: &Identity) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der())?;
        let config = trusting_roots(roots, &[&rustls::version::TLS12])?
            .with_client_auth_cert(vec![identity.certificate_der()], identity.key_der())
            .context("the caller's certificate")?;
        Ok(Self::tls(config))
    }

    /// A caller with a certificate of any authority, all in PEM. The server's must come from the same.
    pub fn pem(root: &str, certificate: &str, key: &str) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root.as_bytes())?)?;
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
        let config = trusting_roots(roots, rustls::DEFAULT_VERSIONS)?
            .with_client_auth_cert(vec![certificate], key)
            .context("the caller's certificate")?;
        Ok(Self::tls(config))
    }

    /// The certificate that a server presents now, in DER.
    pub async fn server_certificate(&self, address: SocketAddr) -> Result<Vec<u8>> {
        let config = self.tls.as_ref().context("a caller without TLS")?;
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(self.server_name.clone())?;
        let stream = TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        Ok(shown.context("the server showed no certificate")?.to_vec())
    }

    fn tls(config: ClientConfig) -> Self {
        Self {
            tls: Some(Arc::new(config)),
            ..Self::plaintext()
        }
    }

    /// Requests another server by SNI, which must be a name directly below `mesh.lab`; for `127.0.0.1` no SNI is sent.
    pub fn server_name(mut self, name: &str) -> Self {
        self.server_name = name.to_owned();
        self
    }

    /// Performs its TLS handshake inside an existing connection.
    pub(super) async fn handshake(&self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        let config = self.tls.as_ref().context("a caller without TLS")?;
        let name = ServerName::try_from(self.server_name.clone())?;
        let stream = TlsConnector::from(Arc::clone(config))
            .connect(name, stream)
            .await
            .context("the inner TLS handshake")?;
        Ok(Box::new(stream))
    }

    /// Its TLS configuration, for a handshake by hand.
    pub(super) fn tls_config(&self) -> Option<&Arc<ClientConfig>> {
        self.tls.as_ref()
    }

    /// The server name that it requests.
    pub(super) fn name(&self) -> &str {
        &self.server_name
    }

    /// Waits before the handshake, as on a slow network.
    pub fn hesitating(mut self, time: Duration) -> Self {
        self.hesitation = time;
        self
    }

    /// Calls from another address of this machine, such as any of 127.0.0.0/8.
    pub fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    /// Sends these bytes before everything else, such as a PROXY header.
    pub fn preface(mut self, bytes: Vec<u8>) -> Self {
        self.preface = bytes;
        self
    }

    /// Performs a full handshake each time, without resumption.
    pub fn without_resumption(mut self) -> Self {
        if let Some(config) = &mut self.tls {
            Arc::make_mut(config).resumption = Resumption::disabled();
        }
        self
    }

    /// Uses a tunnel: everything is sent in an HTTP/2 CONNECT to this authority, as in Istio's HBONE.
    pub fn tunnel(mut self, authority: &str) -> Self {
        self.tunnel = Some(authority.to_owned());
        self
    }

    /// Closes with a reset, so that it is not mistaken for the end of its own data.
    pub fn abrupt(mut self) -> Self {
        self.abrupt = true;
        self
    }

    /// Connects, performs the handshake, and opens the tunnel if there is one. Also returns the caller's own address.
    pub(super) async fn connect(
        &self,
        address: SocketAddr,
        alpn: &[&str],
    ) -> Result<(Box<dyn Stream>, SocketAddr)> {
        let Some(authority) = &self.tunnel else {
            return self.connect_directly(address, alpn).await;
        };
        let (stream, local) = self.connect_directly(address, &["h2"]).await?;
        Ok((tunnel::open(stream, authority).await?, local))
    }

    /// Connects and performs the handshake; with TLS 1.3 a server may refuse a certificate only after that. Also returns the
    /// caller's own address.
    async fn connect_directly(
        &self,
        address: SocketAddr,
        alpn: &[&str],
    ) -> Result<(Box<dyn Stream>, SocketAddr)> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        if let Some(from) = self.from {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let mut stream = socket
            .connect(address)
            .await
            .with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        stream.write_all(&self.preface).await?;
        if self.abrupt {
            stream.set_zero_linger()?;
        }
        let local = stream.local_addr()?;
        let Some(config) = &self.tls else {
            return Ok((Box::new(stream), local));
        };
        tokio::time::sleep(self.hesitation).await;
        let mut config = ClientConfig::clone(config);
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(self.server_name.clone())?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .context("the TLS handshake")?;
        Ok((Box::new(stream), local))
    }
}

fn trusting(
    authority: &Authority,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der())?;
    trusting_roots(roots, rustls::DEFAULT_VERSIONS)
}

fn trusting_roots(
    roots: RootCertStore,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions)?;
    Ok(builder.with_root_certificates(roots))
}
