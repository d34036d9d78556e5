//! TCP connections: the module between TLS and `tcp_proxy`.

use super::{PluginId, StreamError, TcpConnectionId, Vm};
use crate::connection::Connection;
use crate::options::EnvoyVersion;
use crate::stream::Kind;
use crate::stream::record::CloseReason;
use crate::stream::tcp::{Tcp, TcpOptions, Upstream, UpstreamConnectMode};

/// `Action::Pause`, here `StopIteration`.
const PAUSE: u32 = 1;

/// Who closed a connection, as the module is told.
const LOCAL: u32 = 1;
const REMOTE: u32 = 2;

impl Vm {
    /// Accepts a connection: the filters are created and `on_new_connection` runs, before any TLS handshake.
    ///
    /// # Errors
    /// That there is no such plugin, or that Envoy would refuse the configuration of `tcp_proxy`.
    pub fn tcp_connection(
        &mut self,
        plugin: PluginId,
        connection: &Connection,
        options: TcpOptions,
    ) -> Result<TcpConnectionId, StreamError> {
        self.reload_if_due();
        let root = self.root(plugin)?;
        let immediate = options.connect_mode == UpstreamConnectMode::Immediate;
        if !immediate && self.state().options.version < EnvoyVersion::V1_37 {
            return Err(StreamError::OutOfOrder("this Envoy has no `upstream_connect_mode`: it came with 1.37"));
        }
        if !immediate && options.max_early_data_bytes.is_none() {
            return Err(StreamError::NoEarlyData);
        }
        let mut tcp = Tcp::new(connection, options);
        tcp.bypassed = self.failed.is_some() && self.fails_open();
        let id = self.new_context(plugin.0, Kind::Tcp(Box::new(tcp)));
        self.call_connection("proxy_on_context_create", id, &[root]);
        let action = self.call_connection("proxy_on_new_connection", id, &[]);
        if action != Some(PAUSE) {
            let now = self.state().now;
            self.tcp(id)?.proxy_begins(now);
        }
        self.settle(id)?;
        Ok(TcpConnectionId(id))
    }

    /// The upstream accepted, where it does not do so at once.
    ///
    /// # Errors
    /// That it was not dialled.
    pub fn upstream_connected(&mut self, connection: TcpConnectionId) -> Result<(), StreamError> {
        let now = self.state().now;
        let tcp = self.open(connection)?;
        if tcp.upstream != Upstream::Connecting {
            return Err(StreamError::OutOfOrder("the upstream was not dialled, or is connected"));
        }
        tcp.connected(now);
        self.settle(connection.0)
    }

    /// The client's handshake. It goes on only while Envoy reads from the client: answers whether it is over now.
    ///
    /// # Errors
    /// That the connection is plaintext, closed, or past its handshake.
    pub fn handshake_done(&mut self, connection: TcpConnectionId) -> Result<bool, StreamError> {
        let now = self.state().now;
        let tcp = self.open(connection)?;
        if tcp.handshake_done {
            return Err(StreamError::OutOfOrder("there is no handshake to finish"));
        }
        if !tcp.reads() {
            return Ok(false);
        }
        tcp.handshake(now);
        self.settle(connection.0)?;
        Ok(true)
    }

    /// Bytes of the client, decrypted. Envoy may not read them yet; then they wait.
    ///
    /// # Errors
    /// That the handshake is not over, or the connection closed.
    pub fn downstream_data(
        &mut self,
        connection: TcpConnectionId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<(), StreamError> {
        let tcp = self.open(connection)?;
        if !tcp.handshake_done {
            return Err(StreamError::OutOfOrder("the client cannot send data before its handshake is over"));
        }
        tcp.unread.extend(bytes);
        tcp.unread_end |= end_of_stream;
        self.read(connection.0)?;
        self.settle(connection.0)
    }

    /// Bytes of the upstream. Before the client's handshake is over they pass the module, and wait in TLS.
    ///
    /// # Errors
    /// That the upstream is not connected, or the connection closed.
    pub fn upstream_data(
        &mut self,
        connection: TcpConnectionId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<(), StreamError> {
        let tcp = self.open(connection)?;
        if tcp.upstream != Upstream::Connected {
            return Err(StreamError::OutOfOrder("the upstream cannot send data before it is connected"));
        }
        tcp.from_upstream.extend(bytes);
        tcp.upstream_ended |= end_of_stream;
        let size = u32::try_from(tcp.from_upstream.len()).unwrap_or(u32::MAX);
        let action = self.call_connection("proxy_on_upstream_data", connection.0, &[size, u32::from(end_of_stream)]);
        let (now, failed) = (self.state().now, self.failed.is_some());
        let tcp = self.tcp(connection.0)?;
        let passes = action != Some(PAUSE) && (!failed || tcp.bypassed);
        let closing = tcp.close_asked;
        if passes && !closing {
            tcp.pass_upstream_data(now);
        }
        if action == Some(PAUSE) && !closing {
            let callback = "proxy_on_upstream_data";
            self.state_mut().violate(callback, "upstream data that is paused can never go on");
        }
        if end_of_stream && !closing {
            self.call_connection("proxy_on_upstream_connection_close", connection.0, &[0]);
        }
        self.settle(connection.0)
    }

    /// The client closes the connection.
    ///
    /// # Errors
    /// That it is closed.
    pub fn downstream_close(&mut self, connection: TcpConnectionId) -> Result<(), StreamError> {
        let now = self.state().now;
        self.open(connection)?.close(now, CloseReason::Client);
        self.call_connection("proxy_on_downstream_connection_close", connection.0, &[REMOTE]);
        Ok(())
    }

    /// The upstream closes the connection, and Envoy the one with the client.
    ///
    /// # Errors
    /// That it is closed.
    pub fn upstream_close(&mut self, connection: TcpConnectionId) -> Result<(), StreamError> {
        let now = self.state().now;
        self.open(connection)?.close(now, CloseReason::Upstream);
        self.call_connection("proxy_on_upstream_connection_close", connection.0, &[REMOTE]);
        self.call_connection("proxy_on_downstream_connection_close", connection.0, &[LOCAL]);
        Ok(())
    }

    pub(super) fn tcp(&mut self, id: u32) -> Result<&mut Tcp, StreamError> {
        let context = self.state_mut().contexts.get_mut(&id).ok_or(StreamError::NoStream)?;
        context.tcp_mut().ok_or(StreamError::NoStream)
    }

    fn open(&mut self, connection: TcpConnectionId) -> Result<&mut Tcp, StreamError> {
        let tcp = self.tcp(connection.0)?;
        if tcp.record.closed() { Err(StreamError::Closed) } else { Ok(tcp) }
    }

    /// Calls the module unless the connection passes it by.
    fn call_connection(&mut self, callback: &'static str, id: u32, arguments: &[u32]) -> Option<u32> {
        let bypassed = self.context(id).and_then(|context| context.tcp()).is_some_and(|tcp| tcp.bypassed);
        if bypassed { None } else { self.call(callback, id, arguments) }
    }

    /// What waits in the socket goes to the module, if Envoy reads now.
    fn read(&mut self, id: u32) -> Result<(), StreamError> {
        let tcp = self.tcp(id)?;
        let waiting = !tcp.unread.is_empty() || tcp.unread_end;
        if !waiting || !tcp.reads() || !tcp.handshake_done || tcp.record.closed() {
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut tcp.unread);
        tcp.from_client.append(&mut bytes);
        let end = std::mem::take(&mut tcp.unread_end);
        tcp.client_ended |= end;
        let size = u32::try_from(tcp.from_client.len()).unwrap_or(u32::MAX);
        let action = self.call_connection("proxy_on_downstream_data", id, &[size, u32::from(end)]);
        let (now, failed) = (self.state().now, self.failed.is_some());
        let tcp = self.tcp(id)?;
        let passes = action != Some(PAUSE) && (!failed || tcp.bypassed);
        if passes && !tcp.close_asked {
            tcp.pass_client_data(now);
        }
        Ok(())
    }

    /// Carries out what the module asked for, and what follows from it, until nothing is left to do.
    pub(super) fn settle(&mut self, id: u32) -> Result<(), StreamError> {
        let (now, failed) = (self.state().now, self.failed.is_some());
        let tcp = self.tcp(id)?;
        if failed && !tcp.bypassed {
            tcp.close(now, CloseReason::ModuleFailed);
        }
        if std::mem::take(&mut tcp.close_asked) && !tcp.record.closed() {
            tcp.close(now, CloseReason::Module);
            self.call_connection("proxy_on_downstream_connection_close", id, &[LOCAL]);
        }
        let tcp = self.tcp(id)?;
        if std::mem::take(&mut tcp.resume_asked) && !tcp.record.closed() {
            tcp.proxy_begins(now);
            tcp.pass_client_data(now);
        }
        // A connected upstream lets Envoy read what the client sent meanwhile.
        self.read(id)?;
        let tcp = self.tcp(id)?;
        if tcp.close_asked || tcp.resume_asked { self.settle(id) } else { Ok(()) }
    }
}
