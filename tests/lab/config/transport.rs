//! The transport of a listener: mutual TLS, TLS with optional certificates, plaintext, or either as in Istio's PERMISSIVE mode.

use anyhow::Result;
use serde_json::{Value, json};

use super::typed;
use crate::certificates::{Authority, Certificate, Files};

/// A server's certificate and the roots that it trusts.
#[derive(Debug, Clone)]
pub struct ServerTls {
    files: Files,
}

/// How a client's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    /// The handshake fails without one.
    Required,
    /// A certificate is verified if presented, but not required.
    Optional,
    /// Any certificate is accepted, whoever issued it.
    AnyWithoutVerification,
}

/// The transport of a listener.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Plaintext.
    Plaintext,
    /// TLS, without an inspector: Envoy then knows no server name.
    Tls(ServerTls, ClientCertificate),
    /// TLS with a `tls_inspector`, as in Istio's STRICT mode.
    Inspected(ServerTls, ClientCertificate),
    /// TLS or plaintext, distinguished by their first bytes, as in Istio's PERMISSIVE mode.
    Permissive(ServerTls, ClientCertificate),
}

// === impl ServerTls ===

impl ServerTls {
    /// The name in the certificates of the laboratory's servers.
    pub const NAME: &'static str = "server.mesh.lab";

    /// Issues a server's certificate; it trusts callers of these authorities.
    pub fn issue(authority: &Authority, certificate: Certificate, trusted: &[&Authority]) -> Result<Self> {
        let identity = authority.issue(certificate.dns(Self::NAME).dns("*.mesh.lab"))?;
        Ok(Self {
            files: Files::write(&identity, trusted)?,
        })
    }

    /// The files of certificate, key and roots.
    pub fn files(&self) -> &Files {
        &self.files
    }

    fn render(&self, client: ClientCertificate, alpn: &[&str]) -> Value {
        let mut validation = json!({"trusted_ca": {"filename": self.files.roots()}});
        if client == ClientCertificate::AnyWithoutVerification {
            validation["trust_chain_verification"] = "ACCEPT_UNTRUSTED".into();
        }
        let context = json!({
            "require_client_certificate": client == ClientCertificate::Required,
            "common_tls_context": {
                "alpn_protocols": alpn,
                "tls_certificates": [{
                    "certificate_chain": {"filename": self.files.certificate()},
                    "private_key": {"filename": self.files.key()},
                }],
                "validation_context": validation,
            },
        });
        let kind = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
        json!({"name": "envoy.transport_sockets.tls", "typed_config": typed(kind, context)})
    }
}

// === impl Transport ===

impl Transport {
    /// Mutual TLS: nobody is let in without a certificate.
    pub fn mutual(server: &ServerTls) -> Self {
        Self::Tls(server.clone(), ClientCertificate::Required)
    }

    /// TLS with an optional certificate.
    pub fn optional(server: &ServerTls) -> Self {
        Self::Tls(server.clone(), ClientCertificate::Optional)
    }

    pub(super) fn listener_filters(&self) -> Option<Value> {
        match self {
            Self::Plaintext | Self::Tls(..) => None,
            Self::Inspected(..) | Self::Permissive(..) => {
                let kind = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
                Some(
                    json!({"name": "envoy.filters.listener.tls_inspector", "typed_config": typed(kind, json!({}))}),
                )
            }
        }
    }

    pub(super) fn filter_chains(&self, filters: &Value, alpn: &[&str]) -> Value {
        match self {
            Self::Plaintext => json!([{"filters": filters}]),
            Self::Tls(server, client) | Self::Inspected(server, client) => {
                json!([{"filters": filters, "transport_socket": server.render(*client, alpn)}])
            }
            Self::Permissive(server, client) => json!([
                {
                    "name": "tls",
                    "filter_chain_match": {"transport_protocol": "tls"},
                    "filters": filters,
                    "transport_socket": server.render(*client, alpn),
                },
                {"name": "plaintext", "filter_chain_match": {"transport_protocol": "raw_buffer"}, "filters": filters},
            ]),
        }
    }
}
