//! The filter chains of a port: they accept what its mutual TLS mode allows, and nothing else.

use peerwarden_engine::resource::MtlsMode;
use serde::Serialize;

use crate::description::PortProtocol;

/// A filter chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Chain {
    pub(super) name: &'static str,
    /// Which clients it is for, for people.
    pub(super) says: &'static str,
    /// Which connections it is for; all, if `None`.
    #[serde(rename = "match")]
    pub(super) matches: Option<FilterChainMatch>,
    /// Whether Envoy is the TLS server here, and requires a certificate.
    pub(super) mutual_tls: bool,
}

/// The match of a filter chain, on what the `tls_inspector` sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FilterChainMatch {
    transport_protocol: Option<&'static str>,
    application_protocols: Option<&'static [&'static str]>,
}

/// The protocols with which a mesh's client marks its own TLS, to distinguish it from that of the application inside
/// (<https://github.com/istio/istio/blob/master/pilot/pkg/networking/util/util.go>, `ALPNInMesh…`).
const MESH: &[&str] = &[
    "istio",
    "istio-peer-exchange",
    "istio-http/1.0",
    "istio-http/1.1",
    "istio-h2",
];

/// The filter chains of a port.
pub(super) fn all(mode: MtlsMode, protocol: PortProtocol) -> Vec<Chain> {
    let passes_tls_on = protocol == PortProtocol::Tls;
    match mode {
        MtlsMode::Strict => vec![Chain::mutual(None)],
        // What the inspector does not recognise as TLS has no server name, and the application may still accept it.
        MtlsMode::Disable if passes_tls_on => vec![Chain::passed_through()],
        MtlsMode::Disable => vec![Chain {
            name: "plaintext",
            says: "Plaintext or the application's own TLS: mutual TLS is off.",
            matches: None,
            mutual_tls: false,
        }],
        MtlsMode::Permissive | MtlsMode::Unset if passes_tls_on => {
            vec![Chain::mutual(Some(MESH)), Chain::passed_through()]
        }
        MtlsMode::Permissive | MtlsMode::Unset => vec![
            Chain::mutual(None),
            Chain::plain("plaintext", "raw_buffer", "Plaintext, which PERMISSIVE accepts."),
        ],
    }
}

impl Chain {
    fn mutual(application_protocols: Option<&'static [&'static str]>) -> Self {
        Self {
            name: "mutual-tls",
            says: "Mutual TLS.",
            matches: Some(FilterChainMatch {
                transport_protocol: Some("tls"),
                application_protocols,
            }),
            mutual_tls: true,
        }
    }

    fn passed_through() -> Self {
        Self::plain(
            "application-tls",
            "tls",
            "The application's own TLS, passed through.",
        )
    }

    fn plain(name: &'static str, transport_protocol: &'static str, says: &'static str) -> Self {
        Self {
            name,
            says,
            matches: Some(FilterChainMatch {
                transport_protocol: Some(transport_protocol),
                application_protocols: None,
            }),
            mutual_tls: false,
        }
    }
}
