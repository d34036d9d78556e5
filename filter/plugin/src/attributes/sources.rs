//! The sources of attributes, by configuration.

use peerwarden_engine::{Config, JwtMetadata, OnChange, Paths, Program, WorkloadKind};

/// The sources of attributes, by configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    pub(super) peer: PeerSource,
    pub(super) jwt: JwtMetadata,
    /// How paths are established.
    pub(super) paths: Paths,
    /// What happens to a peer whose certificate has expired since its handshake: with `close` it is no longer known.
    pub(super) on_expiry: OnChange,
    pub(super) headers: HeaderSource,
}

impl Sources {
    pub(crate) fn of(config: &Config, program: &Program) -> Self {
        Self {
            peer: match config.workload.as_ref().map(|workload| workload.kind) {
                Some(WorkloadKind::Waypoint) => PeerSource::Tunnel,
                Some(WorkloadKind::Sidecar | WorkloadKind::Gateway) | None => PeerSource::Certificate,
            },
            jwt: config.jwt.clone(),
            paths: config.paths,
            on_expiry: config.open_connections.on_expiry,
            headers: match program.headers_asked_for() {
                0 | 1 => HeaderSource::Each,
                _ => HeaderSource::All,
            },
        }
    }
}

/// How a request's pseudo-headers are read. A call for all headers costs as much as one for a single header, plus a
/// little for each header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum HeaderSource {
    /// Each separately: the rules depend on at most one.
    #[default]
    Each,
    /// All together.
    All,
}

/// The source of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum PeerSource {
    /// The certificate of this connection's handshake.
    #[default]
    Certificate,
    /// The tunnel of the connection, which ends in a listener before this one.
    Tunnel,
}
