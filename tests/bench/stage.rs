//! One Envoy with a listener for each filter and number of policies; all else about them is the same.

use std::time::Duration;

use anyhow::Result;
use peerwarden_lab::certificates::{Authority, Certificate};
use peerwarden_lab::client::Caller;
use peerwarden_lab::config::{Bootstrap, Http, Listener, Module, Protocol, ServerTls, Transport};
use peerwarden_lab::envoy::{Envoy, Launch};
use peerwarden_lab::locate;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::filters;
use crate::policies::{self, On};

/// For an Envoy with so many policies to start.
const START: Duration = Duration::from_secs(120);

/// What stands in the way of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    None,
    Empty,
    OneProperty,
    Native(On, usize),
    Module(On, usize),
}

/// A listener, and how it is measured.
pub(crate) struct Measured {
    pub(crate) filter: Filter,
    pub(crate) name: String,
    /// Of the callers, those who come here: the first, the middle and the last policy's.
    pub(crate) numbers: [usize; 3],
    /// Requests of one measurement.
    pub(crate) requests: usize,
}

/// The Envoy and who calls it.
pub(crate) struct Stage {
    pub(crate) envoy: Envoy,
    pub(crate) listeners: Vec<Measured>,
    authority: Authority,
    _files: TempDir,
}

impl Stage {
    pub(crate) async fn open() -> Result<Self> {
        let authority = Authority::new("cluster.local")?;
        let identity = Certificate::spiffe("spiffe://cluster.local/ns/shop/sa/orders");
        let server = ServerTls::issue(&authority, identity, &[&authority])?;
        let files = tempfile::tempdir()?;
        let empty = files.path().join("empty.wasm");
        std::fs::write(&empty, filters::empty()?)?;
        let one_property = files.path().join("one-property.wasm");
        std::fs::write(&one_property, filters::one_property()?)?;

        let mut bootstrap = Bootstrap::new();
        let mut listeners = Vec::new();
        for filter in all() {
            let name = filter.name();
            let mut before = Vec::new();
            if let Filter::Native(on, count) = filter {
                before.push(policies::native(on, count));
            }
            let http = Http {
                direct_remote_address: false,
                before,
                ..Http::default()
            };
            let http = http.with("access_log", json!([])).with("route_config", direct());
            let listener = Listener::http(&name, Transport::mutual(&server), ([127, 0, 0, 1], 9).into())
                .protocol(Protocol::Http(http));
            let module = match filter {
                Filter::None | Filter::Native(..) => None,
                Filter::Empty => Some(Module::text(empty.clone(), "")),
                Filter::OneProperty => Some(Module::text(one_property.clone(), "")),
                Filter::Module(on, count) => {
                    Some(Module::new(locate::module()?, policies::configuration(on, count)))
                }
            };
            let listener = match module {
                Some(module) => listener.module(module.vm_id(&name)),
                None => listener,
            };
            bootstrap = bootstrap.listener(listener);
            let count = filter.count();
            listeners.push(Measured {
                filter,
                name,
                numbers: [1, count.div_ceil(2), count],
                requests: match filter {
                    Filter::Native(_, 10_000) => 600,
                    Filter::Native(_, 1_000) => 4_000,
                    Filter::None
                    | Filter::Empty
                    | Filter::OneProperty
                    | Filter::Native(..)
                    | Filter::Module(..) => 9_000,
                },
            });
        }
        let envoy = Envoy::launch(Launch::bootstrap(bootstrap).patience(START)).await?;
        Ok(Self {
            envoy,
            listeners,
            authority,
            _files: files,
        })
    }

    /// The caller of a policy.
    pub(crate) fn caller(&self, number: usize) -> Result<Caller> {
        let identity = Certificate::spiffe(&format!("spiffe://{}", policies::caller(number)));
        Caller::workload(&self.authority, &self.authority.issue(identity)?)
    }
}

fn all() -> Vec<Filter> {
    let mut all = vec![Filter::None, Filter::Empty, Filter::OneProperty];
    for on in [On::Identity, On::All] {
        for count in [1, 10, 50, 100, 1_000, 10_000] {
            all.extend([Filter::Native(on, count), Filter::Module(on, count)]);
        }
    }
    all
}

/// Envoy answers itself: an upstream would cost more than what is measured.
fn direct() -> Value {
    json!({"virtual_hosts": [{
        "name": "direct", "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok"}}}],
    }]})
}

impl Filter {
    fn count(self) -> usize {
        match self {
            Self::None | Self::Empty | Self::OneProperty => 1,
            Self::Native(_, count) | Self::Module(_, count) => count,
        }
    }

    pub(crate) fn name(self) -> String {
        let on = |on| match on {
            On::Identity => "identity",
            On::All => "identity, method, path",
        };
        match self {
            Self::None => "no filter".to_owned(),
            Self::Empty => "a Wasm filter that does nothing".to_owned(),
            Self::OneProperty => "a Wasm filter that reads one property".to_owned(),
            Self::Native(of, count) => format!("Envoy's RBAC filter, {}, {count}", on(of)),
            Self::Module(of, count) => format!("peerwarden, {}, {count}", on(of)),
        }
    }
}
