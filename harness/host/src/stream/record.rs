//! The events on a connection, in order.

use std::time::Duration;

/// An event that can be observed from outside of Envoy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TcpEvent {
    /// The TLS handshake with the client is over.
    HandshakeDone,
    /// `tcp_proxy` started to connect to the upstream.
    Dialled,
    /// These bytes reached the client.
    ToClient(Vec<u8>),
    /// These bytes reached the upstream.
    ToUpstream(Vec<u8>),
    /// The client's end of its data reached the upstream.
    EndToUpstream,
    /// The upstream's end of its data reached the client.
    EndToClient,
    /// The connection was closed.
    Closed(CloseReason),
}

/// Who closed a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The module.
    Module,
    /// Envoy, because the module had failed.
    ModuleFailed,
    /// Envoy, because `tcp_proxy` had no cluster yet: Pause in `on_new_connection` does not work with
    /// `ON_DOWNSTREAM_TLS_HANDSHAKE`.
    NoCluster,
    /// Envoy, because the cluster of `tcp_proxy` has no endpoint.
    NoEndpoint,
    /// The client.
    Client,
    /// The upstream.
    Upstream,
    /// Nobody in particular: both sides had ended their data.
    BothEnded,
}

/// The record of a connection: each event with its virtual time since the VM was created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TcpRecord {
    /// The events, in order.
    pub events: Vec<(Duration, TcpEvent)>,
}

impl TcpRecord {
    /// All bytes that reached the client.
    pub fn to_client(&self) -> Vec<u8> {
        self.all(|event| {
            if let TcpEvent::ToClient(bytes) = event {
                Some(bytes)
            } else {
                None
            }
        })
    }

    /// All bytes that reached the upstream.
    pub fn to_upstream(&self) -> Vec<u8> {
        self.all(|event| {
            if let TcpEvent::ToUpstream(bytes) = event {
                Some(bytes)
            } else {
                None
            }
        })
    }

    fn all(&self, select: impl Fn(&TcpEvent) -> Option<&Vec<u8>>) -> Vec<u8> {
        self.events
            .iter()
            .filter_map(|(_, event)| select(event))
            .flatten()
            .copied()
            .collect()
    }

    /// Whether the upstream was connected to.
    pub fn dialled(&self) -> bool {
        self.events.iter().any(|(_, event)| *event == TcpEvent::Dialled)
    }

    /// Who closed the connection; `None` if it is open.
    pub fn closed_by(&self) -> Option<CloseReason> {
        let mut events = self.events.iter();
        events.find_map(|(_, event)| {
            if let TcpEvent::Closed(reason) = event {
                Some(*reason)
            } else {
                None
            }
        })
    }

    /// Whether the connection was closed.
    pub fn closed(&self) -> bool {
        self.closed_by().is_some()
    }
}
