//! Configuration, the contexts it makes, and the timer that looks after those that are open.

use std::rc::Rc;

use peerwarden_engine::{Config, Fingerprint, Loaded as Read, Problems, Protocol};
use proxy_wasm::traits::{Context, HttpContext, RootContext, StreamContext};
use proxy_wasm::types::ContextType;

use crate::abi::{self, Level};
use crate::attributes::Sources;
use crate::clock;
use crate::configuration::{self, Configuration, Loaded};
use crate::http::Http;
use crate::open::{Instance, Opener, tick, timer};
use crate::report;
use crate::tcp::Tcp;

/// One configuration of the plugin. After an update Envoy keeps the old one beside it in the same VM, for the streams
/// that it still has.
#[derive(Default)]
pub(crate) struct Root {
    protocol: Protocol,
    configuration: Rc<Configuration>,
    instance: Rc<Instance>,
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
        match configuration::read(&bytes) {
            Ok(read) => self.take(read),
            Err(problems) => refuse(&problems),
        }
    }

    fn on_tick(&mut self) {
        let next = tick::tick(&self.instance);
        self.configuration.timer.set(next);
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(match self.protocol {
            Protocol::Http => ContextType::HttpContext,
            Protocol::Tcp => ContextType::StreamContext,
        })
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        let opener = self.opener(context_id);
        Some(Box::new(Http::new(Rc::clone(&self.configuration), opener)))
    }

    fn create_stream_context(&self, context_id: u32) -> Option<Box<dyn StreamContext>> {
        let opener = self.opener(context_id);
        Some(Box::new(Tcp::new(Rc::clone(&self.configuration), opener)))
    }
}

impl Root {
    fn take(&mut self, read: Read) -> bool {
        let Read {
            config,
            program,
            fingerprint,
            documents,
            applying,
        } = read;
        self.protocol = config.protocol;
        if let Some(program) = program {
            report::announce(&config, &program, applying, documents);
            let sources = Rc::new(Sources::of(&config, &program));
            self.begin(&config, fingerprint, Some(Loaded { program, sources }));
        } else {
            abi::log(
                Level::Error,
                "peerwarden: denies all: the configuration has no `workload` and the node's metadata no \
                 usable `NAMESPACE`; say which workload this is: {\"workload\": {\"namespace\": …}}",
            );
            self.begin(&config, None, None);
        }
        true
    }

    /// From now on this is the configuration that what is open is held against, too.
    fn begin(&mut self, config: &Config, fingerprint: Option<Fingerprint>, loaded: Option<Loaded>) {
        self.configuration = Rc::new(Configuration::new(config, fingerprint, loaded));
        self.instance = Instance::of(config.protocol, config.workload.as_ref(), &self.configuration);
        let period = if self.instance.has_work() {
            timer::SOON
        } else {
            timer::IDLE
        };
        if let Some(now) = clock::now() {
            clock::is(now);
        }
        self.configuration.timer.at_least(period);
    }

    fn opener(&self, context: u32) -> Opener {
        let opener = Opener::new(context, &self.instance, &self.configuration);
        if self.instance.has_work() {
            self.configuration.timer.at_least(timer::SOON);
        }
        opener
    }
}

impl Drop for Root {
    /// Nothing more is counted.
    fn drop(&mut self) {
        report::flush();
    }
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
