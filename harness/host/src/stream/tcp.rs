//! A TCP connection: the module as a read and write filter, `tcp_proxy` after it, TLS before it.
//!
//! Bytes from the client go socket → TLS → module → `tcp_proxy` → upstream; bytes from the upstream go `tcp_proxy` → module
//! → TLS → socket. This file holds the buffers in between; [`Vm`](crate::Vm) drives them and calls the module.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Stream;
use super::record::{CloseReason, TcpEvent, TcpRecord};
use crate::connection::Connection;

/// When `tcp_proxy` connects to the upstream (`upstream_connect_mode`, Envoy 1.37+).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpstreamConnectMode {
    /// As soon as the connection is accepted.
    #[default]
    Immediate,
    /// When the client has sent data.
    OnDownstreamData,
    /// When the TLS handshake with the client is over; immediately on plaintext.
    OnDownstreamTlsHandshake,
}

/// The configuration of `tcp_proxy`, and how fast the upstream accepts.
#[derive(Debug, Clone)]
pub struct TcpOptions {
    /// When it connects to the upstream.
    pub connect_mode: UpstreamConnectMode,
    /// `max_early_data_bytes`: required for a mode other than [`UpstreamConnectMode::Immediate`]. If unset, nothing is read from
    /// the client, and no TLS handshake proceeds, until the upstream is connected.
    pub max_early_data_bytes: Option<u32>,
    /// `cluster`, unless the filter state `envoy.tcp_proxy.cluster` names another one. It is chosen when `tcp_proxy` is
    /// notified of the connection, after `on_new_connection` or its Pause, whenever it connects.
    pub cluster: String,
    /// The clusters that have endpoints. If the chosen cluster has none or does not exist, `tcp_proxy` does not
    /// connect, and closes the connection.
    pub clusters_with_endpoints: BTreeSet<String>,
    /// Whether the upstream accepts immediately; otherwise call
    /// [`Vm::upstream_connected`](crate::Vm::upstream_connected).
    pub connects_at_once: bool,
}

/// Envoy's defaults, and a cluster `upstream` whose endpoint accepts immediately.
impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            connect_mode: UpstreamConnectMode::Immediate,
            max_early_data_bytes: None,
            cluster: "upstream".to_owned(),
            clusters_with_endpoints: ["upstream".to_owned()].into(),
            connects_at_once: true,
        }
    }
}

/// The state of `tcp_proxy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// The module's Pause withheld its own `onNewConnection`.
    Withheld,
    /// It waits for the event of its connect mode.
    Waiting,
    Connecting,
    Connected,
    /// There is no endpoint to connect to: the connection will be closed.
    Unreachable,
}

/// The filter state in which a filter ahead of `tcp_proxy` names the cluster.
const CLUSTER: &str = "envoy.tcp_proxy.cluster";

/// A connection, as far as it has progressed.
#[derive(Debug)]
pub(crate) struct Tcp {
    pub(crate) stream: Stream,
    pub(crate) options: TcpOptions,
    pub(crate) handshake_done: bool,
    pub(crate) upstream: Upstream,
    pub(crate) client_said_all: bool,
    pub(crate) upstream_said_all: bool,
    /// From the client, not yet seen by the module because nothing is read yet.
    pub(crate) unread: Vec<u8>,
    pub(crate) unread_end: bool,
    /// From the client, held by the module.
    pub(crate) from_client: Vec<u8>,
    pub(crate) client_ended: bool,
    /// From the client, past the module, waiting for the upstream.
    pub(crate) early: Vec<u8>,
    pub(crate) early_end: bool,
    /// From the upstream, held by the module.
    pub(crate) from_upstream: Vec<u8>,
    pub(crate) upstream_ended: bool,
    /// From the upstream, past the module, waiting for the handshake.
    pub(crate) held_by_tls: Vec<u8>,
    pub(crate) held_end: bool,
    pub(crate) record: TcpRecord,
}

impl Tcp {
    pub(crate) fn new(connection: &Connection, options: TcpOptions) -> Self {
        Self {
            stream: Stream::new(connection),
            handshake_done: connection.tls.is_none(),
            options,
            upstream: Upstream::Withheld,
            client_said_all: false,
            upstream_said_all: false,
            unread: Vec::new(),
            unread_end: false,
            from_client: Vec::new(),
            client_ended: false,
            early: Vec::new(),
            early_end: false,
            from_upstream: Vec::new(),
            upstream_ended: false,
            held_by_tls: Vec::new(),
            held_end: false,
            record: TcpRecord::default(),
        }
    }

    /// Whether Envoy reads from the client. `tcp_proxy` stops reading until the upstream is connected, unless early data is
    /// allowed: then it stops when there is more than that.
    pub(crate) fn reads(&self) -> bool {
        let allowed = |max: u32| self.early.len() <= max as usize;
        self.upstream == Upstream::Connected || self.options.max_early_data_bytes.is_some_and(allowed)
    }

    /// Passes bytes that wait in the socket to the module, if possible now. Returns whether there is something for it.
    pub(crate) fn take_unread(&mut self) -> Option<(u32, bool)> {
        let waiting = !self.unread.is_empty() || self.unread_end;
        if !waiting || !self.reads() || !self.handshake_done || self.record.closed() {
            return None;
        }
        self.from_client.append(&mut self.unread);
        let end = std::mem::take(&mut self.unread_end);
        self.client_ended |= end;
        Some((u32::try_from(self.from_client.len()).unwrap_or(u32::MAX), end))
    }

    /// Whether both sides have ended their data, and all of it has arrived.
    pub(crate) fn both_ended(&self) -> bool {
        let has = |end: &TcpEvent| self.record.events.iter().any(|(_, event)| event == end);
        has(&TcpEvent::EndToClient) && has(&TcpEvent::EndToUpstream)
    }

    pub(crate) fn note(&mut self, now: Duration, event: TcpEvent) {
        self.record.events.push((now, event));
    }

    pub(crate) fn close(&mut self, now: Duration, reason: CloseReason) {
        if !self.record.closed() {
            self.note(now, TcpEvent::Closed(reason));
        }
    }

    /// Notifies `tcp_proxy` of the connection: it connects, or waits for the event of its connect mode.
    pub(crate) fn proxy_begins(&mut self, now: Duration) {
        if self.upstream != Upstream::Withheld {
            return;
        }
        self.upstream = Upstream::Waiting;
        let named = self.stream.filter_state(CLUSTER).map(String::from_utf8_lossy);
        if let Some(cluster) = named.map(std::borrow::Cow::into_owned) {
            self.options.cluster = cluster;
        }
        let dials = match self.options.connect_mode {
            UpstreamConnectMode::Immediate => true,
            UpstreamConnectMode::OnDownstreamTlsHandshake => self.handshake_done,
            UpstreamConnectMode::OnDownstreamData => !self.early.is_empty(),
        };
        if dials {
            self.dial(now);
        }
    }

    fn dial(&mut self, now: Duration) {
        if !self
            .options
            .clusters_with_endpoints
            .contains(&self.options.cluster)
        {
            self.upstream = Upstream::Unreachable;
            return;
        }
        self.upstream = Upstream::Connecting;
        self.note(now, TcpEvent::Dialled);
        if self.options.connects_at_once {
            self.connected(now);
        }
    }

    /// The upstream accepted: sends the waiting data.
    pub(crate) fn connected(&mut self, now: Duration) {
        self.upstream = Upstream::Connected;
        self.flush_early(now);
    }

    fn flush_early(&mut self, now: Duration) {
        if self.upstream != Upstream::Connected {
            return;
        }
        if !self.early.is_empty() {
            let bytes = std::mem::take(&mut self.early);
            self.note(now, TcpEvent::ToUpstream(bytes));
        }
        if std::mem::take(&mut self.early_end) {
            self.note(now, TcpEvent::EndToUpstream);
        }
    }

    /// Finishes the handshake. `tcp_proxy` is notified separately, even if its `onNewConnection` was withheld: in its
    /// TLS mode it then has no cluster to connect to. Returns whether it can proceed.
    pub(crate) fn handshake(&mut self, now: Duration) -> bool {
        self.handshake_done = true;
        self.note(now, TcpEvent::HandshakeDone);
        self.flush_tls(now);
        match (self.options.connect_mode, self.upstream) {
            (UpstreamConnectMode::OnDownstreamTlsHandshake, Upstream::Withheld) => return false,
            (UpstreamConnectMode::OnDownstreamTlsHandshake, Upstream::Waiting) => self.dial(now),
            (_, _) => {}
        }
        true
    }

    /// Passes the data that the module let through from the client to `tcp_proxy`.
    pub(crate) fn pass_client_data(&mut self, now: Duration) {
        self.early.append(&mut self.from_client);
        self.early_end |= self.client_ended;
        self.client_ended = false;
        self.proxy_begins(now);
        let waits_for_data = self.options.connect_mode == UpstreamConnectMode::OnDownstreamData;
        if waits_for_data && self.upstream == Upstream::Waiting && !self.early.is_empty() {
            self.dial(now);
        }
        self.flush_early(now);
    }

    /// Passes the data that the module let through from the upstream to TLS.
    pub(crate) fn pass_upstream_data(&mut self, now: Duration) {
        self.held_by_tls.append(&mut self.from_upstream);
        self.held_end |= std::mem::take(&mut self.upstream_ended);
        self.flush_tls(now);
    }

    fn flush_tls(&mut self, now: Duration) {
        if !self.handshake_done || self.record.closed() {
            return;
        }
        if !self.held_by_tls.is_empty() {
            let bytes = std::mem::take(&mut self.held_by_tls);
            self.note(now, TcpEvent::ToClient(bytes));
        }
        if std::mem::take(&mut self.held_end) {
            self.note(now, TcpEvent::EndToClient);
        }
    }
}
