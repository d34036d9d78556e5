//! Configuration, and the contexts it makes.

use std::rc::Rc;

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Problems, Program, Protocol, WorkloadKind, limits};
use proxy_wasm::traits::{Context, HttpContext, RootContext, StreamContext};
use proxy_wasm::types::ContextType;

use crate::abi::{self, Level};
use crate::attributes::{PeerFrom, Sources};
use crate::http::Http;
use crate::protobuf;
use crate::report;
use crate::tcp::Tcp;

/// How deep a `Struct` may nest: protobuf's own limit.
const STRUCT_DEPTH: usize = 100;

/// One configuration of the plugin. After an update Envoy keeps the old one beside it in the same VM, for the streams
/// that it still has.
#[derive(Default)]
pub(crate) struct Root {
    protocol: Protocol,
    /// `None` denies everything: nothing that can be trusted was configured.
    loaded: Option<Rc<Loaded>>,
}

/// What a configuration comes to.
pub(crate) struct Loaded {
    pub(crate) program: Program,
    pub(crate) sources: Sources,
}

impl Loaded {
    /// Where attributes are found; without a configuration nothing is asked for but what the log line shows.
    pub(crate) fn sources(loaded: Option<&Rc<Self>>) -> Sources {
        loaded.map(|loaded| loaded.sources.clone()).unwrap_or_default()
    }
}

impl Context for Root {}

impl RootContext for Root {
    /// Refuses what the bytes alone show to be wrong: the same bytes are refused on every thread alike, so Envoy rejects
    /// the configuration on its main thread and no worker ever has it. What depends on anything else (the node's
    /// metadata) must not be refused here, as a worker that alone refuses would let everything pass: it denies all.
    fn on_configure(&mut self, _size: usize) -> bool {
        let bytes = match abi::plugin_configuration() {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(failed) => {
                let message = format!(
                    "peerwarden: denies all: its configuration cannot be read (status {})",
                    failed.0
                );
                abi::log(Level::Error, &message);
                return true;
            }
        };
        let mut config = match read(&bytes) {
            Ok(config) => config,
            Err(problems) => return refuse(&problems),
        };
        self.protocol = config.protocol;
        if config.workload.is_none() {
            match workload_of_node() {
                Some(node) => config.workload = node.workload,
                None => {
                    abi::log(
                        Level::Error,
                        "peerwarden: denies all: the configuration has no `workload` and the node's metadata no \
                         usable `NAMESPACE`; say which workload this is: {\"workload\": {\"namespace\": …}}",
                    );
                    return true;
                }
            }
        }
        match Program::compile(&config) {
            Ok(program) => {
                let kind = config.workload.as_ref().map(|workload| workload.kind);
                let sources = Sources {
                    peer: match kind {
                        Some(WorkloadKind::Waypoint) => PeerFrom::Tunnel,
                        Some(WorkloadKind::Sidecar | WorkloadKind::Gateway) | None => PeerFrom::Certificate,
                    },
                    jwt: Rc::new(config.jwt.clone()),
                };
                report::announce(&config, &program);
                self.loaded = Some(Rc::new(Loaded { program, sources }));
                true
            }
            Err(problems) => refuse(&problems),
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(match self.protocol {
            Protocol::Http => ContextType::HttpContext,
            Protocol::Tcp => ContextType::StreamContext,
        })
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http::new(self.loaded.clone())))
    }

    fn create_stream_context(&self, _context_id: u32) -> Option<Box<dyn StreamContext>> {
        Some(Box::new(Tcp::new(self.loaded.clone())))
    }
}

/// Reads the configuration: JSON text, or the bytes of a `google.protobuf.Struct`, which Envoy (1.40 for one) hands over
/// as they are although it documents JSON. No bytes are both: every field of a `Struct` has a 0x12, JSON has none.
fn read(bytes: &[u8]) -> Result<Config, Problems> {
    Config::parse(bytes).or_else(|problems| {
        if bytes.is_empty() || bytes.len() > limits::CONFIGURATION_BYTES {
            return Err(problems);
        }
        match protobuf::object(bytes, STRUCT_DEPTH) {
            Some(value) => Config::read(&value),
            None => Err(problems),
        }
    })
}

fn refuse(problems: &Problems) -> bool {
    for problem in problems.iter() {
        abi::log(
            Level::Error,
            &format!("peerwarden: configuration refused: {problem}"),
        );
    }
    false
}

/// The workload as Istio's bootstrap describes it in the node's metadata: `NAMESPACE`, `SERVICE_ACCOUNT`, `LABELS`.
fn workload_of_node() -> Option<Config> {
    let text = |path| {
        abi::property(path)
            .ok()
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes).ok())
    };
    let namespace = text("xds\0node\0metadata\0NAMESPACE")?;
    let service_account = text("xds\0node\0metadata\0SERVICE_ACCOUNT").unwrap_or_default();
    let labels = abi::property("xds\0node\0metadata\0LABELS").ok()?;
    let labels = crate::attributes::decode_pairs(&labels.unwrap_or_default())?;
    let labels = labels.into_iter().map(|(name, value)| {
        Some((
            String::from_utf8(name).ok()?,
            Value::String(String::from_utf8(value).ok()?),
        ))
    });
    let labels = labels.collect::<Option<Vec<_>>>()?;
    let workload = Value::Object(vec![
        ("namespace".to_owned(), Value::String(namespace)),
        ("serviceAccount".to_owned(), Value::String(service_account)),
        ("labels".to_owned(), Value::Object(labels)),
    ]);
    Config::read(&Value::Object(vec![("workload".to_owned(), workload)])).ok()
}
