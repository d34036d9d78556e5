//! A VM: one instance of a module, as on one worker thread of Envoy.

mod callback;
mod calls;
mod clock;
mod configure;
mod deferred;
mod failure;
mod http;
mod tcp;

use std::collections::HashMap;
use std::time::Duration;

use wasmtime::{Func, Memory, Store};

use crate::accounting::{CallbackRecord, Violation};
use crate::metric_value::MetricValue;
use crate::module::Module;
use crate::options::{LogLine, VmOptions};
use crate::state::State;
use crate::stream::record::{CloseReason, TcpRecord};
use crate::stream::{Context, Presence};

pub use configure::{ConfigureError, Refusal};

/// One instance of a module with its plugins and streams.
///
/// Streams are identified by ids, so any number can be open at once. A VM is used by one thread at a time.
pub struct Vm {
    module: Module,
    store: Store<State>,
    functions: HashMap<String, Func>,
    memory: Option<Memory>,
    /// Why the module cannot be called any more.
    failed: Option<String>,
    /// Whether a configuration failed on this worker alone.
    base_failed: bool,
    /// When this instance was created.
    last_load: Duration,
    accounting: Vec<CallbackRecord>,
}

/// A configured plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PluginId(pub(crate) usize);

/// An HTTP stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HttpStreamId(pub(crate) u32);

/// A TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpConnectionId(pub(crate) u32);

/// A stream of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamId(pub(crate) u32);

impl From<HttpStreamId> for StreamId {
    fn from(id: HttpStreamId) -> Self {
        Self(id.0)
    }
}

impl From<TcpConnectionId> for StreamId {
    fn from(id: TcpConnectionId) -> Self {
        Self(id.0)
    }
}

/// Why a VM does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VmError {
    /// It cannot be instantiated, or traps during initialisation.
    #[error("the module does not initialise: {0}")]
    Initialize(String),
}

/// A request of a test that cannot be fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// There is no such plugin.
    #[error("there is no such plugin, or it was retired")]
    NoPlugin,
    /// There is no such stream.
    #[error("there is no such stream, or it was closed")]
    NoStream,
    /// There is no such call.
    #[error("there is no call {0} under way")]
    NoCall(u32),
    /// Envoy refuses such a configuration of `tcp_proxy`.
    #[error("`max_early_data_bytes` must be set for an `upstream_connect_mode` other than IMMEDIATE")]
    NoEarlyData,
    /// Bytes arrived too early.
    #[error("{0}")]
    OutOfOrder(&'static str),
    /// The connection is already closed.
    #[error("the connection is closed")]
    Closed,
}

impl Vm {
    /// Creates a VM and initialises the module; plugins are added with [`Vm::configure`].
    ///
    /// # Errors
    /// If the module traps.
    pub fn new(module: &Module, options: VmOptions) -> Result<Self, VmError> {
        Self::at(module, options, Duration::ZERO)
    }

    /// As [`Vm::new`], but starting at another time.
    fn at(module: &Module, options: VmOptions, now: Duration) -> Result<Self, VmError> {
        let mut vm = Self {
            module: module.clone(),
            store: Store::new(&module.engine, State::new(options)),
            functions: HashMap::new(),
            memory: None,
            failed: None,
            base_failed: false,
            last_load: now,
            accounting: Vec::new(),
        };
        vm.state_mut().now = now;
        vm.initialize().map_err(VmError::Initialize)?;
        Ok(vm)
    }

    /// Everything logged so far.
    pub fn logs(&self) -> &[LogLine] {
        &self.state().logs
    }

    /// Returns everything logged so far, and clears it.
    pub fn take_logs(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.state_mut().logs)
    }

    /// The violations of the ABI so far.
    pub fn violations(&self) -> &[Violation] {
        &self.state().violations
    }

    /// Returns the violations of the ABI so far, and clears them.
    pub fn take_violations(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.state_mut().violations)
    }

    /// The cost of each callback so far, if [`VmOptions::accounting`] is on.
    pub fn accounting(&self) -> &[CallbackRecord] {
        &self.accounting
    }

    /// Returns the cost of each callback so far, and clears it.
    pub fn take_accounting(&mut self) -> Vec<CallbackRecord> {
        std::mem::take(&mut self.accounting)
    }

    /// A metric by its name, without Envoy's `wasmcustom.`: the value over all VMs that share it, including this one's trials.
    pub fn metric(&self, name: &str) -> Option<MetricValue> {
        self.state().options.shared.metric(name)
    }

    /// Why the module cannot be called any more, if it trapped.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// The size of the module's memory in bytes.
    pub fn memory_size(&self) -> usize {
        match self.memory {
            Some(memory) => memory.data_size(&self.store),
            None => 0,
        }
    }

    /// Calls an exported function without parameters and returns its `i32`, such as a count that the module keeps; `None` if there
    /// is no such function, or it traps. It is not a callback, so it is not accounted for.
    pub fn exported_number(&mut self, export: &str) -> Option<u32> {
        let function = *self.functions.get(export)?;
        let function = function.typed::<(), u32>(&self.store).ok()?;
        self.store.set_fuel(self.state().options.fuel).ok()?;
        function.call(&mut self.store, ()).ok()
    }

    /// Filter state of a stream; keys that the module set itself are named `wasm.NAME`.
    pub fn filter_state(&self, stream: impl Into<StreamId>, key: &str) -> Option<&[u8]> {
        let stream = self.state().contexts.get(&stream.into().0)?.stream()?;
        stream.filter_state(key)
    }

    /// The events on a connection.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn record(&self, connection: TcpConnectionId) -> Result<&TcpRecord, StreamError> {
        let context = self.state().contexts.get(&connection.0).and_then(Context::tcp);
        context.map(|tcp| &tcp.record).ok_or(StreamError::NoStream)
    }

    /// Ends a stream and forgets it. For a request, Envoy calls `on_log`, `on_done`, `on_delete`; for a connection that is still
    /// open, as if the client closed it, `on_downstream_close`, `on_done`, `on_log`, `on_delete`.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn close(&mut self, stream: impl Into<StreamId>) -> Result<(), StreamError> {
        let id = stream.into().0;
        let context = self
            .state()
            .contexts
            .get(&id)
            .filter(|context| context.stream().is_some());
        let context = context.ok_or(StreamError::NoStream)?;
        let plugin = context.plugin;
        if context.tcp().is_some() {
            self.close_connection(id, CloseReason::Client, tcp::REMOTE);
        } else {
            if self.presence(id) == Presence::Unknown {
                // Another filter answered before this one: Envoy creates the context for the log.
                self.create(id);
            }
            if self.presence(id) == Presence::Created {
                self.call("proxy_on_log", id, &[]);
                self.call("proxy_on_done", id, &[]);
                self.call("proxy_on_delete", id, &[]);
            }
        }
        self.state_mut().contexts.remove(&id);
        self.shut_down_if_unused(plugin);
        Ok(())
    }

    fn state(&self) -> &State {
        self.store.data()
    }

    fn state_mut(&mut self) -> &mut State {
        self.store.data_mut()
    }
}

impl std::fmt::Debug for Vm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vm")
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
