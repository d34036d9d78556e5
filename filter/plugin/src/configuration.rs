//! A configuration of a root context, and its two sources: Envoy's bytes and the node's metadata.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

use peerwarden_engine::document::Value;
use peerwarden_engine::{
    Config, Fingerprint, LoadedConfiguration as Read, Loader, Lock, OpenConnections, Problems, Program,
    Report, TcpEnforcement, Workload,
};
use peerwarden_wire::configuration::Reading;

use crate::abi::{self, Bytes, Level};
use crate::attributes::{Attributes, Sources};
use crate::memory;
use crate::report::{self, Decider, DecidingConfiguration};
use crate::timer::Timer;

/// One configuration of the plugin, owned by one root context.
#[derive(Default)]
pub(crate) struct Configuration {
    /// Sequence number within this VM.
    pub(crate) number: u64,
    /// The fingerprint of its policies; 0 if unknown, so that it denies everything.
    pub(crate) fingerprint: Cell<u64>,
    state: RefCell<State>,
    /// The original bytes, which Envoy provides once; empty if they are no longer kept.
    written: RefCell<Bytes>,
    /// Why it is not for its chain: then it denies everything.
    pub(crate) misplaced: Option<String>,
    pub(crate) tcp: TcpEnforcement,
    pub(crate) open_connections: OpenConnections,
    pub(crate) report: Report,
    pub(crate) lock: Lock,
    /// The timer of its root context.
    pub(crate) timer: Timer,
    /// Whether any stream has begun with it.
    pub(crate) has_streams: Cell<bool>,
    /// Whether any stream has begun with it since memory was last short.
    pub(crate) is_used: Cell<bool>,
    /// Whether the log says that it denies because memory is short.
    said: Cell<bool>,
}

/// The progress of a configuration.
#[derive(Default)]
enum State {
    /// Nothing trustworthy was configured: denies everything.
    #[default]
    Unusable,
    /// Not compiled, or no longer: denies everything until it is.
    Written,
    Loaded(Rc<LoadedConfiguration>),
}

/// A compiled configuration.
pub(crate) struct LoadedConfiguration {
    pub(crate) program: Program,
    pub(crate) sources: Rc<Sources>,
}

thread_local! {
    static LAST: Cell<u64> = const { Cell::new(0) };
}

impl Configuration {
    /// The values for the gauges.
    pub(crate) fn in_force(&self) -> DecidingConfiguration {
        DecidingConfiguration {
            number: self.number,
            fingerprint: self.fingerprint.get(),
            is_waiting: self.is_waiting(),
            denies: self.denies(),
        }
    }

    /// The next configuration of this VM, not compiled yet.
    pub(crate) fn new(config: &Config, written: Bytes) -> Self {
        let number = LAST.get().saturating_add(1);
        LAST.set(number);
        Self {
            number,
            state: RefCell::new(State::Written),
            written: RefCell::new(written),
            tcp: config.tcp,
            open_connections: config.open_connections,
            report: config.report,
            lock: config.lock.clone(),
            ..Self::default()
        }
    }

    /// A configuration for streams of a chain that the plugin is not meant for.
    pub(crate) fn misplaced(why: String) -> Self {
        Self {
            misplaced: Some(why),
            ..Self::default()
        }
    }

    /// A configuration from its bytes, if they are valid.
    pub(crate) fn read(written: Bytes) -> Result<Self, Problems> {
        let reading = begin(&written)?;
        let read = Self::new(reading.config(), written);
        read.compile(reading)?;
        Ok(read)
    }

    /// A configuration that denies everything.
    pub(crate) fn unusable() -> Self {
        let unusable = Self::new(&Config::default(), Bytes::default());
        unusable.state.replace(State::Unusable);
        unusable
    }

    /// The original bytes.
    pub(crate) fn written(&self) -> Ref<'_, Bytes> {
        self.written.borrow()
    }

    /// The compiled configuration: compiled again if it was freed and there is memory for it. `None` denies everything.
    pub(crate) fn loaded(&self) -> Option<Rc<LoadedConfiguration>> {
        if let State::Loaded(loaded) = &*self.state.borrow() {
            return Some(Rc::clone(loaded));
        }
        self.load()
    }

    /// The sources of attributes; without a configuration only those for the log line are used.
    pub(crate) fn sources(&self) -> Rc<Sources> {
        if let State::Loaded(loaded) = &*self.state.borrow() {
            return Rc::clone(&loaded.sources);
        }
        let loaded = self.load();
        loaded
            .map(|loaded| Rc::clone(&loaded.sources))
            .unwrap_or_default()
    }

    /// Whether it denies everything: because memory is short, or because nothing trustworthy was configured.
    pub(crate) fn denies(&self) -> bool {
        !matches!(&*self.state.borrow(), State::Loaded(_))
    }

    /// Whether it only lacks memory to be compiled.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(&*self.state.borrow(), State::Written) && self.kept() > 0
    }

    /// The number of original bytes that are kept.
    pub(crate) fn kept(&self) -> usize {
        self.written.borrow().len()
    }

    /// Compiles it if there is memory.
    ///
    /// # Errors
    /// If the bytes show it to be wrong.
    pub(crate) fn compile(&self, reading: Reading) -> Result<(), Problems> {
        let written = self.written.borrow();
        let needed = reading.memory(written.len());
        if !memory::is_there(needed) {
            if !self.said.replace(true) {
                let message = format!(
                    "peerwarden: denies all: a configuration of {} bytes may need {needed} bytes of memory, more \
                     than is left beside the {} in use; trying again every second",
                    written.len(),
                    memory::size(),
                );
                abi::log(Level::Error, &message);
            }
            return Ok(());
        }
        let read = reading.finish(&written)?;
        let Read {
            config,
            program,
            fingerprint,
            documents,
            applying,
        } = read;
        self.fingerprint.set(fingerprint.map_or(0, Fingerprint::number));
        let state = match program {
            Some(program) => {
                report::announce(&config, &program, applying, documents);
                let sources = Rc::new(Sources::of(&config, &program));
                State::Loaded(Rc::new(LoadedConfiguration { program, sources }))
            }
            None => {
                abi::log(Level::Error, NO_WORKLOAD);
                State::Unusable
            }
        };
        self.said.set(false);
        self.state.replace(state);
        Ok(())
    }

    /// Compiles it from the kept bytes, if there is memory.
    #[cold]
    fn load(&self) -> Option<Rc<LoadedConfiguration>> {
        if !self.is_waiting() {
            if matches!(&*self.state.borrow(), State::Written) && !self.said.replace(true) {
                let message = "peerwarden: denies traffic under a superseded configuration, which is no longer kept; \
                               give the plugin a new one";
                abi::log(Level::Error, message);
            }
            return None;
        }
        let reading = begin(&self.written.borrow());
        if reading.and_then(|reading| self.compile(reading)).is_err() {
            self.state.replace(State::Unusable);
        }
        match &*self.state.borrow() {
            State::Loaded(loaded) => Some(Rc::clone(loaded)),
            State::Unusable | State::Written => None,
        }
    }

    /// Frees its memory except its bytes, from which it can be compiled again.
    pub(crate) fn let_go(&self) {
        let mut state = self.state.borrow_mut();
        if let State::Loaded(_) = &*state {
            *state = State::Written;
        }
    }

    /// Frees its bytes too: whatever still needs it is denied.
    pub(crate) fn forget(&self) {
        self.written.replace(Bytes::default());
    }
}

impl Decider for Configuration {
    fn report(&self) -> Report {
        self.report
    }

    fn nearest(&self, attributes: &Attributes) -> Option<String> {
        let loaded = self.loaded()?;
        let near = loaded.program.near_miss(attributes)?;
        let failed: Vec<String> = near.failed.iter().map(ToString::to_string).collect();
        Some(format!("{}, which failed on {}", near.by, failed.join(", ")))
    }
}

/// The log line for a configuration that denies everything because the workload is unknown.
const NO_WORKLOAD: &str = "peerwarden: denies all: the configuration has no `workload` and the node's metadata no usable `NAMESPACE`; write \
                           the workload: {\"workload\": {\"namespace\": …}}";

/// Reads the settings of a configuration, without its documents.
///
/// # Errors
///
/// If it is neither JSON nor a `Struct`, or too large.
pub(crate) fn begin(bytes: &[u8]) -> Result<Reading, Problems> {
    Reading::begin(bytes, workload_of_node)
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
    let settings = Value::Object(vec![("workload".to_owned(), workload)]);
    Loader::new(&settings).finish().ok()?.config.workload
}
