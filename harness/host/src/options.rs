//! The options of a VM and of a plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::shared::SharedState;

/// The version of Envoy to simulate: later ones have more attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum EnvoyVersion {
    /// 1.36
    V1_36,
    /// 1.37: `upstream_connect_mode` of `tcp_proxy`.
    V1_37,
    /// 1.38: the attribute `connection.peer_certificate`.
    V1_38,
    /// 1.39: the attribute `connection.peer_certificate_valid`.
    V1_39,
    /// 1.40
    #[default]
    V1_40,
}

/// What happens to streams when the module traps
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/wasm/v3/wasm.proto>, `failure_policy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailurePolicy {
    /// Requests get 503, connections are closed; Envoy's default.
    #[default]
    FailClosed,
    /// Streams pass without the filter.
    FailOpen,
    /// A new VM is created for the next stream, at most once in this period; in between, streams are closed.
    FailReload {
        /// `reload_config.backoff.base_interval`; Envoy's default is a second.
        backoff: Duration,
    },
}

/// A fault to inject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The host function, such as `proxy_get_property`.
    pub function: String,
    /// Which of its calls, counted from 1; `None` for each.
    pub nth: Option<u32>,
    /// The effect.
    pub effect: FaultEffect,
}

/// What happens instead of the right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultEffect {
    /// The call answers with this status, which need not be one of the ABI, and does nothing.
    Status(u32),
    /// The call returns these bytes instead of its own.
    Bytes(Vec<u8>),
    /// The module's allocator has no memory for what the call returns.
    NoMemory,
}

/// The options of a VM.
#[derive(Debug, Clone)]
pub struct VmOptions {
    /// The version of Envoy to simulate.
    pub version: EnvoyVersion,
    /// `vm_config.vm_id`.
    pub vm_id: String,
    /// `vm_config.configuration`.
    pub configuration: Vec<u8>,
    /// `vm_config.environment_variables`.
    pub environment: BTreeMap<String, String>,
    /// `node.metadata` of Envoy's bootstrap.
    pub node_metadata: Map<String, Value>,
    /// The clusters that calls may go to.
    pub clusters: BTreeSet<String>,
    /// Clusters that exist but have no host, so that a call fails at once.
    pub clusters_without_hosts: BTreeSet<String>,
    /// What happens to streams when the module traps.
    pub failure_policy: FailurePolicy,
    /// The state that the VMs of one process share: give the same one to each worker. Trials on the main thread use it too.
    pub shared: SharedState,
    /// Units of fuel for one callback, about one for each Wasm instruction; beyond that it traps.
    pub fuel: u64,
    /// Bytes of memory that a VM of the module may have, on the worker and in a trial: `memory.grow` fails beyond that. V8 in Envoy
    /// stops at 1 GiB.
    pub memory: usize,
    /// Whether to record each callback in [`Vm::accounting`](crate::Vm::accounting).
    pub accounting: bool,
    /// The log level that the module receives; everything is recorded regardless.
    pub log_level: LogLevel,
    /// The callbacks and host functions named in `capability_restriction_config.allowed_capabilities`; an empty set allows
    /// everything. A callback that is not allowed is silently skipped, so that what it would have stopped passes. A host function
    /// that is not allowed answers `InternalFailure`, one of WASI 76.
    pub allowed: BTreeSet<String>,
    /// The opposite: everything is allowed except these.
    pub forbidden: BTreeSet<String>,
    /// Faults to inject on this worker. The trial of a configuration on the main thread has none.
    pub faults: Vec<Fault>,
}

impl VmOptions {
    /// Whether a callback or a host function is allowed.
    pub(crate) fn allows(&self, capability: &str) -> bool {
        let named = self.allowed.is_empty() || self.allowed.contains(capability);
        named && !self.forbidden.contains(capability)
    }
}

impl Default for VmOptions {
    fn default() -> Self {
        Self {
            version: EnvoyVersion::default(),
            vm_id: String::new(),
            configuration: Vec::new(),
            environment: BTreeMap::new(),
            node_metadata: Map::new(),
            clusters: BTreeSet::new(),
            clusters_without_hosts: BTreeSet::new(),
            failure_policy: FailurePolicy::default(),
            shared: SharedState::default(),
            fuel: 10_000_000_000,
            memory: 1 << 30,
            accounting: true,
            log_level: LogLevel::Info,
            allowed: BTreeSet::new(),
            forbidden: BTreeSet::new(),
            faults: Vec::new(),
        }
    }
}

/// The configuration of a plugin.
#[derive(Debug, Clone, Default)]
pub struct PluginOptions {
    /// `name`, visible as the property `plugin_name`.
    pub name: String,
    /// `root_id`.
    pub root_id: String,
    /// `configuration`: the text of a `StringValue`, or the serialised message of a `Struct`.
    pub configuration: Vec<u8>,
}

/// The severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum LogLevel {
    /// Every step.
    Trace = 0,
    /// For developers.
    Debug = 1,
    /// For operators.
    Info = 2,
    /// Should be looked at.
    Warn = 3,
    /// Something is broken.
    Error = 4,
    /// Nothing works.
    Critical = 5,
}

impl LogLevel {
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        [
            Self::Trace,
            Self::Debug,
            Self::Info,
            Self::Warn,
            Self::Error,
            Self::Critical,
        ]
        .into_iter()
        .find(|level| *level as u32 == number)
    }
}

/// A line that the module logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its severity.
    pub level: LogLevel,
    /// The text.
    pub message: String,
}
