//! TCP connections: the module between TLS and `tcp_proxy`.

use super::callback::CallbackResult;
use super::{PluginId, StreamError, TcpConnectionId, Vm};
use crate::connection::Connection;
use crate::options::EnvoyVersion;
use crate::stream::record::CloseReason;
use crate::stream::tcp::{Tcp, TcpOptions, Upstream, UpstreamConnectMode};
use crate::stream::{ContextKind, Presence};

/// Who closed a connection, in the ABI's numbers.
const UNKNOWN: u32 = 0;
pub(super) const LOCAL: u32 = 1;
pub(super) const REMOTE: u32 = 2;

impl Vm {
    /// Accepts a connection: the filters are created and `on_new_connection` runs, before any TLS handshake.
    ///
    /// # Errors
    /// If there is no such plugin, or if Envoy would refuse the configuration of `tcp_proxy`.
    pub fn tcp_connection(
        &mut self,
        plugin: PluginId,
        connection: &Connection,
        options: TcpOptions,
    ) -> Result<TcpConnectionId, StreamError> {
        self.reload_if_due(plugin);
        self.root(plugin)?;
        let immediate = options.connect_mode == UpstreamConnectMode::Immediate;
        let early = options.max_early_data_bytes.is_some();
        if (!immediate || early) && self.state().options.version < EnvoyVersion::V1_37 {
            let message = "this Envoy has neither `upstream_connect_mode` nor `max_early_data_bytes`: they came with 1.37";
            return Err(StreamError::OutOfOrder(message));
        }
        if !immediate && !early {
            return Err(StreamError::NoEarlyData);
        }
        let id = self.new_context(
            plugin.0,
            ContextKind::Tcp(Box::new(Tcp::new(connection, options))),
        );
        self.admit(plugin, id);
        self.create(id);
        if self.ask("proxy_on_new_connection", id, &[]) {
            let now = self.state().now;
            self.tcp(id)?.proxy_begins(now);
            self.close_if_unreachable(id);
        }
        self.read(id);
        Ok(TcpConnectionId(id))
    }

    /// The upstream accepted, if it does not do so immediately.
    ///
    /// # Errors
    ///
    /// If there was no attempt to connect.
    pub fn upstream_connected(&mut self, connection: TcpConnectionId) -> Result<(), StreamError> {
        let now = self.state().now;
        let tcp = self.open(connection)?;
        if tcp.upstream != Upstream::Connecting {
            return Err(StreamError::OutOfOrder(
                "the upstream was not dialled, or is connected",
            ));
        }
        tcp.connected(now);
        self.read(connection.0);
        Ok(())
    }

    /// Makes the client's handshake, which proceeds only while Envoy reads from the client. Returns whether it is over.
    ///
    /// # Errors
    /// If the connection is plaintext, closed, or past its handshake.
    pub fn handshake_done(&mut self, connection: TcpConnectionId) -> Result<bool, StreamError> {
        let now = self.state().now;
        let tcp = self.open(connection)?;
        if tcp.handshake_done {
            return Err(StreamError::OutOfOrder("there is no handshake to finish"));
        }
        if !tcp.reads() {
            return Ok(false);
        }
        if tcp.handshake(now) {
            self.close_if_unreachable(connection.0);
            self.read(connection.0);
        } else {
            self.close_connection(connection.0, CloseReason::NoCluster, LOCAL);
        }
        self.close_if_both_ended(connection.0);
        Ok(true)
    }

    /// Delivers decrypted bytes of the client. They wait while Envoy does not read.
    ///
    /// # Errors
    /// If the handshake is not over, or the connection is closed.
    pub fn downstream_data(
        &mut self,
        connection: TcpConnectionId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<(), StreamError> {
        let tcp = self.open(connection)?;
        if !tcp.handshake_done {
            return Err(StreamError::OutOfOrder(
                "the client cannot send data before its handshake is over",
            ));
        }
        if tcp.client_said_all {
            return Err(StreamError::OutOfOrder("the client has ended its data"));
        }
        tcp.client_said_all = end_of_stream;
        tcp.unread.extend(bytes);
        tcp.unread_end |= end_of_stream;
        self.read(connection.0);
        Ok(())
    }

    /// Delivers bytes of the upstream. Before the client's handshake is over they pass the module and wait in TLS.
    ///
    /// # Errors
    /// If the upstream is not connected, or the connection is closed.
    pub fn upstream_data(
        &mut self,
        connection: TcpConnectionId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<(), StreamError> {
        const CALLBACK: &str = "proxy_on_upstream_data";
        let id = connection.0;
        let tcp = self.open(connection)?;
        if tcp.upstream != Upstream::Connected {
            return Err(StreamError::OutOfOrder(
                "the upstream cannot send data before it is connected",
            ));
        }
        if tcp.upstream_said_all {
            return Err(StreamError::OutOfOrder("the upstream has ended its data"));
        }
        tcp.upstream_said_all = end_of_stream;
        tcp.from_upstream.extend(bytes);
        tcp.upstream_ended |= end_of_stream;
        let size = u32::try_from(tcp.from_upstream.len()).unwrap_or(u32::MAX);
        let passes = self.ask(CALLBACK, id, &[size, u32::from(end_of_stream)]);
        let now = self.state().now;
        let tcp = self.tcp(id)?;
        if passes {
            tcp.pass_upstream_data(now);
        }
        if end_of_stream && matches!(self.presence(id), Presence::Created | Presence::Deleted) {
            // Envoy does so even after the module has closed the connection, and its context was deleted.
            self.call("proxy_on_upstream_connection_close", id, &[UNKNOWN]);
        }
        // Only closing is possible with Pause here, in this callback or in the one about the end.
        if !passes && !self.tcp(id).is_ok_and(|tcp| tcp.record.closed()) {
            self.state_mut()
                .violate(CALLBACK, "upstream data that is paused can never go on");
        }
        self.close_if_both_ended(id);
        Ok(())
    }

    /// The client closes the connection.
    ///
    /// # Errors
    /// If it is already closed.
    pub fn downstream_close(&mut self, connection: TcpConnectionId) -> Result<(), StreamError> {
        self.open(connection)?;
        self.close_connection(connection.0, CloseReason::Client, REMOTE);
        Ok(())
    }

    /// The upstream closes its connection, and Envoy the one with the client. The module is notified only of the
    /// latter.
    ///
    /// # Errors
    ///
    /// If it is already closed.
    pub fn upstream_close(&mut self, connection: TcpConnectionId) -> Result<(), StreamError> {
        self.open(connection)?;
        self.close_connection(connection.0, CloseReason::Upstream, LOCAL);
        Ok(())
    }

    /// The state of a connection, also when it is closed.
    fn tcp(&mut self, id: u32) -> Result<&mut Tcp, StreamError> {
        let context = self
            .state_mut()
            .contexts
            .get_mut(&id)
            .ok_or(StreamError::NoStream)?;
        context.tcp_mut().ok_or(StreamError::NoStream)
    }

    fn open(&mut self, connection: TcpConnectionId) -> Result<&mut Tcp, StreamError> {
        let tcp = self.tcp(connection.0)?;
        if tcp.record.closed() {
            Err(StreamError::Closed)
        } else {
            Ok(tcp)
        }
    }

    /// Runs one callback; returns whether the connection continues.
    fn ask(&mut self, callback: &'static str, id: u32, arguments: &[u32]) -> bool {
        let returned = match self.presence(id) {
            Presence::Created => self.call(callback, id, arguments),
            Presence::Orphaned => CallbackResult::Failed,
            Presence::Unknown | Presence::Deleted | Presence::Bypassed => CallbackResult::Skipped,
        };
        let goes_on = match returned {
            CallbackResult::Skipped => true,
            CallbackResult::With { result, .. } => result == 0,
            CallbackResult::Failed if self.fails_open() => true,
            CallbackResult::Failed => {
                self.close_connection(id, CloseReason::ModuleFailed, LOCAL);
                false
            }
        };
        goes_on && self.tcp(id).is_ok_and(|tcp| !tcp.record.closed())
    }

    /// Passes bytes that wait in the socket to the module, if Envoy reads now.
    fn read(&mut self, id: u32) {
        let Some((size, end)) = self.tcp(id).ok().and_then(Tcp::take_unread) else {
            return;
        };
        if self.ask("proxy_on_downstream_data", id, &[size, u32::from(end)]) {
            self.pass_client_data(id);
        }
    }

    /// Lets the filters after the module continue.
    pub(super) fn continue_reading(&mut self, id: u32) {
        if self.tcp(id).is_ok_and(|tcp| !tcp.record.closed()) {
            self.pass_client_data(id);
            // Once the upstream is connected, Envoy reads what the client sent meanwhile.
            self.read(id);
        }
    }

    fn pass_client_data(&mut self, id: u32) {
        let now = self.state().now;
        if let Ok(tcp) = self.tcp(id) {
            tcp.pass_client_data(now);
        }
        self.close_if_unreachable(id);
        self.close_if_both_ended(id);
    }

    fn close_if_unreachable(&mut self, id: u32) {
        if self
            .tcp(id)
            .is_ok_and(|tcp| tcp.upstream == Upstream::Unreachable)
        {
            self.close_connection(id, CloseReason::NoEndpoint, LOCAL);
        }
    }

    fn close_if_both_ended(&mut self, id: u32) {
        let Ok(tcp) = self.tcp(id) else { return };
        if tcp.both_ended() && !tcp.record.closed() {
            self.close_connection(id, CloseReason::BothEnded, REMOTE);
        }
    }

    /// Closes a connection, only once; the module is notified, and its context ends.
    pub(super) fn close_connection(&mut self, id: u32, reason: CloseReason, by: u32) {
        let now = self.state().now;
        let Ok(tcp) = self.tcp(id) else { return };
        if tcp.record.closed() {
            return;
        }
        tcp.close(now, reason);
        if tcp.stream.module == Presence::Created {
            self.call("proxy_on_downstream_connection_close", id, &[by]);
            self.call("proxy_on_done", id, &[]);
            self.call("proxy_on_log", id, &[]);
            self.call("proxy_on_delete", id, &[]);
            self.mark(id, Presence::Deleted);
        }
    }
}
