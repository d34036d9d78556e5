//! A configuration as a root context keeps it, and the two places that it comes from: Envoy's bytes and the node's metadata.

use std::cell::Cell;
use std::rc::Rc;

use peerwarden_engine::document::{At, Value};
use peerwarden_engine::{
    Config, Fingerprint, Loaded as Read, Loader, OpenConnections, Problem, Problems, Program, Report,
    TcpEnforcement, Workload, limits,
};

use crate::abi;
use crate::attributes::Sources;
use crate::open::timer::Timer;
use crate::protobuf;

/// The field with the documents.
const RESOURCES: &str = "resources";

/// How deep a `Struct` may nest: protobuf's own limit.
const STRUCT_DEPTH: usize = 100;

/// One configuration of the plugin, as one root context has it.
#[derive(Default)]
pub(crate) struct Configuration {
    /// Which one of this VM it is.
    pub(crate) number: u64,
    /// The number of what it decides by; 0 where that is not known, so that it denies everything.
    pub(crate) fingerprint: u64,
    /// `None` denies everything: nothing that can be trusted was configured.
    pub(crate) loaded: Option<Loaded>,
    pub(crate) tcp: TcpEnforcement,
    pub(crate) open_connections: OpenConnections,
    pub(crate) report: Report,
    /// Of its root context.
    pub(crate) timer: Timer,
    /// Whether any stream has begun under it.
    pub(crate) has_streams: Cell<bool>,
}

/// What a configuration comes to.
pub(crate) struct Loaded {
    pub(crate) program: Program,
    pub(crate) sources: Rc<Sources>,
}

thread_local! {
    static LAST: Cell<u64> = const { Cell::new(0) };
}

impl Configuration {
    /// The next one of this VM.
    pub(crate) fn new(config: &Config, fingerprint: Option<Fingerprint>, loaded: Option<Loaded>) -> Self {
        let number = LAST.get().saturating_add(1);
        LAST.set(number);
        Self {
            number,
            fingerprint: fingerprint.map_or(0, Fingerprint::number),
            loaded,
            tcp: config.tcp,
            open_connections: config.open_connections,
            report: config.report,
            timer: Timer::default(),
            has_streams: Cell::new(false),
        }
    }

    /// Where attributes are found; without a configuration nothing is asked for but what the log line shows.
    pub(crate) fn sources(&self) -> Rc<Sources> {
        self.loaded
            .as_ref()
            .map(|loaded| Rc::clone(&loaded.sources))
            .unwrap_or_default()
    }
}

/// Reads the configuration: JSON text, or the bytes of a `google.protobuf.Struct`, which Envoy (1.40 for one) hands over
/// as they are although it documents JSON. No bytes are both: every field of a `Struct` has a 0x12, JSON has none.
pub(crate) fn read(bytes: &[u8]) -> Result<Read, Problems> {
    let json = Loader::load(bytes, workload_of_node);
    json.or_else(|problems| {
        if bytes.is_empty() || bytes.len() > limits::CONFIGURATION_BYTES {
            return Err(problems);
        }
        match protobuf::object_beside(bytes, RESOURCES, STRUCT_DEPTH) {
            Some(settings) => read_struct(bytes, &settings),
            None => Err(problems),
        }
    })
}

fn read_struct(bytes: &[u8], settings: &Value) -> Result<Read, Problems> {
    let mut loader = Loader::new(settings);
    loader.workload_or(workload_of_node);
    match protobuf::entries(bytes, RESOURCES, STRUCT_DEPTH, |document| loader.add(document)) {
        Some(()) => loader.finish(),
        None => {
            let what = "the documents cannot be read: what Envoy handed over is cut short or nested too deep";
            let problem = Problem::new(&At::ROOT.name(RESOURCES), what);
            Err(problem
                .help("give the configuration as JSON text in a `StringValue`")
                .into())
        }
    }
}

/// The workload as Istio's bootstrap describes it in the node's metadata: `NAMESPACE`, `SERVICE_ACCOUNT`, `LABELS`.
fn workload_of_node() -> Option<Workload> {
    let text = |path| {
        abi::property(path)
            .ok()
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
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
    let config = Config::read(&Value::Object(vec![("workload".to_owned(), workload)]));
    config.ok()?.workload
}
