//! Where a configuration says that attributes are found.

use peerwarden_engine::{Config, JwtMetadata, OnChange, Paths, Program, WorkloadKind};

/// Where a configuration says that attributes are found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    pub(super) peer: PeerSource,
    pub(super) jwt: JwtMetadata,
    /// Which paths are established.
    pub(super) paths: Paths,
    /// What becomes of a peer whose certificate has expired since its handshake: with `close` it is known no more.
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

/// How a request's pseudo-headers are asked for. A call for all headers costs what one for a single header does, and a little for each
/// that comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum HeaderSource {
    /// Each by itself: the rules hang on one at most.
    #[default]
    Each,
    /// All at once.
    All,
}

/// Where the peer is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum PeerSource {
    /// The certificate of this connection's handshake.
    #[default]
    Certificate,
    /// The tunnel that the connection came by, whose end is a listener before this one.
    Tunnel,
}
