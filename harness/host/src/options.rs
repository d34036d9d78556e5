//! What a VM and a plugin are made with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::shared::Shared;

/// Which Envoy is simulated: later ones have more attributes.
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

/// What becomes of streams when the module traps
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/wasm/v3/wasm.proto>, `failure_policy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailurePolicy {
    /// 503 for requests, connections closed; Envoy's default.
    #[default]
    FailClosed,
    /// They pass without the filter.
    FailOpen,
    /// A new VM when the next stream comes, at most once in this time; closed in between.
    FailReload {
        /// `reload_config.backoff.base_interval`; Envoy's default is a second.
        backoff: Duration,
    },
}

/// Something that goes wrong on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The host function, such as `proxy_get_property`.
    pub function: String,
    /// Which of its calls, from 1; `None` for each.
    pub nth: Option<u32>,
    /// What happens.
    pub effect: FaultEffect,
}

/// What happens in place of the right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultEffect {
    /// The call answers this status, which need not be one of the ABI, and does nothing.
    Status(u32),
    /// The call hands these bytes out in place of its own.
    Bytes(Vec<u8>),
    /// The module's allocator has no memory for what the call hands out.
    NoMemory,
}

/// How a VM is made.
#[derive(Debug, Clone)]
pub struct VmOptions {
    /// Which Envoy is simulated.
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
    /// Clusters that are there but have no host that could take a call, so that it fails at once.
    pub clusters_without_hosts: BTreeSet<String>,
    /// What becomes of streams when the module traps.
    pub failure_policy: FailurePolicy,
    /// What VMs of one process share: give the same one to each worker. Trials on the main thread have it too.
    pub shared: Shared,
    /// Units of fuel for one callback, about one for each Wasm instruction; more is a trap.
    pub fuel: u64,
    /// Bytes of memory that a VM of the module may have, on the worker and for a trial: more is not to be had by
    /// `memory.grow`. V8 in Envoy stops at 1 GiB.
    pub memory: usize,
    /// Whether each callback is recorded in [`Vm::accounting`](crate::Vm::accounting).
    pub accounting: bool,
    /// The log level that the module may ask for; everything is recorded all the same.
    pub log_level: LogLevel,
    /// The callbacks and host functions that `capability_restriction_config.allowed_capabilities` names; none at all means
    /// that everything is allowed. A callback that is not there is silently not called, so that what it would have stopped
    /// passes; a host function answers `InternalFailure`, one of WASI 76.
    pub allowed: BTreeSet<String>,
    /// The same the other way round: everything is allowed but these.
    pub forbidden: BTreeSet<String>,
    /// What goes wrong on purpose, on this worker: the trial of a configuration on the main thread has no faults.
    pub faults: Vec<Fault>,
}

impl VmOptions {
    /// Whether a callback or a host function may be used.
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
            shared: Shared::default(),
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

/// How a plugin is configured.
#[derive(Debug, Clone, Default)]
pub struct PluginOptions {
    /// `name`, shown by the property `plugin_name`.
    pub name: String,
    /// `root_id`.
    pub root_id: String,
    /// `configuration`: for a `StringValue` its text, for a `Struct` the serialised message.
    pub configuration: Vec<u8>,
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum LogLevel {
    /// Every step.
    Trace = 0,
    /// For developers.
    Debug = 1,
    /// For operators.
    Info = 2,
    /// Something to look at.
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
    /// How much it matters.
    pub level: LogLevel,
    /// The text.
    pub message: String,
}
